"""``evenkeel targets``: what it answers and refuses, and when a script must notice."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from evenkeel.commands.targets import EXAMPLES, command
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import subject
from evenkeel.core.pharmacology.profiles.aims import aim
from evenkeel.core.pharmacology.profiles.targets import Pump, Target

USUAL = [
    "--model", "domino_1982_tci", "--site", "effect", "--target", "0min=100",
    "--target", "20min=60", "--stop", "40min", "--syringe", "10", "--every", "5min",
    "--most-bolus", "10", "--covariate", "WT=80",
]  # fmt: skip


def run(*words: str):
    return CliRunner().invoke(command, list(words))


@pytest.fixture(scope="module")
def expected():
    pump = Pump(mg_per_ml=10.0, update_s=300.0, most_bolus_mg=10.0)
    targets = (Target(from_h=0.0, ng_per_ml=100.0), Target(from_h=1 / 3, ng_per_ml=60.0))
    who = subject(model_named("domino_1982_tci"), {"WT": 80.0})
    return aim(who, targets, pump, site="effect", stop_h=2 / 3)


def test_the_table_has_a_row_for_each_setting_and_reads_back_exactly(expected):
    result = run(*USUAL, "--csv", "-")
    assert result.exit_code == 0, result.stderr
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == len(expected.settings)
    for row, each in zip(rows, expected.settings, strict=True):
        assert [float(value) for value in row.values()] == [
            each.from_h, each.until_h, each.bolus_mg, each.ml_per_h, each.mg_per_h, each.plasma,
            each.effect,
        ]  # fmt: skip
    assert "not for choosing a dose" in result.stderr


def test_one_object_has_everything(expected):
    told = json.loads(run(*USUAL, "--json").stdout)
    assert told["given_mg"] == expected.made.given_mg
    assert told["concentration_ng_per_ml"]["Ce_ketamine"] == expected.effect.tolist()
    assert [each["reached_after_h"] for each in told["targets"]] == [
        each.after_h for each in expected.aims
    ]
    assert told["pump"]["most_ng_per_ml"] is None
    assert told["for_target_controlled_infusion"] is True
    assert any("not for choosing or giving a dose" in each for each in told["limits"])


def test_people_read_words_and_a_table():
    told = run(*USUAL)
    assert told.exit_code == 0
    for words in ("within 5% of it", "To fill the effect site, plasma rises", "Given until",
                  "the effect site falls by 50%", "min:s", "40:00      stop"):  # fmt: skip
        assert words in told.stdout, told.stdout


def test_a_target_that_is_not_reached_is_told_and_ends_with_1():
    weak = run("--model", "kamp_2020_meta_3cmt", "--site", "plasma", "--target", "0min=200",
               "--stop", "20min", "--syringe", "1", "--most-rate", "10")  # fmt: skip
    assert weak.exit_code == 1
    assert "NOT reached" in weak.stdout
    assert "ran at its most, 10 mL/h" in weak.stdout


def test_a_picture_stands_by_itself(tmp_path, expected):
    file = tmp_path / "held.svg"
    assert run(*USUAL, "--plot", str(file)).exit_code == 0
    bolus = f"{expected.settings[0].bolus_mg:g} mg"
    words = " ".join(ElementTree.parse(file).getroot().itertext())
    for each in ("mL/h", "ng/mL", "target", "effect site", "minutes", bolus, "not for choosing"):
        assert each in words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", ["--model is missing", "--site is missing", "--target is missing", "--stop is missing",
              "--syringe is missing"]),
        ("--model domino_1982_tci --site plasma --target 0min=5 --stop 1h --syringe 0",
         ["--syringe 0: what it holds is above 0 mg/mL"]),
        ("--model domino_1982_tci --site plasma --target 0min=5 --stop 1h --syringe -1",
         ["--syringe -1: what it holds is above 0 mg/mL"]),
        ("--model domino_1982_tci --site plasma --target 0=100 --stop 1 --syringe 1",
         ["--target 0=100: write TIME=NG_PER_ML with a unit", "--stop 1: write a time"]),
        ("--model domino_1982_tci --site plasma --target 0min=-5 --stop 1h --syringe 1",
         ["--target 0min=-5: write"]),
        ("--model domino --site plasma --target 0min=5 --stop 1h --syringe 1",
         ["the nearest is domino_1982_tci"]),
        ("--model fanta_2015_s_ketamine --site effect --target 0min=5 --stop 1h --syringe 1",
         ["has no published effect site: aim at plasma"]),
        ("--model hornik_2018_children --site plasma --target 0min=5 --stop 1h --syringe 1 "
         "--covariate AGE=40", ["made from children"]),
        ("--model otto_2021_s_ketamine_iv --site plasma --target 0min=5 --stop 1h --syringe 1",
         ["is no model for targets"]),
        ("--model domino_1982_tci --site plasma --target 7min=5 --stop 1h --syringe 1 "
         "--every 5min", ["begins between two settings"]),
        ("--model domino_1982_tci --site plasma --target 0min=5 --stop 1h --syringe 1 --json "
         "--csv -", ["at most one of"]),
        ("--model domino_1982_tci --site plasma --target 0min=5 --stop 1h --syringe 1 "
         "--plot held.gif", [".svg"]),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_with_what_to_write(words, told):
    result = run(*words.split())
    assert result.exit_code == 2
    assert not result.stdout
    for each in told:
        assert each in result.stderr
    assert ("missing" in result.stderr) is (not words)


def test_the_examples_of_the_help_work_as_they_stand(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = EXAMPLES.replace("\\\n", " ")
    lines = [line.split()[2:] for line in text.splitlines() if "evenkeel targets" in line]
    assert len(lines) == 2
    for words in lines:
        result = run(*words)
        assert result.exit_code == 0, result.stderr
