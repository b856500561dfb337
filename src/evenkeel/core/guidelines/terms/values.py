"""What a fact can be: yes or no, a number that may be a range, a word, a day.

A number is always a range: an exact one has equal ends. An age from a birth
year, a laboratory's "> 90" and a count that is not yet sure are honest ranges,
and a comparison with a range may be unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from evenkeel.core.chart import Problem
from evenkeel.core.kernel.quantities import plain


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two ends, both included; None = no end."""

    low: Decimal | None
    high: Decimal | None

    @classmethod
    def exactly(cls, value: Decimal | int | float | str) -> Range:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        return cls(number, number)

    @property
    def exact(self) -> Decimal | None:
        """The number, when there is only one that it can be."""
        return self.low if self.low is not None and self.low == self.high else None

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "not known"
        if self.low is None:
            return f"at most {plain(self.high or Decimal(0))}"
        if self.high is None:
            return f"at least {plain(self.low)}"
        if self.low == self.high:
            return plain(self.low)
        return f"{plain(self.low)} to {plain(self.high)}"


Value = bool | str | Range | date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known about one thing, and where it comes from.

    value: None when it is not known; ``note`` then says why (not in the record,
        too old since when, disputed, suspected only).
    old_value: what it was while it was fresh, for showing only.
    refs: entries of the record that it stands on ("Condition/17").
    origin: "record", "answer", "computed" or "" when nothing is known.
    at: when it was so; None when the time is not known.
    """

    name: str
    value: Value | None = None
    refs: tuple[str, ...] = ()
    origin: str = ""
    at: date | None = None
    by: str = ""
    note: str = ""
    stale_since: date | None = None
    old_value: Value | None = None
    disputed: bool = False

    @property
    def known(self) -> bool:
        return self.value is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person answered to a fact's question.

    value: None = "not known", which is an answer but settles nothing.
    settles: True when the answerer may settle a dispute with the record.
    """

    name: str
    value: Value | None
    at: date | None = None
    by: str = ""
    settles: bool = False


@dataclass(frozen=True, slots=True)
class Facts(Mapping[str, Fact]):
    """All facts of one person on one day; a name that was never derived is unknown."""

    as_of: date
    by_name: dict[str, Fact]
    problems: tuple[Problem, ...] = field(default=())

    def __getitem__(self, name: str) -> Fact:
        found = self.by_name.get(name)
        return found if found is not None else Fact(name=name, note="not in the record")

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def known(self) -> Iterable[Fact]:
        return (fact for fact in self.by_name.values() if fact.known)


def day_of(moment: datetime | date | None) -> date | None:
    """The day of a moment, UTC."""
    return moment.date() if isinstance(moment, datetime) else moment
