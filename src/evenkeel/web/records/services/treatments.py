"""The patient arrives and is let in or not: checking in, answers, overrides, the go.

What fits where the treatment stands is asked of the folded state at the time of
the act, so that a tap kept offline is judged by the minute it was made in.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.conditions import Condition, Standing
from evenkeel.core.monitoring.fold import Phase
from evenkeel.core.monitoring.gate import GATE_CONDITIONS
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.services.signatures import Signature
from evenkeel.web.records.services.timeline import (
    NotNow,
    before,
    believable,
    head,
    hold,
    in_the_chair,
    set_status,
    write,
)

REASON_LETTERS = 15
ANSWERS = GATE_CONDITIONS | {"weight", "escort_present", "instructions"}


@transaction.atomic
def check_in(
    *, treatment: Treatment, by: Any, at: datetime, client: UUID | None = None
) -> TreatmentEvent:
    """The patient is here and sits on the booked chair.

    Raises:
        Denied: the role may not. NotNow: not booked, or somebody sits on the chair.
    """
    permissions.check_may(by, "treatments.check_in")
    client = client or uuid.uuid4()
    treatment = hold(treatment)
    if (row := before(client, treatment, e.CheckedIn.kind, by)) is not None:
        return row
    if treatment.status != Treatment.Status.BOOKED:
        raise NotNow(
            f"{treatment.patient.short_name} is not waiting to be checked in: this treatment is "
            f"{treatment.get_status_display()}. Nothing was changed."
        )
    sitting = (
        Treatment.objects.filter(chair=treatment.chair, status__in=Treatment.OPEN)
        .select_related("patient")
        .first()
    )
    if sitting is not None:
        raise NotNow(
            f"{treatment.chair.name} is taken: {sitting.patient.short_name} has not left yet. One "
            "chair holds one person, so that a monitor's readings go to the right record. Let "
            f"{sitting.patient.short_name} leave first, or book another chair."
        )
    set_status(treatment, Treatment.Status.CHECKED_IN)
    event = e.CheckedIn(**head(client, by=by, at=at), chair=treatment.chair.name)
    return write(
        treatment,
        event,
        by=by,
        sentence=f"{treatment.patient.short_name} was checked in on {_chair(treatment)}.",
    )


def _chair(treatment: Treatment) -> str:
    name = treatment.chair.name
    return name[:1].lower() + name[1:]


@transaction.atomic
def answer(
    *,
    treatment: Treatment,
    condition: str,
    values: dict[str, str],
    by: Any,
    at: datetime,
    now: datetime,
    client: UUID,
) -> TreatmentEvent:
    """Write down what was said about one condition of the gate or of leaving."""
    permissions.check_may(by, "treatments.chart")
    if condition not in ANSWERS:
        raise NotNow(f"{condition!r} is not asked here. Nothing was written.")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.Answered.kind, by)) is not None:
        return row
    at = believable(at, now, treatment)
    in_the_chair(treatment, selectors.state_of(treatment, at))
    if condition == "escort" and values.get("name", "").strip():
        treatment.escort = values["name"].strip()
        treatment.save(update_fields=["escort"])
    event = e.Answered(
        **head(client, by=by, at=at, now=now),
        condition=condition,
        values={name: value.strip() for name, value in values.items() if value.strip()},
    )
    return write(
        treatment,
        event,
        by=by,
        sentence=(
            f"{by.short_name} wrote down an answer for {treatment.patient.short_name}: "
            f"{condition.replace('_', ' ')}."
        ),
        data={"condition": condition},
    )


@transaction.atomic
def override(
    *,
    treatment: Treatment,
    gate: str,
    condition: str,
    reason: str,
    signature: Signature,
    at: datetime,
    client: UUID,
) -> TreatmentEvent:
    """A prescriber lets one condition pass, with a reason and a signature.

    It holds for the value that was judged and for no other, and stays visible.

    Raises:
        Denied: the signer may not override.
        NotNow: the condition is not open, may not be overridden, or the reason is too short.
    """
    by = signature.user
    permissions.check_may(by, "treatments.override")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.Overridden.kind, by)) is not None:
        return row
    state = selectors.state_of(treatment, at)
    in_the_chair(treatment, state)
    conditions = (
        selectors.gate_of(treatment, state).conditions
        if gate == "day"
        else selectors.leave_of(treatment, state).conditions
    )
    found = next((c for c in conditions if c.key == condition), None)
    _check_override(found, reason)
    assert found is not None
    event = e.Overridden(
        **head(client, by=by, at=at),
        condition=condition,
        reason=reason.strip(),
        judged=found.judged,
        gate=gate,
    )
    return write(
        treatment,
        event,
        by=by,
        action="treatment.overridden",
        sentence=(
            f"{by.short_name} overrode “{found.title}” for {treatment.patient.short_name}, "
            f"signed, with a reason."
        ),
        reason=reason.strip(),
        data={"condition": condition, "gate": gate},
    )


def _check_override(condition: Condition | None, reason: str) -> None:
    if condition is None or condition.standing in {Standing.MET, Standing.NOT_APPLICABLE}:
        raise NotNow("There is nothing to override: the condition is met. Nothing was written.")
    if condition.standing is Standing.OVERRIDDEN:
        raise NotNow(f"“{condition.title}” is overridden already. Nothing was written.")
    if not condition.may_override:
        raise NotNow(
            f"“{condition.title}” cannot be overridden by anybody: {condition.reason}. "
            "Nothing was written. Settle it, or cancel today."
        )
    if sum(letter.isalpha() for letter in reason) < REASON_LETTERS:
        raise NotNow(
            f"The reason is too short for another clinician to follow: write at least "
            f"{REASON_LETTERS} letters. Nothing was written."
        )


@transaction.atomic
def pass_gate(*, treatment: Treatment, by: Any, at: datetime, client: UUID) -> TreatmentEvent:
    """Write down that the gate says go, and until when.

    Raises:
        NotNow: it does not say go.
    """
    permissions.check_may(by, "treatments.gate")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.GateChecked.kind, by)) is not None:
        return row
    state = selectors.state_of(treatment, at)
    in_the_chair(treatment, state)
    gate = selectors.gate_of(treatment, state)
    if not gate.is_go or gate.go_until is None:
        raise NotNow(f"Not yet. {gate.why_not} Nothing was written.")
    set_status(treatment, Treatment.Status.GO)
    overridden = sum(c.standing is Standing.OVERRIDDEN for c in gate.conditions)
    more = f", {overridden} by override" if overridden else ""
    event = e.GateChecked(**head(client, by=by, at=at), expires_at=gate.go_until)
    return write(
        treatment,
        event,
        by=by,
        sentence=f"The day gate of {treatment.patient.short_name} says go{more}.",
        data={"conditions": {c.key: c.standing.value for c in gate.conditions}},
    )


@transaction.atomic
def cancel(
    *, treatment: Treatment, reason: str, by: Any, at: datetime, client: UUID
) -> TreatmentEvent:
    """No dose today. Only before a dose."""
    permissions.check_may(by, "treatments.gate")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.Cancelled.kind, by)) is not None:
        return row
    state = selectors.state_of(treatment, at)
    if state.dose is not None or state.phase not in {Phase.GATE, Phase.GO}:
        raise NotNow("Only a treatment without a dose can be cancelled. Nothing was changed.")
    if not reason.strip():
        raise NotNow("Say why today is cancelled; the next person reads it. Nothing was changed.")
    treatment.cancelled_reason = reason.strip()
    treatment.status = Treatment.Status.CANCELLED
    treatment.save(update_fields=["cancelled_reason", "status"])
    event = e.Cancelled(**head(client, by=by, at=at), reason=reason.strip())
    return write(
        treatment,
        event,
        by=by,
        sentence=f"{by.short_name} cancelled today's treatment of {treatment.patient.short_name}.",
        reason=reason.strip(),
    )
