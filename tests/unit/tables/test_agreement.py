"""The walk of one patient, DuckDB and Spark say the same of thousands of patients.

All in one file, so that one worker starts Spark once.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.predicates import WORDS, random_predicate, random_samples
from tests.support.registries import AS_OF, as_facts, made, write

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.predicates.evaluate import evaluate
from evenkeel.core.guidelines.predicates.tree import read_predicate
from evenkeel.core.guidelines.tables.conditions import condition
from evenkeel.core.guidelines.tables.logic import column
from evenkeel.core.guidelines.tables.numbers import NotCompilable
from evenkeel.core.guidelines.tables.packs import (
    FINDINGS,
    answered,
    compile_pack,
    joined_words,
    select,
)
from evenkeel.core.guidelines.tables.registry import read_columns
from evenkeel.core.guidelines.tables.samples import samples
from evenkeel.core.guidelines.verdicts.verdicts import judge_pack
from evenkeel.edges.tables.duckdb import DuckDB
from evenkeel.edges.tables.screening import Screen
from evenkeel.edges.tables.spark import Spark, session

PATIENTS = 2000
PACKS = {**library().packs, **library().payers}
TRUTH = {1: True, 0: False, None: None}


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """A file of random patients, and what the walk says of each."""
    dictionary = library().dictionary
    table = made(samples(PACKS.values(), dictionary, AS_OF), PATIENTS, Random(20261101))
    place = tmp_path_factory.mktemp("tables") / "patients.parquet"
    write(table, place)
    walked = {}
    for row in table.rows:
        facts = as_facts(row, dictionary)
        walked[row["id"]] = [judge_pack(pack, facts, dictionary) for pack in PACKS.values()]
    return place, walked


@pytest.fixture(scope="module")
def spark():
    """Spark, started once; for few rows Java need not be compiled to run fast."""
    started = session(cores=2, java="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    started.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    yield lambda place: Spark(place, threads=2)
    started.stop()


def disagreements(engine, walked, findings_of=PACKS):
    """Everything that an engine says differently of any patient, pack by pack."""
    differ = []
    for place, (name, pack) in enumerate(PACKS.items()):
        screen = Screen(engine, {name: pack}, library().dictionary, AS_OF)
        if place == 0:
            assert screen.check() == len(walked)
        (compiled,) = screen.packs
        wanted = {
            "id": column("id"),
            "answer": compiled.answer_words,
            "deciding": joined_words(compiled.deciding),
            "missing": joined_words(compiled.missing),
            **{
                each.criterion.id: each.finding for each in compiled.criteria if name in findings_of
            },
        }
        for row in engine.rows(select(wanted, screen.answered(), star=False)):
            verdict = walked[row[0]][place]
            said = (row[1], row[2].split(), set(row[3].split()), [FINDINGS[n] for n in row[4:]])
            if said != (
                verdict.answer,
                [each.criterion.id for each in verdict.deciding],
                set(verdict.missing),
                [each.finding for each in verdict.criteria if name in findings_of],
            ):
                differ.append((row[0], name, said, verdict))
    return differ


def test_every_answer_and_every_finding_occurs(patients):
    """Otherwise agreement would say little."""
    _, walked = patients
    verdicts = [verdict for each in walked.values() for verdict in each]
    assert {str(v.answer) for v in verdicts if v.pack.id == "esketamine-us"} == {
        "yes", "no", "unknown", "judge",
    }  # fmt: skip
    assert {c.finding for v in verdicts for c in v.criteria} == set(FINDINGS)
    # Some packs say nothing of some patients.
    assert any(v.silent for v in verdicts)


def test_duckdb_agrees_with_the_walk_of_each_patient(patients):
    place, walked = patients
    assert disagreements(DuckDB(place), walked) == []


def test_spark_agrees_with_the_walk_of_each_patient(spark, patients):
    place, walked = patients
    # A plan of all findings of all packs takes Spark a minute to make.
    assert disagreements(spark(place), walked, findings_of={"apa-2017", "canmat-2021"}) == []


# Random predicates, over facts of every kind.


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


def asked(registry, texts):
    """One query for several predicates: answer, deciding and missing facts of each."""
    wanted = {}
    for place, text in enumerate(texts):
        told = condition(read_predicate(text, WORDS), registry.table)
        wanted[f"{place} value"] = told.value
        wanted[f"{place} deciding"] = joined_words(told.deciding)
        wanted[f"{place} missing"] = joined_words(told.missing)
    facts = select(registry.columns, "registry", star=False)
    return select({"id": column("id"), **wanted}, facts, star=False).order_by(column("id"))


def differing(rows, texts, everybody):
    differ = []
    for row, facts in zip(rows, everybody, strict=True):
        for place, text in enumerate(texts):
            value, deciding, missing = row[1 + 3 * place : 4 + 3 * place]
            outcome = evaluate(read_predicate(text, WORDS), facts)
            walked = (outcome.value, set(outcome.deciding), set(outcome.missing))
            if walked != (TRUTH[value], set(deciding.split()), set(missing.split())):
                differ.append((text, dict(facts.by_name), outcome, row[1 + 3 * place :][:3]))
    return differ


@settings(max_examples=60)
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
    like = PACKS["esketamine-us"]
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


def test_random_predicates_mean_the_same_in_spark(spark, people):
    place, everybody = people
    engine = spark(place)
    registry = read_columns(engine.columns(), WORDS, AS_OF)
    random, texts = Random(11), []
    while len(texts) < 8:
        text = random_predicate(random)
        try:
            condition(read_predicate(text, WORDS), registry.table)
        except NotCompilable:
            continue
        texts.append(text)
    assert differing(engine.rows(asked(registry, texts)), texts, everybody)[:1] == []
