"""Ways up a posterior, many side by side.

In: a posterior and places to begin at. Out: the tops they lead to. First come steps with the
expected curvature (Gauss-Newton and Fisher's scoring), which is cheap and never bends the
wrong way, then for the best of them steps with the whole curvature. Each step ends within a
radius in which the last one kept its word.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.individuals.posterior import Posterior
from evenkeel.core.pharmacology.individuals.shapes import Bent, Expected, steps
from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]

_ROUGH = 6  # steps with the expected curvature, in which most of the way is made
GO_ON = 2  # of those that climb; then with the whole curvature
_STEPS = 40
_NUMBERS = 2_000_000  # of the changes of all that climb
_MET = 0.3  # standard deviations: two whose next steps end nearer go on as one
# What is left may be this many times what the parabola says, and this much more.
_HOPE, _HOPE_LEARNT = (4.0, 0.5), (2.0, 0.1)
RADIUS = 2.0
_NEAR = 0.02  # a shorter step goes over to the last ones
_DONE = 3e-8
_GROWS = 4.0  # the last steps shrink: one that is so many times the one before is a mistake

_Kind = TypeVar("_Kind", Expected, Bent)


def side_by_side(posterior: Posterior) -> int:
    """How many climb at once: how their predictions change fits into some memory."""
    return int(max(8, _NUMBERS // (posterior.width * posterior.time_of.size)))


def roughly(
    posterior: Posterior, starts: Floats, known: Bent | None = None
) -> tuple[Expected, int]:
    """All starts side by side, some steps with the expected curvature; those that meet are one."""
    some = side_by_side(posterior)
    parts = [
        _follow(posterior, posterior.shapes(starts[k : k + some]), known, _ROUGH)
        for k in range(0, max(len(starts), 1), some)
    ]
    here, count = parts[0][0], max(taken for _, taken in parts)
    for other, _ in parts[1:]:
        here = here.joined(other)
    return _best_first(here), count


def _best_first(here: _Kind) -> _Kind:
    order = np.arange(len(here.z))
    ahead = 1 + int(np.argmin(here.value)) if order.size else 0
    order[:ahead] = np.roll(order[:ahead], 1)
    return here.take(order)


def climb_from(
    posterior: Posterior, starts: Floats, known: Bent | None = None, *, go_on: int = GO_ON
) -> tuple[Bent, int]:
    """All starts side by side, the best to within a short step of a top; ends that meet are one.

    Args:
        starts: shape (starts, width).
        known: ends that need not be reached again. They are given back too.
        go_on: how many of them all go on after the first steps.

    Returns:
        The ends, the best of all first, and the number of steps.
    """
    rough, count = roughly(posterior, starts, known)
    ends = known
    if len(rough.z):
        those = np.argsort(rough.value, kind="stable")[:go_on]
        here, more = _follow(posterior, posterior.bent(rough.z[those]), known, _STEPS)
        ends, count = here if known is None else known.joined(here), count + more
    assert ends is not None
    return _best_first(ends), count


def _follow(posterior: Posterior, here: _Kind, known: Bent | None, most: int) -> tuple[_Kind, int]:
    """At most some steps; those that met another or cannot reach the best are left out."""
    radius, done = np.full(len(here.z), RADIUS), np.zeros(len(here.z), dtype=np.bool_)
    lowest_known = math.inf if known is None else float(known.value.min())
    for taken in range(most + 1):
        step, depth = here.steps(radius)
        lowest = min(lowest_known, float(here.value.min(initial=math.inf)))
        hope, spare = _HOPE if isinstance(here, Expected) else _HOPE_LEARNT
        hopeful = here.value - lowest <= hope * depth + spare
        if known is None:
            hopeful[int(np.argmin(here.value))] = True  # whatever it is worth
        length = np.sqrt((step * step).sum(axis=1))
        done |= (length < _NEAR) | (radius < 1e-6)
        keep = _apart(here, here.z + step, known)
        keep = keep[hopeful[keep]]
        here, radius, done = here.take(keep), radius[keep], done[keep]
        moving = np.flatnonzero(~done)
        if taken == most or not moving.size:
            return here, taken
        tried = step[keep[moving]]
        here.judge(radius, moving, tried, posterior.shapes(here.z[moving] + tried))
    raise AssertionError("the last round returns")


def _corrected(bend: Floats, step: Floats, change: Floats) -> Floats:
    """The curvatures that also tell how the slopes changed (the symmetric update of rank one)."""
    left = change - (bend @ step[:, :, None])[:, :, 0]
    along = (left * step).sum(axis=1)
    size = np.sqrt((left**2).sum(axis=1) * (step**2).sum(axis=1))
    sure = np.isfinite(size) & (np.abs(along) > 1e-2 * size)
    part = np.where(sure[:, None], left, 0.0) / np.where(sure, along, 1.0)[:, None]
    return np.asarray(bend + part[:, :, None] * np.where(sure[:, None], left, 0.0)[:, None, :])


def _apart(here: Expected | Bent, next_: Floats, known: Bent | None) -> Ints:
    """Those that meet no better one and none that is known with their next step."""
    z = next_ if known is None else np.concatenate([known.z, next_])
    before = len(z) - len(next_)
    square = (z**2).sum(axis=1)
    near = square[before:, None] + square - 2.0 * next_ @ z.T < _MET**2
    # A row of yes and no as one whole number.
    packed = np.packbits(near, axis=1, bitorder="little")
    rows = [int.from_bytes(row.tobytes(), "little") for row in packed]
    met = (1 << before) - 1
    kept: list[int] = []
    for k in np.argsort(here.value, kind="stable").tolist():
        if not rows[k] & met:
            met |= 1 << (before + k)
            kept.append(k)
    return np.array(sorted(kept), dtype=np.int64)


def finish(posterior: Posterior, end: Bent) -> tuple[Expected, int]:
    """The last steps from one end, with exact slopes."""
    here = posterior.shapes(end.z, exact=True)
    bend, at = end.curve, end.z[0]
    radius, taken = 0.5, 0
    while taken < _STEPS:
        taken += 1
        z, value, slope = here.z[0], float(here.value[0]), here.slope[0]
        step = steps(slope[None], bend, np.array([radius]))[0]
        length = length_of(step[0])
        if length < _DONE or radius < _DONE:
            break
        there = posterior.shapes(z + step, exact=True)
        bend = _corrected(bend, step, there.slope - slope)
        radius = _GROWS * length
        calmer = length_of(there.slope[0]) < length_of(slope)
        noise = 1e-13 * max(1.0, abs(value))
        if there.value[0] < value - noise or (there.value[0] < value + noise and calmer):
            here = there
        elif length_of(z - at) > 1e-3:
            bend, at = posterior.bent(z[None]).curve, z
        else:
            radius = 0.3 * length
        if length_of(here.z[0] - at) > 0.1:
            at = here.z[0]
            bend = posterior.bent(at[None]).curve
    return here, taken


def length_of(of: Floats) -> float:
    return math.sqrt(float(of @ of))
