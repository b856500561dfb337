"""The top of a posterior, the same from wherever the search begins.

In: a posterior. Out: its top and the curvature there. Many places are looked at in one
call; from the best few that lie apart all climb side by side, first by steps with the
expected curvature (Gauss-Newton and Fisher's scoring), which is cheap and never bends the
wrong way, then the best of them by steps with the whole curvature. Each step ends within a
radius in which the last one kept its word. Around the best others are looked for, until
none is higher.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.populations import standard_normals
from evenkeel.core.pharmacology.posterior import Posterior, Shapes

_LOOKS = 64  # places drawn from the prior, besides the middle and those on its axes
_STARTS = 8
_ROUGH = 4  # steps with the expected curvature, in which most of the way is made
_GO_ON = 2  # of those that climb; then with the whole curvature
_EQUAL = 0.01  # ends this near in value are told apart only at their very tops
_ACROSS = 2.0  # standard deviations
_ALONG = np.concatenate([np.arange(-3.0, 0.0, 0.25), np.arange(0.25, 3.25, 0.25)])
_INSTEAD = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])  # standard deviations
_UNUSUAL = 2  # differences that are taken back, one after the other
_AROUND = 2  # starts around the best; more where times move
_AROUND_TIMES = 5
_AGAIN = 4  # times that it is looked around, if each time something higher is found
_APART = 1.0  # standard deviations: starts that are nearer are one
_STEPS = 40
_MET = 0.2  # standard deviations: two that climb and are nearer go on as one
_HOPE = 4.0  # what is left may be this many times what the parabola says
_RADIUS, _WIDEST = 2.0, 6.0
_NEAR = 0.02  # a shorter step goes over to the last ones
_DONE = 1e-8
_DAMPING = np.geomspace(1e-6, 1.0, 33)


@dataclass(frozen=True, slots=True)
class Top:
    """In standard deviations of the prior. curvature: of the whole posterior.

    slope: what is left of it. steps: in which the ways of all starts were made side by side.
    """

    z: Floats
    value: float
    slope: Floats
    curvature: Floats
    steps: int


def top_of(posterior: Posterior, given: Sequence[Floats] = ()) -> Top:
    """The highest top found.

    given: places to begin at as well. Whatever they are, the answer is the same unless one
    of them leads higher than every other place.
    """
    if posterior.width == 0:
        value = float(posterior.surprise(np.zeros((1, 0)))[0])
        return Top(np.zeros(0), value, np.zeros(0), np.zeros((0, 0)), 0)
    ends, steps = _climb(posterior, _apart(posterior, _looks(posterior.width), _STARTS))
    # A top that was missed lies across a saddle from one that was found: look around it.
    most = _AROUND_TIMES if posterior.course.timing else _AROUND
    for _ in range(_AGAIN):
        best = ends.value[0]
        starts = _apart(posterior, _around(posterior, ends.z[0]), most, ends.z)
        instead = _exchanged(ends.z[0])
        if len(instead):
            more = _apart(posterior, instead, _AROUND, np.concatenate([ends.z, starts]))
            starts = np.concatenate([starts, more])
        ends, taken = _climb(posterior, starts, ends)
        steps += taken
        if ends.value[0] > best - _EQUAL:
            break
    if given:
        ends, taken = _climb(posterior, np.array(given), ends)
        steps += taken
    tops = [
        _finish(posterior, ends.take([k]))
        for k in np.flatnonzero(ends.value < ends.value[0] + _EQUAL).tolist()
    ]
    best_value = min(each.value for each in tops)
    # The first of equals: places that were given come last and must lead higher to matter.
    top = next(each for each in tops if each.value < best_value + 1e-7)
    return Top(top.z, top.value, top.slope, top.curvature, steps + top.steps)


def _looks(width: int) -> Floats:
    """The middle, places on its axes, and some of the prior's people."""
    axes = 1.5 * np.eye(width)
    drawn = standard_normals(1, "starts", _LOOKS, width)
    return np.concatenate([np.zeros((1, width)), axes, -axes, drawn])


def _around(posterior: Posterior, top: Floats) -> Floats:
    """Ways to go on from a top: along each axis, and far along those that move a time.

    Where an absorption ends at the time of a measurement, the posterior has an edge, and
    often a top on either side.
    """
    one = np.eye(posterior.width)
    moving = [
        k for k, each in enumerate(posterior.course.informed) if each in posterior.course.timing
    ]
    far = [along * one[k] for k in moving for along in _ALONG]
    return np.asarray(top + np.vstack([_ACROSS * one, -_ACROSS * one, *far]))


def _exchanged(top: Floats) -> Floats:
    """Other explanations: what makes this person unusual is taken back, another is tried.

    A late rise, say, may come of slow absorption or of a slow way through the gut, and from
    one to the other every small step leads down.
    """
    unusual = [k for k in np.argsort(-np.abs(top))[:_UNUSUAL].tolist() if abs(top[k]) > _APART]
    made: list[Floats] = []
    for k in unusual:
        for other in range(len(top)):
            if other != k:
                some = np.tile(top, (_INSTEAD.size, 1))
                some[:, k] = 0.0
                some[:, other] = _INSTEAD
                made.append(some)
    return np.concatenate(made) if made else np.empty((0, len(top)))


def _apart(posterior: Posterior, looks: Floats, most: int, known: Floats | None = None) -> Floats:
    """The best few of these places that lie apart from each other and from what is known."""
    values = posterior.surprise(looks)
    values = np.where(np.isfinite(values), values, np.inf)
    chosen = [] if known is None else list(known)
    wanted = len(chosen) + most
    for place in np.argsort(values, kind="stable"):
        if all(_length(looks[place] - other) > _APART for other in chosen):
            chosen.append(looks[place])
        if len(chosen) == wanted:
            break
    return np.array(chosen[wanted - most :]).reshape(-1, looks.shape[1])


def _climb(posterior: Posterior, starts: Floats, known: Shapes | None = None) -> tuple[Shapes, int]:
    """All starts side by side, each to within a short step of a top; ends that meet are one.

    known: ends that need not be reached again. They are given back too; the best of all is
    the first.
    """
    here, steps = _follow(
        posterior, lambda z: posterior.shapes(z, exact=False), starts, known, _ROUGH
    )
    if len(here.z):
        best = np.argsort(here.value, kind="stable")[:_GO_ON]
        here, more = _follow(posterior, posterior.bent, here.z[best], known, _STEPS)
        steps += more
    ends = here if known is None else known.joined(here)
    first = int(np.argmin(ends.value))
    return ends.take([first, *(k for k in range(len(ends.z)) if k != first)]), steps


def _follow(
    posterior: Posterior,
    shapes: Callable[[Floats], Shapes],
    starts: Floats,
    known: Shapes | None,
    most: int,
) -> tuple[Shapes, int]:
    """At most some steps; those that met another or cannot reach the best are left out."""
    here = shapes(starts)
    radius, done = np.full(len(starts), _RADIUS), np.zeros(len(starts), dtype=np.bool_)
    lowest_known = math.inf if known is None else float(known.value.min())
    for taken in range(most + 1):
        step, depth = _within(here.slope, here.bend, radius)
        lowest = min(lowest_known, float(here.value.min(initial=math.inf)))
        hopeful = here.value - lowest <= _HOPE * depth + 0.5
        length = np.sqrt((step**2).sum(axis=1))
        done |= (length < _NEAR) | (radius < 1e-6)
        keep = np.array([k for k in _first_of_each(here.z, known) if hopeful[k]], dtype=np.int64)
        here, radius, done = here.take(keep), radius[keep], done[keep]
        step, length = step[keep], length[keep]
        moving = np.flatnonzero(~done)
        if taken == most or not moving.size:
            return here, taken
        there = shapes(here.z[moving] + step[moving])
        _judge(here, radius, moving, step[moving], there)
    raise AssertionError("the last round returns")


def _judge(
    here: Shapes, radius: Floats, moving: npt.NDArray[np.int64], step: Floats, there: Shapes
) -> None:
    """Steps that led higher are made; a radius follows from how a step kept its word."""
    from_ = here.take(moving)
    bent = (from_.bend @ step[:, :, None])[:, :, 0]
    promised = -((from_.slope + 0.5 * bent) * step).sum(axis=1)
    length = np.sqrt((step**2).sum(axis=1))
    gained = np.where(np.isfinite(there.value), from_.value - there.value, -math.inf)
    kept = gained / np.maximum(promised, 1e-300)
    now = radius[moving]
    wider = (kept > 0.75) & (length > 0.9 * now)
    radius[moving] = np.where(
        wider, np.minimum(2.0 * now, _WIDEST), np.where(kept < 0.25, 0.3 * length, now)
    )
    better = kept > 1e-4
    went = moving[better]
    here.z[went], here.value[went] = there.z[better], there.value[better]
    here.slope[went], here.bend[went] = there.slope[better], there.bend[better]


def _first_of_each(z: Floats, known: Shapes | None) -> list[int]:
    """Those that have met no earlier one and none that is known."""
    places = z if known is None else np.concatenate([known.z, z])
    before = len(places) - len(z)
    square = (places**2).sum(axis=1)
    near = square[:, None] + square - 2.0 * places @ places.T < _MET**2
    met = list(range(before))
    for k in range(before, len(places)):
        if not near[k, met].any():
            met.append(k)
    return [k - before for k in met[before:]]


def _finish(posterior: Posterior, end: Shapes) -> Top:
    """The last steps, with exact slopes and a curvature that is taken anew if it has changed."""
    z, bend, at = end.z[0], end.bend[0], end.z[0]
    here = posterior.shapes(z[None], exact=True)
    radius, steps = 0.5, 0
    while steps < _STEPS:
        steps += 1
        z, value, slope = here.z[0], float(here.value[0]), here.slope[0]
        step = _within(slope[None], bend[None], np.array([radius]))[0][0]
        length = _length(step)
        if length < _DONE or radius < _DONE:
            break
        there = posterior.shapes((z + step)[None], exact=True)
        calmer = _length(there.slope[0]) < _length(slope)
        noise = 1e-13 * max(1.0, abs(value))
        if there.value[0] < value - noise or (there.value[0] < value + noise and calmer):
            here = there
        elif _length(z - at) > 1e-3:
            bend, at = posterior.bent(z[None]).bend[0], z
        else:
            radius = 0.3 * length
        if _length(here.z[0] - at) > 0.1:
            at = here.z[0]
            bend = posterior.bent(at[None]).bend[0]
    z = here.z[0]
    return Top(z, float(here.value[0]), here.slope[0], posterior.curvature(z), steps)


def _within(slope: Floats, bend: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """Steps to the bottom of each parabola, no longer than each radius; how deep those lie."""
    roots, axes = np.linalg.eigh(bend)
    turned = (axes.swapaxes(1, 2) @ slope[:, :, None])[:, :, 0]
    low = np.maximum(0.0, 1e-6 - roots[:, :1])
    step = turned / (roots + low)
    depth = 0.5 * (turned * step).sum(axis=1)
    far = np.flatnonzero((step**2).sum(axis=1) > radius**2)
    if far.size:
        # The longest of some steps that are short enough: nothing depends on the last digit.
        long = np.sqrt((turned[far] ** 2).sum(axis=1)) / radius[far] + 1.0
        damping = low[far] + _DAMPING * long[:, None]
        some = turned[far, None, :] / (roots[far, None, :] + damping[:, :, None])
        fits = (some**2).sum(axis=2) <= radius[far, None] ** 2
        step[far] = some[np.arange(far.size), fits.argmax(axis=1)]
    return -(axes @ step[:, :, None])[:, :, 0], depth


def _length(of: Floats) -> float:
    return math.sqrt(float(of @ of))
