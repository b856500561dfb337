"""The day: arriving, answering the gate, charting, alarms. One function per act.

What fits where the treatment stands is asked of the folded state at the time of
the act, so that a tap kept offline is judged by the minute it was made in.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.alarms import Sample, evaluate
from evenkeel.core.monitoring.conditions import Condition, Standing
from evenkeel.core.monitoring.fold import Phase, State
from evenkeel.core.monitoring.gate import GATE_CONDITIONS
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Task, Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.services import readings, tasks
from evenkeel.web.records.services.signatures import Signature
from evenkeel.web.records.services.timeline import (
    NotNow,
    before,
    believable,
    hold,
    set_status,
    write,
)

REASON_LETTERS = 15
# Not clinical: the task is late at once, since the alarm already is.
ANSWER_WITHIN = timedelta(minutes=1)
IN_THE_CHAIR = frozenset({Phase.GATE, Phase.GO, Phase.DOSING, Phase.PAUSED, Phase.OBSERVING})
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
    event = e.CheckedIn(
        id=str(client), at=at, recorded_at=at, by=by.short_name, chair=treatment.chair.name
    )
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
    _in_the_chair(treatment, selectors.state_of(treatment, at))
    if condition == "escort" and values.get("name", "").strip():
        treatment.escort = values["name"].strip()
        treatment.save(update_fields=["escort"])
    event = e.Answered(
        id=str(client),
        at=at,
        recorded_at=now,
        by=by.short_name,
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
    _in_the_chair(treatment, state)
    conditions = (
        selectors.gate_of(treatment, state).conditions
        if gate == "day"
        else selectors.leave_of(treatment, state).conditions
    )
    found = next((c for c in conditions if c.key == condition), None)
    _check_override(found, reason)
    assert found is not None
    event = e.Overridden(
        id=str(client),
        at=at,
        recorded_at=at,
        by=by.short_name,
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
    _in_the_chair(treatment, state)
    gate = selectors.gate_of(treatment, state)
    if not gate.is_go or gate.go_until is None:
        raise NotNow(f"Not yet. {gate.why_not} Nothing was written.")
    set_status(treatment, Treatment.Status.GO)
    overridden = sum(c.standing is Standing.OVERRIDDEN for c in gate.conditions)
    more = f", {overridden} by override" if overridden else ""
    event = e.GateChecked(
        id=str(client), at=at, recorded_at=at, by=by.short_name, expires_at=gate.go_until
    )
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
    event = e.Cancelled(
        id=str(client), at=at, recorded_at=at, by=by.short_name, reason=reason.strip()
    )
    return write(
        treatment,
        event,
        by=by,
        sentence=f"{by.short_name} cancelled today's treatment of {treatment.patient.short_name}.",
        reason=reason.strip(),
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
            id=str(client),
            at=at,
            recorded_at=now,
            by=by.short_name,
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
        id=str(client),
        at=at,
        recorded_at=now,
        by=by.short_name,
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
    """A person looked and says these signs were checked."""
    treatment, at, row = _charting(treatment, e.CheckDone.kind, by, at, now, client)
    if row is not None:
        return row
    event = e.CheckDone(
        id=str(client), at=at, recorded_at=now, by=by.short_name, signs=signs, note=note
    )
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
        id=str(client),
        at=max(at, wrong.at),
        recorded_at=now,
        by=by.short_name,
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


@transaction.atomic
def acknowledge_alarm(
    *, treatment: Treatment, key: str, by: Any, at: datetime, now: datetime, client: UUID
) -> TreatmentEvent:
    """A named person answers an alarm.

    Raises:
        NotNow: no such alarm is open, or somebody has answered it.
    """
    permissions.check_may(by, "alarms.acknowledge")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.AlarmAcknowledged.kind, by)) is not None:
        return row
    alarm = _alarm(selectors.state_of(treatment, now), key)
    if alarm.is_answered:
        raise NotNow(f"{alarm.acknowledged_by} has acknowledged it already. Nothing was written.")
    event = e.AlarmAcknowledged(
        # An answer cannot come before its alarm, whatever a tablet's clock says.
        id=str(client),
        at=max(believable(at, now, treatment), alarm.raised_at),
        recorded_at=now,
        by=by.short_name,
        key=key,
    )
    return write(
        treatment,
        event,
        by=by,
        action="alarm.acknowledged",
        sentence=(
            f"{by.short_name} acknowledged the {alarm.priority.value} alarm of "
            f"{treatment.patient.short_name}."
        ),
        data={"key": key},
    )


@transaction.atomic
def silence_alarm(
    *, treatment: Treatment, key: str, by: Any, now: datetime, client: UUID
) -> TreatmentEvent:
    """The sound is off for the minutes that the rules allow. It answers nothing."""
    permissions.check_may(by, "alarms.acknowledge")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.AlarmSilenced.kind, by)) is not None:
        return row
    alarm = _alarm(selectors.state_of(treatment, now), key)
    until = now + selectors.rules_of(treatment).seconds("silence_s")
    event = e.AlarmSilenced(
        id=str(client), at=now, recorded_at=now, by=by.short_name, key=key, until=until
    )
    return write(
        treatment,
        event,
        by=by,
        action="alarm.silenced",
        sentence=(
            f"{by.short_name} silenced the {alarm.priority.value} alarm of "
            f"{treatment.patient.short_name}; it stays unanswered."
        ),
        data={"key": key},
    )


def _alarm(state: State, key: str) -> Any:
    alarm = next((a for a in state.open_alarms if a.key == key), None)
    if alarm is None:
        raise NotNow("This alarm is over. Nothing was written.")
    return alarm


def _in_the_chair(treatment: Treatment, state: State) -> None:
    if state.phase not in IN_THE_CHAIR:
        raise NotNow(
            f"{treatment.patient.short_name} is not in the chair ({state.phase.value}). Nothing "
            "was written."
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
    _in_the_chair(treatment, selectors.state_of(treatment, at))
    return treatment, at, None


def escalate_alarms(*, at: datetime) -> int:
    """Hand alarms that nobody answered in time to the prescriber, as a task; how many.

    Run each minute. One alarm opens one task; answering the alarm does not close it,
    because somebody should say what was done.
    """
    opened = 0
    for treatment in selectors.open_treatments():
        rules = selectors.rules_of(treatment)
        for alarm in selectors.state_of(treatment, at).open_alarms:
            cause = f"alarm:{alarm.id}"
            if not alarm.is_escalated(rules, at) or Task.objects.filter(cause=cause).exists():
                continue
            tasks.open_task(
                kind=Task.Kind.SAFETY,
                title=f"Nobody answered a {alarm.priority.value} alarm, {treatment.chair.name}",
                due_at=at + ANSWER_WITHIN,
                at=at,
                patient=treatment.patient,
                course=treatment.course,
                owner=treatment.prescriber,
                cause=cause,
            )
            opened += 1
    return opened
