"""Walk the chain, then the seals, and name the first broken link.

The hashes are worked out again here, in Python, from the columns as they stand;
nothing of the trigger's SQL is reused but the rule of how a row is spelt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evenkeel.web.ledger import seals

GENESIS = hashlib.sha256(b"evenkeel ledger").digest()

_ROWS = """
    SELECT seq, prev_hash, hash,
           (extract(epoch FROM recorded_at) * 1000000)::bigint::text,
           (extract(epoch FROM happened_at) * 1000000)::bigint::text,
           actor_id::text, actor_name, actor_role, action, patient_id::text,
           subject_type, subject_id, sentence, reason, data::text
    FROM ledger_entry WHERE seq > %s ORDER BY seq LIMIT 5000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk found. ``broken_at`` is the entry of the first broken link, or None."""

    walked: int
    head: str
    broken_at: int | None = None
    because: str = ""
    sentence: str = ""

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def spell(fields: tuple[str | None, ...]) -> bytes:
    """The bytes that a row's hash covers: each field with its length, absent fields as a dash."""
    parts = []
    for field in fields:
        if field is None:
            parts.append(b"-;")
        else:
            data = field.encode()
            parts.append(b"%d:%b;" % (len(data), data))
    return b"".join(parts)


def _rows(cursor: Any) -> Iterator[tuple[Any, ...]]:
    last = -(2**62)
    while True:
        cursor.execute(_ROWS, [last])
        rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


def walk(cursor: Any) -> Walk:
    """Walk every entry in order. ``cursor`` is any DB-API cursor on the database.

    Run it in a repeatable-read transaction if writers are active.
    """
    expected, before, count = 1, GENESIS, 0
    for seq, prev_hash, stored, *rest in _rows(cursor):
        sentence = rest[9]
        if seq != expected:
            return Walk(
                walked=count, head=before.hex(), broken_at=expected,
                because=f"entry {expected} is gone: entry {seq} follows {expected - 1}",
            )  # fmt: skip
        computed = hashlib.sha256(before + spell((str(seq), *rest))).digest()
        if bytes(prev_hash) != before:
            because = f"entry {seq} does not follow from entry {seq - 1}: its link was changed"
        elif bytes(stored) != computed:
            because = f"entry {seq} does not say what it said when it was written"
        else:
            expected, before, count = seq + 1, computed, count + 1
            continue
        return Walk(
            walked=count, head=before.hex(), broken_at=seq, because=because, sentence=sentence
        )
    cursor.execute("SELECT seq, hash FROM ledger_head WHERE id = 1")
    head = cursor.fetchone()
    if head is None:
        because = "the head of the chain is gone, so its end cannot be told"
    elif head[0] > count:
        because = (
            f"entry {count + 1} is gone: the chain ends at entry {count}, but its head "
            f"remembers entry {head[0]}"
        )
    elif head[0] < count or bytes(head[1]) != before:
        because = f"the head remembers another end than entry {count}: rows were added past it"
    else:
        return Walk(walked=count, head=before.hex())
    return Walk(walked=count, head=before.hex(), broken_at=count + 1, because=because)


def examine(cursor: Any) -> Walk:
    """The chain, and every row that an entry of it vouches for.

    Run it in a repeatable-read transaction if writers are active.
    """
    found = walk(cursor)
    if not found.whole:
        return found
    broken = seals.first_broken(cursor)
    if broken is None:
        return found
    return Walk(
        walked=found.walked,
        head=found.head,
        broken_at=broken.seq,
        because=broken.because,
        sentence=broken.sentence,
    )
