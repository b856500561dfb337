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

_MOST = 60
_FLAT = 1e-6  # curvature: what is flatter has no bottom
_NEAR = 0.05  # of a radius


@inner(fused=True)
def _rooted(bend: Any, more: float, root: Any) -> bool:
    """The upper triangle whose square is the curvature and ``more``; False: there is none."""
    width = bend.shape[0]
    for k in range(width):
        for h in range(k, width):
            root[k, h] = bend[k, h]
        root[k, k] += more
        for m in range(k):
            by = root[m, k]
            for h in range(k, width):
                root[k, h] -= by * root[m, h]
        if not root[k, k] > _FLAT:
            return False
        over = 1.0 / math.sqrt(root[k, k])
        for h in range(k, width):
            root[k, h] *= over
    return True


@inner(fused=True)
def _forward(root: Any, given: Any, made: Any) -> None:
    """The transposed triangle, solved."""
    width = root.shape[0]
    for h in range(width):
        made[h] = given[h]
    for k in range(width):
        made[k] /= root[k, k]
        for h in range(k + 1, width):
            made[h] -= root[k, h] * made[k]


@inner(fused=True)
def _square(of: Any) -> float:
    total = 0.0
    for k in range(of.shape[0]):
        total += of[k] * of[k]
    return total


@inner(fused=True)
def _step(root: Any, slope: Any, half: Any, step: Any) -> float:
    """The way to the bottom; how deep it lies."""
    width = root.shape[0]
    _forward(root, slope, half)
    for k in range(width - 1, -1, -1):
        left = -half[k]
        for h in range(k + 1, width):
            left -= root[k, h] * step[h]
        step[k] = left / root[k, k]
    return 0.5 * _square(half)


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
    width = slope.shape[1]
    for p in range(slope.shape[0]):
        wanted = radius[p]
        depth[p] = math.inf
        # The bottom itself, or a curvature that is as much larger as the radius asks for.
        if _rooted(bend[p], 0.0, root):
            depth[p] = _step(root, slope[p], half, step[p])
        length = math.sqrt(_square(step[p])) if depth[p] < math.inf else math.inf
        if length <= wanted:
            continue
        widest = 0.0
        low = 0.0
        for k in range(width):
            across = 0.0
            for h in range(width):
                across += abs(bend[p, k, h])
            widest = max(widest, across)
            low = max(low, -bend[p, k, k])
        high = widest + math.sqrt(_square(slope[p])) / wanted + 2.0 * _FLAT
        more = 0.0
        if length < math.inf:
            _forward(root, step[p], half)
            more = length * length / _square(half) * (length - wanted) / wanted
        for _ in range(_MOST):
            if not low < more < high:
                more = max(math.sqrt(low * high), 1e-3 * high)
            if not _rooted(bend[p], more, root):
                low = more
                more = 0.0
                continue
            _step(root, slope[p], half, step[p])
            length = math.sqrt(_square(step[p]))
            if abs(length - wanted) <= _NEAR * wanted or high - low <= 1e-6 * high:
                break
            if length < wanted:
                high = more
            else:
                low = more
            _forward(root, step[p], half)
            more += length * length / _square(half) * (length - wanted) / wanted
        if length > wanted:
            for k in range(width):
                step[p, k] *= wanted / length
