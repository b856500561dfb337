"""Everything that has a name can be explained, and what is told is what the content says."""

from __future__ import annotations

import csv
import json
from importlib.resources import files

import pytest
from click.testing import CliRunner, Result

from evenkeel.cli import cli
from evenkeel.core.guidelines.authoring.explain import NotFound, explain
from evenkeel.core.guidelines.packs.library import library


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, ["guidelines", "explain", *args])


def test_every_criterion_pack_and_fact_is_explained():
    content = library()
    packs = content.packs | content.payers
    for pack in packs.values():
        assert explain(pack.id, content)["counts"]["criteria"] == len(pack.criteria)
    for name in content.dictionary.facts:
        assert explain(name, content)["is"] == "fact"
    for pack in packs.values():
        for criterion in pack.criteria:
            it = explain(criterion.id, content)
            assert it["statement"] == criterion.statement
            assert it["source"]["mark"] == criterion.source.mark
            assert [fact["name"] for fact in it["facts"]] == list(criterion.facts)


def test_a_criterion_is_told_whole():
    said = run("SPVEU-010")
    assert said.exit_code == 0
    told = " ".join(said.stdout.split())
    for words in (
        "SPVEU-010 At 65 or older with a pressure above 150/90",
        "should, at stage screening; asked of a prescriber",
        "esketamine-eu",
        "s4.4",
        "known: general knowledge, not re-read",
        "age: 65 years or more; and (systolic pressure: more than 150 mmHg or diastolic",
        "age_years >= 65 AND (systolic_bp > 150 OR diastolic_bp > 90)",
        "from coded measurements; good for 7 days",
        "systolic_bp = 151; diastolic_bp = 90 applies yes, judge: 151 is above 150",
        "C02",
        "US label",
        "SPVUS-011",
    ):
        assert words in told, words


def test_a_criterion_whose_source_must_be_verified_says_that_it_never_blocks():
    assert "it never blocks" in " ".join(run("REMS-023").stdout.split())
    assert "it never blocks" not in " ".join(run("REMS-022").stdout.split())


def test_a_fact_is_told_with_its_codes_and_who_reads_it():
    it = json.loads(run("history_intracerebral_haemorrhage", "--json").stdout)
    table = csv.DictReader(
        files("evenkeel.content").joinpath("terminology/codes.csv").read_text("utf-8").splitlines()
    )
    own = {row["code"] for row in table if row["concept_id"] == it["name"]}
    assert own
    told = {code["code"].rstrip("…") for code in it["codes"] if code["of"] == it["name"]}
    assert told == own
    assert {each["id"] for each in it["used_by"]} >= {"SPVUS-008", "SPVEU-008", "LT-002"}
    assert "read by" in run("systolic_bp").stdout


def test_a_pack_is_told_in_numbers():
    said = " ".join(run("esketamine-us").stdout.split())
    # Counted by hand in the list of collected rows: SPVUS-001 to 054 and REMS-001 to 023.
    assert "77: 48 decided by a predicate, 20 asked of a role, 9 advice" in said


def test_a_conflict_is_told_with_every_side():
    said = " ".join(run("c02").stdout.split())
    for words in ("C02 ", "SPVUS-011", "SPVEU-009", "SPVEU-010", "here "):
        assert words in said
    for each in library().conflicts:
        assert len(explain(each.id, library())["positions"]) == len(each.positions) >= 2


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("SPVUS-0001", "SPVUS-001"), ("esketamine-usa", "esketamine-us"), ("age_year", "age_years")],
)
def test_a_wrong_name_is_refused_with_the_nearest(wrong, right):
    said = run(wrong)
    assert said.exit_code == 2
    assert said.stdout == ""
    assert said.stderr.count("\n") == 1
    assert right in said.stderr
    with pytest.raises(NotFound) as refused:
        explain(wrong, library())
    assert refused.value.nearest[0] == right


def test_nothing_near_is_said_without_a_guess():
    said = run("zzzzzzzzzzzzzzzz")
    assert said.exit_code == 2
    assert "Nearest" not in said.stderr


def test_small_letters_do():
    assert json.loads(run("spvus-001", "--json").stdout)["id"] == "SPVUS-001"
