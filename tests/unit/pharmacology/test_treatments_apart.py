"""Several treatments of one person, where people differ from treatment to treatment.

The second opinion is the model of Simons 2022 written out by hand with SciPy's matrix
exponential, and its posterior over the parts themselves: eight of the person and ten of
each treatment, while the engine works on their sums.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import linalg, stats
from tests.support.fits import FILM, OTTO, SIMONS, case_of_film, people

from evenkeel.core.pharmacology.doses.occasions import Difference, begins_of
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.courses import Overlap
from evenkeel.core.pharmacology.individuals.estimate import Measurement, most_probable, parts
from evenkeel.core.pharmacology.individuals.future import draws, what_if
from evenkeel.core.pharmacology.individuals.posterior import posterior_of
from evenkeel.core.pharmacology.individuals.tops import top_of
from evenkeel.core.pharmacology.library.subjects import Refusal, subject
from evenkeel.core.pharmacology.profiles.simulate import simulate

LATER = Dose(time_h=72.0, route="sublingual", amount_mg=100.0)
TWO = (*FILM, LATER)
TIMES = (0.3, 1.1, 3.0, 72.0, 72.4, 73.0, 75.0)
# Table 4, once more.
PERSON = {
    "VK1": 0.057, "CLK1": 0.029, "CLK3": 0.026, "CLN1": 0.05, "MTT_K_NK": 0.021, "VH1": 1.22,
    "CLH1": 0.103, "CLH2": 0.287,
}  # fmt: skip
TREATMENT = {
    "F1": 0.06, "D1": 0.154, "KA1": 0.062, "F2": 0.057, "D2": 0.611, "KA2": 0.376,
    "MTTG": 0.937, "MTT_K_NK": 0.751, "VH2": 0.152, "CLH1": 0.008,
}  # fmt: skip
TYPICAL = {
    "F1": 0.263, "D1": 13.1, "KA1": 0.04, "F2": 1.16, "D2": 29.9, "KA2": 0.049, "MTTG": 10.7,
    "VK1": 11.6, "CLK1": 1.48, "CLK3": 1.21, "MTT_K_NK": 20.1, "CLN1": 1.0, "VH1": 4.4,
    "VH2": 87.5, "CLH1": 0.933, "CLH2": 1.7,
}  # fmt: skip


def of_treatment(own, k):
    """Parameters in minutes and litres of a person of 70 kg, in treatment k (0 or 1)."""
    made = {}
    for name, value in TYPICAL.items():
        away = own.get((name, 0), 0.0) + own.get((name, k + 1), 0.0)
        made[name] = value * np.exp(away)
    return made


def flow_matrix(p):
    """1/min; mucosa, gut, gut and liver, blood, two around it, two of transit, norketamine, one
    around it. Hydroxynorketamine is not measured here."""
    a = np.zeros((10, 10))

    def flow(source, target, rate, share=1.0):
        a[source, source] -= rate
        if target is not None:
            a[target, source] += rate * share

    flow(0, 3, p["KA1"])
    flow(1, 2, p["KA2"])
    flow(2, 6, 1 / p["MTTG"])
    flow(3, 4, 2.43 / p["VK1"])
    flow(4, 3, 2.43 / 39.0)
    flow(3, 5, p["CLK3"] / p["VK1"])
    flow(5, 3, p["CLK3"] / 174.0)
    flow(3, 6, p["CLK1"] / p["VK1"])
    flow(6, 7, 2 / p["MTT_K_NK"])
    flow(7, 8, 2 / p["MTT_K_NK"], 0.8)
    flow(8, 9, 2.63 / p["VK1"])
    flow(9, 8, 2.63 / 221.0)
    flow(8, None, p["CLN1"] / p["VK1"])
    return a


def by_hand(own, doses, times_h):
    """Ketamine and norketamine, ng/mL, shape (times, 2)."""
    p = [of_treatment(own, k) for k in (0, 1)]
    matrices = [flow_matrix(each) for each in p]
    feeds = []  # begin, end, compartment, mg/min
    for k, dose in enumerate(doses):
        begin = dose.time_h * 60.0
        for place, share, lasts in ((0, "F1", "D1"), (1, "F2", "D2")):
            end = begin + p[k][lasts]
            feeds.append((begin, end, place, dose.amount_mg * p[k][share] / p[k][lasts]))
    looks = [each * 60.0 for each in times_h]
    stops = sorted({0.0, doses[1].time_h * 60.0, *looks, *(x for f in feeds for x in f[:2])})
    state, seen = np.zeros(10), {0.0: (0.0, 0.0)}
    for here, there in pairwise(stops):
        k = int(here >= doses[1].time_h * 60.0)
        whole = np.zeros((11, 11))
        whole[:10, :10] = matrices[k]
        for begin, end, place, rate in feeds:
            if begin <= here < end:
                whole[place, 10] += rate
        state = (linalg.expm(whole * (there - here)) @ [*state, 1.0])[:10]
        seen[there] = (
            1000 * state[3] / p[k]["VK1"], 1000 * state[8] / p[k]["VK1"] * 223.7 / 237.73
        )  # fmt: skip
    return np.array([seen[each] for each in looks])


def surprise(own, told):
    """Minus the log of prior and likelihood, up to a constant."""
    total = 0.0
    for (name, treatment), eta in own.items():
        variance = TREATMENT[name] if treatment else PERSON[name]
        total -= stats.norm(0.0, np.sqrt(variance)).logpdf(eta)
    made = by_hand(own, told["doses"], TIMES)
    for each in told["measurements"]:
        f = made[TIMES.index(each.time_h), int(each.analyte == "s_norketamine")]
        scale = 0.1095 * f if each.analyte == "s_ketamine" else np.hypot(0.102 * f, 12.9746)
        total -= stats.norm(f, scale).logpdf(each.ng_per_ml)
    return total


@pytest.fixture(scope="module")
def measured_twice():
    """Values of a person by hand, with an error; only what concerns ketamine and norketamine."""
    rng = np.random.default_rng(8)
    own = {
        **{(n, 0): rng.normal(0, np.sqrt(v)) for n, v in PERSON.items()},
        **{(n, k): rng.normal(0, np.sqrt(v)) for k in (1, 2) for n, v in TREATMENT.items()},
    }
    made = by_hand(own, TWO, TIMES) * np.exp(0.1 * rng.standard_normal((len(TIMES), 2)))
    seen = [
        Measurement(time_h=at, analyte=analyte, ng_per_ml=float(made[k, a]))
        for k, at in enumerate(TIMES)
        for a, analyte in enumerate(("s_ketamine", "s_norketamine"))
        if made[k, a] > 1e-3
    ]
    model, covariates = people(SIMONS)
    told = {"covariates": covariates, "doses": TWO, "measurements": seen, "sampling": "arterial"}
    return model, told, most_probable(model, **told)


def test_amounts_stay_and_rates_change_when_another_treatment_begins(measured_twice):
    _, told, found = measured_twice
    made, _ = parts(found)
    own = {(each.parameter, each.treatment): each.eta for each in made}
    expected = by_hand(own, told["doses"], TIMES)
    for each, ours in zip(told["measurements"], found.predicted, strict=True):
        a = int(each.analyte == "s_norketamine")
        assert ours == pytest.approx(expected[TIMES.index(each.time_h), a], rel=1e-9)
    assert any(each.time_h == 72.0 for each in told["measurements"])


def test_the_parts_are_at_the_top_of_the_posterior_over_parts(measured_twice):
    """Along some ways through all parts: no slope, and the curvature that the doubt says."""
    _, told, found = measured_twice
    made, covariance = parts(found)
    own = {(each.parameter, each.treatment): each.eta for each in made}
    top = surprise(own, told)
    for u in np.random.default_rng(2).standard_normal((8, len(made))):
        way = covariance @ u
        way *= 0.005 / np.sqrt(way @ u)  # in standard deviations
        up, down = (
            surprise({k: eta + s * w for (k, eta), w in zip(own.items(), way, strict=True)}, told)
            for s in (1.0, -1.0)
        )
        assert abs(up - down) / 0.01 < 1e-4
        # A covariance takes u to the way along which the curvature is 1.
        assert (up + down - 2 * top) / 0.005**2 == pytest.approx(1.0, abs=2e-3)


def test_parts_add_up_and_what_is_of_the_person_is_known_from_both(measured_twice):
    model, told, found = measured_twice
    made, covariance = parts(found)
    by_key = {(each.parameter, each.treatment): each for each in made}
    for k in (1, 2):
        both = by_key["MTT_K_NK", 0].eta + by_key["MTT_K_NK", k].eta
        assert found.etas[f"MTT_K_NK, treatment {k}"] == pytest.approx(both, abs=1e-12)
        assert found.etas[f"F1, treatment {k}"] == pytest.approx(by_key["F1", k].eta, abs=1e-12)
    assert all(each.shrinkage > 0.0 for each in made)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12
    assert by_key["VH1", 0].shrinkage == 1.0  # of hydroxynorketamine, which was not measured
    first = {
        **told, "doses": FILM, "measurements": [m for m in told["measurements"] if m.time_h < 70]
    }  # fmt: skip
    once, _ = parts(most_probable(model, **first))
    left = {(each.parameter, each.treatment): each.shrinkage for each in once}
    assert by_key["CLN1", 0].shrinkage < left["CLN1", 0]
    assert by_key["CLK1", 0].shrinkage < left["CLK1", 0]


def test_one_treatment_is_as_if_there_were_no_others():
    """Also where another was given that nobody measured."""
    model, told = case_of_film()
    one = most_probable(model, **told)
    other = most_probable(model, **{**told, "doses": TWO})
    assert one.etas == other.etas
    np.testing.assert_array_equal(one.covariance, other.covariance)
    assert (one.treatments, other.begins_h) == (1, (0.0, 72.0))


def test_a_day_makes_a_treatment_where_the_model_tells_them_apart():
    model, _ = people(SIMONS)
    doses = [replace(LATER, time_h=at) for at in (0.0, 24.0, 48.1, 60.0)]
    assert begins_of(model, doses).tolist() == [0.0, 48.1]
    assert begins_of(people(OTTO)[0], doses).tolist() == [0.0]
    assert Difference("F1", 2).name == "F1, treatment 2"


def test_more_than_forty_treatments_are_refused_before_any_work():
    model, covariates = people(SIMONS)
    late = Measurement(time_h=30.0 * 40 + 1.0, analyte="s_ketamine", ng_per_ml=50.0)
    told = {"covariates": covariates, "measurements": [late], "sampling": "arterial"}
    doses = [replace(LATER, time_h=30.0 * k) for k in range(41)]
    assert posterior_of(model, **told, doses=doses[1:]).course.treatments == 40
    with pytest.raises(Refusal, match="41 have begun before the last measurement: at most 40"):
        posterior_of(model, **told, doses=doses)
    # A model that tells them not apart takes them all.
    otto, own = people(OTTO)
    infusions = [replace(each, route="iv", duration_h=0.5) for each in doses]
    posterior_of(
        otto, covariates=own, doses=infusions, measurements=[late], sampling="venous"
    )  # fmt: skip


def series(gap_h, *, lasts_h=0.4):
    """Five treatments by two ways; one is not measured, one as the next begins."""
    model, covariates = people(SIMONS)
    doses = [replace(LATER, time_h=k * gap_h) for k in range(5)]
    doses[2] = Dose(time_h=2 * gap_h, route="iv", amount_mg=20.0, duration_h=lasts_h)
    times = [0.5, 2.0, gap_h + 1.0, 2 * gap_h, 2 * gap_h + 0.7, 4 * gap_h + 0.3, 4 * gap_h + 2.0]
    made = simulate(subject(model, covariates), doses, np.array(times))
    seen = [
        Measurement(
            time_h=at, analyte=name,
            ng_per_ml=float(made.of(name)[k]) * (1.3 if k % 2 else 0.7), below=k == 3,
        )
        for name in model.outputs for k, at in enumerate(times)
    ]  # fmt: skip
    told = {"covariates": covariates, "doses": doses, "measurements": seen}
    return posterior_of(model, **told, sampling="arterial")


@pytest.mark.parametrize("gap_h", [26.0, 84.0])
def test_treatments_one_by_one_are_what_they_are_all_at_once(gap_h):
    """Slope and curvature by the chain rule, and by moving each difference through all of it."""
    chained = series(gap_h)
    assert len(chained.stages) == 5
    whole = replace(chained, stages=())
    z = 0.6 * np.random.default_rng(3).standard_normal((2, chained.width))
    one, other = chained.shapes(z, exact=True), whole.shapes(z, exact=True)
    np.testing.assert_allclose(one.value, other.value, rtol=1e-12)
    np.testing.assert_allclose(one.slope, other.slope, atol=1e-7 * np.abs(other.slope).max())
    for place in range(2):
        bend = other.bend(place)
        np.testing.assert_allclose(one.bend(place), bend, atol=1e-7 * np.abs(bend).max())
    bend = whole.curvature(z[0])
    np.testing.assert_allclose(chained.curvature(z[0]), bend, atol=1e-6 * np.abs(bend).max())
    rough = chained.bent(z[:1])
    np.testing.assert_allclose(rough.bend(0), bend, atol=0.01 * np.abs(bend).max())
    np.testing.assert_allclose(rough.value, other.value[:1], rtol=1e-5)


def test_a_dose_that_goes_on_into_the_next_treatment_is_not_cut():
    """Then treatments are not looked at one by one; the answers are those of all at once."""
    chained = series(26.0, lasts_h=30.0)
    whole = replace(chained, stages=())
    z = 0.6 * np.random.default_rng(3).standard_normal((1, chained.width))
    np.testing.assert_array_equal(chained.shapes(z).slope, whole.shapes(z).slope)
    np.testing.assert_array_equal(chained.bent(z).bend(0), whole.bent(z).bend(0))
    np.testing.assert_array_equal(chained.curvature(z[0]), whole.curvature(z[0]))
    stage = chained.stages[2]
    with pytest.raises(Overlap):
        stage.course.answers(np.zeros((1, stage.places.size)), stage.looks, start_h=52.0)


def test_the_top_of_many_treatments_is_the_same_either_way():
    chained = series(84.0)
    one, other = top_of(chained), top_of(replace(chained, stages=()))
    assert one.value == pytest.approx(other.value, abs=1e-7)
    np.testing.assert_allclose(one.z, other.z, atol=1e-5)
    assert np.abs(one.slope).max() < 1e-5


def test_another_treatment_keeps_the_person_and_draws_its_own_parts():
    """D1 differs only between treatments, CLK1 only between people, MTT_K_NK at both levels."""
    model, told = case_of_film()
    found = most_probable(model, **told)
    same = draws(found, count=4000, seed=1)
    new = draws(found, count=4000, seed=1, occasion="new")
    np.testing.assert_allclose(new["CLK1"].std(), same["CLK1"].std(), rtol=0.05)
    assert new["D1"].mean() == pytest.approx(0.0, abs=0.03)
    assert new["D1"].var() == pytest.approx(0.154, rel=0.08)
    share = 0.021 / (0.021 + 0.751)
    assert new["MTT_K_NK"].mean() == pytest.approx(share * found.etas["MTT_K_NK"], abs=0.04)
    at = found.names.index("MTT_K_NK")
    expected = share**2 * found.covariance[at, at] + share * 0.751 + 0.751
    assert new["MTT_K_NK"].var() == pytest.approx(expected, rel=0.08)


def test_the_third_treatment_draws_from_what_two_said_of_the_person(measured_twice):
    """As the parts say: what is of the person, and the published spread of a treatment."""
    _, _, found = measured_twice
    new = draws(found, count=4000, seed=3, occasion="new")
    by_key = {(each.parameter, each.treatment): each for each in parts(found)[0]}
    for name in ("MTT_K_NK", "CLN1", "F1"):
        own = by_key.get((name, 0))
        middle, variance = (own.eta, own.doubt**2) if own else (0.0, 0.0)
        expected = variance + TREATMENT.get(name, 0.0)
        assert new[name].mean() == pytest.approx(middle, abs=4 * np.sqrt(expected / 4000))
        assert new[name].var() == pytest.approx(expected, rel=0.1)


def test_what_may_come_keeps_what_was_measured_and_changes_after_it():
    model, told = case_of_film()
    found = most_probable(model, **told)
    times = np.array([0.5, 2.0, 71.9, 72.5, 74.0])
    alone = what_if(found, FILM, times[:2], count=300)
    both = what_if(found, TWO, times, count=300)
    assert (alone.occasion, both.occasion) == ("same", "new")
    np.testing.assert_allclose(both.drawn[..., :2], alone.drawn, rtol=1e-6)
    expected = simulate(subject(model, told["covariates"], found.etas), FILM, times[:2])
    np.testing.assert_allclose(both.most_probable[:, :2], expected.ng_per_ml.T, rtol=1e-9)
    # The same dose once more has the typical absorption again, and the person's clearances.
    spread = [np.log(both.drawn[:, 0, k]).std() for k in (0, 3)]
    assert spread[1] > 1.5 * spread[0]
    near = what_if(found, (*FILM, replace(LATER, time_h=20.0)), times, count=20)
    assert near.occasion == "same"


def test_the_curve_of_two_treatments_that_were_measured_is_that_of_the_estimate(measured_twice):
    _, told, found = measured_twice
    made = what_if(found, TWO, np.array(TIMES), count=20)
    assert made.occasion == "same"
    for each, ours in zip(told["measurements"], found.predicted, strict=True):
        a = made.analytes.index(each.analyte)
        assert made.most_probable[a, TIMES.index(each.time_h)] == pytest.approx(ours, rel=1e-9)
