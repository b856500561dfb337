"""Who may open a staff page, and whose record it shows.

Every staff view wears ``@page(act)``; the act is a row of records.permissions.
A look at a person's record is an act too and goes to the ledger, once an hour
per reader and person, so that the log stays readable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from evenkeel.web.ledger import append as ledger
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Patient

View = Callable[..., HttpResponse]
LOOKED_AT = "patient.looked_at"
LOOK_AGAIN_AFTER = timedelta(hours=1)


def page(act: str) -> Callable[[View], View]:
    """A page for those whose role allows ``act``; others get words, not a blank 403."""
    if act not in permissions.ACTS:
        raise ValueError(f"{act!r} is no act of records.permissions")

    def wear(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            try:
                permissions.check_may(request.user, act)
                return view(request, *args, **kwargs)
            except permissions.Denied as refusal:
                return denied(request, refusal)

        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return wear


def denied(request: HttpRequest, refusal: permissions.Denied) -> HttpResponse:
    """The page that says what is not allowed and who may do it."""
    return render(request, "403.html", {"refusal": str(refusal)}, status=403)


def patient_or_404(request: HttpRequest, number: str) -> Patient:
    """The person with this record number, and a look in the ledger.

    Raises:
        Http404: nobody has the number, or this reader may not know whether somebody has.
    """
    key = Patient.pk_of(number)
    patient = Patient.objects.filter(pk=key).first() if key is not None else None
    if patient is None or not permissions.may(request.user, "patients.see"):
        raise Http404("No person has this record number.")
    note_look(request, patient)
    return patient


def note_look(request: HttpRequest, patient: Patient) -> None:
    """Write the look down unless this reader's last one is less than an hour old."""
    now = timezone.now()
    recent = Entry.objects.filter(
        patient_id=patient.pk,
        actor_id=request.user.pk,
        action=LOOKED_AT,
        recorded_at__gt=now - LOOK_AGAIN_AFTER,
    )
    if request.method != "GET" or recent.exists():
        return
    with transaction.atomic():
        ledger.append(
            LOOKED_AT,
            sentence=f"{request.user.short_name} opened the record of {patient.short_name}.",
            by=request.user,
            at=now,
            patient=patient,
            subject=patient,
        )
