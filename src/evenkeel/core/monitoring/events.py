"""What can happen in one treatment, as plain values.

A treatment is a list of these and nothing else. Each event says when it
happened and when it was written down, who did it and, for a correction, which
event it supersedes. Nothing is overwritten. What the list means is decided in
``fold``; where it is kept is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

import msgspec


class Priority(StrEnum):
    """How much an alarm asks of the people in the room."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst, so that sorting puts it first."""
        return ("high", "medium", "low").index(self.value)


class Scale(StrEnum):
    """The two levels that a nurse taps."""

    SEDATION = "sedation"
    DISSOCIATION = "dissociation"


LEVELS: Mapping[Scale, range] = {Scale.SEDATION: range(0, 6), Scale.DISSOCIATION: range(0, 11)}


class NotAnEvent(ValueError):
    """Stored data that does not say what it should; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event carries.

    id: made by the client, so that a resent tap is the same event.
    at: when it happened. recorded_at: when it was written down.
    by: the name of the person as shown on the floor; empty for the system.
    """

    kind: ClassVar[str] = ""

    id: str
    at: datetime
    recorded_at: datetime
    by: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.recorded_at.tzinfo is None:
            raise NotAnEvent(f"{self.kind} {self.id}: times need a zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn(Event):
    """The patient arrived and was shown to a chair."""

    kind: ClassVar[str] = "checked_in"
    chair: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """Somebody answered one condition of the gate or of leaving.

    values: what was said, by the names the condition asks for.
    """

    kind: ClassVar[str] = "answered"
    condition: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden(Event):
    """A prescriber judged one condition and let it pass, with a reason.

    judged: the value that was judged. Another value needs another judgement.
    gate: "day" or "leave".
    """

    kind: ClassVar[str] = "overridden"
    condition: str
    reason: str
    judged: str
    gate: str = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChecked(Event):
    """The day gate said go, and until when."""

    kind: ClassVar[str] = "gate_checked"
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStarted(Event):
    """The drug began to flow, or the first device is about to be used.

    route: "iv" or "nasal". planned_mg is the whole dose of the day.
    rate_ml_per_h and mg_per_ml belong to an infusion; devices to a spray.
    """

    kind: ClassVar[str] = "dose_started"
    route: str
    planned_mg: Decimal
    rate_ml_per_h: Decimal | None = None
    mg_per_ml: Decimal | None = None
    devices: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGiven(Event):
    """One nasal device was used up by the patient."""

    kind: ClassVar[str] = "device_given"
    number: int
    mg: Decimal
    container: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChanged(Event):
    """The pump was set to another rate. We record it; we do not drive it."""

    kind: ClassVar[str] = "rate_changed"
    rate_ml_per_h: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    """The infusion was halted for a while."""

    kind: ClassVar[str] = "paused"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """The infusion runs again."""

    kind: ClassVar[str] = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseFinished(Event):
    """The whole dose, or what was given of it, is in. given_mg closes the account."""

    kind: ClassVar[str] = "dose_finished"
    given_mg: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStopped(Event):
    """The dose was ended before its plan, with a reason."""

    kind: ClassVar[str] = "dose_stopped"
    given_mg: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTapped(Event):
    """Sedation (5 awake to 0 no answer) or dissociation (0 none to 10 most)."""

    kind: ClassVar[str] = "level_tapped"
    scale: Scale
    level: int

    def __post_init__(self) -> None:
        # The bare super() of a slotted dataclass would look at the class before slots.
        Event.__post_init__(self)
        if self.level not in LEVELS[self.scale]:
            allowed = LEVELS[self.scale]
            raise NotAnEvent(
                f"{self.level} is not a level of {self.scale.value}: "
                f"it runs from {allowed.start} to {allowed.stop - 1}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SymptomNoted(Event):
    """Something the patient felt or the nurse saw."""

    kind: ClassVar[str] = "symptom"
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDone(Event):
    """A person looked at the patient and says this check is done."""

    kind: ClassVar[str] = "check_done"
    signs: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Event):
    """A value crossed a limit. ``key`` names the limit, ``value`` is as shown."""

    kind: ClassVar[str] = "alarm_raised"
    key: str
    sign: str
    priority: Priority
    value: str
    limit: str
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRepeated(Event):
    """A later value is beyond the limit too; kept for pressure, where it confirms."""

    kind: ClassVar[str] = "alarm_repeated"
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEnded(Event):
    """The value is back inside the limit."""

    kind: ClassVar[str] = "alarm_ended"
    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged(Event):
    """A named person answered the alarm."""

    kind: ClassVar[str] = "alarm_acknowledged"
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSilenced(Event):
    """The sound is off until a time. The alarm stays unanswered."""

    kind: ClassVar[str] = "alarm_silenced"
    key: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyJudged(Event):
    """A nurse or prescriber judged whether the patient is stable and may leave."""

    kind: ClassVar[str] = "ready_judged"
    stable: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Event):
    """The patient went home. ``at`` is the discharge time."""

    kind: ClassVar[str] = "left"
    escort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    """No dose today, and why."""

    kind: ClassVar[str] = "cancelled"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Event):
    """The event ``supersedes`` no longer counts. It stays, struck through."""

    kind: ClassVar[str] = "corrected"
    supersedes: str
    reason: str = ""


_CLASSES: tuple[type[Event], ...] = (
    CheckedIn, Answered, Overridden, GateChecked, DoseStarted, DeviceGiven, RateChanged, Paused,
    Resumed, DoseFinished, DoseStopped, LevelTapped, SymptomNoted, CheckDone, AlarmRaised,
    AlarmRepeated, AlarmEnded, AlarmAcknowledged, AlarmSilenced, ReadyJudged, Left, Cancelled,
    Corrected,
)  # fmt: skip
KINDS: Mapping[str, type[Event]] = {each.kind: each for each in _CLASSES}

# A dose, a device, an override or a departure is not undone by a tap: another
# event says what happened next.
CORRECTABLE = frozenset({"level_tapped", "symptom", "check_done", "answered", "ready_judged"})

_HEADER = frozenset(f.name for f in fields(Event))

T = TypeVar("T", bound=Event)


def body(event: Event) -> dict[str, Any]:
    """What an event says beyond its header, as JSON values; Decimals are strings."""
    whole: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in whole.items() if name not in _HEADER}


def read_event(
    kind: str, said: Mapping[str, Any], *, id: str, at: datetime, recorded_at: datetime, by: str
) -> Event:
    """The event that ``body`` was made from.

    Raises:
        NotAnEvent: an unknown kind, a missing or surplus field, or a wrong value.
    """
    known = KINDS.get(kind)
    if known is None:
        raise NotAnEvent(f"{kind!r} is not a kind of event")
    surplus = set(said) - {f.name for f in fields(known)} | set(said) & _HEADER
    if surplus:
        raise NotAnEvent(f"{kind} does not have {', '.join(sorted(surplus))}")
    whole = {**said, "id": id, "at": at, "recorded_at": recorded_at, "by": by}
    try:
        return msgspec.convert(whole, known, strict=True)
    except msgspec.ValidationError as fault:
        raise NotAnEvent(f"{kind}: {fault}") from fault
