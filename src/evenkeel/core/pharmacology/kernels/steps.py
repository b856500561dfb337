"""Steps down many parabolas at once, each no longer than its radius.

In: slopes and curvatures at some places. Out: the way to the bottom of each parabola or,
where that is too far or there is none, to the lowest point at its radius (J. J. More, D. C.
Sorensen, SIAM J Sci Stat Comput 1983;4:553-572). Matrices of this size are quickest on one
thread; a library for large ones starts others, which wait for each other.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry, inner

MOST = 60
_BLOCK = 16  # rows of some hundred numbers that stay in the nearest cache
FLAT = 1e-6  # curvature: what is flatter has no bottom
NEAR = 0.05  # of a radius


@inner(fused=True)
def rooted(bend: Any, more: float, least: float, root: Any) -> bool:
    """The upper triangle whose square is the curvature and ``more``.

    False: there is none, a pivot is no more than ``least``.
    """
    width = bend.shape[0]
    for k in range(width):
        for h in range(k, width):
            root[k, h] = bend[k, h]
        root[k, k] += more
        into, whole = root[k, k:], k - k % 4
        for m in range(0, whole, 4):  # four rows at a time: the one they go to is read once
            one, two, three, four = root[m, k:], root[m + 1, k:], root[m + 2, k:], root[m + 3, k:]
            a, b, c, d = one[0], two[0], three[0], four[0]
            for h in range(width - k):
                into[h] -= a * one[h] + b * two[h] + c * three[h] + d * four[h]
        for m in range(whole, k):
            one = root[m, k:]
            a = one[0]
            for h in range(width - k):
                into[h] -= a * one[h]
        if not root[k, k] > least:
            return False
        over = 1.0 / math.sqrt(root[k, k])
        for h in range(k, width):
            root[k, h] *= over
    return True


@inner(fused=True)
def add_product(left: Any, right: Any, made: Any) -> None:
    """made grows by the transposed left times the right, which must be symmetric."""
    count, width = left.shape
    whole = count - count % 4
    for begin in range(0, width, _BLOCK):
        block = range(begin, min(begin + _BLOCK, width))
        for m in range(0, whole, 4):  # four rows at a time: what they are added to is read once
            for k in block:
                into = made[k, k:]
                one, two, three, four = (
                    right[m, k:], right[m + 1, k:], right[m + 2, k:], right[m + 3, k:]
                )  # fmt: skip
                a, b, c, d = left[m, k], left[m + 1, k], left[m + 2, k], left[m + 3, k]
                for h in range(width - k):
                    into[h] += a * one[h] + b * two[h] + c * three[h] + d * four[h]
        for m in range(whole, count):
            for k in block:
                into, one, a = made[k, k:], right[m, k:], left[m, k]
                for h in range(width - k):
                    into[h] += a * one[h]
    for k in range(width):
        for h in range(k):
            made[k, h] = made[h, k]


@inner(fused=True)
def forward(root: Any, given: Any, made: Any) -> None:
    """The transposed triangle, solved."""
    width = root.shape[0]
    for h in range(width):
        made[h] = given[h]
    for k in range(width):
        made[k] /= root[k, k]
        for h in range(k + 1, width):
            made[h] -= root[k, h] * made[k]


@inner(fused=True)
def back(root: Any, given: Any, made: Any) -> None:
    """The upper triangle, solved."""
    width = root.shape[0]
    for k in range(width - 1, -1, -1):
        left = given[k]
        for h in range(k + 1, width):
            left -= root[k, h] * made[h]
        made[k] = left / root[k, k]


@inner(fused=True)
def square(of: Any) -> float:
    total = 0.0
    for k in range(of.shape[0]):
        total += of[k] * of[k]
    return total


@inner(fused=True)
def _step(root: Any, slope: Any, half: Any, step: Any) -> float:
    """The way to the bottom; how deep it lies."""
    forward(root, slope, half)
    back(root, half, step)
    for k in range(step.size):
        step[k] = -step[k]
    return 0.5 * square(half)


@inner(fused=True)
def shorten(step: Any, length: float, wanted: float) -> None:
    """A step that is longer than wanted is cut there."""
    if length > wanted:
        for k in range(step.size):
            step[k] *= wanted / length


@inner(fused=True)
def reach(slope: Any, bend: Any, wanted: float, root: Any, half: Any, step: Any) -> float:
    """One step no longer than wanted; how deep the bottom lies, inf where there is none."""
    width = slope.size
    depth, length = math.inf, math.inf
    # The bottom itself, or a curvature that is as much larger as the radius asks for.
    if rooted(bend, 0.0, FLAT, root):
        depth = _step(root, slope, half, step)
        length = math.sqrt(square(step))
    if length <= wanted:
        return depth
    widest = 0.0
    low = 0.0
    for k in range(width):
        across = 0.0
        for h in range(width):
            across += abs(bend[k, h])
        widest = max(widest, across)
        low = max(low, -bend[k, k])
    high = widest + math.sqrt(square(slope)) / wanted + 2.0 * FLAT
    more = 0.0
    if length < math.inf:
        forward(root, step, half)
        more = length * length / square(half) * (length - wanted) / wanted
    for _ in range(MOST):
        if not low < more < high:
            more = max(math.sqrt(low * high), 1e-3 * high)
        if not rooted(bend, more, FLAT, root):
            low = more
            more = 0.0
            continue
        _step(root, slope, half, step)
        length = math.sqrt(square(step))
        if abs(length - wanted) <= NEAR * wanted or high - low <= 1e-6 * high:
            break
        if length < wanted:
            high = more
        else:
            low = more
        forward(root, step, half)
        more += length * length / square(half) * (length - wanted) / wanted
    shorten(step, length, wanted)
    return depth


@entry(
    {
        "slope": "f8 p w", "bend": "f8 p w w", "radius": "f8 p", "root": "f8 w w, filled",
        "half": "f8 w, filled", "step": "f8 p w, filled", "depth": "f8 p, filled",
    },
    fused=True,
)  # fmt: skip
def within(
    slope: Any, bend: Any, radius: Any, root: Any, half: Any, step: Any, depth: Any
) -> None:  # fmt: skip
    """Steps no longer than each radius (by a twentieth at most); how deep the bottoms lie.

    Args:
        slope, bend: shapes (p, w), (p, w, w), the latter symmetric.
        root, half: to write into.
        step: filled. depth: filled, of the bottoms and not of the steps; inf: there is none.
    """
    for p in range(slope.shape[0]):
        depth[p] = reach(slope[p], bend[p], radius[p], root, half, step[p])


@inner(fused=True)
def next_radius(
    radius: Any, p: int, gained: float, promised: float, length: float, widest: float
) -> bool:
    """From how a step kept its word; whether it is to be made."""
    kept = -math.inf
    if abs(gained) < math.inf:
        kept = gained / max(promised, 1e-300)
    if kept > 0.75 and length > 0.9 * radius[p]:
        radius[p] = min(2.0 * radius[p], widest)
    elif not kept >= 0.25:
        radius[p] = 0.3 * length
    return kept > 1e-4


@inner(fused=True)
def _learn(bend: Any, step: Any, change: Any, left: Any) -> None:
    """The curvature also tells how the slope changed (the symmetric update of rank one)."""
    width = step.size
    along = 0.0
    for k in range(width):
        left[k] = change[k]
        for h in range(width):
            left[k] -= bend[k, h] * step[h]
        along += left[k] * step[k]
    size = math.sqrt(square(left) * square(step))
    if size < math.inf and abs(along) > 1e-2 * size:
        for k in range(width):
            for h in range(width):
                bend[k, h] += left[k] * left[h] / along


@entry(
    {
        "z": "f8 p w, filled", "value": "f8 p, filled", "slope": "f8 p w, filled",
        "bend": "f8 p w w, filled", "radius": "f8 p, filled", "which": "i8 q",
        "step": "f8 q w", "new_value": "f8 q", "new_slope": "f8 q w",
        "widest": "f8", "change": "f8 w, filled", "left": "f8 w, filled",
    },
    fused=True,
)  # fmt: skip
def judge(
    z: Any, value: Any, slope: Any, bend: Any, radius: Any, which: Any, step: Any,
    new_value: Any, new_slope: Any, widest: float, change: Any, left: Any,
) -> None:  # fmt: skip
    """Steps that led higher are made; a radius follows from how a step kept its word.

    The curvature is kept, and corrected by how the slope changed, also where the step led
    nowhere.

    Args:
        z, value, slope, bend, radius: of p places. Changed.
        which, step: shapes (q,), (q, w): the places from which a step was tried. new_value,
            new_slope: where it led.
        change, left: to write into.
    """
    width = z.shape[1]
    for q in range(which.size):
        p = which[q]
        promised = 0.0
        for k in range(width):
            change[k] = new_slope[q, k] - slope[p, k]
            bent = 0.0
            for h in range(width):
                bent += bend[p, k, h] * step[q, h]
            promised -= (slope[p, k] + 0.5 * bent) * step[q, k]
        _learn(bend[p], step[q], change, left)
        length = math.sqrt(square(step[q]))
        if next_radius(radius, p, value[p] - new_value[q], promised, length, widest):
            value[p] = new_value[q]
            for k in range(width):
                z[p, k] += step[q, k]
                slope[p, k] = new_slope[q, k]
