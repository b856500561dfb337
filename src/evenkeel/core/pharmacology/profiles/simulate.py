"""Concentrations of one person over time.

In: a person in a model, doses, times. Out: ng/mL of every analyte at those times,
piece by piece, so that memory stays bounded and long work can be watched or stopped.
At the time of a dose the value is the one just before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal, Subject
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.timeline import Happening, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """times_h: shape (m,), hours. ng_per_ml: shape (m, analytes)."""

    times_h: Floats
    analytes: tuple[str, ...]
    ng_per_ml: Floats

    def of(self, analyte: str) -> Floats:
        """One analyte, shape (m,), ng/mL."""
        return np.asarray(self.ng_per_ml[:, self.analytes.index(analyte)])


def happenings(who: Subject, doses: Iterable[Dose]) -> list[Happening]:
    """What the doses become in this person's compartments.

    Raises:
        Refusal: a route that the model has not, a negative or endless dose, less than
            one device.
    """
    made: list[Happening] = []
    for dose in doses:
        numbers = (dose.time_h, dose.amount_mg, dose.duration_h)
        if not np.all(np.isfinite(numbers)):
            raise Refusal((f"the dose at {dose.time_h:g} h has a number that is not finite",))
        if dose.amount_mg < 0 or dose.duration_h < 0:
            raise Refusal((f"the dose at {dose.time_h:g} h has a negative amount or duration",))
        made += who.inputs(
            time_h=dose.time_h,
            route=dose.route,
            amount_mg=dose.amount_mg,
            duration_h=dose.duration_h,
            of_dose=of_dose(who.model, who.covariates, dose),
        )
    return made


def of_dose(model: Model, covariates: Mapping[str, float], dose: Dose) -> dict[str, float]:
    """Covariates of the dose: as given, or as they follow from its amount.

    covariates: of the person; one that names a covariate of a dose holds for every dose.

    Raises:
        Refusal: less than one device, or a covariate that cannot be.
    """
    found: dict[str, float] = {}
    for name, covariate in model.covariates.items():
        if not covariate.of_dose:
            continue
        value = dose.of_dose.get(name, covariates.get(name))
        if value is None and covariate.per_mg and dose.route == "intranasal":
            value = dose.amount_mg / covariate.per_mg
            if 0.0 < value < 1.0:
                raise Refusal(
                    (
                        f"{dose.amount_mg:g} mg is less than one device of "
                        f"{covariate.per_mg:g} mg: give {name} for another strength",
                    )
                )
        if value is None or (value == 0.0 and dose.amount_mg == 0.0):
            continue
        if covariate.minimum is not None and not value >= covariate.minimum:
            raise Refusal((f"{name} of {value:g} cannot be: at least {covariate.minimum:g}",))
        found[name] = value
    return found


def pieces(who: Subject, doses: Iterable[Dose], times_h: Floats) -> Iterator[tuple[slice, Floats]]:
    """Concentrations piece by piece: a slice of the times, and shape (length, analytes), ng/mL.

    times_h: shape (m,), hours, ascending without repeats.

    Raises:
        Refusal: times that are not finite, not ascending, or repeated; or a dose that
            cannot be given.
    """
    yield from pieces_of(who, happenings(who, doses), times_h)


def pieces_of(
    who: Subject, plan: Iterable[Happening], times_h: Floats
) -> Iterator[tuple[slice, Floats]]:
    """As ``pieces``, of what happens in this person's compartments."""
    check_times(times_h)
    for part, states in walk(who.rates, plan, times_h):
        yield part, who.concentrations(states)


def simulate(who: Subject, doses: Iterable[Dose], times_h: Floats) -> Profile:
    """All concentrations at once; as ``pieces``."""
    whole = np.zeros((times_h.size, len(who.analytes)))
    for part, made in pieces(who, doses, times_h):
        whole[part] = made
    return Profile(times_h=times_h, analytes=who.analytes, ng_per_ml=whole)


def check_times(times_h: Floats) -> None:
    """Refuse times that cannot be answered in order.

    Raises:
        Refusal: none, not finite, or not each after the one before.
    """
    if times_h.size == 0:
        raise Refusal(("no times are asked for",))
    if not np.all(np.isfinite(times_h)):
        raise Refusal(("a time is not finite",))
    wrong = np.flatnonzero(np.diff(times_h) <= 0)
    if wrong.size:
        at = int(wrong[0])
        raise Refusal(
            (
                f"times must ascend without repeats: number {at + 2} ({times_h[at + 1]:g} h) "
                f"does not come after number {at + 1} ({times_h[at]:g} h)",
            )
        )
