"""How much has been given so far, from the events of the dose alone.

An infusion is a run of stretches with one rate each; what was given is their
sum, never more than was planned. A spray is a count of devices. Amounts are mg,
exact; time comes from the events and from ``now``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from evenkeel.core.monitoring.events import (
    DeviceGiven,
    DoseFinished,
    DoseStarted,
    DoseStopped,
    Event,
    Paused,
    RateChanged,
    Resumed,
)

_HOUR = Decimal(3600)
_MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One stretch of an infusion at one rate. ``end`` is ``now`` while it runs."""

    start: datetime
    end: datetime
    mg_per_min: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """The day's dose as it stands.

    given_mg: so far; after the end, the amount that closed the account.
    expected_end: when the plan will be in at this rate; None while paused.
    """

    route: str
    planned_mg: Decimal
    started_at: datetime
    given_mg: Decimal
    ended_at: datetime | None = None
    stopped_because: str = ""
    running: bool = False
    rate_ml_per_h: Decimal | None = None
    mg_per_ml: Decimal | None = None
    stretches: tuple[Stretch, ...] = ()
    expected_end: datetime | None = None
    planned_end: datetime | None = None
    devices: int = 0
    given_devices: tuple[DeviceGiven, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def left_mg(self) -> Decimal:
        return max(self.planned_mg - self.given_mg, Decimal(0))

    @property
    def ends_about(self) -> datetime | None:
        """The end if there was one, else when it is expected."""
        return self.ended_at or self.expected_end


def _mg(start: datetime, end: datetime, mg_per_h: Decimal) -> Decimal:
    """mg that flow between two instants; integer microseconds keep it exact."""
    micros = Decimal((end - start) // timedelta(microseconds=1))
    return mg_per_h * micros / _MICRO / _HOUR


def _until(mg: Decimal, mg_per_h: Decimal) -> timedelta:
    return timedelta(microseconds=int(mg / mg_per_h * _HOUR * _MICRO))


def fold_dose(events: Sequence[Event], now: datetime) -> Dose | None:
    """The dose from events in time order, as seen at ``now``; None before the start."""
    start = next((e for e in events if isinstance(e, DoseStarted)), None)
    if start is None:
        return None
    if start.route == "nasal":
        return _spray(start, events)
    return _infusion(start, events, now)


def _spray(start: DoseStarted, events: Sequence[Event]) -> Dose:
    given = tuple(e for e in events if isinstance(e, DeviceGiven))
    closed = next((e for e in events if isinstance(e, DoseFinished | DoseStopped)), None)
    total = sum((e.mg for e in given), Decimal(0))
    all_in = len(given) >= start.devices
    ended_at = closed.at if closed else (given[-1].at if all_in and given else None)
    return Dose(
        route="nasal",
        planned_mg=start.planned_mg,
        # The first device starts the clock; the start is written with it.
        started_at=given[0].at if given else start.at,
        given_mg=total,
        ended_at=ended_at,
        stopped_because=closed.reason if isinstance(closed, DoseStopped) else "",
        running=ended_at is None,
        devices=start.devices,
        given_devices=given,
        expected_end=None,
    )


def _infusion(start: DoseStarted, events: Sequence[Event], now: datetime) -> Dose:
    mg_per_ml = start.mg_per_ml or Decimal(0)
    rate = start.rate_ml_per_h or Decimal(0)
    running, since = True, start.at
    given = Decimal(0)
    stretches: list[Stretch] = []
    closed: DoseFinished | DoseStopped | None = None

    def close(upto: datetime) -> None:
        nonlocal given
        mg_per_h = rate * mg_per_ml
        if not running or upto <= since or mg_per_h == 0:
            return
        end = min(upto, since + _until(start.planned_mg - given, mg_per_h))
        if end <= since:
            return
        given = min(given + _mg(since, upto, mg_per_h), start.planned_mg)
        stretches.append(Stretch(start=since, end=end, mg_per_min=mg_per_h / 60))

    for event in events:
        if event.at > now or not isinstance(
            event, RateChanged | Paused | Resumed | DoseFinished | DoseStopped
        ):
            continue
        if isinstance(event, RateChanged):
            close(event.at)
            rate, since = event.rate_ml_per_h, event.at
        elif isinstance(event, Paused) and running:
            close(event.at)
            running, since = False, event.at
        elif isinstance(event, Resumed) and not running:
            running, since = True, event.at
        elif isinstance(event, DoseFinished | DoseStopped):
            close(event.at)
            running, closed = False, event
            break
    if closed is None:
        close(now)
    mg_per_h = rate * mg_per_ml
    left = start.planned_mg - given
    expected: datetime | None = None
    if closed is None and running and mg_per_h > 0:
        expected = stretches[-1].end if left == 0 and stretches else now + _until(left, mg_per_h)
    first = (start.rate_ml_per_h or Decimal(0)) * mg_per_ml
    return Dose(
        route=start.route,
        planned_mg=start.planned_mg,
        started_at=start.at,
        given_mg=closed.given_mg if closed else given,
        ended_at=closed.at if closed else None,
        stopped_because=closed.reason if isinstance(closed, DoseStopped) else "",
        running=running and closed is None,
        rate_ml_per_h=rate,
        mg_per_ml=mg_per_ml,
        stretches=tuple(stretches),
        expected_end=expected,
        planned_end=start.at + _until(start.planned_mg, first) if first > 0 else None,
    )
