"""One treatment's events folded into where it stands at one instant.

``fold`` is pure and total: the same events in any order of arrival give the
same state, an event that no longer counts is kept aside, and nothing is asked
of a clock. The screens, the gates and the forms all read this one state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from evenkeel.core.monitoring.alarms import Alarm, Sample, fold_alarms
from evenkeel.core.monitoring.checks import Check, Look, checks
from evenkeel.core.monitoring.doses import Dose, fold_dose
from evenkeel.core.monitoring.events import (
    CORRECTABLE,
    KINDS,
    Answered,
    Cancelled,
    CheckDone,
    CheckedIn,
    Corrected,
    Event,
    GateChecked,
    Left,
    LevelTapped,
    Overridden,
    ReadyJudged,
    Scale,
    SymptomNoted,
)
from evenkeel.core.monitoring.rules import Rules

CONTINUOUS = ("heart_rate", "spo2", "respiratory_rate")
_RANK: Mapping[str, int] = {kind: rank for rank, kind in enumerate(KINDS)}


class Phase(StrEnum):
    """Where the patient is on the way from the door to the door."""

    EXPECTED = "expected"
    GATE = "gate"
    GO = "go"
    DOSING = "dosing"
    PAUSED = "paused"
    OBSERVING = "observing"
    LEFT = "left"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where one treatment stands at ``now``."""

    now: datetime
    phase: Phase
    phase_since: datetime | None
    events: tuple[Event, ...]
    struck: frozenset[str]
    chair: str
    checked_in_at: datetime | None
    dose: Dose | None
    answers: Mapping[str, Answered]
    overrides: tuple[Overridden, ...]
    go: GateChecked | None
    levels: Mapping[Scale, tuple[LevelTapped, ...]]
    symptoms: tuple[SymptomNoted, ...]
    alarms: tuple[Alarm, ...]
    checks: tuple[Check, ...]
    latest: Mapping[str, Sample]
    stale: frozenset[str]
    pressures: tuple[Sample, ...]
    ready: ReadyJudged | None
    left_at: datetime | None
    cancelled: Cancelled | None

    @property
    def open_alarms(self) -> tuple[Alarm, ...]:
        """Alarms that are not over, worst first."""
        living = [alarm for alarm in self.alarms if not alarm.is_over]
        return tuple(sorted(living, key=lambda a: (a.priority.rank, a.raised_at)))

    @property
    def is_watched(self) -> bool:
        """Between the start of the dose and leaving: silence of a monitor matters."""
        return self.phase in {Phase.DOSING, Phase.PAUSED, Phase.OBSERVING}

    def level(self, scale: Scale) -> LevelTapped | None:
        """The latest level that counts."""
        return next((e for e in reversed(self.levels[scale]) if e.id not in self.struck), None)

    @property
    def baseline(self) -> Sample | None:
        """The last pressure before the dose began."""
        if self.dose is None:
            return None
        before = [p for p in self.pressures if p.at <= self.dose.started_at]
        return before[-1] if before else None


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events by when they happened; at the same instant by kind, then by record."""
    return tuple(sorted(events, key=lambda e: (e.at, _RANK[e.kind], e.recorded_at, e.id)))


def struck_out(events: Iterable[Event]) -> frozenset[str]:
    """Ids that a correction in force supersedes. Doses and departures never are."""
    kinds = {event.id: event.kind for event in events}
    corrections = [event for event in events if isinstance(event, Corrected)]
    return frozenset(c.supersedes for c in corrections if kinds.get(c.supersedes) in CORRECTABLE)


def fold(
    *,
    events: Iterable[Event],
    readings: Iterable[Sample],
    rules: Rules,
    now: datetime,
    horizon: datetime | None = None,
    off: Iterable[str] = (),
) -> State:
    """Where the treatment stands.

    readings: every pressure, and of the other signs at least the latest; more
        change nothing but time. Corrected readings are left out by the caller.
    now: nothing later than this is taken into account, so a past state can be seen.
    horizon: how far ahead checks are listed.
    off: continuous signs of which the monitor says at last that it has no value; they
        are stale at once, whatever their last value was.
    """
    everything = in_order(e for e in events if e.at <= now)
    struck = struck_out(everything)
    live = tuple(e for e in everything if e.id not in struck and not isinstance(e, Corrected))
    samples = sorted((s for s in readings if s.at <= now), key=lambda s: (s.at, s.id))

    checked_in = next((e for e in live if isinstance(e, CheckedIn)), None)
    dose = fold_dose(live, now)
    left = next((e for e in live if isinstance(e, Left)), None)
    cancelled = next((e for e in live if isinstance(e, Cancelled)), None)
    gates = [e for e in live if isinstance(e, GateChecked)]
    levels: dict[Scale, tuple[LevelTapped, ...]] = {
        scale: tuple(e for e in everything if isinstance(e, LevelTapped) and e.scale is scale)
        for scale in Scale
    }
    latest: dict[str, Sample] = {sample.sign: sample for sample in samples}
    for scale, taps in levels.items():
        tapped = next((e for e in reversed(taps) if e.id not in struck), None)
        if tapped is not None:
            latest[scale.value] = Sample(
                id=tapped.id, sign=scale.value, at=tapped.at, origin="hand",
                value=Decimal(tapped.level), by=tapped.by,
            )  # fmt: skip
    phase, since = _phase(checked_in, gates, dose, left, cancelled, live, now)
    return State(
        now=now,
        phase=phase,
        phase_since=since,
        events=everything,
        struck=struck,
        chair=checked_in.chair if checked_in else "",
        checked_in_at=checked_in.at if checked_in else None,
        dose=dose,
        answers={e.condition: e for e in live if isinstance(e, Answered)},
        overrides=tuple(e for e in live if isinstance(e, Overridden)),
        go=gates[-1] if gates else None,
        levels=levels,
        symptoms=tuple(e for e in everything if isinstance(e, SymptomNoted)),
        alarms=fold_alarms(live),
        checks=checks(
            rules=rules,
            dose=dose,
            looks=_looks(samples, live),
            checked_in_at=checked_in.at if checked_in else None,
            now=now,
            left_at=left.at if left else None,
            horizon=horizon,
        ),
        latest=latest,
        stale=_stale(latest, rules, now, dose) | (frozenset(off) & frozenset(CONTINUOUS)),
        pressures=tuple(s for s in samples if s.sign == "pressure"),
        ready=next((e for e in reversed(live) if isinstance(e, ReadyJudged)), None),
        left_at=left.at if left else None,
        cancelled=cancelled,
    )


def _looks(samples: Iterable[Sample], live: Iterable[Event]) -> list[Look]:
    found = [Look(sign=s.sign, at=s.at) for s in samples]
    for event in live:
        if isinstance(event, LevelTapped):
            found.append(Look(sign=event.scale.value, at=event.at))
        elif isinstance(event, CheckDone):
            found.extend(Look(sign=sign, at=event.at) for sign in event.signs)
    return found


def _stale(
    latest: Mapping[str, Sample], rules: Rules, now: datetime, dose: Dose | None
) -> frozenset[str]:
    """Continuous signs from a monitor that fell silent, or never spoke since the dose."""
    limit: timedelta = rules.seconds("stale_after_s")
    silent = {sign for sign in CONTINUOUS if sign in latest and now - latest[sign].at > limit}
    if dose is not None and now - dose.started_at > limit:
        silent |= {sign for sign in CONTINUOUS if sign not in latest}
    return frozenset(silent)


def _phase(
    checked_in: CheckedIn | None,
    gates: list[GateChecked],
    dose: Dose | None,
    left: Left | None,
    cancelled: Cancelled | None,
    live: tuple[Event, ...],
    now: datetime,
) -> tuple[Phase, datetime | None]:
    if left is not None:
        return Phase.LEFT, left.at
    if cancelled is not None:
        return Phase.CANCELLED, cancelled.at
    if dose is not None:
        if dose.ended_at is not None:
            return Phase.OBSERVING, dose.ended_at
        if dose.route == "iv" and not dose.running:
            halted = [e.at for e in live if e.kind == "paused"]
            return Phase.PAUSED, halted[-1] if halted else dose.started_at
        return Phase.DOSING, dose.started_at
    if checked_in is None:
        return Phase.EXPECTED, None
    if gates and now < gates[-1].expires_at:
        return Phase.GO, gates[-1].at
    return Phase.GATE, checked_in.at
