"""Modes of stars in a row: how fast each decays, what feeds it, what it adds to an output.

In: rate matrices of many people (see ``structure``). Out: their modes, and who has none
that are apart: where two eigenvalues nearly coincide, modes lose digits in proportion, and
``blocks`` computes such people without. Arrays: i person, m mode, o output.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry, inner

NEAREST = 1e-4  # relative gap below which modes are not used: 1e-4 costs four digits of sixteen


@inner(fused=True)
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


@inner(fused=True)
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


@entry(
    {
        "rates": "f8 i n n", "outputs": "f8 i n o", "nodes": "i8 n", "starts": "i8 g",
        "lam": "f8 i n, filled", "weights": "f8 i o n, filled", "left": "f8 i n n, filled",
        "fine": "b1 i, filled", "room": "f8 5 n, filled",
    },
    fused=True,
)  # fmt: skip
def decompose(
    rates: Any, outputs: Any, nodes: Any, starts: Any, lam: Any, weights: Any, left: Any,
    fine: Any, room: Any,
) -> None:  # fmt: skip
    """Modes of every person.

    Args:
        rates: shape (i, n, n), 1/h. outputs: shape (i, n, o), ng/mL per mg.
        nodes, starts: of ``Structure``.
        lam: filled, shape (i, n): decay of each mode, 1/h.
        weights: filled, shape (i, o, n): what a mode adds to an output.
        left: filled, shape (i, n, n): what a state adds to a mode.
        fine: filled, shape (i,): False where two rates nearly coincide.
        room: memory to work in.
    """
    people, n = rates.shape[0], rates.shape[1]
    groups = starts.size - 1
    d, g, x, v, w = room[0], room[1], room[2], room[3], room[4]
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


@inner(fused=True)
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


@inner(fused=True)
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
