"""What the commands say on stderr of the person: what follows, what nobody looked at, how far."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evenkeel.cli import cli

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "examples" / "individual"
OTTO, PEREZ, HERD, KAMP = (
    "otto_2021_s_ketamine_iv",
    "perez_ruixo_2021_esketamine",
    "herd_2007_children",
    "kamp_2020_meta_3cmt",
)
PLAN = "--site plasma --target 0min=100 --stop 10min --syringe 10 --every 5min"


def run(words: str):
    return CliRunner().invoke(cli, words.split())


def simulate(model: str, words: str = "", preset: str = "iv40"):
    return run(f"simulate --model {model} --preset {preset} --times 0:2:1 {words}")


def targets(model: str, words: str = ""):
    return run(f"targets --model {model} {PLAN} {words}")


def individual(words: str, model: str = PEREZ, given: str = "given", measured: str = "measured"):
    return run(
        f"individual --model {model} --sampling venous --regimen {FOLDER / given}.csv "
        f"--measurements {FOLDER / measured}.csv {words}"
    )


# -- Japanese and Asian -------------------------------------------------------------


def test_japanese_alone_is_the_same_person_as_japanese_and_asian():
    alone = simulate(PEREZ, "--covariate JAPANESE=1", "in84")
    both = simulate(PEREZ, "--covariate JAPANESE=1 --covariate ASIAN=1", "in84")
    assert alone.exit_code == both.exit_code == 0
    assert alone.stdout == both.stdout
    assert f"{PEREZ}: ASIAN=1 follows from what is given" in alone.stderr
    assert "ASIAN=0" not in alone.stderr
    assert "follows" not in both.stderr


def test_a_measured_person_who_is_japanese_is_asian():
    alone = individual("--covariate AGE=38 --covariate JAPANESE=1")
    both = individual("--covariate AGE=38 --covariate JAPANESE=1 --covariate ASIAN=1")
    assert alone.stdout == both.stdout
    assert f"{PEREZ}: ASIAN=1 follows from what is given" in alone.stderr
    # Of whoever is not Japanese nothing follows.
    missing = individual("--covariate AGE=38 --covariate JAPANESE=0")
    assert missing.exit_code == 2
    assert "needs ASIAN" in missing.stderr


@pytest.mark.parametrize(
    "call",
    [
        lambda words: simulate(PEREZ, words, "in84"),
        lambda words: simulate(PEREZ, f"{words} --population 5 --seed 1", "in84"),
        lambda words: targets(PEREZ, words),
        lambda words: individual(f"--covariate AGE=38 {words}"),
    ],
    ids=["one", "many", "targets", "measured"],
)
def test_japanese_and_not_asian_is_refused_wherever_it_is_given(call):
    refused = call("--covariate JAPANESE=1 --covariate ASIAN=0")
    assert refused.exit_code == 2
    assert not refused.stdout
    assert "JAPANESE of 1 cannot be with another ASIAN than 1" in refused.stderr


def test_everybody_who_is_drawn_japanese_is_asian():
    crowd = "--population 40 --seed 1 --json"
    drawn = simulate(PEREZ, f"--draw JAPANESE=choice:1 {crowd}", "in84")
    given = simulate(PEREZ, f"--covariate JAPANESE=1 {crowd}", "in84")
    told, whole = json.loads(drawn.stdout), json.loads(given.stdout)
    assert told["concentration_ng_per_ml"] == whole["concentration_ng_per_ml"]
    assert told["drawn"]["ASIAN"] == "1 where JAPANESE is 1, otherwise 0"
    assert "ASIAN" not in told["covariates"]
    assert whole["covariates"]["ASIAN"] == 1.0
    assert f"{PEREZ}: ASIAN is drawn, 1 where JAPANESE is 1, otherwise 0" in drawn.stderr
    assert "ASIAN=0" not in drawn.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--draw JAPANESE=choice:0:1 --covariate ASIAN=0", "cannot be with another ASIAN"),
        ("--covariate JAPANESE=1 --draw ASIAN=choice:0:1", "ASIAN is drawn, but follows"),
    ],
)
def test_a_draw_that_cannot_be_with_what_is_given_is_refused(words, told):
    refused = simulate(PEREZ, f"{words} --population 40 --seed 1", "in84")
    assert refused.exit_code == 2
    assert told in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


# -- children -----------------------------------------------------------------------


@pytest.mark.parametrize("call", [simulate, targets])
@pytest.mark.parametrize(
    ("words", "no_age", "scale"),
    [
        ("", True, True),
        ("--covariate AGE=8", False, True),
        ("--covariate WT=20", True, False),
        ("--covariate AGE=8 --covariate WT=20", False, False),
    ],
)
def test_a_model_of_children_says_that_nobody_looked_at_age_and_what_70_kg_is(
    call, words, no_age, scale
):
    made = call(HERD, words)
    assert made.exit_code in (0, 1)
    assert (f"{HERD}: no AGE given: nobody looked whether this is a child" in made.stderr) is no_age
    assert ("70 kg is the scale of the paper's numbers" in made.stderr) is scale


def test_a_drawn_age_is_looked_at_and_a_model_of_adults_says_nothing_of_it():
    crowd = "--covariate WT=30 --draw AGE=uniform:2:12 --population 5 --seed 1"
    assert "no AGE" not in simulate(HERD, crowd).stderr
    assert "no AGE" not in simulate(KAMP).stderr
    grown = simulate(HERD, "--covariate AGE=18")
    assert grown.exit_code == 2
    assert "made from children of under 18 years" in grown.stderr


# -- weights ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", False),
        ("--covariate WT=35", False),
        ("--covariate WT=34.9", True),
        ("--covariate WT=140", False),
        ("--covariate WT=140.1", True),
    ],
)
@pytest.mark.parametrize("call", [simulate, targets])
def test_a_weight_far_from_the_paper_s_is_told(call, words, told):
    made = call(KAMP, words)
    assert made.exit_code in (0, 1)
    assert ("far from the 70 kg" in made.stderr) is told
    # What the model page says of its bounds is said here too.
    assert ("Pooled studies: only the age group is judged." in made.stderr) is told


def test_a_drawn_weight_and_a_measured_person_s_are_told_too():
    crowd = "--population 40 --seed 1 --draw WT=uniform:"
    assert "kg reaches far from the 70 kg" in simulate(OTTO, f"{crowd}20:90").stderr
    assert "far from" not in simulate(OTTO, f"{crowd}35:140").stderr
    for weight, told in (("30", True), ("82", False)):
        made = individual(
            f"--covariate WT={weight}", OTTO, given="infusion", measured="infusion-measured"
        )
        assert ("far from the 70 kg" in made.stderr) is told
