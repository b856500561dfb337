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


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Span:
    """From ``start`` up to but not including ``end``."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A booked treatment.

    on_chair: dose, observation and turnover: the chair is held for all of it.
    in_care: dose and observation: the person, the nurse and the prescriber.
    """

    chair: int
    patient: int
    nurse: int
    lane: int
    on_chair: Span
    in_care: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A shift of somebody on site."""

    person: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Everything that decides whether a slot is free.

    chairs: ids in the order of preference.
    lanes: how many people one nurse may be responsible for at once.
    """

    chairs: Sequence[int]
    nurses: Sequence[Duty]
    prescribers: Sequence[Duty]
    taken: Sequence[Taken]
    lanes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one treatment needs: minutes, and whether a prescriber must be on site."""

    patient: int
    care_minutes: int
    turnover_minutes: int
    prescriber: bool

    def in_care(self, start: datetime) -> Span:
        return Span(start=start, end=start + timedelta(minutes=self.care_minutes))

    def on_chair(self, start: datetime) -> Span:
        minutes = self.care_minutes + self.turnover_minutes
        return Span(start=start, end=start + timedelta(minutes=minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place that is free: start, chair, nurse and lane, prescriber if needed."""

    start: datetime
    chair: int
    nurse: int
    lane: int
    prescriber: int | None


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


def _inside(span: Span, duty: Duty) -> bool:
    return duty.span.start <= span.start and span.end <= duty.span.end


def _free_lane(floor: Floor, care: Span) -> tuple[int, int] | None:
    """The nurse who looks after fewest then, and a free lane of hers or his."""
    best: tuple[int, int, int] | None = None
    for duty in floor.nurses:
        if not _inside(care, duty):
            continue
        busy = [t for t in floor.taken if t.nurse == duty.person and t.in_care.overlaps(care)]
        used = {t.lane for t in busy}
        free = next((lane for lane in range(1, floor.lanes + 1) if lane not in used), None)
        if free is not None and (best is None or len(busy) < best[0]):
            best = (len(busy), duty.person, free)
    return None if best is None else best[1:]


def at(floor: Floor, need: Need, start: datetime, chairs: Sequence[int] = ()) -> Slot | None:
    """The slot at exactly ``start``, on one of ``chairs`` (all when empty), if it is free."""
    care, on_chair = need.in_care(start), need.on_chair(start)
    if any(t.patient == need.patient and t.in_care.overlaps(care) for t in floor.taken):
        return None
    prescriber: int | None = None
    if need.prescriber:
        if uncovered(care, floor.prescribers):
            return None
        present = [d for d in floor.prescribers if d.span.start <= start < d.span.end]
        prescriber = present[0].person
    lane = _free_lane(floor, care)
    if lane is None:
        return None
    for chair in chairs or floor.chairs:
        if not any(t.chair == chair and t.on_chair.overlaps(on_chair) for t in floor.taken):
            return Slot(
                start=start, chair=chair, nurse=lane[0], lane=lane[1], prescriber=prescriber
            )
    return None


def free_slots(
    floor: Floor,
    need: Need,
    *,
    after: datetime,
    until: datetime,
    step_minutes: int = 15,
    most: int = 3,
) -> tuple[Slot, ...]:
    """Up to ``most`` free slots that start in [after, until), earliest first.

    Starts lie on whole steps of ``step_minutes`` counted from the full hour.
    """
    found: list[Slot] = []
    step = timedelta(minutes=step_minutes)
    start = _round_up(after, step_minutes)
    while start < until and len(found) < most:
        slot = at(floor, need, start)
        if slot is not None:
            found.append(slot)
        start += step
    return tuple(found)


def _round_up(instant: datetime, minutes: int) -> datetime:
    hour = instant.replace(minute=0, second=0, microsecond=0)
    step = timedelta(minutes=minutes)
    whole = -((hour - instant) // step)
    return hour + whole * step


def why_not(floor: Floor, need: Need, start: datetime, chair: int) -> str | None:
    """Which of the five stands in the way at ``start`` on ``chair``; None when it is free.

    The answer is a code (person, chair, prescriber, nurse_absent, nurse_full) that the
    edge puts into words with names and local times.
    """
    care, on_chair = need.in_care(start), need.on_chair(start)
    if any(t.patient == need.patient and t.in_care.overlaps(care) for t in floor.taken):
        return "person"
    if any(t.chair == chair and t.on_chair.overlaps(on_chair) for t in floor.taken):
        return "chair"
    if need.prescriber and uncovered(care, floor.prescribers):
        return "prescriber"
    if not any(_inside(care, duty) for duty in floor.nurses):
        return "nurse_absent"
    if _free_lane(floor, care) is None:
        return "nurse_full"
    return None
