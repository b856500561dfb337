"""What is seen and felt at the chair, one tap each, and what is taken back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.alarms import Sample, evaluate
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.services import readings
from evenkeel.web.records.services.timeline import (
    NotNow,
    before,
    believable,
    head,
    hold,
    in_the_chair,
    write,
)


@transaction.atomic
def tap_level(
    *,
    treatment: Treatment,
    scale: str,
    level: int,
    by: Any,
    at: datetime,
    now: datetime,
    client: UUID,
) -> TreatmentEvent:
    """One tap: sedation or dissociation. A low sedation raises its alarm at once."""
    treatment, at, row = _charting(treatment, e.LevelTapped.kind, by, at, now, client)
    if row is not None:
        return row
    try:
        event = e.LevelTapped(
            **head(client, by=by, at=at, now=now),
            scale=e.Scale(scale),
            level=level,
        )
    except ValueError as fault:
        raise NotNow(f"{fault}. Nothing was written.") from fault
    row = write(
        treatment,
        event,
        by=by,
        sentence=f"{by.short_name} recorded {scale} of {treatment.patient.short_name}.",
    )
    state = selectors.state_of(treatment, now)
    if state.is_watched and event.scale is e.Scale.SEDATION:
        made = evaluate(
            limits=selectors.limits_in_force(treatment),
            alarms=state.alarms,
            sample=Sample(
                id=event.id,
                sign=scale,
                at=at,
                origin="hand",
                value=Decimal(level),
                by=by.short_name,
            ),
            recorded_at=now,
            whose=str(treatment.pk),
        )
        readings.store_alarms(treatment, made)
    return row


@transaction.atomic
def note_symptom(
    *,
    treatment: Treatment,
    name: str,
    note: str = "",
    by: Any,
    at: datetime,
    now: datetime,
    client: UUID,
) -> TreatmentEvent:
    """Something the patient felt or the nurse saw."""
    treatment, at, row = _charting(treatment, e.SymptomNoted.kind, by, at, now, client)
    if row is not None:
        return row
    if not name.strip():
        raise NotNow("Say what was seen or felt. Nothing was written.")
    event = e.SymptomNoted(
        **head(client, by=by, at=at, now=now),
        name=name.strip()[:60],
        note=note.strip()[:500],
    )
    return write(
        treatment,
        event,
        by=by,
        sentence=f"{by.short_name} noted a symptom of {treatment.patient.short_name}.",
    )


@transaction.atomic
def check_done(
    *,
    treatment: Treatment,
    signs: tuple[str, ...],
    note: str = "",
    by: Any,
    at: datetime,
    now: datetime,
    client: UUID,
) -> TreatmentEvent:
    """A person looked and says these signs were checked.

    Raises:
        NotNow: no sign is named, or one that the rules of this treatment do not check.
    """
    treatment, at, row = _charting(treatment, e.CheckDone.kind, by, at, now, client)
    if row is not None:
        return row
    known = {sign for check in selectors.rules_of(treatment).file.checks for sign in check.signs}
    if not signs or not set(signs) <= known:
        raise NotNow(
            f"A check names what was looked at: {', '.join(sorted(known))}. Nothing was written."
        )
    event = e.CheckDone(**head(client, by=by, at=at, now=now), signs=signs, note=note)
    return write(
        treatment,
        event,
        by=by,
        sentence=f"{by.short_name} checked {treatment.patient.short_name} in person.",
    )


@transaction.atomic
def undo(
    *,
    treatment: Treatment,
    supersedes: UUID,
    reason: str,
    by: Any,
    at: datetime,
    now: datetime,
    client: UUID,
) -> TreatmentEvent:
    """An event no longer counts. It stays, struck through, with who and why."""
    treatment, at, row = _charting(treatment, e.Corrected.kind, by, at, now, client)
    if row is not None:
        return row
    wrong = TreatmentEvent.objects.filter(treatment=treatment, client=supersedes).first()
    if wrong is None:
        raise NotNow("What was to be corrected is not in this treatment. Nothing was written.")
    if wrong.kind not in e.CORRECTABLE:
        raise NotNow(
            "A dose, an alarm, an override or a departure is not taken back by a tap. Nothing was "
            "written. Record what happened next instead."
        )
    earlier = TreatmentEvent.objects.filter(supersedes=wrong).select_related("by").first()
    if earlier is not None:
        return earlier
    event = e.Corrected(
        **head(client, by=by, at=max(at, wrong.at), now=now),
        supersedes=str(supersedes),
        reason=reason or "undo",
    )
    return write(
        treatment,
        event,
        by=by,
        sentence=(
            f"{by.short_name} struck out {wrong.kind.replace('_', ' ')} of "
            f"{treatment.patient.short_name}; it stays readable."
        ),
        reason=reason or "undo",
    )


def _charting(
    treatment: Treatment, kind: str, by: Any, at: datetime, now: datetime, client: UUID
) -> tuple[Treatment, datetime, TreatmentEvent | None]:
    """Permission, lock, idempotency, time and place: what every charted tap needs."""
    permissions.check_may(by, "treatments.chart")
    treatment = hold(treatment)
    row = before(client, treatment, kind, by)
    if row is not None:
        return treatment, at, row
    at = believable(at, now, treatment)
    in_the_chair(treatment, selectors.state_of(treatment, at))
    return treatment, at, None
