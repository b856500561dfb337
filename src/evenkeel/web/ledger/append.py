"""Write one entry, inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, models

from evenkeel.web.ledger import seals
from evenkeel.web.ledger.models import Entry


class NotInTransaction(RuntimeError):
    """An entry outside a transaction could stand alone when its act fails."""


def with_one_full_stop(sentence: str) -> str:
    """A name at the end, "Nora E..", brings a full stop of its own."""
    doubled = sentence.endswith("..") and not sentence.endswith("...")
    return sentence.removesuffix(".") if doubled else sentence


def append(
    action: str,
    *,
    sentence: str,
    by: Any,
    at: datetime,
    patient: models.Model | None = None,
    subject: models.Model | None = None,
    data: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Append one act to the ledger: the act and its entry commit together or not at all.

    action: dotted name, ``treatment.checked_in``.
    sentence: what happened, for a person to read years later; names the person
        by given name and initial, never a diagnosis or a score.
    by: the account that did it, or None when a machine of the clinic did.
    at: when it happened, aware; when it was written is set by the database.
    subject: what it was done to; a row that may never change is sealed by its fingerprint.

    Raises:
        NotInTransaction: no transaction is open.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(f"{action} needs the transaction of the act that it describes")
    if at.tzinfo is None:
        raise ValueError(f"{action}: the time of an act needs its zone")
    # seq, recorded_at and both hashes are overwritten by the trigger.
    Entry.objects.bulk_create(
        [
            Entry(
                seq=0,
                recorded_at=at,
                happened_at=at,
                actor_id=by.pk if by is not None else None,
                actor_name=by.short_name if by is not None else "Evenkeel",
                actor_role=by.role if by is not None else "system",
                action=action,
                patient_id=patient.pk if patient is not None else None,
                subject_type=subject._meta.label_lower if subject is not None else "",
                subject_id=str(subject.pk) if subject is not None else "",
                sentence=with_one_full_stop(sentence),
                reason=reason,
                data={**(data or {}), **(seals.seal_of_row(subject) if subject else {})},
                prev_hash=b"",
                hash=b"",
            )
        ]
    )
