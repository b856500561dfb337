"""Steps down many parabolas whose curvature is one and a product of few rows.

In: predictions where each difference was moved, or slopes and rows of what they come to. Out:
slopes and rows, steps no longer than their radii. A person has few measurements, each of
which bends the posterior in one direction: so what must be solved is as large as the number
of measurements or of differences, whichever is less.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.steps import (
    FLAT,
    MOST,
    NEAR,
    add_product,
    back,
    forward,
    next_radius,
    reach,
    rooted,
    shorten,
    square,
)


@entry(
    {
        "made": "f8 p v m", "first": "f8 p m", "second": "f8 p m", "z": "f8 p w", "far": "f8",
        "both": "b1", "slope": "f8 p w, filled", "arms": "f8 p m w, filled",
    },
    fused=True,
)  # fmt: skip
def changes(
    made: Any, first: Any, second: Any, z: Any, far: float, both: bool, slope: Any, arms: Any
) -> None:
    """Slopes of the posterior, and of each measurement the row of what it bends.

    Args:
        made: predictions: as it is, each z moved by ``far``, and (both) each moved back.
        first, second: of each measurement's surprise by its prediction.
        slope, arms: filled.
    """
    width, count = z.shape[1], first.shape[1]
    over = 1.0 / (2.0 * far if both else far)
    for p in range(z.shape[0]):
        for k in range(width):
            slope[p, k] = z[p, k]
        for m in range(count):
            weight = math.sqrt(second[p, m])
            for k in range(width):
                before = made[p, 1 + width + k, m] if both else made[p, 0, m]
                change = (made[p, 1 + k, m] - before) * over
                slope[p, k] += change * first[p, m]
                arms[p, m, k] = change * weight


@inner(fused=True)
def _along(arms: Any, of: Any, made: Any) -> None:
    for m in range(arms.shape[0]):
        total = 0.0
        for k in range(arms.shape[1]):
            total += arms[m, k] * of[k]
        made[m] = total


@inner(fused=True)
def _step(slope: Any, arms: Any, more: float, root: Any, rows: Any, step: Any) -> float:
    """The way to the bottom where the curvature is ``more`` larger; how long it is."""
    count, width = arms.shape
    half, weights = rows[1, :count], rows[2, :count]
    forward(root, rows[0, :count], half)
    back(root, half, weights)
    for k in range(width):
        step[k] = -slope[k]
    for m in range(count):
        for k in range(width):
            step[k] += weights[m] * arms[m, k]
    over = 1.0 / (1.0 + more)
    for k in range(width):
        step[k] *= over
    return math.sqrt(square(step))


@inner(fused=True)
def _reach(
    slope: Any, arms: Any, wanted: float, turned: Any, small: Any, root: Any, rows: Any, step: Any
) -> float:
    """One step no longer than wanted; how deep the bottom lies."""
    count, width = arms.shape
    for m in range(count):
        for h in range(count):
            small[m, h] = 0.0
        for k in range(width):
            turned[k, m] = arms[m, k]
    add_product(turned, turned, small)
    _along(arms, slope, rows[0])
    more, depth, length = 0.0, 0.0, math.inf
    for turn in range(MOST):
        rooted(small, 1.0 + more, FLAT, root)
        length = _step(slope, arms, more, root, rows, step)
        if turn == 0:
            for k in range(width):
                depth -= 0.5 * slope[k] * step[k]
            if length <= wanted:
                return depth
        elif abs(length - wanted) <= NEAR * wanted:
            break
        # Newton's way to the length that is wanted: it never goes beyond.
        _along(arms, step, rows[2])
        forward(root, rows[2, :count], rows[1, :count])
        bent = (length * length - square(rows[1, :count])) / (1.0 + more)
        more += length * length / bent * (length - wanted) / wanted
    shorten(step, length, wanted)
    return depth


@entry(
    {
        "slope": "f8 p w", "arms": "f8 p m w", "radius": "f8 p", "turned": "f8 w m, filled",
        "small": "f8 r r, filled", "root": "f8 r r, filled", "rows": "f8 3 l, filled",
        "step": "f8 p w, filled", "depth": "f8 p, filled",
    },
    fused=True,
)  # fmt: skip
def within(
    slope: Any,
    arms: Any,
    radius: Any,
    turned: Any,
    small: Any,
    root: Any,
    rows: Any,
    step: Any,
    depth: Any,
) -> None:
    """Steps no longer than each radius (by a twentieth at most); how deep the bottoms lie.

    Args:
        slope, arms: shapes (p, w), (p, m, w).
        turned: as one place's arms, transposed; small, root: as large as the lesser of m and w;
            rows: as long as the greater. To write into.
        step: filled. depth: filled, of the bottoms and not of the steps.
    """
    count, width = arms.shape[1:]
    for p in range(slope.shape[0]):
        if count < width:
            depth[p] = _reach(slope[p], arms[p], radius[p], turned, small, root, rows, step[p])
            continue
        for k in range(width):
            for h in range(width):
                small[k, h] = 1.0 if h == k else 0.0
        add_product(arms[p], arms[p], small)
        depth[p] = reach(slope[p], small, radius[p], root, rows[0, :width], step[p])


@entry(
    {
        "z": "f8 p w, filled", "value": "f8 p, filled", "slope": "f8 p w, filled",
        "arms": "f8 p m w, filled", "radius": "f8 p, filled", "which": "i8 q",
        "step": "f8 q w", "new_value": "f8 q", "new_slope": "f8 q w", "new_arms": "f8 q m w",
        "widest": "f8",
    },
    fused=True,
)  # fmt: skip
def judge(
    z: Any, value: Any, slope: Any, arms: Any, radius: Any, which: Any, step: Any,
    new_value: Any, new_slope: Any, new_arms: Any, widest: float,
) -> None:  # fmt: skip
    """Steps that led higher are made; a radius follows from how a step kept its word.

    Args:
        z, value, slope, arms, radius: of p places. Changed.
        which, step: shapes (q,), (q, w): the places from which a step was tried. new_value,
            new_slope, new_arms: where it led.
    """
    count, width = arms.shape[1:]
    for q in range(which.size):
        p = which[q]
        promised = 0.0
        for k in range(width):
            promised -= (slope[p, k] + 0.5 * step[q, k]) * step[q, k]
        for m in range(count):
            along = 0.0
            for k in range(width):
                along += arms[p, m, k] * step[q, k]
            promised -= 0.5 * along * along
        length = math.sqrt(square(step[q]))
        if next_radius(radius, p, value[p] - new_value[q], promised, length, widest):
            value[p] = new_value[q]
            for k in range(width):
                z[p, k] += step[q, k]
                slope[p, k] = new_slope[q, k]
            for m in range(count):
                for k in range(width):
                    arms[p, m, k] = new_arms[q, m, k]
