"""One person's own parameters from a few measured concentrations.

In: a model with its spread, doses, measurements of any of its analytes. Out: the most
probable person (MAP) and how sure that is, in the treatments that were measured. What it
means for doses to come is in ``future``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenkeel.core.pharmacology.doses.occasions import Difference, differences, prior_of, split
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.dense import inverse_of
from evenkeel.core.pharmacology.individuals.few import few
from evenkeel.core.pharmacology.individuals.likelihood import NOTHING, Measurement
from evenkeel.core.pharmacology.individuals.posterior import posterior_of, unheard
from evenkeel.core.pharmacology.individuals.tops import top_of
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import values_of
from evenkeel.core.pharmacology.systems.linear import Floats

__all__ = [
    "FAR",
    "LOST",
    "Individual",
    "Measurement",
    "Parameter",
    "Part",
    "most_probable",
    "parameters",
    "parts",
]

FAR = 3.0  # standard deviations: a residual that is farther is pointed at
LOST = 100.0  # standard deviations: no person is found by a residual that is farther
_MIDDLE_90 = 1.6448536269514722  # half a normal law's middle 90%, in standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Individual:
    """The most probable person and the doubt that remains.

    begins_h: when the treatments begin that the model tells apart; those that were measured
        or had begun before the last measurement are ``treatments``.
    differences: everything that differs between people, and between this person's treatments
        where there are several; ``names`` are theirs.
    etas: by name, on the scale of its block; of a treatment: the person's part and its own.
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
    begins_h: tuple[float, ...]
    treatments: int
    differences: tuple[Difference, ...]
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

    @property
    def names(self) -> tuple[str, ...]:
        """Of the differences, in the order of the covariance."""
        return tuple(each.name for each in self.differences)

    @property
    def unexplained(self) -> tuple[Measurement, ...]:
        """Measured values that nobody comes near whom the search found.

        They are more than ``LOST`` away or, where the model expects nothing at all, ``FAR``:
        from there no slope leads anywhere. If there are any, the etas are those at which the
        search ended and no estimate.
        """
        away = np.abs(self.weighted)
        lost = (away > LOST) | ((away > FAR) & (self.predicted <= NOTHING))
        return tuple(each for each, so in zip(self.measurements, lost, strict=True) if so)


def most_probable(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    measurements: Sequence[Measurement],
    sampling: Literal["venous", "arterial"],
    start: Mapping[str, float] | None = None,
    heard: Callable[[], None] = unheard,
) -> Individual:
    """The top of the posterior, and the doubt around it (Laplace).

    Args:
        covariates: every covariate of the person that the model reads; AGE and WT are judged
            against the model's people even where it does not read them.
        doses: everything that was given, mg of base.
        sampling: where the blood was taken; a model of the other kind is refused.
        start: etas to begin at as well; the answer does not depend on it.
        heard: called with each step of the search; what it raises ends it.

    Raises:
        Refusal: the model has no published spread; an analyte that it has not or of which no
            error was published; blood of the other kind; a person outside its people; a
            measurement that cannot be (not finite, zero or negative, outside 1e-13 to 1e9
            ng/mL, before the first dose or after 1e7 h);
            a dose that cannot be given; compartments that exchange in a ring; more than 1,000
            measurements, 2,000 doses or 40 treatments that the model tells apart.
    """
    posterior = posterior_of(
        model, covariates=covariates, doses=doses, measurements=measurements, sampling=sampling,
        heard=heard,
    )  # fmt: skip
    width, factor = posterior.width, posterior.factor
    given = []
    if start is not None:
        etas = np.array([start.get(each.name, 0.0) for each in posterior.differences[:width]])
        given = [np.linalg.solve(factor[:width, :width], etas)]
    top = top_of(posterior, given)
    # A top bends upwards; what is below this is what differences lose.
    left_open, volume = inverse_of(top.curvature, 1e-6)
    everything = differences(model, posterior.course.treatments)
    place = {each: k for k, each in enumerate(posterior.differences)}
    back = [place[each] for each in everything]
    inner = np.eye(len(everything))
    inner[:width, :width] = left_open
    mixed = few(factor)
    covariance = mixed.times(mixed.times(inner).T)[np.ix_(back, back)]
    whole = few(factor[:, :width]).times(top.z[None])[0][back]
    left = np.diag(covariance) / np.diag(prior_of(model, everything))
    moved = np.any(factor[:, :width] != 0.0, axis=1)[back]  # at once or by correlation
    typical, predicted = posterior.predictions(np.vstack([np.zeros(width), top.z]))[:, 0]
    seen = int((~posterior.likelihood.below).sum())
    return Individual(
        model=model,
        covariates=dict(covariates),
        doses=tuple(doses),
        measurements=tuple(measurements),
        begins_h=tuple(posterior.begins_h.tolist()),
        treatments=posterior.course.treatments,
        differences=everything,
        etas={each.name: float(eta) for each, eta in zip(everything, whole, strict=True)},
        covariance=covariance,
        shrinkage={
            each.name: float(share) if touched else 1.0
            for each, share, touched in zip(everything, left, moved, strict=True)
        },
        untouched=tuple(
            each.name for each, touched in zip(everything, moved, strict=True) if not touched
        ),
        log_evidence=float(-top.value - 0.5 * volume - 0.5 * seen * math.log(2 * math.pi)),
        typical=typical,
        predicted=predicted,
        weighted=posterior.likelihood.weighted(predicted),
        below_share=posterior.likelihood.below_share(predicted),
        assumed=_assumed(model),
        steps=top.steps,
    )


def _assumed(model: Model) -> tuple[str, ...]:
    if model.sampling != "mixed":
        return ()
    return (f"{model.id} pools arterial and venous blood: early values may be off on either side",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter that differs between people, in the model's own unit.

    treatment: from 1, where it has a value of its own in each of several; else 0.
    typical: of a person with these covariates. low, high: the middle 90% of what it may be.
    """

    parameter: str
    treatment: int
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
    made: list[Parameter] = []
    for place, each in enumerate(person.differences):
        own = {
            other.parameter: person.etas[other.name]
            for other in person.differences
            if other.treatment in (0, max(each.treatment, 1))
        }
        doubt = math.sqrt(max(float(person.covariance[place, place]), 0.0))
        eta = person.etas[each.name]
        with np.errstate(over="ignore"):  # where nobody was found an end may be endless
            value, *ends = (
                float(values_of(person.model, known, {**own, each.parameter: at})[each.parameter])
                for at in (eta, eta - _MIDDLE_90 * doubt, eta + _MIDDLE_90 * doubt)
            )
        made.append(
            Parameter(
                parameter=each.parameter,
                treatment=each.treatment,
                typical=float(typical[each.parameter]),
                value=value,
                low=min(ends),
                high=max(ends),
                eta=eta,
                doubt=doubt,
                shrinkage=person.shrinkage[each.name],
            )
        )
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The person's part of a difference (treatment 0), or that of one treatment.

    doubt: its standard deviation after the measurements; shrinkage: the share of the
    published variance that they left.
    """

    parameter: str
    treatment: int
    eta: float
    doubt: float
    shrinkage: float


def parts(person: Individual) -> tuple[tuple[Part, ...], Floats]:
    """What is of the person and what of each treatment, and their joint covariance.

    They add up to the differences. A parameter that varies between treatments only has no
    part of the person. From one treatment the two can be told apart by the prior alone.
    """
    kinds, prior, total = split(person.model, person.differences, person.treatments)
    etas = np.array([person.etas[name] for name in person.names])
    gain = np.linalg.solve(total @ prior @ total.T, total @ prior).T
    covariance = prior - gain @ total @ prior + gain @ person.covariance @ gain.T
    middle = gain @ etas
    made = tuple(
        Part(
            parameter=each.parameter,
            treatment=each.treatment,
            eta=float(middle[k]),
            doubt=math.sqrt(max(float(covariance[k, k]), 0.0)),
            shrinkage=float(covariance[k, k] / prior[k, k]),
        )
        for k, each in enumerate(kinds)
    )
    return made, covariance
