"""What a change of the content moves, and decisions judged anew from what was kept."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.clinic import edition_words as words
from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.screening_details import kept_day
from evenkeel.web.records.models import EditionReview, Patient, ScreeningDecision, Task
from evenkeel.web.records.selectors.affected import affected_by, to_compare
from evenkeel.web.records.selectors.editions import NoSuchContent, content_of, explain_again
from evenkeel.web.records.selectors.patients import Stage

PER_PAGE = 40


@require_GET
@page("patients.see")
def changes(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Whom the latest change of the content moves, or an earlier one; and what it was."""
    reviews = EditionReview.objects.exclude(from_sha256="").order_by("-pk")
    review = get_object_or_404(reviews, pk=pk) if pk is not None else reviews.first()
    context: dict[str, Any] = {
        "review": review,
        "edition": library().edition,
        "sha256": library().sha256,
        "earlier": [each for each in reviews[:12] if review is None or each.pk != review.pk],
    }
    if review is not None:
        people = affected_by(review)
        shown = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
        context |= {
            "page": shown,
            "count": people.count(),
            "people": _people(review, list(shown)),
            "waiting": to_compare().filter(pk__gt=review.through).count()
            if review.finished_at is None
            else 0,
            "is_today": review.to_sha256 == library().sha256,
        } | _content(review)
    return render(request, "clinic/editions/changes.html", context)


def _people(review: EditionReview, patients: list[Patient]) -> list[dict[str, Any]]:
    effects = words.by_patient(review.effects.filter(patient__in=patients).order_by("pk"))
    causes = {f"content:{review.to_sha256[:16]}:{each.pk}": each.pk for each in patients}
    tasks = {
        causes[task.cause]: task
        for task in Task.objects.filter(cause__in=causes).select_related("owner").order_by("pk")
    }
    return [
        {
            "patient": each,
            "stage": Stage(each.stage).label,  # type: ignore[attr-defined]
            "effects": words.effect_lines(effects[each.pk]),
            "decision": each.decisions.order_by("-at", "-pk").first(),
            "task": tasks.get(each.pk),
        }
        for each in patients
    ]


def _content(review: EditionReview) -> dict[str, Any]:
    try:
        before, after = content_of(review.from_sha256), content_of(review.to_sha256)
    except NoSuchContent as fault:
        return {"apart": [], "no_content": str(fault)}
    return {"apart": words.difference_sections(before, after), "no_content": ""}


@require_GET
@page("patients.see")
def decision_again(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A decision's verdicts: then, judged anew from its own content, and under today's."""
    patient = patient_or_404(request, number)
    made = get_object_or_404(
        ScreeningDecision.objects.select_related("by", "patient"), pk=pk, patient=patient
    )
    again = explain_again(made)
    titles = {each.pack: each.title for each in again.packs}
    context = {
        "patient": patient,
        "card": card_of(patient),
        "made": made,
        "again": again,
        "rows": words.again_rows(again),
        "guards": words.guard_rows(again),
        "parts": words.parted_rows(again, titles | {"safeguards": "Safeguards"}),
        "as_of": kept_day((made.inputs or {}).get("as_of")),
        "edition": library().edition,
        "sha256": library().sha256,
        "same_content": made.content_sha256 == library().sha256,
    }
    return render(request, "clinic/screening/again.html", context)
