"""Who was being treated on which chair, and from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q

from evenkeel.web.records.models import Patient, PatientIdentifier, Treatment

_LOOK_BACK = timedelta(hours=24)  # a treatment and a night; older readings match nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One treatment on a chair: from check-in until the person left, or still there."""

    treatment_id: int
    chair_number: int
    chair_name: str
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
    found = (
        Treatment.objects.filter(Q(chair_id__in=chairs) | Q(chair__number__in=numbers))
        .select_related("chair")
        .annotate(
            opened_at=Min("events__at", filter=Q(events__kind="checked_in")),
            closed_at=Max("events__at", filter=Q(events__kind__in=["left", "cancelled"])),
        )
        .filter(opened_at__isnull=False)
    )
    live = Q(status__in=Treatment.OPEN)
    if since is not None:
        live |= Q(period__endswith__gte=since - _LOOK_BACK)
    rows = list(found.filter(live).order_by("-opened_at")[:200])
    known: dict[int, set[str]] = {row.patient_id: set() for row in rows}
    for identifier in PatientIdentifier.objects.filter(patient_id__in=known):
        known[identifier.patient_id].add(identifier.value)
    return [
        Window(
            treatment_id=row.pk,
            chair_number=row.chair.number,
            chair_name=row.chair.name,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
            names=frozenset({Patient(pk=row.patient_id).number, *known[row.patient_id]}),
        )
        for row in rows
    ]
