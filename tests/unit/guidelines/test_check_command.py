"""The command's promises: exit codes, one line per fault, the object of the contract."""

from __future__ import annotations

import contextlib
import json
from datetime import date

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.support.charts import condition, person

from evenkeel.commands.check import command
from evenkeel.core.guidelines.facts.answers import UnreadableAnswers, read_facts_file
from evenkeel.core.guidelines.packs.library import library


@pytest.fixture
def ask(tmp_path):
    def asked(*resources, facts=None, extra=()):
        bundle = tmp_path / "bundle.json"
        entries = [{"resource": each} for each in (person(), *resources)]
        bundle.write_text(
            json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
        )
        call = [str(bundle), "--as-of", "2026-11-01", *extra]
        if facts is not None:
            file = tmp_path / "facts.json"
            file.write_text(facts if isinstance(facts, str) else json.dumps(facts))
            call += ["--facts", str(file)]
        return CliRunner().invoke(command, call)

    return asked


def test_the_object_has_the_keys_of_the_contract(ask):
    done = ask(condition("F33.2"), facts={"indication": "trd"}, extra=["--json"])
    told = json.loads(done.stdout)
    assert list(told) == ["subject", "as_of", "content", "packs", "problems"]
    assert told["subject"] == "Patient/p1"
    assert told["as_of"] == "2026-11-01"
    assert set(told["content"]) == {"edition", "sha256"}
    for pack in told["packs"]:
        assert list(pack) == ["pack", "edition", "verdict", "missing", "criteria"]
        assert pack["verdict"] in ("yes", "no", "unknown", "judge")
        for each in pack["criteria"]:
            assert list(each) == [
                "id",
                "strength",
                "applies",
                "verdict",
                "reason",
                "missing",
                "from",
            ]
            assert each["applies"] in (True, False, None)
            assert each["verdict"] in ("met", "not_met", "unknown", "judge", "not_applicable")
            assert each["reason"]
            assert (each["verdict"] == "not_applicable") == (each["applies"] is False)
            if each["verdict"] in ("unknown", "judge"):
                assert each["missing"], each


def test_only_the_packs_that_are_asked_for(ask):
    done = ask(extra=["--json", "--pack", "apa-2017", "--pack", "esketamine-us"])
    assert [pack["pack"] for pack in json.loads(done.stdout)["packs"]] == [
        "apa-2017",
        "esketamine-us",
    ]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"aneurismal_vascular_disease": False},
            "nearest right name is aneurysmal_vascular_disease",
        ),
        ({"antidepressant_trial": []}, "nearest right name is antidepressant_trials"),
        ({"pregnant": "no"}, "neither true nor false"),
        ({"child_pugh_class": "D"}, "not one of none, A, B, C"),
        ({"indication": "TRD"}, "nearest is trd"),
        ({"systolic_bp": 1400}, "possible is 40 to 300"),
        ({"systolic_bp": True}, "not a number"),
        ({"antidepressant_trials": [{"drug": "sertraline", "dose": 50}]}, "dose_mg_per_day"),
        ({"antidepressant_trials": [{"drug": "sertraline", "start": "06/01/2025"}]}, "not a day"),
        (
            {"antidepressant_trials": [{"drug": "sertraline", "improvement_percent": 101}]},
            "-400 to 100",
        ),
        ({"antidepressant_trials": {}}, "must be a list"),
        ("[1]", "must be one JSON object"),
        ("{", "not readable as JSON"),
        ('{"pregnant": true, "pregnant": false}', "given twice"),
        ('{"systolic_bp": NaN}', "NaN is not a number"),
        ('{"minutes_since_food": 1e999999999}', "more digits than can be meant"),
        ('{"minutes_since_food": 1e-999999999}', "more digits than can be meant"),
        (
            '{"antidepressant_trials": [{"drug": "x", "dose_mg_per_day": 1e999999999}]}',
            "can be meant",
        ),
        ("[" * 100_000, "not readable as JSON"),
    ],
)
def test_facts_that_cannot_be_used_are_refused_with_what_would_be_right(ask, facts, words):
    done = ask(facts=facts)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert all(line.strip() for line in done.stderr.splitlines())


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--pack", "apa-2016"], "Nearest is apa-2017"),
        (["--as-of", "01.11.2026"], "YYYY-MM-DD"),
        (["--as-of", "20261101"], "YYYY-MM-DD"),
    ],
)
def test_a_wrong_call_is_told_what_would_be_right(ask, extra, words):
    done = ask(extra=extra)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"resourceType": "Patient"}', "\x00"])
def test_what_is_no_bundle_is_refused_with_exit_2(tmp_path, text):
    file = tmp_path / "bundle.json"
    file.write_text(text)
    done = CliRunner().invoke(command, [str(file), "--json"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.strip()


def test_a_file_that_is_not_there(tmp_path):
    done = CliRunner().invoke(command, [str(tmp_path / "none.json")])
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr


def test_the_words_name_each_pack_and_what_stands_in_the_way(ask):
    done = ask(condition("I71.40"))
    assert done.exit_code == 0
    assert "Esketamine, US label (esketamine-us" in done.stdout
    assert "SPVUS-006" in done.stdout


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
names = st.sampled_from(
    ["indication", "pregnant", "systolic_bp", "child_pugh_class", "antidepressant_trials", "x"]
)


@given(st.dictionaries(names, anything, max_size=4))
def test_no_facts_file_breaks_the_reader(facts):
    with contextlib.suppress(UnreadableAnswers):
        told = read_facts_file(json.dumps(facts), library().dictionary, date(2026, 11, 1))
        assert len(told.answers) <= len(facts)


def test_the_text_tells_where_guidelines_part_and_the_object_keeps_its_keys(ask):
    facts = {"product": "esketamine_nasal", "indication": "trd", "age_years": 70,
             "systolic_bp": 148, "diastolic_bp": 88}  # fmt: skip
    both = ("--pack", "esketamine-us", "--pack", "esketamine-eu")
    told = ask(facts=facts, extra=both).stdout
    assert "Guidelines part over this person:" in told
    assert "US label: over its guide of 140/90; EU label from 65: not over" in told
    alone = ask(facts=facts, extra=both[:2]).stdout
    assert "part over this person" not in alone
    assert "conflict" not in ask(facts=facts, extra=(*both, "--json")).stdout
