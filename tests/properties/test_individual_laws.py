"""Laws of the most probable person: any start, any order, units, what more measurements do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.fits import (
    FILM,
    INFUSION,
    OTTO,
    PEREZ,
    SIMONS,
    SPRAY,
    measured,
    people,
    prior,
    someone,
    still,
)

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.estimate import Measurement, most_probable
from evenkeel.core.pharmacology.individuals.posterior import posterior_of
from evenkeel.core.pharmacology.individuals.tops import top_of

FEW = settings(max_examples=12)
CASES = [(OTTO, INFUSION), (PEREZ, SPRAY), (SIMONS, FILM)]


def asked(name, doses, seed, noise=0.15):
    model, covariates = people(name)
    seen = measured(model, covariates, someone(model, seed), doses, seed=seed, noise=noise)
    told = {"covariates": covariates, "doses": doses, "measurements": seen}
    return model, {**told, "sampling": model.sampling}


def etas_of(found):
    return np.array([found.etas[name] for name in found.names])


@pytest.mark.parametrize(("name", "doses"), CASES)
@FEW
@given(data=st.data())
def test_the_answer_is_the_same_from_any_start(name, doses, data):
    model, told = asked(name, doses, data.draw(st.integers(0, 5)))
    names, omega = prior(model)
    away = data.draw(st.lists(st.floats(-3.0, 3.0), min_size=len(names), max_size=len(names)))
    start = dict(zip(names, np.sqrt(np.diag(omega)) * away, strict=True))
    one, other = most_probable(model, **told), most_probable(model, **told, start=start)
    np.testing.assert_allclose(etas_of(other), etas_of(one), atol=1e-6)
    assert other.log_evidence == pytest.approx(one.log_evidence, abs=1e-6)


# People of Simons 2022 with several tops, and minus the log of the posterior at the highest that
# a wide search found (`benchmarks/individual_tops.py`). A slow rise of the metabolites has several
# explanations: slow absorption, a slow way through the gut, slow formation.
SHARP = {
    "absorption or the gut": (
        (0.25, 0.5, 0.75, 1.0, 4.0, 6.0),
        (53.5, 38, 45.6, 17.3, 3.43, 1.82),
        (3.86, 20.8, 32.9, 33.8, 104, 49.4),
        (2.16, 5.56, 20.6, 18.5, 33.1, 43.3),
        51.5619890,
    ),
    "the gut or formation": (
        (0.5, 0.75, 1.5, 3.0, 4.0, 6.0),
        (63.8, 118, 42.5, 8.79, 8.77, 7.15),
        (249, 351, 185, 252, 133, 101),
        (27.2, 62.5, 79.9, 93.2, 114, 71.7),
        70.3752695,
    ),
    "before or after a measurement": (
        (0.25, 0.75, 1.0, 1.5, 3.0, 6.0),
        (72.4, 52.3, 44.8, 27.9, 18.6, 8.51),
        (376, 342, 104, 117, 85.4, 35.5),
        40.2764882,
    ),
    "a metabolite that is small at first": (
        (0.1, 0.75, 1.5, 2.0, 3.0, 4.0),
        (52, 36, 18.7, 8.99, 7.89, 6.66),
        (0.524, 156, 275, 263, 140, 118),
        30.2458039,
    ),
    "a long absorption": (
        (0.25, 0.5, 3.0, 4.0, 6.0, 8.0),
        (127, 87.7, 15.6, 11.2, 7.56, 5.17),
        (3.17, 33.6, 114, 98.6, 78.8, 59.8),
        (0.274, 4.65, 57.0, 92.3, 63.1, 44.7),
        40.7767823,
    ),
}


@pytest.mark.parametrize("told", SHARP.values(), ids=SHARP.keys())
def test_the_highest_of_several_tops_is_found_from_any_start(told):
    hours, *values, best = told
    model, covariates = people(SIMONS)
    seen = [
        Measurement(time_h=at, analyte=analyte, ng_per_ml=each)
        for analyte, column in zip(model.outputs, values, strict=False)
        for at, each in zip(hours, column, strict=True)
    ]
    posterior = posterior_of(
        model, covariates=covariates, doses=FILM, measurements=seen, sampling="arterial"
    )
    top = top_of(posterior)
    assert top.value == pytest.approx(best, abs=1e-6)
    assert np.abs(top.slope).max() < 1e-6
    assert np.linalg.eigvalsh(top.curvature).min() > 0.0
    for z in np.random.default_rng(1).standard_normal((3, posterior.width)):
        other = top_of(posterior, [1.5 * z])
        np.testing.assert_allclose(other.z, top.z, atol=1e-6)


@FEW
@given(order=st.permutations(range(12)), seed=st.integers(0, 50))
def test_the_order_of_measurements_says_nothing(order, seed):
    model, told = asked(OTTO, INFUSION, seed)
    mixed = {**told, "measurements": [told["measurements"][k] for k in order]}
    one, other = most_probable(model, **told), most_probable(model, **mixed)
    np.testing.assert_allclose(etas_of(other), etas_of(one), atol=1e-7)
    np.testing.assert_allclose(other.weighted, one.weighted[list(order)], atol=1e-6)


@FEW
@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-100.0, 100.0), seed=st.integers(0, 50))
def test_only_ratios_and_differences_of_time_matter(factor, shift, seed):
    """Twice the dose and twice every value, or another clock, is the same person."""
    model, told = asked(OTTO, INFUSION, seed)
    doses = [
        replace(d, time_h=d.time_h + shift, amount_mg=d.amount_mg * factor) for d in told["doses"]
    ]
    seen = [
        replace(m, time_h=m.time_h + shift, ng_per_ml=m.ng_per_ml * factor)
        for m in told["measurements"]
    ]
    one = most_probable(model, **told)
    other = most_probable(model, **{**told, "doses": doses, "measurements": seen})
    np.testing.assert_allclose(etas_of(other), etas_of(one), atol=1e-6)
    np.testing.assert_allclose(other.covariance, one.covariance, atol=1e-5)


@FEW
@given(
    value=st.floats(20.0, 500.0), copies=st.integers(1, 40), omega=st.floats(0.05, 1.0),
    sd=st.floats(0.02, 1.0),
)  # fmt: skip
def test_copies_add_their_information(value, copies, omega, sd):
    """Information adds up: what a measurement tells, n of it tell n times."""
    doses = (Dose(time_h=0.0, route="iv", amount_mg=10.0),)
    seen = [Measurement(time_h=1.0, analyte="s_ketamine", ng_per_ml=value)]
    model = still(omega=omega, log_sd=sd)
    told = {"covariates": {}, "doses": doses, "sampling": "venous"}
    one = most_probable(model, measurements=seen, **told)
    many = most_probable(model, measurements=seen * copies, **told)
    gained = [1 / each.covariance[0, 0] - 1 / omega**2 for each in (one, many)]
    assert gained[1] == pytest.approx(copies * gained[0], rel=1e-4)
    assert abs(many.etas["V"]) >= abs(one.etas["V"]) - 1e-9
    assert many.shrinkage["V"] <= one.shrinkage["V"] + 1e-9


@FEW
@given(seed=st.integers(0, 50), deep=st.floats(0.05, 0.7))
def test_a_limit_far_below_what_is_expected_pulls_down_and_one_far_above_does_not(seed, deep):
    model, told = asked(PEREZ, SPRAY, seed)
    one = most_probable(model, **told)
    at = told["measurements"].index(next(m for m in told["measurements"] if m.time_h == 4.0))
    expected = float(one.predicted[at])
    hidden = Measurement(time_h=4.0, analyte="esketamine", ng_per_ml=deep * expected, below=True)
    lower = most_probable(model, **{**told, "measurements": [*told["measurements"], hidden]})
    assert lower.predicted[-1] < expected
    far = replace(hidden, ng_per_ml=1e6 * expected)
    other = most_probable(model, **{**told, "measurements": [*told["measurements"], far]})
    np.testing.assert_allclose(etas_of(other), etas_of(one), atol=1e-7)


@FEW
@given(seed=st.integers(0, 200), count=st.integers(1, 6))
def test_each_further_measurement_leaves_a_proper_doubt(seed, count):
    """A covariance is symmetric and has no negative direction, whatever was measured."""
    model, told = asked(SIMONS, FILM, seed, noise=0.3)
    told["measurements"] = told["measurements"][:: max(1, 12 // count)]
    found = most_probable(model, **told)
    np.testing.assert_allclose(found.covariance, found.covariance.T, atol=1e-12)
    assert np.linalg.eigvalsh(found.covariance).min() >= -1e-12
    assert np.isfinite(found.log_evidence)
    assert (found.predicted > 0.0).all()
