"""What a model expects of a planned treatment, and the question that some models ask."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from evenkeel.web.clinic.expected_parts import panel_of
from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.clinic.views.course_page import course_or_404
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.records.selectors import expected
from evenkeel.web.records.services import site

WAIT_S = 4.0  # this address holds nobody up: the course page is there already


@never_cache
@require_GET
@page("patients.see")
def of_course(request: HttpRequest, pk: int) -> HttpResponse:
    """One treatment of the course as planned: a part of its page, or a page of its own."""
    course = course_or_404(request, pk)
    now = timezone.now()
    shown = expected.of_course(course, now, wait_s=WAIT_S)
    context = {
        "course": course,
        "panel": panel_of(shown, course.patient, request.user),
        "patient": course.patient,
    }
    if request.headers.get("HX-Request"):
        return render(request, "clinic/expected/part.html", context)
    context |= {
        "section": "patients",
        "card": card_of(course.patient),
        "course_words": find.course_words(course, now),
    }
    return render(request, "clinic/expected/page.html", context)


@require_POST
@page("facts.answer")
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Write down what the person says to a question that only a model asks."""
    patient = patient_or_404(request, number)
    if not expected.is_on():
        raise Http404("This view is off at this site, so nothing is asked for it.")
    try:
        row = site.answer_for_model(
            patient=patient,
            question=request.POST.get("question", ""),
            choice=request.POST.get("choice", ""),
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except KeyError:
        raise Http404("There is no such question or answer.") from None
    messages.success(request, "Written down." if row.choice else "The answer was taken back.")
    course = patient.courses.filter(pk=_number(request.POST.get("course", ""))).first()
    return redirect("clinic:course", course.pk) if course else redirect("clinic:patient", number)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
