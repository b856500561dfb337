"""What a protocol is: doses allowed, phases, minutes on the chair, staffing.

Frozen values read from ``content/protocols``; every clinical number stands
with its source and the mark it was read under. Minutes are whole,
gaps are calendar days.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.kernel.sources import Source, Status


class Frequency(StrEnum):
    """How often treatments follow each other."""

    THRICE_WEEKLY = "thrice_weekly"
    TWICE_WEEKLY = "twice_weekly"
    WEEKLY = "weekly"
    EVERY_OTHER_WEEK = "every_other_week"
    EVERY_4_WEEKS = "every_4_weeks"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def per_week(self) -> int:
        """Treatments in one week; 1 for anything weekly or rarer."""
        return {Frequency.THRICE_WEEKLY: 3, Frequency.TWICE_WEEKLY: 2}.get(self, 1)

    @property
    def every_weeks(self) -> int:
        """Weeks from one treatment to the next of the same weekday."""
        return {Frequency.EVERY_OTHER_WEEK: 2, Frequency.EVERY_4_WEEKS: 4}.get(self, 1)

    @property
    def per_28_days(self) -> int:
        """For comparing: treatments in 28 days."""
        return 28 * self.per_week // (7 * self.every_weeks)


_WORDS = {
    Frequency.THRICE_WEEKLY: "three times a week",
    Frequency.TWICE_WEEKLY: "twice a week",
    Frequency.WEEKLY: "every week",
    Frequency.EVERY_OTHER_WEEK: "every 2 weeks",
    Frequency.EVERY_4_WEEKS: "every 4 weeks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A whole number with its source."""

    value: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRule:
    """Which doses a treatment may have, by its number and the person's age.

    amounts: in the unit of the protocol, smallest first.
    last_number, age_below: None when there is no upper end.
    """

    amounts: tuple[Decimal, ...]
    first_number: int
    last_number: int | None
    age_from: int
    age_below: int | None
    source: Source

    def covers_number(self, number: int) -> bool:
        return self.first_number <= number and (
            self.last_number is None or number <= self.last_number
        )

    def covers_age(self, years: int) -> bool:
        return self.age_from <= years and (self.age_below is None or years < self.age_below)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of a course with one way of spacing treatments.

    treatments: how many are booked at once; None when the phase is open-ended
        and a decision settles each stretch.
    window_days: calendar days in which the treatments must lie, the first day
        counted as day 1; None when the sources give none.
    """

    id: str
    title: str
    frequencies: tuple[Frequency, ...]
    treatments: int | None
    window_days: int | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One way to give a course, in one edition.

    unit: "mg" or "mg/kg".
    rules: ids of the maintenance rules that may be asked, the first one first.
    note: what a reader must know before choosing it; may be empty.
    """

    id: str
    edition: str
    title: str
    short: str
    product: str
    route: str
    status: Status
    reviewed_by: tuple[str, ...]
    note: str
    unit: str
    doses: tuple[DoseRule, ...]
    dose_step: Decimal | None
    min_gap_days: Fact
    dose_minutes: Fact
    observation_minutes: Fact
    turnover_minutes: Fact
    prescriber_on_site: Source | None
    phases: tuple[Phase, ...]
    rules: tuple[str, ...]
    source: Source

    @property
    def chair_minutes(self) -> int:
        """Minutes on the chair, dose then observation, without turnover."""
        return self.dose_minutes.value + self.observation_minutes.value

    def phase(self, phase_id: str) -> Phase:
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        raise KeyError(f"{self.id} has no phase {phase_id!r}")

    def say_dose(self, amount: Decimal) -> str:
        """The dose as it is written on every screen: 0.5 mg/kg, 84 mg."""
        return f"{plain(amount)} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseChoice:
    """The doses open to one treatment, and why these."""

    amounts: tuple[Decimal, ...]
    reason: str
    source: Source


def doses_for(protocol: Protocol, *, number: int, age_years: int | None) -> DoseChoice | str:
    """Doses open to treatment ``number`` (1 is the first) at this age.

    Returns words instead when it cannot be said: the age is missing and the
    protocol asks for it, or no rule of the protocol covers the case.
    """
    rules = [rule for rule in protocol.doses if rule.covers_number(number)]
    by_age = any(rule.age_from > 0 or rule.age_below is not None for rule in rules)
    if by_age and age_years is None:
        return "The date of birth is not in the record, and the dose depends on the age."
    for rule in rules:
        if age_years is None or rule.covers_age(age_years):
            said = " or ".join(protocol.say_dose(amount) for amount in rule.amounts)
            return DoseChoice(
                amounts=rule.amounts,
                reason=f"treatment {number}: {said}",
                source=rule.source,
            )
    return f"{protocol.title} names no dose for treatment {number}" + (
        f" at {age_years} years." if age_years is not None else "."
    )
