"""The spec tables are run, and nothing that a predicate turns on is left without a case.

The expected values were read from the sources by a person; the engine must agree.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evenkeel.core.guidelines.authoring.coverage import gaps
from evenkeel.core.guidelines.authoring.spec import (
    SpecFault,
    disagreement,
    judge_case,
    load_spec,
    read_spec,
    read_written,
)
from evenkeel.core.guidelines.packs.library import library

PACKS = sorted(library().packs)
HEADER = "criterion,given,applies,finding,why\n"


@pytest.mark.parametrize("name", PACKS)
def test_the_engine_agrees_with_every_row(name):
    content = library()
    criteria = {each.id: each for each in content.packs[name].criteria}
    wrong = []
    for case in load_spec(name):
        said = judge_case(case, criteria[case.criterion], content.dictionary)
        differs = disagreement(case, said)
        if differs:
            wrong.append(f"line {case.line}: {case.criterion}: {case.given_words}: {differs}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PACKS)
def test_every_limit_choice_answer_and_absence_has_a_case(name):
    content = library()
    cases = load_spec(name)
    wanting = [
        f"{criterion.id}: {gap}"
        for criterion in content.packs[name].criteria
        for gap in gaps(criterion, cases, content.dictionary)
    ]
    assert not wanting, "\n".join(wanting)


def test_every_collected_criterion_has_a_table():
    tried = {case.criterion for name in PACKS for case in load_spec(name)}
    assert len(tried) == 275


def without(criterion: str, *words: str) -> tuple[str, ...]:
    """The gaps of a criterion when the rows that give one of these words are taken out."""
    content = library()
    name = next(p.id for p in content.packs.values() for c in p.criteria if c.id == criterion)
    cases = [
        case
        for case in load_spec(name)
        if not any(word in case.given_words.split("; ") for word in words)
    ]
    found = next(c for c in content.packs[name].criteria if c.id == criterion)
    return gaps(found, cases, content.dictionary)


@pytest.mark.parametrize(
    ("criterion", "words", "gap"),
    [
        ("SPVUS-001", ["age_years = 17"], "no case with age_years just below 18"),
        ("SPVUS-001", ["age_years = 18"], "no case with age_years = 18, its limit"),
        ("SPVEU-007", ["recent_cardiovascular_event_days = 43"],
         "no case with recent_cardiovascular_event_days just above 42"),
        ("SPVUS-035", ["session_interval_days = 14"],
         "no case with session_interval_days = 14, its limit"),
        ("SPVUS-006", ["aneurysmal_vascular_disease = yes"],
         "no case with aneurysmal_vascular_disease = yes"),
        ("VA-002", ["indication = trd"], "no case is one that it does not apply to"),
        ("ASKP-001", ["indication = anxiety", "indication = headache", "indication = acute_pain",
                      "indication = other"],
         "no case with indication outside trd, mdd, mdd_suicidality, psychiatric_emergency, "
         "bipolar_depression, ptsd, ocd, fibromyalgia, crps, chronic_pain"),
        ("ASKP-001", ["indication = ocd"], "no case with indication = ocd"),
        ("ASKP-004", [""], "no case is unknown"),
    ],
)  # fmt: skip
def test_a_missing_case_is_named(criterion, words, gap):
    assert gap not in without(criterion)
    assert gap in without(criterion, *words)


def test_a_pack_without_a_table_lacks_everything():
    content = library()
    criterion = content.packs["esketamine-us"].criteria[0]
    assert gaps(criterion, (), content.dictionary) == ("there is no case",)


def refused(tmp_path: Path, text: str) -> tuple[str, ...]:
    place = tmp_path / "esketamine-us.csv"
    place.write_bytes(text.encode("utf-8"))
    content = library()
    with pytest.raises(SpecFault) as caught:
        read_spec(place, content.packs["esketamine-us"], content.dictionary)
    return caught.value.faults


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("SPVUS-01,age_years = 18,yes,met,w", "the nearest right name is SPVUS-0"),
        ("SPVUS-001,age_year = 18,yes,met,w", "there is no fact age_year; the nearest right "
         "name is age_years"),
        ("SPVUS-001,age_years 18,yes,met,w", "write name = value"),
        ("SPVUS-001,age_years =,yes,met,w", "write name = value"),
        ("SPVUS-001,age_years = eighteen,yes,met,w", "write 18, 18 to 20, at least 18"),
        ("SPVUS-001,age_years = 18 a,yes,met,w", "is no number in a"),
        ("SPVUS-001,age_years = 20 to 18,yes,met,w", "runs backwards"),
        ("SPVUS-001,age_years = 131,yes,met,w", "131 cannot be: the most is 130"),
        ("SPVUS-001,systolic_bp = 14,yes,met,w", "14 cannot be: the least is 40"),
        ("SPVUS-001,age_years = 18; age_years = 19,yes,met,w", "age_years is given twice"),
        ("SPVUS-001,answer = yes,yes,met,w", "SPVUS-001 asks nobody"),
        ("SPVUS-002,indication = TRD,yes,met,w", "nearest right name is trd"),
        ("SPVUS-006,aneurysmal_vascular_disease = true,yes,met,w", "neither yes nor no"),
        ("SPVUS-001,age_years = 18,true,met,w", "applies is 'true'"),
        ("SPVUS-001,age_years = 18,yes,meet,w", "the nearest right name is met"),
        ("SPVUS-001,age_years = 18,no,met,w", "applies is no exactly where finding is"),
        ("SPVUS-001,age_years = 18,yes,not_applicable,w", "applies is no exactly where"),
        ("SPVUS-001,age_years = 18,yes,met,", "why is empty"),
        ("SPVUS-001,age_years = 18,yes,met", "4 columns, 5 are needed"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_refused_with_its_line(tmp_path, row, fault):
    (said,) = refused(tmp_path, f"{HEADER}SPVUS-001,,yes,unknown,no age\n{row}\n")
    assert said.startswith("esketamine-us.csv:3: ")
    assert fault in said


def test_every_fault_of_a_table_is_told_at_once(tmp_path):
    said = refused(
        tmp_path,
        HEADER + "SPVUS-999,,yes,met,w\nSPVUS-001,agee = 1,maybe,met,w\n"
        "SPVUS-001,,yes,unknown,w\nSPVUS-001,,yes,unknown,w\n",
    )
    assert [line.split(": ")[0] for line in said] == [
        "esketamine-us.csv:2", "esketamine-us.csv:3", "esketamine-us.csv:3", "esketamine-us.csv:5",
    ]  # fmt: skip
    assert "the same case stands in line 4" in said[-1]


@pytest.mark.parametrize("text", ["", "criterion;given;applies;finding;why\n", "a,b\n"])
def test_another_header_is_refused(tmp_path, text):
    (said,) = refused(tmp_path, text)
    assert said.startswith("esketamine-us.csv:1: the header must be criterion,given,applies")
    assert ("semicolons" in said) == (";" in text)


def test_a_table_as_a_spreadsheet_saves_it_is_read(tmp_path):
    """Excel begins a CSV UTF-8 with a byte order mark and ends its lines with CR LF."""
    place = tmp_path / "esketamine-us.csv"
    row = 'SPVUS-002,"indication = trd; failed_adequate_trials = 2",yes,met,"two, as asked"\r\n'
    place.write_bytes(("\ufeff" + HEADER.replace("\n", "\r\n") + row + ",,,,\r\n").encode())
    content = library()
    (case,) = read_spec(place, content.packs["esketamine-us"], content.dictionary)
    assert (case.criterion, case.why, case.line) == ("SPVUS-002", "two, as asked", 2)
    assert case.given[0] == ("indication", "trd")
    assert str(case.given[1][1]) == "2"


def test_a_table_that_is_not_utf_8_is_refused(tmp_path):
    place = tmp_path / "esketamine-us.csv"
    place.write_bytes(HEADER.encode() + "SPVUS-001,,yes,unknown,größer\n".encode("latin-1"))
    content = library()
    with pytest.raises(SpecFault, match="save it as CSV UTF-8"):
        read_spec(place, content.packs["esketamine-us"], content.dictionary)


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [("18", 18, 18), ("18 to 20", 18, 20), ("at least 18", 18, None), ("at most 20", None, 20)],
)
def test_numbers_may_be_ranges(written, low, high):
    value = read_written(written, library().dictionary["age_years"])
    assert (value.low, value.high) == (low, high)
