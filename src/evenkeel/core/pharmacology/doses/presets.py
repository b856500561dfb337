"""Usual doses by name, read from content/pharmacology/presets.toml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from evenkeel.core.kernel.content import ContentFault, content, one_of, read_toml
from evenkeel.core.kernel.sources import Mark, Source
from evenkeel.core.pharmacology.doses.regimens import Dose, in_order
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats


class _RowFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    route: str
    time_h: float = 0.0
    mg: float | None = None
    mg_per_kg: float | None = None
    duration_h: float = 0.0
    device: float | None = None


class _PresetFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    words: str
    source: str
    mark: Mark
    row: list[_RowFile]


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    about: str
    preset: list[_PresetFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named regimen; by weight where its rows say so."""

    id: str
    words: str
    source: Source
    rows: tuple[_RowFile, ...]

    @property
    def by_weight(self) -> bool:
        return any(row.mg_per_kg is not None for row in self.rows)

    def doses(self, weight_kg: float | None) -> tuple[Dose, ...]:
        """Its doses, mg of base.

        Raises:
            Refusal: it is by weight and there is none.
        """
        if self.by_weight and weight_kg is None:
            raise Refusal((f"{self.id} is a dose by weight: give WT in kg",))
        return in_order(
            Dose(
                time_h=row.time_h,
                route=row.route,
                amount_mg=row.mg if row.mg is not None else _by_weight(row, weight_kg),
                duration_h=row.duration_h,
                of_dose={} if row.device is None else {"DEVICE": row.device},
            )
            for row in self.rows
        )

    def amounts(self, weights_kg: Floats) -> tuple[Any, ...]:
        """What each of its doses is for people of these weights: a number, or shape (people,)."""
        rows = sorted(self.rows, key=lambda row: row.time_h)
        return tuple(
            row.mg if row.mg is not None else _by_weight(row, 1.0) * weights_kg for row in rows
        )


def _by_weight(row: _RowFile, weight_kg: float | None) -> float:
    assert row.mg_per_kg is not None
    assert weight_kg is not None
    return row.mg_per_kg * weight_kg


@cache
def presets() -> dict[str, Preset]:
    """All presets by id.

    Raises:
        ContentFault: a row with both or neither of mg and mg_per_kg.
    """
    read = read_toml(content("pharmacology", "presets.toml"), _File)
    for each in read.preset:
        for row in each.row:
            if (row.mg is None) == (row.mg_per_kg is None):
                raise ContentFault(f"presets.toml: {each.id}: give mg or mg_per_kg")
    return {
        each.id: Preset(
            id=each.id,
            words=each.words,
            source=Source(title=each.source, mark=each.mark),
            rows=tuple(each.row),
        )
        for each in read.preset
    }


def preset_named(wanted: str) -> Preset:
    """The preset of that id.

    Raises:
        KeyError: there is none; the message lists those there are.
    """
    return one_of(presets(), wanted, "preset")
