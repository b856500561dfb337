"""Can this number be true, and do we know its unit?

In: an observation's value and parts. Out: doubts with their place below the
observation. Units and hard limits are content (terminology/units.csv); which code
means which quantity likewise. Nothing is converted here for use.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from evenkeel.core.chart import Code, Component, Quantity
from evenkeel.core.guidelines.terms.terminology import (
    LOINC,
    QuantityRule,
    Terminology,
    load_terminology,
)
from evenkeel.core.kernel.quantities import plain

Doubt = tuple[str, str]


def doubts(whole: Component, parts: tuple[Component, ...]) -> Iterator[Doubt]:
    """(path below the observation, words) for every number that must not become a fact."""
    if whole.quantity is not None:
        for text in _of(whole.code, whole.quantity):
            yield ".valueQuantity", text
    pressures: dict[str, Quantity] = {}
    for number, part in enumerate(parts):
        if part.quantity is None:
            continue
        found = tuple(_of(part.code, part.quantity))
        for text in found:
            yield f".component[{number}].valueQuantity", text
        concept = _concept(part.code)
        if concept in ("systolic_bp", "diastolic_bp") and not found:
            pressures[concept] = part.quantity
    if len(pressures) == 2:
        systolic, diastolic = pressures["systolic_bp"], pressures["diastolic_bp"]
        if systolic.unit == diastolic.unit and systolic.value < diastolic.value:
            yield (
                ".component",
                f"The systolic pressure ({plain(systolic.value)}) is below the diastolic "
                f"({plain(diastolic.value)}), which cannot be. Kept, never taken as a fact; "
                "measure again.",
            )


def _of(code: Code, quantity: Quantity) -> Iterator[str]:
    concept = _concept(code)
    written = f"{quantity.comparator} {plain(quantity.value)} {quantity.unit}".strip()
    if concept is None:
        if quantity.unit and not quantity.coded:
            yield f"The unit of {written} has no UCUM code, so it is not understood. Kept as is."
        return
    rule = _terminology().quantities[concept]
    unit = rule.units.get(quantity.unit)
    if not quantity.coded or unit is None or not unit.accepted:
        yield (
            f"The unit of {written} is not understood: {_units(rule)} would be. Kept; the value "
            "stays unknown rather than guessed."
        )
        return
    value = quantity.value * unit.factor + unit.offset
    if not rule.hard_min <= value <= rule.hard_max:
        yield (
            f"{written} cannot be: possible is {plain(rule.hard_min)} to {plain(rule.hard_max)} "
            f"{rule.unit}. Kept, but never taken as a fact; measure again or ask the sender."
        )


def _units(rule: QuantityRule) -> str:
    return ", ".join(name for name, unit in rule.units.items() if unit.accepted)


def _concept(code: Code) -> str | None:
    """The quantity that a LOINC code names, if it is one with known units."""
    known = _terminology()
    for coding in code.codings:
        if coding.system != LOINC:
            continue
        for match in known.matches(coding):
            if match.concept in known.quantities:
                return match.concept
    return None


@cache
def _terminology() -> Terminology:
    return load_terminology()
