"""A course: plan it, lay out its series, see it at a glance, stop it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from evenkeel.core.protocols.library import protocol, protocols
from evenkeel.core.protocols.model import Frequency, Phase, Protocol
from evenkeel.core.protocols.schedule import Proposed, ScheduleFault
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.clinic.forms.booking import SeriesForm, WhenForm
from evenkeel.web.clinic.forms.courses import PlanForm
from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.clinic.views.booking import split_words
from evenkeel.web.clinic.views.course_page import course_or_404, course_page
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Chair, Course
from evenkeel.web.records.selectors import booking as book
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.records.services import booking, courses
from evenkeel.web.records.services.booking import Looked
from evenkeel.web.records.services.booking_words import CannotBook
from evenkeel.web.records.services.placing import Wish
from evenkeel.web.ui.words import local

# What a chosen frequency suggests; each can be changed on the page.
USUAL_DAYS = {
    Frequency.THRICE_WEEKLY: ["0", "2", "4"],
    Frequency.TWICE_WEEKLY: ["1", "4"],
}
MOST_ROWS = 24


@require_http_methods(["GET", "POST"])
@page("courses.plan")
def plan(request: HttpRequest, number: str) -> HttpResponse:
    """Choose a protocol and a first dose for a person who was screened."""
    patient = patient_or_404(request, number)
    now = timezone.now()
    blocked, offered = "", []
    try:
        decision = courses.screening_for(patient, _latest_product(patient))
        offered = courses.protocols_for(decision.product)
    except courses.CannotPlan as refusal:
        blocked, decision = str(refusal), None
    age = find.age_years(patient, now)
    form = PlanForm(request.POST or None, protocols=offered, age_years=age)
    refused = ""
    if request.method == "POST" and not blocked and form.is_valid():
        protocol_id, dose = form.cleaned_data["choice"]
        try:
            course = courses.plan_course(
                patient=patient,
                protocol_id=protocol_id,
                dose=dose,
                by=request.user,
                at=now,
                once=once_of(request),
            )
        except courses.CannotPlan as refusal:
            refused = str(refusal)
        else:
            messages.success(request, "The course is planned. Nothing is booked yet.")
            return redirect("clinic:course_series", course.pk)
    context = {
        "section": "patients",
        "patient": patient,
        "card": card_of(patient),
        "decision": decision,
        "protocols": offered,
        "form": form,
        "blocked": split_words(blocked) if blocked else None,
        "refused": split_words(refused) if refused else None,
    }
    status = 409 if refused else 422 if form.errors else 200
    return render(request, "clinic/courses/plan.html", context, status=status)


def _latest_product(patient: Any) -> str:
    latest = patient.decisions.order_by("-at", "-pk").first()
    return latest.product if latest is not None else ""


@require_GET
@page("patients.see")
def course(request: HttpRequest, pk: int) -> HttpResponse:
    """A course at a glance, with the decision card beside it."""
    return course_page(request, course_or_404(request, pk))


# -- the series ----------------------------------------------------------------


@dataclass(kw_only=True)
class Row:
    """One date on the page: what is typed, and what was found about it."""

    number: int
    form: WhenForm
    looked: Looked | None = None
    passed_over: tuple[date, ...] = ()
    outside_window: bool = False


@require_http_methods(["GET", "POST"])
@page("booking.book")
def series(request: HttpRequest, pk: int) -> HttpResponse:
    """Lay out a series, change single dates, and book all of it at once.

    GET with the layout in the address proposes dates; POST checks the dates as typed,
    takes an offer for one of them, or books them all.
    """
    one = course_or_404(request, pk)
    rules = protocol(one.protocol)
    phase, frequency = _phase_now(one, rules)
    asked = request.GET if "start" in request.GET else None
    form = SeriesForm(asked, phase=phase, initial=_usual(one, phase, frequency))
    rows: list[Row] = []
    refusal: CannotBook | None = None
    blocked = ""
    try:
        courses.screening_for(one.patient, one.product)
    except courses.CannotPlan as missing:
        blocked = str(missing)
    status = 200
    if request.method == "POST":
        rows = _read_rows(request.POST)
        valid = all(list(map(_is_readable, rows)))
        if not valid or not rows:
            status = 422
        elif request.POST.get("act") == "book":
            try:
                return _book_all(request, one, rows)
            except courses.CannotPlan as fault:
                blocked, status = str(fault), 409
            except CannotBook as fault:
                refusal, status = fault, 409
        _look_at(one, rows)
    elif asked is not None and form.is_valid():
        try:
            rows = _propose(one, phase, form.cleaned_data)
        except ScheduleFault as fault:
            form.add_error(None, str(fault))
        _look_at(one, rows)
    context = {
        "section": "booking",
        "patient": one.patient,
        "card": card_of(one.patient),
        "course": one,
        "course_words": find.course_words(one, timezone.now()),
        "protocol": rules,
        "phase": phase,
        "form": form,
        "rows": rows,
        "refusal": refusal,
        "refused_row": refusal.row + 1 if refusal is not None and refusal.row is not None else None,
        "blocked": split_words(blocked) if blocked else None,
        "conflicts": [row.number for row in rows if row.looked is not None and row.looked.refused],
        "booked": book.holding().filter(course=one).count(),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "clinic/courses/series.html", context, status=status)


def _phase_now(one: Course, rules: Protocol) -> tuple[Phase, Frequency]:
    """The phase to be laid out, and how often it is given as things stand."""
    if one.status not in {CourseStatus.MAINTENANCE, CourseStatus.DECISION_DUE}:
        return rules.phases[0], rules.phases[0].frequencies[0]
    phase, current = rules.phases[-1], find.current_frequency(one)
    return phase, current if current in phase.frequencies else phase.frequencies[0]


def _usual(one: Course, phase: Phase, frequency: Frequency) -> dict[str, Any]:
    last = book.holding().filter(course=one).order_by("-period").first()
    start = local(timezone.now()).date() + timedelta(days=1)
    at, days, chair = time(9, 0), USUAL_DAYS.get(frequency, ["1"]), None
    if last is not None:
        usual = local(last.period.lower)
        at, chair = usual.time(), last.chair_id
        if frequency.per_week == 1:
            days = [str(usual.weekday())]
            start = max(start, usual.date() + timedelta(weeks=frequency.every_weeks))
    return {
        "frequency": frequency.value,
        "weekdays": days,
        "start": start,
        "at": at,
        "chair": chair,
        "count": max(frequency.per_28_days, 1),
    }


def _propose(one: Course, phase: Phase, typed: dict[str, Any]) -> list[Row]:
    proposed = booking.propose_series(
        course=one,
        frequency=typed["frequency"],
        start=typed["start"],
        weekdays=typed["weekdays"],
        at=typed["at"],
        count=typed.get("count"),
        phase_id=phase.id,
    )
    return [_row(number, item, typed["chair"]) for number, item in enumerate(proposed, start=1)]


def _row(number: int, item: Proposed, chair: Chair | None) -> Row:
    typed = {
        f"r{number}-day": item.local.strftime("%Y-%m-%d"),
        f"r{number}-time": item.local.strftime("%H:%M"),
        f"r{number}-chair": str(chair.pk) if chair is not None else "",
    }
    form = WhenForm(typed, prefix=f"r{number}")
    form.is_valid()
    return Row(
        number=number,
        form=form,
        passed_over=item.passed_over,
        outside_window=item.outside_window,
    )


def _read_rows(posted: QueryDict) -> list[Row]:
    """The rows as typed; an offer that was tapped stands in for its row."""
    typed = posted.copy()
    parts = posted.get("take", "").split("|")
    if len(parts) == 3 and parts[0].isdecimal():
        try:
            start = local(datetime.fromisoformat(parts[1]))
        except ValueError:
            start = None
        if start is not None:
            typed[f"r{parts[0]}-day"] = start.strftime("%Y-%m-%d")
            typed[f"r{parts[0]}-time"] = start.strftime("%H:%M")
            typed[f"r{parts[0]}-chair"] = parts[2]
    count = posted.get("count", "")
    many = min(int(count), MOST_ROWS) if count.isdecimal() else 0
    return [
        Row(number=n, form=WhenForm(typed, prefix=f"r{n}"))
        for n in range(1, many + 1)
        if f"r{n}-day" in typed
    ]


def _is_readable(row: Row) -> bool:
    """Every row is asked, so that each shows its own fault."""
    return row.form.is_valid()


def _wish(row: Row) -> Wish:
    return Wish(start=row.form.cleaned_data["start"], chair=row.form.cleaned_data["chair"])


def _look_at(one: Course, rows: list[Row]) -> None:
    readable = [row for row in rows if row.form.is_valid()]
    looked = booking.look(course=one, wishes=[_wish(row) for row in readable], now=timezone.now())
    for row, found in zip(readable, looked, strict=True):
        row.looked = found


def _book_all(request: HttpRequest, one: Course, rows: list[Row]) -> HttpResponse:
    booked = booking.book_series(
        course=one,
        wishes=[_wish(row) for row in rows],
        reason=request.POST.get("reason", ""),
        by=request.user,
        at=timezone.now(),
        once=once_of(request),
    )
    messages.success(request, f"{len(booked)} treatments are booked.")
    return redirect("clinic:course", one.pk)


@require_GET
@page("patients.see")
def of_person(request: HttpRequest, number: str) -> HttpResponse:
    """Every course of a person, the latest first, and the way to a new one."""
    patient = patient_or_404(request, number)
    found = list(patient.courses.select_related("prescriber").order_by("-pk"))
    now = timezone.now()
    context = {
        "section": "patients",
        "patient": patient,
        "card": card_of(patient),
        "courses": [(one, find.course_words(one, now), protocol(one.protocol)) for one in found],
        "open": find.open_course(patient),
        "may_plan": permissions.may(request.user, "courses.plan"),
    }
    return render(request, "clinic/courses/list.html", context)


@require_GET
@page("content.see")
def protocol_list(request: HttpRequest) -> HttpResponse:
    """Every protocol with its sources and its review status."""
    context = {"section": "booking", "protocols": list(protocols().values())}
    return render(request, "clinic/courses/protocols.html", context)
