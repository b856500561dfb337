"""``evenkeel simulate``: what it answers and refuses; files are whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from tests.support.servers import READY_SECONDS

from evenkeel.commands.simulate import EXAMPLES, command, many, telling
from evenkeel.core.kernel.sources import Mark, Source
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library import models
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.populations import crowds
from evenkeel.core.pharmacology.populations.people import draw_etas
from evenkeel.core.pharmacology.populations.replicates import assumed_uncertainty
from evenkeel.core.pharmacology.profiles import published
from evenkeel.core.pharmacology.profiles.simulate import simulate

OTTO, PEREZ, KAMP = (
    "otto_2021_s_ketamine_iv",
    "perez_ruixo_2021_esketamine",
    "kamp_2020_meta_3cmt",
)
HEADER = "time_h,route,amount_mg,duration_h,addl,ii_h"


MANY = [
    "--model", OTTO, "--preset", "iv40", "--times", "0:6:0.5", "--population", "30", "--seed", "1",
]  # fmt: skip


def run(*words: str | Path, given: str | None = None):
    return CliRunner().invoke(command, [str(word) for word in words], input=given)


def rows(result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def regimen(table: str, *words: str | Path, model: str = OTTO, times: str = "0:12:0.5"):
    return run("--model", model, "--regimen", "-", "--times", times, *words, given=table)


# One person


def test_the_table_has_one_row_for_each_time_and_analyte_and_reads_back_exactly():
    made = rows(regimen(f"{HEADER}\n0,iv,35,0.6,,\n", times="0:3:0.1"))
    assert list(made[0]) == ["time_h", "analyte", "concentration_ng_per_ml"]
    model = model_named(OTTO)
    doses = [Dose(time_h=0.0, route="iv", amount_mg=35.0, duration_h=0.6)]
    times = np.arange(31) * 0.1
    expected = simulate(subject(model, reference(model, {})), doses, times)
    assert [float(row["time_h"]) for row in made[::2]] == times.tolist()
    assert [row["analyte"] for row in made[:2]] == ["s_ketamine", "s_norketamine"]
    found = [float(row["concentration_ng_per_ml"]) for row in made]
    assert found == expected.ng_per_ml.ravel().tolist()


def test_at_the_time_of_a_dose_the_value_is_the_one_before_it():
    made = rows(regimen(f"{HEADER}\n1,iv,13.3,,,\n", times="0:2:0.5"))
    ketamine = [float(row["concentration_ng_per_ml"]) for row in made[::2]]
    assert ketamine[:3] == [0.0, 0.0, 0.0]
    assert 0.0 < ketamine[3] < 100.0  # 13.3 mg in 133 L is 100 ng/mL at first


def test_overlapping_infusions_add_up_and_the_order_of_rows_says_nothing():
    one, two = "0,iv,20,2,,", "1,iv,30,2,,"
    both, turned, first, second = (
        [float(row["concentration_ng_per_ml"]) for row in rows(regimen(f"{HEADER}\n{table}\n"))]
        for table in (f"{one}\n{two}", f"{two}\n{one}", one, two)
    )
    assert both == turned
    assert both == pytest.approx(np.add(first, second).tolist(), rel=1e-12)


def test_a_model_without_clearance_keeps_everything():
    model = model_named(KAMP)
    model.parameters["CL_70"], kept = 0.0, model.parameters["CL_70"]
    try:
        made = rows(regimen(f"{HEADER}\n0,iv,30,,,\n", model=KAMP, times="0:1000:1000"))
    finally:
        model.parameters["CL_70"] = kept
    # 30 mg spread over 25, 56 and 157 L.
    last = [row for row in made if row["analyte"] == "ketamine"][-1]
    assert float(last["concentration_ng_per_ml"]) == pytest.approx(30_000 / 238.0, rel=1e-6)


def test_a_covariate_of_a_dose_may_be_given_for_all():
    two, three = (
        rows(
            run("--model", PEREZ, "--regimen", "-", "--times", "1:1:1",
                "--covariate", f"NSPRAY={number}", given=f"{HEADER}\n0,intranasal,84,,,\n")
        )[0]["concentration_ng_per_ml"]
        for number in (2, 3)
    )  # fmt: skip
    as_usual = rows(run("--model", PEREZ, "--preset", "in84", "--times", "1:1:1"))[0]
    assert three == as_usual["concentration_ng_per_ml"]
    assert float(two) > float(three)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (f"{HEADER}\n0,iv,-1,,,\n", "line 2: amount_mg of -1 is negative"),
        (f"{HEADER}\n0,iv,nan,,,\n", "line 2: amount_mg of nan is not finite"),
        (f"{HEADER}\n0,iv,inf,,,\n", "line 2: amount_mg of inf is not finite"),
        (f"{HEADER}\n\n0,iv,1_0,,,\n", "line 3: amount_mg of '1_0' is not a number"),
        (f"{HEADER}\n0,iv,,,,\n", "line 2: amount_mg is empty"),
        (f"{HEADER}\nnan,iv,1,,,\n", "line 2: time_h of nan is not finite"),
        (f"{HEADER}\n0,iv,1,-2,,\n", "line 2: duration_h of -2 is negative"),
        (f"{HEADER}\n0,iv,1,,3,\n", "line 2: addl without ii_h"),
        (f"{HEADER}\n0,iv,1,,1000000000,1\n", "line 2: addl of 1e+09"),
        (f"{HEADER}\n0,sc,1,,,\n", "has no route sc; it has iv. No published model here has it"),
        (f"{HEADER}\n0,im,1,,,\n", "No published model here has it"),
        (f"{HEADER}\n0,Intramuscular,1,,,\n", "no route im; it has iv. No published model here"),
        (f"{HEADER}\n0,nasal,1,,,\n", "no route intranasal; it has iv. Models with it: perez"),
        (f"{HEADER}\n0,intranasl,1,,,\n", "none is made up. Was intranasal meant?"),
        (f"{HEADER}\n0,oral,1,,,\n", "Models with it: perez_ruixo_2021_esketamine (adults)"),
        (f"{HEADER}\n0,iv,1\n", "line 2: 3 values where the header has 6"),
        ("time_h,route,amount_mg,time\n0,iv,1,1\n", "the nearest right name is time_h"),
        ("time_h,route,amount_mg,Addl\n0,iv,1,1\n", "the nearest right name is addl"),
        (
            "time_h,route,amount_mg,salt\n0,iv,1,1\n",
            "'salt'; amounts are mg of base; of esketamine 32.3 mg of hydrochloride are 28 mg",
        ),
        ("time_h,route,amount_mg,amount_mg_hcl\n0,iv,1,1\n", "'; amounts are mg of base"),
        ("time_h,route,amount_mg,F\n0,iv,1,1\n", "bioavailability and lag are the model's alone"),
        ("TIME,AMT,EVID,ROUTE,ALAG1\n0,1,1,iv,1\n", "bioavailability and lag are the model's"),
        ("TIME,AMT,ROUTE\n0,1,iv\n", "the column EVID is missing: 1 is a dose"),
        ("time,amt,route\n0,1,iv\n", "the column EVID is missing: 1 is a dose"),
        ("TIME,EVID,ROUTE\n0,1,iv\n", "line 1: the column AMT is missing"),
        ("TIME,AMT,EVID,ROUTE,RATE\n1,1,1,iv,-2\n", "line 2: RATE -2 leaves the duration to"),
        ("TIME,AMT,EVID,CMT,RATE\n1,1,1,1,-2\n", "otto_2021_s_ketamine_iv has none for iv"),
        (f"{HEADER},DEVICE\n0,iv,1,,,,1.5\n", "line 2: DEVICE of 1.5 is not a whole number"),
        ("TIME,AMT,EVID,ROUTE,DEVICE\n0,1,1,iv,1.5\n", "line 2: DEVICE of 1.5 is not a whole"),
        (f"{HEADER}\n", "the table has a header and no dose"),
        ("", "the table is empty"),
        ("TIME,AMT,EVID\n0,1,1\n", "line 1: the column ROUTE (or CMT) is missing"),
        ("TIME,AMT,EVID,ROUTE\n1,1,1,iv\n0,1,1,iv\n", "line 3: TIME goes back from 1 to 0"),
        ("TIME,AMT,EVID,ROUTE\n1,-1,1,iv\n", "line 2: AMT of -1 is negative"),
        ("TIME,AMT,EVID,ROUTE\n1,1,7,iv\n", "line 2: EVID 7 is none of 0 to 4"),
        ("TIME,AMT,EVID,ROUTE\n1,1,0,iv\n", "the table has no dose"),
        ("TIME,AMT,EVID,CMT\n1,1,1,4\n", "CMT 4 is not where a route of"),
        ("TIME,AMT,EVID,ROUTE,SS\n1,1,1,iv,1\n", "line 2: SS without II"),
        ("TIME,AMT,EVID,ROUTE,RATE\n1,1,1,iv,-1\n", "line 2: RATE -1"),
        ("TIME,AMT,EVID,ROUTE,RATE,DUR\n1,1,1,iv,2,3\n", "do not agree"),
        ("ID,TIME,AMT,EVID,ROUTE\n1,1,1,1,iv\n2,1,1,1,iv\n", "has 2 people (ID)"),
    ],
)  # fmt: skip
def test_a_table_that_means_nothing_is_refused_by_name(table, words):
    result = regimen(table)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("way", ["rectal", "intrathecal", "intradermal", "epidural"])
def test_another_way_into_the_body_has_no_nearest_route(way):
    told = regimen(f"{HEADER}\n0,{way},1,,,\n").stderr
    assert "none is made up." in told
    assert "meant" not in told


@pytest.mark.parametrize(
    ("written", "route", "model"),
    [
        ("IV", "iv", OTTO),
        ("Intravenous", "iv", OTTO),
        ("nasal", "intranasal", PEREZ),
        ("PO", "oral", PEREZ),
        ("SL", "sublingual", "simons_2022_s_ketamine_otf"),
    ],
)
def test_a_route_is_known_by_its_other_names_whatever_the_case(written, route, model):
    ours = f"{HEADER}\n0,{{}},28,,,\n"
    events = "TIME,AMT,EVID,ROUTE\n0,28,1,{}\n"
    expected = rows(regimen(ours.format(route), model=model))
    for table in (ours, events):
        assert rows(regimen(table.format(written), model=model)) == expected


def test_a_duration_is_left_to_a_model_that_has_one(tmp_path):
    """What is swallowed is absorbed over a while that the model says, with RATE -2 or 0."""
    table = "TIME,AMT,EVID,ROUTE,RATE\n0,84,1,oral,{}\n"
    made = regimen(table.format(-2), "--write-regimen", tmp_path / "again.csv", "--as-events",
                   model=PEREZ)  # fmt: skip
    assert rows(made) == rows(regimen(table.format(0), model=PEREZ))
    again = (tmp_path / "again.csv").read_text()
    assert "-2.0" in again
    assert rows(regimen(again, model=PEREZ)) == rows(made)


# Nasal devices

NASAL = "time_h,route,amount_mg,addl,ii_h,NSPRAY,DEVICE"
EVERY_5_MIN = [f"{minutes / 60!r},intranasal,28,,,," for minutes in (0, 5, 10)]
SOON = "each row is taken as a treatment of its own"


def nasal(*lines: str, options: tuple[str, ...] = ()):
    table = "\n".join([NASAL, *lines, ""])
    return regimen(table, *options, model=PEREZ, times="0.75:0.75:1")


def test_devices_that_do_not_say_so_are_computed_as_treatments_and_it_is_said():
    made = nasal(*EVERY_5_MIN)
    one = float(rows(made)[0]["concentration_ng_per_ml"])
    assert SOON in made.stderr
    assert "(at 0.0833, 0.167 h)" in made.stderr
    assert "give DEVICE 1, 2, 3" in made.stderr
    numbered = nasal(*(f"{row}{device}" for device, row in enumerate(EVERY_5_MIN, start=1)))
    preset = run("--model", PEREZ, "--preset", "in84-devices", "--times", "0.75:0.75:1")
    assert rows(numbered) == rows(preset)
    assert SOON not in numbered.stderr + preset.stderr
    assert one > 1.2 * float(rows(preset)[0]["concentration_ng_per_ml"])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["0,intranasal,28,,,,", "1.99,intranasal,28,,,,"], True),
        (["0,intranasal,28,,,,", "2,intranasal,28,,,,"], False),
        (["3.1,intranasal,28,,,,", "1.1,intranasal,28,,,,"], False),
        (["0,intranasal,28,2,0.0833,,"], True),
        (["0,intranasal,28,2,2,,"], False),
        (["0,intranasal,28,,,,", "0,intranasal,28,,,,"], True),
        (["0,intranasal,28,,,,1", "0.1,intranasal,28,,,,1"], True),
        (["0,intranasal,28,,,,", "0.1,intranasal,28,,,,2"], False),
        (["0,intranasal,28,,,,0", "0.1,intranasal,28,,,,0"], False),
        (["0,intranasal,28,,,2,", "0.1,intranasal,28,,,2,"], False),
        (["0,intranasal,28,,,,", "0.1,iv,28,,,,", "0.2,oral,28,,,,"], False),
        (["0,intranasal,28,,,,", "0.1,intranasal,0,,,,"], False),
    ],
)
def test_only_treatments_that_begin_too_soon_are_spoken_of(lines, told):
    made = nasal(*lines)
    assert made.exit_code == 0, made.stderr
    assert (SOON in made.stderr) is told


def test_devices_beside_a_reset_are_spoken_of_too():
    table = "TIME,AMT,EVID,ROUTE,II,ADDL\n0,28,1,intranasal,0.1,2\n9,0,3,.,0,0\n"
    assert SOON in regimen(table, model=PEREZ).stderr


def test_a_count_given_for_every_dose_speaks_for_it():
    assert SOON not in nasal(*EVERY_5_MIN, options=("--covariate", "NSPRAY=3")).stderr
    made = nasal(*EVERY_5_MIN, options=("--covariate", "DEVICE=1.5"))
    assert made.exit_code == 2
    assert "DEVICE of 1.5 cannot be" in made.stderr


@pytest.mark.parametrize(
    ("amount", "write"), [("32.3", "28"), ("64.6", "56"), ("96.9", "84"), ("32.30", "28")]
)
@pytest.mark.parametrize("device", ["", "1"])
def test_the_salt_of_whole_devices_is_refused(amount, write, device):
    made = nasal(f"0,intranasal,{amount},,,,{device}")
    assert made.exit_code == 2
    assert made.stdout == ""
    assert "is the hydrochloride of" in made.stderr
    assert f"amounts are base, write {write}\n" in made.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0,intranasal,28,,,,", ""),
        ("0,intranasal,84,,,,", ""),
        ("0,intranasal,32.2,,,,", "is 1.15 devices of 28 mg of base"),
        ("0,intranasal,32.4,,,,", "is 1.16 devices of 28 mg of base"),
        ("0,intranasal,42,,,,", "42 mg by the nose is 1.5 devices"),
        ("0,intranasal,42,,,,2", "42 mg as device 2: one device holds 28 mg of base"),
        ("0,intranasal,56,,,,1", "56 mg as device 1: one device holds 28 mg of base"),
        ("0,intranasal,42,,,3,", ""),
        # Of 323 mg, 10 devices of salt: devices of another strength say how many they are.
        ("0,intranasal,323,,,4,", ""),
        ("0,oral,32.3,,,,", ""),
        ("0,iv,96.9,,,,", ""),
    ],
)
def test_parts_of_devices_are_computed_and_it_is_said(line, told):
    made = nasal(line)
    assert made.exit_code == 0, made.stderr
    assert told in made.stderr
    assert ("mg of base" in made.stderr) is bool(told)


def test_every_fault_of_a_table_has_a_line_of_its_own():
    result = regimen(f"{HEADER}\n0,iv,-1,,,\nnan,iv,1,,,\n")
    assert result.exit_code == 2
    assert [line.partition(": ")[2][:7] for line in result.stderr.splitlines()] == [
        "line 2:",
        "line 3:",
    ]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ("2:1:1", "STOP comes before START"),
        ("0:1:0", "the step must be above 0"),
        ("0:1:-1", "the step must be above 0"),
        ("0:nan:1", "every number must be finite"),
        ("0:1e9:1e-9", "at most 100,000,000"),
        ("0:1", "write START:STOP:STEP in hours"),
        ("nowhere.txt", "cannot be read"),
    ],
)
def test_times_that_cannot_be_answered_are_refused(times, words):
    result = run("--model", OTTO, "--preset", "iv40", "--times", times)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0\n2\n1\n", "number 3 (1 h) does not come after number 2 (2 h)"),
        ("0\n1\n1\n", "number 3 (1 h) does not come after number 2 (1 h)"),
        ("0\nsoon\n", "line 2: 'soon' is not a time in hours"),
        ("0\n1_0\n", "line 2: '1_0' is not a time in hours"),
        ("0\nnan\n", "a time is not finite"),
        ("\n", "no times are asked for"),
    ],
)
def test_a_file_of_times_is_read_strictly(text, words, tmp_path):
    file = tmp_path / "times.txt"
    file.write_text(text)
    result = run("--model", OTTO, "--preset", "iv40", "--times", file)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.startswith(str(file))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--covariate", "WT=0"], "WT of 0 cannot be: it is in kg"),
        (["--covariate", "WT=-70"], "WT of -70 cannot be"),
        (["--covariate", "WT=70000"], "WT of 70000 cannot be"),
        (["--covariate", "WT=nan"], "not a finite number"),
        (["--covariate", "WEIGHT=70"], "Nearest is WT"),
        (["--covariate", "WT=70", "--covariate", "WT=80"], "WT is given twice"),
        (["--covariate", "AGE=8"], "AGE of 8 years is outside this model"),
        (["--preset", "in84"], "has no route intranasal"),
        (["--preset", "iv4"], "the nearest is iv40"),
        (["--model", "herd_2007_children", "--covariate", "AGE=40"], "made from children"),
        (["--model", "perez"], "the nearest is perez_ruixo_2021_esketamine"),
        (["--json", "--csv", "x.csv"], "at most one of --csv, --json and --plot"),
        (["--seed", "1"], "--seed goes with --population"),
        (["--population", "5"], "--population needs --seed"),
        (["--population", "0", "--seed", "1"], "from 1 to 1,000,000"),
        (["--population", "2000000", "--seed", "1"], "from 1 to 1,000,000"),
        (["--population", "5", "--seed", "1", "--percentiles", "5,101"], "from 0 to 100"),
        (["--population", "5", "--seed", "1", "--percentiles", "5,5"], "each once"),
        (
            ["--model", "domino_1982_tci", "--population", "5", "--seed", "1"],
            "no band can be drawn (Not published). To see what a spread",
        ),
        (["--uncertainty", "CL=12"], "--uncertainty goes with --population"),
        (["--replicates", "30"], "--replicates goes with --uncertainty"),
        (["--population", "5", "--seed", "1", "--uncertainty", "published"], "no standard errors"),
        (["--population", "5", "--seed", "1", "--uncertainty", "CLL=9"], "the nearest is CL"),
        (["--population", "5", "--seed", "1", "--uncertainty", "CL=-9"], "is above 0"),
        (["--population", "5", "--seed", "1", "--uncertainty", "CL"], "write NAME=PERCENT"),
        (
            ["--population", "5", "--seed", "1", "--uncertainty", "CL=9", "--replicates", "19"],
            "from 20",
        ),
        (
            ["--population", "1000000", "--seed", "1", "--times", "0:10000:0.01"],
            "2e+12 concentrations, and at most 1e+12",
        ),
        (["--population", "5", "--seed", "1", "--assume-cv", "CL=20"], "was published"),
        (["--population", "5", "--seed", "1", "--draw", "WT=normal:70:10:90:50"], "LOW must"),
        (["--population", "5", "--seed", "1", "--draw", "WT=poisson:3"], "write NAME= and one"),
        (["--population", "5", "--seed", "1", "--draw", "WT=uniform:700:900"], "cannot be"),
        (["--population", "5", "--seed", "1", "--draw", "AGE=uniform:5:10"], "outside this"),
        (["--occupancy"], "--occupancy needs --json or --plot"),
        (["--summary", "--above", "-3"], "a concentration above 0"),
        (["--plot", "x.gif"], "the name ends in .svg, .png or .pdf"),
        (["--csv", "/nowhere/x.csv"], "cannot be written"),
        (["--published", "table-1"], "the nearest is"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(words, told):
    usual = {"--model": OTTO, "--preset": "iv40", "--times": "0:1:0.5"}
    for name in usual:
        if name not in words:
            words = [*words, name, usual[name]]
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert told in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_what_is_missing_is_said_at_once():
    told = run().stderr
    assert [word in told for word in ("--model", "--preset", "--times")] == [True] * 3


def test_the_summary_of_a_bolus_is_that_of_the_closed_form():
    table = f"{HEADER}\n0,iv,10,,,\n"
    made = rows(
        regimen(table, "--summary", "--above", "1000", model="fanta_2015_s_ketamine",
                times="0:2000:2000")
    )[0]  # fmt: skip
    assert float(made["peak_ng_per_ml"]) == pytest.approx(1000 * 10 / 133.0, rel=1e-9)
    assert float(made["area_ng_h_per_ml"]) == pytest.approx(1000 * 10 / 95.2, rel=1e-9)
    assert float(made["above_1000_h"]) == 0.0


def test_json_is_one_object_with_the_limits():
    result = run(
        "--model", PEREZ, "--preset", "in84", "--times", "0:2:0.5",
        "--json", "--summary", "--above", "50", "--occupancy",
    )  # fmt: skip
    told = json.loads(result.stdout)
    assert told["status"] == "draft"
    assert told["limits"]
    assert told["sampling"] == "venous"
    assert told["summary"][0]["above_h"]["50"] > 1.0
    band = told["occupancy"]
    assert all(
        low <= middle <= high < 1.0
        for low, middle, high in zip(band["low"], band["middle"], band["high"], strict=True)
    )
    assert len(band["low"]) == len(told["time_h"]) == 5


def test_more_numbers_than_json_takes_are_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(telling, "MOST_AT_ONCE", 9)
    usual = ["--model", OTTO, "--preset", "iv40", "--times", "0:4:1"]
    result = run(*usual, "--json")
    assert result.exit_code == 2
    assert "--csv" in result.stderr
    assert run(*usual).exit_code == 0


def test_long_work_says_how_far_it_has_come(monkeypatch):
    monkeypatch.setattr(telling, "EVERY_S", 0.0)
    result = run("--model", OTTO, "--preset", "iv40", "--times", "0:4:0.00005")
    assert "of 80,001 times" in result.stderr


def test_ctrl_c_ends_with_130_and_leaves_no_file(monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(telling, "write_table", stopped)
    kept = tmp_path / "kept.csv"
    kept.write_text("as it was")
    result = run("--model", OTTO, "--preset", "iv40", "--times", "0:4:1", "--csv", kept)
    assert result.exit_code == 130
    assert "stopped" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["kept.csv"]
    assert kept.read_text() == "as it was"


@pytest.mark.parametrize("more", [[], ["--summary"], ["--uncertainty", "CL=9"]])
def test_ctrl_c_in_the_midst_of_many_people_leaves_no_file(more, monkeypatch, tmp_path):
    monkeypatch.setattr(crowds, "AT_ONCE", 0)
    monkeypatch.setattr(crowds, "GROUP", 10)

    def stopped(self, done, whole):
        if done > 0.3 * whole:
            raise KeyboardInterrupt

    monkeypatch.setattr(telling.Progress, "__call__", stopped)
    result = run(*MANY, *more, "--csv", tmp_path / "made.csv")
    assert result.exit_code == 130
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = run("--model", OTTO, "--preset", "iv40", "--times", "0:1:1", "--csv", pipe)
        assert result.exit_code == 0, result.stderr
        assert os.read(reader, 7) == b"time_h,"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_single_person_needs_neither_compiler_nor_server():
    told = (
        "import sys; from evenkeel.commands.simulate import command\n"
        f"command(['--model', '{PEREZ}', '--preset', 'in84', '--times', '0:1:0.5'],"
        " standalone_mode=False)\n"
        "print([name for name in ('numba', 'django', 'typst', 'scipy') if name in sys.modules])"
    )
    made = subprocess.run(
        [sys.executable, "-c", told],
        capture_output=True,
        text=True,
        check=True,
        timeout=READY_SECONDS,
    )
    assert made.stdout.splitlines()[-1] == "[]"


# Populations


def each_alone(model_id: str, people: int, seed: int, doses, times) -> np.ndarray:
    """Everybody computed as one person, by the propagators that no kernel shares."""
    model = model_named(model_id)
    etas = draw_etas(model, people=people, seed=seed)
    return np.array(
        [
            simulate(
                subject(
                    model,
                    reference(model, {}),
                    {name: float(each[k]) for name, each in etas.items()},
                ),
                doses,
                times,
            ).ng_per_ml
            for k in range(people)
        ]
    )


@pytest.mark.parametrize("way", ["grid", "file", "groups"])
def test_percentiles_are_those_of_people_computed_one_by_one(way, tmp_path, monkeypatch):
    times = np.array([0.0, 0.5, 1.0, 2.5, 6.0]) if way == "file" else np.arange(13) * 0.5
    file = tmp_path / "times.txt"
    file.write_text("\n".join(map(repr, times.tolist())))
    if way == "groups":
        monkeypatch.setattr(crowds, "AT_ONCE", 0)
        monkeypatch.setattr(crowds, "GROUP", 7)
        monkeypatch.setattr(crowds, "BUFFER", 200)  # three times at once
    table = f"{HEADER}\n0.5,iv,20,,,\n2,iv,30,1,,\n"
    made = rows(
        regimen(table, "--population", "30", "--seed", "4", "--percentiles", "10,50,97.5",
                times="0:6:0.5" if way == "grid" else str(file))
    )  # fmt: skip
    doses = [
        Dose(time_h=0.5, route="iv", amount_mg=20.0),
        Dose(time_h=2.0, route="iv", amount_mg=30.0, duration_h=1.0),
    ]
    alone = each_alone(OTTO, 30, 4, doses, times)
    expected = np.percentile(alone, [10, 50, 97.5], axis=0).transpose(1, 2, 0)
    found = np.array([float(row["concentration_ng_per_ml"]) for row in made])
    peak = expected.max()
    assert np.abs(found - expected.ravel()).max() <= 1e-9 * peak
    assert list(made[0]) == ["time_h", "analyte", "concentration_ng_per_ml", "percentile"]
    assert [row["percentile"] for row in made[:3]] == ["10", "50", "97.5"]


@pytest.mark.parametrize("groups", [False, True])
def test_at_the_time_of_a_dose_nobody_has_it_yet(groups, monkeypatch):
    """On a grid whose own arithmetic decides on which side of the dose a point lies."""
    if groups:
        monkeypatch.setattr(crowds, "AT_ONCE", 0)
        monkeypatch.setattr(crowds, "GROUP", 2)
        monkeypatch.setattr(crowds, "BUFFER", 24)
    times = (1.0 + np.arange(20) * 0.1).tolist()
    for dose in times[1:]:
        table = f"{HEADER}\n{dose!r},iv,20,,,\n"
        made = rows(
            regimen(table, "--population", "4", "--seed", "1", "--percentiles", "100",
                    times="1:2.95:0.1")
        )[::2]  # fmt: skip
        given = [float(row["concentration_ng_per_ml"]) > 0.0 for row in made]
        assert given == [at > dose for at in times], dose


def test_one_person_is_a_population_and_a_seed_is_the_same_people():
    usual = ["--model", OTTO, "--preset", "iv40", "--times", "0:2:0.5", "--population"]
    one = rows(run(*usual, "1", "--seed", "9"))
    by_time = [row["concentration_ng_per_ml"] for row in one]
    assert by_time[0::3] == by_time[1::3] == by_time[2::3]
    assert rows(run(*usual, "1", "--seed", "9")) == one
    assert rows(run(*usual, "1", "--seed", "10")) != one


def test_a_spread_that_nobody_published_is_refused_unless_it_is_assumed_and_told():
    usual = [
        "--model", KAMP, "--preset", "iv40", "--times", "0:2:0.5",
        "--population", "50", "--seed", "1",
    ]  # fmt: skip
    refused = run(*usual)
    assert refused.exit_code == 2
    assert "no spread between people was published" in refused.stderr
    assert "--assume-cv" in refused.stderr
    wrong = run(*usual, "--assume-cv", "CLL=20")
    assert "the nearest is CL" in wrong.stderr
    made = run(*usual, "--assume-cv", "CL=20,V1=30", "--json")
    assert "ASSUMED" in made.stderr
    told = json.loads(made.stdout)
    assert told["assumed_cv_percent"] == {"CL": 20.0, "V1": 30.0}
    low, high = (told["concentration_ng_per_ml"]["ketamine"][each][2] for each in ("5", "95"))
    assert low < high


def test_weights_that_are_drawn_scale_a_dose_by_weight():
    """With everything in proportion to weight, a dose by weight gives everybody the same."""
    usual = [
        "--model", "clements_nimmo_1981_250", "--preset", "iv40", "--times", "0.5:2:0.5",
        "--population", "40", "--seed", "1", "--percentiles", "0,100",
        "--assume-cv", "k10=0.0001",
    ]  # fmt: skip
    made = rows(run(*usual, "--draw", "WT=uniform:50:110"))
    low, high = (
        np.array([float(row["concentration_ng_per_ml"]) for row in made[k::2]]) for k in (0, 1)
    )
    assert low == pytest.approx(high, rel=1e-5)


def test_a_past_that_is_written_out_and_one_that_is_endless_are_the_same_percentiles():
    """Every three hours a dose that is gone by then; a reset forgets the dose before it."""
    asked = ["--population", "40", "--seed", "3", "--percentiles", "5,95"]
    endless = "TIME,AMT,EVID,ROUTE,II,ADDL,SS\n0,90,1,iv,.,.,.\n1,20,4,iv,3,2,1\n"
    past = f"{HEADER}\n-599,iv,20,,202,3\n"
    found, written = (
        [float(row["concentration_ng_per_ml"]) for row in rows(regimen(table, *asked))]
        for table in (endless, past)
    )
    # From the moment of the reset on: 0 and 0.5 h and the value before it are of the first dose.
    assert found[12:] == pytest.approx(written[12:], rel=1e-9)
    assert found[4] > 2.0 * written[4]


def test_a_population_is_summed_up_by_each_persons_own_profile():
    table = rows(run(*MANY, "--summary", "--above", "50", "--percentiles", "0,100"))
    assert list(table[0]) == [
        "analyte", "peak_ng_per_ml", "peak_at_h", "area_ng_h_per_ml", "above_50_h", "percentile",
    ]  # fmt: skip
    assert [row["percentile"] for row in table] == ["0", "100"] * 2
    told = json.loads(
        run(*MANY, "--summary", "--above", "50", "--occupancy", "--json",
            "--percentiles", "0,100").stdout
    )  # fmt: skip
    first = told["summary"][0]
    assert first["peak_ng_per_ml"] == {
        each: float(row["peak_ng_per_ml"]) for each, row in zip(("0", "100"), table, strict=False)
    }
    assert first["above_h"]["50"]["0"] == float(table[0]["above_50_h"])
    # 35 mg in 40 min: everybody peaks at the end of the infusion.
    assert first["peak_at_h"]["0"] == pytest.approx(40 / 60)
    band = told["occupancy"]
    assert band["limits"]
    for percentile in ("0", "100"):
        ends = [band[end][percentile][2] for end in ("low", "middle", "high")]
        assert ends == sorted(ends)
        assert 0.0 < ends[0] < ends[2] < 1.0


def test_uncertainty_that_is_assumed_is_told_in_every_answer(tmp_path):
    asked = [*MANY, "--uncertainty", "CL=20,V1=10", "--replicates", "20"]
    plain = rows(run(*MANY))
    made = run(*asked)
    table = rows(made)
    assert "you ASSUMED and nobody published: CL 20%, V1 10%; 20 replicates" in made.stderr
    assert list(table[0]) == [
        "time_h", "analyte", "concentration_ng_per_ml", "percentile", "low_ng_per_ml",
        "high_ng_per_ml",
    ]  # fmt: skip
    # The percentiles themselves are those of the published typical values.
    for one, other in zip(plain, table, strict=True):
        assert {name: other[name] for name in one} == one
        low, value, high = (
            float(other[name])
            for name in ("low_ng_per_ml", "concentration_ng_per_ml", "high_ng_per_ml")
        )
        assert low <= high
        if value > 0.0:
            assert low < high
    told = json.loads(run(*asked, "--summary", "--occupancy", "--json").stdout)
    doubt = told["uncertainty"]
    assert doubt["assumed"] is True
    assert doubt["source"] is None
    assert doubt["relative_se_percent"] == {"CL": 20.0, "V1": 10.0}
    assert doubt["replicates"] == 20
    low = doubt["low"]["concentration_ng_per_ml"]["s_ketamine"]["50"]
    by_table = [
        float(row["low_ng_per_ml"])
        for row in table
        if row["percentile"] == "50" and row["analyte"] == "s_ketamine"
    ]
    assert low == pytest.approx(by_table, rel=1e-12)
    areas = [
        each["summary"][0]["area_ng_h_per_ml"]["50"] for each in (doubt["low"], told, doubt["high"])
    ]
    assert areas == sorted(areas)
    assert (
        doubt["low"]["occupancy"]["middle"]["50"][2] < doubt["high"]["occupancy"]["middle"]["50"][2]
    )
    file = tmp_path / "doubted.svg"
    assert run(*asked, "--occupancy", "--plot", file).exit_code == 0
    assert "Standard errors ASSUMED for this picture, not published: CL 20%, V1 10%" in (
        file.read_text()
    )


def test_published_standard_errors_are_used_where_a_model_carries_them(monkeypatch):
    model = model_named(OTTO)
    said = assumed_uncertainty(model, {"CL": 8.0})
    carried = replace(said, source=Source(title="A paper", at="Table 9", mark=Mark.SEEN))
    monkeypatch.setattr(models, "models", lambda: {OTTO: replace(model, uncertainty=carried)})
    made = run(*MANY, "--uncertainty", "published", "--replicates", "20", "--json")
    doubt = json.loads(made.stdout)["uncertainty"]
    assert doubt["assumed"] is False
    assert doubt["source"] == "A paper, Table 9"
    assert "as uncertain as published (A paper, Table 9)" in made.stderr


def test_more_replicates_than_fit_are_refused_before_anything_is_worked_out(monkeypatch):
    monkeypatch.setattr(many, "MOST_KEPT", 20 * 13 * 2 * 3 - 1)
    result = run(*MANY, "--uncertainty", "CL=20", "--replicates", "20")
    assert result.exit_code == 2
    assert "20 replicates of 78 numbers" in result.stderr
    monkeypatch.setattr(many, "MOST_KEPT", 20 * 13 * 2 * 3)
    assert run(*MANY, "--uncertainty", "CL=20", "--replicates", "20").exit_code == 0


def test_treatments_of_other_days_are_occasions_and_a_table_may_say_so():
    usual = [
        "--model", "simons_2022_s_ketamine_otf", "--times", "0:60:10", "--population", "4",
        "--seed", "1", "--regimen", "-",
    ]  # fmt: skip
    by_day = run(*usual, "--json", given=f"{HEADER}\n0,sublingual,50,,1,48\n")
    assert json.loads(by_day.stdout)["occasions"] == 2
    assert "there are 2 (doses more than 24 h apart, or OCC)" in by_day.stderr
    head = "TIME,AMT,EVID,ROUTE,OCC"
    split, whole = (
        json.loads(
            run(
                *usual, "--json", given=f"{head}\n0,50,1,sublingual,1\n6,50,1,sublingual,{occ}\n"
            ).stdout
        )
        for occ in (2, 1)
    )
    assert (split["occasions"], whole["occasions"]) == (2, 1)
    curve = "concentration_ng_per_ml"
    assert split[curve] != whole[curve]
    refused = run(*usual, given=f"{head}\n0,50,1,sublingual,.\n")
    assert refused.exit_code == 2
    assert "line 2: OCC has to be a whole number from 1" in refused.stderr


def test_what_a_model_gets_wrong_is_said_with_every_answer(tmp_path):
    """Norketamine's clearance rises with time in the paper, and not in the model."""
    usual = ["--model", "flint_2017_s_ketamine_picu", "--covariate", "WT=20", "--preset", "iv40",
             "--times", "0:24:6"]  # fmt: skip
    limit = "clearance rose with time (0.87% an hour); this linear form leaves that out"
    assert limit in run(*usual).stderr
    assert limit in run(*usual, "--population", "5", "--seed", "1").stderr
    assert limit in " ".join(json.loads(run(*usual, "--json").stdout)["limits"])
    assert run(*usual, "--plot", tmp_path / "x.svg").exit_code == 0
    words = " ".join(
        "".join(each.itertext()) for each in ElementTree.parse(tmp_path / "x.svg").iter()
    )
    assert "leaves that out" in words


# Pictures


def test_a_picture_tells_curves_apart_without_colour_and_says_what_it_is(tmp_path):
    file = tmp_path / "simons.svg"
    result = run(
        "--model", "simons_2022_s_ketamine_otf", "--preset", "otf50", "--times", "0:6:0.1",
        "--plot", file, "--occupancy",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    picture = ElementTree.fromstring(file.read_text())
    space = "{http://www.w3.org/2000/svg}"
    lines = [each for each in picture.iter(f"{space}polyline") if each.get("stroke-width") == "2"]
    dashes = [each.get("stroke-dasharray", "solid") for each in lines[:3]]
    assert len(set(dashes)) == 3
    words = " ".join("".join(each.itertext()) for each in picture.iter(f"{space}text"))
    for told in (
        "ng/mL", "per cent taken", "s-norketamine", "50 mg sublingual", "hours",
        "A teaching view", "not for choosing a dose", "blood from an artery",
    ):  # fmt: skip
        assert told in words


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_a_picture_of_people_is_also_a_png_and_a_pdf(kind, tmp_path):
    file = tmp_path / f"otto.{kind}"
    result = run(
        "--model", OTTO, "--preset", "iv40", "--times", "0:6:0.1",
        "--population", "20", "--seed", "1", "--plot", file,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    if kind == "png":
        assert file.read_bytes().startswith(b"\x89PNG")
    else:
        words = PdfReader(file).pages[0].extract_text()
        assert "20 people, seed 1" in words
        assert "median; percentiles 5 to 95" in words


# Tables of papers, lists, examples


def test_the_tables_of_the_papers_come_out():
    for table in published.published():
        result = run("--published", table, "--json")
        assert result.exit_code == 0
        told = json.loads(result.stdout)
        assert told["holds"]
        assert len(told["figures"]) in (18, 72)


def test_a_figure_that_is_not_within_its_bound_ends_with_1(monkeypatch):
    table = published.published_named("perez-ruixo-2021-table-4")
    key = ("esketamine", "peak")
    near = published.Bound(within_percent=0.1, why="to fail")
    monkeypatch.setitem(table.bounds, key, near)
    result = run("--published", table.id)
    assert result.exit_code == 1
    assert "NOT WITHIN" in result.stdout


def test_the_list_is_there_for_programs():
    told = json.loads(run("--list", "--json").stdout)
    by_id = {each["id"]: each for each in told["models"]}
    assert by_id[KAMP]["spread_published"] is False
    assert by_id[OTTO]["covariates"]["WT"]["unit"] == "kg"
    assert by_id[OTTO]["differs_by_occasion"] is False
    assert by_id["simons_2022_s_ketamine_otf"]["differs_by_occasion"] is True
    assert by_id[OTTO]["uncertainty_published"] is False
    assert {"iv40", "in84"} <= {each["id"] for each in told["presets"]}


def test_the_examples_of_the_help_work_as_they_stand(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = EXAMPLES.replace("\\\n", " ")
    lines = [line.split()[2:] for line in text.splitlines() if "evenkeel simulate" in line]
    assert len(lines) == 3
    for words in lines:
        result = run(*words)
        assert result.exit_code == 0, result.stderr
