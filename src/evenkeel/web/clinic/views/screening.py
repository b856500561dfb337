"""Screening: what is known, what is missing, what each pack says, what a prescriber decides."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.verdicts.verdicts import choice_words
from evenkeel.web.clinic import charts, childbearing, screening_conflicts, screening_why
from evenkeel.web.clinic import screening_details as details
from evenkeel.web.clinic import screening_parts as parts
from evenkeel.web.clinic.forms.screening import Unreadable, trial_of, value_of
from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import FactAnswer, Patient, ScreeningDecision
from evenkeel.web.records.selectors.patients import chart_of
from evenkeel.web.records.selectors.screening import answers_to, one_pack, screening_of
from evenkeel.web.records.services import screening as services
from evenkeel.web.ui.words import local


def _today() -> date:
    return local(timezone.now()).date()


def _show(
    request: HttpRequest,
    patient: Patient,
    *,
    refusal: str = "",
    about: str = "",
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    everything = request.GET.get("show") == "all"
    seen = screening_of(patient, as_of=_today(), everything=everything)
    may_answer = permissions.may(request.user, "facts.answer")
    is_prescriber = permissions.may(request.user, "screening.decide")
    context = {
        "patient": patient,
        "card": card_of(patient) | {"warnings": charts.warnings(chart_of(patient))},
        "seen": seen,
        "as_of": seen.check.facts.as_of,
        "facts": parts.fact_lines(seen),
        "strip": parts.question_strip(seen, may_judge=is_prescriber),
        "heads": parts.heads(seen),
        "guards": parts.guards_row(seen),
        "rows": parts.table_rows(seen),
        "change": screening_why.change_cells(seen),
        "why": screening_why.cards(seen),
        "conflicts": screening_conflicts.of(seen),
        "swapped": bool(request.headers.get("HX-Request")),
        "said": parts.spoken(seen),
        "not_understood": len(seen.check.problems),
        "everything": everything,
        "criteria": sum(len(each.criteria) for each in seen.check.packs),
        "may_answer": may_answer,
        "may_decide": is_prescriber,
        "may_packet": permissions.may(request.user, "packets.see"),
        "deciding": parts.deciding(seen, typed or {}),
        "plan": parts.plan_act(seen, permissions.may(request.user, "courses.plan")),
        "decisions": [
            (each, parts.pack_name(each.pack, seen.content))
            for each in patient.decisions.select_related("by").order_by("-at", "-pk")[:8]
        ],
        "refusal": refusal,
        "about": about,
        "typed": typed or {},
    }
    return render(
        request, "clinic/screening/screening.html", context, status=422 if refusal else 200
    )


@require_GET
@page("patients.see")
def screening(request: HttpRequest, number: str) -> HttpResponse:
    """Packs side by side, with what is known and what is missing."""
    return _show(request, patient_or_404(request, number))


@require_POST
@page("facts.answer")
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Keep one answer; the page comes back with the verdicts that it makes."""
    patient = patient_or_404(request, number)
    asked = request.POST.get("fact", "")
    name, typed_value = asked, request.POST.get("value", "")
    if typed_value == childbearing.DOES_NOT_APPLY:
        seen = screening_of(patient, as_of=_today())
        if childbearing.may_not_apply(seen, asked):
            name, typed_value = childbearing.meant_by_not_applying(asked)
    content = library()
    if name != TRIALS and name not in content.dictionary:
        raise Http404("There is no such fact.")
    try:
        value: Any
        if name == TRIALS:
            value = _with_trial(patient, request)
        else:
            value = value_of(content.dictionary[name], typed_value)
        services.answer_fact(
            patient=patient,
            name=name,
            value=value,
            by=request.user,
            at=timezone.now(),
            said_by=_said_by(request, name),
            note=request.POST.get("note", "").strip(),
            once=once_of(request),
        )
    except (Unreadable, services.UnreadableAnswer, permissions.Denied) as fault:
        typed = {key: str(text) for key, text in request.POST.items()}
        if request.POST.get("from") == "fact":
            return _show_fact(request, patient, asked, refusal=str(fault), typed=typed)
        return _show(request, patient, refusal=str(fault), about=asked, typed=typed)
    if request.headers.get("HX-Request"):
        return _show(request, patient)
    messages.success(request, "The answer was kept.")
    back = "clinic:screening_fact" if request.POST.get("from") == "fact" else "clinic:screening"
    args = [patient.number, asked] if back.endswith("fact") else [patient.number]
    return redirect(reverse(back, args=args))


def _said_by(request: HttpRequest, name: str) -> str:
    chosen = request.POST.get("said_by", "")
    if chosen in FactAnswer.SaidBy.values:
        return chosen
    asked_of = library().dictionary[name].asked_of if name != TRIALS else "prescriber"
    return "patient" if asked_of == "patient" else "clinician"


def _with_trial(patient: Patient, request: HttpRequest) -> list[Any]:
    """The trials known so far, with the one that was typed or without the one struck out."""
    rows = answers_to(patient, TRIALS)
    known = list(rows[0].value or []) if rows else []
    struck = request.POST.get("strike", "")
    if struck:
        if not struck.isdecimal() or int(struck) >= len(known):
            raise Unreadable("This trial is not in the list any more. Nothing was changed.")
        return known[: int(struck)] + known[int(struck) + 1 :]
    return [*known, trial_of(request.POST)]


@require_POST
@page("screening.decide")
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Keep the prescriber's decision."""
    patient = patient_or_404(request, number)
    try:
        made = services.decide(
            patient=patient,
            pack=request.POST.get("pack", ""),
            product=request.POST.get("product", ""),
            indication=request.POST.get("indication", ""),
            choice=request.POST.get("choice", ""),
            reason=request.POST.get("reason", ""),
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except services.CannotDecide as fault:
        typed = {key: str(text) for key, text in request.POST.items()}
        return _show(request, patient, refusal=str(fault), about="decision", typed=typed)
    messages.success(request, f"Decided: {made.get_choice_display()}.")
    return redirect("clinic:screening", patient.number)


@require_GET
@page("patients.see")
def fact(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One fact: what is known, where from, every answer so far, and a way to correct it."""
    if name != TRIALS and name not in library().dictionary:
        raise Http404("There is no such fact.")
    return _show_fact(request, patient_or_404(request, number), name)


def _show_fact(
    request: HttpRequest,
    patient: Patient,
    name: str,
    *,
    refusal: str = "",
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    content = library()
    seen = screening_of(patient, as_of=_today())
    definition = None if name == TRIALS else content.dictionary[name]
    rows = answers_to(patient, name)
    context = {
        "patient": patient,
        "card": card_of(patient),
        "name": name,
        "definition": definition,
        "line": parts.fact_line(seen, name) if definition else None,
        "widget": parts.widget(definition, seen) if definition else None,
        "answers": [details.past_answer(row, definition) for row in rows],
        "trials": details.trial_lines(rows, seen) if definition is None else [],
        "used_by": details.used_by(seen, name),
        "may_answer": permissions.may(request.user, "facts.answer"),
        "may_judge": permissions.may(request.user, "screening.decide"),
        "why_asked": childbearing.WHY_ASKED if childbearing.is_asked_gently(seen, name) else "",
        "sayers": FactAnswer.SaidBy.choices,
        "refusal": refusal,
        "typed": typed or {},
    }
    return render(request, "clinic/screening/fact.html", context, status=422 if refusal else 200)


@require_GET
@page("patients.see")
def pack(request: HttpRequest, number: str, pack: str) -> HttpResponse:
    """Every criterion of one pack for this person, with source, place and mark."""
    patient = patient_or_404(request, number)
    content = library()
    if pack not in content.packs:
        raise Http404("There is no such pack.")
    seen = one_pack(patient, pack, as_of=_today())
    result = seen.check
    context = {
        "patient": patient,
        "card": card_of(patient),
        "pack": content.packs[pack],
        "verdict": result.packs[0],
        "why": screening_why.cards(seen)[0],
        "as_of": result.facts.as_of,
        "groups": details.criterion_groups(result.packs[0], content),
        "edition": content.edition,
        "sha256": content.sha256,
    }
    return render(request, "clinic/screening/pack.html", context)


@require_GET
@page("patients.see")
def decision(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A decision as it was made: verdicts, facts and content of that day."""
    patient = patient_or_404(request, number)
    made = get_object_or_404(ScreeningDecision.objects.select_related("by"), pk=pk, patient=patient)
    content = library()
    context = {
        "patient": patient,
        "card": card_of(patient),
        "made": made,
        "packs": details.stored_packs(made, content),
        "facts": details.stored_facts(made, content),
        "pack_title": content.packs[made.pack].title if made.pack in content.packs else made.pack,
        "treats": f"{choice_words(made.indication)}, with {choice_words(made.product)}",
        "same_content": made.content_sha256 == content.sha256,
    }
    return render(request, "clinic/screening/decision.html", context)
