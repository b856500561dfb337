"""A treatment that is looked at again and again: stations say what a walk says."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.pharmacology.systems.stations import stations
from evenkeel.core.pharmacology.systems.timeline import (
    Bolus,
    Infusion,
    Reset,
    Steady,
    collected,
    walk,
)

RATES = np.array([[-1.3, 0.4, 0.0], [0.9, -0.4, 0.0], [0.2, 0.0, -0.1]])
# Whole hours, so that many happenings fall on one moment and on one that is looked at.
HOURS = st.integers(0, 12).map(float)
HAPPENINGS = st.one_of(
    st.builds(Bolus, time_h=HOURS, compartment=st.integers(0, 2), amount_mg=st.floats(0.0, 90.0),
              rank=st.integers(0, 3)),
    st.builds(
        lambda at, lasts, rate, rank: Infusion(
            time_h=at, compartment=0, rate_mg_per_h=rate, end_h=at + lasts, rank=rank
        ),
        HOURS, st.integers(1, 5), st.floats(0.0, 90.0), st.integers(0, 3),
    ),
    st.builds(Reset, time_h=HOURS, rank=st.integers(0, 3)),
    st.builds(
        lambda at, replaces, rank: Steady(
            time_h=at, state=np.array([3.0, 2.0, 1.0]), replaces=replaces, rank=rank,
            running=(Infusion(time_h=at, compartment=1, rate_mg_per_h=7.0, end_h=at + 1.0),),
        ),
        HOURS, st.booleans(), st.integers(0, 3),
    ),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(HAPPENINGS, max_size=9))
def test_stations_and_a_walk_agree_just_before_and_just_after_every_moment(happenings):
    times = np.arange(0.0, 18.0, 0.25)
    last = np.full(times.size, 2**62, dtype=np.int64)  # after whatever happens then
    along = stations(RATES, happenings)
    for ranks in (None, last):
        walked = collected(walk(RATES, happenings, times, ranks), times.size, 3)
        stood = along.at(times, before=ranks is None)
        np.testing.assert_allclose(stood, walked, rtol=1e-12, atol=1e-12)


def test_nothing_is_there_where_nothing_happened():
    times = np.array([0.0, 1.0])
    assert not stations(RATES, []).at(times).any()
    later = [Bolus(time_h=1.0, compartment=1, amount_mg=5.0)]
    np.testing.assert_array_equal(
        stations(RATES, later).at(times), [[0.0, 0.0, 0.0], [0.0, 5.0, 0.0]]
    )
