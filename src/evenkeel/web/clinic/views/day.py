"""The day: who comes, checking in, and the gate before the dose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evenkeel.core.monitoring.conditions import Condition, Standing
from evenkeel.core.monitoring.fold import Phase
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.clinic.forms.day import ASKED, CancelForm, OverrideForm, PressureForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.treatment_parts import (
    ROW,
    card,
    client_of,
    override_signed,
    treatment_or_404,
)
from evenkeel.web.clinic.views.dose_page import show_dose
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.services import readings, treatments
from evenkeel.web.records.services.signatures import NotSigned
from evenkeel.web.records.services.timeline import NotNow

_FIRST = {Standing.NOT_MET: 0, Standing.UNKNOWN: 1, Standing.JUDGE: 2, Standing.OVERRIDDEN: 3}


@require_GET
@page("floor.see")
def day(request: HttpRequest) -> HttpResponse:
    """Today's treatments in the order of their times."""
    now = timezone.now()
    zone = timeline.zone()
    today = now.astimezone(zone).date()
    rows = [
        t
        for t in Treatment.objects.filter(
            period__startswith__gte=now - timedelta(hours=24),
            period__startswith__lt=now + timedelta(hours=24),
        ).select_related("patient", "course", "chair", "nurse", "prescriber")
        if t.period.lower.astimezone(zone).date() == today or t.is_open
    ]
    context = {
        "rows": [
            {"treatment": t, "product": product(t.course.product).name, "start": t.period.lower}
            for t in rows
        ],
        "now": now,
        "may_check_in": permissions.may(request.user, "treatments.check_in"),
    }
    return render(request, "clinic/day/day.html", context)


@require_GET
@page("floor.see")
def treatment(request: HttpRequest, pk: int) -> HttpResponse:
    """The screen that this treatment needs now."""
    found = treatment_or_404(request, pk)
    phase = timeline.state_of(found, timezone.now()).phase
    if phase in {Phase.EXPECTED, Phase.CANCELLED}:
        return redirect("clinic:day")
    if phase is Phase.GATE:
        return redirect("clinic:gate", pk)
    return redirect("clinic:dose" if phase is Phase.GO else "clinic:live", pk)


@require_POST
@page("treatments.check_in")
def check_in(request: HttpRequest, pk: int) -> HttpResponse:
    found = treatment_or_404(request, pk)
    try:
        treatments.check_in(
            treatment=found, by=request.user, at=timezone.now(), client=client_of(request)
        )
    except NotNow as refusal:
        messages.error(request, str(refusal))
        return redirect("clinic:day")
    return redirect("clinic:gate", pk)


# --- the gate -------------------------------------------------------------------------


def _acts(condition: Condition) -> str:
    """The words on the button that settles a condition; empty when there is none here."""
    if condition.key == "pressure":
        return "Measure again" if condition.value != "Not measured" else "Measure"
    if condition.key in ASKED and condition.settle:
        return ASKED[condition.key].title
    return ""


def _show_gate(
    request: HttpRequest,
    found: Treatment,
    *,
    ask: str = "",
    form: forms.Form | None = None,
    judging: str = "",
    override: OverrideForm | None = None,
    cancelling: CancelForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    now = timezone.now()
    state = timeline.state_of(found, now)
    gate = timeline.gate_of(found, state)
    rows = [
        {
            "key": c.key,
            "row": ROW[c.standing],
            "title": f"{c.title}, by override" if c.override else c.title,
            "why": f"“{c.reason}”"
            if c.override
            else (c.reason if ROW[c.standing] not in {"yes", "na"} else ""),
            "fact": c.value,
            "origin": c.origin,
            "source": c.source,
            "act": _acts(c),
            "judge": c.may_override
            and c.standing in {Standing.JUDGE, Standing.NOT_MET, Standing.UNKNOWN},
            "consent": c.key.startswith("consent") and not c.standing.lets_through,
            "safeguards": c.key == "safeguards" and not c.standing.lets_through,
        }
        for c in sorted(gate.conditions, key=lambda c: _FIRST.get(c.standing, 4))
    ]
    judged = next((c for c in gate.conditions if c.key == judging), None)
    if ask == "pressure" and form is None:
        form = PressureForm()
    elif ask in ASKED and form is None:
        form = ASKED[ask]()
    bad = bool(refusal or (form and form.errors) or (override and override.errors))
    context = {
        "treatment": found,
        "card": card(found),
        "state": state,
        "gate": gate,
        "rows": rows,
        "ask": ask,
        "ask_title": "Measure by hand" if ask == "pressure" else getattr(form, "title", ""),
        "form": form,
        "judged": judged,
        "override": override or (OverrideForm() if judged else None),
        "cancelling": cancelling,
        "refusal": refusal,
        "rules": timeline.rules_of(found),
        "may_chart": permissions.may(request.user, "treatments.chart"),
        "open": found.is_open and state.dose is None,
    }
    return render(request, "clinic/day/gate.html", context, status=422 if bad else 200)


@never_cache
@require_GET
@page("floor.see")
def gate(request: HttpRequest, pk: int) -> HttpResponse:
    """Go, or not yet and why; ?ask= opens a question, ?judge= the override."""
    found = treatment_or_404(request, pk)
    cancelling = CancelForm() if "cancel" in request.GET else None
    return _show_gate(
        request,
        found,
        ask=request.GET.get("ask", ""),
        judging=request.GET.get("judge", ""),
        cancelling=cancelling,
    )


@require_http_methods(["POST"])
@page("treatments.chart")
def answer(request: HttpRequest, pk: int, condition: str) -> HttpResponse:
    """An answer to one question of the gate, or a pressure by hand."""
    found = treatment_or_404(request, pk)
    now = timezone.now()
    kind: Callable[..., forms.Form] | None = (
        PressureForm if condition == "pressure" else ASKED.get(condition)
    )
    if kind is None:
        raise Http404("This is not asked here.")
    form = kind(request.POST)
    back = "clinic:dose" if request.POST.get("back") == "dose" else "clinic:gate"
    if not form.is_valid():
        if back == "clinic:dose":
            return show_dose(request, found, weight=form)
        return _show_gate(request, found, ask=condition, form=form)
    try:
        if condition == "pressure":
            readings.record_by_hand(
                treatment=found,
                values={n: v for n, v in form.cleaned_data.items() if v is not None},
                at=now,
                now=now,
                by=request.user,
                client=client_of(request),
            )
        else:
            treatments.answer(
                treatment=found,
                condition=condition,
                values=form.values(now, timeline.zone()),  # type: ignore[attr-defined]
                by=request.user,
                at=now,
                now=now,
                client=client_of(request),
            )
    except (NotNow, readings.NotAReading) as refusal:
        return _show_gate(request, found, ask=condition, form=form, refusal=str(refusal))
    return redirect(back, pk)


@require_POST
@page("treatments.gate")
def override(request: HttpRequest, pk: int, condition: str) -> HttpResponse:
    """A prescriber signs on this tablet that one condition may pass."""
    found = treatment_or_404(request, pk)
    form = OverrideForm(request.POST)
    now = timezone.now()
    if not form.is_valid():
        return _show_gate(request, found, judging=condition, override=form)
    try:
        override_signed(request, found, form, gate="day", condition=condition, at=now)
    except (NotSigned, NotNow, permissions.Denied) as refusal:
        return _show_gate(request, found, judging=condition, override=form, refusal=str(refusal))
    return redirect("clinic:gate", pk)


@require_POST
@page("treatments.gate")
def go(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the go down and on to the dose."""
    found = treatment_or_404(request, pk)
    try:
        treatments.pass_gate(
            treatment=found, by=request.user, at=timezone.now(), client=client_of(request)
        )
    except NotNow as refusal:
        return _show_gate(request, found, refusal=str(refusal))
    return redirect("clinic:dose", pk)


@require_POST
@page("treatments.gate")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    found = treatment_or_404(request, pk)
    form = CancelForm(request.POST)
    if not form.is_valid():
        return _show_gate(request, found, cancelling=form)
    try:
        treatments.cancel(
            treatment=found,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
            client=client_of(request),
        )
    except NotNow as refusal:
        return _show_gate(request, found, refusal=str(refusal))
    messages.success(request, f"Today's treatment of {found.patient.short_name} is cancelled.")
    return redirect("clinic:day")
