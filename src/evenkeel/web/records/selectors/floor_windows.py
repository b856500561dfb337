"""Who was being treated on which chair, and from when to when.

Asked for every batch of messages, so it is one query in plain SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from evenkeel.web.records.models import Patient, Treatment

_LOOK_BACK = timedelta(hours=24)  # a treatment and a night; older readings match nobody
_MOST = 200
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_WINDOWS = """
SELECT t.id, c.number, c.name, co.product, t.patient_id, e.opened_at, e.closed_at,
       ARRAY(SELECT i.value FROM records_patientidentifier i WHERE i.patient_id = t.patient_id)
FROM records_treatment t
JOIN records_chair c ON c.id = t.chair_id
JOIN records_course co ON co.id = t.course_id
CROSS JOIN LATERAL (
    SELECT min(at) FILTER (WHERE kind = 'checked_in') AS opened_at,
           max(at) FILTER (WHERE kind <> 'checked_in') AS closed_at
    FROM records_treatmentevent
    WHERE treatment_id = t.id AND kind IN ('checked_in', 'left', 'cancelled')
) e
WHERE (t.chair_id = ANY(%s) OR c.number = ANY(%s))
  AND (t.status = ANY(%s) OR upper(t.period) >= %s)
  AND e.opened_at IS NOT NULL
ORDER BY e.opened_at DESC
LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One treatment on a chair: from check-in until the person left, or still there."""

    treatment_id: int
    chair_number: int
    chair_name: str
    product: str
    opened_at: datetime
    closed_at: datetime | None
    names: frozenset[str]

    def holds(self, at: datetime) -> bool:
        return self.opened_at <= at and (self.closed_at is None or at <= self.closed_at)

    def is_of(self, persons: Iterable[str]) -> bool:
        """Does a message that names these mean this person? Naming nobody passes."""
        said = set(persons)
        return not said or bool(said & self.names)


def windows_of(*, chairs: set[int], numbers: set[int], since: datetime | None) -> list[Window]:
    """Windows on these chairs (by key or by number), latest first, that may hold ``since``."""
    if not chairs and not numbers:
        return []
    ended_after = since - _LOOK_BACK if since is not None else _NEVER
    with connection.cursor() as cursor:
        cursor.execute(
            _WINDOWS, [list(chairs), list(numbers), list(Treatment.OPEN), ended_after, _MOST]
        )
        return [
            Window(
                treatment_id=row[0],
                chair_number=row[1],
                chair_name=row[2],
                product=row[3],
                opened_at=row[5],
                closed_at=row[6],
                names=frozenset({Patient(pk=row[4]).number, *row[7]}),
            )
            for row in cursor.fetchall()
        ]
