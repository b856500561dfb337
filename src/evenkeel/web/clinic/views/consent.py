"""Consent as staff see it: where each purpose stands, asking, withdrawing, the signed record."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.web.clinic.forms.consent import LABELS, AskForm, WithdrawForm
from evenkeel.web.clinic.guards import note_look, page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.clinic.views.ratings import hand_over
from evenkeel.web.records import consent_texts, permissions
from evenkeel.web.records.models import ConsentRecord, Patient, Purpose, SingleUseLink
from evenkeel.web.records.selectors.consent import history, standings
from evenkeel.web.records.services import consent as services


def _show(
    request: HttpRequest,
    patient: Patient,
    *,
    ask: AskForm | None = None,
    withdrawing: WithdrawForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    now = timezone.now()
    stands = standings(patient, at=now)
    still = [s.purpose for s in stands if not s.verdict.is_yes]
    given = [s.purpose for s in stands if s.record is not None and s.record.answer == "given"]
    asked = SingleUseLink.objects.filter(
        patient=patient, kind=SingleUseLink.Kind.CONSENT
    ).prefetch_related("mails")
    context = {
        "patient": patient,
        "card": card_of(patient),
        "standings": stands,
        "history": history(patient),
        "links": [
            {
                "link": link,
                "about": [LABELS[Purpose(one)] for one in link.scope["purposes"]],
                "mail": link.mails.last(),
                "open": link.expires_at > now,
            }
            for link in asked.order_by("-id")[:6]
        ],
        "ask": ask or AskForm(initial={"purposes": still}),
        "withdrawing": withdrawing or WithdrawForm(),
        # After a refusal the form stays, with what was typed.
        "may_withdraw": (bool(given) or withdrawing is not None)
        and permissions.may(request.user, "consent.withdraw"),
        "refusal": refusal,
        "may_ask": permissions.may(request.user, "consent.send"),
    }
    bad = refusal or (ask and ask.errors) or (withdrawing and withdrawing.errors)
    return render(request, "clinic/consent/consent.html", context, status=422 if bad else 200)


@require_GET
@page("patients.see")
def consent(request: HttpRequest, number: str) -> HttpResponse:
    """Where each purpose stands."""
    return _show(request, patient_or_404(request, number))


@require_POST
@page("consent.send")
def ask(request: HttpRequest, number: str) -> HttpResponse:
    """Send the texts by e-mail, or hand over this tablet."""
    patient = patient_or_404(request, number)
    form = AskForm(request.POST)
    if not form.is_valid():
        return _show(request, patient, ask=form)
    tablet = request.POST.get("how") == "tablet"
    try:
        link = services.ask(
            patient=patient,
            purposes=form.cleaned_data["purposes"],
            by=request.user,
            at=timezone.now(),
            by_mail=not tablet,
            once=once_of(request),
        )
    except services.NotYet as fault:
        return _show(request, patient, ask=form, refusal=str(fault))
    if tablet:
        return hand_over(request, link)
    messages.success(request, f"The texts to {patient.short_name} wait to be sent.")
    return redirect("clinic:consent", patient.number)


@require_POST
@page("consent.withdraw")
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Write down that the person withdrew."""
    patient = patient_or_404(request, number)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _show(request, patient, withdrawing=form)
    try:
        services.withdraw(
            patient=patient,
            purpose=form.cleaned_data["purpose"],
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except services.NotYet as fault:
        return _show(request, patient, withdrawing=form, refusal=str(fault))
    messages.success(request, "The withdrawal is written down and holds from now on.")
    return redirect("clinic:consent", patient.number)


@require_GET
@page("patients.see")
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """One signed answer with the text as it was, to print."""
    found = get_object_or_404(ConsentRecord.objects.select_related("patient", "by"), pk=pk)
    note_look(request, found.patient)
    text = consent_texts.version_of(found.purpose, found.version, found.language)
    unchanged = text is not None and text.sha256 == found.text_sha256
    tries = []
    if text is not None:
        asked = {question.id: question for question in text.questions}
        for one in found.understanding:
            answers = [
                {
                    "ask": asked[i].ask,
                    "said": asked[i].answers[n].words,
                    "right": i not in one["wrong"],
                }
                for i, n in one["answers"].items()
                if i in asked and n < len(asked[i].answers)
            ]
            tries.append({"at": one["at"], "answers": answers})
    context = {
        "record": found,
        "patient": found.patient,
        "text": text,
        "unchanged": unchanged,
        "tries": tries,
    }
    return render(request, "clinic/consent/record.html", context)
