"""The top of a posterior, the same from wherever the search begins.

In: a posterior. Out: its top and the curvature there. Many places are looked at in one
call; from the best few that lie apart, steps with the expected curvature (Gauss-Newton
and Fisher's scoring) within a radius in which the last one kept its word; near the top,
steps with the whole curvature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.populations import standard_normals
from evenkeel.core.pharmacology.posterior import Posterior, Shape

_LOOKS = 64  # places drawn from the prior, besides the middle and those on its axes
_STARTS = 10
_SORTED_OUT = 3  # steps, after which only the best go on
_GO_ON = 4
_EQUAL = 0.01  # ends this near in value are told apart only at their very tops
_ACROSS = 2.0  # standard deviations
_ALONG = np.concatenate([np.arange(-3.0, 0.0, 0.25), np.arange(0.25, 3.25, 0.25)])
_AROUND = 2  # starts around the best; more where times move
_AROUND_TIMES = 6
_APART = 1.0  # standard deviations: starts that are nearer are one
_STEPS = 80
_MET = 0.2  # standard deviations: two that climb and are nearer go on as one
_HOPE = 4.0  # what is left may be this many times what the parabola says
_NEAR = 0.04  # a step of the expected curvature that is shorter goes over to the whole one
_DONE = 1e-8
_DAMPING = np.geomspace(1e-6, 1.0, 49)[:, None]


@dataclass(frozen=True, slots=True)
class Top:
    """In standard deviations of the prior. curvature: of the whole posterior."""

    z: Floats
    value: float
    curvature: Floats
    steps: int


def top_of(posterior: Posterior, given: Sequence[Floats] = ()) -> Top:
    """The highest top found.

    given: places to begin at as well. Whatever they are, the answer is the same unless one
    of them leads higher than every other place.
    """
    if posterior.width == 0:
        value = float(posterior.surprise(np.zeros((1, 0)))[0])
        return Top(np.zeros(0), value, np.zeros((0, 0)), 0)
    width = posterior.width
    ends, steps = _climb(posterior, _apart(posterior, _looks(width), _STARTS))
    # A top that was missed lies across a saddle from one that was found: look around it.
    known = min(ends, key=lambda each: each.value)
    around = known.z + _around(posterior)
    most = _AROUND_TIMES if posterior.course.timing else _AROUND
    more, taken = _climb(posterior, _apart(posterior, around, most), ends)
    ends, steps = [*ends, *more], steps + taken
    if given:
        # By themselves, so that they push no other aside.
        more, taken = _climb(posterior, np.array(given), ends)
        ends, steps = [*ends, *more], steps + taken
    lowest = min(each.value for each in ends)
    tops = [_finish(posterior, each) for each in ends if each.value < lowest + _EQUAL]
    best = min(shape.value for shape, _, _ in tops)
    # The first of equals: places that were given come last and must lead higher to matter.
    top, bend, taken = next(each for each in tops if each[0].value < best + 1e-7)
    return Top(top.z, top.value, bend, steps + taken)


def _looks(width: int) -> Floats:
    """The middle, places on its axes, and some of the prior's people."""
    axes = 1.5 * np.eye(width)
    drawn = standard_normals(1, "starts", _LOOKS, width)
    return np.vstack([np.zeros((1, width)), axes, -axes, drawn])


def _around(posterior: Posterior) -> Floats:
    """Ways to go on from a top: along each axis, and far along those that move a time.

    Where an absorption ends at the time of a measurement, the posterior has an edge, and
    often a top on either side.
    """
    one = np.eye(posterior.width)
    moving = [k for k, name in enumerate(posterior.names) if name in posterior.course.timing]
    far = [along * one[k] for k in moving for along in _ALONG]
    return np.vstack([_ACROSS * one, -_ACROSS * one, *far])


def _apart(posterior: Posterior, looks: Floats, most: int) -> Floats:
    """The best few of these places that lie apart from each other."""
    values = posterior.surprise(looks)
    chosen: list[Floats] = []
    for place in np.argsort(np.where(np.isfinite(values), values, np.inf), kind="stable"):
        if all(_length(looks[place] - other) > _APART for other in chosen):
            chosen.append(looks[place])
        if len(chosen) == most:
            break
    return np.array(chosen)


def _climb(
    posterior: Posterior, starts: Floats, known: Sequence[Shape] = ()
) -> tuple[list[Shape], int]:
    """All starts side by side, each to within a short step of a top; ends that meet are one.

    After the first few steps, in which most of the way is made, only the best go on.
    known: ends that need not be reached again.
    """
    here = posterior.shapes(starts, exact=False)
    radii = [2.0] * len(here)
    done = [False] * len(here)
    rounds = 0
    while rounds < _STEPS:
        rounds += 1
        moving: list[tuple[int, Floats]] = []
        hopeless: set[int] = set()
        lowest = min(each.value for each in (*here, *known))
        for k, shape in enumerate(here):
            if not done[k]:
                step, hope = _within(shape.slope, shape.bend, radii[k])
                if shape.value - lowest > _HOPE * hope + 0.5:
                    hopeless.add(k)
                    continue
                done[k] = bool(_length(step) < _NEAR or radii[k] < 1e-6)
                if not done[k]:
                    moving.append((k, step))
        if not moving:
            break
        tried = posterior.shapes(np.array([here[k].z + step for k, step in moving]), exact=False)
        for (k, step), there in zip(moving, tried, strict=True):
            shape, length = here[k], _length(step)
            promised = -float(shape.slope @ step + 0.5 * step @ shape.bend @ step)
            kept = (shape.value - there.value) / promised if np.isfinite(there.value) else -1.0
            if kept > 0.75 and length > 0.9 * radii[k]:
                radii[k] = min(2.0 * radii[k], 6.0)
            elif kept < 0.25:
                radii[k] = 0.3 * length
            if kept > 1e-4:
                here[k] = there
        keep = [k for k in _first_of_each(here, known) if k not in hopeless]
        if rounds == _SORTED_OUT:
            keep = sorted(sorted(keep, key=lambda k: here[k].value)[:_GO_ON])
        here = [here[k] for k in keep]
        radii, done = [radii[k] for k in keep], [done[k] for k in keep]
    return here, rounds


def _first_of_each(shapes: Sequence[Shape], known: Sequence[Shape]) -> list[int]:
    """Those that have met no earlier one and none that is known."""
    kept: list[int] = []
    met = [each.z for each in known]
    for k, shape in enumerate(shapes):
        if all(_length(shape.z - other) > _MET for other in met):
            kept.append(k)
            met.append(shape.z)
    return kept


def _finish(posterior: Posterior, here: Shape) -> tuple[Shape, Floats, int]:
    """Steps with the whole curvature, which is taken anew only where it has changed."""
    here = posterior.shapes(here.z[None], exact=True)[0]
    bend, at = posterior.curvature(here.z, rough=True), here.z
    radius, steps = 0.5, 0
    while steps < _STEPS:
        steps += 1
        step, _ = _within(here.slope, bend, radius)
        length = _length(step)
        if length < _DONE or radius < _DONE:
            break
        there = posterior.shapes((here.z + step)[None], exact=True)[0]
        calmer = _length(there.slope) < _length(here.slope)
        noise = 1e-13 * max(1.0, abs(here.value))
        if there.value < here.value - noise or (there.value < here.value + noise and calmer):
            here = there
        elif _length(here.z - at) > 1e-3:
            bend, at = posterior.curvature(here.z, rough=True), here.z
        else:
            radius = 0.3 * length
        if _length(here.z - at) > 0.1:
            bend, at = posterior.curvature(here.z, rough=True), here.z
    return here, posterior.curvature(here.z), steps


def _within(slope: Floats, bend: Floats, radius: float) -> tuple[Floats, float]:
    """The step to the bottom of the parabola, no longer than the radius; how deep that lies."""
    roots, axes = np.linalg.eigh(bend)
    turned = axes.T @ slope
    low = max(0.0, -float(roots[0]) + 1e-6)
    step = turned / (roots + low)
    depth = 0.5 * float(turned @ step)
    if _length(step) > radius:
        # The longest of some steps that are short enough: nothing depends on the last digit.
        more = low + _DAMPING * (_length(turned) / radius + 1.0)
        steps = turned / (roots + more)
        step = steps[int(np.argmax((steps**2).sum(axis=1) <= radius**2))]
    return np.asarray(axes @ -step), depth


def _length(of: Floats) -> float:
    return math.sqrt(float(of @ of))
