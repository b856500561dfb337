"""Fingerprints of rows outside the ledger, so that the chain vouches for them too.

An entry about a row of a table that only grows carries the SHA-256 of that row;
an entry that closes a set of rows (all readings of a treatment) carries one
over the set. Nulls are left out, so that a column added later, empty, changes
nothing. Which tables only grow is told by their owner; see ``TABLES``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

# Filled by the app that owns the tables, when it is ready.
TABLES: set[str] = set()

ROW = "row_sha256"
SET = "sealed_set"

_SPELT = "jsonb_strip_nulls(to_jsonb(t))::text"
_ONE = f"encode(sha256(convert_to({_SPELT}, 'UTF8')), 'hex')"
_ALL = (
    "count(*), encode(sha256(convert_to("
    f"coalesce(string_agg({_SPELT}, E'\\n' ORDER BY t.id), ''), 'UTF8')), 'hex')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """An entry whose row or set is no longer what it was."""

    seq: int
    because: str
    sentence: str


def seal_of_row(subject: models.Model) -> dict[str, Any]:
    """The row's fingerprint for an entry's data; empty for a table that may change."""
    table = subject._meta.db_table
    if table not in TABLES:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_ONE} FROM {_quoted(table)} t WHERE t.id = %s", [subject.pk])
        return {ROW: cursor.fetchone()[0]}


def seal_of_set(rows: type[models.Model], column: str, value: int) -> dict[str, Any]:
    """A fingerprint over all rows so far whose ``column`` is ``value``.

    The caller holds the lock that keeps others from adding to the set meanwhile.
    """
    table = rows._meta.db_table
    if table not in TABLES:
        raise ValueError(f"{table} may change, so a seal on it would break by itself")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(max(t.id), 0), {_ALL} FROM {_quoted(table)} t "
            f"WHERE t.{_quoted(column)} = %s",
            [value],
        )
        through, count, digest = cursor.fetchone()
    return {
        SET: {
            "table": table,
            "column": column,
            "value": value,
            "through": through,
            "count": count,
            "sha256": digest,
        }
    }


def first_broken(cursor: Any) -> Broken | None:
    """The earliest entry whose row or set was changed behind it. Run it after the walk."""
    found = [*_broken_rows(cursor), *_broken_sets(cursor)]
    return min(found, key=lambda broken: broken.seq, default=None)


def _broken_rows(cursor: Any) -> Iterator[Broken]:
    for table in sorted(TABLES):
        cursor.execute(
            f"SELECT e.seq, e.sentence, t.id IS NULL FROM ledger_entry e "
            f"LEFT JOIN {_quoted(table)} t ON t.id = e.subject_id::bigint "
            f"WHERE e.subject_type = %s AND jsonb_exists(e.data, %s) "
            f"AND (e.data ->> %s) IS DISTINCT FROM CASE WHEN t.id IS NULL THEN NULL "
            f"ELSE {_ONE} END ORDER BY e.seq LIMIT 1",
            [table.replace("_", ".", 1), ROW, ROW],
        )
        row = cursor.fetchone()
        if row is not None:
            seq, sentence, is_gone = row
            change = "is gone" if is_gone else "was changed"
            yield Broken(
                seq=seq,
                because=f"the row of {table} that entry {seq} stands for {change}",
                sentence=sentence,
            )


def _broken_sets(cursor: Any) -> Iterator[Broken]:
    cursor.execute(
        "SELECT seq, sentence, data -> %s FROM ledger_entry WHERE jsonb_exists(data, %s) "
        "ORDER BY seq",
        [SET, SET],
    )
    for seq, sentence, sealed in cursor.fetchall():
        sealed = _loaded(sealed)
        if sealed["table"] not in TABLES:
            because = f"entry {seq} seals a table that is not known"
            yield Broken(seq=seq, because=because, sentence=sentence)
            continue
        cursor.execute(
            f"SELECT {_ALL} FROM {_quoted(sealed['table'])} t "
            f"WHERE t.{_quoted(sealed['column'])} = %s AND t.id <= %s",
            [sealed["value"], sealed["through"]],
        )
        count, digest = cursor.fetchone()
        if (count, digest) != (sealed["count"], sealed["sha256"]):
            because = (
                f"the {sealed['count']} rows of {sealed['table']} that entry {seq} closed "
                f"are not what they were; there are {count}"
            )
            yield Broken(seq=seq, because=because, sentence=sentence)
            return


def _loaded(value: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(value) if isinstance(value, str | bytes) else value
    return loaded


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
