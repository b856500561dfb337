"""People: finding one, and the page that holds what is known of them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.core.chart import Chart
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.clinic import charts
from evenkeel.web.clinic.chart_words import written
from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.ledger import selectors as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Patient
from evenkeel.web.records.selectors.courses import scores
from evenkeel.web.records.selectors.patients import Stage, birth_of, chart_of, how_many, people
from evenkeel.web.ui.words import local, write_date, write_number

PER_PAGE = 25
HAPPENED = 12


@require_GET
@page("patients.see")
def patients(request: HttpRequest) -> HttpResponse:
    """Everybody, by name; found by words and by stage."""
    words = request.GET.get("words", "").strip()[:200]
    asked = request.GET.get("stage", "")
    stage = asked if asked in Stage.values else ""
    found = people(words, stage).annotate(referred_at=Max("referrals__at"))
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    counts = how_many()
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, Any] = {
        "words": words,
        "stage": stage,
        "page": shown,
        "query": query.urlencode(),
        "everybody": sum(counts.values()),
        "stages": [(choice, choice.label, counts.get(choice.value, 0)) for choice in Stage],
        "rows": [_listed(person) for person in shown],
        "may_receive": permissions.may(request.user, "referrals.receive"),
    }
    return render(request, "clinic/patients/patients.html", context)


def _listed(person: Any) -> dict[str, Any]:
    status = person.course_status
    return {
        "person": person,
        "born": written(birth_of(person)),
        "stage": Stage(person.stage).label,
        "course": CourseStatus(status).words if status in _STATUSES else status,
        "referred_at": person.referred_at,
    }


_STATUSES = frozenset(status.value for status in CourseStatus)


@require_GET
@page("patients.see")
def patient(request: HttpRequest, number: str) -> HttpResponse:
    """The chart of one person, and the doors to what comes next."""
    found = patient_or_404(request, number)
    chart = chart_of(found)
    context = {
        "patient": found,
        "card": card_of(found),
        "born": written(birth_of(found)),
        "measures": _measures(found, chart),
        "conditions": charts.conditions(chart),
        "medications": charts.medications(chart),
        "allergies": charts.allergies(chart),
        "results": charts.results(chart),
        "events": charts.events(chart),
        "problems": len(chart.problems),
        "referrals": found.referrals.defer("raw").select_related("by").order_by("-at"),
        "identifiers": found.identifiers.order_by("system", "value"),
        "possible_copies": Patient.objects.filter(possible_duplicate_of=found).order_by("pk"),
        "happened": ledger.entries(show=ledger.Show.ACTS, patient_id=found.pk)[:HAPPENED],
    }
    return render(request, "clinic/patients/patient.html", context)


def _measures(patient: Patient, chart: Chart) -> list[dict[str, str]]:
    """The latest measures of the referrals, and the latest score of each scale given here."""
    latest = {score.label: score for score in scores(patient)}
    told = charts.measures(chart, local(timezone.now()).date())
    return [
        *(tile for tile in told if tile["label"] not in latest),
        *(
            {
                "label": label,
                "number": write_number(score.total),
                "origin": f"{write_date(score.at)}, "
                + ("answered by the patient" if score.self_report else f"by {score.by}"),
                "state": "normal",
            }
            for label, score in sorted(latest.items())
        ),
    ]
