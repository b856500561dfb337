"""Times, dates, numbers and ages as the screens write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.web.ui import words

NOON = datetime(2026, 11, 24, 15, 42, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def zone(settings) -> None:
    settings.EVENKEEL_CLINIC_ZONE = ZoneInfo("America/New_York")


def test_a_time_is_on_the_clinics_clock_with_its_zone() -> None:
    assert words.write_time(NOON) == "10:42"
    assert words.write_time(NOON, seconds=True, zone=True) == "10:42:18 EST"
    assert words.write_time(datetime(2026, 7, 1, 15, 0, tzinfo=UTC), zone=True) == "11:00 EDT"


def test_a_zone_without_letters_is_said_in_hours(settings) -> None:
    settings.EVENKEEL_CLINIC_ZONE = ZoneInfo("America/Sao_Paulo")
    assert words.write_time(NOON, zone=True) == "12:42 UTC-3"
    settings.EVENKEEL_CLINIC_ZONE = ZoneInfo("Asia/Kathmandu")
    assert words.write_time(NOON, zone=True) == "21:27 UTC+5:45"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="names no moment"):
        words.write_time(datetime(2026, 11, 24, 10, 42))  # noqa: DTZ001


def test_a_date_is_the_clinics_date() -> None:
    assert words.write_date(date(2026, 11, 24)) == "24 Nov 2026"
    assert (
        words.write_date(datetime(2026, 11, 25, 2, 0, tzinfo=UTC), weekday=True)
        == "Tue 24 Nov 2026"
    )
    assert words.write_date(date(2026, 2, 3), year=False) == "3 Feb"


@pytest.mark.parametrize(
    "write", [words.write_time, words.write_date, words.write_minutes, words.write_number]
)
def test_nothing_is_never_a_blank(write) -> None:
    assert write(None) == "not in the record"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("38.0", "38"),
        ("0.50", "0.5"),
        (".5", "0.5"),
        ("1708", "1,708"),
        ("-0.0", "0"),
        ("100", "100"),
        ("3.80", "3.8"),
        (1e-7, "0.0000001"),
        ("1e3", "1,000"),
    ],
)
def test_a_number_has_a_leading_zero_and_no_trailing_one(number, text) -> None:
    assert words.write_number(Decimal(number) if isinstance(number, str) else number) == text


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_a_written_number_reads_back_the_same(number: Decimal) -> None:
    text = words.write_number(number)
    assert Decimal(text.replace(",", "")) == number
    assert not ("." in text and text.endswith("0"))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59, "0:59"), (60, "1:00"), (-100, "1:40"), (3600, "60:00")]
)
def test_a_countdown_is_minutes_and_seconds(seconds, text) -> None:
    assert words.write_countdown(seconds) == text


def test_elapsed_time_is_in_whole_minutes_rounded_down() -> None:
    assert words.write_minutes(timedelta(minutes=41, seconds=59)) == "41 min"
    assert words.write_minutes(timedelta(minutes=42)) == "42 min"


@pytest.mark.parametrize(
    ("today", "age"),
    [(date(2026, 5, 16), 56), (date(2026, 5, 17), 57), (date(2026, 5, 18), 57)],
)
def test_age_changes_on_the_birthday(today, age) -> None:
    assert words.age_on(date(1969, 5, 17), today) == age


def test_somebody_born_on_a_leap_day_grows_older_on_1_march() -> None:
    assert words.age_on(date(2000, 2, 29), date(2026, 2, 28)) == 25
    assert words.age_on(date(2000, 2, 29), date(2026, 3, 1)) == 26


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8, "8 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "at 09:42")],
)
def test_an_old_value_is_told_by_its_time(seconds, text) -> None:
    assert words.write_ago(NOON - timedelta(seconds=seconds), NOON) == text
