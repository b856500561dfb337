"""``evenkeel refer`` as a script meets it: what it says, where, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support import referrals
from tests.support.referrals import SAMPLES, bundle

from evenkeel.cli import cli
from evenkeel.web.records.models import Patient, Referral

pytestmark = pytest.mark.django_db
GOOD = SAMPLES / "referrals" / "01-depression-1.json"
DEAD = SAMPLES / "referrals" / "10-myocardial-infarction.json"
NOT_JSON = SAMPLES / "faulty" / "01-not-json.json"


@pytest.fixture(autouse=True)
def records_are_named(monkeypatch):
    """The command must use the test's database, and start no server of its own."""
    monkeypatch.setenv("DATABASE_URL", "postgresql:///held-by-the-test")


def refer(*arguments: str | Path, text: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["refer", *map(str, arguments)], input=text)


def test_a_good_file_is_taken_in_and_its_oddities_told_apart_from_the_answer():
    result = refer(GOOD)
    assert result.exit_code == 0
    patient = Patient.objects.get()
    assert result.stdout == (
        f"{GOOD}: new patient {patient.number}, referral {Referral.objects.get().pk}: "
        "155 entries kept, 8 to look at.\n"
    )
    assert len(result.stderr.splitlines()) == 8


def test_the_same_file_again_adds_nothing_and_is_no_bad_news():
    refer(GOOD)
    result = refer(GOOD)
    assert result.exit_code == 0
    assert "was taken in before" in result.stdout
    assert Referral.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (row, 2 if row["file"][:2] in {"01", "02"} else 1)
        for row in referrals.faults()
        if row["expect"] == "reject"
    ],
    ids=lambda value: value["file"] if isinstance(value, dict) else "",
)
def test_a_refusal_is_bad_news_and_an_unreadable_file_is_a_wrong_input(row, code):
    result = refer(SAMPLES / "faulty" / row["file"])
    assert result.exit_code == code
    assert row["expression"] in result.stderr
    assert "nothing was stored" in result.stdout
    assert not Patient.objects.exists()


def test_the_dead_are_bad_news():
    result = refer(DEAD)
    assert result.exit_code == 1
    assert "Bundle.entry[0].resource.deceasedDateTime" in result.stderr


def test_each_file_stands_alone_and_the_worst_ends_the_command():
    result = refer(GOOD, DEAD)
    assert result.exit_code == 1
    result = refer(DEAD, NOT_JSON, SAMPLES / "referrals" / "09-seizure-benzodiazepine.json")
    assert result.exit_code == 2
    assert Patient.objects.count() == 2


def test_json_is_one_object_and_nothing_else():
    result = refer(GOOD, DEAD, NOT_JSON, "--json")
    told = json.loads(result.stdout)["results"]
    assert result.stderr == ""
    assert [one["exit"] for one in told] == [0, 1, 2]
    assert told[0]["patient"] == Patient.objects.get().number
    assert told[0]["kept"] == 155
    assert told[1]["faults"][0]["path"] == "Bundle.entry[0].resource.deceasedDateTime"


def test_a_bundle_can_come_from_standard_input():
    assert refer("-", text=referrals.as_json(bundle())).exit_code == 0


def test_a_file_that_is_not_there_is_a_wrong_call():
    result = refer("no-such-file.json")
    assert result.exit_code == 2
    assert "no-such-file.json: cannot be read" in result.stderr


def test_without_a_file_the_call_is_wrong():
    assert refer().exit_code == 2


def test_help_shows_an_example_that_works():
    result = refer("--help")
    assert result.exit_code == 0
    example = next(
        line.split() for line in result.stdout.splitlines() if "evenkeel refer t" in line
    )
    assert refer(*example[2:]).exit_code == 0
