"""Telling the live screens that something was committed.

PostgreSQL delivers a notification when the transaction commits and drops it
when it is rolled back, so a screen never shows what was not stored.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from django.db import connection

CHANNEL = "evenkeel_floor"
Kind = Literal["reading", "event", "alarm"]
MOST_IDS = 200  # a payload holds 8,000 bytes


def tell(*, treatment_id: int, kind: Kind, ids: Sequence[int]) -> None:
    """Announce new rows of one treatment, inside the caller's transaction.

    kind: "reading" for Reading rows; "event" or "alarm" for TreatmentEvent rows.
    """
    for start in range(0, len(ids), MOST_IDS):
        some = list(ids[start : start + MOST_IDS])
        payload = {"treatment": treatment_id, "kind": kind, "id": some[0], "ids": some}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(payload, separators=(",", ":"))]
            )
