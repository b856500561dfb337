"""What a live screen is told about rows that were just committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evenkeel.web.records.models import Reading, TreatmentEvent
from evenkeel.web.records.selectors import readings

# name of the server-sent event, its data
Told = tuple[str, dict[str, Any]]


def told(*, treatment_id: int, kind: str, ids: Sequence[int]) -> list[Told]:
    """The events to send for these rows of one treatment; see ``web.live`` for their form."""
    if kind == "reading":
        rows = (
            Reading.objects.filter(treatment_id=treatment_id, pk__in=ids)
            .select_related("by")
            .order_by("at", "id")
        )
        signs = [readings.as_json(row) for row in rows]
        return [("reading", {"treatment": treatment_id, "readings": signs})] if signs else []
    events = (
        TreatmentEvent.objects.filter(treatment_id=treatment_id, pk__in=ids)
        .select_related("by")
        .order_by("id")
    )
    return [
        (
            "alarm" if row.kind.startswith("alarm_") else "event",
            {
                "treatment": treatment_id,
                "id": row.pk,
                "kind": row.kind,
                "at": row.at.isoformat(),
                "recorded_at": row.recorded_at.isoformat(),
                "by": row.by.short_name if row.by is not None else "",
                "data": row.data,
                "supersedes": row.supersedes_id,
            },
        )
        for row in events
    ]
