"""The command's promises: counts, files, flows, and refusals that name rows."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta

import duckdb
import pytest
from click.testing import CliRunner

from evenkeel.commands.screen import command
from evenkeel.core.guidelines.packs.library import library

PACK = "esketamine-us"


@pytest.fixture
def ask(tmp_path):
    """Call the command on a CSV or on a SELECT that becomes Parquet."""

    def asked(table, *extra, pack=PACK):
        if table.startswith("SELECT"):
            file = tmp_path / "registry.parquet"
            duckdb.sql(f"COPY ({table}) TO '{file}'")
        else:
            file = tmp_path / "registry.csv"
            file.write_text(table)
        call = [str(file), "--pack", pack, "--as-of", "2026-11-01", "--threads", "1", *extra]
        return CliRunner().invoke(command, call)

    return asked


def test_the_counts_add_up_and_the_file_has_everybody(ask, tmp_path):
    out = tmp_path / "told.csv"
    done = ask("id,age_years\na,17\nb,18\nc,\n", "--json", "--out", str(out))
    told = json.loads(done.stdout)
    (pack,) = told["packs"]
    assert told["patients"] == sum(pack["answers"].values()) == 3
    assert pack["answers"]["no"] == 1  # the label is for adults
    rows = {row["id"]: row for row in csv.DictReader(out.open())}
    assert rows["a"]["esketamine_us"] == "no"
    assert "age_years" in rows["c"]["esketamine_us__missing"].split()
    assert "age_years" not in rows["b"]["esketamine_us__missing"].split()
    assert out.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("id,age_year\n1,20\n", "the nearest right name is age_years"),
        ("ID,age_years\n1,20\n", "is it ID? rename it"),
        ("id,age_years\n1,20\n2,131\n3,140\n", "possible is 0 to 130 a (row 2, row 3)"),
        ("id,age_years\n1,twenty\n", "is no plain number"),
        ("id,age_years\n1,1e1\n", "is no plain number"),
        ("id,age_years\n1,20\n1,30\n", "1 rows repeat a patient (1)"),
        ("id,age_years\n,20\n", "is empty"),
        ("id,pregnant\n1,yes\n", "is neither true nor false (row 1)"),
        ("id,indication\n1,trd\n2,depression\n", "is not one of trd"),
        ("id,age_years__low\n1,20\n", "age_years__high is missing"),
        ("id,age_years__low,age_years__high\n1,30,20\n", "is above age_years__high (row 1)"),
        ("id,age_years,age_years__low,age_years__high\n1,20,20,20\n", "give one or the other"),
        ("id,pregnant__low,pregnant__high\n1,1,1\n", "only a number has ends"),
        ("id,pregnant__at\n1,2026-10-01\n", "there is no column pregnant"),
        ("id,pregnant,pregnant__at\n1,true,2026-11-02\n", "lies after 2026-11-01"),
        ("id,pregnant,pregnant__at\n1,true,2026-02-30\n", "is no day like"),
        ("id,age_years\n", "has no rows"),
        ("SELECT 1 AS id, 'old' AS age_years", "holds text, where numbers are needed"),
        ("SELECT 1 AS id, 1 AS pregnant", "holds whole numbers, where true or false are needed"),
        ("SELECT 1 AS id, 'nan'::DOUBLE AS age_years", "cannot be: possible is 0 to 130 a"),
        ("SELECT 1 AS id, 20.0000000001::DECIMAL(20,10) AS age_years", "more than 9 decimals"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_whole_with_its_rows(ask, tmp_path, table, words):
    out = tmp_path / "out.parquet"
    done = ask(table, "--out", str(out))
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stdout == ""
    assert not out.exists()


def test_a_column_that_is_no_fact_can_be_left_out(ask):
    assert ask("id,ward,age_years\n1,3B,20\n", "--ignore", "ward").exit_code == 0
    assert "no such column" in ask("id,age_years\n1,20\n", "--ignore", "ward").stderr


def test_a_file_that_is_not_parquet_is_refused(tmp_path):
    file = tmp_path / "registry.parquet"
    file.write_text("id,age_years")
    done = CliRunner().invoke(command, [str(file), "--pack", PACK])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cannot be read" in done.stderr


def test_nothing_is_written_over_unless_it_is_forced(ask, tmp_path):
    out = tmp_path / "told.parquet"
    out.write_text("kept")
    assert ask("id,age_years\n1,20\n", "--out", str(out)).exit_code == 2
    assert out.read_text() == "kept"
    assert ask("id,age_years\n1,20\n", "--out", str(out), "--force").exit_code == 0
    assert duckdb.sql(f"SELECT id FROM '{out}'").fetchall() == [("1",)]


@pytest.mark.parametrize(
    ("column", "value", "holds"),
    [
        # 0.1 + 0.2 in binary is 0.30000000000000004.
        ("(0.1::DOUBLE + 0.2::DOUBLE)", 0.3, True),
        ("0.35::DOUBLE", 0.35, True),
        ("0.350000001::DOUBLE", 0.35, False),
        ("0.349999999::DOUBLE", 0.35, False),
    ],
)
def test_floating_point_is_read_to_nine_decimals(ask, column, value, holds):
    told = ask(
        f"SELECT 1 AS id, {column} AS age_years", "--json",
        "--with", f"SPVUS-001: age_years = {value}",
    )  # fmt: skip
    (pack,) = json.loads(told.stdout)["packs"]
    assert pack["answers"]["no"] == 1  # nobody that young is an adult
    assert pack["after"]["no"] == (0 if holds else 1)


@pytest.mark.parametrize(("over", "known"), [(0, True), (1, False)])
def test_a_value_that_is_too_old_is_not_known(ask, over, known):
    """Pressure keeps for the days of the dictionary, both sides."""
    fresh = library().dictionary["systolic_bp"].fresh_days
    day = date(2026, 11, 1) - timedelta(days=fresh + over)
    told = ask(
        f"SELECT 1 AS id, 150 AS systolic_bp, DATE '{day}' AS systolic_bp__at", "--json",
        "--with", "SPVUS-001: systolic_bp <= 140",
    )  # fmt: skip
    (pack,) = json.loads(told.stdout)["packs"]
    assert pack["after"]["no"] == (1 if known else 0)


def test_who_changes_if_a_fact_were_known_is_counted_and_named(ask):
    told = ask("id,age_years\na,17\nb,30\nc,\n", "--json", "--if", "age_years=17", "--if-unknown")
    (pack,) = json.loads(told.stdout)["packs"]
    assert pack["changed"] == [{"id": "c", "before": "unknown", "after": "no"}]
    assert sum(each["patients"] for each in pack["flow"]) == 3
    told = ask("id,age_years\na,17\nb,30\nc,\n", "--json", "--if", "age_years=17")
    (pack,) = json.loads(told.stdout)["packs"]
    assert [each["id"] for each in pack["changed"]] == ["b", "c"]


def test_supposing_nothing_new_changes_nobody(ask):
    (kept,) = [c for c in library().packs[PACK].criteria if c.id == "SPVUS-001"]
    told = ask("id,age_years\na,17\nb,30\n", "--json", "--with", f"SPVUS-001: {kept.require_text}")
    assert json.loads(told.stdout)["packs"][0]["changed"] == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["--if", "systolic=135"], "the nearest right name is systolic_bp"),
        (["--if", "systolic_bp=1400"], "cannot be: possible is"),
        (["--if", "pregnant"], "write NAME=VALUE"),
        (["--if", "indication=depression"], "is not one of"),
        (["--without", "SPVUS-0001"], "the nearest right one is SPVUS-001"),
        (["--with", "SPVUS-001: age_year >= 18"], "the nearest right name is age_years"),
        (["--with", "SPVUS-001: age_years >= systolic_bp"], "units differ"),
        (["--with", "SPVUS-001: age_years / age_years * 3 >= 1"], "SPVUS-001: a quotient"),
        (["--fact", "age_years=20"], "the table has a column of it"),
        (["--if-unknown"], "says nothing without --if"),
        (["--as-of", "1.11.2026"], "not a day"),
    ],
)
def test_a_wrong_call_is_refused_with_what_would_be_right(ask, call, words):
    done = ask("id,age_years\na,17\n", *call)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


def test_an_unknown_pack_names_the_nearest(ask):
    assert "Nearest is esketamine-us" in ask("id\n1\n", pack="esketamin-us").stderr


def test_the_example_is_the_same_for_a_seed_and_has_every_answer(tmp_path):
    made = []
    for n, seed in enumerate((1, 1, 2)):
        file = tmp_path / f"{n}.parquet"
        call = [str(file), "--pack", PACK, "--as-of", "2026-11-01"]
        done = CliRunner().invoke(command, [*call, "--example", "400", "--seed", str(seed)])
        assert done.exit_code == 0, done.stderr
        made.append(duckdb.sql(f"SELECT * FROM '{file}'").fetchall())
        told = json.loads(CliRunner().invoke(command, [*call, "--json"]).stdout)
        assert all(told["packs"][0]["answers"].values())
    assert made[0] == made[1] != made[2]


def test_without_pyspark_or_java_a_plain_word_is_said(ask, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    done = ask("id,age_years\n1,20\n", "--engine", "spark")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "JAVA_HOME is /nowhere" in done.stderr
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setattr("evenkeel.edges.tables.spark.java_home", lambda: None)
    assert "openjdk-17-jre-headless" in ask("id,age_years\n1,20\n", "--engine", "spark").stderr
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    assert "evenkeel[spark]" in ask("id,age_years\n1,20\n", "--engine", "spark").stderr
