"""A baseline is at most 14 days old at the first dose, and never invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.core.protocols.baseline import NoBaseline, Scored, pick_baseline

DOSE = datetime(2026, 6, 23, 13, 0, tzinfo=UTC)


def scored(key: int, before: timedelta, instrument: str = "madrs", total: int = 34) -> Scored:
    return Scored(key=key, instrument=instrument, total=total, taken_at=DOSE - before)


@pytest.mark.parametrize(
    ("before", "valid"),
    [
        (timedelta(0), True),
        (timedelta(days=14), True),
        (timedelta(days=14, seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_fourteen_days_and_no_older(before, valid):
    picked = pick_baseline([scored(1, before)], instrument="madrs", first_dose_at=DOSE)
    assert isinstance(picked, Scored) is valid
    if not valid:
        assert isinstance(picked, NoBaseline)
        assert picked.reason


def test_the_last_score_before_the_dose_counts_and_other_scales_do_not():
    picked = pick_baseline(
        [
            scored(1, timedelta(days=9), total=36),
            scored(2, timedelta(days=1), total=34),
            scored(3, timedelta(days=-7), total=20),
            scored(4, timedelta(0), "phq9", 21),
        ],
        instrument="madrs",
        first_dose_at=DOSE,
    )
    assert isinstance(picked, Scored)
    assert picked.key == 2


def test_no_score_is_named_not_invented():
    picked = pick_baseline([], instrument="madrs", first_dose_at=DOSE)
    assert picked == NoBaseline(reason="no score was taken before the first dose")
