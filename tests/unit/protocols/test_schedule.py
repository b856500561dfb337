"""Dates of a series, in clinic time, over clock changes and closed days."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.protocols.library import protocol, protocols
from evenkeel.core.protocols.model import DoseChoice, Frequency, doses_for
from evenkeel.core.protocols.schedule import ScheduleFault, local_instant, schedule

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
IV = protocol("ketamine-iv-six")
SERIES = IV.phase("series")


def lay(**more):
    asked = {
        "frequency": Frequency.TWICE_WEEKLY,
        "start": date(2026, 11, 24),
        "weekdays": [1, 3],
        "at": time(14, 30),
        "zone": NEW_YORK,
    }
    return schedule(IV, SERIES, **(asked | more))


def test_six_infusions_twice_a_week_fill_three_weeks():
    days = [p.local.date() for p in lay()]
    assert days == [
        date(2026, 11, 24),
        date(2026, 11, 26),
        date(2026, 12, 1),
        date(2026, 12, 3),
        date(2026, 12, 8),
        date(2026, 12, 10),
    ]


def test_six_infusions_on_monday_wednesday_friday_take_two_weeks():
    found = lay(frequency=Frequency.THRICE_WEEKLY, weekdays=[0, 2, 4], start=date(2026, 11, 23))
    assert [p.local.day for p in found] == [23, 25, 27, 30, 2, 4]
    assert not any(p.outside_window for p in found)


@pytest.mark.parametrize(
    ("zone", "start", "change"),
    # The clocks change on the night before the middle treatment of each series.
    [
        (NEW_YORK, date(2026, 10, 29), date(2026, 11, 1)),
        (NEW_YORK, date(2026, 3, 5), date(2026, 3, 8)),
        (BERLIN, date(2026, 10, 22), date(2026, 10, 25)),
        (BERLIN, date(2026, 3, 26), date(2026, 3, 29)),
    ],
)
def test_the_clinic_clock_shows_the_same_time_before_and_after_a_change(zone, start, change):
    found = lay(zone=zone, start=start, weekdays=[0, 3], at=time(9, 0))
    assert {p.local.time() for p in found} == {time(9, 0)}
    before = [p for p in found if p.local.date() < change]
    after = [p for p in found if p.local.date() >= change]
    assert before
    assert after
    assert before[0].starts_at.hour != after[0].starts_at.hour
    assert abs(before[0].starts_at.hour - after[0].starts_at.hour) == 1


def test_a_time_that_the_clocks_skip_is_refused_in_words():
    with pytest.raises(ScheduleFault, match="does not exist on 8 Mar 2026"):
        local_instant(date(2026, 3, 8), time(2, 30), NEW_YORK)


def test_a_time_that_comes_twice_is_refused_in_words():
    with pytest.raises(ScheduleFault, match="comes twice on 1 Nov 2026"):
        local_instant(date(2026, 11, 1), time(1, 30), NEW_YORK)


@pytest.mark.parametrize("at", [time(1, 59), time(3, 0)])
def test_the_minutes_beside_a_skipped_hour_are_fine(at):
    assert local_instant(date(2026, 3, 8), at, NEW_YORK).tzinfo is UTC


def test_a_closed_day_is_passed_over_and_told():
    thanksgiving = date(2026, 11, 26)
    found = lay(closed=[thanksgiving])
    assert thanksgiving not in [p.local.date() for p in found]
    assert found[1].passed_over == (thanksgiving,)
    # 24 Nov to 14 Dec are 21 days; the sixth falls one day later.
    assert found[-1].local.date() == date(2026, 12, 15)
    assert [p.outside_window for p in found] == [False] * 5 + [True]


def test_a_series_that_runs_over_its_window_says_so():
    found = lay(closed=[date(2026, 11, 26), date(2026, 12, 1)])
    assert [p.outside_window for p in found] == [False] * 4 + [True, True]


def test_every_day_closed_is_refused():
    closed = [date(2026, 11, 24) + timedelta(days=n) for n in range(800)]
    with pytest.raises(ScheduleFault, match="No open day"):
        lay(closed=closed)


@pytest.mark.parametrize(
    ("weekdays", "frequency", "words"),
    [
        ([1], Frequency.TWICE_WEEKLY, "needs 2 days"),
        ([1, 2], Frequency.TWICE_WEEKLY, "Tuesday and Wednesday are 1 day apart"),
        ([0, 6], Frequency.TWICE_WEEKLY, "Sunday and Monday are 1 day apart"),
        ([1, 3], Frequency.WEEKLY, "is given twice a week or three times a week"),
        ([1, 9], Frequency.TWICE_WEEKLY, "from 0"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(weekdays, frequency, words):
    with pytest.raises(ScheduleFault, match=words):
        lay(weekdays=weekdays, frequency=frequency)


@pytest.mark.parametrize(("gap_days", "first"), [(1, date(2026, 12, 1)), (2, date(2026, 11, 24))])
def test_the_gap_is_kept_from_the_last_treatment_already_booked(gap_days, first):
    found = lay(
        frequency=Frequency.TWICE_WEEKLY,
        weekdays=[1, 4],
        after=date(2026, 11, 24) - timedelta(days=gap_days),
    )
    expected = date(2026, 11, 27) if gap_days == 1 else first
    assert found[0].local.date() == expected


def test_every_two_weeks_keeps_its_rhythm():
    esketamine = protocol("esketamine-us-trd")
    found = schedule(
        esketamine,
        esketamine.phase("maintenance"),
        frequency=Frequency.EVERY_OTHER_WEEK,
        start=date(2026, 11, 24),
        weekdays=[1],
        at=time(10, 0),
        zone=NEW_YORK,
        count=3,
    )
    assert [p.local.date() for p in found] == [
        date(2026, 11, 24),
        date(2026, 12, 8),
        date(2026, 12, 22),
    ]


@given(
    start=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    closed=st.lists(st.integers(0, 60), max_size=20),
    days=st.sampled_from([(0, 2, 4), (1, 3, 5), (0, 2, 5), (1, 4, 6)]),
)
def test_a_series_keeps_its_number_order_gap_and_weekdays(start, closed, days):
    shut = {start + timedelta(days=n) for n in closed}
    found = lay(
        frequency=Frequency.THRICE_WEEKLY, weekdays=days, start=start, closed=shut, zone=BERLIN
    )
    dates = [p.local.date() for p in found]
    assert [p.number for p in found] == [1, 2, 3, 4, 5, 6]
    assert all((b - a).days >= IV.min_gap_days.value for a, b in itertools.pairwise(dates))
    assert all(d.weekday() in days and d not in shut and d >= start for d in dates)
    # Nothing is passed over in silence.
    passed = {d for p in found for d in p.passed_over}
    span = (start + timedelta(days=n) for n in range((dates[-1] - start).days))
    assert passed == {d for d in span if d in shut and d.weekday() in days} - {
        d for d in shut if any(0 < (d - x).days < 2 for x in dates)
    }
    assert all(
        p.starts_at == datetime.combine(p.local.date(), time(14, 30), BERLIN).astimezone(UTC)
        for p in found
    )


@pytest.mark.parametrize(
    ("protocol_id", "number", "age", "doses"),
    # EU SmPC s4.2 Tables 1 and 2; US manufacturer's page (older label).
    [
        ("esketamine-eu-trd", 1, 64, ["56"]),
        ("esketamine-eu-trd", 1, 65, ["28"]),
        ("esketamine-eu-trd", 2, 64, ["56", "84"]),
        ("esketamine-eu-trd", 2, 65, ["28", "56", "84"]),
        ("esketamine-us-trd", 1, None, ["56"]),
        ("esketamine-us-trd", 2, None, ["56", "84"]),
        ("ketamine-iv-six", 1, None, ["0.5"]),
    ],
)
def test_doses_by_number_and_age(protocol_id, number, age, doses):
    choice = doses_for(protocol(protocol_id), number=number, age_years=age)
    assert isinstance(choice, DoseChoice)
    assert [str(amount) for amount in choice.amounts] == doses


def test_an_unknown_age_is_unknown_where_the_dose_depends_on_it():
    assert "date of birth" in doses_for(protocol("esketamine-eu-trd"), number=1, age_years=None)
    assert "names no dose" in doses_for(protocol("esketamine-eu-trd"), number=1, age_years=17)


def test_esketamine_is_observed_for_at_least_two_hours_and_needs_a_prescriber_on_site():
    for found in protocols().values():
        if found.product == "esketamine_nasal":
            assert found.observation_minutes.value >= 120
        assert found.prescriber_on_site is not None
