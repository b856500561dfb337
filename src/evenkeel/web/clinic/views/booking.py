"""The day's plan, and the acts on it: book, move, cancel, mark as missed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.clinic.forms.booking import (
    CancelForm,
    MissedForm,
    MoveForm,
    WhenForm,
    read_start,
)
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.plots import day_plan
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Course, Treatment
from evenkeel.web.records.selectors import booking as find
from evenkeel.web.records.services import booking, courses, rebooking
from evenkeel.web.records.services.booking_words import CannotBook, Offer
from evenkeel.web.records.services.placing import Wish
from evenkeel.web.ui.words import local, write_date, write_time

_END_OF_SENTENCE = re.compile(r"(?<! [^\W\d_])\. ")
OPEN = (CourseStatus.PLANNED, CourseStatus.BOOKED, CourseStatus.RUNNING, CourseStatus.MAINTENANCE)


@dataclass(kw_only=True)
class Beside:
    """What stands beside the plan: whose booking, what was typed, what was refused."""

    course: Course | None = None
    treatment: Treatment | None = None
    refusal: CannotBook | courses.CannotPlan | None = None
    forms: dict[str, Form] = field(default_factory=dict)


def today() -> date:
    return local(timezone.now()).date()


@require_GET
@page("booking.see")
def day(request: HttpRequest, day: date | None = None) -> HttpResponse:
    """One day. ?course=ID books for somebody, ?treatment=ID opens a booked one."""
    beside = Beside()
    if request.GET.get("treatment", "").isdecimal():
        beside.treatment = _treatment_or_404(int(request.GET["treatment"]))
        beside.course = beside.treatment.course
        day = day or local(beside.treatment.period.lower).date()
    elif request.GET.get("course", "").isdecimal():
        beside.course = _course_or_404(int(request.GET["course"]))
    return _page(request, day or today(), beside)


def _course_or_404(pk: int) -> Course:
    return get_object_or_404(Course.objects.select_related("patient", "prescriber"), pk=pk)


def _treatment_or_404(pk: int) -> Treatment:
    return get_object_or_404(
        Treatment.objects.select_related("patient", "course", "course__patient", "chair", "nurse"),
        pk=pk,
    )


def _typed(request: HttpRequest) -> QueryDict:
    """What was posted; an offer that was tapped stands for its day and time."""
    typed, start = request.POST.copy(), read_start(request.POST.get("offer", ""))
    if start is not None:
        typed["day"], typed["time"] = local(start).strftime("%Y-%m-%d %H:%M").split()
    return typed


@require_POST
@page("booking.book")
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Book one treatment of a course: typed in the form, or the offer that was tapped."""
    course = _course_or_404(pk)
    form = WhenForm(_typed(request))
    beside = Beside(course=course, forms={"when": form})
    if not form.is_valid():
        return _page(request, today(), beside, status=422)
    wish = Wish(start=form.cleaned_data["start"], chair=form.cleaned_data["chair"])
    try:
        treatment = booking.book_one(
            course=course,
            wish=wish,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except (CannotBook, courses.CannotPlan) as refusal:
        beside.refusal = refusal
        return _page(request, form.cleaned_data["day"], beside, status=409)
    messages.success(
        request,
        f"Treatment {treatment.ordinal} of {course.patient.short_name} is booked for "
        f"{write_date(treatment.period.lower, weekday=True)}, "
        f"{write_time(treatment.period.lower)} on {treatment.chair.name}.",
    )
    return redirect(_address(local(treatment.period.lower).date(), course=course.pk))


@require_POST
@page("booking.book")
def move(request: HttpRequest, pk: int) -> HttpResponse:
    treatment = _treatment_or_404(pk)
    form = MoveForm(_typed(request), auto_id="move_%s")
    beside = Beside(course=treatment.course, treatment=treatment, forms={"move": form})
    here = local(treatment.period.lower).date()
    if not form.is_valid():
        return _page(request, here, beside, status=422)
    try:
        moved = rebooking.move(
            treatment=treatment,
            wish=Wish(start=form.cleaned_data["start"], chair=form.cleaned_data["chair"]),
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except (CannotBook, courses.CannotPlan) as refusal:
        beside.refusal = refusal
        return _page(request, form.cleaned_data["day"], beside, status=409)
    messages.success(
        request,
        f"Moved to {write_date(moved.period.lower, weekday=True)}, "
        f"{write_time(moved.period.lower)} on {moved.chair.name}. No other treatment moved.",
    )
    return redirect(_address(local(moved.period.lower).date(), treatment=moved.pk))


@require_POST
@page("booking.book")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _end(request, pk, "cancel", CancelForm(request.POST, auto_id="cancel_%s"))


@require_POST
@page("booking.book")
def missed(request: HttpRequest, pk: int) -> HttpResponse:
    return _end(request, pk, "missed", MissedForm(request.POST, auto_id="missed_%s"))


def _end(request: HttpRequest, pk: int, act: str, form: Form) -> HttpResponse:
    treatment = _treatment_or_404(pk)
    here = local(treatment.period.lower).date()
    beside = Beside(course=treatment.course, treatment=treatment, forms={act: form})
    if not form.is_valid():
        return _page(request, here, beside, status=422)
    service = rebooking.cancel if act == "cancel" else rebooking.mark_missed
    try:
        service(
            treatment=treatment,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except (CannotBook, courses.CannotPlan) as refusal:
        beside.refusal = refusal
        return _page(request, here, beside, status=409)
    word = "cancelled; its chair is free" if act == "cancel" else "marked as missed"
    messages.success(request, f"The treatment of {treatment.patient.short_name} is {word}.")
    return redirect(_address(here, course=treatment.course_id))


def _address(day: date, **query: int) -> str:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return (
        f"{reverse('clinic:booking_day', args=[day])}?{asked}"
        if asked
        else reverse("clinic:booking_day", args=[day])
    )


# -- the page ------------------------------------------------------------------


def _page(request: HttpRequest, day: date, beside: Beside, status: int = 200) -> HttpResponse:
    try:
        plan = find.day_plan(day)
    except (ValueError, OverflowError) as fault:
        raise Http404("The calendar has no such day.") from fault
    offers = _offers(day, beside)
    marks = _marks(day, beside, offers)
    context = {
        "section": "booking",
        "day": day,
        "before": _address(day - timedelta(days=1), **_kept(beside)),
        "after": _address(day + timedelta(days=1), **_kept(beside)),
        "now_day": f"{_address(today(), **_kept(beside))}#now",
        "plan": plan,
        "picture": day_plan.draw(
            plan,
            marks=marks,
            href=lambda b: _address(day, treatment=b.treatment.pk),
            now=timezone.now(),
        ),
        "rows": [(chair, plan.on(chair)) for chair in plan.chairs],
        "gaps": day_plan.nobody_prescribes(plan),
        "may_book": permissions.may(request.user, "booking.book"),
        "offers": offers,
        **_beside_context(day, beside),
    }
    return render(request, "clinic/booking/day.html", context, status=status)


def _opens(day: date, item: find.Booked) -> str:
    return _address(day, treatment=item.treatment.pk)


def _kept(beside: Beside) -> dict[str, int]:
    return {"course": beside.course.pk} if beside.course is not None else {}


def _beside_context(day: date, beside: Beside) -> dict[str, Any]:
    course, treatment = beside.course, beside.treatment
    found: dict[str, Any] = {"course": course, "treatment": treatment, "refusal": beside.refusal}
    if isinstance(beside.refusal, courses.CannotPlan):
        found["blocked"] = split_words(str(beside.refusal))
        found["refusal"] = None
    if course is None:
        found["waiting"] = _waiting()
        return found
    rules = protocol(course.protocol)
    found["protocol"] = rules
    found["series"] = course.treatments.select_related("chair").order_by("period")
    found["series_words"] = _series_words(rules)
    found["is_open"] = course.status in OPEN
    if treatment is not None:
        start, chair = local(treatment.period.lower), treatment.chair_id
        first = {"day": start.date(), "time": start.strftime("%H:%M"), "chair": chair}
        found["can_change"] = treatment.status == Treatment.Status.BOOKED
        found["can_miss"] = timezone.now() >= treatment.period.lower
        found["move_form"] = beside.forms.get("move") or MoveForm(auto_id="move_%s", initial=first)
        found["cancel_form"] = beside.forms.get("cancel") or CancelForm(auto_id="cancel_%s")
        found["missed_form"] = beside.forms.get("missed") or MissedForm(auto_id="missed_%s")
    else:
        found["when_form"] = beside.forms.get("when") or WhenForm(initial={"day": day})
    return found


def _series_words(rules: Any) -> str:
    phase = rules.phases[0]
    weeks = f" in {phase.window_days // 7} weeks" if phase.window_days else ""
    many = f"{phase.treatments}{weeks}, " if phase.treatments else ""
    return f"{many}{rules.min_gap_days.value} days apart or more"


def _waiting() -> list[tuple[Course, str]]:
    """Courses with nothing booked ahead, which somebody should book."""
    ahead = Treatment.objects.filter(status=Treatment.Status.BOOKED).values("course")
    rows = (
        Course.objects.filter(status__in=[CourseStatus.PLANNED, CourseStatus.MAINTENANCE])
        .exclude(pk__in=ahead)
        .select_related("patient")
        .order_by("pk")[:12]
    )
    return [
        (course, f"{protocol(course.protocol).short}, {CourseStatus(course.status).words}")
        for course in rows
    ]


def _offers(day: date, beside: Beside) -> list[Offer]:
    """What is free next for the person beside the plan."""
    if isinstance(beside.refusal, CannotBook):
        return list(beside.refusal.offers)
    if beside.course is None or beside.course.status not in OPEN or beside.treatment is not None:
        return []
    need = find.need_of(beside.course)
    start = max(find.day_bounds(day)[0], timezone.now())
    slots = find.next_free_slots(need, after=start, avoid=find.days_too_close(beside.course))
    return [Offer.of(slot) for slot in slots]


def _marks(day: date, beside: Beside, offers: list[Offer]) -> list[day_plan.Mark]:
    if beside.course is None:
        return []
    need = find.need_of(beside.course)
    name = beside.course.patient.short_name
    marks = []
    refused = beside.refusal
    if (
        isinstance(refused, CannotBook)
        and refused.chair is not None
        and not refused.needs_reason
        and local(refused.start).date() == day
    ):
        marks.append(
            day_plan.Mark(
                chair=refused.chair.pk,
                start=refused.start,
                end=need.care(refused.start).end,
                kind="is-refused",
                title=f"{write_time(refused.start)} refused",
                words=name,
            )
        )
    for offer in offers[:1]:
        if local(offer.start).date() == day:
            marks.append(
                day_plan.Mark(
                    chair=offer.chair.pk,
                    start=offer.start,
                    end=need.care(offer.start).end,
                    kind="is-free",
                    title=f"{write_time(offer.start)}, next free",
                    words=offer.chair.name.lower(),
                )
            )
    return marks


def split_words(words: str) -> tuple[str, str]:
    """A refusal as a headline and the rest. The point of an initial ("Mateo B.") ends nothing."""
    first, *rest = _END_OF_SENTENCE.split(words, maxsplit=1)
    return first, "".join(rest)
