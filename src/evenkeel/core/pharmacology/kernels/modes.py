"""Modes of stars in a row: how fast each decays, what feeds it, what it adds to an output.

In: rate matrices of many people (see ``structure``). Out: their modes, and who has none
that are apart: where two eigenvalues nearly coincide, modes lose digits in proportion, and
``blocks`` computes such people without. Eight people at once, so that nobody waits for a
division, nor for a turn that only others take. What comes out stands side by side, person by
person. Arrays: i person, u column of a person, m mode, o output, r mode of an output, a site
where something is given, s one of the eight.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.abreast import (
    add_times,
    any_small,
    fill,
    in_order,
    mark_near,
    mark_not_above,
    mark_small,
    minus,
    nearer,
    negative,
    over,
    short_of,
    times,
    times_share,
    two_roots,
)
from evenkeel.core.pharmacology.kernels.instructions import WIDE
from evenkeel.core.pharmacology.kernels.making import entry, inner

NEAREST = 1e-4  # relative gap below which modes are not used: 1e-4 costs four digits of sixteen
_NEAR = 1e-2  # relative gap of a root and a rate below which their difference is not left so
# Of ``room``: rates ascending and what they exchange, later the differences of rates and a
# root; roots; eigenvectors.
_D, _G, _X, _V, _W = range(5)
# Of ``own``: who has no modes, and numbers that are needed on the way.
_NONE, _ONE, _A, _TOP, _BOTTOM, _AWAY, _SHARE, _LOW, _HIGH, _DONE = range(10)


@inner(fused=True)
def _guesses(own: Any, d: Any, g: Any, x: Any) -> None:
    """Three roots by the angles of a symmetric matrix of three: good to half the digits."""
    for s in range(WIDE):
        a, d0, d1 = own[_A, s], d[0, s], d[1, s]
        mean = (a + d0 + d1) / 3.0
        b, b0, b1 = a - mean, d0 - mean, d1 - mean
        size = math.sqrt((b * b + b0 * b0 + b1 * b1 + 2.0 * (g[0, s] + g[1, s])) / 6.0)
        third = 0.5 * (b * b0 * b1 - g[0, s] * b1 - g[1, s] * b0) / (size * size * size)
        angle = math.acos(min(max(third, -1.0), 1.0)) / 3.0
        first = mean + 2.0 * size * math.cos(angle + 2.0943951023931953)
        last = mean + 2.0 * size * math.cos(angle)
        x[0, s], x[2, s] = first, last
        x[1, s] = (mean - first) + (mean - last) + mean


@inner(fused=True)
def _roots(own: Any, d: Any, g: Any, count: int, x: Any) -> None:
    """Eigenvalues of a star, ascending: a - x - sum g / (d - x) = 0, d ascending.

    That falls from above to below zero between two neighbouring rates, so Newton's step is
    kept between brackets that close.
    """
    if count == 1:
        two_roots(x[0], x[1], own[_A], d[0], g[0])
        return
    if count == 2:
        _guesses(own, d, g, x)
    for s in range(WIDE):
        own[_TOP, s] = own[_A, s]
        for p in range(count):
            own[_TOP, s] += g[p, s] / max(d[p, s], 1e-300) + d[p, s]
    for r in range(count + 1):
        for s in range(WIDE):
            low, high = 0.0 if r == 0 else d[r - 1, s], d[r, s] if r < count else own[_TOP, s]
            own[_LOW, s], own[_HIGH, s], own[_DONE, s] = low, high, 0.0
            if count != 2 or not low < x[r, s] < high:
                x[r, s] = 0.5 * (low + high)
        for _ in range(200):
            if nearer(own[_A], d, g, count, own[_LOW], own[_HIGH], x[r], own[_DONE]):
                break


@inner(fused=True)
def _star(matrix: Any, nodes: Any, first: int, count: int, own: Any, room: Any) -> None:
    """The roots of one group, in their place among all."""
    centre = nodes[first]
    d, g = room[_D], room[_G]
    negative(own[_A], matrix[centre, centre])
    if count == 0:
        negative(room[_X, first], matrix[centre, centre])
        return
    for p in range(count):
        node = nodes[first + 1 + p]
        negative(d[p], matrix[node, node])
        times(g[p], matrix[centre, node], matrix[node, centre])
    for last in range(count - 1, 0, -1):
        for p in range(last):
            in_order(d[p], d[p + 1], g[p], g[p + 1])
    for p in range(1, count):
        mark_near(own[_NONE], d[p], d[p - 1], NEAREST)
    _roots(own, d, g, count, room[_X, first:])


@inner(fused=True)
def _vectors(matrix: Any, nodes: Any, starts: Any, group: int, x: Any, own: Any, room: Any) -> None:
    """Right and left eigenvectors v and w of -x, a mode of the group; w . v is 1.

    What a mode holds lies in its group and downstream; what feeds it, in its group and
    upstream.
    """
    v, w, norm = room[_V], room[_W], own[_TOP]
    for j in range(nodes.size):
        fill(v[j], 0.0)
        fill(w[j], 0.0)
    first, last = starts[group], starts[group + 1]
    centre = nodes[first]
    fill(v[centre], 1.0)
    fill(w[centre], 1.0)
    fill(norm, 1.0)
    near = False
    for q in range(first + 1, last):
        away = room[_D, q]
        short_of(away, matrix[nodes[q], nodes[q]], x)
        # Next to nothing flows between this compartment and the centre: it is nearly a mode
        # alone, and its difference from one has lost its digits.
        mark_small(own[_NONE], away, x, 1e-6)
        near |= any_small(away, x, _NEAR)
    if near:
        _told_apart(matrix, nodes, first, last, x, room[_D], room[_G])
    for q in range(first + 1, last):
        node, away = nodes[q], room[_D, q]
        over(v[node], matrix[node, centre], away)
        over(w[node], matrix[centre, node], away)
        add_times(norm, v[node], w[node])
    for q in range(first, last):
        times_share(w[nodes[q]], own[_ONE], norm)
    for s in range(group + 1, starts.size - 1):
        _follow(matrix, nodes, starts, s, x, own, room[_X], v, False)
    for s in range(group - 1, -1, -1):
        _follow(matrix, nodes, starts, s, x, own, room[_X], w, True)


@inner(fused=True)
def _told_apart(
    matrix: Any, nodes: Any, first: int, last: int, x: Any, away: Any, told: Any
) -> None:
    """Differences of a star's rates and its root, where subtraction has lost their digits.

    The root says as well what g / (d - x) of one rate d is: a - x less those of all others.
    Whichever is known better is taken, losses being counted in units of the last digit.
    """
    centre = nodes[first]
    for s in range(WIDE):
        a = -matrix[centre, centre, s]
        for q in range(first + 1, last):
            told[q, s] = away[q, s]
            if abs(away[q, s]) > _NEAR * x[s]:
                continue
            rest, lost = a - x[s], a + x[s]
            for other in range(first + 1, last):
                if other != q:
                    node = nodes[other]
                    pull = matrix[centre, node, s] * matrix[node, centre, s] / away[other, s]
                    rest -= pull
                    lost += abs(pull) * (1.0 + x[s] / abs(away[other, s]))
            if lost * abs(away[q, s]) < abs(rest) * x[s]:
                node = nodes[q]
                told[q, s] = matrix[centre, node, s] * matrix[node, centre, s] / rest
        for q in range(first + 1, last):
            away[q, s] = told[q, s]


@inner(fused=True)
def _follow(
    matrix: Any, nodes: Any, starts: Any, s: int, x: Any, own: Any, roots: Any, v: Any,
    upstream: bool,
) -> None:  # fmt: skip
    """Fill one more group: (rates + x) v = -inflow; upstream: of the transposed matrix.

    What remains of the group is written by its roots, so that two modes that are near
    each other divide by one and the same difference and their errors cancel.
    """
    first, last = starts[s], starts[s + 1]
    centre = nodes[first]
    begin, end = (last, nodes.size) if upstream else (0, first)
    top, bottom, away, share = own[_TOP], own[_BOTTOM], own[_AWAY], own[_SHARE]
    fill(top, 0.0)
    minus(bottom, roots[first], x)
    for q in range(begin, end):
        j = nodes[q]
        add_times(top, matrix[j, centre] if upstream else matrix[centre, j], v[j])
    for q in range(first + 1, last):
        node = nodes[q]
        short_of(away, matrix[node, node], x)
        negative(share, matrix[node, node])
        mark_near(own[_NONE], share, x, NEAREST)
        fill(v[node], 0.0)
        for r in range(begin, end):
            j = nodes[r]
            add_times(v[node], matrix[j, node] if upstream else matrix[node, j], v[j])
        over(share, matrix[node, centre] if upstream else matrix[centre, node], away)
        add_times(top, share, v[node])
        minus(share, roots[q], x)
        times_share(bottom, share, away)
    mark_small(own[_NONE], bottom, bottom, 0.0)
    over(v[centre], top, bottom)
    for q in range(first + 1, last):
        node = nodes[q]
        back = matrix[centre, node] if upstream else matrix[node, centre]
        add_times(v[node], back, v[centre])
        short_of(away, matrix[node, node], x)
        over(v[node], v[node], away)


@entry(
    {
        "rates": "f8 i n n", "outputs": "f8 i n o", "nodes": "i8 n", "starts": "i8 g",
        "sites": "i8 a", "adds_to": "i8 r", "modes": "i8 r", "begin": "i8",
        "lam": "f8 n u, filled", "weights": "f8 r u, filled", "left": "f8 a n u, filled",
        "fine": "b1 i, filled", "matrix": f"f8 n n {WIDE}, filled",
        "adds": f"f8 n o {WIDE}, filled", "room": f"f8 5 n {WIDE}, filled",
        "own": f"f8 10 {WIDE}, filled",
    },
    fused=True,
)  # fmt: skip
def decompose(
    rates: Any, outputs: Any, nodes: Any, starts: Any, sites: Any, adds_to: Any, modes: Any,
    begin: int, lam: Any, weights: Any, left: Any, fine: Any, matrix: Any, adds: Any, room: Any,
    own: Any,
) -> None:  # fmt: skip
    """Modes of every person, into columns of people that begin with ``begin``.

    Args:
        rates: shape (i, n, n), 1/h. outputs: shape (i, n, o), ng/mL per mg.
        nodes, starts: of ``Structure``.
        sites: where something is given. adds_to, modes: which mode adds to which output.
        lam: filled, shape (n, u): decay of each mode, 1/h.
        weights: filled, shape (r, u): what modes[r] adds to output adds_to[r].
        left: filled, shape (a, n, u): what a mode gains from sites[a]. There must be room
            for whole vectors of people: the last ones are filled as the last person.
        fine: filled, shape (i,): False where two rates nearly coincide: such a person's modes
            decay by 1 and are nothing.
        matrix, adds, room, own: memory to work in.
    """
    people, n, kinds = rates.shape[0], rates.shape[1], outputs.shape[2]
    x, v, w = room[_X], room[_V], room[_W]
    fill(own[_ONE], 1.0)
    for first in range(0, people, WIDE):
        count, at = min(WIDE, people - first), begin + first
        for s in range(WIDE):
            i = first + min(s, count - 1)  # the last one stands in for whoever is not there
            for j in range(n):
                for k in range(n):
                    matrix[j, k, s] = rates[i, j, k]
                for o in range(kinds):
                    adds[j, o, s] = outputs[i, j, o]
        fill(own[_NONE], 0.0)
        for group in range(starts.size - 1):
            _star(matrix, nodes, starts[group], starts[group + 1] - starts[group] - 1, own, room)
        for m in range(n):
            mark_not_above(own[_NONE], x[m])
            for k in range(m):
                mark_near(own[_NONE], x[m], x[k], NEAREST)
            for s in range(WIDE):
                lam[m, at + s] = x[m, s]
        for group in range(starts.size - 1):
            for m in range(starts[group], starts[group + 1]):
                _vectors(matrix, nodes, starts, group, x[m], own, room)
                for r in range(modes.size):
                    if modes[r] == m:
                        total = own[_TOP]
                        fill(total, 0.0)
                        for j in range(n):
                            add_times(total, adds[j, adds_to[r]], v[j])
                        for s in range(WIDE):
                            weights[r, at + s] = total[s]
                for a in range(sites.size):
                    for s in range(WIDE):
                        left[a, m, at + s] = w[sites[a], s]
        for s in range(WIDE):
            none = own[_NONE, s] != 0.0
            if s < count:
                fine[first + s] = not none
            if none:
                for m in range(n):
                    lam[m, at + s] = 1.0
                    for a in range(sites.size):
                        left[a, m, at + s] = 0.0
                for r in range(modes.size):
                    weights[r, at + s] = 0.0
