"""Book, move and cancel treatments. PostgreSQL has the last word on every collision.

One booking act runs at a time (an advisory lock of the transaction), so the loser
of a race sees what the winner booked and is offered what is free next. The
exclusion constraints hold against every other way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.model import Frequency, Protocol
from evenkeel.core.protocols.schedule import Proposed, schedule
from evenkeel.core.protocols.slots import Blocked, Need, Slot, check
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Chair, Course, Treatment
from evenkeel.web.records.once import Repeated, claim, remember
from evenkeel.web.records.selectors import booking as find
from evenkeel.web.records.services import courses
from evenkeel.web.records.services.booking_words import CannotBook, Offer, say_when, why_not

# One number for the whole clinic: bookings are rare, and a collision costs more than a wait.
_BOOKING_LOCK = 20_261_124


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A start and a chair that somebody wants. chair None: any free one."""

    start: datetime
    chair: Chair | None = None


def _hold_the_book() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_BOOKING_LOCK])


def _check_open(course: Course) -> None:
    courses.screening_for(course.patient, course.product)
    if course.status in {CourseStatus.STOPPED, CourseStatus.COMPLETED, CourseStatus.PAUSED}:
        raise courses.CannotPlan(
            f"Nothing can be booked: this course is {course.status}. Resume it or plan a new one."
        )
    if course.status == CourseStatus.DECISION_DUE:
        raise courses.CannotPlan(
            "Nothing can be booked: a decision on this course is due. Whether there is benefit is "
            "judged before it goes on. A prescriber decides on the course's page; then book."
        )


def _check_gap(course: Course, rules: Protocol, start: datetime, without: int | None) -> None:
    """A gap shorter than the protocol's is a judgement, so it needs words, not a wall."""
    zone = find.clinic_zone()
    day = start.astimezone(zone).date()
    gap = rules.min_gap_days
    others = find.holding().filter(course=course).exclude(pk=without)
    for other in others:
        apart = abs((other.period.lower.astimezone(zone).date() - day).days)
        if apart < gap.value:
            raise CannotBook(
                title=f"{say_when(start)} is {apart} {'day' if apart == 1 else 'days'} from "
                f"{say_when(other.period.lower)}",
                why=f"This protocol keeps {gap.value} days from one treatment to the next "
                f"({gap.source.title}).",
                todo="Choose another day, or write a reason and book it all the same.",
                start=start,
                needs_reason=True,
            )


def _place(
    course: Course,
    need: Need,
    wish: Wish,
    *,
    now: datetime,
    without: int | None = None,
    lock: bool = True,
) -> Slot:
    """The slot for one wish, or CannotBook with what is free next."""
    if wish.start < now:
        raise CannotBook(
            title=f"{say_when(wish.start)} cannot be booked",
            why="It is in the past.",
            todo="Choose a time to come.",
            start=wish.start,
            chair=wish.chair,
        )
    held = need.held(wish.start)
    floor = find.floor(wish.start, held.end, without=without, lock=lock)
    chairs = [wish.chair.pk] if wish.chair is not None else []
    slot = check(floor, need, wish.start, chairs)
    if isinstance(slot, Slot):
        return slot
    raise refusal(course, need, wish, slot, without=without)


def refusal(
    course: Course, need: Need, wish: Wish, blocked: Blocked, *, without: int | None = None
) -> CannotBook:
    """What stands in the way, in words, with up to three offers."""
    slots = find.next_free_slots(
        need,
        after=wish.start,
        without=without,
        avoid=find.days_too_close(course, without=without),
    )
    return CannotBook(
        title=f"{say_when(wish.start, wish.chair)} cannot be booked",
        why=why_not(course.patient, need, wish.start, wish.chair, blocked),
        todo="Take one of the free times." if slots else "No free time was found in two weeks.",
        start=wish.start,
        chair=wish.chair,
        offers=tuple(Offer.of(slot) for slot in slots),
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


def _lost(course: Course, wish: Wish) -> CannotBook:
    """Another way in was quicker than our look; the constraint refused the row."""
    return CannotBook(
        title=f"{say_when(wish.start, wish.chair)} was booked by somebody else a moment ago",
        why="A chair, a person and a nurse's place can each be booked once.",
        todo="Choose again: the page shows what is free now.",
        start=wish.start,
        chair=wish.chair,
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
    _hold_the_book()
    course = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    _check_open(course)
    rules = protocol(course.protocol)
    need = find.need_under(rules, course.patient_id)
    booked: list[Treatment] = []
    for row, wish in enumerate(wishes):
        try:
            if not reason.strip():
                _check_gap(course, rules, wish.start, None)
            slot = _place(course, need, wish, now=at)
            with transaction.atomic():
                booked.append(_write(course, need, slot))
        except IntegrityError as clash:
            lost = _lost(course, wish)
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
    try:
        claimed = claim(once, "booking.one", by)
    except Repeated as done:
        return Treatment.objects.get(pk=done.result_id)
    _hold_the_book()
    course = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    _check_open(course)
    rules = protocol(course.protocol)
    need = find.need_under(rules, course.patient_id)
    if not reason.strip():
        _check_gap(course, rules, wish.start, None)
    slot = _place(course, need, wish, now=at)
    try:
        with transaction.atomic():
            treatment = _write(course, need, slot)
    except IntegrityError as clash:
        raise _lost(course, wish) from clash
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


def _locked(treatment: Treatment) -> Treatment:
    return (
        Treatment.objects.select_for_update(of=("self",))
        .select_related("course", "patient", "chair")
        .get(pk=treatment.pk)
    )


def _check_booked(treatment: Treatment, what: str) -> None:
    if treatment.status != Treatment.Status.BOOKED:
        raise CannotBook(
            title=f"This treatment cannot be {what}",
            why=f"It is {treatment.get_status_display()} by now; only a booked one can be.",
            todo="Look at the day's page for where it stands.",
            start=treatment.period.lower,
        )


@transaction.atomic
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
    try:
        claimed = claim(once, "booking.move", by)
    except Repeated as done:
        return Treatment.objects.get(pk=done.result_id)
    _hold_the_book()
    treatment = _locked(treatment)
    _check_booked(treatment, "moved")
    if not reason.strip():
        raise CannotBook(
            title="The treatment was not moved",
            why="Somebody will ask why it moved.",
            todo="Write a reason.",
            start=wish.start,
            chair=wish.chair,
        )
    course = treatment.course
    _check_open(course)
    need = find.need_of(course)
    slot = _place(course, need, wish, now=at, without=treatment.pk)
    before = say_when(treatment.period.lower, treatment.chair)
    held = need.held(slot.start)
    treatment.period = (held.start, held.end)
    treatment.chair_id, treatment.nurse_id, treatment.nurse_lane = slot.chair, slot.nurse, slot.lane
    treatment.prescriber_id = slot.prescriber or course.prescriber_id
    try:
        with transaction.atomic():
            treatment.save()
    except IntegrityError as clash:
        raise _lost(course, wish) from clash
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
    try:
        claimed = claim(once, "booking.cancel", by)
    except Repeated as done:
        return Treatment.objects.get(pk=done.result_id)
    _hold_the_book()
    treatment = _locked(treatment)
    _check_booked(treatment, "cancelled")
    if not reason.strip():
        raise CannotBook(
            title="The treatment was not cancelled",
            why="Somebody will ask why it was.",
            todo="Write a reason.",
            start=treatment.period.lower,
        )
    _end(treatment, Treatment.Status.CANCELLED, reason.strip())
    ledger.append(
        "booking.cancelled",
        sentence=f"Treatment {treatment.ordinal} of {treatment.patient.short_name} on "
        f"{say_when(treatment.period.lower)} was cancelled.",
        by=by,
        at=at,
        patient=treatment.patient,
        subject=treatment,
        reason=reason.strip(),
    )
    _follow(treatment.course, at)
    remember(claimed, treatment)
    return treatment


@transaction.atomic
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
    try:
        claimed = claim(once, "booking.missed", by)
    except Repeated as done:
        return Treatment.objects.get(pk=done.result_id)
    _hold_the_book()
    treatment = _locked(treatment)
    _check_booked(treatment, "marked as missed")
    if at < treatment.period.lower:
        raise CannotBook(
            title="The treatment was not marked as missed",
            why=f"It begins {say_when(treatment.period.lower)}, and that has not come yet.",
            todo="Wait until then, or cancel it with a reason.",
            start=treatment.period.lower,
        )
    _end(treatment, Treatment.Status.MISSED, reason.strip())
    ledger.append(
        "booking.missed",
        sentence=f"{treatment.patient.short_name} did not come to treatment {treatment.ordinal} on "
        f"{say_when(treatment.period.lower)}.",
        by=by,
        at=at,
        patient=treatment.patient,
        subject=treatment,
        reason=reason.strip(),
    )
    _follow(treatment.course, at)
    remember(claimed, treatment)
    return treatment


def _end(treatment: Treatment, status: Any, reason: str) -> None:
    treatment.status, treatment.cancelled_reason = status, reason
    treatment.save(update_fields=["status", "cancelled_reason"])


def _follow(course: Course, at: datetime) -> None:
    """A course without bookings is planned again, or has a decision due."""
    if course.status == CourseStatus.BOOKED and not find.holding().filter(course=course).exists():
        courses.change_status(course, CourseStatus.PLANNED)
    courses.after_treatment(course=course, at=at)


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
            slot = _place(course, need, wish, now=now, lock=False)
        except CannotBook as refused:
            found.append(Looked(wish=wish, slot=None, refused=refused))
        else:
            found.append(Looked(wish=wish, slot=Offer.of(slot), refused=None))
    return found
