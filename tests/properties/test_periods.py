"""Occasions, resets and steady states of many people: each is the same as alone."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.populations import crowds, periods
from evenkeel.core.pharmacology.populations.crowds import Crowd, bands
from evenkeel.core.pharmacology.populations.pasts import propagators_of_each
from evenkeel.core.pharmacology.populations.people import draw_etas
from evenkeel.core.pharmacology.populations.periods import periods_of, periods_of_doses
from evenkeel.core.pharmacology.profiles.records import Record, happenings_of_records
from evenkeel.core.pharmacology.profiles.simulate import happenings, pieces_of
from evenkeel.core.pharmacology.systems.linear import propagators
from evenkeel.core.pharmacology.systems.timeline import Bolus, Infusion, collected, walk

NEAR = 1e-9  # share of the peak
EVERYBODY = (0.0, 25.0, 50.0, 75.0, 100.0)  # of five people: each of them
OTTO, PEREZ, SIMONS = (
    "otto_2021_s_ketamine_iv",
    "perez_ruixo_2021_esketamine",
    "simons_2022_s_ketamine_otf",
)
ROUTES = {OTTO: "iv", PEREZ: "intranasal", SIMONS: "sublingual"}


def crowd_of(name: str, records, people: int = 5, seed: int = 3) -> Crowd:
    model = model_named(name)
    return Crowd(
        model=model, people=people, covariates=reference(model, {}), seed=seed,
        periods=periods_of(model, records),
    )  # fmt: skip


def whole(crowd: Crowd, times, wanted=EVERYBODY, **more) -> np.ndarray:
    """Shape (times, analytes, percentiles)."""
    return np.concatenate([made for _, made in bands(crowd, times, wanted, **more)])


def somebody(name: str, k: int, *, seed: int = 3, occasion: int = 1):
    model = model_named(name)
    etas = draw_etas(model, people=k + 1, seed=seed, occasion=occasion)
    return subject(model, reference(model, {}), {key: float(e[k]) for key, e in etas.items()})


def alone(name: str, records, times, people: int = 5) -> np.ndarray:
    """By the walk of one person; shape (people, times, analytes)."""
    made = []
    for k in range(people):
        who = somebody(name, k)
        pieces = pieces_of(who, happenings_of_records(who, records), times)
        made.append(collected(pieces, times.size, len(who.analytes)))
    return np.array(made)


def near(found: np.ndarray, everybody: np.ndarray, wanted=EVERYBODY) -> None:
    expected = np.percentile(everybody, wanted, axis=0).transpose(1, 2, 0)
    assert np.abs(found - expected).max() <= NEAR * max(expected.max(), 1e-300)


@st.composite
def tables(draw: st.DrawFn, name: str) -> tuple[Record, ...]:
    """Any records of one day, in the order of time, many of them at one moment."""
    iv = ROUTES[name] == "iv"
    made = []
    for at in sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=5))):
        evid = draw(st.sampled_from([1, 1, 1, 3, 4]))
        steady = draw(st.sampled_from([0, 0, 1, 2]))
        if evid == 3:
            made.append(Record(line=2, time_h=at / 2, evid=3))
        elif iv and steady and draw(st.booleans()):
            made.append(Record(line=2, time_h=at / 2, evid=evid, route="iv", steady=steady,
                               endless_rate=10.0))  # fmt: skip
        else:
            made.append(
                Record(
                    line=2,
                    time_h=at / 2,
                    evid=evid,
                    route=ROUTES[name],
                    amount_mg=56.0,
                    duration_h=draw(st.sampled_from([0.0, 0.7, 5.0])) if iv else 0.0,
                    every_h=draw(st.sampled_from([0.5, 1.7, 4.0])),
                    additional=draw(st.integers(0, 3)),
                    steady=steady,
                )
            )
    return tuple(made)


@pytest.mark.parametrize("name", [OTTO, PEREZ, SIMONS])
@settings(max_examples=6)
@given(data=st.data(), cut=st.sampled_from([2, 64]))
def test_records_do_to_each_of_many_what_they_do_to_one(name, data, cut):
    """At any times; doses of one period are cut further, which must change nothing."""
    records = data.draw(tables(name))
    times = np.arange(1, 60) * 0.37
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(periods, "MOST_GIVEN", cut)
        found = whole(crowd_of(name, records), times * (1.0 + 1e-9))
        again = whole(crowd_of(name, records), np.arange(60) * 0.5, step_h=0.5)
    near(found, alone(name, records, times * (1.0 + 1e-9)))
    near(again, alone(name, records, np.arange(60) * 0.5))


@given(
    k=st.tuples(*[st.floats(1e-3, 50.0)] * 5),
    hours=st.lists(st.floats(0.0, 50.0), min_size=3, max_size=3),
)
def test_propagators_of_many_are_those_of_each(k, hours):
    k10, k12, k21, k13, k31 = k
    rates = np.array([[-k10 - k12 - k13, k21, k31], [k12, -k21, 0], [k13, 0, -k31]])
    made = propagators_of_each(np.array([rates, 0.1 * rates, 0.0 * rates]), np.array(hours))
    for one, share in enumerate((1.0, 0.1, 0.0)):
        expected = propagators(share * rates, np.array([hours[one]]))[0]
        np.testing.assert_allclose(made[one], expected, rtol=1e-11, atol=1e-15)


# Occasions


def by_occasion(k: int, begins: list[float], times: np.ndarray) -> np.ndarray:
    """Films of one person by the walk of one, from occasion to occasion; shape (times, analytes).

    What is there at the beginning of an occasion is put into its compartments at once.
    """
    made = np.zeros((times.size, 3))
    state = np.zeros(14)
    for number, at in enumerate(begins, start=1):
        who = somebody(SIMONS, k, occasion=number)
        until = begins[number] if number < len(begins) else np.inf
        plan = [Bolus(time_h=at, compartment=c, amount_mg=float(x)) for c, x in enumerate(state)]
        plan += happenings(who, [Dose(time_h=at, route="sublingual", amount_mg=50.0)])
        inside = (times > at) & (times <= until)
        states = collected(walk(who.rates, plan, times[inside]), int(inside.sum()), 14)
        made[inside] = who.concentrations(states)
        if until < np.inf:
            state = collected(walk(who.rates, plan, np.array([until])), 1, 14)[0]
    return made


@pytest.mark.parametrize("way", ["grid", "times", "groups"])
def test_every_treatment_has_its_own_draw_and_amounts_stay(way, monkeypatch):
    begins = [0.0, 25.0, 60.0]
    times = np.arange(200) * 0.5
    if way == "groups":
        monkeypatch.setattr(crowds, "AT_ONCE", 0)
        monkeypatch.setattr(crowds, "GROUP", 3)
        monkeypatch.setattr(crowds, "BUFFER", 200)
    if way == "times":
        times = np.delete(times, 7)
    doses = [Dose(time_h=at, route="sublingual", amount_mg=50.0) for at in begins]
    model = model_named(SIMONS)
    crowd = Crowd(
        model=model, people=5, covariates=reference(model, {}), seed=3,
        periods=periods_of_doses(model, doses),
    )  # fmt: skip
    expected = np.array([by_occasion(k, begins, times) for k in range(5)])
    near(whole(crowd, times), expected)


def test_an_infusion_runs_on_into_the_next_occasion_with_its_rate():
    """30 h of it, and a film after 25 h: from then on its 5 h to come meet another person."""
    model = model_named(SIMONS)
    drip = Dose(time_h=0.0, route="iv", amount_mg=60.0, duration_h=30.0)
    late = Dose(time_h=25.0, route="sublingual", amount_mg=50.0)
    crowd = replace(crowd_of(SIMONS, []), periods=periods_of_doses(model, [drip, late]))
    times = np.arange(1, 80) * 0.5
    made = []
    for k in range(5):
        first, second = somebody(SIMONS, k), somebody(SIMONS, k, occasion=2)
        plan = happenings(first, [drip])
        before = times <= 25.0
        own = collected(pieces_of(first, plan, times[before]), int(before.sum()), 3)
        state = collected(walk(first.rates, plan, np.array([25.0])), 1, 14)[0]
        again = [Bolus(time_h=25.0, compartment=c, amount_mg=float(x)) for c, x in enumerate(state)]
        again.append(Infusion(time_h=25.0, compartment=3, rate_mg_per_h=2.0, end_h=30.0))
        again += happenings(second, [late])
        after = collected(pieces_of(second, again, times[~before]), int((~before).sum()), 3)
        made.append(np.concatenate([own, after]))
    near(whole(crowd, times), np.array(made))


def test_an_occasion_is_the_same_however_many_there_are_of_people_and_occasions():
    model = model_named(SIMONS)
    few = draw_etas(model, people=3, seed=5, occasion=4)
    many = draw_etas(model, people=700, seed=5, occasion=4)
    some = draw_etas(model, people=100, seed=5, occasion=4, first=600)
    first = draw_etas(model, people=700, seed=5)
    levels = {name: b.level for b in model.variability for name in b.parameters}
    for name, drawn in many.items():
        assert np.array_equal(drawn[:3], few[name])
        assert np.array_equal(drawn[600:], some[name])
        # What belongs to the person alone stays; what is drawn for a treatment does not.
        assert np.array_equal(drawn, first[name]) == (levels[name] == "subject")
    # Of what differs at both levels the person's part is common to all occasions.
    both, away = many["MTT_K_NK"], first["MTT_K_NK"]
    assert np.cov(both, away)[0, 1] == pytest.approx(0.021, abs=4 * 0.772 / np.sqrt(700))
    # So much is the variance of F1 that is drawn for a treatment.
    wide = draw_etas(model, people=20_000, seed=5, occasion=2)["F1"]
    assert wide.var() == pytest.approx(0.06, rel=4 * np.sqrt(2 / 20_000))


def occasions(*records: Record) -> list[tuple[float, int]]:
    """When each occasion begins, and its number."""
    made: list[tuple[float, int]] = []
    for period in periods_of(model_named(SIMONS), records):
        if not made or made[-1][1] != period.occasion:
            at = period.begins_h if made else period.given[0].dose.time_h
            made.append((at, period.occasion))
    return made


def film(at: float, **more) -> Record:
    return Record(line=2, time_h=at, route="sublingual", amount_mg=50.0, **more)


def test_an_occasion_begins_with_a_dose_of_another_day():
    assert occasions(film(0.0), film(24.0)) == [(0.0, 1)]
    assert occasions(film(0.0), film(24.001)) == [(0.0, 1), (24.001, 2)]
    # Every day at the same hour is no other day, whatever the last digit says.
    assert occasions(film(0.1, every_h=24.0, additional=30)) == [(0.1, 1)]
    assert occasions(film(0.0, every_h=72.0, additional=2)) == [(0.0, 1), (72.0, 2), (144.0, 3)]


def test_a_table_may_say_which_occasion_a_dose_is_of():
    assert occasions(
        film(0.0, occasion=2, every_h=3.0, additional=4),
        film(6.0, occasion=1),
        film(90.0, occasion=1),
    ) == [(0.0, 2), (6.0, 1)]


def test_people_that_do_not_differ_by_occasion_have_one():
    model = model_named(OTTO)
    doses = [Dose(time_h=72.0 * k, route="iv", amount_mg=35.0) for k in range(3)]
    assert [each.occasion for each in periods_of_doses(model, doses)] == [1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"amount_mg": -1.0}, "negative"),
        ({"amount_mg": np.nan}, "not finite"),
        ({"duration_h": -1.0}, "negative"),
        ({"time_h": np.inf}, "not finite"),
        ({"route": "rectal"}, "has no route rectal"),
    ],
)
def test_a_dose_that_cannot_be_given_is_refused_by_name(wrong, words):
    dose = Dose(**{"time_h": 0.0, "route": "iv", "amount_mg": 10.0, **wrong})
    model = model_named(OTTO)
    crowd = replace(crowd_of(OTTO, []), periods=periods_of_doses(model, [dose]))
    with pytest.raises(Refusal, match=words):
        whole(crowd, np.array([0.0, 1.0, 7.0]))


# Size


def peak_of(doses: int, points: int) -> int:
    model = model_named(OTTO)
    plan = [Dose(time_h=0.1 * k, route="iv", amount_mg=1.0, duration_h=0.05) for k in range(doses)]
    crowd = Crowd(
        model=model, people=300, covariates=reference(model, {}), seed=1,
        periods=periods_of_doses(model, plan),
    )  # fmt: skip
    times = np.arange(points) * 0.01
    tracemalloc.start()
    try:
        for _ in bands(crowd, times, (50.0,), step_h=0.01):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_neither_with_doses_nor_with_times(monkeypatch):
    monkeypatch.setattr(crowds, "AT_ONCE", 0)
    monkeypatch.setattr(crowds, "GROUP", 100)
    monkeypatch.setattr(crowds, "BUFFER", 20_000)
    monkeypatch.setattr(periods, "MOST_GIVEN", 8)
    peak_of(16, 40)
    few, many = peak_of(16, 60), peak_of(160, 360)
    assert many <= 1.5 * few
    # Everybody's doses at once would be so much, and everybody's concentrations more.
    assert many < 300 * 160 * 2 * 8


@pytest.mark.parametrize("buffer", [10_000, 200])
def test_progress_only_grows_and_ends_with_everything(buffer, monkeypatch):
    monkeypatch.setattr(crowds, "AT_ONCE", 0)
    monkeypatch.setattr(crowds, "GROUP", 3)
    monkeypatch.setattr(crowds, "BUFFER", buffer)
    heard: list[tuple[int, int]] = []
    crowd = replace(
        crowd_of(OTTO, [Record(line=2, time_h=t, evid=4, route="iv", amount_mg=1.0)
                        for t in (0.0, 5.0)], people=8),
        heard=lambda done, whole: heard.append((done, whole)),
    )  # fmt: skip
    whole(crowd, np.arange(40) * 0.25)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert heard[-1] == (320, 320)


@pytest.mark.parametrize(("people", "points"), [(1_000_000, 10_000_000), (500_001, 1_000_000)])
def test_what_would_not_end_is_refused_with_its_figures(people, points):
    crowd = crowd_of(OTTO, [Record(line=2, time_h=0.0, route="iv", amount_mg=1.0)], people)
    with pytest.raises(Refusal, match="at most 1e\\+12 are worked out"):
        crowd.check(points)
    crowd_of(OTTO, [Record(line=2, time_h=0.0, route="iv", amount_mg=1.0)], 500_000).check(10**6)


def test_people_who_would_begin_anew_too_often_are_refused_with_their_figures():
    records = [Record(line=2, time_h=0.0, route="iv", amount_mg=1.0, every_h=6.0, additional=9_999)]
    crowd = crowd_of(OTTO, records, 1_000_000)
    crowd.check(16)
    with pytest.raises(Refusal, match="the first of 10,000 doses 625 times"):
        crowd.check(10_000)
    # Who fits into memory begins once.
    crowd_of(OTTO, records, 8_000).check(10_000_000)


@settings(max_examples=30)
@given(
    point=st.integers(1, 30),
    side=st.sampled_from([-1, 0, 1]),
    start=st.sampled_from([0.0, 1.0, -0.7]),
)
def test_a_dose_beside_a_grid_point_is_on_the_side_it_is_on(point, side, start):
    """By the last digit: as the walk of one person has it."""
    times = start + np.arange(32) * 0.1
    at = float(np.nextafter(times[point], np.inf * side) if side else times[point])
    records = [Record(line=2, time_h=at, route="iv", amount_mg=20.0)]
    found = whole(crowd_of(OTTO, records, 1), times, (50.0,), step_h=0.1)[:, 0, 0]
    expected = alone(OTTO, records, times, 1)[0, :, 0]
    assert ((found > 0.0) == (expected > 0.0)).all()
