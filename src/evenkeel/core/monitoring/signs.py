"""The signs of a monitored treatment: their unit, what converts to it, what is impossible.

In: content/terminology/units.csv. Out: one ``Sign`` per quantity. Hard limits say
what no living person can have, so that a slipped probe or a wrong unit is caught;
they are not alarm limits. Most are this project's choice and say so in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from types import MappingProxyType

from evenkeel.core.kernel.content import content, read_csv
from evenkeel.core.kernel.quantities import plain

_COLUMNS = (
    "concept_id", "loinc", "ucum", "role", "to_expected_factor", "to_expected_offset",
    "hard_min", "hard_max", "unusual_below", "unusual_above", "source_or_reason", "note",
)  # fmt: skip

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "systolic_bp": "systolic pressure",
        "diastolic_bp": "diastolic pressure",
        "mean_bp": "mean pressure",
        "heart_rate": "heart rate",
        "spo2": "oxygen saturation",
        "respiratory_rate": "respiratory rate",
        "end_tidal_co2": "end-tidal CO2",
        "body_temperature": "temperature",
    }
)
PRESSURES = ("systolic_bp", "diastolic_bp", "mean_bp")

# A converted number keeps no more digits than the unit is read with at a bedside.
_STEP = {"mm[Hg]": Decimal(1), "/min": Decimal(1), "%": Decimal("0.1"), "Cel": Decimal("0.1")}


class NotThisUnit(ValueError):
    """A unit that does not measure this sign, or that nobody has declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One quantity. Units are UCUM codes.

    conversions: unit -> (factor, offset) such that value * factor + offset is in ``unit``.
    hard_min, hard_max: outside of these a value is not a reading of a person.
    """

    id: str
    unit: str
    loinc: str
    hard_min: Decimal
    hard_max: Decimal
    conversions: Mapping[str, tuple[Decimal, Decimal]]

    @property
    def words(self) -> str:
        return WORDS[self.id]

    def in_unit(self, value: Decimal, ucum: str) -> Decimal:
        """The value in this sign's own unit.

        A value sent in that unit is returned as it is; a converted one is rounded.

        Raises:
            NotThisUnit: the unit is not among those declared for this sign.
        """
        if ucum == self.unit:
            return value
        if ucum not in self.conversions:
            raise NotThisUnit(f"{ucum} is not a unit of {self.words}; {self.unit} is")
        factor, offset = self.conversions[ucum]
        moved = value * factor + offset
        if factor == 1 and offset == 0:
            return moved
        return moved.quantize(_STEP[self.unit], rounding=ROUND_HALF_EVEN)

    def impossible(self, value: Decimal) -> str:
        """Why this cannot be a reading of a person; empty when it can."""
        if self.hard_min <= value <= self.hard_max:
            return ""
        return (
            f"{self.words} {plain(value) if value >= 0 else value} {self.unit} is outside "
            f"{plain(self.hard_min)} to {plain(self.hard_max)}, which no person has"
        )


@cache
def signs() -> Mapping[str, Sign]:
    """All signs, by id.

    Raises:
        ContentFault: the file is not as expected.
    """
    rows = read_csv(content("terminology", "units.csv"), _COLUMNS)
    found: dict[str, Sign] = {}
    for name in WORDS:
        mine = [row for row in rows if row["concept_id"] == name]
        own = next(row for row in mine if row["role"] == "expected")
        found[name] = Sign(
            id=name,
            unit=own["ucum"],
            loinc=own["loinc"],
            hard_min=Decimal(own["hard_min"]),
            hard_max=Decimal(own["hard_max"]),
            conversions=MappingProxyType(
                {
                    row["ucum"]: (
                        Decimal(row["to_expected_factor"]),
                        Decimal(row["to_expected_offset"]),
                    )
                    for row in mine
                    if row["role"] == "accepted"
                }
            ),
        )
    return MappingProxyType(found)


def disagreement(
    *, systolic: Decimal | None, diastolic: Decimal | None, mean: Decimal | None = None
) -> str:
    """Why these cannot be one pressure; empty when they can or when parts are absent."""
    if systolic is not None and diastolic is not None and systolic <= diastolic:
        return f"systolic {plain(systolic)} is not above diastolic {plain(diastolic)}"
    if mean is not None and systolic is not None and mean > systolic:
        return f"mean {plain(mean)} is above systolic {plain(systolic)}"
    if mean is not None and diastolic is not None and mean < diastolic:
        return f"mean {plain(mean)} is below diastolic {plain(diastolic)}"
    return ""
