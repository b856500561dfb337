"""The most probable person beside SciPy, beside closed forms, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats
from tests.support.fits import (
    FILM,
    FLINT,
    INFUSION,
    OTTO,
    PEREZ,
    SIMONS,
    SPRAY,
    measured,
    people,
    precise,
    prior,
    someone,
    still,
    surprise,
)

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.averaging import mixture, model_weights
from evenkeel.core.pharmacology.individuals.estimate import (
    FAR,
    LOST,
    Measurement,
    most_probable,
    parameters,
)
from evenkeel.core.pharmacology.individuals.future import draws, what_if
from evenkeel.core.pharmacology.individuals.likelihood import NOTHING, log_normal_share
from evenkeel.core.pharmacology.individuals.measured import (
    UnreadableMeasurements,
    read_measurements,
)
from evenkeel.core.pharmacology.individuals.posterior import posterior_of
from evenkeel.core.pharmacology.individuals.preparing import course_of
from evenkeel.core.pharmacology.library.models import model_named, models
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.profiles.simulate import simulate

BELOW = {
    OTTO: Measurement(time_h=12.0, analyte="s_ketamine", ng_per_ml=2.0, below=True),
    PEREZ: Measurement(time_h=24.0, analyte="esketamine", ng_per_ml=1.0, below=True),
    SIMONS: Measurement(time_h=0.1, analyte="s_norketamine", ng_per_ml=20.0, below=True),
}
CASES = [(OTTO, INFUSION), (PEREZ, SPRAY), (SIMONS, FILM)]


def case(name, doses, seed=3):
    model, covariates = people(name)
    seen = [*measured(model, covariates, someone(model, seed), doses, seed=seed), BELOW[name]]
    sampling = model.sampling
    told = {"covariates": covariates, "doses": doses, "measurements": seen}
    return model, {**told, "sampling": sampling}


ROUTES = [(m.id, route) for m in models().values() for route in m.routes]


@pytest.mark.parametrize(("name", "route"), ROUTES)
def test_many_sets_at_once_are_each_what_the_exact_engine_gives(name, route):
    """Also over weeks, with treatments that overlap, and with every analyte left out in turn."""
    model = model_named(name)
    child = {"AGE": 6.0, "WT": 20.0} if model.age_group == "children" else {}
    covariates = reference(model, child)
    lasts = 0.7 if route == "iv" else 0.0
    doses = [
        Dose(time_h=at, route=route, amount_mg=56.0, duration_h=lasts) for at in (0.0, 0.4, 72.0)
    ]
    times = np.array([0.0, 0.2, 0.4, 1.0, 3.0, 30.0, 72.0, 72.3, 400.0])
    rng = np.random.default_rng(1)
    for analytes in {tuple(model.outputs), *((each,) for each in model.outputs)}:
        course = course_of(
            model, covariates=covariates, doses=doses, analytes=analytes, times_h=times
        )
        etas = 0.5 * rng.standard_normal((45, len(course.informed)))
        found = course.concentrations(etas)
        for one in range(0, len(found), 11):
            own = {
                each.parameter: float(eta)
                for each, eta in zip(course.informed, etas[one], strict=True)
            }
            expected = simulate(subject(model, covariates, own), doses, times)
            for place, analyte in enumerate(analytes):
                there = expected.of(analyte)
                np.testing.assert_allclose(
                    found[one, place], there, rtol=1e-10, atol=1e-12 * there.max()
                )


def test_the_order_in_which_doses_are_told_says_nothing():
    """Also where lags and durations let what is given first begin or end last."""
    model = model_named(SIMONS)
    covariates = reference(model, {})
    doses = [Dose(time_h=0.2 * k, route="sublingual", amount_mg=20.0 + k) for k in range(7)]
    times = np.array([0.1, 0.5, 1.0, 1.3, 2.0, 6.0])

    def made(told):
        course = course_of(
            model, covariates=covariates, doses=told, analytes=tuple(model.outputs), times_h=times
        )
        etas = np.random.default_rng(2).standard_normal((19, len(course.informed)))
        return course.concentrations(etas)

    expected = made(doses)
    for seed in range(3):
        told = [doses[k] for k in np.random.default_rng(seed).permutation(len(doses))]
        np.testing.assert_allclose(made(told), expected, rtol=1e-11)


def test_what_is_beyond_all_numbers_is_refused():
    model = model_named(OTTO)
    course = course_of(
        model, covariates=reference(model, {}), doses=INFUSION, analytes=("s_ketamine",),
        times_h=np.array([1.0]),
    )  # fmt: skip
    etas = np.zeros((3, len(course.informed)))
    etas[1] = -800.0
    with pytest.raises(Refusal, match="a rate is not finite"):
        course.concentrations(etas)


@pytest.mark.parametrize(("name", "doses"), CASES)
def test_the_posterior_is_what_scipys_densities_make_of_it(name, doses):
    model, told = case(name, doses)
    names, omega = prior(model)
    posterior = posterior_of(model, **told)
    rng = np.random.default_rng(2)
    differences = []
    for _ in range(4):
        z = rng.standard_normal(len(names))
        named = [each.name for each in posterior.differences]
        whole = dict(zip(named, posterior.factor @ z, strict=True))
        ours = posterior.surprise(z[None, : posterior.width])[0]
        ours += 0.5 * float(z[posterior.width :] @ z[posterior.width :])
        theirs = surprise(
            model, told["covariates"], doses, told["measurements"], names, omega,
            [whole[each] for each in names],
        )  # fmt: skip
        differences.append(theirs - ours)
    assert np.ptp(differences) < 1e-8


@pytest.mark.parametrize(("name", "doses"), CASES)
def test_no_minimiser_of_scipy_finds_a_better_person(name, doses):
    """The values that it minimises are those of SciPy's densities: the test above."""
    model, told = case(name, doses)
    posterior = posterior_of(model, **told)
    found = most_probable(model, **told)
    etas = np.array([found.etas[d.name] for d in posterior.differences[: posterior.width]])
    best = np.linalg.solve(posterior.factor[: posterior.width, : posterior.width], etas)
    floor = posterior.surprise(best[None])[0]
    step = 1e-5 * np.vstack([np.eye(posterior.width), -np.eye(posterior.width)])

    def value_and_slope(z):
        made = posterior.surprise(z + np.vstack([np.zeros(posterior.width), step]))
        return made[0], (made[1 : posterior.width + 1] - made[posterior.width + 1 :]) / 2e-5

    for z in 1.5 * np.random.default_rng(4).standard_normal((8, posterior.width)):
        theirs = optimize.minimize(value_and_slope, z, jac=True, method="BFGS")
        assert theirs.fun >= floor - 1e-7
        if theirs.fun < floor + 1e-7:
            np.testing.assert_allclose(theirs.x, best, atol=2e-3)


@pytest.mark.parametrize(("name", "doses"), CASES)
def test_the_slope_and_the_curvature_are_those_of_the_values(name, doses):
    model, told = case(name, doses)
    posterior = posterior_of(model, **told)
    z = 0.3 * np.random.default_rng(5).standard_normal(posterior.width)
    slope = posterior.shapes(z[None], exact=True).slope[0]
    one = np.random.default_rng(6).standard_normal(posterior.width)
    line = [posterior.surprise((z + s * one)[None])[0] for s in (-1e-3, 0.0, 1e-3)]
    assert slope @ one == pytest.approx((line[2] - line[0]) / 2e-3, rel=1e-4, abs=1e-5)
    bend = posterior.curvature(z)
    assert one @ bend @ one == pytest.approx((line[2] - 2 * line[1] + line[0]) / 1e-6, rel=1e-3)
    rough = posterior.bent(z[None])
    np.testing.assert_allclose(rough.bend(0), bend, atol=0.02 * np.abs(bend).max())
    np.testing.assert_allclose(rough.slope[0], slope, atol=1e-4 * np.abs(slope).max())


def test_the_tail_of_the_normal_law_is_scipys():
    x = np.concatenate([-np.geomspace(1e4, 1e-8, 400), [0.0], np.geomspace(1e-8, 40.0, 200)])
    np.testing.assert_allclose(log_normal_share(x), stats.norm.logcdf(x), rtol=1e-11, atol=1e-300)


# One compartment that nothing leaves: closed forms.

DOSE = (Dose(time_h=0.0, route="iv", amount_mg=10.0),)


def values_at(*ng_per_ml):
    return [
        Measurement(time_h=1.0 + k, analyte="s_ketamine", ng_per_ml=each)
        for k, each in enumerate(ng_per_ml)
    ]


@pytest.mark.parametrize("seen", [(120.0,), (120.0, 90.0), (120.0, 90.0, 60.0, 300.0)])
def test_person_doubt_and_evidence_of_the_conjugate_model_are_exact(seen):
    omega, sd, n = 0.3, 0.2, len(seen)
    found = most_probable(
        still(omega=omega, log_sd=sd), covariates={}, doses=DOSE,
        measurements=values_at(*seen), sampling="venous",
    )  # fmt: skip
    left = np.log(100.0) - np.log(seen)  # eta = log(1000 dose / V) - log concentration
    gain = omega**2 / (omega**2 + sd**2 / n)
    assert found.etas["V"] == pytest.approx(gain * left.mean(), abs=1e-8)
    assert found.covariance[0, 0] == pytest.approx(1 / (1 / omega**2 + n / sd**2), rel=1e-6)
    assert found.shrinkage["V"] == pytest.approx(1 - gain, rel=1e-6)
    law = stats.multivariate_normal(np.zeros(n), sd**2 * np.eye(n) + omega**2 * np.ones((n, n)))
    expected = law.logpdf(left) - np.log(seen).sum()
    assert found.log_evidence == pytest.approx(expected, abs=1e-6)
    assert found.weighted == pytest.approx((np.log(seen) - np.log(found.predicted)) / sd)


def test_what_is_only_known_to_lie_below_counts_by_its_probability():
    """Skewed, so beside numerical integration; and its top beside SciPy's."""
    omega, sd, limit = 0.3, 0.2, 80.0
    hidden = Measurement(time_h=1.0, analyte="s_ketamine", ng_per_ml=limit, below=True)
    found = most_probable(
        still(omega=omega, log_sd=sd), covariates={}, doses=DOSE, measurements=[hidden],
        sampling="venous",
    )  # fmt: skip

    def surprise_of(eta):
        return 0.5 * (eta / omega) ** 2 - stats.norm.logcdf(
            (math.log(limit) - math.log(100.0) + eta) / sd
        )

    top = optimize.minimize_scalar(surprise_of, bracket=(-1.0, 0.0, 1.0), tol=1e-12)
    assert found.etas["V"] == pytest.approx(top.x, abs=1e-7)
    # What a normal prior and a normal error make of a limit is a normal probability.
    whole = stats.norm.logcdf(math.log(limit / 100.0) / math.hypot(omega, sd))
    assert found.log_evidence == pytest.approx(whole, abs=0.03)
    assert math.isnan(found.weighted[0])
    assert found.below_share[0] == pytest.approx(
        stats.norm.cdf(math.log(limit / found.predicted[0]) / sd), rel=1e-9
    )


def _surprise_on(model, covariates, seen, names, omega, z):
    """Of every z with all constants, which one value by SciPy's densities gives."""
    posterior = posterior_of(
        model, covariates=covariates, doses=INFUSION, measurements=seen, sampling="venous"
    )
    ours = posterior.surprise(z)
    one = np.linalg.cholesky(omega) @ z[0]
    theirs = surprise(model, covariates, INFUSION, seen, names, omega, one)
    return ours - ours[0] + theirs


def test_the_doubt_of_one_clearance_is_that_of_numerical_integration():
    """Fanta's clearance with an error that is assumed for the test."""
    base = model_named("fanta_2015_s_ketamine")
    model = replace(base, residuals={"s_ketamine": model_named(OTTO).residuals["s_ketamine"]})
    covariates = {"WT": 80.0}
    seen = measured(model, covariates, {"CL": 0.2}, INFUSION, analytes=1, seed=8)
    found = most_probable(
        model, covariates=covariates, doses=INFUSION, measurements=seen, sampling="venous"
    )
    names, omega = prior(model)
    grid = np.linspace(-0.8, 0.9, 241)
    weight = np.exp(
        -_surprise_on(model, covariates, seen, names, omega, grid[:, None] / np.sqrt(omega[0, 0]))
    )
    whole = np.trapezoid(weight, grid)
    middle = np.trapezoid(weight * grid, grid) / whole
    variance = np.trapezoid(weight * (grid - middle) ** 2, grid) / whole
    assert found.etas["CL"] == pytest.approx(middle, abs=0.02)
    assert found.covariance[0, 0] == pytest.approx(variance, rel=0.02)
    assert found.log_evidence == pytest.approx(math.log(whole), abs=0.005)


def test_the_doubt_of_two_parameters_is_that_of_numerical_integration():
    model, covariates = people(OTTO)
    seen = measured(model, covariates, someone(model, 5), INFUSION, analytes=1, seed=5)
    found = most_probable(
        model, covariates=covariates, doses=INFUSION, measurements=seen, sampling="venous"
    )
    names, omega = prior(model)
    both = slice(0, 2)
    sd = np.sqrt(np.diag(found.covariance))[both]
    away = np.linspace(-6.0, 6.0, 61)
    etas = np.array([(a, b) for a in away for b in away]) * sd
    etas += [found.etas[n] for n in names[both]]
    z = np.linalg.solve(np.linalg.cholesky(omega[both, both]), etas.T).T
    weight = np.exp(-_surprise_on(model, covariates, seen, names[both], omega[both, both], z))
    middle = weight @ etas / weight.sum()
    covariance = (weight * (etas - middle).T) @ (etas - middle) / weight.sum()
    assert np.abs(middle - [found.etas[n] for n in names[both]]).max() < 0.2 * sd.max()
    np.testing.assert_allclose(found.covariance[both, both], covariance, atol=0.1 * sd.max() ** 2)
    evidence = math.log(weight.sum() * np.prod(sd * (away[1] - away[0])))
    assert found.log_evidence == pytest.approx(evidence, abs=0.03)


# What measurements cannot tell.


def test_what_the_route_and_the_analytes_leave_open_stays_as_published():
    model, told = case(PEREZ, SPRAY)
    found = most_probable(model, **told)
    assert found.untouched == ("ka_po",)
    assert (found.etas["ka_po"], found.shrinkage["ka_po"]) == (0.0, 1.0)
    place = found.names.index("ka_po")
    assert found.covariance[place, place] == pytest.approx(1.008833, rel=1e-12)
    told["measurements"] = [m for m in told["measurements"] if m.analyte == "esketamine"]
    alone = most_probable(model, **told)
    assert alone.untouched == ("ka_po", "Vcn", "CLn")


def test_what_is_not_measured_follows_what_it_goes_with():
    """Clearances of parent and norketamine go together: the second follows the first."""
    model = model_named(FLINT)
    covariates = {"WT": 20.0, "AGE": 6.0}
    doses = (Dose(time_h=0.0, route="iv", amount_mg=20.0, duration_h=1.0),)
    seen = measured(model, covariates, {"CL": 0.5, "CLn": 0.1}, doses, analytes=1)
    found = most_probable(
        model, covariates=covariates, doses=doses, measurements=seen, sampling="venous"
    )
    (a, b), (_, c) = ((0.14965, 0.16762), (0.16762, 0.73326))
    assert found.untouched == ()
    assert found.etas["CLn"] == pytest.approx(b / a * found.etas["CL"], rel=1e-9)
    left = found.covariance[0, 0]
    assert found.covariance[1, 1] == pytest.approx(c - b * b / a + (b / a) ** 2 * left, rel=1e-9)
    assert any("pools arterial and venous" in each for each in found.assumed)


def test_a_limit_before_the_first_dose_tells_nothing():
    model, covariates = people(OTTO)
    early = Measurement(time_h=-1.0, analyte="s_ketamine", ng_per_ml=2.0, below=True)
    found = most_probable(
        model, covariates=covariates, doses=INFUSION, measurements=[early], sampling="venous"
    )
    assert set(found.etas.values()) == {0.0}
    assert set(found.shrinkage.values()) == {1.0}
    assert found.log_evidence == 0.0
    assert found.below_share[0] == 1.0


# Refusals.

AT_1 = {"time_h": 1.0, "analyte": "s_ketamine", "ng_per_ml": 50.0}
WRONG = [
    ({"sampling": "arterial"}, "venous blood, the measurements are arterial"),
    ({"sampling": "capillary"}, "say venous or arterial"),
    ({"covariates": {"WT": 70.0, "AGE": 9.0}}, "outside this model"),
    ({"covariates": {}}, "needs WT"),
    ({"covariates": {"WT": math.nan}}, "not a number"),
    ({"doses": ()}, "there is no dose"),
    ({"doses": (Dose(time_h=0.0, route="oral", amount_mg=1.0),)}, "no route oral"),
    ({"doses": (*INFUSION, Dose(time_h=0.0, route="iv", amount_mg=-1.0))}, "negative"),
    ({"doses": (*INFUSION, Dose(time_h=math.nan, route="iv", amount_mg=1.0))}, "not finite"),
    ({"doses": (Dose(time_h=0.0, route="iv", amount_mg=0.0),)}, "before the first dose"),
    ({"measurements": ()}, "there is no measurement"),
    ({"measurements": [AT_1 | {"analyte": "ketamine"}]}, "has s_ketamine, s_norketamine"),
    ({"measurements": [AT_1 | {"ng_per_ml": 0.0}]}, "mark it as below"),
    ({"measurements": [AT_1 | {"ng_per_ml": -3.0}]}, "mark it as below"),
    ({"measurements": [AT_1 | {"ng_per_ml": math.nan}]}, "not a finite number"),
    ({"measurements": [AT_1 | {"time_h": math.inf}]}, "not a finite number"),
    ({"measurements": [AT_1 | {"time_h": 0.0}]}, "before the first dose nothing can be measured"),
    ({"measurements": [AT_1 | {"time_h": -2.0}]}, "before the first dose nothing can be measured"),
    ({"measurements": [AT_1] * 1001}, "at most 1,000"),
    ({"doses": INFUSION * 2001}, "at most 2,000"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_cannot_be_is_refused_by_name(change, words):
    told = {
        "covariates": {"WT": 70.0}, "doses": INFUSION, "measurements": [AT_1],
        "sampling": "venous", **change,
    }  # fmt: skip
    told["measurements"] = [Measurement(**each) for each in told["measurements"]]
    with pytest.raises(Refusal, match=words):
        most_probable(model_named(OTTO), **told)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clements_nimmo_1981_250", "no spread between people was published"),
        ("herd_2007_children", "no error of a measurement of it was published"),
        ("fanta_2015_s_ketamine", "no error of a measurement of it was published"),
    ],
)
def test_a_model_without_spread_or_error_says_so(name, words):
    model = model_named(name)
    seen = [Measurement(time_h=1.0, analyte=model.parent, ng_per_ml=50.0)]
    child = {"AGE": 6.0} if model.age_group == "children" else {}
    with pytest.raises(Refusal, match=words):
        most_probable(
            replace(model, residuals=model.residuals or ({} if "error" in words else {
                model.parent: model_named(OTTO).residuals["s_ketamine"]})),
            covariates=reference(model, child), doses=INFUSION, measurements=seen,
            sampling="venous",
        )  # fmt: skip


def test_an_arterial_model_takes_no_venous_value():
    model, told = case(SIMONS, FILM)
    with pytest.raises(Refusal, match="arterial blood, the measurements are venous"):
        most_probable(model, **{**told, "sampling": "venous"})


# What it means for doses to come.


def test_parameters_are_those_that_make_the_curve():
    model, told = case(PEREZ, SPRAY)
    found = most_probable(model, **told)
    listed = {each.parameter: each for each in parameters(found)}
    odds = 0.54 / 0.46 * math.exp(found.etas["FRn"])
    assert listed["FRn"].value == pytest.approx(odds / (1 + odds), rel=1e-12)
    assert listed["Vc"].value == pytest.approx(192 * math.exp(found.etas["Vc"]), rel=1e-12)
    assert all(each.low < each.value < each.high for each in listed.values())
    doubt = listed["Vc"].doubt
    assert listed["Vc"].high / listed["Vc"].value == pytest.approx(math.exp(1.6448536 * doubt))


def test_draws_have_the_posteriors_spread_and_keep_their_order():
    model, told = case(OTTO, INFUSION)
    found = most_probable(model, **told)
    many = draws(found, count=4000, seed=9)
    few = draws(found, count=300, seed=9)
    for name in found.names:
        np.testing.assert_array_equal(few[name], many[name][:300])
    table = np.array([many[name] for name in found.names])
    sd = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(np.cov(table) / np.outer(sd, sd),
                               found.covariance / np.outer(sd, sd), atol=0.06)  # fmt: skip
    np.testing.assert_allclose(
        (table.mean(axis=1) - [found.etas[n] for n in found.names]) / sd, 0.0, atol=0.06
    )
    assert not np.array_equal(draws(found, count=300, seed=10)["CL"], few["CL"])


def test_what_may_come_is_the_curve_of_the_person_and_of_those_it_may_be():
    model, told = case(PEREZ, SPRAY)
    found = most_probable(model, **told)
    doses = (*SPRAY, Dose(time_h=72.0, route="intranasal", amount_mg=84.0))
    times = np.array([71.0, 72.5, 73.0, 76.0])
    made = what_if(found, doses, times, count=200, seed=4)
    expected = simulate(subject(model, told["covariates"], found.etas), doses, times)
    np.testing.assert_allclose(made.most_probable, expected.ng_per_ml.T, rtol=1e-10)
    drawn = draws(found, count=200, seed=4)
    one = {name: float(values[17]) for name, values in drawn.items()}
    expected = simulate(subject(model, told["covariates"], one), doses, times)
    np.testing.assert_allclose(made.drawn[17], expected.ng_per_ml.T, rtol=1e-9)
    np.testing.assert_allclose(made.bands, np.percentile(made.drawn, (5, 50, 95), axis=0))
    shares = [made.share_reaching("esketamine", level) for level in (0.0, 50.0, 100.0, 1e6)]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1]) == (1.0, 0.0)
    np.testing.assert_array_equal(
        made.share_above("s_ketamine", 80.0), (made.drawn[:, 0] > 80.0).mean(axis=0)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"times_h": np.array([2.0, 1.0])}, "ascend"),
        ({"percentiles": (5.0, 101.0)}, "0 to 100"),
        ({"count": 0}, "from 1 person"),
        ({"count": 10**9}, "from 1 person"),
        ({"doses": (Dose(time_h=0.0, route="oral", amount_mg=1.0),)}, "no route oral"),
    ],
)
def test_a_future_that_cannot_be_answered_is_refused(change, words):
    model, told = case(OTTO, INFUSION)
    found = most_probable(model, **told)
    with pytest.raises(Refusal, match=words):
        what_if(found, **{"doses": INFUSION, "times_h": np.array([1.0]), **change})


# Several models.


def test_models_are_weighed_as_their_closed_forms_say():
    seen = values_at(120.0, 90.0)
    found = [
        most_probable(still(volume=v), covariates={}, doses=DOSE, measurements=seen,
                      sampling="venous")
        for v in (100.0, 150.0)
    ]  # fmt: skip
    spread = 0.04 * np.eye(2) + 0.09 * np.ones((2, 2))
    laws = [
        stats.multivariate_normal(np.full(2, math.log(10_000.0 / v)), spread)
        .pdf(np.log([120.0, 90.0])) for v in (100.0, 150.0)
    ]  # fmt: skip
    np.testing.assert_allclose(model_weights(found), np.array(laws) / sum(laws), rtol=1e-5)
    futures = [what_if(each, DOSE, np.array([1.0, 2.0]), count=400, seed=1) for each in found]
    mixed = mixture(futures, (0.0, 50.0, 100.0))
    pooled = np.concatenate([each.drawn for each in futures])
    np.testing.assert_array_equal(mixed.bands[0], pooled.min(axis=0))
    np.testing.assert_array_equal(mixed.bands[2], pooled.max(axis=0))
    below = sum(
        w * (f.drawn[:, 0, 0] <= mixed.bands[1, 0, 0]).mean()
        for w, f in zip(mixed.weights, futures, strict=True)
    )
    assert below == pytest.approx(0.5, abs=0.003)


def test_one_substance_under_two_names_is_one():
    doses = (Dose(time_h=0.0, route="iv", amount_mg=28.0, duration_h=2 / 3),)
    told = {"doses": doses, "sampling": "venous"}
    for name in ("s_ketamine", "esketamine"):
        seen = [Measurement(time_h=1.0, analyte=name, ng_per_ml=90.0)]
        found = [
            most_probable(model, covariates=covariates, measurements=seen, **told)
            for model, covariates in (people(OTTO), people(PEREZ))
        ]
        weights = model_weights(found)
        assert sum(weights) == pytest.approx(1.0)
    futures = [what_if(each, doses, np.array([1.0, 2.0]), count=50) for each in found]
    assert mixture(futures, (50.0,)).analytes == ("s_ketamine", "s_norketamine")


def test_what_cannot_be_averaged_is_refused():
    model, told = case(OTTO, INFUSION)
    found = most_probable(model, **told)
    other = most_probable(model, **{**told, "measurements": told["measurements"][:3]})
    film, told_film = case(SIMONS, FILM)
    with pytest.raises(Refusal, match="not the same measurements"):
        model_weights([found, replace(other, model=replace(model, id="other"))])
    with pytest.raises(Refusal, match="named twice"):
        model_weights([found, found])
    with pytest.raises(Refusal, match="blood"):
        model_weights([found, most_probable(film, **told_film)])
    with pytest.raises(Refusal, match="no model"):
        model_weights([])


# The table.

HEAD = "time_h,analyte,concentration_ng_per_ml,below\n"


def test_a_table_of_measurements_is_read():
    made = read_measurements("\ufeff" + HEAD + "0.5,s_ketamine,120,\n\n24, s_ketamine ,2,yes\n")
    assert made == (
        Measurement(time_h=0.5, analyte="s_ketamine", ng_per_ml=120.0),
        Measurement(time_h=24.0, analyte="s_ketamine", ng_per_ml=2.0, below=True),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the table is empty"),
        (HEAD, "no measurement"),
        ("time,analyte,concentration_ng_per_ml\n1,a,1\n", "nearest right name is time_h"),
        ("time_h,analyte\n1,a\n", "concentration_ng_per_ml is missing"),
        ("time_h,time_h,analyte,concentration_ng_per_ml\n1,1,a,1\n", "stands twice"),
        (HEAD + "1,a\n", "line 2: 2 values"),
        (HEAD + "x,a,1,\n", "line 2: time_h of 'x' is not a number"),
        (HEAD + "1,a,<5,\n", "line 2: concentration_ng_per_ml of <5: write the number alone"),
        (HEAD + "1,a,inf,\n", "line 2: .* is not finite"),
        (HEAD + "1,a,nan,\n", "line 2: .* is not finite"),
        (HEAD + "1,a,0,\n", "line 2: 0 ng/mL cannot be measured"),
        (HEAD + "1,a,-4,\n", "line 2: -4 ng/mL cannot be measured"),
        (HEAD + "1,,4,\n", "line 2: analyte is empty"),
        (HEAD + "1,a,4,maybe\n", "line 2: below of 'maybe'"),
        (HEAD + "1,a,4,\n" * 1001, "more than 1,000 rows"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_line(text, words):
    with pytest.raises(UnreadableMeasurements, match=words):
        read_measurements(text)


def test_almost_perfect_measurements_find_the_person():
    model, covariates = people(OTTO)
    true = someone(model, 11)
    seen = measured(model, covariates, true, INFUSION, noise=0.0)
    found = most_probable(
        precise(model, 1e-4), covariates=covariates, doses=INFUSION, measurements=seen,
        sampling="venous",
    )  # fmt: skip
    for name, eta in true.items():
        assert found.etas[name] == pytest.approx(eta, abs=1e-3)
        assert found.shrinkage[name] < 1e-4


DRIP = (Dose(time_h=0.0, route="iv", amount_mg=20.0, duration_h=0.1),)
BEYOND = [
    (OTTO, INFUSION, 1440.0, 1.0),
    (OTTO, INFUSION, 1000.0, 50.0),
    (OTTO, INFUSION, 1e7, 5.0),
    (OTTO, INFUSION, 1.0, 1e9),
    (SIMONS, FILM, 1000.0, 50.0),
    (PEREZ, SPRAY, 3000.0, 5.0),
    (FLINT, DRIP, 3000.0, 5.0),
    (FLINT, DRIP, 1.0, 1e9),
    (FLINT, DRIP, 1e-9, 50.0),
]


def one_value(name, doses, at, value, *more):
    model, covariates = people(name)
    analyte = next(iter(model.outputs))
    seen = [Measurement(time_h=t, analyte=analyte, ng_per_ml=x) for t, x in ((at, value), *more)]
    return most_probable(
        model, covariates={**covariates, **({"WT": 15.0} if name == FLINT else {})}, doses=doses,
        measurements=seen, sampling="arterial" if model.sampling == "arterial" else "venous",
    )  # fmt: skip


@pytest.mark.parametrize(("name", "doses", "at", "value"), BEYOND)
def test_a_value_that_nobody_explains_is_said_to_be_one(name, doses, at, value):
    person = one_value(name, doses, at, value)
    assert person.unexplained == person.measurements
    assert abs(person.weighted[0]) > LOST
    assert np.isfinite(list(person.etas.values())).all()
    assert all(math.isfinite(each.value) for each in parameters(person))
    for told in (
        lambda: what_if(person, doses, np.array([1.0])),
        lambda: draws(person, count=3, seed=1),
    ):
        with pytest.raises(Refusal, match="nobody was found who explains"):
            told()


def test_minutes_written_as_hours_are_answered():
    """Far from the model, and yet there is somebody who is nearest."""
    rows = ((40.0, 128.0), (60.0, 92.0), (120.0, 48.0), (240.0, 24.0))
    person = one_value(OTTO, INFUSION, *rows[0], *rows[1:])
    assert np.abs(person.weighted).max() > FAR
    assert person.unexplained == ()
    assert what_if(person, INFUSION, [1.0, 2.0]).most_probable.shape == (2, 2)
    beyond = one_value(OTTO, INFUSION, *rows[0], rows[1], (1440.0, 1.0))
    assert beyond.unexplained


@pytest.mark.parametrize(
    ("left", "expected", "lost"),
    [
        (LOST, 1.0, False), (math.nextafter(LOST, 200.0), 1.0, True),
        (-LOST, 1.0, False), (-math.nextafter(LOST, 200.0), 1.0, True),
        (math.nextafter(FAR, 4.0), NOTHING, True), (math.nextafter(FAR, 4.0), 0.0, True),
        (math.nextafter(FAR, 4.0), math.nextafter(NOTHING, 1.0), False),
        (FAR, NOTHING, False), (math.nan, 0.0, False),
    ],
)  # fmt: skip
def test_from_where_on_nobody_explains_a_value(left, expected, lost):
    person = replace(
        one_value(OTTO, INFUSION, 1.0, 80.0),
        weighted=np.array([left]), predicted=np.array([expected]),
    )  # fmt: skip
    assert bool(person.unexplained) == lost


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (1.0, math.nextafter(1e9, math.inf)),
        (1.0, math.nextafter(1e-13, 0.0)),
        (math.nextafter(1e7, math.inf), 1.0),
    ],
)
def test_a_value_or_a_time_that_cannot_be_is_refused(at, value):
    with pytest.raises(Refusal, match=r"cannot be: write from|write hours, up to 10,000,000"):
        one_value(OTTO, INFUSION, at, value)


def test_the_least_value_that_can_be_is_answered():
    assert one_value(OTTO, INFUSION, 1.0, 1e-13).weighted[0] < -FAR


def test_hours_that_are_whole_numbers_are_hours():
    whole = [Dose(time_h=0, route="sublingual", amount_mg=50, duration_h=0)]
    one, same = (one_value(SIMONS, doses, 1.0, 60.0) for doses in (whole, FILM))
    assert one.etas == same.etas
