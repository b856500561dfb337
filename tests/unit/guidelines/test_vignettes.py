"""Every row of the vignettes' expectations, asked through the command as a script would."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evenkeel.commands.check import command

VIGNETTES = Path(__file__).resolve().parents[2] / "data" / "vignettes"
with (VIGNETTES / "expected.csv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table))


@cache
def answer(case: str) -> dict[str, Any]:
    folder = VIGNETTES / "cases" / case
    call = [str(folder / "bundle.json"), "--as-of", "2026-11-01", "--json"]
    if (folder / "facts.json").exists():
        call += ["--facts", str(folder / "facts.json")]
    done = CliRunner().invoke(command, call)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "row", ROWS, ids=[f"{r['case']}-{r['criterion']}-{r['field']}" for r in ROWS]
)
def test_a_vignette_is_answered_as_expected(row):
    told = answer(row["case"])
    criteria = {each["id"]: each for pack in told["packs"] for each in pack["criteria"]}
    found, expected = criteria.get(row["criterion"], {}), row["expected"]
    match row["field"]:
        case "applies":
            assert found["applies"] == json.loads(expected)
        case "applies-not":
            assert found["applies"] != json.loads(expected)
        case "verdict":
            assert found["verdict"] == expected, found["reason"]
        case "verdict-not":
            assert found["verdict"] != expected, found["reason"]
        case "missing-contains":
            assert expected in found["missing"]
        case "from-contains":
            assert expected in found["from"]
        case "problem-path":
            assert any(expected in problem["path"] for problem in told["problems"])
        case field:
            pytest.fail(f"no way of checking {field} is known")


def test_there_are_as_many_rows_as_the_file_has_lines():
    lines = (VIGNETTES / "expected.csv").read_text(encoding="utf-8").splitlines()
    assert len(ROWS) == len(lines) - 1 > 60
