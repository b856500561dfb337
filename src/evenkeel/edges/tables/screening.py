"""A registry against packs: checked, screened, counted, written.

In: an open table, packs, what is supposed. Out: counts, and one row per patient in a
file. A table with a single bad value is refused whole, so that no verdict stands on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from sqlglot import exp

from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.tables.logic import all_of, column
from evenkeel.core.guidelines.tables.packs import (
    ANSWERS,
    Columns,
    CompiledPack,
    answered,
    compile_pack,
    joined_words,
    select,
)
from evenkeel.core.guidelines.tables.registry import (
    ID,
    Registry,
    UnreadableRegistry,
    read_columns,
)
from evenkeel.core.guidelines.tables.scenario import with_facts
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.terms.values import Value
from evenkeel.edges.tables.engine import TABLE, Engine

NAMED_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposition:
    """facts: supposed of every row, or where_unknown. packs: as they would be."""

    facts: Mapping[str, Value | None]
    where_unknown: bool
    packs: Mapping[str, Pack]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackCounts:
    """answers: patients by answer. deciding: by criterion and answer. missing: by fact.

    flow: patients by answer before and after, where something is supposed.
    """

    pack: Pack
    answers: dict[str, int]
    deciding: dict[str, dict[str, int]]
    missing: dict[str, int]
    after: dict[str, int]
    flow: dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Everything about one run but the rows. changed: by pack, (id, before, after)."""

    patients: int
    facts: tuple[str, ...]
    packs: tuple[PackCounts, ...]
    changed: dict[str, list[tuple[Any, str, str]]]


class Screen:
    """One table and the packs that are asked about it."""

    def __init__(
        self,
        engine: Engine,
        packs: Mapping[str, Pack],
        dictionary: Dictionary,
        as_of: date,
        *,
        ignored: tuple[str, ...] = (),
        facts: Mapping[str, Value | None] | None = None,
        supposed: Supposition | None = None,
    ) -> None:
        """Read the columns and compile the packs.

        Raises:
            UnreadableRegistry: columns that are no facts, or of the wrong shape.
            NotCompilable: a predicate that a table cannot reckon.
        """
        self.engine = engine
        self.registry = read_columns(
            engine.columns(), dictionary, as_of, ignored=ignored, from_text=engine.from_text
        )
        self._refuse_twice(facts or {})
        source = with_facts(self.registry, facts or {}, dictionary, where_unknown=False)
        self.packs = [
            compile_pack(pack, source.table, dictionary, f"p{place}_")
            for place, pack in enumerate(packs.values())
        ]
        self.after: list[CompiledPack] = []
        if supposed is not None:
            source = with_facts(
                source, supposed.facts, dictionary,
                where_unknown=supposed.where_unknown, prefix="if__",
            )  # fmt: skip
            self.after = [
                compile_pack(pack, source.table, dictionary, f"q{place}_")
                for place, pack in enumerate(supposed.packs.values())
            ]
        self.source: Registry = source

    def _refuse_twice(self, facts: Mapping[str, Value | None]) -> None:
        twice = [name for name in facts if name in self.registry.table.facts]
        if twice:
            raise UnreadableRegistry(
                [f"--fact {name}: the table has a column of it; use --if to suppose another value"
                 for name in twice]
            )  # fmt: skip

    def check(self) -> int:
        """Look at every row; gives the number of patients.

        Raises:
            UnreadableRegistry: every kind of bad value, with its count and first rows.
        """
        checks = self.registry.checks
        counted: Columns = {
            "patients": exp.Count(this=exp.Star()),
            "ids": exp.Count(this=exp.Distinct(expressions=[column(ID)])),
        }
        counted |= {f"c{n}": exp.CountIf(this=each.bad) for n, each in enumerate(checks)}
        ((patients, ids, *bad),) = self.engine.rows(select(counted, TABLE, star=False))
        faults: list[str] = []
        for check, count in zip(checks, bad, strict=True):
            if count:
                where = self.engine.bad_rows(check.bad, NAMED_ROWS)
                faults.append(f"column {check.column}: {check.words} ({_places(where, count)})")
        if ids < patients and not bad[0]:
            twice = self._twice()
            faults.append(f"column {ID}: {patients - ids} rows repeat a patient "
                          f"({', '.join(twice)}); each patient has one row")  # fmt: skip
        if patients == 0:
            faults.append("the table has no rows")
        if faults:
            raise UnreadableRegistry(faults)
        return int(patients)

    def _twice(self) -> list[str]:
        query = (
            exp.select(column(ID))
            .from_(exp.to_table(TABLE, quoted=True))
            .group_by(column(ID))
            .having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1)))
            .order_by(column(ID))
            .limit(NAMED_ROWS)
        )
        return [str(found) for (found,) in self.engine.rows(query)]

    def answered(self) -> exp.Select:
        """One row per patient: facts, conditions and answers, as small numbers."""
        facts = select(self.source.columns, TABLE, star=False)
        return answered([*self.packs, *self.after], facts)

    def result(self) -> exp.Select:
        """One row per patient, as it is written: answers in words, and why."""
        columns: Columns = {ID: column(ID)}
        for place, pack in enumerate(self.packs):
            name = pack.pack.id.replace("-", "_")
            columns |= _told(pack, name, f"{name}__")
            if self.after:
                columns |= _told(self.after[place], f"{name}__if", f"{name}__if_")
        return select(columns, self.answered(), star=False)

    def count(self, patients: int, *, changed: int = 0) -> Screening:
        """Count over all patients, and name the first who change."""
        wanted: Columns = {}
        for n, pack in enumerate(self.packs):
            wanted |= _counts(n, pack, self.after[n] if self.after else None)
        query = select({name: exp.CountIf(this=value) for name, value in wanted.items()},
                       self.answered(), star=False)  # fmt: skip
        rows = self.engine.rows(query) if wanted else [()]
        found = dict(zip(wanted, (int(value or 0) for value in rows[0]), strict=True))
        return Screening(
            patients=patients,
            facts=tuple(self.registry.table.facts),
            packs=tuple(_gathered(n, pack, found) for n, pack in enumerate(self.packs)),
            changed=self._changed(changed) if self.after and changed else {},
        )

    def _changed(self, at_most: int) -> dict[str, list[tuple[Any, str, str]]]:
        changed = {}
        for before, after in zip(self.packs, self.after, strict=True):
            differs = exp.NEQ(this=column(before.answer_name), expression=column(after.answer_name))
            columns = {ID: column(ID), "before": before.answer_words, "after": after.answer_words}
            query = select(columns, self.answered(), star=False).where(differs, copy=False)
            query = query.order_by(column(ID), copy=False).limit(at_most, copy=False)
            changed[before.pack.id] = [(a, b, c) for a, b, c in self.engine.rows(query)]
        return changed


def _told(pack: CompiledPack, name: str, prefix: str) -> Columns:
    return {
        name: pack.answer_words,
        f"{prefix}deciding": joined_words(pack.deciding),
        f"{prefix}missing": joined_words(pack.missing),
    }


def _is(pack: CompiledPack, code: int) -> exp.Expr:
    return exp.EQ(this=column(pack.answer_name), expression=exp.Literal.number(code))


def _counts(n: int, pack: CompiledPack, after: CompiledPack | None) -> Columns:
    """Conditions to be counted, named so that _gathered finds them again."""
    wanted: Columns = {f"{n} answer {a}": _is(pack, a) for a in range(len(ANSWERS))}
    for criterion, flag in pack.deciding.items():
        for a in range(1, len(ANSWERS)):
            wanted[f"{n} deciding {criterion} {a}"] = all_of([_is(pack, a), flag])
    for fact, flag in pack.missing.items():
        wanted[f"{n} missing {fact}"] = flag
    if after is not None:
        for a in range(len(ANSWERS)):
            for b in range(len(ANSWERS)):
                wanted[f"{n} flow {a} {b}"] = all_of([_is(pack, a), _is(after, b)])
    return wanted


def _gathered(n: int, pack: CompiledPack, found: Mapping[str, int]) -> PackCounts:
    words = [str(answer) for answer in ANSWERS]
    deciding = {
        criterion: {words[a]: found[f"{n} deciding {criterion} {a}"] for a in range(1, 4)}
        for criterion in pack.deciding
    }
    flow = {
        (before, after): found[f"{n} flow {a} {b}"]
        for a, before in enumerate(words)
        for b, after in enumerate(words)
        if f"{n} flow {a} {b}" in found
    }
    return PackCounts(
        pack=pack.pack,
        answers={word: found[f"{n} answer {a}"] for a, word in enumerate(words)},
        deciding=_most(deciding, lambda counts: sum(counts.values())),
        missing=_most({fact: found[f"{n} missing {fact}"] for fact in pack.missing}, int),
        after={word: sum(flow[(before, word)] for before in words) for word in words}
        if flow
        else {},
        flow=flow,
    )


def _most(counts: dict[str, Any], weight: Callable[[Any], int]) -> dict[str, Any]:
    """Those that count at all, most first."""
    kept = {name: each for name, each in counts.items() if weight(each)}
    return dict(sorted(kept.items(), key=lambda item: -weight(item[1])))


def _places(where: list[str], count: int) -> str:
    named = ", ".join(islice(where, NAMED_ROWS))
    more = count - len(where)
    return f"{named} and {more} more" if more > 0 else named
