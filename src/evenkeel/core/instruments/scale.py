"""One scale as plain values: items, answers, bands, rights, missing-answer rule.

Made by the catalogue from content, read by everything that asks or scores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from evenkeel.core.kernel.sources import Source, Status


class Rater(StrEnum):
    """Who gives the answers."""

    PATIENT = "patient"
    CLINICIAN = "clinician"


class LicenceClass(StrEnum):
    """What the rights holder lets a public repository carry."""

    SHIP = "A_ship"
    SHIP_WITH_NOTICE = "B_ship_with_notice"
    SITE_PACK = "C_site_pack"
    TOTAL_ONLY = "D_total_only"

    @property
    def allows_wording(self) -> bool:
        return self in {LicenceClass.SHIP, LicenceClass.SHIP_WITH_NOTICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who owns the words, what they allow, and when somebody read that."""

    holder: str
    licence_class: LicenceClass
    statement: str
    source: Source
    read_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer a person can choose."""

    value: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question. ``words`` is empty where no right to the wording is on file.

    uncounted: answers the scale allows beyond its range and gives no points
        ("not assessed" on one item of the Hamilton scale).
    """

    id: str
    lowest: int
    highest: int
    words: str = ""
    uncounted: tuple[int, ...] = ()

    def takes(self, answer: int) -> bool:
        return self.lowest <= answer <= self.highest or answer in self.uncounted


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A named range of totals, both ends included."""

    lowest: int
    highest: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Items of which the highest single answer counts once. Most parts hold one item."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscale:
    """A named sum over some of the items."""

    id: str
    name: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyItem:
    """The item whose answer opens a safety task.

    positive_from: the least answer that counts as positive.
    urgent_from: the least answer that wants a clinician the same day.
    """

    item: str
    positive_from: int
    urgent_from: int
    call_within_min: int
    urgent_call_within_min: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliableChange:
    """The least change of a total that is more than noise, in points."""

    points: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A whole scale, scored by adding its parts.

    missing_rule: in words, for the person who asks why there is no total.
    not_answered: codes that some data sets write for "refused"; never scores.
    """

    id: str
    short: str
    name: str
    status: Status
    rater: Rater
    recall: str
    recall_days: int
    stem: str
    lowest: int
    highest: int
    items: tuple[Item, ...]
    options: tuple[Option, ...]
    parts: tuple[Part, ...]
    subscales: tuple[Subscale, ...]
    bands: tuple[Band, ...]
    bands_source: Source | None
    missing_rule: str
    missing_source: Source
    rights: Rights
    safety: SafetyItem | None = None
    reliable_change: ReliableChange | None = None
    not_answered: dict[int, str] = field(default_factory=dict)
    minutes_to_answer: int | None = None

    @property
    def asks_patient(self) -> bool:
        """May it be sent to a patient: own answers, and a right to every word."""
        return self.rater is Rater.PATIENT and bool(self.items) and all(i.words for i in self.items)

    def item(self, item_id: str) -> Item:
        """The item of that id; KeyError when the scale has none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    def band(self, total: int) -> str:
        """The band a total falls in; empty where the scale has no bands."""
        for band in self.bands:
            if band.lowest <= total <= band.highest:
                return band.name
        return ""

    def words_for(self, value: int) -> str:
        """An answer in the scale's own words, or its digits where there are none."""
        for option in self.options:
            if option.value == value:
                return option.words
        return str(value)
