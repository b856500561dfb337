"""Move, cancel and mark as missed: one booked treatment at a time, never in silence."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors import booking as find
from evenkeel.web.records.services import courses
from evenkeel.web.records.services.booking_words import CannotBook, say_when
from evenkeel.web.records.services.placing import (
    Wish,
    check_open,
    hold_the_book,
    lost_race,
    place,
)


def _booked(treatment: Treatment, what: str) -> Treatment:
    """The treatment with the book and its row locked.

    Raises:
        CannotBook: it is not booked any more, so it cannot be ``what``.
    """
    hold_the_book()
    treatment = (
        Treatment.objects.select_for_update(of=("self",))
        .select_related("course", "patient", "chair")
        .get(pk=treatment.pk)
    )
    if treatment.status != Treatment.Status.BOOKED:
        raise CannotBook(
            title=f"This treatment cannot be {what}",
            why=f"It is {treatment.get_status_display()} by now; only a booked one can be.",
            todo="Look at the day's page for where it stands.",
            start=treatment.period.lower,
        )
    return treatment


@transaction.atomic
@repeat_gives(Treatment)
def move(
    *,
    treatment: Treatment,
    wish: Wish,
    reason: str,
    by: User,
    at: datetime,
    once: UUID | None = None,
) -> Treatment:
    """Move one booked treatment; no other treatment moves with it.

    Raises:
        Denied, courses.CannotPlan, CannotBook.
    """
    permissions.check_may(by, "booking.book")
    claimed = claim(once, "booking.move", by)
    treatment = _booked(treatment, "moved")
    if not reason.strip():
        raise CannotBook(
            title="The treatment was not moved",
            why="Somebody will ask why it moved.",
            todo="Write a reason.",
            start=wish.start,
            chair=wish.chair,
        )
    course = treatment.course
    check_open(course)
    need = find.need_of(course)
    slot = place(course, need, wish, now=at, without=treatment.pk)
    before = say_when(treatment.period.lower, treatment.chair)
    held = need.held(slot.start)
    treatment.period = (held.start, held.end)
    treatment.chair_id, treatment.nurse_id, treatment.nurse_lane = slot.chair, slot.nurse, slot.lane
    treatment.prescriber_id = slot.prescriber or course.prescriber_id
    try:
        with transaction.atomic():
            treatment.save()
    except IntegrityError as clash:
        raise lost_race(course, wish) from clash
    treatment.refresh_from_db()
    ledger.append(
        "booking.moved",
        sentence=f"Treatment {treatment.ordinal} of {treatment.patient.short_name} was moved from "
        f"{before} to {say_when(slot.start, treatment.chair)}.",
        by=by,
        at=at,
        patient=treatment.patient,
        subject=treatment,
        reason=reason.strip(),
    )
    remember(claimed, treatment)
    return treatment


@transaction.atomic
@repeat_gives(Treatment)
def cancel(
    *,
    treatment: Treatment,
    reason: str,
    by: User,
    at: datetime,
    once: UUID | None = None,
) -> Treatment:
    """Cancel one booked treatment, for a written reason. Its chair is free at once."""
    permissions.check_may(by, "booking.book")
    claimed = claim(once, "booking.cancel", by)
    treatment = _booked(treatment, "cancelled")
    if not reason.strip():
        raise CannotBook(
            title="The treatment was not cancelled",
            why="Somebody will ask why it was.",
            todo="Write a reason.",
            start=treatment.period.lower,
        )
    _end(
        treatment,
        Treatment.Status.CANCELLED,
        "booking.cancelled",
        f"Treatment {treatment.ordinal} of {treatment.patient.short_name} on "
        f"{say_when(treatment.period.lower)} was cancelled.",
        reason=reason.strip(),
        by=by,
        at=at,
    )
    remember(claimed, treatment)
    return treatment


@transaction.atomic
@repeat_gives(Treatment)
def mark_missed(
    *,
    treatment: Treatment,
    by: User,
    at: datetime,
    reason: str = "",
    once: UUID | None = None,
) -> Treatment:
    """The person did not come. Not before the booked start has passed."""
    permissions.check_may(by, "booking.book")
    claimed = claim(once, "booking.missed", by)
    treatment = _booked(treatment, "marked as missed")
    if at < treatment.period.lower:
        raise CannotBook(
            title="The treatment was not marked as missed",
            why=f"It begins {say_when(treatment.period.lower)}, and that has not come yet.",
            todo="Wait until then, or cancel it with a reason.",
            start=treatment.period.lower,
        )
    _end(
        treatment,
        Treatment.Status.MISSED,
        "booking.missed",
        f"{treatment.patient.short_name} did not come to treatment {treatment.ordinal} on "
        f"{say_when(treatment.period.lower)}.",
        reason=reason.strip(),
        by=by,
        at=at,
    )
    remember(claimed, treatment)
    return treatment


def _end(
    treatment: Treatment,
    status: str,
    action: str,
    sentence: str,
    *,
    reason: str,
    by: User,
    at: datetime,
) -> None:
    """It will not take place. A course left without bookings is planned again, or decided on."""
    treatment.status, treatment.cancelled_reason = status, reason
    treatment.save(update_fields=["status", "cancelled_reason"])
    ledger.append(
        action,
        sentence=sentence,
        by=by,
        at=at,
        patient=treatment.patient,
        subject=treatment,
        reason=reason,
    )
    course = treatment.course
    if course.status == CourseStatus.BOOKED and not find.holding().filter(course=course).exists():
        courses.change_status(course, CourseStatus.PLANNED)
    courses.after_treatment(course=course, at=at)
