"""Concentrations of many people on an even grid, by modes.

In: rate matrices of stars in a row (see ``structure``), what is given to each person and
an even grid. Out: concentrations. Every mode decays by itself, so sixteen points cost
one multiply-add per mode and point with tables of powers, and what happens between
grid points costs one exponential per mode.

Where two eigenvalues of a person nearly coincide, modes lose digits in proportion;
such people are marked, and ``blocks`` computes them without modes. Kernels are compiled
once and kept beside this file. Arrays: i person, m mode, o output, k step.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

_FAST: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": {"contract"},
    "error_model": "numpy",
}
WIDTH = 64  # points of a block: enough to be worth the loop, few enough to stay in the cache
NEAREST = 1e-4  # relative gap below which modes are not used: 1e-4 costs four digits of sixteen


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _roots(a: float, d: Any, g: Any, count: int, x: Any) -> None:
    """Eigenvalues of a star, ascending: a - x - sum g / (d - x) = 0, d ascending.

    The left side falls from above to below zero between two neighbouring rates, so
    Newton's step is kept between brackets that close.
    """
    if count == 0:
        x[0] = a
        return
    if count == 1:
        half = 0.5 * (a + d[0])
        high = half + math.sqrt(max(half * half - (a * d[0] - g[0]), 0.0))
        x[0], x[1] = (a * d[0] - g[0]) / high, high
        return
    for r in range(count + 1):
        low = 0.0 if r == 0 else d[r - 1]
        if r < count:
            high = d[r]
        else:
            high = a + low
            for p in range(count):
                high += g[p] / max(d[p], 1e-300) + d[p]
        at = 0.5 * (low + high)
        for _ in range(200):
            value, slope = a - at, -1.0
            for p in range(count):
                away = d[p] - at
                value -= g[p] / away
                slope -= g[p] / (away * away)
            if value > 0.0:
                low = at
            else:
                high = at
            step = at - value / slope
            if not low < step < high:
                step = 0.5 * (low + high)
            if step == at or abs(step - at) <= 1e-16 * abs(at):
                break
            at = step
        x[r] = at


@njit(**_FAST)  # type: ignore[untyped-decorator]
def decompose(
    rates: Any, outputs: Any, nodes: Any, starts: Any, lam: Any, weights: Any, left: Any, fine: Any
) -> None:
    """Modes of every person.

    Args:
        rates: shape (i, n, n), 1/h. outputs: shape (i, n, o), ng/mL per mg.
        nodes, starts: of ``Structure``.
        lam: filled, shape (i, n): decay of each mode, 1/h.
        weights: filled, shape (i, o, n): what a mode adds to an output.
        left: filled, shape (i, n, n): what a state adds to a mode.
        fine: filled, shape (i,): False where two rates nearly coincide.
    """
    people, n = rates.shape[0], rates.shape[1]
    groups = starts.size - 1
    d, g, x = np.empty(n), np.empty(n), np.empty(n)
    v, w = np.empty(n), np.empty(n)
    for i in range(people):
        matrix = rates[i]
        fine[i] = True
        for s in range(groups):
            first, count = starts[s], starts[s + 1] - starts[s] - 1
            centre = nodes[first]
            for p in range(count):
                node = nodes[first + 1 + p]
                rate, product = -matrix[node, node], matrix[centre, node] * matrix[node, centre]
                place = p
                while place > 0 and d[place - 1] > rate:
                    d[place], g[place] = d[place - 1], g[place - 1]
                    place -= 1
                d[place], g[place] = rate, product
            for p in range(1, count):
                if d[p] - d[p - 1] <= NEAREST * d[p]:
                    fine[i] = False
            _roots(-matrix[centre, centre], d, g, count, x)
            for r in range(count + 1):
                lam[i, first + r] = x[r]
        for m in range(n):
            if not lam[i, m] > 0.0:
                fine[i] = False
            for k in range(m):
                if abs(lam[i, m] - lam[i, k]) <= NEAREST * max(lam[i, m], lam[i, k]):
                    fine[i] = False
        if not fine[i]:
            continue
        for s in range(groups):
            for m in range(starts[s], starts[s + 1]):
                if not _vectors(matrix, nodes, starts, s, lam[i], lam[i, m], v, w):
                    fine[i] = False
                    break
                for o in range(outputs.shape[2]):
                    total = 0.0
                    for j in range(n):
                        total += outputs[i, j, o] * v[j]
                    weights[i, o, m] = total
                for j in range(n):
                    left[i, m, j] = w[j]


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _vectors(
    matrix: Any, nodes: Any, starts: Any, own: int, roots: Any, x: float, v: Any, w: Any
) -> bool:
    """Right and left eigenvectors of -x, a mode of the group ``own``; w . v is 1.

    What a mode holds lies in its group and downstream; what feeds it, in its group and
    upstream. False: another group's rate lies too near.
    """
    n = v.size
    for j in range(n):
        v[j] = 0.0
        w[j] = 0.0
    first, last = starts[own], starts[own + 1]
    centre = nodes[first]
    v[centre], w[centre] = 1.0, 1.0
    norm = 1.0
    for q in range(first + 1, last):
        node = nodes[q]
        away = -matrix[node, node] - x
        v[node] = matrix[node, centre] / away
        w[node] = matrix[centre, node] / away
        norm += v[node] * w[node]
    for q in range(first, last):
        w[nodes[q]] /= norm
    for s in range(own + 1, starts.size - 1):
        if not _follow(matrix, nodes, starts, s, roots, x, v, False):
            return False
    for s in range(own - 1, -1, -1):  # noqa: SIM110, compiled
        if not _follow(matrix, nodes, starts, s, roots, x, w, True):
            return False
    return True


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _follow(
    matrix: Any, nodes: Any, starts: Any, s: int, roots: Any, x: float, v: Any, upstream: bool
) -> bool:
    """Fill one more group: (rates + x) v = -inflow; upstream: of the transposed matrix.

    What remains of the group is written by its roots, so that two modes that are near
    each other divide by one and the same difference and their errors cancel.
    """
    first, last = starts[s], starts[s + 1]
    centre = nodes[first]
    begin, end = (last, nodes.size) if upstream else (0, first)
    top, bottom = 0.0, roots[first] - x
    for q in range(begin, end):
        j = nodes[q]
        top += (matrix[j, centre] if upstream else matrix[centre, j]) * v[j]
    for q in range(first + 1, last):
        node = nodes[q]
        away = -matrix[node, node] - x
        if abs(away) <= NEAREST * max(x, -matrix[node, node]):
            return False
        inflow = 0.0
        for r in range(begin, end):
            j = nodes[r]
            inflow += (matrix[j, node] if upstream else matrix[node, j]) * v[j]
        to_centre = matrix[node, centre] if upstream else matrix[centre, node]
        v[node] = inflow
        top += to_centre * inflow / away
        bottom *= (roots[q] - x) / away
    if bottom == 0.0:
        return False
    v[centre] = top / bottom
    for q in range(first + 1, last):
        node = nodes[q]
        back = matrix[centre, node] if upstream else matrix[node, centre]
        v[node] = (v[node] + back * v[centre]) / (-matrix[node, node] - x)
    return True


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _powers(ratio: float, table: Any) -> float:
    """table[k] becomes ratio**k, by doubling; the next power is returned."""
    table[0] = 1.0
    size, power = 1, ratio
    while size < table.size:
        for k in range(size):
            table[size + k] = table[k] * power
        size *= 2
        power *= power
    return power


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _write(row: Any, a: Any, table: Any, used: Any, count: int, more: float) -> None:
    """One block of one output: row[k] = more + sum over q of a[q] table[used[q], k]."""
    if count == 3:
        a0, a1, a2 = a[0], a[1], a[2]
        t0, t1, t2 = table[used[0]], table[used[1]], table[used[2]]
        for k in range(row.size):
            row[k] = more + (a0 * t0[k] + a1 * t1[k] + a2 * t2[k])
    elif count == 5:
        a0, a1, a2, a3, a4 = a[0], a[1], a[2], a[3], a[4]
        t0, t1, t2 = table[used[0]], table[used[1]], table[used[2]]
        t3, t4 = table[used[3]], table[used[4]]
        for k in range(row.size):
            row[k] = more + ((a0 * t0[k] + a1 * t1[k] + a2 * t2[k]) + (a3 * t3[k] + a4 * t4[k]))
    else:
        factor, powers = a[0], table[used[0]]
        for k in range(row.size):
            row[k] = more + factor * powers[k]
        for q in range(1, count):
            factor, powers = a[q], table[used[q]]
            for k in range(row.size):
                row[k] += factor * powers[k]


@njit(**_FAST)  # type: ignore[untyped-decorator]
def rows(
    lam: Any,
    weights: Any,
    left: Any,
    fine: Any,
    used: Any,
    counts: Any,
    when: Any,
    site: Any,
    amount: Any,
    is_rate: Any,
    start: float,
    step: float,
    j0: int,
    j1: int,
    first: int,
    last: int,
    event: Any,
    clock: Any,
    mode: Any,
    rate: Any,
    out: Any,
) -> None:
    """Concentrations of people ``first`` to ``last`` at grid points ``j0`` to ``j1``.

    The grid is start + j * step, hours. A happening acts after what is at its time.
    Calling again with the next points goes on where this call stopped.

    Args:
        lam, weights, left, fine: of ``decompose``; people who are not fine are passed over.
        used: shape (o, n): the modes of each output; counts: shape (o,): how many.
        when: shape (1 or i, e), hours, ascending in each row. site: shape (1 or i, e).
        amount: shape (i, e): mg put in, or mg/h that the rate changes by.
        is_rate: shape (1 or i, e).
        event, clock, mode, rate: where each person stands; shapes (i,), (i,), (i, n), (i, n);
            at first 0, the first happening's time, 0, 0.
        out: filled, shape (i, o, j1 - j0), ng/mL.
    """
    n, outputs, events = lam.shape[1], weights.shape[1], when.shape[1]
    table = np.empty((n, WIDTH))
    a = np.empty((outputs, n))
    block = np.empty(n)
    rest = np.empty(n)
    more = np.empty(outputs)
    for i in range(first, last):
        if not fine[i]:
            continue
        shared = 0 if when.shape[0] == 1 else i
        for m in range(n):
            block[m] = _powers(math.exp(-lam[i, m] * step), table[m])
        j = j0
        while j < j1:
            # Points up to and at the next happening belong to the stretch before it.
            stop = j1
            if event[i] < events:
                ahead = (when[shared, event[i]] - start) / step
                if ahead < j1 - 1:
                    stop = max(j, math.floor(ahead) + 1)
                    while stop > j and start + (stop - 1) * step > when[shared, event[i]]:
                        stop -= 1
                    while stop < j1 and start + stop * step <= when[shared, event[i]]:
                        stop += 1
            if stop > j:
                after = start + j * step - clock[i]
                if after < 0.0:
                    for o in range(outputs):
                        for k in range(j, stop):
                            out[i, o, k - j0] = 0.0
                    j = stop
                else:
                    for o in range(outputs):
                        more[o] = 0.0
                    for m in range(n):
                        full = rate[i, m] / lam[i, m]
                        rest[m] = (mode[i, m] - full) * math.exp(-lam[i, m] * after)
                    for o in range(outputs):
                        for q in range(counts[o]):
                            m = used[o, q]
                            more[o] += weights[i, o, m] * (rate[i, m] / lam[i, m])
                    while j < stop:
                        width = min(WIDTH, stop - j)
                        for o in range(outputs):
                            for q in range(counts[o]):
                                a[o, q] = weights[i, o, used[o, q]] * rest[used[o, q]]
                            part = out[i, o, j - j0 : j - j0 + width]
                            _write(part, a[o], table, used[o], counts[o], more[o])
                        for m in range(n):
                            rest[m] *= block[m]
                        j += width
            if j < j1:
                e = event[i]
                passed = when[shared, e] - clock[i]
                if passed > 0.0:
                    for m in range(n):
                        full = rate[i, m] / lam[i, m]
                        mode[i, m] = full + (mode[i, m] - full) * math.exp(-lam[i, m] * passed)
                for m in range(n):
                    gained = left[i, m, site[shared, e]] * amount[i, e]
                    if is_rate[shared, e]:
                        rate[i, m] += gained
                    else:
                        mode[i, m] += gained
                clock[i] = when[shared, e]
                event[i] = e + 1


@njit(**_FAST)  # type: ignore[untyped-decorator]
def at_times(
    lam: Any,
    weights: Any,
    left: Any,
    fine: Any,
    when: Any,
    site: Any,
    amount: Any,
    is_rate: Any,
    times: Any,
    out: Any,
) -> None:
    """Concentrations at any times, ascending; a happening acts after what is at its time.

    times: shape (t,), hours. out: filled, shape (i, o, t), ng/mL. People who are not fine
    are passed over. Other arguments as in ``rows``.
    """
    people, n = lam.shape
    mode, rate = np.empty(n), np.empty(n)
    for i in range(people):
        if not fine[i]:
            continue
        shared = 0 if when.shape[0] == 1 else i
        event = 0
        clock = when[shared, 0] if when.shape[1] > 0 else np.inf
        for m in range(n):
            mode[m] = 0.0
            rate[m] = 0.0
        for t in range(times.size):
            while event < when.shape[1] and when[shared, event] < times[t]:
                passed = when[shared, event] - clock
                for m in range(n):
                    full = rate[m] / lam[i, m]
                    mode[m] = full + (mode[m] - full) * math.exp(-lam[i, m] * passed)
                    gained = left[i, m, site[shared, event]] * amount[i, event]
                    if is_rate[shared, event]:
                        rate[m] += gained
                    else:
                        mode[m] += gained
                clock = when[shared, event]
                event += 1
            for o in range(out.shape[1]):
                out[i, o, t] = 0.0
            after = times[t] - clock
            if after <= 0.0:
                continue
            for m in range(n):
                full = rate[m] / lam[i, m]
                value = full + (mode[m] - full) * math.exp(-lam[i, m] * after)
                for o in range(out.shape[1]):
                    out[i, o, t] += weights[i, o, m] * value
