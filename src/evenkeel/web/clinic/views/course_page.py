"""The page of one course: the picture, and the decision card beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from evenkeel.core.instruments import scale_of
from evenkeel.core.kernel.sources import Status
from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.maintenance import Refused, Suggestion, Told
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.clinic.guards import note_look
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.plots import glance as picture
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Course
from evenkeel.web.records.selectors import booking as book
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.records.selectors import decisions as asked
from evenkeel.web.records.selectors import expected
from evenkeel.web.records.selectors.glance import glance

OPEN_TO_DECIDE = (CourseStatus.DECISION_DUE, CourseStatus.MAINTENANCE)


def course_or_404(request: HttpRequest, pk: int) -> Course:
    """The course, and a look at its person's record in the ledger."""
    found = get_object_or_404(Course.objects.select_related("patient", "prescriber"), pk=pk)
    note_look(request, found.patient)
    return found


def card(request: HttpRequest, course: Course, now: datetime) -> dict[str, Any]:
    """Names for the decision card: what the rules say, and who may decide."""
    outlook = asked.outlook(course, now)
    lead, suggestion = outlook.lead, outlook.suggestion
    made = find.decisions(course)
    last = made[-1] if made else None
    days = [d.interval_days for d in made]
    return {
        "outlook": outlook,
        "lead": lead,
        "suggestion": suggestion,
        "rule_words": _rule_words(lead),
        "rule_draft": lead is not None and lead.rule.status is not Status.REVIEWED,
        "inputs": (
            [
                {"state": "yes", "text": f"{i.name}: {i.value}", "age": i.age}
                for i in suggestion.inputs
            ]
            if suggestion is not None
            else []
        ),
        "others": [_other(told) for told in outlook.others],
        "needed": _needed(outlook),
        "judged": [(scale_of(scale).short, verdict) for scale, verdict in outlook.judged],
        "is_due": course.status in OPEN_TO_DECIDE,
        "may_decide": permissions.may(request.user, "decisions.make"),
        "last": last,
        "check_by": (
            asked.first_check_by(last.at, days[-2] if len(days) > 1 else None, last.interval_days)
            if last is not None
            else None
        ),
    }


def _rule_words(told: Told | None) -> str:
    if told is None:
        return ""
    status = "reviewed" if told.rule.status is Status.REVIEWED else "not yet reviewed"
    return f"{told.rule.title} rule, version {told.rule.version}, {status}: {told.rule.text}"


def _other(told: Told) -> dict[str, Any]:
    words = told.words if isinstance(told, Suggestion) else told.reason
    return {
        "title": told.rule.title,
        "words": words,
        "caveat": told.rule.caveat,
        "speaks": isinstance(told, Suggestion),
    }


def _needed(outlook: asked.Outlook) -> list[tuple[str, str]]:
    """Ratings that would let a rule speak: (id, name), each once."""
    told = [item for item in (outlook.lead, *outlook.others) if isinstance(item, Refused)]
    names = dict.fromkeys(item.rating for item in told if item.rating)
    return [(name, scale_of(name).short) for name in names]


def course_page(
    request: HttpRequest, one: Course, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The page; ``more`` carries a refusal to be shown on it."""
    now = timezone.now()
    seen = glance(one, now)
    context = {
        "section": "patients",
        "patient": one.patient,
        "card": card_of(one.patient),
        "course": one,
        "course_words": find.course_words(one, now),
        "protocol": protocol(one.protocol),
        "glance": seen,
        "picture": picture.draw(seen),
        "next": book.holding().filter(course=one, status="booked").order_by("period").first(),
        "may_book": permissions.may(request.user, "booking.book"),
        "may_rate": permissions.may(request.user, "ratings.record"),
        "expects": expected.is_on(),
        **card(request, one, now),
        **more,
    }
    return render(request, "clinic/courses/course.html", context, status=status)
