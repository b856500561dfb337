"""Antidepressant trials of one person: judged side by side, added, corrected, removed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.clinic import trial_parts as parts
from evenkeel.web.clinic.forms.trials import TrialForm, drug_names, typed_of, typed_of_seen
from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.plots import trials as plot
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Patient
from evenkeel.web.records.selectors.trials import TrialHistory, trial_history_of
from evenkeel.web.records.services import trials as services
from evenkeel.web.ui.words import local


def _today() -> date:
    return local(timezone.now()).date()


@require_GET
@page("patients.see")
def trials(request: HttpRequest, number: str) -> HttpResponse:
    """The timeline, every trial under every definition, what is missing, the stage."""
    patient = patient_or_404(request, number)
    history = trial_history_of(patient, as_of=_today())
    context = {
        "patient": patient,
        "card": card_of(patient),
        "history": history,
        "picture": plot.draw(history),
        "counts": parts.counts(history),
        "lines": parts.trial_lines(history),
        "missing": parts.missing(history),
        "stage": parts.stage_lines(history),
        "seen": parts.seen_lines(history),
        "changes": parts.change_lines(history),
        "may_change": permissions.may(request.user, "facts.answer"),
    }
    return render(request, "clinic/trials/trials.html", context)


@require_http_methods(["GET", "POST"])
@page("facts.answer")
def add(request: HttpRequest, number: str) -> HttpResponse:
    """Add a trial; ``?seen=2`` fills in what the third entry of the record says, no more."""
    patient = patient_or_404(request, number)
    if request.method == "POST":
        form = TrialForm(request.POST, today=_today())
        if form.is_valid():
            refusal = _act(request, patient, form, services.add_trial, "The trial was added.")
            if refusal is None:
                return redirect("clinic:trials", patient.number)
            return _form_page(request, patient, form, refusal=refusal)
        return _form_page(request, patient, form)
    initial = {"said_by": "clinician"}
    seen = _seen(request, patient)
    if seen is not None:
        initial |= typed_of_seen(seen)
    return _form_page(request, patient, TrialForm(initial=initial, today=_today()), seen=seen)


def _seen(request: HttpRequest, patient: Patient) -> Any:
    place = request.GET.get("seen", "")
    if not place:
        return None
    history = trial_history_of(patient, as_of=_today())
    if not place.isdecimal() or len(place) > 6 or int(place) >= len(history.seen):
        raise Http404("There is no such entry in the record.")
    return history.seen[int(place)]


@require_http_methods(["GET", "POST"])
@page("facts.answer")
def correct(request: HttpRequest, number: str, place: int) -> HttpResponse:
    """Correct the trial at this place of the list, or remove it with a reason."""
    patient = patient_or_404(request, number)
    raw = _raw_at(trial_history_of(patient, as_of=_today()), place)
    if request.method == "POST":
        form = TrialForm(request.POST, today=_today())
        was = request.POST.get("was", "")
        if form.is_valid():
            refusal = _act(
                request, patient, form, services.correct_trial,
                "The correction was kept; the earlier entry stays in the history.", was=was,
            )  # fmt: skip
            if refusal is None:
                return redirect("clinic:trials", patient.number)
            return _form_page(request, patient, form, place=place, was=was, refusal=refusal)
        return _form_page(request, patient, form, place=place, was=was)
    form = TrialForm(initial=typed_of(raw) | {"said_by": "clinician"}, today=_today())
    was = services.fingerprint_of(raw)
    return _form_page(request, patient, form, place=place, was=was)


@require_POST
@page("facts.answer")
def remove(request: HttpRequest, number: str, place: int) -> HttpResponse:
    """Take a trial off the list, with the reason."""
    patient = patient_or_404(request, number)
    try:
        services.remove_trial(
            patient=patient,
            was=request.POST.get("was", ""),
            reason=request.POST.get("reason", ""),
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except services.CannotChangeTrials as fault:
        history = trial_history_of(patient, as_of=_today())
        if place >= len(history.raw):
            messages.error(request, str(fault))
            return redirect("clinic:trials", patient.number)
        raw = history.raw[place]
        form = TrialForm(initial=typed_of(raw) | {"said_by": "clinician"}, today=_today())
        return _form_page(
            request, patient, form, place=place, was=services.fingerprint_of(raw),
            refusal=str(fault),
        )  # fmt: skip
    messages.success(request, "The trial was removed; it stays in the history.")
    return redirect("clinic:trials", patient.number)


def _raw_at(history: TrialHistory, place: int) -> Any:
    if place >= len(history.raw):
        raise Http404("There is no trial at this place of the list.")
    return history.raw[place]


def _act(
    request: HttpRequest, patient: Patient, form: TrialForm, act: Any, done: str, **more: Any
) -> str | None:
    """Do it and say so; or the words of the refusal."""
    try:
        act(
            patient=patient,
            trial=form.trial,
            by=request.user,
            at=timezone.now(),
            said_by=form.cleaned_data["said_by"],
            note=form.cleaned_data["note"],
            once=once_of(request),
            **more,
        )
    except services.CannotChangeTrials as fault:
        return str(fault)
    messages.success(request, done)
    return None


def _form_page(
    request: HttpRequest,
    patient: Patient,
    form: TrialForm,
    *,
    place: int | None = None,
    was: str = "",
    refusal: str = "",
    seen: Any = None,
) -> HttpResponse:
    context = {
        "patient": patient,
        "card": card_of(patient),
        "form": form,
        "place": place,
        "was": was,
        "refusal": refusal,
        "seen": parts.seen_line(seen) if seen is not None else None,
        "names": drug_names(library()),
        "back": reverse("clinic:trials", args=[patient.number]),
    }
    status = 422 if refusal or form.errors else 200
    return render(request, "clinic/trials/form.html", context, status=status)
