"""Concentrations of one person over time.

In: a person in a model, doses, times. Out: ng/mL of every analyte at those times,
piece by piece, so that memory stays bounded and long work can be watched or stopped.
At the time of a dose the value is the one just before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.doses.devices import NASAL, devices_of_salt
from evenkeel.core.pharmacology.doses.regimens import COUNTS, Dose
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal, Subject
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.timeline import Happening, walk

MOST_MG = 1e6  # a kilogram at once
LEAST_H, MOST_H = 1e-9, 1e7  # what is shorter is at once; a thousand years


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
        Refusal: a route that the model has not, a dose that ``check_dose`` refuses, less than
            one device.
    """
    made: list[Happening] = []
    for dose in doses:
        check_dose(dose)
        made += who.inputs(
            time_h=dose.time_h,
            route=dose.route,
            amount_mg=dose.amount_mg,
            duration_h=dose.duration_h,
            of_dose=of_dose(who.model, who.covariates, dose),
        )
    return made


def check_dose(dose: Dose) -> None:
    """Refuse numbers of a dose that nobody can be given.

    Raises:
        Refusal: not finite, negative, more than a kilogram, later than 1e7 h or as long, or so
            short (below 1e-9 h) that its rate means nothing.
    """
    place = f"the dose at {dose.time_h:g} h"
    if not np.all(np.isfinite((dose.time_h, dose.amount_mg, dose.duration_h))):
        raise Refusal((f"{place} has a number that is not finite",))
    if dose.amount_mg < 0 or dose.duration_h < 0:
        raise Refusal((f"{place} has a negative amount or duration",))
    if dose.amount_mg > MOST_MG:
        raise Refusal((f"{place} is of {dose.amount_mg:g} mg: at most {MOST_MG:,.0f}",))
    if 0 < dose.duration_h < LEAST_H:
        raise Refusal((f"{place} lasts {dose.duration_h:g} h: write 0 for at once",))
    if max(abs(dose.time_h), dose.duration_h) > MOST_H:
        raise Refusal((f"{place} has a time of more than {MOST_H:,.0f} h",))


def of_dose(model: Model, covariates: Mapping[str, float], dose: Dose) -> dict[str, float]:
    """Covariates of the dose: as given, or as they follow from its amount.

    covariates: of the person; one that names a covariate of a dose holds for every dose.

    Raises:
        Refusal: less than one device, an amount that is the salt of whole devices, or a
            covariate that cannot be.
    """
    found: dict[str, float] = {}
    for name, covariate in model.covariates.items():
        if not covariate.of_dose:
            continue
        value = dose.of_dose.get(name, covariates.get(name))
        if name in COUNTS and value is not None and value % 1.0 != 0.0:
            raise Refusal((f"{name} of {value:g} cannot be: it counts devices, which are whole",))
        if covariate.per_mg and dose.route == NASAL:
            _refuse_salt(dose, value, covariate.per_mg)
        if value is None and covariate.per_mg and dose.route == NASAL:
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


def _refuse_salt(dose: Dose, devices: float | None, device_mg: float) -> None:
    """An amount that is so many devices of hydrochloride, and none of base."""
    count = devices_of_salt(dose.amount_mg, device_mg)
    if count and devices in (None, float(count)):
        raise Refusal(
            (
                f"{dose.amount_mg:g} mg by the nose is the hydrochloride of {count} "
                f"device{'s' * (count > 1)}: amounts are base, write {count * device_mg:g}",
            )
        )


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


def simulate(who: Subject, doses: Iterable[Dose], times_h: Floats | Sequence[float]) -> Profile:
    """All concentrations at once; as ``pieces``. times_h: also a list of hours."""
    times = times_of(times_h)
    whole = np.zeros((times.size, len(who.analytes)))
    for part, made in pieces(who, doses, times):
        whole[part] = made
    return Profile(times_h=times, analytes=who.analytes, ng_per_ml=whole)


def times_of(times_h: Floats | Sequence[float]) -> Floats:
    """Hours as an array of shape (m,); one that is such an array is itself given back.

    Raises:
        Refusal: not numbers, or not one row of them.
    """
    try:
        times = np.asarray(times_h, dtype=np.float64)
    except (TypeError, ValueError):
        raise Refusal(("times must be numbers of hours, in one row",)) from None
    if times.ndim != 1:
        raise Refusal(("times must be numbers of hours, in one row",))
    return times


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
