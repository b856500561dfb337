"""For whom a model answers, and what one thing that is said of a person makes of another.

In: a model, and covariates by name. Out: why it must not be used for this person, what
follows from what is given, and what a reader has to be told that is no reason to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.library.models import Model

ADULT_FROM_YEARS = 18.0  # where a paper prints no ages, its people are adults or they are not
# Not limits of any model: beyond them a number was mistyped or has another unit.
POSSIBLE = {"AGE": (0.0, 125.0, "years"), "WT": (0.2, 650.0, "kg")}
# A rule of this project and no clinical bound: from half to double of the weight that a model's
# numbers are printed for, a reader is not told that a weight is far from it.
NEAR_WEIGHT = (0.5, 2.0)
YES = 1.0  # a covariate of yes and no


class _Range(NamedTuple):
    low: float | None
    high: float | None
    unit: str
    below: bool  # whether the high end itself is outside

    def holds(self, value: float) -> bool:
        if self.low is not None and value < self.low:
            return False
        return self.high is None or value < self.high or (value == self.high and not self.below)

    def __str__(self) -> str:
        if self.low is None:
            return f"{'under' if self.below else 'at most'} {self.high:g} {self.unit}"
        if self.high is None:
            return f"at least {self.low:g} {self.unit}"
        return f"{self.low:g} to {self.high:g} {self.unit}"


def refusals(model: Model, covariates: Mapping[str, float]) -> tuple[str, ...]:
    """Why this person must not be simulated with this model; empty = nothing found.

    covariates: what is known of the person, by name (AGE in years and WT in kg are judged even
        where the model does not read them).
    """
    told: list[str] = []
    for name, value in covariates.items():
        least, most, kind = POSSIBLE.get(name, (value, value, ""))
        if not least <= value <= most:
            told.append(f"{name} of {value:g} cannot be: it is in {kind}, {least:g} to {most:g}")
            continue
        covariate = model.covariates.get(name)
        if covariate is not None and covariate.values and value not in covariate.values:
            allowed = " or ".join(f"{each:g}" for each in covariate.values)
            told.append(f"{name} of {value:g} cannot be: it is {allowed}")
            continue
        limits = _range(model, name)
        if not limits.holds(value):
            told.append(
                f"{name} of {value:g} {limits.unit} is outside this model, which was made from "
                f"{model.age_group} of {limits}"
            )
    return (*told, *contradictions(model, covariates))


def _range(model: Model, name: str) -> _Range:
    """What the people of the model were, or may be, in one covariate."""
    covariate = model.covariates.get(name)
    low = None if covariate is None else covariate.minimum
    high = None if covariate is None else covariate.maximum
    unit = "" if covariate is None else covariate.unit
    if name == "WT":
        low = low if model.weight_from is None else model.weight_from
        high = high if model.weight_to is None else model.weight_to
        return _Range(low, high, unit or "kg", below=False)
    if name != "AGE":
        return _Range(low, high, unit, below=False)
    unit = unit or "years"
    if model.age_from is not None or model.age_to is not None:
        return _Range(model.age_from, model.age_to, unit, below=False)
    # Nobody is both: a child is under the age from which somebody is an adult.
    if model.age_group == "adults":
        return _Range(ADULT_FROM_YEARS, None, unit, below=False)
    return _Range(None, ADULT_FROM_YEARS, unit, below=True)


def contradictions(model: Model, covariates: Mapping[str, Any]) -> tuple[str, ...]:
    """What cannot be true together of one person, or of somebody among many.

    covariates: numbers, or arrays of one value a person.
    """
    return tuple(
        f"{name} of {YES:g} cannot be with another {other} than {value:g}, which follows from it"
        for name, covariate in model.covariates.items()
        for other, value in covariate.implies.items()
        if name in covariates
        and other in covariates
        and np.any((np.asarray(covariates[name]) == YES) & (np.asarray(covariates[other]) != value))
    )


def following(model: Model, given: Mapping[str, float]) -> dict[str, float]:
    """Covariates that are not given and follow from those that are."""
    return {
        other: value
        for name, covariate in model.covariates.items()
        for other, value in covariate.implies.items()
        if given.get(name) == YES and other not in given
    }


def far_weight(model: Model, *weights: float) -> str:
    """That a weight is far from the one that the numbers are printed for; empty = it is not.

    Said only where the model scales with weight and nothing was found of what its people
    weighed: a published bound refuses instead. Small children are what a model of children is
    for, so theirs are not far below. weights: kg, of one person or the ends of many.
    """
    weight = model.covariates.get("WT")
    limits = _range(model, "WT")
    if weight is None or limits.low is not None or limits.high is not None:
        return ""
    is_adult = model.age_group == "adults"
    low, high = (share * weight.reference for share in NEAR_WEIGHT)
    low = low if is_adult else 0.0
    if all(low <= each <= high for each in weights):
        return ""
    ends = sorted({min(weights), max(weights)})
    words = "from {:.4g} to {:.4g} kg reaches" if len(ends) > 1 else "of {:.4g} kg is"
    rule = "half to double" if is_adult else "up to double"
    return (
        f"WT {words.format(*ends)} far from the {weight.reference:g} kg that the numbers are "
        f"printed for: outside {rule} of it, a rule of this project and no clinical bound. "
        f"{model.bounds_note}"
    ).strip()


def scale_words(model: Model) -> str:
    """That the reference weight of a model of children is a scale; empty = it is no such model."""
    weight = model.covariates.get("WT")
    if model.age_group != "children" or weight is None:
        return ""
    return f"{weight.reference:g} kg is the scale of the paper's numbers, not its children's weight"
