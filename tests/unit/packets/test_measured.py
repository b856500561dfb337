"""Scores as facts: the newest counts, one scale at a time, and nothing is rounded up to a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.charts import AS_OF, checked
from tests.support.packets import AGAIN, packet

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Facts, Range
from evenkeel.core.packets.measured import IMPROVEMENT, Measured, Total, with_scores

WORDS = library().dictionary
NOTHING = checked().facts


def total(value, days_ago, instrument="phq9", key=1):
    return Total(
        instrument=instrument,
        label=instrument.upper(),
        total=value,
        at=AS_OF - timedelta(days=days_ago),
        ref=f"Assessment/{key}",
        by="rated by A. Draftley",
        highest=27,
    )


def pair(before, after, instrument="phq9", days_ago=2):
    return Measured(
        instrument=instrument,
        baseline=total(before, 40, instrument),
        latest=total(after, days_ago, instrument, key=2),
    )


def improvement(*measured, **facts):
    known = checked(**facts).facts if facts else NOTHING
    return with_scores(known, measured, WORDS)[IMPROVEMENT]


@given(before=st.integers(1, 60), after=st.integers(0, 60))
def test_the_improvement_reaches_a_line_exactly_when_the_scores_do(before, after):
    """Against exact fractions: a rounded figure never says 50 of what is 49.97."""
    exact = Fraction(100 * (before - after), before)
    found = improvement(pair(before, after, "madrs")).value.exact
    assert found <= exact
    assert exact - Fraction(found) < Fraction(1, 10)
    for limit in (25, 50, 75):
        assert (found >= limit) is (exact >= limit)


@pytest.mark.parametrize(("after", "finding"), [(9, "met"), (10, "not_met"), (18, "not_met")])
def test_half_is_a_response_and_a_point_less_is_not(after, finding):
    made = packet(AGAIN, measured=[pair(18, after)])
    line = next(one for one in made.criteria if one.id == "PAYAGAIN-003")
    assert line.finding == finding
    (value,) = line.stated
    assert value.origin.startswith("computed: PHQ9 18 on 22 Sep 2026 (baseline)")
    assert "Assessment/1" in value.origin
    assert "Assessment/2" in value.origin


def test_two_scales_are_never_mixed_and_the_first_named_counts():
    only_before = Measured(instrument="madrs", baseline=total(30, 40, "madrs"), latest=None)
    assert improvement(only_before, pair(20, 5)).value == Range.exactly(75)
    assert improvement(pair(30, 15, "madrs"), pair(20, 20)).value == Range.exactly(50)


def test_a_baseline_of_nothing_or_the_baseline_itself_shows_no_improvement():
    assert not improvement(pair(0, 0)).known
    same = total(18, 40)
    assert not improvement(Measured(instrument="phq9", baseline=same, latest=same)).known


def test_an_old_score_is_not_an_improvement_of_today():
    fresh = WORDS[IMPROVEMENT].fresh_days
    assert improvement(pair(18, 6, days_ago=fresh)).known
    old = improvement(pair(18, 6, days_ago=fresh + 1))
    assert not old.known
    assert "too old" in old.note


def test_scores_that_contradict_an_answer_are_a_dispute_and_neither_wins():
    agreed = improvement(pair(20, 10), improvement_percent=50)
    assert agreed.value == Range.exactly(50)
    assert agreed.origin == "computed"
    disputed = improvement(pair(20, 10), improvement_percent=80)
    assert disputed.disputed
    assert not disputed.known


def test_the_newest_total_counts_whether_it_came_by_referral_or_was_taken_here():
    facts = checked(madrs_total=30).facts
    assert with_scores(facts, [pair(40, 12, "madrs", days_ago=3)], WORDS)[
        "madrs_total"
    ].value == Range.exactly(30)
    older = facts["madrs_total"]
    earlier = Facts(AS_OF, {**facts.by_name, "madrs_total": replace(
        older, at=AS_OF - timedelta(days=9))})  # fmt: skip
    newer = with_scores(earlier, [pair(40, 12, "madrs", days_ago=3)], WORDS)["madrs_total"]
    assert newer.value == Range.exactly(12)
    assert newer.refs == ("Assessment/2",)
