"""The rules for watching one product's treatment, read strictly from content.

In: a TOML file of ``content/monitoring``. Out: ``Rules``, frozen. Every number
names a source of the file, and every source says how it was read, so that a
screen can tell a label's number from a proposal of this project.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Literal

import msgspec

from evenkeel.core.kernel.content import (
    ContentFault,
    SourceFile,
    content,
    files_below,
    fingerprint,
    named_source,
    read_toml,
)
from evenkeel.core.kernel.sources import Source, Status
from evenkeel.core.monitoring.events import Priority

Side = Literal["above", "below"]
SIGNS = frozenset(
    {"pressure", "heart_rate", "spo2", "respiratory_rate", "sedation", "dissociation"}
)


class CheckFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Signs to be checked before, at minutes after the start, and repeatedly.

    at_minutes: minutes since the start; 0 means the check before the dose.
    every_while_dosing / every_after: minutes between checks; 0 means none.
    """

    signs: list[str]
    source: str
    at_minutes: list[int] = []
    every_while_dosing: int = 0
    every_after: int = 0


class LimitFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One limit. ``systolic``/``diastolic`` for pressure, ``value`` for the rest."""

    sign: str
    side: Side
    priority: Priority
    source: str
    value: int = 0
    systolic: int = 0
    diastolic: int = 0


class TimingFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Clocks of the floor, all in seconds; each a site setting."""

    source: str
    check_early_s: int
    check_late_after_s: int
    stale_after_s: int
    silence_s: int
    escalate_high_s: int
    escalate_medium_s: int
    escalate_low_s: int


class GateFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The conditions before the dose, and their numbers."""

    source: str
    conditions: list[str]
    go_lasts_minutes: int
    pressure_valid_minutes: int
    pressure_source: str
    judge_above_systolic: int = 0
    judge_above_diastolic: int = 0
    food_hours: int = 0
    drink_minutes: int = 0
    fasting_source: str = ""
    nasal_spray_minutes: int = 0
    nasal_spray_source: str = ""
    pregnancy_ages: list[int] = []
    pregnancy_source: str = ""


class LeaveFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The conditions of leaving, and their numbers.

    observe_from: "start" counts from the first device, "end" from the end of the dose.
    """

    source: str
    observe_minutes: int
    observe_from: Literal["start", "end"]
    observe_source: str
    pressure_within_percent: int
    pressure_source: str
    sedation_at_least: int
    dissociation_at_most: int
    clear_source: str


class RulesFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One file of ``content/monitoring``."""

    id: str
    product: str
    title: str
    status: Status
    edition: str
    sources: dict[str, SourceFile]
    checks: list[CheckFile]
    limits: list[LimitFile]
    timing: TimingFile
    gate: GateFile
    leave: LeaveFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A line that a value must not cross, and who set it.

    Pressure: crossed when either part is beyond its number. A part that is None
    is not watched.
    """

    sign: str
    side: Side
    priority: Priority
    set_by: str
    source: Source
    value: Decimal | None = None
    systolic: Decimal | None = None
    diastolic: Decimal | None = None

    def __post_init__(self) -> None:
        if self.sign not in SIGNS:
            raise ContentFault(f"{self.sign!r} is not a sign that is watched")
        if self.sign == "pressure":
            if self.value is not None or (self.systolic is None and self.diastolic is None):
                raise ContentFault("a pressure limit has systolic, diastolic or both, and no value")
        elif self.value is None or self.systolic is not None or self.diastolic is not None:
            raise ContentFault(f"a limit of {self.sign} has one value")

    @property
    def key(self) -> str:
        """Which limit this is: one alarm at a time lives under it."""
        return f"{self.sign}:{self.side}:{self.priority.value}"

    @property
    def words(self) -> str:
        """The number as shown: 160/100 or 92."""
        if self.sign != "pressure":
            return str(self.value)
        if self.diastolic is None:
            return f"{self.systolic} systolic"
        if self.systolic is None:
            return f"{self.diastolic} diastolic"
        return f"{self.systolic}/{self.diastolic}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A rules file with its sources resolved and its limits typed."""

    file: RulesFile
    limits: tuple[Limit, ...]

    def source(self, name: str) -> Source:
        """The source of that name in this file."""
        return named_source(self.file.sources, name, self.file.id)

    def seconds(self, name: str) -> timedelta:
        """One clock of ``[timing]``."""
        return timedelta(seconds=getattr(self.file.timing, name))

    def escalate_after(self, priority: Priority) -> timedelta:
        """How long an alarm of this priority may stay unanswered."""
        return self.seconds(f"escalate_{priority.value}_s")


def with_order(limits: tuple[Limit, ...], ordered: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """The protocol's limits with those of an order laid over them.

    An order replaces the limit of the same sign, side and priority and leaves
    all others, so an order for 160/100 cannot quietly remove the high limit.
    """
    keys = {limit.key for limit in ordered}
    return (*ordered, *(limit for limit in limits if limit.key not in keys))


def _typed(file: RulesFile) -> Rules:
    named = [
        *(check.source for check in file.checks),
        *(limit.source for limit in file.limits),
        file.timing.source,
        *(n for n in (file.gate.source, file.gate.pressure_source) if n),
        *(
            n
            for n in (
                file.gate.fasting_source,
                file.gate.nasal_spray_source,
                file.gate.pregnancy_source,
            )
            if n
        ),
        file.leave.source,
        file.leave.observe_source,
        file.leave.pressure_source,
        file.leave.clear_source,
    ]
    bare = Rules(file=file, limits=())
    for name in named:
        bare.source(name)
    for check in file.checks:
        if not set(check.signs) <= SIGNS:
            raise ContentFault(f"{file.id}: a check names a sign that is not watched")

    def some(number: int) -> Decimal | None:
        return Decimal(number) if number else None

    limits = tuple(
        Limit(
            sign=each.sign,
            side=each.side,
            priority=each.priority,
            set_by="protocol",
            source=bare.source(each.source),
            # Zero is a level of sedation, so only pressure may leave a number out.
            value=None if each.sign == "pressure" else Decimal(each.value),
            systolic=some(each.systolic),
            diastolic=some(each.diastolic),
        )
        for each in file.limits
    )
    keys = [limit.key for limit in limits]
    if len(keys) != len(set(keys)):
        raise ContentFault(f"{file.id}: two limits share a sign, a side and a priority")
    return Rules(file=file, limits=limits)


@cache
def all_rules() -> dict[str, Rules]:
    """Every rules file, by product."""
    found: dict[str, Rules] = {}
    for place in files_below(content("monitoring"), ".toml"):
        rules = _typed(read_toml(place, RulesFile))
        if rules.file.product in found:
            raise ContentFault(f"{place.name}: a second file for {rules.file.product}")
        found[rules.file.product] = rules
    return found


def rules_for(product: str) -> Rules:
    """The rules of one product.

    Raises:
        ContentFault: there are none; a product nobody wrote rules for is not given.
    """
    known = all_rules()
    if product not in known:
        raise ContentFault(
            f"There are no monitoring rules for {product!r}; known: {', '.join(sorted(known))}"
        )
    return known[product]


@cache
def edition() -> str:
    """A fingerprint of all monitoring content, for the ledger."""
    return fingerprint(content("monitoring"))[:12]
