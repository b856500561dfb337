"""Times that lie close together are computed another way, and come out the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from evenkeel.core.pharmacology.library.models import models
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.systems import linear

CHILD = {"WT": 20.0, "AGE": 6.0}


@pytest.mark.parametrize("name", models())
@pytest.mark.parametrize("rate", [0.0, 40.0])
@pytest.mark.parametrize("span", [0.01, 0.5, 3.0])
def test_dense_times_are_as_the_matrix_exponential_has_them(name, rate, span, monkeypatch):
    model = models()[name]
    who = subject(model, reference(model, {} if model.age_group == "adults" else CHILD))
    n = who.rates.shape[0]
    random = np.random.default_rng(n)
    start, inputs = random.random(n) * 30.0, np.zeros(n)
    inputs[0] = rate
    times = np.sort(random.random(60_000)) * span
    whole = linear.with_input(who.rates, inputs)
    assert linear._is_dense(whole, times)
    made = linear.states(who.rates, start, inputs, times)
    for place in (0, 1, 31_234, times.size - 1):
        expected = (expm(whole * times[place]) @ np.append(start, 1.0))[:n]
        assert np.abs(made[place] - expected).max() <= 1e-11 * expected.max()
    some = slice(20_000, 20_500)
    monkeypatch.setattr(linear, "_DENSE", 10**9)
    sparse = linear.states(who.rates, start, inputs, times[some])
    assert np.abs(made[some] - sparse).max() <= 1e-12 * sparse.max()
