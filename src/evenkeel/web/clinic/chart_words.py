"""Values of a chart as a reader meets them: rounded, with unit, as far as a date is known."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from evenkeel.core.chart import Component, Observation, PartialDate, Quantity, When
from evenkeel.core.guidelines.terms.terminology import Terminology, load_terminology
from evenkeel.web.ui import words

UNITS = {
    "mm[Hg]": "mmHg",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "Cel": "°C",
    "[degF]": "°F",
    "kg/m2": "kg/m²",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "1": "",
    "U/L": "U/L",
}
SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
# As finely as people measure; simulated records write fourteen digits.
DIGITS = {"mm[Hg]": Decimal("1"), "kg": Decimal("0.1"), "cm": Decimal("0.1"), "/min": Decimal("1")}
OTHER_DIGITS = Decimal("0.01")


def written(when: When | None) -> str:
    """A day, a month or a year as it is known; a moment as its day on the clinic's clock."""
    if when is None:
        return words.NOT_RECORDED
    if isinstance(when, datetime):
        return words.write_date(when)
    if when.day is not None:
        return words.write_date(when.earliest)
    if when.month is not None:
        return f"{words.MONTHS[when.month - 1]} {when.year}"
    return str(when.year)


def quantity(value: Quantity | None) -> str:
    """ "> 60 mL/min/1.73 m²"; rounded for reading, the exact number is in the resource."""
    if value is None:
        return ""
    number, step = value.value, DIGITS.get(value.unit, OTHER_DIGITS)
    if abs(number) >= step and number != number.quantize(step):
        number = number.quantize(step, ROUND_HALF_UP)
    unit = UNITS.get(value.unit, re.sub(r"\{[^}]*\}", "", value.unit))
    return " ".join(part for part in (value.comparator, words.write_number(number), unit) if part)


def value_of(entry: Observation, only: str = "") -> str:
    """The value in words; ``only``: of a panel, just the part that says this concept."""
    parts = {_code(part): part for part in entry.components}
    if SYSTOLIC in parts and DIASTOLIC in parts:
        upper, lower = parts[SYSTOLIC].quantity, parts[DIASTOLIC].quantity
        if upper is not None and lower is not None and upper.unit == lower.unit:
            unit = UNITS.get(upper.unit, upper.unit)
            sides = (quantity(one).removesuffix(unit).strip() for one in (upper, lower))
            return f"{'/'.join(sides)} {unit}"
    if only and entry.components:
        known = terminology()
        for part in entry.components:
            if any(match.concept == only for match in known.matches_of(part.code)):
                return _part(part)
    if entry.components:
        return "; ".join(f"{part.code.words}: {_part(part)}" for part in entry.components)
    if entry.value_bool is not None:
        return "yes" if entry.value_bool else "no"
    return _part(entry)


def _part(part: Component | Observation) -> str:
    if part.quantity is not None:
        return quantity(part.quantity)
    if part.value_code is not None:
        return part.value_code.words
    if part.value_text:
        return part.value_text
    if part.absent_because:
        return f"no value: {part.absent_because.replace('-', ' ')}"
    return "no value"


def _code(part: Component) -> str:
    return part.code.codings[0].code if part.code.codings else ""


def day_of(when: When | None) -> date | None:
    if when is None:
        return None
    return when.earliest if isinstance(when, PartialDate) else words.local(when).date()


@cache
def terminology() -> Terminology:
    return load_terminology()
