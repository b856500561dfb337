"""Readings as the core and the screens take them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from evenkeel.core.monitoring.alarms import Sample
from evenkeel.web.records.models import Reading

_PARTS = {"systolic_bp": "systolic", "diastolic_bp": "diastolic"}
_WATCHED = ("heart_rate", "spo2", "respiratory_rate")


def charted(treatment_id: int, *, by: datetime | None = None) -> Any:
    """The readings of a treatment that count, in the order measured. A query.

    by: only those measured or written down by then.
    """
    rows = Reading.objects.filter(treatment_id=treatment_id, superseded_by__isnull=True)
    if by is not None:
        rows = rows.filter(Q(at__lte=by) | Q(recorded_at__lte=by))
    return rows.select_related("by").order_by("at", "id")


def samples(rows: Iterable[Reading], *, by: datetime | None = None) -> list[Sample]:
    """Readings as ``core.monitoring`` takes them: one pressure from its parts.

    by: what was heard by then was measured by then, whatever a monitor's fast clock says.

    Readings without a value make none, so that a sign whose probe is off grows stale.
    Signs with a colon in their name come from a source that does not speak for the
    sign (a second pulse, an arterial line) and make none either.
    """
    found: list[Sample] = []
    pressures: dict[str, list[Reading]] = {}
    for row in rows:
        if row.value is None:
            continue
        if row.sign in _PARTS:
            pressures.setdefault(row.group or f"alone:{row.pk}", []).append(row)
        elif row.sign in _WATCHED:
            found.append(
                Sample(
                    id=f"reading:{row.pk}",
                    sign=row.sign,
                    at=row.at if by is None else min(row.at, by),
                    origin="hand" if row.message_id is None else "monitor",
                    value=row.value,
                    by=row.by.short_name if row.by is not None else "",
                )
            )
    for parts in pressures.values():
        first = min(parts, key=lambda row: row.pk)
        values = {_PARTS[row.sign]: row.value for row in parts}
        found.append(
            Sample(
                id=f"reading:{first.pk}",
                sign="pressure",
                at=first.at,
                origin="hand" if first.message_id is None else "monitor",
                systolic=values.get("systolic"),
                diastolic=values.get("diastolic"),
                by=first.by.short_name if first.by is not None else "",
            )
        )
    return sorted(found, key=lambda sample: (sample.at, sample.id))


def off(treatment_id: int, now: datetime) -> frozenset[str]:
    """Signs of which the newest reading says that the monitor has no value: a probe is off."""
    found = set()
    for sign in _WATCHED:
        newest = charted(treatment_id, by=now).filter(sign=sign).last()
        if newest is not None and newest.value is None:
            found.add(sign)
    return frozenset(found)


def as_json(row: Reading) -> dict[str, Any]:
    """One reading for a live screen; see ``web.live``."""
    return {
        "id": row.pk,
        "sign": row.sign,
        "at": row.at.isoformat(),
        "recorded_at": row.recorded_at.isoformat(),
        "value": None if row.value is None else f"{row.value.normalize():f}",
        "unit": row.unit,
        "absent": row.absent,
        "group": row.group,
        "origin": "hand" if row.message_id is None else "monitor",
        "by": row.by.short_name if row.by is not None else "",
        "note": row.note,
        "supersedes": row.supersedes_id,
    }
