"""Writing to a treatment's timeline: one event, once, with its ledger entry.

Every act of the day ends here. The caller holds the transaction and the lock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from evenkeel.core.monitoring.events import Corrected, Event, body
from evenkeel.core.monitoring.fold import Phase, State
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import floor_channel
from evenkeel.web.records.models import Treatment, TreatmentEvent

# A tablet's clock may run this far ahead of the server's and still be believed.
MAY_BE_AHEAD = timedelta(seconds=90)
IN_THE_CHAIR = frozenset({Phase.GATE, Phase.GO, Phase.DOSING, Phase.PAUSED, Phase.OBSERVING})


class NotNow(Exception):
    """The act does not fit where the treatment stands. The message is fit for the screen."""


def hold(treatment: Treatment | int) -> Treatment:
    """The treatment with its row locked until the transaction ends."""
    key = treatment if isinstance(treatment, int) else treatment.pk
    return (
        Treatment.objects.select_for_update(of=("self",))
        .select_related("patient", "course", "chair", "nurse", "prescriber")
        .get(pk=key)
    )


def before(client: UUID, treatment: Treatment, kind: str, by: Any) -> TreatmentEvent | None:
    """The row that this client id made already, if it is the same act.

    Raises:
        NotNow: the id was used for something else.
    """
    row = TreatmentEvent.objects.filter(client=client).select_related("by").first()
    if row is None:
        return None
    same = (row.treatment_id, row.kind, row.by_id) == (treatment.pk, kind, by.pk if by else None)
    if not same:
        raise NotNow(
            "This screen sent the id of another act. Nothing was written. Reload the page."
        )
    return row


def believable(at: datetime, now: datetime, treatment: Treatment) -> datetime:
    """The time of an act as we may write it down.

    Raises:
        NotNow: it is in the future, or before the day began.
    """
    if at > now + MAY_BE_AHEAD:
        raise NotNow(
            "This act has a time that is still to come. Nothing was written. Check the clock of "
            "this device."
        )
    if at < now - timedelta(hours=24):
        raise NotNow(
            "This act is more than a day old. Nothing was written. Chart it as a note to the "
            "treatment instead."
        )
    return min(at, now)


def in_the_chair(treatment: Treatment, state: State) -> None:
    """The act needs the patient in the chair.

    Raises:
        NotNow: the patient has not come, or has left.
    """
    if state.phase not in IN_THE_CHAIR:
        raise NotNow(
            f"{treatment.patient.short_name} is not in the chair ({state.phase.value}). Nothing "
            "was written."
        )


def head(client: UUID, *, by: Any, at: datetime, now: datetime | None = None) -> dict[str, Any]:
    """What every event says of itself. ``now`` is when it is written down; ``at`` if None."""
    return {"id": str(client), "at": at, "recorded_at": now or at, "by": by.short_name}


def write(
    treatment: Treatment,
    event: Event,
    *,
    by: Any,
    sentence: str,
    reason: str = "",
    action: str = "",
    data: dict[str, Any] | None = None,
) -> TreatmentEvent:
    """One event, one ledger entry, one notification, all with the caller's commit."""
    said = body(event)
    superseded: TreatmentEvent | None = None
    if isinstance(event, Corrected):
        superseded = TreatmentEvent.objects.get(client=said.pop("supersedes"))
    row = TreatmentEvent.objects.create(
        treatment=treatment,
        kind=event.kind,
        data=said,
        client=UUID(event.id),
        at=event.at,
        by=by,
        supersedes=superseded,
    )
    kind: Any = "alarm" if event.kind.startswith("alarm_") else "event"
    floor_channel.tell(treatment_id=treatment.pk, kind=kind, ids=[row.pk])
    ledger.append(
        action or f"treatment.{event.kind}",
        sentence=sentence,
        by=by,
        at=event.at,
        patient=treatment.patient,
        subject=row,
        data={"treatment": treatment.pk, **(data or {})},
        reason=reason,
    )
    return row


def set_status(treatment: Treatment, status: str) -> None:
    treatment.status = status
    treatment.save(update_fields=["status"])
