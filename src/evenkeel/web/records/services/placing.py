"""Find the slot for a wish, or the words for why there is none.

One booking act runs at a time (an advisory lock of the transaction), so the loser
of a race sees what the winner booked and is offered what is free next. The
exclusion constraints hold against every other way in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from evenkeel.core.protocols.model import Protocol
from evenkeel.core.protocols.slots import Blocked, Need, Slot, check
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.records.models import Chair, Course
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


def hold_the_book() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_BOOKING_LOCK])


def check_open(course: Course) -> None:
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


def check_gap(course: Course, rules: Protocol, start: datetime, without: int | None) -> None:
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


def place(
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


def lost_race(course: Course, wish: Wish) -> CannotBook:
    """Another way in was quicker than our look; the constraint refused the row."""
    return CannotBook(
        title=f"{say_when(wish.start, wish.chair)} was booked by somebody else a moment ago",
        why="A chair, a person and a nurse's place can each be booked once.",
        todo="Choose again: the page shows what is free now.",
        start=wish.start,
        chair=wish.chair,
    )
