"""Typed quantities for what is prescribed and given.

Exact decimals, one unit each, named in the attribute. A general unit library
reads 0.5 mg/kg as a bare number; here a dose per weight and a dose are
different types and cannot be added by mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_PLAIN = re.compile(r"\d{1,9}(\.\d{1,9})?\Z")


class UnreadableQuantity(ValueError):
    """A written number that could mean more than one thing, or none."""


def read_decimal(text: str, unit: str) -> Decimal:
    """Read digits with at most one full stop as a decimal in ``unit``.

    Raises:
        UnreadableQuantity: signs, commas, exponents, spaces inside, or nothing.
    """
    written = text.strip()
    if not _PLAIN.match(written):
        raise UnreadableQuantity(
            f"Cannot read {text!r} as a number of {unit}. Write digits with at most one full "
            "stop, for example 56 or 0.5. Commas, signs and exponents are refused because 1,5 "
            "means fifteen tenths in some countries and fifteen in others."
        )
    return Decimal(written)


def plain(value: Decimal) -> str:
    """A decimal as a clinician may safely read it: 38, not 38.0; 0.5, not .5."""
    text = format(value.normalize(), "f")
    return "0" if text in {"-0", ""} else text


def _checked(value: Decimal, unit: str) -> None:
    if not isinstance(value, Decimal):
        raise TypeError(f"{unit} needs a Decimal, not {type(value).__name__}: floats lose digits")
    if not value.is_finite() or value < 0:
        raise UnreadableQuantity(f"{value} {unit} is not an amount: it must be zero or more")


@dataclass(frozen=True, slots=True, order=True)
class Mass:
    """An amount of drug, mg of base."""

    mg: Decimal

    def __post_init__(self) -> None:
        _checked(self.mg, "mg")

    def __add__(self, other: Mass) -> Mass:
        return Mass(self.mg + other.mg)

    def __str__(self) -> str:
        return f"{plain(self.mg)} mg"


@dataclass(frozen=True, slots=True, order=True)
class MassPerWeight:
    """A dose by weight, mg of base per kg of body."""

    mg_per_kg: Decimal

    def __post_init__(self) -> None:
        _checked(self.mg_per_kg, "mg/kg")

    def __str__(self) -> str:
        return f"{plain(self.mg_per_kg)} mg/kg"


@dataclass(frozen=True, slots=True, order=True)
class Weight:
    """Body weight, kg."""

    kg: Decimal

    def __post_init__(self) -> None:
        _checked(self.kg, "kg")

    def __str__(self) -> str:
        return f"{plain(self.kg)} kg"


@dataclass(frozen=True, slots=True, order=True)
class Volume:
    """A volume of fluid, mL."""

    ml: Decimal

    def __post_init__(self) -> None:
        _checked(self.ml, "mL")

    def __str__(self) -> str:
        return f"{plain(self.ml)} mL"


@dataclass(frozen=True, slots=True, order=True)
class Concentration:
    """Strength of a solution, mg/mL."""

    mg_per_ml: Decimal

    def __post_init__(self) -> None:
        _checked(self.mg_per_ml, "mg/mL")

    def __str__(self) -> str:
        return f"{plain(self.mg_per_ml)} mg/mL"


@dataclass(frozen=True, slots=True, order=True)
class FlowRate:
    """Rate of a pump, mL/h."""

    ml_per_h: Decimal

    def __post_init__(self) -> None:
        _checked(self.ml_per_h, "mL/h")

    def __str__(self) -> str:
        return f"{plain(self.ml_per_h)} mL/h"
