"""The top of a posterior, the same from wherever the search begins.

In: a posterior. Out: its top and the curvature there. Many places are looked at in one
call; from the best few that lie apart all climb side by side. Around the best others are looked
for, until none is higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.individuals.climb import (
    GO_ON,
    RADIUS,
    climb_from,
    finish,
    length_of,
    roughly,
    side_by_side,
)
from evenkeel.core.pharmacology.individuals.dense import inverse_of
from evenkeel.core.pharmacology.individuals.posterior import Posterior
from evenkeel.core.pharmacology.individuals.shapes import Bent, Expected
from evenkeel.core.pharmacology.populations.people import standard_normals
from evenkeel.core.pharmacology.systems.linear import Floats

_LOOKS = 64  # places drawn from the prior, besides the middle and those on its axes
_STARTS = 8
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
    ends: Expected | Bent
    ends, count = roughly(posterior, first)
    known: Bent | None = None
    # A top that was missed lies across a saddle from one that was found: look around it.
    for _ in range(_AGAIN):
        before, top = ends.value[0], ends.z[0]
        ridges, instead = _ridges(top, ends.bend(0)), _exchanged(top)
        nearby = top + standard_normals(1, "nearby", _LOOKS, posterior.width)
        most = [_AROUND, *[_EACH] * len(instead), _NEARBY]
        chosen = _best_of(posterior, [ridges, *instead, nearby], most, ends.z)
        on = ends.z[:0] if known else ends.z[:GO_ON]
        starts = np.concatenate([on, chosen, _held(posterior, top)])
        known, taken = climb_from(posterior, starts, known)
        ends, count = known, count + taken
        if ends.value[0] > before - _EQUAL or length_of(ends.z[0] - top) <= _APART:
            break
    assert known is not None
    if given:
        known, taken = climb_from(posterior, np.array(given), known)
        count += taken
    # At least the best itself: beside a vast value the little that is added is lost.
    near = np.flatnonzero(known.value <= known.value[0] + _EQUAL).tolist()
    tops = [finish(posterior, known.take([k])) for k in near]
    best = min(float(each.value[0]) for each, _ in tops)
    # The first of equals: places that were given come last and must lead higher to matter.
    top, taken = next((each, count) for each, count in tops if each.value[0] <= best + 1e-7)
    return Top(
        z=top.z[0], value=float(top.value[0]), slope=top.slope[0],
        curvature=posterior.curvature(top.z[0]), steps=count + taken,
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
    some = side_by_side(posterior)
    for begin in range(0, len(those), some):
        part = those[begin : begin + some]
        one, which = np.arange(len(part)), np.array([k for k, _ in part])
        z = made[begin : begin + some]
        z[one, which] = [value for _, value in part]
        for _ in range(_HELD):
            here = posterior.shapes(z)
            here.slope[one, which] = 0.0
            here.curve[one, :, which] = 0.0
            z += here.steps(np.full(one.size, RADIUS))[0]
    return made.clip(-_FAR, _FAR)


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
