"""Reading an address strictly: values that are choices, each fault told at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Generic, TypeVar

from evenkeel.web.ui.public import nearest_names

Given = Mapping[str, Sequence[str]]


A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[A]):
    """asked is None where something cannot be read. typed: what stands in the form, by field.

    strange: parameters that nobody knows, each with the nearest right one or nothing.
    typed_rows: rows of the form that somebody filled in.
    """

    asked: A | None
    faults: Mapping[str, tuple[str, ...]]
    strange: tuple[tuple[str, str], ...]
    typed: Mapping[str, Sequence[str]]
    typed_rows: tuple[tuple[str, ...], ...]


def strange_names(given: Given, known: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Parameters that nobody knows, each with the nearest right one or nothing."""
    return tuple(
        (name[:40], (nearest_names(name, known, most=1) or [""])[0])
        for name in given
        if name not in known
    )


class Reader:
    """The parameters of an address, each with all its values; faults by field."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.faults: dict[str, list[str]] = {}

    def fault(self, name: str, words: str) -> None:
        self.faults.setdefault(name, []).append(words)

    def reading(
        self, asked: A, known: Sequence[str], typed_rows: tuple[tuple[str, ...], ...]
    ) -> Reading[A]:
        """What came of it, once everything was read. known: the parameters there are."""
        strange = strange_names(self.given, known)
        return Reading(
            asked=None if strange or self.faults else asked,
            faults={name: tuple(words) for name, words in self.faults.items()},
            strange=strange,
            typed=self.given,
            typed_rows=typed_rows,
        )

    def rows(self, fields: Sequence[str]) -> list[tuple[str, ...]]:
        """Rows of the form, field by field; one that is too short is filled up with nothing."""
        columns = [list(self.given.get(name, ()))[:100] for name in fields]
        longest = max(map(len, columns))
        whole = [column + [""] * (longest - len(column)) for column in columns]
        return [tuple(value.strip()[:40] for value in row) for row in zip(*whole, strict=True)]

    def values(self, name: str) -> list[str]:
        return [value.strip()[:80] for value in self.given.get(name, ()) if value.strip()]

    def single(self, name: str) -> str:
        """The one value, or nothing; more than one is a fault."""
        values = self.values(name)
        if len(values) > 1:
            self.fault(name, f"{name} is given {len(values)} times; it takes one value.")
        return values[0] if values else ""

    def one(self, name: str, known: Sequence[str], example: str) -> str:
        value = self.single(name)
        if not value:
            return example
        return value if self.is_known(name, value, known) else example

    def several(self, name: str, known: Sequence[str], example: tuple[str, ...]) -> tuple[str, ...]:
        """Each once, in the order in which they stand."""
        fine = [each for each in self.values(name) if self.is_known(name, each, known)]
        return tuple(dict.fromkeys(fine)) or example

    def number(
        self,
        name: str,
        known: Sequence[int],
        example: int,
        besides: Mapping[str, int] | None = None,
    ) -> int:
        more = besides or {}
        default = next((word for word, value in more.items() if value == example), str(example))
        value = self.one(name, (*more, *map(str, known)), default)
        return more[value] if value in more else int(value)

    def decimal(
        self, name: str, words: str, *, low: Decimal, high: Decimal, example: Decimal
    ) -> Decimal:
        """A number with at most three decimals, between two ends."""
        text = self.single(name)
        if not text:
            return example
        value = decimal_of(text, low, high)
        if value is None:
            self.fault(name, f"{words} {text!r} cannot be used: {range_words(low, high)}.")
        return example if value is None else value

    def is_known(self, name: str, value: str, known: Sequence[str]) -> bool:
        if value in known:
            return True
        if value.isdecimal() and all(each.isdecimal() for each in known[1:]):
            numbers = [each for each in known if each.isdecimal()]
            near = [min(numbers, key=lambda each: abs(int(each) - int(value[:9])))]
        else:
            near = nearest_names(value, known, most=1)
        words = f"There is no {name} {value!r} here."
        self.fault(name, f"{words} The nearest is {near[0]}." if near else words)
        return False


def decimal_of(text: str, low: Decimal, high: Decimal) -> Decimal | None:
    """The number, or None where it cannot be used."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or not low <= value <= high or value != round(value, 3):
        return None
    return value.normalize()


def range_words(low: Decimal, high: Decimal) -> str:
    return f"{low:f} to {high:f}, with at most three decimals and a full stop"
