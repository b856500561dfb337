"""Lay out a series and book treatments. PostgreSQL has the last word on every collision.

Where a slot comes from, and how a race ends, is in ``placing``; what happens to a
booked treatment later, in ``rebooking``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db import IntegrityError, transaction

from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.model import Frequency
from evenkeel.core.protocols.schedule import Proposed, schedule
from evenkeel.core.protocols.slots import Need, Slot
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Course, Treatment
from evenkeel.web.records.once import Repeated, claim, remember, repeat_gives
from evenkeel.web.records.selectors import booking as find
from evenkeel.web.records.services import courses
from evenkeel.web.records.services.booking_words import CannotBook, Offer, say_when
from evenkeel.web.records.services.placing import (
    Wish,
    check_gap,
    check_open,
    hold_the_book,
    lost_race,
    place,
)


def _next_number(course: Course) -> int:
    """The lowest number that no standing treatment has: a cancelled third is booked as third."""
    used = set(find.holding().filter(course=course).values_list("ordinal", flat=True))
    return next(n for n in range(1, len(used) + 2) if n not in used)


def _write(course: Course, need: Need, slot: Slot) -> Treatment:
    held = need.held(slot.start)
    return Treatment.objects.create(
        course=course,
        patient_id=course.patient_id,
        ordinal=_next_number(course),
        chair_id=slot.chair,
        nurse_id=slot.nurse,
        nurse_lane=slot.lane,
        prescriber_id=slot.prescriber or course.prescriber_id,
        period=(held.start, held.end),
        escort=course.patient.escort,
    )


@transaction.atomic
def book_series(
    *,
    course: Course,
    wishes: Sequence[Wish],
    by: User,
    at: datetime,
    reason: str = "",
    once: UUID | None = None,
) -> list[Treatment]:
    """Book all of a series, or none of it.

    reason: why some of it stands closer than the protocol keeps treatments apart.

    Raises:
        Denied: the role may not book.
        courses.CannotPlan: no screening decision, or the course is not open.
        CannotBook: one of the wishes collides; ``row`` says which, 0 the first.
    """
    permissions.check_may(by, "booking.book")
    try:
        claimed = claim(once, "booking.series", by)
    except Repeated as done:
        return list(find.holding().filter(course_id=done.result_id))
    hold_the_book()
    course = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    check_open(course)
    rules = protocol(course.protocol)
    need = find.need_under(rules, course.patient_id)
    booked: list[Treatment] = []
    for row, wish in enumerate(wishes):
        try:
            if not reason.strip():
                check_gap(course, rules, wish.start, None)
            slot = place(course, need, wish, now=at)
            with transaction.atomic():
                booked.append(_write(course, need, slot))
        except IntegrityError as clash:
            lost = lost_race(course, wish)
            lost.row = row
            raise lost from clash
        except CannotBook as cannot:
            cannot.row = row
            raise
    if not booked:
        raise courses.CannotPlan("Nothing was booked: the series has no dates.")
    if course.status == CourseStatus.PLANNED:
        courses.change_status(course, CourseStatus.BOOKED)
    ledger.append(
        "booking.series_booked",
        sentence=f"{len(booked)} treatments of {course.patient.short_name} were booked, from "
        f"{say_when(booked[0].period[0])} to {say_when(booked[-1].period[0])}.",
        by=by,
        at=at,
        patient=course.patient,
        subject=course,
        data={"treatments": [t.pk for t in booked]},
        reason=reason.strip(),
    )
    remember(claimed, course)
    return booked


@transaction.atomic
@repeat_gives(Treatment)
def book_one(
    *,
    course: Course,
    wish: Wish,
    by: User,
    at: datetime,
    reason: str = "",
    once: UUID | None = None,
) -> Treatment:
    """Book one more treatment of a course.

    reason: why it stands closer to another one than the protocol keeps them apart.

    Raises:
        Denied, courses.CannotPlan, CannotBook: as ``book_series``.
    """
    permissions.check_may(by, "booking.book")
    claimed = claim(once, "booking.one", by)
    hold_the_book()
    course = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    check_open(course)
    rules = protocol(course.protocol)
    need = find.need_under(rules, course.patient_id)
    if not reason.strip():
        check_gap(course, rules, wish.start, None)
    slot = place(course, need, wish, now=at)
    try:
        with transaction.atomic():
            treatment = _write(course, need, slot)
    except IntegrityError as clash:
        raise lost_race(course, wish) from clash
    if course.status == CourseStatus.PLANNED:
        courses.change_status(course, CourseStatus.BOOKED)
    treatment.refresh_from_db()
    ledger.append(
        "booking.booked",
        sentence=f"Treatment {treatment.ordinal} of {course.patient.short_name} was booked for "
        f"{say_when(slot.start, treatment.chair)}.",
        by=by,
        at=at,
        patient=course.patient,
        subject=treatment,
        reason=reason.strip(),
    )
    remember(claimed, treatment)
    return treatment


def propose_series(
    *,
    course: Course,
    frequency: Frequency,
    start: date,
    weekdays: Sequence[int],
    at: time,
    count: int | None = None,
    phase_id: str | None = None,
    closed: Iterable[date] = (),
) -> tuple[Proposed, ...]:
    """Lay out the dates that a series still needs. Books nothing; ``look`` says what is free.

    Raises:
        ScheduleFault: the series cannot be laid out as asked.
    """
    rules = protocol(course.protocol)
    phase = rules.phase(phase_id) if phase_id is not None else rules.phases[0]
    booked = list(find.holding().filter(course=course).order_by("period"))
    zone = find.clinic_zone()
    before = [t.period.lower.astimezone(zone).date() for t in booked]
    left = None if phase.treatments is None else max(phase.treatments - len(booked), 1)
    return schedule(
        rules,
        phase,
        frequency=frequency,
        start=start,
        weekdays=weekdays,
        at=at,
        zone=zone,
        closed=closed,
        count=count if count is not None else left,
        numbered_from=len(booked) + 1,
        after=max((day for day in before if day <= start), default=None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Whether one wish is free: a slot, or a refusal with offers."""

    wish: Wish
    slot: Offer | None
    refused: CannotBook | None


def look(*, course: Course, wishes: Sequence[Wish], now: datetime) -> list[Looked]:
    """Say for each wish whether it is free as things stand. Books nothing."""
    need = find.need_of(course)
    found = []
    for wish in wishes:
        try:
            slot = place(course, need, wish, now=now, lock=False)
        except CannotBook as refused:
            found.append(Looked(wish=wish, slot=None, refused=refused))
        else:
            found.append(Looked(wish=wish, slot=Offer.of(slot), refused=None))
    return found
