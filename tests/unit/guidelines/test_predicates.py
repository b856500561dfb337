"""Predicates: what may be said, and Kleene's laws."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.predicates.evaluate import evaluate
from evenkeel.core.guidelines.predicates.tree import PredicateFault, read_predicate
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range

DAY = date(2026, 11, 1)
NAMES = ("pregnant", "lactating", "maoi")
WORDS = library().dictionary


def holds(text, **values):
    known = {
        name: Fact(
            name=name,
            value=Range.exactly(value) if type(value) in (int, float, Decimal) else value,
        )
        for name, value in values.items()
        if value is not None
    }
    return evaluate(read_predicate(text, WORDS), Facts(DAY, known)).value


truth = st.sampled_from([True, False, None])


@given(a=truth, b=truth, c=truth)
def test_kleenes_laws(a, b, c):
    facts = dict(zip(NAMES, (a, b, c), strict=True))

    def same(left, right):
        assert holds(left, **facts) is holds(right, **facts), (left, right, facts)

    same("NOT (pregnant AND lactating)", "NOT pregnant OR NOT lactating")
    same("NOT (pregnant OR lactating)", "NOT pregnant AND NOT lactating")
    same("NOT NOT pregnant", "pregnant")
    same("pregnant AND lactating", "lactating AND pregnant")
    same("pregnant OR lactating", "lactating OR pregnant")
    same("pregnant AND (lactating OR maoi)", "(pregnant AND lactating) OR (pregnant AND maoi)")
    same("pregnant OR (lactating AND maoi)", "(pregnant OR lactating) AND (pregnant OR maoi)")
    same("pregnant AND (lactating AND maoi)", "(pregnant AND lactating) AND maoi")
    same("pregnant AND (pregnant OR lactating)", "pregnant")
    same("pregnant OR pregnant", "pregnant")
    assert holds("pregnant AND FALSE", **facts) is False
    assert holds("pregnant OR TRUE", **facts) is True
    # The law of the excluded middle does not hold for what is not known.
    assert holds("pregnant OR NOT pregnant", **facts) is (None if a is None else True)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("age_years >= 18", {"age_years": 18}, True),
        ("age_years >= 18", {"age_years": 17}, False),
        ("age_years >= 18", {}, None),
        ("systolic_bp BETWEEN 90 AND 140", {"systolic_bp": 140}, True),
        ("systolic_bp BETWEEN 90 AND 140", {"systolic_bp": 141}, False),
        ("session_interval_days IN (7, 14)", {"session_interval_days": 14}, True),
        ("session_interval_days IN (7, 14)", {"session_interval_days": 10}, False),
        ("indication IN ('ptsd', 'trd')", {"indication": "trd"}, True),
        ("indication NOT IN ('ptsd', 'trd')", {"indication": "crps"}, True),
        ("indication NOT IN ('ptsd')", {}, None),
        ("pregnant IS NULL", {}, True),
        ("pregnant IS NOT NULL AND pregnant", {"pregnant": True}, True),
        ("pregnant IS NOT NULL AND pregnant", {}, False),
        ("pregnant = FALSE", {"pregnant": False}, True),
        ("pregnant <> TRUE", {"pregnant": False}, True),
        ("body_weight * 2 > 150", {"body_weight": 76}, True),
        ("systolic_bp - diastolic_bp > 40", {"systolic_bp": 120, "diastolic_bp": 80}, False),
        ("LEAST(systolic_bp, diastolic_bp) = 80", {"systolic_bp": 120, "diastolic_bp": 80}, True),
        ("ABS(systolic_bp - 140) <= 5", {"systolic_bp": 136}, True),
        ("CASE WHEN pregnant THEN FALSE ELSE maoi END", {"pregnant": True}, False),
        ("CASE WHEN pregnant THEN FALSE ELSE maoi END", {"maoi": True}, None),
        ("CASE WHEN pregnant THEN FALSE ELSE maoi END", {"maoi": False}, False),
        (
            "bolus_mg_per_kg * body_weight <= total_dose_mg",
            {"bolus_mg_per_kg": 0.35, "body_weight": 80, "total_dose_mg": 28},
            True,
        ),
    ],
)
def test_a_predicate_is_walked(text, values, expected):
    assert holds(text, **values) is expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, False), (1, 2, None), (2, 2, True), (2, None, True), (None, 1, False), (0, None, None)],
)
def test_a_range_is_compared_by_both_its_ends(low, high, expected):
    ends = [None if end is None else Decimal(end) for end in (low, high)]
    fact = Fact(name="failed_adequate_trials", value=Range(*ends))
    facts = Facts(DAY, {fact.name: fact})
    outcome = evaluate(read_predicate("failed_adequate_trials >= 2", WORDS), facts)
    assert outcome.value is expected
    assert outcome.missing == (("failed_adequate_trials",) if expected is None else ())


def test_what_settles_an_and_is_told_and_what_is_missing_is_not_asked():
    facts = Facts(DAY, {"pregnant": Fact(name="pregnant", value=True)})
    outcome = evaluate(read_predicate("NOT pregnant AND NOT lactating", WORDS), facts)
    assert (outcome.value, outcome.deciding, outcome.missing) == (False, ("pregnant",), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pregnnt", "no fact pregnnt; the nearest right name is pregnant"),
        ("systolic_bp > body_weight", "units differ, mm[Hg] and kg"),
        ("systolic_bp + body_weight > 3", "units differ"),
        ("bolus_mg_per_kg > total_dose_mg", "units differ"),
        ("pregnant > lactating", "has no order"),
        ("pregnant = 1", "compares a yes_no with a number"),
        ("indication = 'TRD'", "'TRD' is not one of"),
        ("indication IN ('trd', 'xyz')", "'xyz' is not one of"),
        ("age_years", "is a number, not a condition"),
        ("age_years AND pregnant", "where yes or no is needed"),
        ("sum(age_years) > 1", "not in the subset"),
        ("coalesce(pregnant, FALSE)", "not in the subset"),
        ("frobnicate(age_years) > 1", "no function FROBNICATE"),
        ("days_since(age_years) > 1", "needs one day"),
        ("CASE WHEN pregnant THEN TRUE END", "ELSE"),
        ("pregnant AND", "cannot read"),
        ("SELECT 1", "not in the subset"),
        ("age_years > (SELECT 1)", "not in the subset"),
    ],
)
def test_a_predicate_that_must_not_be_used_says_what_is_wrong(text, words):
    with pytest.raises(PredicateFault) as refused:
        read_predicate(text, WORDS)
    assert words in str(refused.value)


@given(st.text(max_size=60))
@example("0E")
@example("1e999999 > 0")
@example("9" * 60)
def test_no_text_breaks_the_reader(text):
    with contextlib.suppress(PredicateFault):
        read_predicate(text, WORDS)
