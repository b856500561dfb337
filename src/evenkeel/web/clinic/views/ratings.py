"""Send a questionnaire, and write down a clinician's rating."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evenkeel.core.instruments import ImpossibleAnswer
from evenkeel.core.instruments.catalogue import scale_of
from evenkeel.web.clinic.forms.ratings import ContactForm, RatingForm, SendForm
from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records.models import Assessment, AssessmentRequest, Patient
from evenkeel.web.records.selectors.scores import hours_after_dose
from evenkeel.web.records.services import contacts, links, questionnaires
from evenkeel.web.ui.words import clinic_zone, local


@require_http_methods(["GET", "POST"])
@page("questionnaires.send")
def send(request: HttpRequest, number: str) -> HttpResponse:
    """Send a questionnaire by e-mail, or hand over this tablet for it."""
    patient = patient_or_404(request, number)
    return _send_page(request, patient)


def _send_page(
    request: HttpRequest, patient: Patient, *, reach: ContactForm | None = None
) -> HttpResponse:
    posted = request.POST if request.method == "POST" and reach is None else None
    form = SendForm(posted)
    refusal = ""
    if posted is not None and form.is_valid():
        tablet = request.POST.get("how") == "tablet"
        try:
            asked = questionnaires.send(
                patient=patient,
                instrument=form.cleaned_data["instrument"],
                by=request.user,
                at=timezone.now(),
                due_at=None if tablet else _on_clinic_clock(form.cleaned_data["due_at"]),
                by_mail=not tablet,
                once=once_of(request),
            )
        except questionnaires.NotSent as fault:
            refusal = str(fault)
        else:
            if tablet and asked.link is not None:
                return hand_over(request, asked.link)
            when = "wait to be sent" if asked.sent_at else "are planned"
            messages.success(request, f"The questions to {patient.short_name} {when}.")
            return redirect("clinic:send_questionnaire", patient.number)
    asked_before = (
        AssessmentRequest.objects.filter(patient=patient)
        .select_related("link")
        .prefetch_related("assessments")
        .order_by("-id")[:12]
    )
    context = {
        "patient": patient,
        "card": card_of(patient),
        "form": form,
        "refusal": refusal,
        "reach": reach or ContactForm(initial={"email": patient.email, "phone": patient.phone}),
        "asked": [{"request": r, "short": scale_of(r.instrument).short} for r in asked_before],
    }
    status = 422 if refusal or form.errors or (reach and reach.errors) else 200
    return render(request, "clinic/today/send.html", context, status=status)


@require_POST
@page("questionnaires.send")
def own_page(request: HttpRequest, number: str) -> HttpResponse:
    """Mail the person a link to their own page."""
    patient = patient_or_404(request, number)
    try:
        questionnaires.send_own_page(
            patient=patient, by=request.user, at=timezone.now(), once=once_of(request)
        )
    except questionnaires.NotSent as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, f"The link to {patient.short_name} waits to be sent.")
    return redirect("clinic:send_questionnaire", patient.number)


@require_POST
@page("questionnaires.send")
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Correct where the person is reached."""
    patient = patient_or_404(request, number)
    reach = ContactForm(request.POST)
    if not reach.is_valid():
        return _send_page(request, patient, reach=reach)
    contacts.change(patient=patient, by=request.user, at=timezone.now(), **reach.cleaned_data)
    messages.success(request, "The address is kept. Send again what was not delivered.")
    return redirect("clinic:send_questionnaire", patient.number)


def _on_clinic_clock(typed: datetime | None) -> datetime | None:
    """A time typed without a zone is on the clinic's clock, whatever Django took it for."""
    return typed.replace(tzinfo=clinic_zone()) if typed is not None else None


def hand_over(request: HttpRequest, link: links.SingleUseLink) -> HttpResponse:
    """Turn this device over to the patient: staff are signed out of it first."""
    token = links.arm(link)
    logout(request)
    return redirect("portal:link", token)


@require_http_methods(["GET", "POST"])
@page("ratings.record")
def record(request: HttpRequest, number: str) -> HttpResponse:
    """A rating by its total; with ?corrects=ID a correction that supersedes."""
    patient = patient_or_404(request, number)
    old = None
    if request.GET.get("corrects", "").isdecimal():
        old = get_object_or_404(Assessment, pk=request.GET["corrects"], patient=patient)
    start = {
        "instrument": request.GET.get("instrument", ""),
        "taken_at": local(timezone.now()).strftime("%Y-%m-%dT%H:%M"),
    }
    if old is not None:
        at = local(old.at).strftime("%Y-%m-%dT%H:%M")
        start = {"instrument": old.instrument, "total": old.total, "taken_at": at}
    form = RatingForm(request.POST or None, initial=start, correcting=old is not None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        taken_at = _on_clinic_clock(typed["taken_at"])
        assert taken_at is not None
        try:
            questionnaires.record_rating(
                patient=patient,
                instrument=typed["instrument"],
                total=typed["total"],
                by=request.user,
                taken_at=taken_at,
                at=timezone.now(),
                supersedes=old,
                reason=typed.get("reason", ""),
                once=once_of(request),
            )
        except ImpossibleAnswer as fault:
            form.add_error("total", f"{fault}. Nothing was kept.")
        except questionnaires.NotSent as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, "The rating is kept.")
            return redirect("clinic:record_rating", patient.number)
    ratings = list(
        Assessment.objects.filter(patient=patient, via="clinician")
        .select_related("by", "superseded_by")
        .order_by("-at", "-id")[:20]
    )
    # By the record of today: a dose may be charted after the rating that followed it.
    hours = hours_after_dose(patient, [each.at for each in ratings])
    context = {
        "patient": patient,
        "card": card_of(patient),
        "form": form,
        "old": old,
        "ratings": [
            {"one": r, "scale": scale_of(r.instrument), "hours": since}
            for r, since in zip(ratings, hours, strict=True)
        ],
    }
    return render(request, "clinic/today/rating.html", context, status=422 if form.errors else 200)
