"""The dose: order, weight, first calculation, the second person, and the start."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from evenkeel.core.pharmacology.doses.dosing import CannotDose
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.clinic.forms.day import OrderForm, SecondCheckForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.treatment_parts import client_of, treatment_or_404
from evenkeel.web.clinic.views.dose_page import show_dose
from evenkeel.web.records import permissions
from evenkeel.web.records.selectors import dose_checks
from evenkeel.web.records.services import checking, giving, ordering
from evenkeel.web.records.services.register import DoesNotAddUp
from evenkeel.web.records.services.signatures import NotSigned, sign
from evenkeel.web.records.services.timeline import NotNow

_REFUSALS = (NotNow, CannotDose, DoesNotAddUp, NotSigned, permissions.Denied)


@never_cache
@require_GET
@page("floor.see")
def dose(request: HttpRequest, pk: int) -> HttpResponse:
    return show_dose(request, treatment_or_404(request, pk))


@require_POST
@page("dose.order")
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """A prescriber orders today's dose and alarm limits."""
    found = treatment_or_404(request, pk)
    form = OrderForm(request.POST)
    if not form.is_valid():
        return show_dose(request, found, order_form=form)
    typed = form.cleaned_data
    try:
        ordering.order_dose(
            treatment=found,
            mg_per_kg=typed["mg_per_kg"],
            mg=Decimal(typed["mg"]) if typed["mg"] else None,
            weight_basis=typed["weight_basis"] or "actual",
            minutes=int(typed["minutes"]) if typed["minutes"] is not None else None,
            limits=form.limits(),
            reason=typed["reason"],
            by=request.user,
            at=timezone.now(),
        )
    except _REFUSALS as refusal:
        return show_dose(request, found, order_form=form, refusal=str(refusal))
    return redirect("clinic:dose", pk)


@require_POST
@page("dose.calculate")
def first(request: HttpRequest, pk: int) -> HttpResponse:
    """The first calculation, from what is chosen out of the safe."""
    found = treatment_or_404(request, pk)
    chosen = [int(key) for key in request.POST.getlist("container") if key.isdecimal()]
    try:
        checking.first_check(
            treatment=found, container_ids=chosen, by=request.user, at=timezone.now()
        )
    except _REFUSALS as refusal:
        return show_dose(request, found, refusal=str(refusal))
    return redirect("clinic:dose", pk)


@require_POST
@page("dose.calculate")
def second(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person's own answer, signed on this tablet or on their own."""
    found = treatment_or_404(request, pk)
    now = timezone.now()
    standing = dose_checks.standing_of(found)
    leave_out = standing.first.by_id if standing.first else None
    nasal = product(found.course.product).devices is not None
    form = SecondCheckForm(request.POST, leave_out=leave_out, nasal=nasal)
    if not form.is_valid():
        return show_dose(request, found, second=form)
    try:
        signature = sign(
            request=request,
            user_id=form.cleaned_data["signer"],
            password=form.cleaned_data["password"],
            at=now,
        )
        check = checking.second_check(
            treatment=found, answers=form.answers(), signature=signature, at=now
        )
    except _REFUSALS as refusal:
        return show_dose(request, found, second=form, refusal=str(refusal))
    if check.agrees:
        return redirect("clinic:dose", pk)
    after = dose_checks.standing_of(found)
    if after.first is None:
        words = (
            "The two answers disagreed twice. Nothing of it counts; both start again, and "
            f"{found.prescriber.short_name} has been told."
        )
        return show_dose(request, found, refusal=words)
    off = [name for name in form.answers() if name not in after.agreed]
    words = (
        f"The {' and the '.join(off)} did not agree with the first answer. Nothing was given. "
        f"Work {'it' if len(off) == 1 else 'them'} out again from the order, the weight and the "
        "label."
    )
    return show_dose(request, found, second=form, refusal=words)


@require_POST
@page("dose.give")
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """The pump starts, or the first device is handed over."""
    found = treatment_or_404(request, pk)
    try:
        giving.start_dose(
            treatment=found, by=request.user, at=timezone.now(), client=client_of(request)
        )
    except _REFUSALS as refusal:
        return show_dose(request, found, refusal=str(refusal))
    return redirect("clinic:live", pk)
