"""The maintenance rules: the published tables, and the refusals on both sides of each boundary."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from evenkeel.core.protocols.maintenance import (
    Rating,
    Refused,
    Standing,
    Suggestion,
    Why,
    disagree,
    suggest,
)
from evenkeel.core.protocols.model import Frequency
from evenkeel.core.protocols.rules import rule

GOLDEN = Path(__file__).parents[2] / "golden" / "rules"
NOW = datetime(2026, 11, 24, 15, 42, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rating(instrument: str, score: int, age: timedelta = timedelta(days=3), **more) -> Rating:
    return Rating(
        instrument=instrument,
        label=instrument.upper(),
        score=score,
        taken_at=NOW - age,
        by="Dr S. Mockridge",
        self_report=more.get("self_report", False),
    )


def standing(current: str | None, *ratings: Rating, week: int = 22, **more) -> Standing:
    return Standing(
        now=NOW,
        today=TODAY,
        first_dose_on=TODAY - timedelta(weeks=week),
        series_ended_on=TODAY - timedelta(weeks=week - 4) if week >= 4 else None,
        current=None if current is None else Frequency(current),
        last_change_on=more.get("last_change_on"),
        ratings=ratings,
        relapsed=more.get("relapsed"),
    )


def in_the_words_of_the_table(told: Suggestion) -> str:
    if told.options == (told.current,):
        action = "no change"
    elif told.current in told.options:
        others = [o for o in told.options if o is not told.current]
        action = f"no change OR change to {' OR '.join(others)}"
    else:
        action = f"change to {' OR '.join(told.options)}"
    if told.hold_weeks:
        action += f" for the next {told.hold_weeks} weeks"
    return action + (" (clinical judgement)" if told.by_judgement else "")


@pytest.mark.parametrize(
    ("name", "rule_id", "instrument", "column", "expected_rows"),
    [
        ("rule_sustain1_frequency.csv", "sustain1-frequency", "madrs", "madrs", 122),
        ("rule_sustain3_frequency.csv", "sustain3-frequency", "cgi_s", "cgi_s", 21),
    ],
)
def test_every_line_of_the_published_table(name, rule_id, instrument, column, expected_rows):
    table = rows(name)
    assert len(table) == expected_rows
    for line in table:
        told = suggest(
            rule(rule_id), standing(line["current"], rating(instrument, int(line[column])))
        )
        assert isinstance(told, Suggestion), line
        assert in_the_words_of_the_table(told) == line["action"], line


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(0), None),
        (timedelta(days=7), None),
        (timedelta(days=7, seconds=1), Why.RATING_STALE),
        (timedelta(days=40), Why.RATING_STALE),
        (timedelta(seconds=-1), Why.RATING_IMPOSSIBLE),
    ],
)
def test_a_rating_may_be_seven_days_old_and_no_older(age, why):
    told = suggest(rule("sustain1-frequency"), standing("weekly", rating("madrs", 8, age)))
    if why is None:
        assert isinstance(told, Suggestion)
    else:
        assert isinstance(told, Refused)
        assert told.why is why
        assert told.rating == "madrs"


@pytest.mark.parametrize(
    ("rule_id", "instrument", "week", "speaks"),
    [
        ("sustain1-frequency", "madrs", 7, False),
        ("sustain1-frequency", "madrs", 8, True),
        ("sustain3-frequency", "cgi_s", 3, False),
        ("sustain3-frequency", "cgi_s", 4, True),
    ],
)
def test_a_rule_is_silent_before_its_week(rule_id, instrument, week, speaks):
    told = suggest(rule(rule_id), standing("weekly", rating(instrument, 2), week=week))
    assert isinstance(told, Suggestion) is speaks
    if not speaks:
        assert told.why is Why.BEFORE_WEEK


@pytest.mark.parametrize(
    ("rule_id", "instrument", "days", "speaks"),
    [
        ("sustain1-frequency", "madrs", 27, False),
        ("sustain1-frequency", "madrs", 28, True),
        ("sustain3-frequency", "cgi_s", 13, False),
        ("sustain3-frequency", "cgi_s", 14, True),
    ],
)
def test_a_frequency_changes_only_at_fixed_points(rule_id, instrument, days, speaks):
    told = suggest(
        rule(rule_id),
        standing("weekly", rating(instrument, 2), last_change_on=TODAY - timedelta(days=days)),
    )
    assert isinstance(told, Suggestion) is speaks
    if not speaks:
        assert told.why is Why.NOT_A_FIXED_POINT


def test_a_self_report_does_not_stand_in_for_the_named_scale():
    told = suggest(
        rule("sustain1-frequency"), standing("weekly", rating("phq9", 4, self_report=True))
    )
    assert isinstance(told, Refused)
    assert told.why is Why.SELF_REPORT
    assert "MADRS" in told.reason
    assert told.rating == "madrs"


def test_a_self_reported_madrs_is_a_self_report_all_the_same():
    told = suggest(
        rule("sustain1-frequency"), standing("weekly", rating("madrs", 4, self_report=True))
    )
    assert isinstance(told, Refused)
    assert told.why is Why.SELF_REPORT


def test_nothing_recorded_is_missing_not_fine():
    told = suggest(rule("sustain3-frequency"), standing("weekly", rating("madrs", 4)))
    assert isinstance(told, Refused)
    assert told.why is Why.RATING_MISSING
    assert told.rating == "cgi_s"


@pytest.mark.parametrize("score", [-1, 61])
def test_an_impossible_total_is_refused(score):
    told = suggest(rule("sustain1-frequency"), standing("weekly", rating("madrs", score)))
    assert isinstance(told, Refused)
    assert told.why is Why.RATING_IMPOSSIBLE


@pytest.mark.parametrize(
    ("current", "why"),
    [(None, Why.FREQUENCY_UNKNOWN), ("every_4_weeks", Why.FREQUENCY_NOT_COVERED)],
)
def test_a_rule_says_nothing_about_a_frequency_it_does_not_know(current, why):
    told = suggest(rule("sustain1-frequency"), standing(current, rating("madrs", 8)))
    assert isinstance(told, Refused)
    assert told.why is why


def test_before_the_first_dose_there_is_nothing_to_say():
    course = replace(standing("weekly", rating("madrs", 8)), first_dose_on=None)
    told = suggest(rule("sustain1-frequency"), course)
    assert isinstance(told, Refused)
    assert told.why is Why.NOT_BEGUN


@pytest.mark.parametrize(
    ("weeks_after", "option"),
    # PMC7265624: weekly for one month, every 2 weeks for two, monthly for three.
    [
        (0, "weekly"),
        (3, "weekly"),
        (4, "every_other_week"),
        (11, "every_other_week"),
        (12, "every_4_weeks"),
        (23, "every_4_weeks"),
        (24, None),
    ],
)
def test_the_can_bind_schedule_by_week_after_the_series(weeks_after, option):
    course = replace(
        standing("weekly", rating("madrs", 8), relapsed=False),
        series_ended_on=TODAY - timedelta(weeks=weeks_after),
    )
    told = suggest(rule("can-bind-iv"), course)
    if option is None:
        assert isinstance(told, Refused)
        assert told.why is Why.AFTER_LAST_WEEK
    else:
        assert isinstance(told, Suggestion)
        assert told.options == (Frequency(option),)
        assert told.by_judgement
        assert "has direct empirical support" in told.rule.caveat


def test_can_bind_goes_back_to_every_two_weeks_on_relapse_and_asks_when_it_cannot_tell():
    told = suggest(
        rule("can-bind-iv"), standing("every_4_weeks", rating("madrs", 24), relapsed=True)
    )
    assert isinstance(told, Suggestion)
    assert told.options == (Frequency.EVERY_OTHER_WEEK,)
    told = suggest(rule("can-bind-iv"), standing("every_4_weeks", rating("phq9", 9)))
    assert isinstance(told, Refused)
    assert told.why is Why.RELAPSE_UNKNOWN


def test_two_rules_that_disagree_are_both_told():
    course = standing("every_other_week", rating("madrs", 8), rating("cgi_s", 2))
    told = [suggest(rule(r), course) for r in ("sustain1-frequency", "sustain3-frequency")]
    assert all(isinstance(item, Suggestion) for item in told)
    assert disagree(told)
    assert told[0].words == "Stay at every 2 weeks"
    assert told[1].words == "Stay at every 2 weeks, or every 4 weeks"


def test_a_suggestion_shows_what_it_used_and_how_old_it_was():
    told = suggest(rule("sustain1-frequency"), standing("weekly", rating("madrs", 8)))
    assert ("MADRS by Dr S. Mockridge", "8", "3 days old") in [
        (i.name, i.value, i.age) for i in told.inputs
    ]
