"""Leaving: judged, released, and nothing forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.fold import Phase
from evenkeel.web.ledger import seals
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Reading, Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.services import courses
from evenkeel.web.records.services.timeline import NotNow, before, head, hold, set_status, write


@transaction.atomic
def judge_ready(
    *, treatment: Treatment, stable: bool, note: str, by: Any, at: datetime, client: UUID
) -> TreatmentEvent:
    """A nurse or prescriber says whether the patient is stable.

    Raises:
        NotNow: before the minimum is over, when the judgement would count for nothing.
    """
    permissions.check_may(by, "leaving.release")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.ReadyJudged.kind, by)) is not None:
        return row
    state = selectors.state_of(treatment, at)
    leave = selectors.leave_of(treatment, state)
    if state.phase is not Phase.OBSERVING:
        raise NotNow("Stability is judged after the dose is over. Nothing was written.")
    if stable and leave.earliest is not None and at < leave.earliest:
        raise NotNow(f"{leave.why_not} A judgement counts after that. Nothing was written.")
    event = e.ReadyJudged(**head(client, by=by, at=at), stable=stable, note=note.strip())
    word = "stable" if stable else "not yet stable"
    return write(
        treatment,
        event,
        by=by,
        sentence=f"{by.short_name} judged {treatment.patient.short_name} {word}.",
    )


@transaction.atomic
def release(*, treatment: Treatment, by: Any, at: datetime, client: UUID) -> TreatmentEvent:
    """The patient leaves; ``at`` is the discharge time.

    Raises:
        Denied: the role may not. NotNow: the gate to leave is not open, with what is missing.
    """
    permissions.check_may(by, "leaving.release")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.Left.kind, by)) is not None:
        return row
    state = selectors.state_of(treatment, at)
    leave = selectors.leave_of(treatment, state)
    if not leave.may_leave:
        raise NotNow(f"{leave.why_not} Nothing was written.")
    here = next((c for c in leave.conditions if c.key == "escort_present"), None)
    set_status(treatment, Treatment.Status.LEFT)
    event = e.Left(**head(client, by=by, at=at), escort=here.value if here else "")
    row = write(
        treatment,
        event,
        by=by,
        action="treatment.left",
        sentence=f"{treatment.patient.short_name} left, released by {by.short_name}.",
        data={
            "conditions": {c.key: c.standing.value for c in leave.conditions},
            # One seal over every reading: too many to stand in the ledger one by one.
            **seals.seal_of_set(Reading, "treatment_id", treatment.pk),
        },
    )
    courses.after_treatment(course=treatment.course, at=at)
    return row
