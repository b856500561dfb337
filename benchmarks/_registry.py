"""The registry that the benchmarks of screening share: a million synthetic patients."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range
from evenkeel.core.guidelines.verdicts.verdicts import Finding, judge_pack
from evenkeel.edges.tables.example import example, write_example

AS_OF = date(2026, 11, 1)
PACK = "esketamine-us"
PLACE = Path(__file__).resolve().parents[1] / "var" / "peers" / "registry.parquet"
# What a finding is called where only true, false and null are known.
HOLDS = {Finding.MET: True, Finding.NOT_APPLICABLE: True, Finding.NOT_MET: False,
         Finding.UNKNOWN: None, Finding.JUDGE: None}  # fmt: skip


def registry(patients: int) -> Path:
    """Write it, if it is not there."""
    content = library()
    place = PLACE.with_stem(f"registry-{patients}-{content.sha256[:8]}")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        query = example([content.packs[PACK]], content.dictionary, AS_OF, patients=patients, seed=1)
        write_example(query, place)
    return place


def first(place: Path, patients: int) -> dict[int, Facts]:
    """The first patients, as facts for the walk of one patient."""
    found = duckdb.sql(f"SELECT * FROM read_parquet('{place}') ORDER BY id LIMIT {patients}")
    names = found.columns
    return {row[0]: _facts(dict(zip(names, row, strict=True))) for row in found.fetchall()}


def _facts(row: dict[str, Any]) -> Facts:
    dictionary, facts = library().dictionary, {}
    for name, value in row.items():
        if value is None or name == "id" or name.endswith("__at"):
            continue
        at, fresh = row.get(f"{name}__at"), dictionary[name].fresh_days
        if at is not None and fresh and (AS_OF - at).days > fresh:
            continue
        number = not isinstance(value, bool | str | date)
        facts[name] = Fact(name=name, value=Range.exactly(value) if number else value)
    return Facts(AS_OF, facts)


def walked(facts: Facts) -> dict[str, bool | None]:
    """What our walk says of one patient, as the peer can say it."""
    verdict = judge_pack(library().packs[PACK], facts, library().dictionary)
    return {each.criterion.id: HOLDS[each.finding] for each in verdict.criteria}


def same(ours: dict[str, bool | None], peers: dict[str, Any]) -> bool:
    return all(peers[name] is value for name, value in ours.items())
