"""Treatments one after the other: what each passes on, and slopes and curvatures of them all.

In: what one person was given in several treatments that differ. Out: predictions and how
they change with each difference, at a cost that grows with the treatments and not with
their square or third power.

A difference of one treatment changes what is measured in it, and what is left in the body
when the next begins. What is left goes on in proportion. So each treatment is looked at by
itself, from what the others left, with its own differences and those of the person moved;
and once with one mg in each compartment and nothing given. The chain rule does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.occasions import Difference, treatment_at
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.courses import VAST, Course, Looks, looks_of
from evenkeel.core.pharmacology.individuals.dense import add_weighted
from evenkeel.core.pharmacology.individuals.likelihood import Likelihood
from evenkeel.core.pharmacology.individuals.preparing import course_of
from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]

_pass_on = kernel("passing.on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One treatment. starts_h: -inf of the first.

    places: of its differences among the person's. seen: which of the measurements lie in it,
    and how the course is asked for them. likelihood: of those.
    """

    course: Course
    starts_h: float
    places: Ints
    seen: Ints
    looks: Looks
    likelihood: Likelihood


def stages_of(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    analytes: Sequence[str],
    begins_h: Floats,
    informed: Sequence[Difference],
    likelihood: Likelihood,
    times_h: Floats,
    analyte_of: Ints,
) -> tuple[Stage, ...]:
    """The treatments that have begun before the last measurement.

    Args:
        informed: the person's differences. times_h, analyte_of: of each measurement.
    """
    last = float(times_h.max())
    begins = begins_h[begins_h < last]
    place = {difference: k for k, difference in enumerate(informed)}
    given = treatment_at(begins, np.array([dose.time_h for dose in doses]))
    # What is measured when a treatment begins is of the one before.
    measured = np.maximum(np.searchsorted(begins, times_h, side="left") - 1, 0)
    routes = {dose.route for dose in doses if dose.time_h < last}
    made: list[Stage] = []
    for k, begin in enumerate(begins.tolist()):
        seen = np.flatnonzero(measured == k)
        followed = k + 1 < begins.size
        times = np.unique(times_h[seen])
        if followed:
            times = np.append(times, begins[k + 1])
        course = course_of(
            model, covariates=covariates, analytes=analytes, times_h=times,
            doses=[dose for dose, at in zip(doses, given, strict=True) if at == k],
            with_routes=routes, followed=followed,
        )  # fmt: skip
        made.append(
            Stage(
                course=course,
                starts_h=begin if k else -np.inf,
                places=np.array(
                    [
                        place[each if each in place else Difference(each.parameter, k + 1)]
                        for each in course.informed
                    ],
                    dtype=np.int64,
                ),
                seen=seen,
                looks=looks_of(np.searchsorted(times, times_h[seen]), analyte_of[seen], times.size),
                likelihood=likelihood.of(seen),
            )
        )
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Change:
    """How a treatment answers at some places; n compartments, m measurements.

    found: shape (places, answers, m); after: shape (n, places, answers), what is left. Answers:
    as it is, with differences moved, and of one mg in each compartment (``amounts``).
    """

    found: Floats
    after: Floats
    amounts: int


def change(
    stage: Stage, etas: Floats, state: Floats, moves: Floats, *, rough: bool, amounts: bool = True
) -> Change:
    """One call for all places.

    Args:
        etas: shape (places, d). state: shape (places, n), when it begins.
        moves: shape (moves, d).
        amounts: whether one mg in each compartment is asked for; of the first it never is.

    Raises:
        Overlap: a dose goes on when the next treatment has begun.
    """
    count, size = state.shape
    several = 1 + len(moves)
    more = size if amounts and stage.starts_h > -np.inf else 0
    variants = np.zeros((several + more, moves.shape[1]))
    variants[1:several] = moves
    after = np.empty((size, count, several + more))
    after[:, :, :several] = state.T[:, :, None]
    after[:, :, several:] = np.eye(size)[:, None, :more]
    found = stage.course.answers(
        etas, stage.looks, moves=variants, idle=several, state=after.reshape(size, -1),
        start_h=stage.starts_h, rough=rough,
    )  # fmt: skip
    np.minimum(found, VAST, out=found)
    return Change(found.reshape(count, several + more, stage.seen.size), after, more)


def _aside(far: Floats, *, exact: bool) -> Floats:
    """Each difference moved by itself: up, and where it must be exact then each down."""
    up = np.diag(far)
    return np.concatenate([up, -up]) if exact else up


@dataclass(frozen=True, slots=True)
class Begun:
    """What a treatment begins with: mg, shape (places, n), how that changes with each of the
    person's differences, (places, n, differences), and how it answers.
    """

    state: Floats
    passed: Floats
    answer: Change


def slopes(
    stages: Sequence[Stage], etas: Floats, steps: Floats, count: int, *, exact: bool,
    keep: bool = False,
) -> tuple[Floats, Floats, list[Begun]]:  # fmt: skip
    """Predictions and how they change with each difference.

    Args:
        etas: shape (places, differences). steps: shape (differences,), how far each is moved,
            to one side or (exact) to both.
        count: of measurements.
        keep: whether what each treatment begins with is asked for.

    Returns:
        Shapes (places, measurements) and (places, measurements, differences); what each
        treatment begins with.

    Raises:
        Overlap: as ``change``.
    """
    places, width = etas.shape
    size = stages[0].course.size
    state, passed = np.zeros((places, size)), np.zeros((places, size, width))
    made, changes = np.empty((places, count)), np.empty((places, count, width))
    kept: list[Begun] = []
    for stage in stages:
        far = steps[stage.places]
        answer = change(
            stage, etas[:, stage.places], state, _aside(far, exact=exact), rough=not exact
        )
        if keep:
            kept.append(Begun(state.copy(), passed.copy(), answer))
        _pass_on(
            answer.found, answer.after, far, stage.places, stage.seen, answer.amounts, exact,
            passed, np.empty((size, width)), made, changes, state,
        )  # fmt: skip
    return made, changes, kept


_SHARE = 1e-4


def _second(law: Likelihood, made: Floats) -> Floats:
    """The second derivative of the surprise by each prediction."""
    near = np.maximum(made, 1e-20)
    up, down = (law.shape(near * (1.0 + share))[1] for share in (_SHARE, -_SHARE))
    return np.asarray((up - down) / (2.0 * _SHARE * near))


def _with_amounts(
    stage: Stage,
    etas: Floats,
    moved: Floats,
    far: Floats,
    worth: Floats,
    middle: Floats,
    *,
    exact: bool,
) -> Floats:
    """How the worth of one mg at the beginning changes with each difference, shape (n, d).

    moved: predictions where each difference was moved up, then down, and then others.
    worth: of one mg that is left. middle: of one mg at the beginning, where nothing is moved.
    """
    size, d = worth.size, far.size
    moves = _aside(far, exact=exact)
    begin = np.tile(np.eye(size), (1, len(moves)))
    found = stage.course.answers(
        etas + moves, stage.looks, moves=np.zeros((size, d)), idle=0, state=begin,
        start_h=stage.starts_h, rough=not exact,
    )  # fmt: skip
    first = stage.likelihood.shape(moved[: len(moves)])[1]
    of_amounts = found.reshape(len(moves), size, stage.seen.size)
    made = (of_amounts @ first[:, :, None])[:, :, 0] + (worth @ begin).reshape(-1, size)
    return np.asarray((made[:d] - made[d:]).T / (2.0 * far) if exact else (made - middle).T / far)


def bend(
    stages: Sequence[Stage], etas: Floats, steps: Floats, bends: Floats, count: int, *, exact: bool
) -> tuple[float, Floats, Floats]:
    """The surprise of all measurements at one place, its slope and its curvature by differences.

    What a treatment leaves is worth to it what it is worth to all that follow. With that the
    curvature is a sum over treatments, each by its own differences and what it begins with.

    Args:
        etas: shape (differences,). steps, bends: how far differences are moved for the slope
            and for the curvature.
        exact: to both sides.

    Raises:
        Overlap: as ``change``.
    """
    made, changes, kept = slopes(stages, etas[None], steps, count, exact=exact, keep=True)
    width, size = etas.size, stages[0].course.size
    value, slope, whole = 0.0, np.zeros(width), np.zeros((width, width))
    worth = np.zeros(size)  # of one mg that is left in each compartment
    for stage, begun in zip(stages[::-1], kept[::-1], strict=True):
        law, seen, own, answer = stage.likelihood, stage.seen, stage.places, begun.answer
        far, d = bends[own], own.size
        value += float(law.surprise(made[0, seen]).sum())
        first = law.shape(made[0, seen])[1]
        slope += first @ changes[0, seen]
        rows, columns = np.tril_indices(d, -1)
        alone = np.diag(far)
        pairs = alone[rows] + alone[columns]
        moves = np.concatenate([alone, -alone, pairs, -pairs] if exact else [alone, -alone, pairs])
        moved = change(stage, etas[None, own], begun.state, moves, rough=not exact, amounts=False)
        all_ = law.surprise(moved.found[0]).sum(axis=1) + worth @ moved.after[:, 0]
        up, down, mixed = np.split(all_[1:] - all_[0], [d, 2 * d])
        inner = np.diag((up + down) / far**2)
        if exact:
            both = mixed.reshape(2, -1).sum(axis=0)
            mixed = (both - (up + down)[rows] - (up + down)[columns]) / 2.0
        else:
            mixed = mixed - up[rows] - up[columns]
        inner[rows, columns] = inner[columns, rows] = mixed / (far[rows] * far[columns])
        whole[np.ix_(own, own)] += inner
        if answer.amounts:
            arms, left = answer.found[0, -size:], answer.after[:, 0, -size:]
            middle = arms @ first + worth @ left
            across = begun.passed[0].T @ _with_amounts(
                stage, etas[own], moved.found[0, 1:], far, worth, middle, exact=exact
            )
            whole[:, own] += across
            whole[own] += across.T
            here = arms.T @ begun.passed[0]
            add_weighted(here, _second(law, made[0, seen]), whole)
            worth = middle
    return value, slope, whole
