"""Rows for bulk writing, in the order in which they depend on each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import (
    Assessment,
    ConsentRecord,
    Container,
    CourseBaseline,
    DoseCheck,
    DoseOrder,
    MaintenanceDecision,
    Reading,
    RegisterEntry,
    Treatment,
    TreatmentEvent,
)

ORDER = (
    ConsentRecord,
    Treatment,
    Assessment,
    CourseBaseline,
    MaintenanceDecision,
    DoseOrder,
    DoseCheck,
    Container,
    RegisterEntry,
    TreatmentEvent,
    Reading,
)
# The chain's head is one row that each entry updates; short transactions keep its
# dead versions few, and with them each entry's cost.
ENTRIES_AT_ONCE = 300


class Rows:
    """Collects rows, then writes them table by table. Times recorded are those of the act."""

    def __init__(self) -> None:
        self.kept: dict[type[models.Model], list[Any]] = defaultdict(list)
        self.entries: list[tuple[datetime, Entry]] = []

    def add(self, row: Any) -> Any:
        self.kept[type(row)].append(row)
        return row

    def told(
        self, action: str, sentence: str, *, by: Any, at: datetime, patient: Any = None,
        subject: models.Model | None = None, data: dict[str, Any] | None = None, reason: str = "",
    ) -> None:  # fmt: skip
        """An entry for the ledger; ``subject`` may still lack its key."""
        entry = Entry(
            seq=0, recorded_at=at, happened_at=at,
            actor_id=by.pk if by else None,
            actor_name=by.short_name if by else "Evenkeel",
            actor_role=by.role if by else "system",
            action=action, patient_id=patient.pk if patient else None,
            sentence=sentence, reason=reason, data=data or {}, prev_hash=b"", hash=b"",
        )  # fmt: skip
        entry._subject = subject
        self.entries.append((at, entry))

    def write(self) -> None:
        """Everything, oldest acts first; the ledger in short transactions after it."""
        with transaction.atomic():
            for model in ORDER:
                rows = self.kept.pop(model, [])
                # A second check points to a first one, so it comes after it.
                turns: dict[bool, list[Any]] = {True: [], False: []}
                for row in rows:
                    turns[getattr(row, "turn", "first") == "first"].append(row)
                for part in (turns[True], turns[False]):
                    for row in part:
                        _fill_keys(row)
                    model._default_manager.bulk_create(part, batch_size=2000)
        assert not self.kept, list(self.kept)
        self.entries.sort(key=lambda pair: pair[0])
        entries = [entry for _, entry in self.entries]
        for entry in entries:
            if entry._subject is not None:
                entry.subject_type = entry._subject._meta.label_lower
                entry.subject_id = str(entry._subject.pk)
        for start in range(0, len(entries), ENTRIES_AT_ONCE):
            with transaction.atomic():
                Entry.objects.bulk_create(entries[start : start + ENTRIES_AT_ONCE])
        self.entries.clear()


def _fill_keys(row: models.Model) -> None:
    """Take the keys that related rows got when they were written."""
    fields: Sequence[Any] = row._meta.concrete_fields
    for field in fields:
        if field.is_relation and field.is_cached(row):
            related = field.get_cached_value(row)
            if related is not None:
                setattr(row, field.attname, related.pk)
