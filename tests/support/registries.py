"""Random registries, and the same patients as facts for the walk of one patient.

The reading here shares nothing with the compiled queries: a row becomes facts in plain
Python, so that the two can disagree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import duckdb

from evenkeel.core.guidelines.terms.dictionary import Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range

AS_OF = date(2026, 11, 1)
_SQL = {Kind.YES_NO: "BOOLEAN", Kind.CHOICE: "VARCHAR", Kind.DAY: "DATE"}


@dataclass(frozen=True)
class Made:
    """columns: SQL types by name. rows: values by column, as JSON would write them."""

    columns: dict[str, str]
    rows: list[dict]


def made(samples, patients: int, random: Random) -> Made:
    """samples: by fact, as ``evenkeel.core.guidelines.tables.samples`` gives them."""
    columns, ranges = {"id": "BIGINT"}, set()
    for place, (name, each) in enumerate(samples.items()):
        kind = each.definition.kind
        if kind is not Kind.NUMBER:
            columns[name] = _SQL[kind]
        elif place % 3 == 0:
            ranges.add(name)
            columns[f"{name}__low"] = columns[f"{name}__high"] = "DOUBLE"
        else:
            columns[name] = "DECIMAL(18, 9)" if place % 3 == 1 else "DOUBLE"
        if each.definition.fresh_days and place % 2:
            columns[f"{name}__at"] = "DATE"
    rows = []
    for number in range(patients):
        absent, odd = random.choice([0, 0.03, 0.3, 0.8]), random.choice([0, 0.02, 0.15, 1])
        row = {"id": number + 1}
        for name, each in samples.items():
            value = random.choice(each.values) if random.random() < odd else each.well
            if random.random() < absent:
                value = None
            if name in ranges:
                row |= _ends(name, value, each, random)
            else:
                row[name] = _written(value)
            if f"{name}__at" in columns:
                row[f"{name}__at"] = _day(each.definition.fresh_days, absent, random)
        rows.append(row)
    return Made(columns, rows)


def _written(value):
    if isinstance(value, Range):
        return str(value.exact)
    return value.isoformat() if isinstance(value, date) else value


def _ends(name, value, each, random):
    """A point, a range up to a neighbouring limit, or a range without an end."""
    if value is None:
        return {f"{name}__low": None, f"{name}__high": None}
    other = random.choice(each.values).exact
    low, high = sorted([value.exact, other])
    ends = random.choice(
        [(value.exact, value.exact)] * 3 + [(low, high), (low, None), (None, high)]
    )
    return {f"{name}__{role}": None if end is None else str(end)
            for role, end in zip(("low", "high"), ends, strict=True)}  # fmt: skip


def _day(fresh_days, absent, random):
    """Mostly today; where much is missing also on both sides of too old, or no day at all."""
    ago = random.choice([0, fresh_days, fresh_days + 1, None]) if absent > 0.1 else 0
    return None if ago is None else (AS_OF - timedelta(days=ago)).isoformat()


def write(table: Made, place) -> None:
    """To a Parquet file, with the types of its columns."""
    lines = place.with_suffix(".jsonl")
    lines.write_text("\n".join(json.dumps(row) for row in table.rows) + "\n")
    asked = ", ".join(f"'{name}': '{kind}'" for name, kind in table.columns.items())
    with duckdb.connect() as db:
        db.execute(f"COPY (SELECT * FROM read_json('{lines}', format='newline_delimited', "
                   f"columns={{{asked}}}) ORDER BY id) TO '{place}'")  # fmt: skip


def as_facts(row, dictionary) -> Facts:
    """A row as the facts of one person on AS_OF."""
    names = dict.fromkeys(
        name.removesuffix("__low").removesuffix("__high").removesuffix("__at")
        for name in row if name != "id"
    )  # fmt: skip
    facts = {}
    for name in names:
        value = _value(row, name, dictionary[name].kind)
        at = row.get(f"{name}__at")
        fresh = dictionary[name].fresh_days
        old = at and fresh and (AS_OF - date.fromisoformat(at)).days > fresh
        if value is not None and not old:
            facts[name] = Fact(name=name, value=value)
    return Facts(AS_OF, facts)


def _value(row, name, kind):
    if kind is not Kind.NUMBER:
        value = row[name]
        return date.fromisoformat(value) if kind is Kind.DAY and value is not None else value
    if name in row:
        return None if row[name] is None else Range.exactly(Decimal(row[name]))
    low, high = row[f"{name}__low"], row[f"{name}__high"]
    if low is None and high is None:
        return None
    return Range(*(None if end is None else Decimal(end) for end in (low, high)))
