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
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.individuals.posterior import Posterior, Shapes
from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.populations.people import standard_normals
from evenkeel.core.pharmacology.systems.linear import Floats

_LOOKS = 64  # places drawn from the prior, besides the middle and those on its axes
_STARTS = 8
_ROUGH = 6  # steps with the expected curvature, in which most of the way is made
_GO_ON = 2  # of those that climb; then with the whole curvature
_EQUAL = 0.01  # ends this near in value are told apart only at their very tops
_ACROSS = 2.0  # standard deviations
_INSTEAD = np.array([-2.6, -1.3, 1.3, 2.6])  # standard deviations
_EACH = 2  # starts for each of them
_UNUSUAL = 3  # differences that are taken back, one after the other
_AROUND = 2  # starts on the ridges of the best
_NEARBY = 2  # starts near the best, in any direction
_HELD_AT = (-1.5, 0.0, 1.5, 2.5)  # standard deviations
# Those that differ by more than a factor of two: the person's, or where there is one treatment.
_WIDE, _HELD_WIDE = 0.75, (-2.0, 2.0)
_HELD = 2  # steps of all others
_AGAIN = 4  # times that it is looked around, if each time something higher is found
_FAR = 4.0  # standard deviations: nobody is looked for beyond
_APART = 0.7  # standard deviations: starts that are nearer are one
_FLAT = 0.1  # curvature: what is flatter is taken as this
_STEPS = 40
_NUMBERS = 2_000_000  # of the curvatures of all that climb
_MET = 0.3  # standard deviations: two whose next steps end nearer go on as one
# What is left may be this many times what the parabola says, and this much more.
_HOPE, _HOPE_LEARNT = (4.0, 0.5), (2.0, 0.1)
_RADIUS, _WIDEST = 2.0, 6.0
_NEAR = 0.02  # a shorter step goes over to the last ones
_DONE = 3e-8
_GROWS = 4.0  # the last steps shrink: one that is so many times the one before is a mistake

_within = kernel("steps.within")
_judge = kernel("steps.judge")


@dataclass(frozen=True, slots=True, kw_only=True)
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
        none = np.zeros(0)
        return Top(z=none, value=value, slope=none, curvature=np.zeros((0, 0)), steps=0)
    none = np.empty((0, posterior.width))
    first = _best_of(posterior, [_looks(posterior.width)], [_STARTS], none)
    ends, steps = climb_from(posterior, first, roughly=True)
    known: Shapes | None = None
    # A top that was missed lies across a saddle from one that was found: look around it.
    for _ in range(_AGAIN):
        before, top = ends.value[0], ends.z[0]
        ridges, instead = _ridges(top, ends.bend[0]), _exchanged(top)
        nearby = top + standard_normals(1, "nearby", _LOOKS, posterior.width)
        most = [_AROUND, *[_EACH] * len(instead), _NEARBY]
        chosen = _best_of(posterior, [ridges, *instead, nearby], most, ends.z)
        on = none if known else ends.z[:_GO_ON]
        starts = np.concatenate([on, chosen, _held(posterior, top)])
        ends, taken = climb_from(posterior, starts, known)
        known = ends
        steps += taken
        if ends.value[0] > before - _EQUAL or _length(ends.z[0] - top) <= _APART:
            break
    if given:
        ends, taken = climb_from(posterior, np.array(given), ends)
        steps += taken
    near = np.flatnonzero(ends.value < ends.value[0] + _EQUAL).tolist()
    tops = [finish(posterior, ends.take([k])) for k in near]
    best = min(float(each.value[0]) for each, _ in tops)
    # The first of equals: places that were given come last and must lead higher to matter.
    top, taken = next((each, count) for each, count in tops if each.value[0] < best + 1e-7)
    return Top(
        z=top.z[0], value=float(top.value[0]), slope=top.slope[0],
        curvature=posterior.curvature(top.z[0]), steps=steps + taken,
    )  # fmt: skip


def _looks(width: int) -> Floats:
    """The middle, places on its axes, and some of the prior's people."""
    axes = 1.5 * np.eye(width)
    drawn = standard_normals(1, "starts", _LOOKS, width)
    return np.concatenate([np.zeros((1, width)), axes, -axes, drawn])


def _ridges(top: Floats, bend: Floats) -> Floats:
    """Ways to go on from a top, to both sides along each ridge.

    A ridge of a difference is the way on which the others follow it best.
    """
    doubt, _ = inverse_of(bend, _FLAT)
    ridge = doubt / np.diag(doubt)[:, None]
    return np.asarray(top + np.concatenate([_ACROSS * ridge, -_ACROSS * ridge]))


def _held(posterior: Posterior, top: Floats) -> Floats:
    """What explains the rest best where a difference that moves a time or is wide is elsewhere.

    Where an absorption ends at the time of a measurement, the posterior has an edge, and often
    a top on either side. From one with a short absorption, say, every way to one with a long
    absorption leads down at first, and those explain everything else otherwise too.
    """
    informed, timing = posterior.course.informed, posterior.course.timing
    spread = posterior.spreads()
    those = [
        (k, value)
        for k, each in enumerate(informed)
        if each in timing or (spread[k] > _WIDE and each.treatment == 0)
        for value in (_HELD_AT if each in timing else _HELD_WIDE)
        if abs(value - top[k]) > _APART
    ]
    made = np.repeat(top[None], len(those), axis=0)
    some = _side_by_side(posterior)
    for begin in range(0, len(those), some):
        part = those[begin : begin + some]
        one, which = np.arange(len(part)), np.array([k for k, _ in part])
        z = made[begin : begin + some]
        z[one, which] = [value for _, value in part]
        for _ in range(_HELD):
            here = posterior.shapes(z)
            here.slope[one, which] = 0.0
            here.bend[one, which] = 0.0
            here.bend[one, :, which] = 0.0
            here.bend[one, which, which] = 1.0
            z += _steps(here.slope, here.bend, np.full(one.size, _RADIUS))[0]
    return made.clip(-_FAR, _FAR)


def _side_by_side(posterior: Posterior) -> int:
    """How many climb at once: their curvatures fit into some memory."""
    return int(max(_STARTS, _NUMBERS // max(posterior.width, 1) ** 2))


def _exchanged(top: Floats) -> list[Floats]:
    """Other explanations: what makes this person unusual is taken back, another is tried.

    A late rise, say, may come of slow absorption or of a slow way through the gut, and from
    one to the other every small step leads down. One table for each that is taken back.
    """
    unusual = [k for k in np.argsort(-np.abs(top))[:_UNUSUAL].tolist() if abs(top[k]) > _APART]
    made: list[Floats] = []
    for k in unusual:
        others = np.repeat(np.delete(np.arange(len(top)), k), _INSTEAD.size)
        some = np.repeat(top[None], others.size, axis=0)
        some[:, k] = 0.0
        some[np.arange(others.size), others] = np.tile(_INSTEAD, len(top) - 1)
        made.append(some)
    return made


def _best_of(
    posterior: Posterior, looks: Sequence[Floats], most: Sequence[int], known: Floats
) -> Floats:
    """The best few of each table of places that lie apart from each other and from the known."""
    every = np.concatenate(looks).clip(-_FAR, _FAR)
    values = posterior.surprise(every, rough=True)
    values = np.where(np.isfinite(values), values, np.inf)
    chosen: list[int] = []
    near = np.zeros(len(every), dtype=np.bool_)
    for place in known:
        near |= ((every - place) ** 2).sum(axis=1) <= _APART**2
    begin = 0
    for some, count in zip(looks, most, strict=True):
        wanted = len(chosen) + count
        for at in (begin + np.argsort(values[begin : begin + len(some)], kind="stable")).tolist():
            if len(chosen) >= wanted:
                break
            if not near[at]:
                chosen.append(at)
                near |= ((every - every[at]) ** 2).sum(axis=1) <= _APART**2
        begin += len(some)
    return every[chosen]


def climb_from(
    posterior: Posterior,
    starts: Floats,
    known: Shapes | None = None,
    *,
    go_on: int = _GO_ON,
    roughly: bool = False,
) -> tuple[Shapes, int]:
    """All starts side by side, each to within a short step of a top; ends that meet are one.

    Args:
        starts: shape (starts, width).
        known: ends that need not be reached again. They are given back too.
        go_on: how many of them all go on after the first steps. roughly: none of them.

    Returns:
        The ends, the best of all first, and the number of steps.
    """
    some = _side_by_side(posterior)
    parts = [
        _follow(posterior, posterior.shapes(starts[k : k + some]), known, _ROUGH, learn=False)
        for k in range(0, max(len(starts), 1), some)
    ]
    here, steps = parts[0][0], max(taken for _, taken in parts)
    for other, _ in parts[1:]:
        here = here.joined(other)
    if len(here.z) and not roughly:
        best = np.argsort(here.value, kind="stable")[:go_on]
        here, more = _follow(posterior, posterior.bent(here.z[best]), known, _STEPS, learn=True)
        steps += more
    ends = here if known is None else known.joined(here)
    first = int(np.argmin(ends.value))
    return ends.take([first, *(k for k in range(len(ends.z)) if k != first)]), steps


def _follow(
    posterior: Posterior, here: Shapes, known: Shapes | None, most: int, *, learn: bool
) -> tuple[Shapes, int]:
    """At most some steps; those that met another or cannot reach the best are left out.

    learn: the curvature is kept, and corrected by how the slope changes with each step;
    otherwise it is the expected one, anew.
    """
    radius, done = np.full(len(here.z), _RADIUS), np.zeros(len(here.z), dtype=np.bool_)
    lowest_known = math.inf if known is None else float(known.value.min())
    for taken in range(most + 1):
        step, depth = _steps(here.slope, here.bend, radius)
        lowest = min(lowest_known, float(here.value.min(initial=math.inf)))
        hope, spare = _HOPE_LEARNT if learn else _HOPE
        hopeful = here.value - lowest <= hope * depth + spare
        if known is None:
            hopeful[int(np.argmin(here.value))] = True  # whatever it is worth
        length = np.sqrt((step**2).sum(axis=1))
        done |= (length < _NEAR) | (radius < 1e-6)
        keep = np.array(
            [k for k in _apart(here, here.z + step, known) if hopeful[k]], dtype=np.int64
        )
        here, radius, done = here.take(keep), radius[keep], done[keep]
        step, length = step[keep], length[keep]
        moving = np.flatnonzero(~done)
        if taken == most or not moving.size:
            return here, taken
        tried = np.ascontiguousarray(step[moving])
        there = posterior.shapes(here.z[moving] + tried)
        _judge(
            here.z, here.value, here.slope, here.bend, radius, moving, tried, there.value,
            there.slope, there.bend, learn, _WIDEST, *np.empty((2, here.z.shape[1])),
        )  # fmt: skip
    raise AssertionError("the last round returns")


def _corrected(bend: Floats, step: Floats, change: Floats) -> Floats:
    """The curvatures that also tell how the slopes changed (the symmetric update of rank one)."""
    left = change - (bend @ step[:, :, None])[:, :, 0]
    along = (left * step).sum(axis=1)
    size = np.sqrt((left**2).sum(axis=1) * (step**2).sum(axis=1))
    sure = np.isfinite(size) & (np.abs(along) > 1e-2 * size)
    part = np.where(sure[:, None], left, 0.0) / np.where(sure, along, 1.0)[:, None]
    return np.asarray(bend + part[:, :, None] * np.where(sure[:, None], left, 0.0)[:, None, :])


def _apart(here: Shapes, next_: Floats, known: Shapes | None) -> list[int]:
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
    return sorted(kept)


def finish(posterior: Posterior, end: Shapes) -> tuple[Shapes, int]:
    """The last steps from one end, with exact slopes."""
    here = posterior.shapes(end.z, exact=True)
    bend, at = end.bend, end.z[0]
    radius, steps = 0.5, 0
    while steps < _STEPS:
        steps += 1
        z, value, slope = here.z[0], float(here.value[0]), here.slope[0]
        step = _steps(slope[None], bend, np.array([radius]))[0]
        length = _length(step[0])
        if length < _DONE or radius < _DONE:
            break
        there = posterior.shapes(z + step, exact=True)
        bend = _corrected(bend, step, there.slope - slope)
        radius = _GROWS * length
        calmer = _length(there.slope[0]) < _length(slope)
        noise = 1e-13 * max(1.0, abs(value))
        if there.value[0] < value - noise or (there.value[0] < value + noise and calmer):
            here = there
        elif _length(z - at) > 1e-3:
            bend, at = posterior.bent(z[None]).bend, z
        else:
            radius = 0.3 * length
        if _length(here.z[0] - at) > 0.1:
            at = here.z[0]
            bend = posterior.bent(at[None]).bend
    return here, steps


def _steps(slope: Floats, bend: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """Steps to the bottom of each parabola, no longer than each radius; how deep those lie."""
    places, width = slope.shape
    step, depth = np.zeros((places, width)), np.empty(places)
    _within(slope, bend, radius, np.empty((width, width)), np.empty(width), step, depth)
    return step, depth


def inverse_of(bend: Floats, least: float) -> tuple[Floats, float]:
    """The inverse of a curvature that is taken as ``least`` where it is less; its log volume.

    The volume is the sum of the logs of the roots.
    """
    try:
        np.linalg.cholesky(bend - least * np.eye(len(bend)))
    except np.linalg.LinAlgError:
        roots, axes = np.linalg.eigh(bend)
        roots = np.maximum(roots, least)
        return (axes / roots) @ axes.T, float(np.log(roots).sum())
    made = np.linalg.inv(bend)
    volume = 2.0 * float(np.log(np.diag(np.linalg.cholesky(bend))).sum())
    return np.asarray(0.5 * (made + made.T)), volume


def _length(of: Floats) -> float:
    return math.sqrt(float(of @ of))
