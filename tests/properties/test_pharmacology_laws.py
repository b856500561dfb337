"""Laws of linear compartments: another method, conservation, superposition, Vieta, limits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import models
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.profiles.events import Event, observe
from evenkeel.core.pharmacology.profiles.simulate import simulate
from evenkeel.core.pharmacology.systems.linear import (
    before_dose_at_steady_state,
    propagators,
    states,
)

RATE = st.floats(1e-4, 50.0)


@st.composite
def closed(draw: st.DrawFn) -> np.ndarray:
    """Rates between compartments from which nothing leaves."""
    n = draw(st.integers(1, 6))
    rates = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i != j and draw(st.booleans()):
                rates[i, j] = draw(RATE)
    return rates - np.diag(rates.sum(axis=0))


@st.composite
def leaking(draw: st.DrawFn) -> np.ndarray:
    rates = draw(closed())
    out = np.array([draw(st.floats(0.0, 5.0)) for _ in range(rates.shape[0])])
    return rates - np.diag(out)


@given(rates=leaking(), hours=st.floats(0.0, 24.0))
def test_the_propagator_is_the_matrix_exponential(rates, hours):
    expected = expm(rates * hours)
    np.testing.assert_allclose(propagators(rates, np.array([hours]))[0], expected, atol=1e-11)


@given(rates=closed(), hours=st.floats(0.0, 1e4))
def test_nothing_is_lost_where_nothing_leaves(rates, hours):
    made = propagators(rates, np.array([hours]))[0]
    np.testing.assert_allclose(made.sum(axis=0), 1.0, rtol=1e-9)
    assert (made >= 0).all()


@given(rates=leaking(), first=st.floats(0.0, 10.0), second=st.floats(0.0, 10.0))
def test_two_steps_make_one(rates, first, second):
    one, two, both = propagators(rates, np.array([first, second, first + second]))
    np.testing.assert_allclose(two @ one, both, atol=1e-12, rtol=1e-9)


@given(rates=leaking(), rate=st.floats(0.1, 100.0), hours=st.floats(0.01, 24.0))
def test_an_infusion_is_the_integral_of_boluses(rates, rate, hours):
    n = rates.shape[0]
    inputs = np.zeros(n)
    inputs[0] = rate
    nodes, weights = np.polynomial.legendre.leggauss(60)
    # Geometric panels follow a fast start.
    edges = np.concatenate([[0.0], hours * 0.5 ** np.arange(24, -1, -1)])
    total = np.zeros(n)
    for low, high in pairwise(edges):
        at = (high - low) / 2 * nodes + (high + low) / 2
        total += (high - low) / 2 * np.einsum("k,kij,j->i", weights, propagators(rates, at), inputs)
    found = states(rates, np.zeros(n), inputs, np.array([hours]))[0]
    np.testing.assert_allclose(found, total, rtol=1e-9, atol=1e-9)


@given(
    k=st.tuples(*[st.floats(0.01, 5.0)] * 5),
    duration=st.sampled_from([0.0, 0.5, 3.0, 7.9, 8.0, 8.1, 20.0]),
)
def test_a_steady_state_is_what_many_doses_come_to(k, duration):
    k10, k12, k21, k13, k31 = k
    rates = np.array([[-k10 - k12 - k13, k21, k31], [k12, -k21, 0], [k13, 0, -k31]])
    left, _ = before_dose_at_steady_state(rates, 0, 100.0, duration, 8.0)
    slowest = float(-np.linalg.eigvals(rates).real.max())
    count = int(np.ceil(40.0 / (slowest * 8.0))) + 3
    if count > 4000:
        return
    rate = 100.0 / duration if duration else 0.0
    dose = Event(time_h=0.0, evid=1, amount_mg=100.0, rate_mg_per_h=rate, interval_h=8.0,
                 additional=count - 1)  # fmt: skip
    found = observe(rates, [dose, Event(time_h=8.0 * count, evid=0)])[-1]
    np.testing.assert_allclose(found, left, rtol=1e-8, atol=1e-9)


@given(k=st.tuples(*[st.floats(0.001, 10.0)] * 5))
def test_the_rates_of_three_compartments_obey_vieta(k):
    k10, k12, k21, k13, k31 = k
    rates = np.array([[-k10 - k12 - k13, k21, k31], [k12, -k21, 0], [k13, 0, -k31]])
    roots = -np.linalg.eigvals(rates).real
    np.testing.assert_allclose(roots.sum(), k10 + k12 + k13 + k21 + k31, rtol=1e-9)
    np.testing.assert_allclose(np.prod(roots), k10 * k21 * k31, rtol=1e-6)


IDS = sorted(models())


@pytest.mark.parametrize("name", IDS)
def test_doses_add_up_and_scale(name):
    model = models()[name]
    who = subject(model, _allowed(model))
    route = next(iter(model.routes))
    times = np.linspace(0.0, 24.0, 97)
    extra = {"NSPRAY": 1.0} if "NSPRAY" in model.covariates else {}

    def made(*doses: tuple[float, float, float]) -> np.ndarray:
        given_ = [
            Dose(time_h=at, route=route, amount_mg=amount,
                 duration_h=lasts if route == "iv" else 0.0, of_dose=extra)
            for at, amount, lasts in doses
        ]  # fmt: skip
        return simulate(who, given_, times).ng_per_ml

    one, other = made((0.0, 30.0, 0.5)), made((5.3, 12.0, 2.0))
    both = made((5.3, 12.0, 2.0), (0.0, 30.0, 0.5))
    peak = both.max()
    assert np.abs(one + other - both).max() <= 1e-12 * peak
    assert np.abs(made((0.0, 90.0, 0.5)) - 3.0 * one).max() <= 1e-12 * peak


@pytest.mark.parametrize("name", IDS)
def test_everything_has_left_in_the_end(name):
    model = models()[name]
    who = subject(model, _allowed(model))
    dose = Dose(time_h=0.0, route="iv", amount_mg=50.0)
    made = simulate(who, [dose], np.array([1.0, 5000.0])).ng_per_ml
    assert (made[1] <= 1e-6 * made[0]).all()


@pytest.mark.parametrize("name", IDS)
def test_before_the_dose_there_is_nothing_and_a_bolus_acts_after_its_time(name):
    model = models()[name]
    who = subject(model, _allowed(model))
    made = simulate(
        who, [Dose(time_h=1.0, route="iv", amount_mg=50.0)], np.array([0.0, 1.0, 1.0 + 1e-9])
    )
    assert (made.ng_per_ml[:2] == 0.0).all()
    assert made.of(model.parent)[2] > 0.0


def _allowed(model) -> dict[str, float]:
    """A person that the model was made from."""
    if model.age_group == "adults":
        return reference(model, {})
    return reference(model, {"WT": 20.0, "AGE": 6.0})
