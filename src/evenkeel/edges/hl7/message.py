"""One HL7 v2 message as read: segments, fields, repetitions, components.

Fields stay as they were sent until somebody asks for one; asking splits and
unescapes it. Numbers are those of the standard: MSH-1 is the field separator
itself, so MSH-9 is field 9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evenkeel.edges.hl7.refusal import Place

NULL = '""'  # "delete the value", which is not the same as an empty field
IN_NUMBERS = ".+-"  # no separator may be one of these: a time or a number would fall apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Separators:
    """MSH-1 and MSH-2. A sender may leave out the last ones: then ``""``."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""


@lru_cache(maxsize=64)
def _escapes(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}([^{mark}\r\n]{{1,200}}){mark}")


def unescape(text: str, separators: Separators, charset: str) -> str:
    """Text with its escape sequences resolved.

    A sequence that is not known, or that does not decode, stays as it was sent:
    nothing is lost and nothing is guessed.
    """
    if not separators.escape or separators.escape not in text:
        return text
    fixed = {
        "F": separators.field,
        "S": separators.component,
        "T": separators.subcomponent,
        "R": separators.repetition,
        "E": separators.escape,
        "P": separators.truncation,
        "H": "",
        "N": "",
        ".br": "\n",
        ".sp": "\n",
    }

    def resolved(match: re.Match[str]) -> str:
        inside = match[1]
        if inside in fixed:
            return fixed[inside]
        if inside[0] == "X":
            try:
                decoded = bytes.fromhex(inside[1:]).decode(charset)
            except (ValueError, LookupError):
                return match[0]
            return match[0] if "\0" in decoded else decoded
        return match[0]

    return _escapes(separators.escape).sub(resolved, text)


class Segment:
    """One segment. ``number`` counts segments of the same name from 1."""

    __slots__ = ("_charset", "_fields", "name", "number", "separators")

    def __init__(
        self, *, name: str, number: int, fields: list[str], separators: Separators, charset: str
    ) -> None:
        self.name = name
        self.number = number
        self.separators = separators
        self._fields = fields
        self._charset = charset

    def __len__(self) -> int:
        """Number of the last field that is there."""
        return len(self._fields) - 1

    def raw(self, field: int) -> str:
        """A field as sent, escapes and all; ``""`` when it is not there."""
        return self._fields[field] if 0 < field < len(self._fields) else ""

    def is_null(self, field: int) -> bool:
        """Was the field sent as ``""``, that is: delete what you have?"""
        return self.raw(field) == NULL

    def repetitions(self, field: int) -> list[str]:
        """The repetitions of a field as sent; one empty text when it is not there."""
        raw = self.raw(field)
        mark = self.separators.repetition
        return raw.split(mark) if mark and mark in raw else [raw]

    def components(self, field: int, repetition: int = 0) -> list[str]:
        """The components of one repetition, unescaped."""
        parts = self.repetitions(field)
        text = parts[repetition] if repetition < len(parts) else ""
        return [self.plain(part) for part in text.split(self.separators.component)]

    def text(self, field: int, component: int = 1, repetition: int = 0) -> str:
        """One component, unescaped and trimmed; ``""`` when it is not there or null."""
        parts = self.components(field, repetition)
        found = parts[component - 1].strip() if component <= len(parts) else ""
        return "" if found == NULL else found

    def plain(self, text: str) -> str:
        return unescape(text, self.separators, self._charset)

    def place(self, field: int = 0, component: int = 0) -> Place:
        return Place(segment=self.name, number=self.number, field=field, component=component)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that could be read.

    segments: in the order sent; the first is MSH.
    charset: the Python name of the character set it was read with.
    notes: what was unusual and accepted all the same, in words.
    """

    segments: tuple[Segment, ...]
    charset: str
    notes: tuple[str, ...] = ()

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def control_id(self) -> str:
        return self.header.text(10)

    @property
    def kind(self) -> tuple[str, str]:
        """Message type and event, for example ("ORU", "R01")."""
        return self.header.text(9, 1), self.header.text(9, 2)

    def first(self, name: str) -> Segment | None:
        return next((s for s in self.segments if s.name == name), None)

    def all(self, name: str) -> list[Segment]:
        return [s for s in self.segments if s.name == name]
