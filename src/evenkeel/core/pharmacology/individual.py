"""One person's own parameters from a few measured concentrations.

In: a model with its spread, doses, measurements of any of its analytes. Out: the most
probable person (MAP), how sure that is, and what it means for doses to come. A teaching
view: what would be a good dose is no question that is answered here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from evenkeel.core.pharmacology.climb import top_of
from evenkeel.core.pharmacology.courses import course_of
from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.models import Model
from evenkeel.core.pharmacology.populations import standard_normals
from evenkeel.core.pharmacology.posterior import (
    Measurement,
    analyte_in,
    level_of,
    posterior_of,
    prior_of,
)
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.simulate import check_times
from evenkeel.core.pharmacology.subjects import Refusal, values_of

__all__ = [
    "FAR",
    "Individual",
    "Measurement",
    "Parameter",
    "WhatIf",
    "draws",
    "most_probable",
    "occasion_of",
    "parameters",
    "what_if",
]

FAR = 3.0  # standard deviations: a residual that is farther is pointed at
_ANOTHER_DAY_H = 24.0  # doses farther apart are different occasions
_MOST_NUMBERS = 20_000_000
_MIDDLE_90 = 1.6448536269514722  # half a normal law's middle 90%, in standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Individual:
    """The most probable person and the doubt that remains.

    names: everything that differs between people. etas: by name, on the scale of its block.
    covariance: of them, shape (names, names) (Laplace).
    shrinkage: share of the prior's variance that the measurements left; 1: they said nothing.
    untouched: differences on which no measurement depends; their posterior is the prior.
    log_evidence: of the measurements under the model (Laplace), for weighing models.
    typical, predicted: by measurement, ng/mL, of the typical and of this person.
    weighted: residuals in standard deviations of the model's error; nan where only a limit
        is known.
    below_share: where a limit is known, the probability of a value below it; else nan.
    assumed: what had to be taken for granted, in words.
    """

    model: Model
    covariates: dict[str, float]
    doses: tuple[Dose, ...]
    measurements: tuple[Measurement, ...]
    names: tuple[str, ...]
    etas: dict[str, float]
    covariance: Floats
    shrinkage: dict[str, float]
    untouched: tuple[str, ...]
    log_evidence: float
    typical: Floats
    predicted: Floats
    weighted: Floats
    below_share: Floats
    assumed: tuple[str, ...]
    steps: int


def most_probable(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    measurements: Sequence[Measurement],
    sampling: Literal["venous", "arterial"],
    start: Mapping[str, float] | None = None,
) -> Individual:
    """The top of the posterior, and the doubt around it (Laplace).

    Args:
        covariates: every covariate of the person that the model reads; AGE and WT are judged
            against the model's people even where it does not read them.
        doses: everything that was given, mg of base.
        sampling: where the blood was taken; a model of the other kind is refused.
        start: etas to begin at as well; the answer does not depend on it.

    Raises:
        Refusal: the model has no published spread; an analyte that it has not or of which no
            error was published; blood of the other kind; a person outside its people; a
            measurement that cannot be (not finite, zero or negative, before the first dose);
            a dose that cannot be given; more than 1,000 measurements or 2,000 doses.
    """
    posterior = posterior_of(
        model, covariates=covariates, doses=doses, measurements=measurements, sampling=sampling
    )
    names, omega = prior_of(model)
    width, factor = posterior.width, posterior.factor
    given = []
    if start is not None:
        etas = np.array([start.get(name, 0.0) for name in posterior.names[:width]])
        given = [np.linalg.solve(factor[:width, :width], etas)]
    top = top_of(posterior, given)
    roots, axes = np.linalg.eigh(top.curvature)
    # A top bends upwards; what is below this is what differences lose.
    roots = np.maximum(roots, 1e-6)
    inner = np.eye(len(names))
    inner[:width, :width] = (axes / roots) @ axes.T
    back = [posterior.names.index(name) for name in names]
    covariance = (factor @ inner @ factor.T)[np.ix_(back, back)]
    whole = factor @ np.concatenate([top.z, np.zeros(len(names) - width)])
    prior = np.diag(omega)
    typical, predicted = posterior.predictions(np.vstack([np.zeros(width), top.z]))
    seen = int((~posterior.below).sum())
    touched = set(_reached_by(posterior.factor, width, posterior.names))
    return Individual(
        model=model,
        covariates=dict(covariates),
        doses=tuple(doses),
        measurements=tuple(measurements),
        names=names,
        etas={name: float(whole[back[place]]) for place, name in enumerate(names)},
        covariance=covariance,
        shrinkage={
            name: float(covariance[place, place] / prior[place]) if name in touched else 1.0
            for place, name in enumerate(names)
        },
        untouched=tuple(name for name in names if name not in touched),
        log_evidence=float(
            -top.value - 0.5 * np.log(roots).sum() - 0.5 * seen * math.log(2 * math.pi)
        ),
        typical=typical,
        predicted=predicted,
        weighted=posterior.weighted(predicted),
        below_share=posterior.below_share(predicted),
        assumed=_assumed(model, doses, measurements),
        steps=top.steps,
    )


def _reached_by(factor: Floats, width: int, names: Sequence[str]) -> list[str]:
    """Names that the first ``width`` move, at once or by correlation."""
    moved = np.any(factor[:, :width] != 0.0, axis=1)
    return [name for name, each in zip(names, moved, strict=True) if each]


def _assumed(
    model: Model, doses: Sequence[Dose], measurements: Sequence[Measurement]
) -> tuple[str, ...]:
    told: list[str] = []
    days = sorted(dose.time_h for dose in doses)
    last = max(each.time_h for each in measurements)
    apart = sum(1 for a, b in pairwise(days) if b - a > _ANOTHER_DAY_H and b < last)
    varying = [
        b for block in model.variability if block.level == "occasion" for b in block.parameters
    ]
    if varying and apart:
        told.append(
            f"{model.id}: {', '.join(dict.fromkeys(varying))} differ from treatment to treatment "
            f"in this model; here they are taken as one and the same in all {apart + 1} treatments"
        )
    if model.sampling == "mixed":
        told.append(
            f"{model.id} pools arterial and venous blood: early values may be off on either side"
        )
    return tuple(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter that differs between people, in the model's own unit.

    typical: of a person with these covariates. low, high: the middle 90% of what it may be.
    """

    name: str
    typical: float
    value: float
    low: float
    high: float
    eta: float
    doubt: float
    shrinkage: float


def parameters(person: Individual) -> tuple[Parameter, ...]:
    """What differs, as values and not as differences; each with the others at their best."""
    known = {
        **{n: c.reference for n, c in person.model.covariates.items() if c.of_dose},
        **person.covariates,
    }
    typical = values_of(person.model, known)
    best = values_of(person.model, known, person.etas)
    made: list[Parameter] = []
    for place, name in enumerate(person.names):
        doubt = math.sqrt(max(float(person.covariance[place, place]), 0.0))
        ends = [
            float(
                values_of(person.model, known, {**person.etas, name: person.etas[name] + away})[
                    name
                ]
            )
            for away in (-_MIDDLE_90 * doubt, _MIDDLE_90 * doubt)
        ]
        made.append(
            Parameter(
                name=name,
                typical=float(typical[name]),
                value=float(best[name]),
                low=min(ends),
                high=max(ends),
                eta=person.etas[name],
                doubt=doubt,
                shrinkage=person.shrinkage[name],
            )
        )
    return tuple(made)


def draws(
    person: Individual, *, count: int, seed: int, occasion: Literal["same", "new"] = "same"
) -> dict[str, Floats]:
    """Etas of people who could be this person, by name, shape (count,).

    Draw k of a seed is the same however many are drawn.

    Args:
        occasion: new: what differs from treatment to treatment is drawn anew, and what
            the measurements said of the person as such is kept.
    """
    width = len(person.names)
    middle = np.array([person.etas[name] for name in person.names])
    normals = standard_normals(seed, f"{person.model.id}:posterior", count, width)
    made = middle + normals @ _root(person.covariance).T
    if occasion == "new":
        own = level_of(person.model, person.names, ("subject",))
        passing = level_of(person.model, person.names, ("occasion",))
        # Of a sum of two normal differences, the part of the person, and a new second part.
        kept = own @ np.linalg.inv(own + passing)
        rest = _root(own - kept @ own + passing)
        more = standard_normals(seed, f"{person.model.id}:new occasion", count, width)
        made = made @ kept.T + more @ rest.T
    return {name: made[:, place] for place, name in enumerate(person.names)}


def occasion_of(person: Individual, to_come: Sequence[Dose]) -> Literal["same", "new"]:
    """new: the model's people differ between treatments, and the first of these doses is one
    of another day than every dose that was measured."""
    varies = any(block.level == "occasion" for block in person.model.variability)
    last = max(each.time_h for each in person.doses)
    later = bool(to_come) and min(each.time_h for each in to_come) - last > _ANOTHER_DAY_H
    return "new" if varies and later else "same"


def _root(covariance: Floats) -> Floats:
    """A square root of a covariance that may lack some directions."""
    roots, axes = np.linalg.eigh(covariance)
    return np.asarray(axes * np.sqrt(np.maximum(roots, 0.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What may come of doses. Of the blood itself: the error of a measurement is not in it.

    most_probable: shape (analytes, times), ng/mL. percentiles: the wanted ones, 0 to 100;
    bands: shape (percentiles, analytes, times). drawn: shape (count, analytes, times).
    occasion: new: what differs from treatment to treatment was drawn anew.
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
    times_h: Floats,
    *,
    percentiles: Sequence[float] = (5.0, 50.0, 95.0),
    count: int = 500,
    seed: int = 1,
    occasion: Literal["same", "new"] = "same",
) -> WhatIf:
    """What may come of doses in this person: information, never advice on a dose.

    Args:
        doses: all of them, those that were given and those to come, mg of base.
        times_h: ascending without repeats, on the clock of the doses.
        occasion: as in ``draws``; the most probable curve then has the middle of the new one.

    Raises:
        Refusal: times that cannot be answered, a dose that cannot be given, a percentile
            outside 0 to 100, more than 20 million numbers or doses of all people.
    """
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
    drawn = draws(person, count=count, seed=seed, occasion=occasion)
    middle = person.etas if occasion == "same" else _kept_of(person)
    etas = {name: np.concatenate([[middle[name]], drawn[name]]) for name in person.names}
    course = course_of(
        person.model, covariates=person.covariates, doses=doses, analytes=analytes,
        times_h=times_h,
    )  # fmt: skip
    made = course.concentrations(etas)
    return WhatIf(
        person=person,
        occasion=occasion,
        times_h=times_h,
        analytes=analytes,
        most_probable=made[0],
        percentiles=tuple(percentiles),
        bands=np.percentile(made[1:], percentiles, axis=0),
        drawn=made[1:],
    )


def _kept_of(person: Individual) -> dict[str, float]:
    own = level_of(person.model, person.names, ("subject",))
    passing = level_of(person.model, person.names, ("occasion",))
    middle = np.array([person.etas[name] for name in person.names])
    kept = own @ np.linalg.solve(own + passing, middle)
    return {name: float(kept[place]) for place, name in enumerate(person.names)}
