"""The next free slot: a chair, a nurse with a free lane, and a prescriber on site.

In: what is taken and who is on duty. Out: the earliest start at which
everything is free at once. The database decides at the moment of booking; this
finds what to offer. Times are aware UTC; ranges are half open, so a treatment
may start at the minute another one's turnover ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Span:
    """From ``start`` up to but not including ``end``."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def within(self, other: Span) -> bool:
        return other.start <= self.start and self.end <= other.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A booked treatment. ``held``: dose, observation and turnover."""

    chair: int
    patient: int
    nurse: int
    lane: int
    held: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A shift of somebody on site. lanes: persons at once, for a nurse."""

    person: int
    span: Span
    lanes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Everything that decides whether a slot is free. chairs: in order of preference."""

    chairs: Sequence[int]
    nurses: Sequence[Duty]
    prescribers: Sequence[Duty]
    taken: Sequence[Taken]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one treatment needs.

    care_minutes: dose and observation; the nurse and, where ``prescriber``, one who
        prescribes are on site for all of it.
    turnover_minutes: the chair is held this much longer.
    """

    patient: int
    care_minutes: int
    turnover_minutes: int
    prescriber: bool

    def care(self, start: datetime) -> Span:
        return Span(start=start, end=start + timedelta(minutes=self.care_minutes))

    def held(self, start: datetime) -> Span:
        minutes = self.care_minutes + self.turnover_minutes
        return Span(start=start, end=start + timedelta(minutes=minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place that is free: start, chair, nurse and lane, prescriber on site at the start."""

    start: datetime
    chair: int
    nurse: int
    lane: int
    prescriber: int | None


class Blocked(StrEnum):
    """What stands in the way of a slot; the edge puts it into words."""

    PERSON = "person"
    CHAIR = "chair"
    PRESCRIBER = "prescriber"
    NURSE_ABSENT = "nurse_absent"
    NURSE_FULL = "nurse_full"


def uncovered(span: Span, duties: Iterable[Duty]) -> list[Span]:
    """The parts of ``span`` in which nobody of ``duties`` is on site, in order."""
    gaps: list[Span] = []
    reached = span.start
    for duty in sorted(duties, key=lambda item: item.span):
        if duty.span.start > reached and reached < span.end:
            gaps.append(Span(start=reached, end=min(duty.span.start, span.end)))
        reached = max(reached, duty.span.end)
        if reached >= span.end:
            break
    if reached < span.end:
        gaps.append(Span(start=reached, end=span.end))
    return gaps


def _free_lane(floor: Floor, care: Span, held: Span) -> tuple[int, int] | None:
    """The nurse who looks after fewest then, and a free lane of hers or his."""
    best: tuple[int, int, int] | None = None
    for duty in floor.nurses:
        if not care.within(duty.span):
            continue
        busy = [t for t in floor.taken if t.nurse == duty.person and t.held.overlaps(held)]
        used = {t.lane for t in busy}
        free = next((lane for lane in range(1, duty.lanes + 1) if lane not in used), None)
        if free is not None and (best is None or len(busy) < best[0]):
            best = (len(busy), duty.person, free)
    return None if best is None else best[1:]


def check(floor: Floor, need: Need, start: datetime, chairs: Sequence[int] = ()) -> Slot | Blocked:
    """The slot at exactly ``start``, on the first free of ``chairs`` (all if none), or why not."""
    care, held = need.care(start), need.held(start)
    if any(t.patient == need.patient and t.held.overlaps(held) for t in floor.taken):
        return Blocked.PERSON
    free = [
        chair
        for chair in chairs or floor.chairs
        if not any(t.chair == chair and t.held.overlaps(held) for t in floor.taken)
    ]
    if not free:
        return Blocked.CHAIR
    prescriber: int | None = None
    if need.prescriber:
        if uncovered(care, floor.prescribers):
            return Blocked.PRESCRIBER
        prescriber = next(d.person for d in floor.prescribers if d.span.start <= start < d.span.end)
    lane = _free_lane(floor, care, held)
    if lane is None:
        on_duty = any(care.within(duty.span) for duty in floor.nurses)
        return Blocked.NURSE_FULL if on_duty else Blocked.NURSE_ABSENT
    return Slot(start=start, chair=free[0], nurse=lane[0], lane=lane[1], prescriber=prescriber)


def free_slots(
    floor: Floor,
    need: Need,
    *,
    after: datetime,
    until: datetime,
    chairs: Sequence[int] = (),
    step_minutes: int = 15,
    most: int = 3,
) -> tuple[Slot, ...]:
    """Up to ``most`` free slots that start in [after, until), earliest first.

    Starts lie on whole steps of ``step_minutes`` counted from the full hour.
    """
    found: list[Slot] = []
    start = _round_up(after, step_minutes)
    while start < until and len(found) < most:
        slot = check(floor, need, start, chairs)
        if isinstance(slot, Slot):
            found.append(slot)
        start += timedelta(minutes=step_minutes)
    return tuple(found)


def _round_up(instant: datetime, minutes: int) -> datetime:
    hour = instant.replace(minute=0, second=0, microsecond=0)
    step = timedelta(minutes=minutes)
    return hour + -((hour - instant) // step) * step
