"""The decision on a course: the card, and its three equal acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evenkeel.core.protocols.model import Frequency
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.clinic.forms.courses import OtherwiseForm, StopForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.clinic.views.booking import split_words
from evenkeel.web.clinic.views.course_page import (
    OPEN_TO_DECIDE,
    card,
    course_or_404,
    course_page,
)
from evenkeel.web.records.models import Course, MaintenanceDecision
from evenkeel.web.records.services import courses, decisions, pausing

Choice = MaintenanceDecision.Choice
PAUSE, RESUME = "pause", "resume"
# title of the page, words on its button, what it does not do
PAGES = {
    Choice.OTHERWISE: (
        "Choose otherwise",
        "Decide this",
        "It books nothing. The suggestion, what it used and your reason are kept together.",
    ),
    Choice.STOP: (
        "Plan to stop",
        "Stop the course",
        "Bookings that are left must be cancelled first, each with a reason.",
    ),
    PAUSE: (
        "Pause the course",
        "Pause the course",
        "Bookings that are left must be cancelled first, each with a reason.",
    ),
    RESUME: (
        "Take the course up again",
        "Go on with the course",
        "It books nothing. After the series, a decision is due first.",
    ),
}


@require_POST
@page("decisions.make")
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept what the rule suggests; where it leaves a choice, the one that was tapped."""
    course = course_or_404(request, pk)
    chosen = request.POST.get("frequency", "")
    frequency = Frequency(chosen) if chosen in set(Frequency) else None
    try:
        decisions.decide(
            course=course,
            choice=Choice.ACCEPTED,
            shown=request.POST.get("shown", ""),
            frequency=frequency,
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except (decisions.CannotDecide, courses.CannotPlan) as refusal:
        return course_page(request, course, status=409, refused=split_words(str(refusal)))
    return _done(request, course, f"Decided: {frequency.words if frequency else ''}.")


@require_http_methods(["GET", "POST"])
@page("decisions.make")
def otherwise(request: HttpRequest, pk: int) -> HttpResponse:
    """Another frequency than the rule's, with a reason."""
    course = course_or_404(request, pk)
    form = OtherwiseForm(request.POST or None)
    return _with_reason(request, course, form, Choice.OTHERWISE)


@require_http_methods(["GET", "POST"])
@page("decisions.make")
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End the course, with a reason."""
    course = course_or_404(request, pk)
    return _with_reason(request, course, StopForm(request.POST or None), Choice.STOP)


@require_http_methods(["GET", "POST"])
@page("courses.prescribe")
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause a course, or take a paused one up again, with a reason."""
    course = course_or_404(request, pk)
    paused = course.status == CourseStatus.PAUSED
    return _with_reason(
        request, course, StopForm(request.POST or None), RESUME if paused else PAUSE
    )


def _with_reason(request: HttpRequest, course: Course, form: Any, choice: str) -> HttpResponse:
    refused = None
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        try:
            return _done(request, course, _act(request, course, form.cleaned_data, choice, now))
        except (decisions.CannotDecide, courses.CannotPlan) as refusal:
            refused = split_words(str(refusal))
    context = {
        "section": "patients",
        "patient": course.patient,
        "card": card_of(course.patient),
        "course": course,
        "form": form,
        "title": PAGES[choice][0],
        "act": PAGES[choice][1],
        "note": PAGES[choice][2],
        "refused": refused,
        **card(request, course, now),
    }
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "clinic/courses/decide.html", context, status=status)


def _act(
    request: HttpRequest, course: Course, typed: dict[str, Any], choice: str, now: datetime
) -> str:
    """Decide; before any decision is due, to stop is an act of its own. Gives its words."""
    asked_for = {"by": request.user, "at": now, "once": once_of(request)}
    if choice == Choice.STOP and course.status not in OPEN_TO_DECIDE:
        courses.stop_course(course=course, reason=typed["reason"], **asked_for)
        return "The course is stopped."
    if choice == PAUSE:
        pausing.pause_course(course=course, reason=typed["reason"], **asked_for)
        return "The course is paused."
    if choice == RESUME:
        pausing.resume_course(course=course, reason=typed["reason"], **asked_for)
        return "The course goes on."
    frequency = typed.get("frequency")
    decisions.decide(
        course=course,
        choice=choice,
        shown=request.POST.get("shown", ""),
        frequency=frequency,
        reason=typed["reason"],
        **asked_for,
    )
    return f"Decided: {frequency.words if frequency else 'stop'}."


def _done(request: HttpRequest, course: Course, words: str) -> HttpResponse:
    messages.success(request, f"{words} Nothing was booked by it.")
    return redirect("clinic:course", course.pk)
