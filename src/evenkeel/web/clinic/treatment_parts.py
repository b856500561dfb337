"""What every screen of one treatment needs: the treatment, its card, its rows, a signature."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from evenkeel.core.monitoring.conditions import Standing
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.core.protocols.library import protocol
from evenkeel.web.clinic.forms.day import OverrideForm
from evenkeel.web.clinic.guards import note_look
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment
from evenkeel.web.records.services import treatments
from evenkeel.web.records.services.signatures import sign

# How a condition's row is drawn.
ROW = {
    Standing.MET: "yes",
    Standing.NOT_MET: "no",
    Standing.JUDGE: "judge",
    Standing.UNKNOWN: "unknown",
    Standing.NOT_APPLICABLE: "na",
    Standing.OVERRIDDEN: "overridden",
}


def treatment_or_404(request: HttpRequest, pk: int) -> Treatment:
    """The treatment, and a look at its person in the ledger."""
    treatment = get_object_or_404(
        Treatment.objects.select_related("patient", "course", "chair", "nurse", "prescriber"), pk=pk
    )
    if not permissions.may(request.user, "floor.see"):
        raise Http404("No treatment has this number.")
    note_look(request, treatment.patient)
    return treatment


def card(treatment: Treatment) -> dict[str, Any]:
    """The patient card with the course as the day names it.

    "3 of 6" within the series that the protocol fixes; after it nobody knows how many there
    will be, so it is "no. 42".
    """
    series = protocol(treatment.course.protocol).phases[0].treatments
    number = treatment.ordinal
    words = f"{number} of {series}" if series and number <= series else f"no. {number}"
    name = product(treatment.course.product).name
    return {**card_of(treatment.patient), "course": f"{name}, {words}"}


def client_of(request: HttpRequest) -> UUID:
    """The id this page gave its act, or a new one."""
    return once_of(request) or uuid4()


def override_signed(
    request: HttpRequest,
    treatment: Treatment,
    form: OverrideForm,
    *,
    gate: str,
    condition: str,
    at: datetime,
) -> None:
    """A prescriber's signature on this tablet, then the override. The form is valid.

    Raises:
        NotSigned, NotNow, Denied.
    """
    signature = sign(
        request=request,
        user_id=form.cleaned_data["signer"],
        password=form.cleaned_data["password"],
        at=at,
    )
    treatments.override(
        treatment=treatment,
        gate=gate,
        condition=condition,
        reason=form.cleaned_data["reason"],
        signature=signature,
        at=at,
        client=client_of(request),
    )
