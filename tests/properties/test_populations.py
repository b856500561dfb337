"""Many people at once are each the same as one alone, in any order and by either kernel."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import models
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.populations import modes, runs, spreads
from evenkeel.core.pharmacology.populations.people import (
    draw_etas,
    population,
    schedule_of,
    standard_normals,
)
from evenkeel.core.pharmacology.populations.runs import (
    at_times,
    buffer,
    concentrations,
    standing,
)
from evenkeel.core.pharmacology.populations.spreads import percentiles
from evenkeel.core.pharmacology.profiles.simulate import simulate
from evenkeel.core.pharmacology.systems.timeline import Infusion, collected, walk

NEAR = 1e-9  # share of the peak
PEOPLE, POINTS = 12, 150
CHILD = {"WT": 20.0, "AGE": 6.0}
START = {"start_h": 0.0, "step_h": 0.25}
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

    def none_is_fine(*arguments):
        arguments[11][:] = False

    monkeypatch.setattr(modes, "_decompose", none_is_fine)
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


@pytest.mark.parametrize("own_times", [False, True])
@pytest.mark.parametrize(
    "case", [("otto_2021_s_ketamine_iv", "iv"), ("simons_2022_s_ketamine_otf", "sublingual")]
)
def test_percentiles_are_the_same_to_the_last_digit_however_many_threads(case, own_times):
    """By modes and without, of a schedule that all share and of one that each has alone."""
    _, _, _, who, doses = made(*case, people=300)
    plan = schedule_of(who, doses)
    if own_times:
        people, events = plan.amount.shape
        later = np.random.default_rng(3).uniform(0.0, 2.0, (people, 1))
        site, is_rate = (np.array(np.broadcast_to(each, (people, events))) for each in
                         (plan.site, plan.is_rate))  # fmt: skip
        plan = replace(plan, when=plan.when + later, site=site, is_rate=is_rate)
    found = [
        np.concatenate([
            values for _, values in percentiles(
                who, plan, (5.0, 50.0), start_h=0.0, step_h=0.25, points=POINTS, threads=threads
            )
        ])
        for threads in (1, 2, 3, 3, 3)
    ]  # fmt: skip
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_the_order_of_people_changes_nothing(seed):
    _, _, _, who, doses = made("otto_2021_s_ketamine_iv", "iv", people=40)
    order = np.random.default_rng(seed).permutation(40)
    plan = schedule_of(who, doses)
    grid = {"start_h": 0.0, "step_h": 0.25, "points": POINTS}
    whole = concentrations(who, plan, **grid)
    mixed = replace(who, rates=who.rates[order], outputs=who.outputs[order])
    moved = replace(plan, amount=plan.amount[order])
    assert np.array_equal(concentrations(mixed, moved, **grid), whole[order])


@given(cuts=st.lists(st.integers(1, POINTS - 1), max_size=6))
@settings(max_examples=30)
def test_a_grid_in_pieces_is_the_grid(cuts):
    _, _, _, who, doses = made("otto_2021_s_ketamine_iv", "iv")
    plan = schedule_of(who, doses)
    whole = concentrations(who, plan, start_h=0.0, step_h=0.25, points=POINTS)
    run = modes.Run(who, plan, 0.0, 0.25, 1)
    for j0, j1 in pairwise(sorted({0, *cuts, POINTS})):
        part = np.empty((PEOPLE, 2, j1 - j0))
        runs.fill(run, j0, j1, part)
        assert np.abs(part - whole[:, :, j0:j1]).max() <= 1e-12 * whole.max()


@given(
    case=st.sampled_from(CASES),
    cut=st.one_of(
        st.sampled_from([0.1, 3.0, 3.0 + 5e-16, 3.2, 24.03, 24.0]), st.floats(0.05, 37.0)
    ),
)
@settings(max_examples=40)
def test_a_run_that_goes_on_from_where_another_stood_is_one_run(case, cut):
    """By modes and by blocks, on the grid, beside it, within an infusion and at a dose."""
    _, _, _, who, doses = made(*case)
    plan = schedule_of(who, doses)
    grid = {"start_h": 0.0, "step_h": 0.25}
    times = np.arange(POINTS) * 0.25
    whole = concentrations(who, plan, points=POINTS, **grid)
    there = standing(who, plan, cut)
    acts = plan.when >= cut
    # What has happened is moved to the cut with nothing in it.
    later = replace(
        plan, when=np.where(acts, plan.when, cut), amount=np.where(acts, plan.amount, 0.0)
    )
    first = int(np.searchsorted(times, cut))
    grid |= {"points": POINTS - first, "first_point": first}
    for rest in (
        concentrations(who, later, begin=there, **grid),
        at_times(who, later, times, begin=there)[:, :, first:],
    ):
        assert np.abs(rest - whole[:, :, first:]).max() <= NEAR * whole.max()
    for part, values in percentiles(who, later, (50.0,), begin=there, **grid):
        expected = np.median(whole[:, :, part], axis=0).T[:, :, None]
        assert np.abs(values - expected).max() <= NEAR * whole.max()
    assert (at_times(who, later, times, begin=there)[:, :, :first] == 0.0).all()
    again = standing(who, later, 37.0, begin=there)
    straight = standing(who, plan, 37.0)
    assert np.abs(again.amounts - straight.amounts).max() <= NEAR * 4 * 56.0
    np.testing.assert_allclose(again.rates, straight.rates, atol=1e-9)


def test_a_run_does_not_begin_after_what_happens_in_it():
    _, _, _, who, doses = made("otto_2021_s_ketamine_iv", "iv")
    plan = schedule_of(who, doses)
    with pytest.raises(ValueError, match="happens before"):
        at_times(who, plan, np.array([3.0]), begin=standing(who, plan, 1.0))
    none = replace(plan, amount=plan.amount[:, :0], **{
        name: getattr(plan, name)[:, :0] for name in ("when", "site", "is_rate")
    })  # fmt: skip
    there = standing(who, plan, 1.0)
    for run in (concentrations, lambda *a, **k: next(percentiles(*a, (50.0,), **k))):
        with pytest.raises(ValueError, match="lies before"):
            run(who, none, points=9, begin=there, **START)
        run(who, none, points=9, first_point=4, begin=there, **START)


@pytest.mark.parametrize("skip", range(8))
def test_where_the_memory_begins_changes_no_bit(skip):
    _, _, _, who, doses = made("otto_2021_s_ketamine_iv", "iv")
    plan = schedule_of(who, doses)
    grid = {"start_h": 0.0, "step_h": 0.25, "points": POINTS}
    room = np.full(PEOPLE * 2 * POINTS + 8, np.nan)
    out = room[skip : skip + PEOPLE * 2 * POINTS].reshape(PEOPLE, 2, POINTS)
    concentrations(who, plan, out=out, **grid)
    assert np.array_equal(out, concentrations(who, plan, **grid))
    # Nothing is written before or behind the memory that was given.
    assert np.isnan(room[:skip]).all()
    assert np.isnan(room[skip + out.size :]).all()


def test_past_the_caches_and_through_them_the_numbers_are_the_same(monkeypatch):
    _, _, _, who, doses = made("otto_2021_s_ketamine_iv", "iv")
    plan = schedule_of(who, doses)
    grid = {"start_h": 0.0, "step_h": 0.25, "points": 152}
    through = concentrations(who, plan, **grid)
    monkeypatch.setattr(runs, "_PAST_CACHES", 0)
    past = concentrations(who, plan, out=buffer(who, 152), **grid)
    assert np.array_equal(through, past)


def test_what_leaves_is_what_was_there():
    """(1 - E) times the sum over a grid is first less last, E being the way of one step."""
    _, _, _, who, _ = made("otto_2021_s_ketamine_iv", "iv")
    states = replace(
        who,
        outputs=np.tile(np.eye(5), (PEOPLE, 1, 1)),
        analytes=tuple("abcde"),
    )
    plan = schedule_of(states, [Dose(time_h=0.0, route="iv", amount_mg=20.0)])
    found = concentrations(states, plan, start_h=0.25, step_h=0.25, points=200)
    for one in range(PEOPLE):
        step = expm(who.rates[one] * 0.25)
        x = found[one]
        left = (np.eye(5) - step) @ x[:, :-1].sum(axis=1)
        assert np.abs(left - (x[:, 0] - x[:, -1])).max() <= NEAR * 20.0
        start = np.zeros(5)
        start[0] = 20.0
        assert np.abs(x[:, 0] - step @ start).max() <= NEAR * 20.0


VALUES = st.sampled_from([0.0, 1e-300, 1.0, 1.0 + 1e-15, 2.0, 1e9])


def of_columns(columns, wanted):
    """Percentiles of any columns, shape (people, 2, points): of people who have no modes."""
    people, _, points = columns.shape
    otto = models()["otto_2021_s_ketamine_iv"]
    who = population(otto, people=people, covariates={"WT": 70.0}, etas={})
    plan = schedule_of(who, [Dose(time_h=0.0, route="iv", amount_mg=20.0)])

    def nobody_is_fine(*arguments):
        arguments[11][:] = False

    def given(*arguments):
        j0, j1, values = arguments[9], arguments[10], arguments[17]
        values[:] = columns[:, :, j0:j1]

    with (
        patch.object(modes, "_decompose", nobody_is_fine),
        patch.object(spreads, "_block_rows", given),
    ):
        found = list(percentiles(who, plan, wanted, points=points, **START))
    return np.concatenate([values for _, values in found])


@given(
    people=st.integers(1, 90),
    points=st.integers(1, 40),
    seed=st.integers(0, 2**32),
    odd=st.lists(VALUES, max_size=60),
    wanted=st.lists(st.floats(0.0, 100.0), min_size=1, max_size=5),
)
@settings(max_examples=150)
def test_percentiles_are_those_of_everybody(people, points, seed, odd, wanted):
    """However the level moves: steadily, by leaps, with people who are all the same."""
    random = np.random.default_rng(seed)
    level = np.exp(np.cumsum(random.choice([-0.01, -0.01, -0.01, 3.0, 0.0], points)))
    columns = random.lognormal(size=(people, 2, 1)) * level
    flat = columns.reshape(-1)
    flat[random.integers(0, flat.size, len(odd))] = odd
    expected = np.percentile(columns, wanted, axis=0).transpose(2, 1, 0)
    np.testing.assert_allclose(of_columns(columns, wanted), expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("level", ["steady", "leaps", "alike", "two levels"])
def test_percentiles_of_very_many_are_those_of_everybody(level):
    random = np.random.default_rng(4)
    moves = np.full(64, -0.02)
    if level == "leaps":
        moves[::7] = 2.0
    columns = random.lognormal(size=(5_000, 2, 1)) * np.exp(np.cumsum(moves))
    columns *= np.exp(random.normal(size=(5_000, 1, 1)) * 0.01 * np.arange(64))
    if level == "alike":
        columns = np.round(columns, 1)
    if level == "two levels":
        columns[::2] = 1.0
    wanted = [0.0, 0.05, 5.0, 50.0, 95.0, 99.99, 100.0]
    expected = np.percentile(columns, wanted, axis=0).transpose(2, 1, 0)
    np.testing.assert_allclose(of_columns(columns, wanted), expected, rtol=1e-12, atol=1e-300)


SPREAD = [case for case in CASES if models()[case[0]].variability]


@given(
    case=st.sampled_from(SPREAD),
    people=st.integers(1, 40),
    points=st.integers(1, 200),
    step=st.sampled_from([0.05, 0.25, 1.7]),
    times=st.lists(st.floats(0.0, 60.0), max_size=5),
    threads=st.integers(1, 3),
    wanted=st.lists(st.floats(0.0, 100.0), min_size=1, max_size=4),
)
@settings(max_examples=25)
def test_percentiles_without_rows_are_those_of_the_rows(
    case, people, points, step, times, threads, wanted
):
    """Any regimen and grid, with lags of one's own, with people who have no modes, few or many."""
    both_ways(case, people, points, step, times, threads, wanted)


@pytest.mark.parametrize("case", [case for case in SPREAD if "simons" not in case[0]])
def test_percentiles_of_many_without_rows_are_those_of_the_rows(case):
    both_ways(case, 2_100, 150, 0.25, [0.1, 3.0, 24.03], 1, [0.0, 2.5, 50.0, 99.0])


@given(
    people=st.integers(300, 1_500),
    points=st.integers(60, 400),
    step=st.sampled_from([0.05, 0.25, 1.7]),
    times=st.lists(st.integers(0, 240), min_size=1, max_size=3),
    threads=st.integers(1, 2),
    odd=st.sampled_from([1.0, 3.0, 0.2, 1e-3]),
    wanted=st.lists(st.floats(0.0, 100.0), min_size=1, max_size=3),
)
@settings(max_examples=15)
def test_percentiles_are_right_where_they_are_not_expected(
    people, points, step, times, threads, odd, wanted
):
    """Whoever is asked where a percentile goes is not like the others, who outnumber them."""
    _, _, _, who, _ = made("otto_2021_s_ketamine_iv", "iv", people)
    apart = max(people // 8, 128)
    asked = np.arange(people) % apart < min(128, apart // 3)
    rates = np.where(asked[:, None, None], odd * who.rates, who.rates)
    who = replace(who, rates=rates)
    # Modes of people who are a thousand times slower nearly cancel: rows are off by up to 3e-10.
    both_ways_of(who, "iv", points, step, [t / 4 for t in times], threads, wanted, near=1e-9)


def test_percentiles_are_right_where_nobody_tells_where_they_go():
    """Whoever is asked has nothing at all: everybody is computed at each point in the end."""
    _, _, _, who, _ = made("otto_2021_s_ketamine_iv", "iv", 12_000)
    asked = np.arange(12_000) % 1_500 < 150
    who = replace(who, outputs=np.where(asked[:, None, None], 0.0, who.outputs))
    both_ways_of(who, "iv", 60, 0.25, [0.0], 1, [20.0, 50.0, 80.0])


def both_ways(case, people, points, step, times, threads, wanted):
    _, _, _, who, _ = made(*case, people)
    both_ways_of(who, case[1], points, step, times, threads, wanted)


def both_ways_of(who, route, points, step, times, threads, wanted, near=1e-12):
    lasts = 0.61 if route == "iv" else 0.0
    doses = [Dose(time_h=t, route=route, amount_mg=56.0, duration_h=lasts) for t in times]
    plan = schedule_of(who, doses)
    grid = {"start_h": 0.0, "step_h": step, "points": points}
    rows = concentrations(who, plan, **grid)
    found = np.zeros((points, rows.shape[1], len(wanted)))
    for part, values in percentiles(who, plan, wanted, threads=threads, **grid):
        found[part] = values
    expected = np.percentile(rows, wanted, axis=0).transpose(2, 1, 0)
    # A short grid may end before the peak; modes cancel until then.
    later = concentrations(who, plan, start_h=0.0, step_h=0.5, points=140)
    peak = np.maximum(rows.max(axis=(0, 2)), later.max(axis=(0, 2)))[None, :, None]
    assert (np.abs(found - expected) <= near * peak).all()


@given(rate=st.floats(1e-12, 1e3), step=st.floats(1e-6, 1e3))
@settings(max_examples=60)
def test_slow_removal_is_computed_or_refused_and_never_wrong(rate, step):
    """One compartment with a bolus: exp(-rate t), whatever the rate and the step."""
    flint = models()["flint_2017_s_ketamine_picu"]
    who = population(flint, people=1, covariates={"WT": 20.0}, etas={})
    who.rates[0] = np.diag([-rate, -1.0, -2.0])
    plan = schedule_of(who, [Dose(time_h=0.0, route="iv", amount_mg=20.0)])
    times = step * np.arange(1, 41)
    if rate < 1e-6:
        with pytest.raises(Refusal, match="nothing removes it"):
            concentrations(who, plan, start_h=step, step_h=step, points=40)
        return
    found = concentrations(who, plan, start_h=step, step_h=step, points=40)[0, 0]
    first = 20.0 * who.outputs[0, 0, 0]
    assert np.abs(found - first * np.exp(-rate * times)).max() <= NEAR * first


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf")])
def test_a_grid_that_is_none_is_refused(step):
    _, _, _, who, doses = made("otto_2021_s_ketamine_iv", "iv")
    with pytest.raises(Refusal, match="a grid"):
        concentrations(who, schedule_of(who, doses), start_h=0.0, step_h=step, points=3)


def test_nobody_whom_nothing_leaves_is_computed():
    flint = models()["flint_2017_s_ketamine_picu"]
    who = population(flint, people=1, covariates={"WT": 20.0}, etas={})
    who.rates[0] = 0.0
    plan = schedule_of(who, [Dose(time_h=0.0, route="iv", amount_mg=20.0)])
    with pytest.raises(Refusal, match="nothing removes it"):
        concentrations(who, plan, start_h=0.0, step_h=0.25, points=3)


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


@settings(max_examples=40)
@given(
    start=st.floats(-5.0, 5.0),
    step=st.floats(0.01, 1.0),
    point=st.integers(0, 60),
    kernel=st.sampled_from(["modes", "blocks"]),
)
def test_a_dose_at_a_grid_point_acts_after_it_wherever_the_grid_begins(start, step, point, kernel):
    name = "otto_2021_s_ketamine_iv" if kernel == "modes" else "simons_2022_s_ketamine_otf"
    model = models()[name]
    who = population(model, people=1, covariates=reference(model, {}), etas={})
    at = float((start + np.arange(64) * step)[point])
    plan = schedule_of(who, [Dose(time_h=at, route="iv", amount_mg=10.0)])
    made = concentrations(who, plan, start_h=start, step_h=step, points=64)[0, 0]
    assert (made[: point + 1] == 0.0).all()
    assert (made[point + 1 :] > 0.0).all()
