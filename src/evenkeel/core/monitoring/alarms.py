"""Alarms: when a value crosses a limit, who has answered, and when it is over.

In: limits, the alarms so far, one new value. Out: the events to write. Reading
the last hour of signs is not needed, so the gateway can ask for every message.

The rules, in full:
- A limit is crossed when the value is beyond it; a value equal to it is inside.
- Of the limits of one sign and side only the worst one crossed raises.
- One alarm at a time lives under one limit. While it lives, further values
  beyond it raise nothing; a further pressure is kept as a repeat.
- An alarm latches: it is over when the value is back inside and a named person
  has acknowledged it, in whatever order. Until then it stays on the screen.
- A value taken before the alarm's last change changes nothing: late messages
  cannot end an alarm or raise an old one again.
- Silencing stops the sound until a time; it answers nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.monitoring.events import (
    AlarmAcknowledged,
    AlarmEnded,
    AlarmRaised,
    AlarmRepeated,
    AlarmSilenced,
    Event,
    Priority,
)
from evenkeel.core.monitoring.rules import Limit, Rules

# Only a namespace, so that the same reading always makes the same event id.
_ALARMS = uuid.UUID("3f0e6b3c-6f0b-5f6a-9d3e-2b1f7a54c0de")

Origin = Literal["monitor", "hand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value of one sign. A pressure has systolic and diastolic, all else a value.

    sign: "pressure", "heart_rate", "spo2", "respiratory_rate", "sedation", "dissociation".
    Units: mmHg, per min, %, per min, level, level.
    """

    id: str
    sign: str
    at: datetime
    origin: Origin
    value: Decimal | None = None
    systolic: Decimal | None = None
    diastolic: Decimal | None = None
    by: str = ""

    def __str__(self) -> str:
        """As shown: 166/101, or 97."""
        if self.sign != "pressure":
            return "" if self.value is None else plain(self.value)
        parts = [plain(v) if v is not None else "?" for v in (self.systolic, self.diastolic)]
        return "/".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm, from the first crossing to its end."""

    id: str
    key: str
    sign: str
    priority: Priority
    value: str
    limit: str
    set_by: str
    raised_at: datetime
    changed_at: datetime
    repeats: tuple[str, ...] = ()
    ended_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    silenced_until: datetime | None = None

    @property
    def side(self) -> str:
        """ "above" or "below", as in the limit's key."""
        return self.key.split(":")[1]

    @property
    def is_over(self) -> bool:
        """Back inside and answered: it may leave the screen."""
        return self.ended_at is not None and self.acknowledged_at is not None

    @property
    def is_answered(self) -> bool:
        return self.acknowledged_at is not None

    def escalates_at(self, rules: Rules) -> datetime:
        """When it goes to the next person, if nobody answers."""
        return self.raised_at + rules.escalate_after(self.priority)

    def is_escalated(self, rules: Rules, now: datetime) -> bool:
        return not self.is_answered and now >= self.escalates_at(rules)

    def is_silent(self, now: datetime) -> bool:
        return self.silenced_until is not None and now < self.silenced_until


def crosses(limit: Limit, sample: Sample) -> bool:
    """Is the value beyond the limit? Equal is inside; an absent part is not judged."""
    if limit.sign != sample.sign:
        return False
    pairs = (
        ((limit.systolic, sample.systolic), (limit.diastolic, sample.diastolic))
        if limit.sign == "pressure"
        else ((limit.value, sample.value),)
    )
    for line, value in pairs:
        if line is None or value is None:
            continue
        if value > line if limit.side == "above" else value < line:
            return True
    return False


def fold_alarms(events: Iterable[Event]) -> tuple[Alarm, ...]:
    """Every alarm of the treatment in the order raised. ``events`` are in time order."""
    done: list[Alarm] = []
    living: dict[str, Alarm] = {}

    def keep(alarm: Alarm) -> None:
        if alarm.is_over:
            done.append(alarm)
            living.pop(alarm.key, None)
        else:
            living[alarm.key] = alarm

    for event in events:
        if isinstance(event, AlarmRaised):
            if event.key not in living:
                living[event.key] = Alarm(
                    id=event.id,
                    key=event.key,
                    sign=event.sign,
                    priority=event.priority,
                    value=event.value,
                    limit=event.limit,
                    set_by=event.set_by,
                    raised_at=event.at,
                    changed_at=event.at,
                )
            continue
        if not isinstance(event, AlarmRepeated | AlarmEnded | AlarmAcknowledged | AlarmSilenced):
            continue
        alarm = living.get(event.key)
        if alarm is None:
            continue
        if isinstance(event, AlarmRepeated):
            # Beyond again before anybody answered: the same alarm goes on.
            alarm = replace(
                alarm, repeats=(*alarm.repeats, event.value), ended_at=None, changed_at=event.at
            )
        elif isinstance(event, AlarmEnded):
            alarm = replace(alarm, ended_at=event.at, changed_at=event.at)
        elif isinstance(event, AlarmAcknowledged):
            if alarm.acknowledged_at is None:
                alarm = replace(alarm, acknowledged_by=event.by, acknowledged_at=event.at)
        else:
            alarm = replace(alarm, silenced_until=event.until)
        keep(alarm)
    return tuple(sorted((*done, *living.values()), key=lambda a: (a.raised_at, a.id)))


def worst(alarms: Iterable[Alarm]) -> Alarm | None:
    """The alarm a banner shows: unanswered before answered, then priority, then age."""
    open_ones = [alarm for alarm in alarms if not alarm.is_over]
    return min(
        open_ones,
        key=lambda a: (a.is_answered, a.ended_at is not None, a.priority.rank, a.raised_at),
        default=None,
    )


def evaluate(
    *,
    limits: Iterable[Limit],
    alarms: Iterable[Alarm],
    sample: Sample,
    recorded_at: datetime,
    whose: str = "",
) -> tuple[AlarmRaised | AlarmRepeated | AlarmEnded, ...]:
    """The events that one new value makes; empty for most values.

    limits: those in force, orders laid over the protocol's (``rules.with_order``).
    alarms: those of this treatment so far (``fold_alarms``).
    sample: the new value.
    whose: the treatment, so that the ids of two treatments never meet.

    Asking twice for the same value gives events with the same ids.
    """
    mine = [limit for limit in limits if limit.sign == sample.sign]
    living = {alarm.key: alarm for alarm in alarms if not alarm.is_over}
    last_over: dict[str, datetime] = {}
    for alarm in alarms:
        if alarm.is_over:
            last_over[alarm.key] = max(alarm.changed_at, last_over.get(alarm.key, alarm.changed_at))

    def name(kind: str, key: str) -> str:
        return str(uuid.uuid5(_ALARMS, f"{whose}|{sample.id}|{key}|{kind}"))

    made: list[AlarmRaised | AlarmRepeated | AlarmEnded] = []
    raised_side: set[str] = set()
    for limit in sorted(mine, key=lambda each: each.priority.rank):
        current = living.get(limit.key)
        beyond = crosses(limit, sample)
        if current is not None:
            if beyond:
                raised_side.add(limit.side)
            if sample.at <= current.changed_at:
                continue
            if beyond and (limit.sign == "pressure" or current.ended_at is not None):
                made.append(
                    AlarmRepeated(
                        id=name("repeated", limit.key),
                        at=sample.at,
                        recorded_at=recorded_at,
                        key=limit.key,
                        value=str(sample),
                    )
                )
            elif not beyond and current.ended_at is None:
                made.append(
                    AlarmEnded(
                        id=name("ended", limit.key),
                        at=sample.at,
                        recorded_at=recorded_at,
                        key=limit.key,
                        value=str(sample),
                    )
                )
            continue
        if not beyond or limit.side in raised_side:
            continue
        if limit.key in last_over and sample.at <= last_over[limit.key]:
            continue
        raised_side.add(limit.side)
        made.append(
            AlarmRaised(
                id=name("raised", limit.key),
                at=sample.at,
                recorded_at=recorded_at,
                key=limit.key,
                sign=limit.sign,
                priority=limit.priority,
                value=str(sample),
                limit=limit.words,
                set_by=limit.set_by,
            )
        )
    # An order taken back leaves its alarm without a limit: the next value ends it,
    # since nothing is crossed any more. It still waits for a name.
    known = {limit.key for limit in mine}
    for key, orphan in living.items():
        if orphan.sign == sample.sign and key not in known and orphan.ended_at is None:
            made.append(
                AlarmEnded(
                    id=name("ended", key),
                    at=sample.at,
                    recorded_at=recorded_at,
                    key=key,
                    value=str(sample),
                )
            )
    return tuple(made)


def unanswered_for(alarm: Alarm, now: datetime) -> timedelta:
    """How long nobody has answered; zero once somebody has."""
    return timedelta(0) if alarm.is_answered else max(now - alarm.raised_at, timedelta(0))
