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

from evenkeel.core.pharmacology.kernels.compiled import njit
from evenkeel.core.pharmacology.kernels.stretches import grid_time, stretch_end
from evenkeel.core.pharmacology.kernels.vectors import MOST_MODES, WIDE, combine, decays, powers

_FAST: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": {"contract"},
    "error_model": "numpy",
}
WIDTH = 64  # points of a block: enough to be worth the loop, few enough to stay in the cache
NEAREST = 1e-4  # relative gap below which modes are not used: 1e-4 costs four digits of sixteen


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _polished(a: float, d: Any, g: Any, count: int, low: float, high: float, at: float) -> float:
    """The root between ``low`` and ``high``, from a guess at it.

    a - x - sum g / (d - x) falls from above to below zero between two neighbouring rates,
    so Newton's step is kept between brackets that close. Once a step is small, the next
    would be its square.
    """
    if not low < at < high:
        at = 0.5 * (low + high)
    for _ in range(200):
        value, slope = a - at, -1.0
        for p in range(count):
            over = 1.0 / (d[p] - at)
            pull = g[p] * over
            value -= pull
            slope -= pull * over
        if value > 0.0:
            low = at
        else:
            high = at
        step = value / slope
        if abs(step) <= 1e-9 * at:
            return at - step
        at -= step
        if not low < at < high:
            at = 0.5 * (low + high)
            if at in (low, high):
                return at
    return at


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _roots(a: float, d: Any, g: Any, count: int, x: Any) -> None:
    """Eigenvalues of a star, ascending: a - x - sum g / (d - x) = 0, d ascending."""
    if count == 0:
        x[0] = a
        return
    if count == 1:
        half = 0.5 * (a + d[0])
        high = half + math.sqrt(max(half * half - (a * d[0] - g[0]), 0.0))
        x[0], x[1] = (a * d[0] - g[0]) / high, high
        return
    top = a
    for p in range(count):
        top += g[p] / max(d[p], 1e-300) + d[p]
    if count == 2:
        # The angles of a symmetric matrix of three give a guess good to half the digits.
        mean = (a + d[0] + d[1]) / 3.0
        b, b0, b1 = a - mean, d[0] - mean, d[1] - mean
        size = math.sqrt((b * b + b0 * b0 + b1 * b1 + 2.0 * (g[0] + g[1])) / 6.0)
        third = 0.5 * (b * b0 * b1 - g[0] * b1 - g[1] * b0) / (size * size * size)
        angle = math.acos(min(max(third, -1.0), 1.0)) / 3.0
        x[0] = mean + 2.0 * size * math.cos(angle + 2.0943951023931953)
        x[2] = mean + 2.0 * size * math.cos(angle)
        x[1] = (mean - x[0]) + (mean - x[2]) + mean
    for r in range(count + 1):
        low, high = 0.0 if r == 0 else d[r - 1], d[r] if r < count else top
        guess = x[r] if count == 2 else 0.5 * (low + high)
        x[r] = _polished(a, d, g, count, low, high, guess)


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
        matrix, roots = rates[i], lam[i]
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
                if not _vectors(matrix, nodes, starts, s, roots, roots[m], v, w):
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
    upstream. False: a rate lies too near.
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
        # Next to nothing flows between this compartment and the centre: it is nearly a mode
        # alone, and its difference from one has lost its digits.
        if abs(away) <= 1e-6 * x:
            return False
        over = 1.0 / away
        v[node] = matrix[node, centre] * over
        w[node] = matrix[centre, node] * over
        norm += v[node] * w[node]
    over = 1.0 / norm
    for q in range(first, last):
        w[nodes[q]] *= over
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
def _sum_many(row: Any, a: Any, table: Any, used: Any, count: int, block: Any, more: float) -> None:
    """``combine`` for any number of modes and points."""
    for begin in range(0, row.size, WIDTH):
        part = row[begin : begin + WIDTH]
        part[:] = more
        for q in range(count):
            factor, powers_of = a[q], table[used[q]]
            for k in range(part.size):
                part[k] += factor * powers_of[k]
            a[q] *= block[used[q]]


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
    stream: bool,
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
        stream: write past the caches; every eighth grid point must begin a cache line.
    """
    n, outputs, events = lam.shape[1], weights.shape[1], when.shape[1]
    wide = (n + WIDE - 1) // WIDE * WIDE
    decay, fade, full = np.ones(wide), np.ones(wide), np.empty(n)
    block, inverse = np.empty(n), np.empty(n)
    room = np.empty(n * WIDTH + WIDE)
    skip = -(room.ctypes.data // 8) % WIDE  # rows of the table begin at a cache line
    table = room[skip : skip + n * WIDTH].reshape(n, WIDTH)
    weight, a = np.empty((outputs, n)), np.empty(n)
    spare = np.empty(WIDE)
    # Addresses, taken once: slices of arrays would be counted in and out of use each time.
    decay_at, fade_at, spare_at = decay.ctypes.data, fade.ctypes.data, spare.ctypes.data
    table_at, a_at, all_used_at = table.ctypes.data, a.ctypes.data, used.ctypes.data
    block_at, out_at, points = block.ctypes.data, out.ctypes.data, out.shape[2]
    for i in range(first, last):
        if not fine[i]:
            continue
        shared = 0 if when.shape[0] == 1 else i
        for m in range(n):
            decay[m] = lam[i, m]
            inverse[m] = 1.0 / lam[i, m]
        decays(decay_at, step, fade_at, wide)
        for m in range(n):
            block[m] = powers(fade[m], table_at + 8 * WIDTH * m, WIDTH)
        for o in range(outputs):
            for q in range(counts[o]):
                weight[o, q] = weights[i, o, used[o, q]]
        j = j0
        e = event[i]
        while j < j1:
            # Points up to and at the next happening belong to the stretch before it.
            stop = j1
            if e < events:
                stop = stretch_end(when[shared, e], start, step, j, j1)
            after = grid_time(start, step, j) - clock[i]
            if stop > j and after < 0.0:
                for o in range(outputs):
                    for k in range(j, stop):
                        out[i, o, k - j0] = 0.0
                j = stop
            elif stop > j:
                decays(decay_at, after, fade_at, wide)
                for m in range(n):
                    full[m] = rate[i, m] * inverse[m]
                    fade[m] *= mode[i, m] - full[m]
                # What is written beyond the stretch belongs to the next and is written again;
                # only the last points of a row go through ``spare``.
                head, whole = 0, 0
                if j1 - j >= WIDE:
                    head = min(-j % WIDE, stop - j)
                    whole = (stop - j - head + WIDE - 1) // WIDE * WIDE
                    if j + head + whole > j1:
                        whole -= WIDE
                at = j - j0
                for o in range(outputs):
                    count, more = counts[o], 0.0
                    for q in range(count):
                        m = used[o, q]
                        more += weight[o, q] * full[m]
                        a[q] = weight[o, q] * fade[m]
                    if count > MOST_MODES:
                        part = out[i, o, at : at + stop - j]
                        _sum_many(part, a, table, used[o], count, block, more)
                        continue
                    used_at = all_used_at + 8 * n * o
                    row = out_at + 8 * ((i * outputs + o) * points + at)
                    combine(row, table_at, WIDTH, a_at, used_at, block_at, more,
                            count, head, whole, stream)  # fmt: skip
                    if head + whole < stop - j:
                        combine(spare_at, table_at + 8 * (whole % WIDTH), WIDTH, a_at, used_at,
                                block_at, more, count, 0, WIDE, False)  # fmt: skip
                        for k in range(head + whole, stop - j):
                            out[i, o, at + k] = spare[k - head - whole]
                j = stop
            if j < j1:
                passed = when[shared, e] - clock[i]
                place = site[shared, e]
                if passed > 0.0:
                    decays(decay_at, passed, fade_at, wide)
                    for m in range(n):
                        still = rate[i, m] * inverse[m]
                        mode[i, m] = still + (mode[i, m] - still) * fade[m]
                if is_rate[shared, e]:
                    for m in range(n):
                        rate[i, m] += left[i, m, place] * amount[i, e]
                else:
                    for m in range(n):
                        mode[i, m] += left[i, m, place] * amount[i, e]
                clock[i] = when[shared, e]
                e += 1
        event[i] = e


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
    clocks: Any,
    modes: Any,
    rates: Any,
    times: Any,
    out: Any,
) -> None:
    """Concentrations at any times, ascending; a happening acts after what is at its time.

    clocks, modes, rates: where each person stands at first, shapes (i,), (i, n), (i, n).
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
        clock = clocks[i]
        for m in range(n):
            mode[m] = modes[i, m]
            rate[m] = rates[i, m]
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
            if after < 0.0:
                continue
            for m in range(n):
                full = rate[m] / lam[i, m]
                value = full + (mode[m] - full) * math.exp(-lam[i, m] * after)
                for o in range(out.shape[1]):
                    out[i, o, t] += weights[i, o, m] * value
