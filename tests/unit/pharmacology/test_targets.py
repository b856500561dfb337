"""Target-controlled schemes and falling times: laws, closed forms, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import Refusal, subject
from evenkeel.core.pharmacology.profiles.decrements import decrement_time, time_to_peak_effect
from evenkeel.core.pharmacology.profiles.simulate import simulate
from evenkeel.core.pharmacology.profiles.targets import Pump, Target, scheme

PUMP = Pump(mg_per_ml=10.0)


def person(name="domino_1982_tci", weight=70.0):
    return subject(model_named(name), {"WT": weight})


@settings(max_examples=15)
@given(wanted=st.floats(20.0, 400.0), weight=st.floats(45.0, 130.0))
def test_the_plasma_reaches_its_target_and_never_passes_it(wanted, weight):
    made = scheme(
        person(weight=weight), (Target(from_h=0.0, ng_per_ml=wanted),), PUMP,
        site="plasma", until_h=1.0,
    )  # fmt: skip
    assert made.plasma.max() <= wanted * (1 + 1e-9)
    # Rounding down to the pump's step leaves at most that step's worth.
    assert made.plasma[12:].min() >= wanted - 3.0
    assert (np.diff(made.ml_per_h[12:]) <= 0.1 + 1e-9).all()


def test_the_scheme_replayed_by_the_exact_engine_gives_what_it_promised():
    who = person()
    made = scheme(
        who, (Target(from_h=0.0, ng_per_ml=150.0), Target(from_h=0.5, ng_per_ml=80.0)), PUMP,
        site="plasma", until_h=1.0,
    )  # fmt: skip
    step = PUMP.update_s / 3600
    doses = [
        Dose(time_h=float(at), route="iv", amount_mg=float(rate) * 10.0 * step, duration_h=step)
        for at, rate in zip(made.times_h, made.ml_per_h, strict=True)
        if rate > 0
    ]
    replayed = simulate(who, doses, made.times_h + step)
    np.testing.assert_allclose(replayed.of("ketamine"), made.plasma, rtol=1e-9)
    np.testing.assert_allclose(replayed.of("Ce_ketamine"), made.effect, rtol=1e-9)
    assert sum(dose.amount_mg for dose in doses) == pytest.approx(made.given_mg)


@settings(max_examples=15)
@given(wanted=st.floats(20.0, 300.0))
def test_the_effect_site_reaches_its_target_soon_and_hardly_passes_it(wanted):
    made = scheme(
        person(), (Target(from_h=0.0, ng_per_ml=wanted),), PUMP, site="effect", until_h=0.5
    )
    assert made.effect.max() <= wanted * 1.01
    assert made.effect[-1] >= wanted * 0.94
    slow = scheme(
        person(), (Target(from_h=0.0, ng_per_ml=wanted),), PUMP, site="plasma", until_h=0.5
    )
    there = [int(np.argmax(each.effect >= 0.9 * wanted)) for each in (made, slow)]
    assert there[0] < there[1]


def test_the_pump_is_never_asked_for_what_it_cannot_do():
    weak = Pump(mg_per_ml=1.0, most_ml_per_h=60.0, step_ml_per_h=5.0)
    made = scheme(
        person(), (Target(from_h=0.0, ng_per_ml=500.0),), weak, site="plasma", until_h=0.2
    )
    assert made.ml_per_h.max() == 60.0
    assert np.allclose(made.ml_per_h % 5.0, 0.0)


def test_one_compartment_falls_by_half_in_its_half_life_whatever_the_context():
    who = person("clements_nimmo_1981_250")
    who.rates[:] = np.array([[-0.5, 0.0], [0.0, -1.0]])
    for held in (0.1, 1.0, 50.0):
        assert decrement_time(who, held_h=held) == pytest.approx(math.log(2) / 0.5, rel=1e-7)
    assert decrement_time(who, held_h=1.0, share=0.9) == pytest.approx(math.log(10) / 0.5, rel=1e-7)


@pytest.mark.parametrize("name", ["domino_1982_tci", "kamp_2020_meta_3cmt"])
def test_the_half_time_grows_with_the_context_up_to_a_limit(name):
    who = person(name)
    times = [decrement_time(who, held_h=held) for held in (0.1, 0.5, 1, 2, 4, 8, 100, 1000)]
    assert times == sorted(times)
    slowest = -float(np.linalg.eigvals(who.rates).real.max())
    assert times[-1] <= math.log(2) / slowest
    effect = decrement_time(who, held_h=1.0, site="effect")
    assert effect > decrement_time(who, held_h=1.0)


def test_the_effect_of_a_bolus_peaks_where_effect_and_plasma_cross():
    who = person()
    at = time_to_peak_effect(who)
    made = simulate(who, [Dose(time_h=0.0, route="iv", amount_mg=50.0)], np.array([at]))
    assert made.of("ketamine")[0] == pytest.approx(made.of("Ce_ketamine")[0], rel=1e-4)


@pytest.mark.parametrize(
    ("model", "targets", "site", "words"),
    [
        ("otto_2021_s_ketamine_iv", (Target(from_h=0.0, ng_per_ml=1.0),), "plasma", "no model for"),
        ("hijazi_2003_icu", (Target(from_h=0.0, ng_per_ml=1.0),), "effect", "no published effect"),
        ("domino_1982_tci", (Target(from_h=1.0, ng_per_ml=1.0),), "plasma", "before the stop"),
        ("domino_1982_tci", (Target(from_h=0.001, ng_per_ml=1.0),), "plasma", "between two"),
        ("domino_1982_tci", (), "plasma", "no target"),
        ("domino_1982_tci", (Target(from_h=0.0, ng_per_ml=-1.0),), "plasma", "cannot be"),
        ("domino_1982_tci", (Target(from_h=0.0, ng_per_ml=math.nan),), "plasma", "cannot be"),
        (
            "domino_1982_tci",
            (Target(from_h=0.5, ng_per_ml=1.0), Target(from_h=0.0, ng_per_ml=1.0)),
            "plasma",
            "order of time",
        ),
    ],
)
def test_what_cannot_be_aimed_at_is_refused(model, targets, site, words):
    with pytest.raises(Refusal, match=words):
        scheme(person(model), targets, PUMP, site=site, until_h=1.0)
