"""Scoring against programs and records of others, and on both sides of every line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evenkeel.core.instruments import (
    ImpossibleAnswer,
    catalogue,
    change_between,
    scale_of,
    score,
    score_total,
)
from evenkeel.core.instruments.catalogue import UnknownScale
from evenkeel.core.instruments.outcomes import definition_of, definitions, judge, relapse
from evenkeel.core.kernel.verdicts import Answer

GOLDEN = Path(__file__).parents[1] / "golden" / "instruments"


def golden(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answers_of(row: dict[str, str], count: int) -> dict[str, int | None]:
    return {f"q{n}": int(row[f"q{n}"]) if row[f"q{n}"] else None for n in range(1, count + 1)}


# The names CamCOPS gives to the bands of Kroenke 2001 and Spitzer 2006.
BAND_NAMES = {
    "none": "none or minimal",
    "mild": "mild",
    "moderate": "moderate",
    "moderately_severe": "moderately severe",
    "severe": "severe",
}


@pytest.mark.parametrize(("scale_id", "count"), [("phq9", 9), ("gad7", 7)])
def test_complete_answers_score_as_an_independent_program_scores_them(scale_id, count):
    complete = [row for row in golden(f"{scale_id}_camcops.csv") if row["n_missing"] == "0"]
    assert len(complete) == 200
    for row in complete:
        result = score(scale_of(scale_id), answers_of(row, count))
        assert result.total == int(row["total"])
        assert result.band == BAND_NAMES[row["severity"]]
        assert result.complete


@pytest.mark.parametrize(("scale_id", "count"), [("phq9", 9), ("gad7", 7), ("hamd17", 17)])
def test_no_total_is_given_where_that_program_adds_up_a_part(scale_id, count):
    partial = [row for row in golden(f"{scale_id}_camcops.csv") if row["n_missing"] != "0"]
    assert len(partial) == 25
    for row in partial:
        result = score(scale_of(scale_id), answers_of(row, count))
        assert result.total is None
        assert result.band == ""
        assert not result.complete
        assert len(result.missing) == int(row["n_missing"])
        assert all(item in result.reason for item in result.missing)


def test_the_hamilton_total_is_the_one_of_an_independent_program():
    complete = [row for row in golden("hamd17_camcops.csv") if row["n_missing"] == "0"]
    assert any(row["q16"] == "3" for row in complete), "the uncounted answer must be among them"
    for row in complete:
        assert score(scale_of("hamd17"), answers_of(row, 17)).total == int(row["total"])


def test_refusals_in_a_national_survey_are_not_points():
    scale = scale_of("phq9")
    rows = golden("nhanes_phq9_sample.csv")
    refused = 0
    for row in rows:
        written = [row[f"q{n}"] for n in range(1, 10)]
        result = score(scale, answers_of(row, 9))
        if all(answer in {"0", "1", "2", "3"} for answer in written):
            assert result.total == sum(int(answer) for answer in written)
            assert result.safety_positive is (row["q9"] != "0")
        else:
            assert result.total is None
        if row["q9"] in {"", "7", "9"}:
            assert result.safety_positive is None
        if "7" in written or "9" in written:
            refused += 1
            assert "refused" in result.reason or "does not know" in result.reason
    assert refused >= 60


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "none or minimal"),
        (4, "none or minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "moderately severe"),
        (19, "moderately severe"),
        (20, "severe"),
        (27, "severe"),
    ],
)
def test_the_bands_of_kroenke_2001(total, band):
    assert scale_of("phq9").band(total) == band


@pytest.mark.parametrize(
    ("q9", "positive", "urgent"),
    [(0, False, False), (1, True, False), (2, True, True), (3, True, True), (None, None, None)],
)
def test_the_ninth_item_speaks_for_itself(q9, positive, urgent):
    result = score(scale_of("phq9"), {f"q{n}": 0 for n in range(1, 9)} | {"q9": q9})
    assert result.safety_positive is positive
    assert result.safety_urgent is urgent


def test_a_missing_ninth_item_is_never_filled_in_and_is_not_a_zero():
    result = score(scale_of("phq9"), {f"q{n}": 3 for n in range(1, 9)})
    assert result.total is None
    assert result.safety_positive is None
    assert result.missing == ("q9",)


@pytest.mark.parametrize("answer", [-1, 4, 5, 6, 8, 10, 27])
def test_an_answer_outside_the_range_is_refused(answer):
    with pytest.raises(ImpossibleAnswer, match="0 to 3"):
        score(scale_of("phq9"), {"q1": answer})


def test_an_item_the_scale_does_not_have_is_refused():
    with pytest.raises(ImpossibleAnswer, match="q10"):
        score(scale_of("phq9"), {"q10": 1})


@pytest.mark.parametrize(("scale_id", "low", "high"), [("madrs", 0, 60), ("cgi_s", 1, 7)])
def test_a_total_by_a_clinician_is_held_to_the_range(scale_id, low, high):
    scale = scale_of(scale_id)
    assert score_total(scale, low).total == low
    assert score_total(scale, high).total == high
    for beyond in (low - 1, high + 1):
        with pytest.raises(ImpossibleAnswer, match=f"{low} to {high}"):
            score_total(scale, beyond)


def test_two_highest_of_a_group_count_once():
    # The QIDS manual: max(1-4) + 5 + max(6-9) + 10 to 14 + max(15, 16).
    answers = {f"q{n}": 0 for n in range(1, 17)} | {"q1": 2, "q3": 3, "q6": 1, "q9": 2, "q16": 1}
    assert score(scale_of("qids_sr16"), answers).total == 3 + 2 + 1
    assert score(scale_of("qids_sr16"), {f"q{n}": 3 for n in range(1, 17)}).total == 27


def test_subscales_stand_beside_the_total():
    result = score(scale_of("pcl5"), {f"q{n}": 1 for n in range(1, 21)})
    assert result.subscales == {"cluster_b": 5, "cluster_c": 2, "cluster_d": 7, "cluster_e": 6}
    assert result.total == 20


def test_wording_is_carried_only_where_a_right_is_on_file():
    for scale in catalogue().values():
        if any(item.words for item in scale.items):
            assert scale.rights.licence_class.allows_wording
    assert not any(item.words for item in scale_of("madrs").items)
    assert {s.id for s in catalogue().values() if s.asks_patient} == {
        "phq9",
        "phq8",
        "phq2",
        "gad7",
    }


@pytest.mark.parametrize("written", ["PHQ-9", "phq9", "Phq_9", "phq 9"])
def test_a_scale_is_found_however_its_name_is_written(written):
    assert scale_of(written).id == "phq9"


def test_an_unknown_scale_is_refused_with_those_there_are():
    with pytest.raises(UnknownScale, match="phq9"):
        scale_of("phq10")


@pytest.mark.parametrize(
    ("before", "after", "answer"),
    [(20, 14, Answer.YES), (20, 15, Answer.NO), (14, 20, Answer.YES), (None, 3, Answer.UNKNOWN)],
)
def test_six_points_of_the_phq9_are_more_than_noise(before, after, answer):
    assert change_between(scale_of("phq9"), before, after).answer is answer


@pytest.mark.parametrize(
    ("definition", "baseline", "now", "answer"),
    [
        ("response-50", 20, 10, Answer.YES),
        ("response-50", 20, 11, Answer.NO),
        ("response-50", 21, 10, Answer.YES),
        ("response-50", 21, 11, Answer.NO),
        ("response-50", None, 11, Answer.UNKNOWN),
        ("response-50", 0, 0, Answer.UNKNOWN),
        ("response-50", 20, None, Answer.UNKNOWN),
        ("partial-response-25", 20, 15, Answer.YES),
        ("partial-response-25", 20, 16, Answer.NO),
        ("partial-response-25", 20, 10, Answer.NO),
        ("remission-madrs-12", 30, 12, Answer.YES),
        ("remission-madrs-12", 30, 13, Answer.NO),
        ("remission-madrs-10", 30, 10, Answer.YES),
        ("remission-madrs-10", 30, 11, Answer.NO),
        ("remission-phq9-hedis", None, 4, Answer.YES),
        ("remission-phq9-hedis", None, 5, Answer.NO),
    ],
)
def test_outcomes_on_both_sides_of_their_lines(definition, baseline, now, answer):
    verdict = judge(definition, baseline, now)
    assert verdict.answer is answer
    assert verdict.source is not None
    assert definition_of(definition).name in verdict.reason


@pytest.mark.parametrize(("baseline", "now"), [(41, 21), (60, 31), (1000, 504)])
def test_just_under_half_is_never_written_as_half(baseline, now):
    verdict = judge("response-50", baseline, now)
    assert verdict.answer is Answer.NO
    assert verdict.reason.endswith(("48% lower", "49% lower"))


def test_every_definition_says_where_it_is_from():
    assert all(d.source.title for d in definitions().values())


def test_relapse_agrees_with_the_transcribed_rule_on_200_courses():
    for row in golden("rule_sustain1_relapse.csv"):
        series = [tuple(int(n) for n in pair.split(":")) for pair in row["series"].split(";")]
        events = [
            (int(day), what)
            for day, what in (pair.split(":") for pair in row["events"].split(";") if pair)
        ]
        found = relapse("relapse-madrs-22", series, events)
        assert (found is not None) is (row["relapsed"] == "True"), row
        if found is not None:
            assert found.day_confirmed == int(row["day_confirmed"])
            assert found.day_first_qualifying == int(row["day_first_qualifying"])
            assert found.reason == row["reason"]
