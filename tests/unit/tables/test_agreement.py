"""The walk of one patient, DuckDB and Spark say the same of thousands of patients.

All in one file, so that one worker starts Spark once.
"""

from __future__ import annotations

from random import Random

import pytest
from tests.support.asked import asked, differing
from tests.support.predicates import WORDS, random_predicate, random_samples
from tests.support.registries import AS_OF, as_facts, made, write
from tests.support.servers import READY_SECONDS

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.predicates.tree import read_predicate
from evenkeel.core.guidelines.tables.conditions import condition
from evenkeel.core.guidelines.tables.logic import column
from evenkeel.core.guidelines.tables.numbers import NotCompilable
from evenkeel.core.guidelines.tables.packs import (
    FINDINGS,
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
    from pyspark import SparkContext

    started = session(cores=2, java="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    started.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    gateway = started.sparkContext._gateway
    yield lambda place: Spark(place, threads=2)
    started.stop()
    # Java would stay beside all other tests, and take leave of a log that is closed by then.
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=READY_SECONDS)
    SparkContext._gateway = SparkContext._jvm = None


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
    # A plan of all findings of all packs takes Spark long to make.
    assert disagreements(spark(place), walked, findings_of={"apa-2017", "canmat-2021"}) == []


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    table = made(random_samples(), 150, Random(7))
    place = tmp_path_factory.mktemp("people") / "people.parquet"
    write(table, place)
    return place, [as_facts(row, WORDS) for row in table.rows]


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
