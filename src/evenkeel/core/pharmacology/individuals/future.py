"""What doses to come may do in a person who was measured.

In: the most probable person with the doubt, doses, times. Out: the most probable curve and
bands over the people who could be this one. A teaching view: what would be a good dose is
no question that is answered here.

A treatment that was measured keeps what the measurements said of it. Another treatment
keeps the person's part alone, and draws its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenkeel.core.pharmacology.doses.occasions import (
    ANOTHER_DAY_H,
    Difference,
    begins_of,
    differences,
    prior_between,
    varies,
)
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.estimate import Individual
from evenkeel.core.pharmacology.individuals.posterior import analyte_in
from evenkeel.core.pharmacology.individuals.preparing import course_of
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.populations.people import standard_normals
from evenkeel.core.pharmacology.profiles.simulate import check_times, times_of
from evenkeel.core.pharmacology.systems.linear import Floats

_MOST_NUMBERS = 20_000_000
_AT_ONCE = 256  # people: between two such groups it can be stopped


def draws(
    person: Individual, *, count: int, seed: int, occasion: Literal["same", "new"] = "same"
) -> dict[str, Floats]:
    """Etas of people who could be this person, by name, shape (count,).

    Draw k of a seed is the same however many are drawn.

    Args:
        occasion: same: as they were measured, by the names of the person. new: in one more
            treatment, by parameter: its own part is drawn, and what the measurements said of
            the person as such is kept.

    Raises:
        Refusal: nobody was found who explains the measurements (``unexplained``).
    """
    if occasion == "same":
        drawn = _drawn(person, person.differences, _measured(person), count, seed)
        return dict(zip(person.names, drawn[1:].T, strict=True))
    wanted = differences(person.model, 1)
    drawn = _drawn(person, wanted, (person.treatments + 1,), count, seed)
    return dict(zip((each.name for each in wanted), drawn[1:].T, strict=True))


def _measured(person: Individual) -> tuple[int, ...]:
    return tuple(range(1, person.treatments + 1))


def _drawn(
    person: Individual,
    wanted: Sequence[Difference],
    treatments: Sequence[int],
    count: int,
    seed: int,
) -> Floats:
    """The most probable differences and then ``count`` drawn ones, shape (1 + count, wanted).

    treatments: which the wanted ones are of, in their order; those beyond the person's were
        not measured.
    """
    for each in person.unexplained:
        raise Refusal(
            (
                f"{person.model.id}: nobody was found who explains {each.analyte} of "
                f"{each.ng_per_ml:g} ng/mL at {each.time_h:g} h, so there is nobody whose future "
                "could be told: check its time and the doses",
            )
        )
    middle = np.array([person.etas[name] for name in person.names])
    normals = standard_normals(seed, f"{person.model.id}:posterior", count, middle.size)
    made = np.vstack([middle, middle + normals @ _root(person.covariance).T])
    own = _measured(person)
    if tuple(wanted) == person.differences and tuple(treatments) == own:
        return made
    # Of normal differences that go together: what the known ones say of the wanted, and the
    # rest, of which they say nothing.
    known = prior_between(person.model, person.differences, own, person.differences, own)
    both = prior_between(person.model, wanted, treatments, person.differences, own)
    kept = np.linalg.solve(known, both.T).T
    rest = prior_between(person.model, wanted, treatments, wanted, treatments) - kept @ both.T
    more = standard_normals(seed, f"{person.model.id}:new occasion", count, len(wanted))
    made = made @ kept.T
    made[1:] += more @ _root(rest).T
    return np.asarray(made)


def _root(covariance: Floats) -> Floats:
    """A square root of a covariance that may lack some directions."""
    roots, axes = np.linalg.eigh(covariance)
    return np.asarray(axes * np.sqrt(np.maximum(roots, 0.0)))


def treatments_of(person: Individual, begins_h: Floats) -> tuple[int, ...]:
    """Which treatments of the person these are; those beyond ``person.treatments`` are new.

    A treatment that begins within a day of the doses of one that was measured is that one.
    """
    if not varies(person.model) or not begins_h.size:
        return (1,)
    known: list[tuple[float, float]] = []
    ends = (*person.begins_h[1:], np.inf)
    for begin, end in zip(person.begins_h[: person.treatments], ends, strict=False):
        last = max(each.time_h for each in person.doses if begin <= each.time_h < end)
        known.append((begin - ANOTHER_DAY_H, last + ANOTHER_DAY_H))
    made: list[int] = []
    new = person.treatments
    for at in begins_h:
        exact = [k for k, begin in enumerate(person.begins_h[: person.treatments]) if begin == at]
        near = exact or [k for k, (low, high) in enumerate(known) if low <= at <= high]
        new += not near
        made.append(near[0] + 1 if near else new)
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What may come of doses. Of the blood itself: the error of a measurement is not in it.

    most_probable: shape (analytes, times), ng/mL. percentiles: the wanted ones, 0 to 100;
    bands: shape (percentiles, analytes, times). drawn: shape (count, analytes, times).
    occasion: new: at least one treatment was not measured, and what differs from treatment
        to treatment was drawn anew in it.
    """

    person: Individual
    occasion: Literal["same", "new"]
    times_h: Floats
    analytes: tuple[str, ...]
    most_probable: Floats
    percentiles: tuple[float, ...]
    bands: Floats
    drawn: Floats

    def share_above(self, analyte: str, ng_per_ml: float) -> Floats:
        """Share of the possible people who are above a level, at each time; shape (times,)."""
        place = self._place(analyte)
        return np.asarray((self.drawn[:, place] > ng_per_ml).mean(axis=0))

    def share_reaching(self, analyte: str, ng_per_ml: float) -> float:
        """Share of the possible people who are above a level at any of the times."""
        place = self._place(analyte)
        return float((self.drawn[:, place].max(axis=1) > ng_per_ml).mean())

    def _place(self, analyte: str) -> int:
        own = analyte_in(self.person.model, analyte)
        if own is None or own not in self.analytes:
            raise Refusal((f"there is no {analyte}; there are {', '.join(self.analytes)}",))
        return self.analytes.index(own)


def what_if(
    person: Individual,
    doses: Sequence[Dose],
    times_h: Floats | Sequence[float],
    *,
    percentiles: Sequence[float] = (5.0, 50.0, 95.0),
    count: int = 500,
    seed: int = 1,
    heard: Callable[[int, int], None] = lambda done, whole: None,
) -> WhatIf:
    """What may come of doses in this person: information, never advice on a dose.

    Args:
        doses: all of them, those that were given and those to come, mg of base.
        times_h: ascending without repeats, on the clock of the doses.
        heard: called with how many people of how many were computed; what it raises ends it.

    Raises:
        Refusal: times that cannot be answered, a dose that cannot be given, a percentile
            outside 0 to 100, more than 20 million numbers or doses of all people; nobody was
            found who explains the measurements (``unexplained``).
    """
    times_h = times_of(times_h)
    check_times(times_h)
    wrong = [each for each in percentiles if not 0.0 <= each <= 100.0]
    if wrong or not percentiles:
        raise Refusal((f"percentiles {wrong or 'none'}: write numbers from 0 to 100",))
    analytes = tuple(person.model.outputs)
    if count < 1 or count * max(times_h.size * len(analytes), len(doses)) > _MOST_NUMBERS:
        raise Refusal(
            (
                f"{count:,} people, {len(doses):,} doses and {times_h.size:,} times: from 1 person "
                f"up to {_MOST_NUMBERS:,} concentrations and doses",
            )
        )
    begins = begins_of(person.model, doses, person.begins_h)
    course = course_of(
        person.model, covariates=person.covariates, doses=doses, analytes=analytes,
        times_h=times_h, begins_h=begins,
    )  # fmt: skip
    treatments = treatments_of(person, begins[: course.treatments])
    wanted = differences(person.model, course.treatments)
    drawn = _drawn(person, wanted, treatments, count, seed)
    etas = drawn[:, [wanted.index(each) for each in course.informed]]
    made = np.empty((len(etas), len(analytes), times_h.size))
    for first in range(0, len(etas), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        made[some] = course.concentrations(etas[some])
        heard(min(first + _AT_ONCE, count), count)
    return WhatIf(
        person=person,
        occasion="new" if max(treatments) > person.treatments else "same",
        times_h=times_h,
        analytes=analytes,
        most_probable=made[0],
        percentiles=tuple(percentiles),
        bands=np.percentile(made[1:], percentiles, axis=0),
        drawn=made[1:],
    )
