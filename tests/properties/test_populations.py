"""Many people at once are each the same as one alone, in any order and by either kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.pharmacology import populations
from evenkeel.core.pharmacology.models import models
from evenkeel.core.pharmacology.populations import (
    concentrations,
    draw_etas,
    percentiles,
    population,
    schedule_of,
    standard_normals,
)
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.simulate import simulate
from evenkeel.core.pharmacology.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.timeline import Infusion, collected, walk

NEAR = 1e-9  # share of the peak
PEOPLE, POINTS = 12, 150
CHILD = {"WT": 20.0, "AGE": 6.0}
CASES = [(name, route) for name, model in models().items() for route in model.routes]


def made(name: str, route: str, people: int = PEOPLE):
    model = models()[name]
    person = reference(model, {} if model.age_group == "adults" else CHILD)
    etas = draw_etas(model, people=people, seed=7) if model.variability else {}
    who = population(model, people=people, covariates=person, etas=etas)
    doses = [
        Dose(time_h=at, route=route, amount_mg=56.0, duration_h=0.61 if route == "iv" else 0.0)
        for at in (0.1, 3.0, 3.2, 24.03)
    ]
    return model, person, etas, who, doses


@pytest.mark.parametrize(("name", "route"), CASES)
def test_each_of_many_is_the_same_as_alone(name, route):
    model, person, etas, who, doses = made(name, route)
    found = concentrations(who, schedule_of(who, doses), start_h=0.0, step_h=0.25, points=POINTS)
    times = np.arange(POINTS) * 0.25
    for one in range(PEOPLE):
        alone = subject(model, person, {key: float(each[one]) for key, each in etas.items()})
        expected = simulate(alone, doses, times).ng_per_ml.T
        assert np.abs(found[one] - expected).max() <= NEAR * expected.max()


@pytest.mark.parametrize(("name", "route"), CASES)
def test_both_kernels_agree(name, route, monkeypatch):
    _, _, _, who, doses = made(name, route)
    plan = schedule_of(who, doses)
    first = concentrations(who, plan, start_h=0.0, step_h=0.25, points=POINTS)

    def none_is_fine(rates, outputs, nodes, starts, lam, weights, left, fine):
        fine[:] = False

    monkeypatch.setattr(populations.modal, "decompose", none_is_fine)
    second = concentrations(who, plan, start_h=0.0, step_h=0.25, points=POINTS)
    assert np.abs(first - second).max() <= NEAR * first.max()


@settings(max_examples=60)
@given(gap=st.floats(-14.0, -0.05), sign=st.sampled_from([-1.0, 1.0]))
def test_there_is_no_seam_where_two_rates_nearly_coincide(gap, sign):
    """Norketamine's own rate is moved on to the parent's slowest, from afar to the last digit."""
    flint = models()["flint_2017_s_ketamine_picu"]
    two = population(flint, people=1, covariates={"WT": 20.0}, etas={})
    parent = -float(np.linalg.eigvals(two.rates[0][:2, :2]).real.max())
    rate = parent * (1.0 + sign * 10.0**gap)
    if rate <= 0.0:
        return
    two.rates[0, 2, 2] = -rate
    doses = [Dose(time_h=0.1, route="iv", amount_mg=20.0, duration_h=0.5)]
    plan = schedule_of(two, doses)
    found = concentrations(two, plan, start_h=0.0, step_h=0.25, points=POINTS)[0]
    drip = Infusion(time_h=0.1, compartment=0, rate_mg_per_h=40.0, end_h=0.6)
    states = collected(walk(two.rates[0], [drip], np.arange(POINTS) * 0.25), POINTS, 3)
    expected = (states @ two.outputs[0]).T
    assert np.abs(found - expected).max() <= NEAR * expected.max()


@given(seed=st.integers(0, 2**40), people=st.integers(1, 700), more=st.integers(0, 700))
@settings(max_examples=30)
def test_a_person_is_the_same_however_many_are_drawn(seed, people, more):
    few, many = (standard_normals(seed, "s", n, 3) for n in (people, people + more))
    assert np.array_equal(few, many[:people])
    assert not np.array_equal(few, standard_normals(seed + 1, "s", people, 3))


def test_threads_and_windows_change_nothing():
    _, _, _, who, doses = made("otto_2021_s_ketamine_iv", "iv", people=1200)
    plan = schedule_of(who, doses)
    one, two = (
        concentrations(who, plan, start_h=0.0, step_h=0.25, points=POINTS, threads=threads)
        for threads in (1, 2)
    )
    assert np.array_equal(one, two)
    wanted = (5.0, 50.0, 95.0)
    kept = np.percentile(one, wanted, axis=0)
    for part, values in percentiles(who, plan, wanted, start_h=0.0, step_h=0.25, points=POINTS):
        expected = np.moveaxis(kept[:, :, part], 0, -1).swapaxes(0, 1)
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


def test_the_spread_drawn_is_the_spread_published():
    model = models()["otto_2021_s_ketamine_iv"]
    etas = draw_etas(model, people=200_000, seed=3)
    for block in model.variability:
        drawn = np.cov([etas[name] for name in block.parameters])
        # Four standard errors of a covariance of 200,000 draws.
        omega = np.array(block.omega)
        error = np.sqrt((np.outer(np.diag(omega), np.diag(omega)) + omega**2) / 200_000)
        assert (np.abs(drawn - omega) <= 4 * error).all()


def test_no_band_is_drawn_where_no_spread_was_published():
    with pytest.raises(Refusal, match="no spread"):
        draw_etas(models()["kamp_2020_meta_3cmt"], people=10, seed=1)
