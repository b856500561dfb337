"""Random predicates and random packs mean the same in DuckDB as in the walk of one person."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.asked import asked, differing
from tests.support.predicates import WORDS, random_predicate, random_samples
from tests.support.registries import AS_OF, as_facts, made, write

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.predicates.tree import read_predicate
from evenkeel.core.guidelines.tables.logic import column
from evenkeel.core.guidelines.tables.numbers import NotCompilable
from evenkeel.core.guidelines.tables.packs import answered, compile_pack, joined_words, select
from evenkeel.core.guidelines.tables.registry import read_columns
from evenkeel.core.guidelines.verdicts.verdicts import judge_pack
from evenkeel.edges.tables.duckdb import DuckDB


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    table = made(random_samples(), 150, Random(7))
    place = tmp_path_factory.mktemp("people") / "people.parquet"
    write(table, place)
    return place, [as_facts(row, WORDS) for row in table.rows]


@pytest.fixture(scope="module")
def in_duckdb(people):
    engine = DuckDB(people[0], threads=1)
    yield engine, read_columns(engine.columns(), WORDS, AS_OF), people[1]
    engine.close()


@settings(max_examples=40)
@given(seed=st.integers(0, 2**40))
def test_any_predicate_means_the_same_in_duckdb(in_duckdb, seed):
    engine, registry, everybody = in_duckdb
    text = random_predicate(Random(seed))
    try:
        query = asked(registry, [text])
    except NotCompilable:
        assume(False)
    assert differing(engine.rows(query), [text], everybody)[:1] == []


def rule(random):
    """Strength, IF part and requirement; few are without an IF part."""
    applies = random_predicate(random) if random.random() < 0.8 else ""
    return random.choice(["must", "must", "should"]), applies, random_predicate(random)


def pack_of(rules):
    """Random criteria in place of those of a pack, otherwise like it."""
    like = library().packs["esketamine-us"]
    criteria = tuple(
        replace(
            like.criteria[0], id=f"X-{number}", strength=strength, applies_text=applies,
            applies_when=read_predicate(applies, WORDS) if applies else None,
            require=read_predicate(wanted, WORDS), require_text=wanted,
        )
        for number, (strength, applies, wanted) in enumerate(rules, 1)
    )  # fmt: skip
    return replace(like, criteria=criteria)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**40))
def test_any_pack_answers_the_same_in_duckdb(in_duckdb, seed):
    """Above all packs none of whose criteria may apply to somebody."""
    engine, registry, everybody = in_duckdb
    random = Random(seed)
    pack = pack_of([rule(random) for _ in range(random.randint(1, 2))])
    try:
        compiled = compile_pack(pack, registry.table, WORDS, "p_")
    except NotCompilable:
        assume(False)
    wanted = {
        "id": column("id"),
        "answer": compiled.answer_words,
        "deciding": joined_words(compiled.deciding),
        "missing": joined_words(compiled.missing),
    }
    facts = select(registry.columns, "registry", star=False)
    query = select(wanted, answered([compiled], facts), star=False).order_by(column("id"))
    for row, person in zip(engine.rows(query), everybody, strict=True):
        verdict = judge_pack(pack, person, WORDS)
        said = (row[1], row[2].split(), set(row[3].split()))
        told = [each.criterion.id for each in verdict.deciding]
        if said != (verdict.answer, told, set(verdict.missing)):
            assert (pack.criteria, person, said) == (None, None, verdict)
