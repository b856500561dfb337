"""Alarms answered, silenced, and handed on when nobody answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.fold import State
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Task, Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.services import tasks
from evenkeel.web.records.services.timeline import NotNow, before, believable, head, hold, write

# Not clinical: the task is late at once, since the alarm already is.
ANSWER_WITHIN = timedelta(minutes=1)


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
    # An answer cannot come before its alarm, whatever a tablet's clock says.
    at = max(believable(at, now, treatment), alarm.raised_at)
    event = e.AlarmAcknowledged(**head(client, by=by, at=at, now=now), key=key)
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
    event = e.AlarmSilenced(**head(client, by=by, at=now), key=key, until=until)
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
