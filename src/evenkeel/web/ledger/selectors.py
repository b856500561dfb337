"""Reading the ledger: filters that people ask for, and a proof for outsiders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.db.models import Q, QuerySet

from evenkeel.web.ledger.models import Entry

# Charting takes a moment; what was written this much later is marked as such.
WRITTEN_LATER_AFTER = timedelta(minutes=2)


class Show(models.TextChoices):
    """What a reader wants to see."""

    EVERYTHING = "everything", "Everything"
    ACTS = "acts", "Acts"
    OVERRIDES = "overrides", "Overrides"
    CORRECTIONS = "corrections", "Corrections"
    LOOKS = "looks", "Who looked"


LOOK = Q(action__endswith=".looked_at")
OVERRIDE = Q(action__endswith=".overridden")
CORRECTION = Q(action__endswith=".corrected")

_FILTERS = {
    Show.EVERYTHING: Q(),
    Show.ACTS: ~LOOK,
    Show.OVERRIDES: OVERRIDE,
    Show.CORRECTIONS: CORRECTION,
    Show.LOOKS: LOOK,
}


def entries(
    *, show: Show, patient_id: int | None = None, actor_name: str = "", words: str = ""
) -> QuerySet[Entry]:
    """Entries, newest first."""
    found = Entry.objects.filter(_FILTERS[show]).order_by("-seq")
    if patient_id is not None:
        found = found.filter(patient_id=patient_id)
    if actor_name:
        found = found.filter(actor_name=actor_name)
    if words:
        found = found.filter(sentence__icontains=words)
    return found


def actors() -> list[str]:
    """Everybody who has done something, by name."""
    return list(
        Entry.objects.order_by("actor_name").values_list("actor_name", flat=True).distinct()
    )


def kind_of(entry: Entry) -> tuple[str, str]:
    """The kind of a line and the words of its tag."""
    if entry.action.endswith(".looked_at"):
        return "look", "looked at"
    if entry.action.endswith(".overridden"):
        return "override", "override"
    if entry.action.endswith(".corrected"):
        return "correction", "correction"
    if entry.recorded_at - entry.happened_at > WRITTEN_LATER_AFTER:
        return "later", "written later"
    return "act", ""


def last_check() -> Entry | None:
    """The newest entry that says whether the chain was whole."""
    return Entry.objects.filter(action="ledger.checked").order_by("-seq").first()


def proof() -> Iterator[str]:
    """The whole ledger as lines of JSON, every hashed column spelt as it was hashed.

    The first line says how to check the others without this program.
    """
    columns = [
        "seq",
        "recorded_at_us",
        "happened_at_us",
        "actor_id",
        "actor_name",
        "actor_role",
        "action",
        "patient_id",
        "subject_type",
        "subject_id",
        "sentence",
        "reason",
        "data",
    ]
    head: dict[str, Any] = {
        "columns": columns,
        "hash": "sha256(previous hash + concatenation of 'byte length:value;' per column, "
        "or '-;' for null, UTF-8)",
        "genesis": "sha256('evenkeel ledger')",
    }
    yield json.dumps(head) + "\n"
    with connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                "SELECT seq, encode(hash, 'hex'), jsonb_build_array(seq::text,"
                " ledger_micros(recorded_at), ledger_micros(happened_at), actor_id::text,"
                " actor_name, actor_role, action, patient_id::text, subject_type, subject_id,"
                " sentence, reason, data::text)::text"
                " FROM ledger_entry WHERE seq > %s ORDER BY seq LIMIT 2000",
                [last],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            for seq, fingerprint, row in rows:
                last = seq
                yield f'{{"hash": "{fingerprint}", "row": {row}}}\n'
