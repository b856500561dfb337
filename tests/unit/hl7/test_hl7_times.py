"""HL7 times, zones, and hours that the clocks repeat or skip."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.edges.hl7.times import UnreadableTime, read_time

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("202611241015", "2026-11-24T15:15:00"),
        ("20261124101500", "2026-11-24T15:15:00"),
        ("20260724101500", "2026-07-24T14:15:00"),
        ("20261124101500.000-0500", "2026-11-24T15:15:00"),
        ("20261124101500.1234+0000", "2026-11-24T10:15:00.123400"),
        ("20261123210000+0545", "2026-11-23T15:15:00"),
        ("20240229120000+0000", "2024-02-29T12:00:00"),
        ("20261124235959+1400", "2026-11-24T09:59:59"),
    ],
)
def test_read(written: str, utc: str) -> None:
    assert read_time(written, NEW_YORK) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "", "2026", "20261124", "2026112410", "20261324101500", "20260229101500",
        "20261124241500", "20261124101560", "20261124101500+0560", "20261124101500+1401",
        "20261124101500 ", "2026-11-24T10:15",
        "٢٠٢٦١١٢٤١٠١٥٠٠", "00000101000000", "99991231235959-1400",
        "20261101013000",  # New York repeats this hour
        "20260308023000",  # and skips this one
    ],
)  # fmt: skip
def test_refused(written: str) -> None:
    with pytest.raises(UnreadableTime):
        read_time(written, NEW_YORK)


def test_a_zone_settles_the_repeated_hour() -> None:
    assert read_time("20261101013000-0400", NEW_YORK) < read_time("20261101013000-0500", NEW_YORK)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(written: str) -> None:
    with contextlib.suppress(UnreadableTime):
        assert read_time(written, NEW_YORK).tzinfo is UTC
