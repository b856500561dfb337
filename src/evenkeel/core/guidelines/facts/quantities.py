"""Numbers that a record measured: unit, limits, day, and the latest that may be used.

In: observations. Out: per quantity the latest usable value in its expected unit,
and a problem with its place for each value that cannot be. Nothing is guessed: a
unit that is not understood, an impossible value and a day in the future are named
and not used. A pressure with one impossible part is not used at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from evenkeel.core.chart import Chart, Code, Observation, Problem, Quantity
from evenkeel.core.guidelines.facts.evidence import When, earliest, latest
from evenkeel.core.guidelines.terms.terminology import LOINC, QuantityRule, Terminology
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.kernel.quantities import plain

USABLE = ("final", "amended", "corrected")
PRESSURES = ("systolic_bp", "diastolic_bp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One usable value in the expected unit of its concept."""

    concept: str
    value: Range
    ref: str
    at: When
    path: str


@dataclass(frozen=True, slots=True)
class _Raw:
    concept: str
    quantity: Quantity | None
    path: str


def measure(
    chart: Chart, terminology: Terminology, as_of: date
) -> tuple[dict[str, list[Measured]], list[Problem]]:
    """Usable values by concept, the latest last, and what is wrong with the others."""
    found: dict[str, list[Measured]] = {}
    problems: list[Problem] = []
    for entry in chart.observations:
        if not entry.usable or entry.status not in USABLE:
            continue
        raws = list(_raw(entry, terminology))
        if not raws:
            continue
        if entry.at is None:
            problems.append(_problem("warning", _place(entry), "has no date: kept and not used"))
            continue
        if earliest(entry.at) > as_of:
            text = f"{earliest(entry.at)} lies after {as_of}, the day that is judged: not used"
            problems.append(_problem("warning", f"{_place(entry)}.effectiveDateTime", text))
            continue
        values: list[Measured] = []
        faults = 0
        for raw in raws:
            if raw.quantity is None:
                continue
            rule = terminology.quantities[raw.concept]
            value, fault = read_quantity(raw.concept, raw.quantity, rule)
            if value is None:
                faults += 1
                problems.append(_problem("error", raw.path, fault))
                continue
            values.append(
                Measured(
                    concept=raw.concept, value=value, ref=entry.ref, at=entry.at, path=raw.path
                )
            )
        fault = _pressure_fault(values)
        if fault:
            problems.append(_problem("error", _place(entry), fault))
        for measured in values:
            if measured.concept in PRESSURES and (faults or fault):
                continue
            found.setdefault(measured.concept, []).append(measured)
    for of_concept in found.values():
        of_concept.sort(key=lambda measured: _moment(measured.at))
    return found, problems


def _problem(severity: str, path: str, text: str) -> Problem:
    return Problem(severity=severity, path=path, text=text)


def _moment(when: When) -> str:
    return when.isoformat() if hasattr(when, "isoformat") else latest(when).isoformat()


def _place(entry: Observation) -> str:
    return f"{entry.place}.resource" if entry.place else entry.ref


def _raw(entry: Observation, terminology: Terminology) -> Iterator[_Raw]:
    for concept in _concepts(entry.code, terminology):
        if entry.quantity is not None:
            yield _Raw(concept, entry.quantity, f"{_place(entry)}.valueQuantity")
    for place, component in enumerate(entry.components):
        for concept in _concepts(component.code, terminology):
            if component.quantity is not None:
                path = f"{_place(entry)}.component[{place}].valueQuantity"
                yield _Raw(concept, component.quantity, path)


def _concepts(code: Code, terminology: Terminology) -> list[str]:
    return list(
        dict.fromkeys(
            match.concept
            for match in terminology.matches_of(code)
            if match.meaning == "value"
            and match.coding.system == LOINC
            and match.concept in terminology.quantities
        )
    )


def read_quantity(concept: str, quantity: Quantity, rule: QuantityRule) -> tuple[Range | None, str]:
    """A quantity in the expected unit, or None and what is wrong with it."""
    unit = rule.units.get(quantity.unit)
    if not quantity.coded and unit is None:
        unit = rule.units.get(_WRITTEN.get(quantity.unit, ""))
    if unit is None:
        known = ", ".join(name for name, each in rule.units.items() if each.accepted)
        return None, (
            f"the unit {quantity.unit or '(none)'!r} of {concept} is not understood; "
            f"known are {known}. Nothing is converted by guessing"
        )
    if not unit.accepted:
        return None, f"the unit {quantity.unit!r} is not taken for {concept}: {unit.why}"
    value = quantity.value * unit.factor + unit.offset
    if not rule.hard_min <= value <= rule.hard_max:
        return None, (
            f"{concept} of {plain(value)} {rule.unit} cannot be: possible is "
            f"{plain(rule.hard_min)} to {plain(rule.hard_max)} {rule.unit}. It is not used"
        )
    if concept == "spo2" and quantity.unit == "1" and quantity.value > 1:
        return None, "a saturation without a unit above 1 may be a percentage or not: not used"
    match quantity.comparator:
        case "<" | "<=":
            return Range(None, value), ""
        case ">" | ">=":
            return Range(value, None), ""
    return Range(value, value), ""


# Written units that can mean only one thing; anything else needs its UCUM code.
_WRITTEN = {
    "mmHg": "mm[Hg]",
    "kg": "kg",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "cm": "cm",
    "m": "m",
    "in": "[in_i]",
    "bpm": "/min",
    "beats/minute": "/min",
}


def _pressure_fault(values: list[Measured]) -> str:
    pressures = {each.concept: each.value.exact for each in values}
    systolic, diastolic = (pressures.get(name) for name in PRESSURES)
    if systolic is not None and diastolic is not None and systolic <= diastolic:
        return (
            f"a systolic pressure of {plain(systolic)} is not above the diastolic "
            f"{plain(diastolic)}: the reading is not used"
        )
    return ""


def disagree_on_one_day(values: list[Measured], tolerance: Decimal) -> list[Measured]:
    """The values of the latest day, when they differ by more than the tolerance (a share)."""
    last = latest(values[-1].at)
    of_day = [each for each in values if latest(each.at) == last and each.value.exact is not None]
    numbers = [each.value.exact for each in of_day if each.value.exact is not None]
    if len(numbers) > 1 and max(numbers) - min(numbers) > tolerance * min(numbers):
        return of_day
    return []
