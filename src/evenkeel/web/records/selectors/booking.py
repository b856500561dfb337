"""What is booked, who is on duty, and what is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.model import Protocol
from evenkeel.core.protocols.slots import Duty, Floor, Need, Slot, Span, Taken, free_slots
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records.models import Chair, Course, Shift, Treatment
from evenkeel.web.ui.words import clinic_zone

FREED = (Treatment.Status.CANCELLED, Treatment.Status.MISSED)

# How far ahead a next free slot is looked for, and how far apart two offers are: three
# offers a quarter of an hour apart are one offer.
LOOK_AHEAD = timedelta(days=14)
BETWEEN_OFFERS = timedelta(hours=1)


def holding() -> QuerySet[Treatment]:
    """Treatments that hold a chair, a nurse's lane and a person's time."""
    return Treatment.objects.exclude(status__in=FREED)


def need_of(course: Course) -> Need:
    """What one treatment of this course needs of chair and staff."""
    return need_under(protocol(course.protocol), course.patient_id)


def need_under(rules: Protocol, patient_id: int) -> Need:
    return Need(
        patient=patient_id,
        care_minutes=rules.chair_minutes,
        turnover_minutes=rules.turnover_minutes.value,
        prescriber=rules.prescriber_on_site is not None,
    )


def shifts_within(start: datetime, end: datetime) -> QuerySet[Shift]:
    return Shift.objects.select_related("user").filter(
        period__overlap=(start, end), user__is_active=True
    )


def floor(
    start: datetime, end: datetime, *, without: int | None = None, lock: bool = False
) -> Floor:
    """All that decides what is free from ``start`` to ``end``.

    without: a treatment that is about to move and so is not in its own way.
    lock: hold the shifts, so that nobody's cover can be taken away before the commit.
    """
    shifts = shifts_within(start, end).order_by("period", "pk")
    if lock:
        shifts = shifts.select_for_update(of=("self",))
    on_duty = [
        (shift.user.role, Duty(person=shift.user_id, span=_span(shift), lanes=shift.capacity))
        for shift in shifts
    ]
    booked = holding().filter(period__overlap=(start, end)).exclude(pk=without)
    return Floor(
        chairs=list(Chair.objects.filter(in_use=True).values_list("pk", flat=True)),
        nurses=[duty for role, duty in on_duty if role == Role.NURSE],
        prescribers=[duty for role, duty in on_duty if role == Role.PRESCRIBER],
        taken=[
            Taken(
                chair=t.chair_id,
                patient=t.patient_id,
                nurse=t.nurse_id,
                lane=t.nurse_lane,
                held=_span(t),
            )
            for t in booked
        ],
    )


def _span(row: Shift | Treatment) -> Span:
    return Span(start=row.period.lower, end=row.period.upper)


def next_free_slots(
    need: Need,
    *,
    after: datetime,
    most: int = 3,
    chairs: Sequence[int] = (),
    until: datetime | None = None,
    without: int | None = None,
    avoid: frozenset[date] = frozenset(),
) -> tuple[Slot, ...]:
    """The earliest free slots that start at or after ``after``; none is an honest answer.

    avoid: days of the clinic on which nothing is offered.
    """
    last, zone = until or after + LOOK_AHEAD, clinic_zone()
    whole = floor(after, need.held(last).end, without=without)
    found: list[Slot] = []
    # Day by day: what is taken tomorrow has no say today, and the search stays short.
    day = after
    while day < last and len(found) < most:
        end = min(day + timedelta(days=1), last)
        part = _part(whole, day, need.held(end).end)
        if part.nurses:
            # Midnight of the clinic may lie inside this stretch, so all of it is looked at.
            offered = free_slots(part, need, after=day, until=end, chairs=chairs, most=96)
            for slot in offered:
                near = found and slot.start < found[-1].start + BETWEEN_OFFERS
                if not near and slot.start.astimezone(zone).date() not in avoid:
                    found.append(slot)
        day = end
    return tuple(found[:most])


def days_too_close(course: Course, *, without: int | None = None) -> frozenset[date]:
    """Days nearer to another treatment of the course than its protocol keeps them apart."""
    zone, gap = clinic_zone(), protocol(course.protocol).min_gap_days.value
    near: set[date] = set()
    for other in holding().filter(course=course).exclude(pk=without):
        day = other.period.lower.astimezone(zone).date()
        near |= {day + timedelta(days=n) for n in range(1 - gap, gap)}
    return frozenset(near)


def _part(whole: Floor, start: datetime, end: datetime) -> Floor:
    span = Span(start=start, end=end)
    return Floor(
        chairs=whole.chairs,
        nurses=[d for d in whole.nurses if d.span.overlaps(span)],
        prescribers=[d for d in whole.prescribers if d.span.overlaps(span)],
        taken=[t for t in whole.taken if t.held.overlaps(span)],
    )


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first instant of a day on the clinic's clock and of the next; 23 to 25 hours apart.

    Where the clocks skip midnight itself, the day begins as they jump.
    """
    zone = clinic_zone()
    both = (datetime.combine(d, time(0), zone) for d in (day, day + timedelta(days=1)))
    start, end = (moment.astimezone(UTC) for moment in both)
    return start, end


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One treatment on the day's plan, with the minutes that its protocol asks for."""

    treatment: Treatment
    start: datetime
    dose_end: datetime
    care_end: datetime
    held_end: datetime
    of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """A day of the clinic: chairs, what is booked on them, and who is on duty."""

    day: date
    chairs: list[Chair]
    booked: list[Booked]
    prescribers: list[Shift]
    nurses: list[Shift]

    def on(self, chair: Chair) -> list[Booked]:
        return [item for item in self.booked if item.treatment.chair_id == chair.pk]


def _booked(treatment: Treatment) -> Booked:
    rules = protocol(treatment.course.protocol)
    start, held_end = treatment.period.lower, treatment.period.upper
    return Booked(
        treatment=treatment,
        start=start,
        dose_end=min(start + timedelta(minutes=rules.dose_minutes.value), held_end),
        care_end=min(start + timedelta(minutes=rules.chair_minutes), held_end),
        held_end=held_end,
        of=rules.phases[0].treatments,
    )


def day_plan(day: date) -> DayPlan:
    """Everything on the booking screen of one day."""
    start, end = day_bounds(day)
    shifts = list(shifts_within(start, end).order_by("period", "pk"))
    booked = (
        holding()
        .filter(period__overlap=(start, end))
        .select_related("patient", "course", "chair", "nurse", "prescriber")
    )
    items = [_booked(treatment) for treatment in booked]
    used = {item.treatment.chair_id for item in items}
    return DayPlan(
        day=day,
        chairs=list(Chair.objects.filter(Q(in_use=True) | Q(pk__in=used))),
        booked=items,
        prescribers=[s for s in shifts if s.user.role == Role.PRESCRIBER],
        nurses=[s for s in shifts if s.user.role == Role.NURSE],
    )
