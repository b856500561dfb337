"""``evenkeel score`` as a script sees it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evenkeel.commands.score import command

GOLDEN = Path(__file__).parents[1] / "golden" / "instruments"


def run(*args: str, text: str | None = None):
    return CliRunner().invoke(command, list(args), input=text)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_other_columns_pass_through_and_scores_are_added():
    result = run("gad7", "-", text="who,q1,q2,q3,q4,q5,q6,q7\nA,1,2,0,0,1,0,3\nB,,2,0,0,1,0,3\n")
    assert result.exit_code == 0
    first, second = rows(result.stdout)
    assert first == {
        **{"who": "A", "q1": "1", "q2": "2", "q3": "0", "q4": "0", "q5": "1", "q6": "0", "q7": "3"},
        **{"total": "7", "band": "mild", "complete": "true", "reason": ""},
    }
    assert (second["total"], second["band"], second["complete"]) == ("", "", "false")
    assert "not answered: q1" in second["reason"]


def test_a_column_that_is_already_called_total_is_kept_under_another_name():
    result = run("phq9", str(GOLDEN / "phq9_camcops.csv"))
    assert result.exit_code == 0
    scored = rows(result.stdout)
    assert len(scored) == 225
    for row in scored:
        if row["n_missing"] == "0":
            assert row["total"] == row["input_total"]
        else:
            assert row["total"] == ""
    assert "input_total" in result.stderr


def test_a_survey_with_refusals_is_scored_without_them():
    result = run("PHQ-9", str(GOLDEN / "nhanes_phq9_sample.csv"))
    assert result.exit_code == 0
    assert all(int(row["total"]) <= 27 for row in rows(result.stdout) if row["total"])


def test_json_is_one_object_with_numbers():
    answers = ",".join("1" * 20)
    header = ",".join(f"q{n}" for n in range(1, 21))
    result = run("pcl5", "-", "--json", text=f"{header}\n{answers}\n")
    assert json.loads(result.stdout)["rows"][0] | {"reason": ""} == {
        **{f"q{n}": "1" for n in range(1, 21)},
        **{"total": 20, "band": "", "complete": True, "reason": ""},
        **{"cluster_b": 5, "cluster_c": 2, "cluster_d": 7, "cluster_e": 6},
    }


@pytest.mark.parametrize(
    ("cell", "accepted"),
    [
        ("0", True),
        ("3", True),
        ("1.0", True),
        (" 2 ", True),
        ("", True),
        ("4", False),
        ("-1", False),
        ("1.5", False),
        ("1,0", False),
        ("1e0", False),
        ("x", False),
        ("NA", False),
        ("１", False),
    ],
)
def test_a_cell_is_an_answer_or_a_fault(cell, accepted):
    result = run("phq2", "-", text=f'q1,q2\n"{cell}",1\n')
    assert result.exit_code == (0 if accepted else 2)
    if not accepted:
        assert result.stdout == ""
        assert "line 2: q1 is" in result.stderr
        assert "from 0 to 3" in result.stderr


def test_every_fault_is_named_with_its_line_and_nothing_is_written():
    result = run("phq2", "-", text="q1,q2\n1,1\n5,1\n1\n2,x\n")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == [
        " line 3",
        " line 4",
        " line 5",
    ]


@pytest.mark.parametrize(
    ("instrument", "text", "say"),
    [
        ("phq2", "q1\n1\n", "column q2 is missing"),
        ("phq2", "q1,q1,q2\n1,1,1\n", "q1 stands there 2 times"),
        ("phq2", "", "column q1 is missing"),
        ("no-such", "q1\n1\n", "There is no scale named"),
        ("phq2", 'q1,q2\n1,"2\n', "not readable as CSV"),
    ],
)
def test_a_wrong_call_says_what_would_be_right(instrument, text, say):
    result = run(instrument, "-", text=text)
    assert result.exit_code == 2
    assert say in result.stderr


def test_a_file_that_is_not_there_and_one_that_is_not_text(tmp_path):
    assert run("phq2", str(tmp_path / "none.csv")).exit_code == 2
    odd = tmp_path / "odd.csv"
    odd.write_bytes(b"q1,q2\n1,\xff\n")
    result = run("phq2", str(odd))
    assert result.exit_code == 2
    assert "line 2: not UTF-8" in result.stderr


def test_an_empty_line_between_rows_is_no_row_that_vanishes():
    result = run("phq2", "-", text="q1,q2\n3,1\n\n2,2\n")
    assert result.exit_code == 2
    assert "line 3: is empty where 2 cells are due" in result.stderr
    assert run("phq2", "-", text="q1,q2\n3,1\n\n\n").exit_code == 0


def test_an_empty_line_of_a_file_with_one_column_is_an_answer_not_given():
    result = run("cgi_s", "-", text="q1\n3\n\n4\n\n")
    assert result.exit_code == 0
    assert [row.split(",")[1] for row in result.stdout.splitlines()[1:]] == ["3", "", "4"]
