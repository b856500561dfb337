"""``evenkeel individual``: what it prints, its tables, its refusals, its exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from evenkeel.cli import cli
from evenkeel.commands.individual import EXAMPLES
from evenkeel.commands.simulate import telling

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "examples" / "individual"
PEREZ = [
    "--model", "perez_ruixo_2021_esketamine", "--sampling", "venous",
    "--regimen", str(FOLDER / "given.csv"), "--measurements", str(FOLDER / "measured.csv"),
    "--covariate", "AGE=38", "--covariate", "ASIAN=0", "--covariate", "JAPANESE=0",
]  # fmt: skip
NEXT = ["--what-if", str(FOLDER / "next.csv"), "--times", "72:73:0.5"]
TWO = [
    "--model", "otto_2021_s_ketamine_iv,perez_ruixo_2021_esketamine", "--sampling", "venous",
    "--regimen", str(FOLDER / "infusion.csv"),
    "--measurements", str(FOLDER / "infusion-measured.csv"), "--covariate", "AGE=45",
    "--covariate", "WT=82", "--covariate", "ASIAN=0", "--covariate", "JAPANESE=0",
]  # fmt: skip


def run(*args):
    return CliRunner().invoke(cli, ["individual", *args])


def replaced(name, value):
    """The first call with one option changed, or left out (None)."""
    at = PEREZ.index(name)
    return PEREZ[:at] + ([] if value is None else [name, value]) + PEREZ[at + 2 :]


def test_the_examples_of_the_help_work_as_printed(monkeypatch):
    monkeypatch.chdir(ROOT)
    text = EXAMPLES.replace("\\\n", " ")
    calls = [line.strip() for line in text.splitlines() if line.strip().startswith("evenkeel")]
    assert len(calls) == 2
    for call in calls:
        made = CliRunner().invoke(cli, shlex.split(call)[1:])
        assert made.exit_code == 0, made.output
        assert "not for choosing a dose" in made.stdout


def test_people_read_the_person_the_residuals_the_future_and_the_limits():
    made = run(*PEREZ, *NEXT, "--above", "100")
    assert made.exit_code == 0
    for words in (
        "this person", "Nothing measured depends on ka_po", "doubt left", "<2", "96% below",
        "Limits of this model", "most probable", "are above 100 ng/mL of esketamine",
        "without the error of a measurement",
    ):  # fmt: skip
        assert words in made.stdout
    assert "recommend" not in made.stdout


def test_json_carries_all_of_it_and_nothing_else_stands_on_stdout():
    made = run(*PEREZ, *NEXT, "--above", "100", "--json")
    told = json.loads(made.stdout)
    (model,) = told["models"]
    assert model["weight"] == 1.0
    assert model["not_informed"] == ["ka_po"]
    assert {each["name"] for each in model["parameters"]} >= {"FRn", "Vc", "CLn"}
    assert len(model["covariance"]) == len(model["parameters"]) == 11
    hidden = model["measurements"][-1]
    assert hidden["below"]
    assert hidden["weighted_residual"] is None
    assert 0.9 < hidden["probability_below"] < 1.0
    assert model["warnings"] == []
    (future,) = told["what_if"]
    assert future["time_h"] == [72.0, 72.5, 73.0]
    low, middle, high = (future["bands_ng_per_ml"]["esketamine"][p][1] for p in ("5", "50", "95"))
    assert low < middle < high
    assert 0.0 < future["share_above"]["esketamine"]["100"]["at_any_of_them"] < 1.0
    assert told["note"].endswith("not for choosing a dose")


def test_the_same_seed_is_the_same_future():
    one, same, other = (
        run(*PEREZ, *NEXT, "--csv", "-", "--seed", seed).stdout for seed in ("1", "1", "2")
    )
    assert one == same != other


def test_the_table_of_measurements_and_of_the_future(tmp_path):
    file = tmp_path / "made.csv"
    made = run(*PEREZ, "--csv", str(file))
    assert (made.exit_code, made.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["time_h"] for row in rows] == ["0.5", "1.0", "2.0", "4.0", "1.0", "4.0", "24.0"]
    assert rows[-1]["below"] == "yes"
    assert rows[-1]["weighted_residual"] == ""
    bands = list(csv.DictReader(io.StringIO(run(*TWO, *NEXT_IV(tmp_path), "--csv", "-").stdout)))
    assert {row["model"] for row in bands} == {
        "otto_2021_s_ketamine_iv", "perez_ruixo_2021_esketamine", "average",
    }  # fmt: skip
    assert {row["percentile"] for row in bands} == {"5", "50", "95"}


def NEXT_IV(folder):
    file = folder / "next.csv"
    file.write_text("time_h,route,amount_mg,duration_h\n48,iv,28,0.5\n")
    return ["--what-if", str(file), "--times", "48:50:0.5"]


def test_two_models_are_weighed(tmp_path):
    made = run(*TWO, *NEXT_IV(tmp_path), "--json")
    told = json.loads(made.stdout)
    assert sum(each["weight"] for each in told["models"]) == pytest.approx(1.0)
    assert set(told["average"]["bands_ng_per_ml"]) == {"s_ketamine", "s_norketamine"}
    assert "How probable each model is" in run(*TWO).stdout


def test_a_value_that_the_model_cannot_explain_is_bad_news(tmp_path):
    file = tmp_path / "odd.csv"
    file.write_text(
        "time_h,analyte,concentration_ng_per_ml\n0.5,esketamine,80\n24,esketamine,400\n"
    )
    made = run(*replaced("--measurements", str(file)))
    assert made.exit_code == 1
    assert "standard deviations" in made.stderr
    assert "24 h" in made.stderr
    told = json.loads(run(*replaced("--measurements", str(file)), "--json").stdout)
    assert told["models"][0]["warnings"][0]["time_h"] == 24.0


def test_two_treatments_of_a_person_are_told_apart(tmp_path):
    given, seen = tmp_path / "given.csv", tmp_path / "measured.csv"
    given.write_text("time_h,route,amount_mg\n0,sublingual,50\n72,sublingual,100\n")
    seen.write_text(
        "time_h,analyte,concentration_ng_per_ml\n"
        "0.5,s_ketamine,60\n2,s_norketamine,110\n72.5,s_ketamine,110\n74,s_norketamine,260\n"
    )
    args = [
        "--model", "simons_2022_s_ketamine_otf", "--sampling", "arterial", "--covariate", "WT=70",
        "--covariate", "AGE=25", "--regimen", str(given), "--measurements", str(seen),
    ]  # fmt: skip
    made = run(*args)
    assert made.exit_code == 0
    for words in ("2 treatments, begun at 0, 72 h", "F1, treatment 2", "MTT_K_NK, the person's"):
        assert words in made.stdout
    (model,) = json.loads(run(*args, "--json").stdout)["models"]
    assert model["treatments_begin_h"] == [0.0, 72.0]
    named = {(each["name"], each["treatment"]): each for each in model["parts"]}
    assert named["CLK1", None]["variance_left"] < 1.0
    total = named["MTT_K_NK", None]["eta"] + named["MTT_K_NK", 2]["eta"]
    listed = {(each["name"], each["treatment"]): each for each in model["parameters"]}
    assert listed["MTT_K_NK", 2]["eta"] == pytest.approx(total, abs=1e-9)


WRONG = [
    (replaced("--model", None), "--model is missing"),
    (replaced("--model", "perez"), "the nearest is perez_ruixo_2021_esketamine"),
    (replaced("--model", "domino_1982_tci"), "no AGE|no ASIAN"),
    (replaced("--regimen", None), "--regimen and --preset"),
    (replaced("--regimen", "nowhere.csv"), "cannot be read"),
    (replaced("--measurements", None), "--measurements is missing"),
    (replaced("--measurements", str(FOLDER / "given.csv")), "there is no column"),
    (replaced("--sampling", None), "--sampling is missing"),
    (replaced("--sampling", "arterial"), "venous blood, the measurements are arterial"),
    (replaced("--sampling", "capillary"), "venous"),
    (replaced("--covariate", None), "needs AGE"),
    (replaced("--covariate", "AGE=12"), "outside this model"),
    (replaced("--covariate", "HEIGHT=180"), "has no HEIGHT"),
    ([*PEREZ, "--what-if", str(FOLDER / "next.csv")], "go together"),
    ([*PEREZ, "--times", "0:1:1"], "go together"),
    ([*PEREZ, "--above", "50"], "mean nothing without it"),
    ([*PEREZ, *NEXT, "--percentiles", "5,200"], "from 0 to 100"),
    ([*PEREZ, *NEXT, "--draws", "5"], "--draws"),
    ([*PEREZ, "--csv", "-", "--json"], "at most one"),
    ([*replaced("--regimen", None), "--preset", "iv40"], "dose by weight: give WT"),
    (
        ["--model", "perez_ruixo_2021_esketamine,perez_ruixo_2021_esketamine", *PEREZ[2:]],
        "named twice",
    ),
]  # fmt: skip


def test_long_work_says_how_far_it_has_come(monkeypatch):
    monkeypatch.setattr(telling, "EVERY_S", 0.0)
    made = run(*PEREZ, *NEXT)
    assert "steps of the search in perez_ruixo_2021_esketamine so far" in made.stderr
    assert "51% of 500 possible people of perez_ruixo_2021_esketamine" in made.stderr
    assert "so far" not in made.stdout


@pytest.mark.parametrize("what", ["Steps", "Progress"])
def test_ctrl_c_ends_with_130_and_leaves_no_file(what, monkeypatch, tmp_path):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(getattr(telling, what), "__call__", stopped)
    made = run(*PEREZ, *NEXT, "--csv", str(tmp_path / "made.csv"))
    assert made.exit_code == 130
    assert made.stderr == "stopped; no file was written or changed\n"
    assert made.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_stops_a_long_series(tmp_path):
    """A real process, stopped when it first says that it is at work; the work is a minute."""
    given, measured = tmp_path / "given.csv", tmp_path / "measured.csv"
    hours = [84 * k for k in range(40)]
    given.write_text("time_h,route,amount_mg\n" + "".join(f"{at},sublingual,50\n" for at in hours))
    measured.write_text(
        "time_h,analyte,concentration_ng_per_ml\n"
        + "".join(f"{at + 0.5 * n},s_ketamine,{60 / n}\n" for at in hours for n in range(1, 9))
    )
    call = [
        sys.executable, "-c", "from evenkeel.cli import main; main()", "individual",
        "--model", "simons_2022_s_ketamine_otf", "--sampling", "arterial",
        "--regimen", str(given), "--measurements", str(measured), "--covariate", "WT=70",
    ]  # fmt: skip
    with subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    assert "steps of the search" in first
    assert process.returncode == 130
    assert out == ""
    assert told.endswith("stopped; no file was written or changed\n")


@pytest.mark.parametrize(("args", "words"), WRONG)
def test_a_wrong_call_says_what_is_wrong(args, words):
    made = run(*args)
    assert made.exit_code == 2
    assert made.stdout == ""
    assert any(each in made.stderr for each in words.split("|"))


def slipped(folder, *rows):
    """The infusion, with these rows as what was measured."""
    file = folder / "slipped.csv"
    file.write_text("\n".join(["time_h,analyte,concentration_ng_per_ml", *rows, ""]))
    return [
        "--model", "otto_2021_s_ketamine_iv", "--sampling", "venous",
        "--regimen", str(FOLDER / "infusion.csv"), "--measurements", str(file),
        "--covariate", "AGE=45", "--covariate", "WT=82",
    ]  # fmt: skip


def test_minutes_written_as_hours_are_bad_news_and_no_accident(tmp_path):
    call = slipped(tmp_path, "40,s_ketamine,128", "60,s_ketamine,92", "1440,s_ketamine,1")
    made = run(*call)
    assert made.exit_code == 1
    assert isinstance(made.exception, SystemExit)
    for words in ("1440 h lies over 100 standard deviations", "no estimate"):
        assert words in made.stderr
    assert "there is no estimate" in made.stdout
    assert "over +100 SD" in made.stdout
    assert "middle 90%" not in made.stdout
    (model,) = json.loads(run(*call, "--json").stdout)["models"]
    assert model["estimated"] is False
    assert len(model["warnings"]) == 3
    future = run(*call, *NEXT_IV(tmp_path))
    assert future.exit_code == 2
    assert "nobody was found who explains s_ketamine of 128 ng/mL at 40 h" in future.stderr


def test_a_far_value_that_somebody_explains_has_an_estimate(tmp_path):
    call = slipped(tmp_path, "1,s_ketamine,400", "2,s_ketamine,20")
    made = run(*call)
    assert made.exit_code == 1
    assert "from what the model can explain" in made.stderr
    assert "no estimate" not in made.stdout + made.stderr
    assert json.loads(run(*call, "--json").stdout)["models"][0]["estimated"] is True


@pytest.mark.parametrize(
    "call",
    [
        ["individual", *PEREZ],
        ["individual", *PEREZ, "--json"],
        ["simulate", "--model", "otto_2021_s_ketamine_iv", "--preset", "iv40", "--times", "0:9:1"],
        ["simulate", "--model", "otto_2021_s_ketamine_iv", "--preset", "iv40", "--times", "0:9:1",
         "--csv", "/dev/stdout"],
        ["simulate", "--help"],
    ],
)  # fmt: skip
def test_a_closed_pipe_ends_without_a_word_and_is_no_bad_news(call):
    """The reader is gone before anything is written, as after `| true`."""
    reader, writer = os.pipe()
    os.close(reader)
    made = subprocess.run(
        [sys.executable, "-c", "from evenkeel.cli import main; main()", *call],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert made.returncode == 141
    assert "Broken pipe" not in made.stderr
    assert "Traceback" not in made.stderr
