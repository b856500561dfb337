"""Pause a course, and take it up again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Course
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.records.services import courses


@transaction.atomic
@repeat_gives(Course)
def pause_course(
    *, course: Course, reason: str, by: User, at: datetime, once: UUID | None = None
) -> Course:
    """Pause a course, for a written reason; what is booked must be cancelled first.

    Raises:
        Denied: the role may not.
        CannotPlan: no reason, treatments are still booked, or the course cannot pause.
    """
    permissions.check_may(by, "courses.prescribe")
    claimed = claim(once, "course.pause", by)
    course = Course.objects.select_for_update().get(pk=course.pk)
    courses.check_reason(reason, "paused")
    courses.check_nothing_booked(course, "paused")
    courses.change_status(course, CourseStatus.PAUSED)
    ledger.append(
        "course.paused",
        sentence=f"The course of {course.patient.short_name} was paused.",
        by=by,
        at=at,
        patient=course.patient,
        subject=course,
        reason=reason.strip(),
    )
    remember(claimed, course)
    return course


@transaction.atomic
@repeat_gives(Course)
def resume_course(
    *, course: Course, reason: str, by: User, at: datetime, once: UUID | None = None
) -> Course:
    """Take a paused course up again: within its series, or at a decision after it.

    Raises:
        Denied: the role may not.
        CannotPlan: no reason, or the course is not paused.
    """
    permissions.check_may(by, "courses.prescribe")
    claimed = claim(once, "course.resume", by)
    course = Course.objects.select_for_update().get(pk=course.pk)
    if course.status != CourseStatus.PAUSED:
        raise courses.CannotPlan("This course is not paused. Nothing was changed.")
    courses.check_reason(reason, "resumed")
    planned = protocol(course.protocol).phases[0].treatments or 0
    if course.started_at is None:
        to = CourseStatus.BOOKED
    elif course.maintenance_decisions.exists() or len(find.given(course)) >= planned:
        # Time has passed since the last rating, so somebody decides anew.
        to = CourseStatus.DECISION_DUE
    else:
        to = CourseStatus.RUNNING
    courses.change_status(course, to)
    ledger.append(
        "course.resumed",
        sentence=f"The course of {course.patient.short_name} goes on: it is {to.words}.",
        by=by,
        at=at,
        patient=course.patient,
        subject=course,
        reason=reason.strip(),
    )
    remember(claimed, course)
    return course
