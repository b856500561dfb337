"""Where a person is reached."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Patient


@transaction.atomic
def change(*, patient: Patient, email: str, phone: str, by: Any, at: datetime) -> Patient:
    """Keep another e-mail address or telephone number; the ledger says that it changed."""
    permissions.check_may(by, "questionnaires.send")
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    changed = [
        words
        for words, old, new in (
            ("e-mail address", patient.email, email),
            ("telephone number", patient.phone, phone),
        )
        if old != new
    ]
    if not changed:
        return patient
    patient.email, patient.phone = email, phone
    patient.save(update_fields=["email", "phone"])
    ledger.append(
        "patient.reached_elsewhere",
        sentence=f"{by.short_name} changed the {' and the '.join(changed)} of "
        f"{patient.short_name}.",
        by=by,
        at=at,
        patient=patient,
        subject=patient,
        data={"changed": changed},
    )
    return patient
