"""The rows of a batch of messages, read and written in few statements.

The hot path of the gateway: plain SQL, one statement for a whole batch, whatever
the number of monitors. What is written where is decided in ``device_messages``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from evenkeel.web.records.floor_channel import CHANNEL, MOST_IDS
from evenkeel.web.records.models import Reading

Key = tuple[str, str, str]  # sender, control id, sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A registered device, and where it stands; no chair: it is carried about."""

    id: int
    name: str
    in_use: bool
    chair_id: int | None
    chair_number: int | None
    chair_name: str


def stored_before(keys: set[Key]) -> set[Key]:
    """Those of the keys that were acknowledged AA before."""
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sender, control_id, sha256 FROM records_devicemessage "
            "JOIN unnest(%s::text[], %s::text[], %s::text[]) AS asked (a, b, c) "
            "ON sender = a AND control_id = b AND sha256 = c WHERE ack IN ('AA', 'CA')",
            [list(column) for column in zip(*keys, strict=True)],
        )
        return {(row[0], row[1], row[2]) for row in cursor.fetchall()}


def devices(names: set[str]) -> dict[str, KnownDevice]:
    """The registered devices among these names."""
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.identifier, d.id, d.name, d.in_use, c.id, c.number, c.name "
            "FROM records_device d LEFT JOIN records_chair c ON c.id = d.chair_id "
            "WHERE d.identifier = ANY(%s)",
            [list(names)],
        )
        return {
            row[0]: KnownDevice(
                id=row[1], name=row[2], in_use=row[3], chair_id=row[4], chair_number=row[5],
                chair_name=row[6] or "",
            )
            for row in cursor.fetchall()
        }  # fmt: skip


_MESSAGE = (
    "received_at", "peer", "sender", "control_id", "kind", "sha256", "raw", "ack", "reason",
    "notes", "device_id", "treatment_id",
)  # fmt: skip
LONGEST = {"peer": 64, "sender": 400, "control_id": 200, "kind": 40}


def insert_messages(rows: Sequence[tuple[Any, ...]]) -> dict[Key, int]:
    """Insert messages; gives the row of each AA that was not there before."""
    values: list[Any] = []
    for row in rows:
        said = dict(zip(_MESSAGE, row, strict=True))
        values += [said[name][: LONGEST[name]] if name in LONGEST else
                   Jsonb(said[name]) if name == "notes" else said[name]
                   for name in _MESSAGE]  # fmt: skip
    place = f"({', '.join(['%s'] * len(_MESSAGE))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO records_devicemessage ({', '.join(_MESSAGE)}) "
            f"VALUES {', '.join([place] * len(rows))} "
            "ON CONFLICT (sender, control_id, sha256) WHERE ack IN ('AA', 'CA') DO NOTHING "
            "RETURNING id, sender, control_id, sha256, ack",
            values,
        )
        return {(r[1], r[2], r[3]): r[0] for r in cursor.fetchall() if r[4] == "AA"}


_READING = (
    "at", "message_id", "device_id", "treatment_id", "sign", "value", "unit", "absent", "as_sent",
    "group", "note",
)  # fmt: skip


def insert_readings(rows: Sequence[Reading]) -> None:
    """Insert readings and set their keys."""
    if not rows:
        return
    columns = ", ".join(f'"{name}"' for name in _READING)
    place = f"({', '.join(['%s'] * len(_READING))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO records_reading ({columns}) VALUES {', '.join([place] * len(rows))} "
            "RETURNING id",
            [getattr(row, name) for row in rows for name in _READING],
        )
        # PostgreSQL returns the rows of one INSERT … VALUES in the order of the values.
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key


def hold(treatments: Sequence[int]) -> None:
    """Lock these treatments until the transaction ends, in the order of their keys."""
    if not treatments:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM records_treatment WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
            [list(treatments)],
        )


def tell(readings: Mapping[int, Sequence[int]]) -> None:
    """Announce new readings of several treatments, as ``floor_channel.tell`` does of one."""
    payloads = [
        json.dumps({"treatment": treatment, "kind": "reading", "id": some[0], "ids": some},
                   separators=(",", ":"))
        for treatment, ids in readings.items()
        for start in range(0, len(ids), MOST_IDS)
        if (some := list(ids[start : start + MOST_IDS]))
    ]  # fmt: skip
    if payloads:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload",
                [CHANNEL, payloads],
            )
