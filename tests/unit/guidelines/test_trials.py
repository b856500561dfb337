"""Antidepressant trials: adequacy and failure under each definition, boundaries on both sides."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.support.charts import AS_OF, chart_of

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.rules import Trial, judge
from evenkeel.core.guidelines.trials.sets import across, count_failed
from evenkeel.core.guidelines.verdicts.check import check

KNOWLEDGE = library().knowledge


def day(text):
    return PartialDate(*(int(part) for part in text.split("-")))


def trial(
    drug="sertraline",
    dose="100",
    start="2026-01-05",
    end="2026-04-05",
    better="10",
    adherent=True,
    **more,
):
    return Trial(
        drug=drug,
        dose_mg_per_day=Decimal(dose) if dose else None,
        start=day(start) if start else None,
        end=day(end) if end else None,
        improvement_percent=Decimal(better) if better else None,
        adherent=adherent,
        **more,
    )


def counts(one, definition):
    return judge(one, KNOWLEDGE.definitions[definition], KNOWLEDGE.doses, AS_OF).counts


@pytest.mark.parametrize(
    ("definition", "end", "expected"),
    [
        ("eu_pearl", "2026-02-01", False),  # 27 days
        ("eu_pearl", "2026-02-02", True),  # 28 days = 4 weeks
        ("athf", "2026-02-01", False),
        ("athf", "2026-02-02", True),
        ("atrq", "2026-02-15", False),  # 41 days
        ("atrq", "2026-02-16", True),  # 42 days = 6 weeks
    ],
)
def test_a_trial_must_last_long_enough(definition, end, expected):
    assert counts(trial(end=end), definition) is expected


@pytest.mark.parametrize(
    ("definition", "better", "expected"),
    [
        ("eu_pearl", "24", True),
        ("eu_pearl", "25", False),
        ("atrq", "24", True),
        ("atrq", "25", False),
        ("athf", "49", True),
        ("athf", "50", False),
        ("atrq", "-20", True),
        ("atrq", "", None),
    ],
)
def test_a_trial_fails_below_the_definitions_improvement(definition, better, expected):
    assert counts(trial(better=better), definition) is expected


@pytest.mark.parametrize(
    ("drug", "dose", "definition", "expected"),
    [
        ("sertraline", "50", "atrq", True),
        ("sertraline", "49", "atrq", False),
        ("Sertraline", "50", "atrq", True),
        ("venlafaxine", "75", "atrq", False),  # the worked example rejects it
        ("venlafaxine", "150", "atrq", True),
        ("venlafaxine", "75", "eu_pearl", None),  # tables disagree
        ("venlafaxine", "74", "eu_pearl", False),
        ("mirtazapine", "15", "atrq", True),
        ("mirtazapine", "15", "eu_pearl", None),
        ("mirtazapine", "30", "eu_pearl", True),
        ("duloxetine", "90", "atrq", True),
        ("levomilnacipran", "40", "atrq", None),  # a gap in the table
        ("imipramine", "90", "eu_pearl", None),
        ("imipramine", "150", "eu_pearl", True),
        ("sertraline", "", "atrq", None),
        ("unheard-of", "50", "atrq", None),
    ],
)
def test_a_dose_is_adequate_by_the_definitions_table(drug, dose, definition, expected):
    assert counts(trial(drug=drug, dose=dose), definition) is expected


@pytest.mark.parametrize(("adherent", "expected"), [(True, True), (False, False), (None, None)])
def test_a_drug_that_was_not_taken_was_not_tried(adherent, expected):
    assert counts(trial(adherent=adherent), "atrq") is expected


def test_a_trial_that_still_runs_lasts_until_today_and_one_without_an_end_is_not_known():
    assert counts(trial(end=None, ongoing=True), "atrq") is True
    assert counts(trial(end=None), "atrq") is None
    assert counts(trial(start="2026-10-20", end=None), "atrq") is False  # at most 12 days


def test_a_month_is_a_range_of_days():
    assert counts(trial(start="2026-01", end="2026-02"), "eu_pearl") is None
    assert counts(trial(start="2026-01", end="2026-04"), "eu_pearl") is True


def test_the_same_drug_twice_is_one_drug_and_doubt_widens_the_count():
    rule = KNOWLEDGE.definitions["atrq"]

    def count(*trials):
        return count_failed(trials, rule, KNOWLEDGE.doses, AS_OF)

    assert count(trial(), trial(start="2024-01-05", end="2024-04-05")) == Range.exactly(1)
    assert count(trial(), trial(drug="duloxetine", dose="60")) == Range.exactly(2)
    assert count(trial(), trial(drug="duloxetine", dose="")) == Range(Decimal(1), Decimal(2))


def test_definitions_that_part_make_a_range_from_what_all_grant_to_what_any_grants():
    assert across([Range.exactly(2), Range.exactly(1), Range(Decimal(1), Decimal(3))]) == Range(
        Decimal(1), Decimal(3)
    )


@pytest.mark.parametrize(
    ("trials", "words", "highest"),
    [
        ((trial(), trial()), "stands here twice", 1),
        ((trial(), trial(dose="150")), "overlap", 1),
        ((trial(start="2027-01-05", end="2027-04-05"),), "starts after", 0),
        ((trial(start="2026-04-05", end="2026-01-05"),), "ends before it starts", 1),
        ((trial(drug="snake oil"),), "not a drug that is known", 1),
    ],
)
def test_a_trial_that_cannot_be_is_named_and_never_counted_as_sure(trials, words, highest):
    result = check(chart_of(), library=library(), as_of=AS_OF, trials=trials)
    assert any(words in problem.text for problem in result.problems)
    found = result.facts["failed_adequate_trials"].value
    assert found is None or found.high <= highest
