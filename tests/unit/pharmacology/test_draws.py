"""Drawn covariates have the distribution that was asked for, and a person stays the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.populations.draws import drawn, read_draw

PEOPLE = 40_000
FAR = 1.95 / np.sqrt(PEOPLE)  # Kolmogorov's distance at one in a thousand


def values(text: str, people: int = PEOPLE) -> np.ndarray:
    draw = read_draw(text)
    return drawn({draw.name: draw}, people=people, seed=11)[draw.name]


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("WT=normal:75:15:40:140", stats.truncnorm(-35 / 15, 65 / 15, 75, 15)),
        ("WT=normal:75:15:80:85", stats.truncnorm(5 / 15, 10 / 15, 75, 15)),
        ("AGE=uniform:18:65", stats.uniform(18, 47)),
    ],
)
def test_the_distribution_is_the_one_that_was_asked_for(text, law):
    assert stats.kstest(values(text), law.cdf).statistic < FAR


def test_a_lognormal_has_its_median_and_its_cv():
    made = values("WT=lognormal:70:20:1:600")
    assert np.median(made) == pytest.approx(70.0, rel=0.01)
    assert made.std() / made.mean() == pytest.approx(0.20, rel=0.03)
    assert values("WT=lognormal:70:20:60:80").min() >= 60.0


def test_a_choice_has_its_shares():
    made = values("ASIAN=choice:0*3:1*1")
    assert set(made) == {0.0, 1.0}
    assert made.mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / PEOPLE))


def test_a_person_is_the_same_however_many_are_drawn():
    assert np.array_equal(
        values("WT=normal:75:15:40:140", 300), values("WT=normal:75:15:40:140")[:300]
    )


@pytest.mark.parametrize(
    "text",
    [
        "WT", "WT=normal", "WT=normal:75:15", "WT=normal:75:0:40:140", "WT=normal:nan:1:0:1",
        "WT=normal:75:1:400:500", "WT=lognormal:-70:20:1:600", "WT=lognormal:70:0:1:600",
        "WT=uniform:9:9", "WT=choice:", "WT=choice:1*-1", "WT=choice:1*0", "=uniform:1:2",
    ],
)  # fmt: skip
def test_a_form_that_means_nothing_is_refused(text):
    with pytest.raises(Refusal):
        read_draw(text)
