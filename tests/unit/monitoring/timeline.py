"""A day to build timelines on: minute 0 is the start of the dose."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.alarms import Sample
from evenkeel.core.monitoring.fold import State, fold
from evenkeel.core.monitoring.rules import rules_for

START = datetime(2026, 11, 25, 18, 15, tzinfo=UTC)
IV = rules_for("racemic_iv")
NASAL = rules_for("esketamine_nasal")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def event(kind: type[e.Event], minutes: float, **said: Any) -> Any:
    said.setdefault("by", "A. Draftley")
    said.setdefault("id", str(uuid.uuid4()))
    return kind(at=at(minutes), recorded_at=at(minutes), **said)


def pressure(minutes: float, systolic: int, diastolic: int, id: str = "") -> Sample:
    return Sample(
        id=id or f"p{minutes}",
        sign="pressure",
        at=at(minutes),
        origin="monitor",
        systolic=Decimal(systolic),
        diastolic=Decimal(diastolic),
    )


def sign(name: str, minutes: float, value: str, id: str = "") -> Sample:
    return Sample(
        id=id or f"{name}{minutes}", sign=name, at=at(minutes), origin="monitor",
        value=Decimal(value),
    )  # fmt: skip


def infusion(minutes: float = 0, **said: Any) -> e.DoseStarted:
    """38 mg at 1 mg/mL and 57 mL/h: 40 min."""
    said = {
        "route": "iv",
        "planned_mg": Decimal(38),
        "rate_ml_per_h": Decimal(57),
        "mg_per_ml": Decimal(1),
        **said,
    }
    return event(e.DoseStarted, minutes, **said)


def spray(devices: int = 2) -> e.DoseStarted:
    return event(e.DoseStarted, 0, route="nasal", planned_mg=Decimal(28) * devices, devices=devices)


def device(minutes: float, number: int) -> e.DeviceGiven:
    return event(e.DeviceGiven, minutes, number=number, mg=Decimal(28), container=f"D{number}")


def checked_in(minutes: float = -30) -> e.CheckedIn:
    return event(e.CheckedIn, minutes, chair="2")


def seen(events: list[e.Event], now: float, readings: list[Sample] = (), rules: Any = IV) -> State:
    return fold(events=events, readings=readings, rules=rules, now=at(now))
