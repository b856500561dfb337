"""Occupancy beside another program's, and its laws."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.pharmacology.profiles.occupancy import occupancy

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "pharmacology"
ROWS = list(csv.DictReader((GOLDEN / "nmda_occupancy_shaffer.csv").read_text().splitlines()))
MASS = {"ketamine": 237.73, "norketamine": 223.70}
AMOUNT = st.floats(0.0, 1e5)


def by_both(ketamine, norketamine):
    return occupancy({"ketamine": ketamine, "norketamine": norketamine}, MASS)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["total_ketamine_ng_ml"])
def test_the_middle_is_what_another_program_found(row):
    made = occupancy(
        {
            "ketamine": float(row["total_ketamine_ng_ml"]),
            "norketamine": float(row["total_norketamine_ng_ml"]),
        },
        MASS,
        unbound={"ketamine": float(row["fu_k"]), "norketamine": float(row["fu_nk"])},
    )
    assert float(made.middle) == pytest.approx(float(row["RO_shaffer_competitive"]), rel=1e-9)


@given(ketamine=AMOUNT, norketamine=AMOUNT)
def test_two_together_never_take_more_than_all_and_compete(ketamine, norketamine):
    both, one, other = (
        by_both(ketamine, norketamine), by_both(ketamine, 0.0), by_both(0.0, norketamine)
    )  # fmt: skip
    for end in ("low", "middle", "high"):
        together = float(getattr(both, end))
        apart = float(getattr(one, end)), float(getattr(other, end))
        assert 0.0 <= together < 1.0
        assert max(apart) <= together + 1e-15
        assert together <= sum(apart) + 1e-15
    assert both.low <= both.middle <= both.high


def test_nothing_binds_where_nothing_is_and_shapes_are_kept():
    made = by_both(np.zeros(5), np.zeros(5))
    assert made.middle.shape == (5,)
    assert (made.high == 0.0).all()
    with pytest.raises(ValueError, match="none of"):
        occupancy({"s_hydroxynorketamine": 1.0}, {"s_hydroxynorketamine": 239.7})
