"""What comes of targets: the exact engine replays the settings; limits cost what they cost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.profiles.aims import aim, clock, findings, minutes
from evenkeel.core.pharmacology.profiles.decrements import decrement_time
from evenkeel.core.pharmacology.profiles.simulate import simulate
from evenkeel.core.pharmacology.profiles.targets import Pump, Target

BY_HAND = Pump(mg_per_ml=10.0, update_s=300.0, most_bolus_mg=10.0)
TWO = (Target(from_h=0.0, ng_per_ml=150.0), Target(from_h=0.5, ng_per_ml=100.0))


def person(name="domino_1982_tci", weight=70.0):
    model = model_named(name)
    return subject(model, reference(model, {"WT": weight} if "WT" in model.covariates else {}))


def one_compartment(*, volume_l=20.0, per_h=0.5):
    who = person("clements_nimmo_1981_250")
    who.rates[:] = np.array([[-per_h, 0.0], [0.0, -1.0]])
    who.outputs[:] = 0.0
    who.outputs[0, 0] = 1000.0 / volume_l
    return who


@pytest.mark.parametrize(
    "name", ["domino_1982_tci", "kamp_2020_meta_3cmt", "fanta_2015_s_ketamine"]
)
@pytest.mark.parametrize("every", [10.0, 300.0])
def test_the_settings_replayed_by_the_exact_engine_give_what_was_promised(name, every):
    who = person(name)
    site = "effect" if who.model.effect_site else "plasma"
    found = aim(who, TWO, replace(BY_HAND, update_s=every), site=site, stop_h=1.0, tail_h=2.0)
    doses = []
    for each in found.settings:
        if each.bolus_mg:
            doses.append(Dose(time_h=each.from_h, route="iv", amount_mg=each.bolus_mg))
        if each.mg_per_h:
            lasts = each.until_h - each.from_h
            doses.append(Dose(time_h=each.from_h, route="iv", amount_mg=each.mg_per_h * lasts,
                              duration_h=lasts))  # fmt: skip
    replayed = simulate(who, doses, found.times_h)
    np.testing.assert_allclose(replayed.of(who.model.parent), found.plasma, rtol=1e-7, atol=1e-7)
    if found.has_effect:
        ce = replayed.of(f"Ce_{who.model.parent}")
        np.testing.assert_allclose(ce, found.effect, rtol=1e-7, atol=1e-7)
    assert sum(each.amount_mg for each in doses) == pytest.approx(found.made.given_mg)


def test_one_compartment_is_filled_by_a_bolus_and_held_by_its_clearance():
    """V times C at once, then CL times C: what every textbook has."""
    fine = replace(BY_HAND, most_bolus_mg=1e3, bolus_step_ml=1e-9, step_ml_per_h=1e-9)
    found = aim(one_compartment(), TWO[:1], fine, site="plasma", stop_h=1.0)
    assert found.made.bolus_mg[0] == pytest.approx(20.0 * 0.150)
    np.testing.assert_allclose(found.made.ml_per_h * 10.0, 20.0 * 0.5 * 0.150, rtol=1e-6)
    assert found.aims[0].after_h == pytest.approx(0.0, abs=1e-5)
    (half, most) = found.falls
    assert half.after_h == pytest.approx(math.log(2) / 0.5, rel=1e-6)
    assert most.after_h == pytest.approx(math.log(5) / 0.5, rel=1e-6)
    assert half.after_plateau_h == pytest.approx(half.after_h, rel=1e-6)


def test_the_rate_that_holds_plasma_is_bolus_elimination_and_transfer():
    """C V1 (k10 + k12 e^-k21 t + k13 e^-k31 t), which follows from a plasma that never moves."""
    p = model_named("domino_1982_tci").parameters
    v1 = p["V1_per_kg"] * 70.0
    fine = Pump(mg_per_ml=10.0, most_bolus_mg=1e3, bolus_step_ml=1e-9, step_ml_per_h=1e-9)
    found = aim(person(), TWO[:1], fine, site="plasma", stop_h=1.0)
    assert found.made.bolus_mg[0] == pytest.approx(0.150 * v1)
    minutes_in = 60.0 * (found.made.times_h + fine.update_h / 2)
    transfer = p["k12"] * np.exp(-p["k21"] * minutes_in) + p["k13"] * np.exp(-p["k31"] * minutes_in)
    by_formula = 0.150 * v1 * (p["k10"] + transfer) * 60.0
    np.testing.assert_allclose(found.made.ml_per_h * 10.0, by_formula, rtol=2e-3)


def test_what_the_pump_cannot_reach_is_told_and_nothing_is_moved():
    """At most rate R, one compartment comes to R/CL (1 - e^-kt) and no further."""
    weak = Pump(mg_per_ml=1.0, most_ml_per_h=2.0, update_s=60.0)
    found = aim(one_compartment(), TWO, weak, site="plasma", stop_h=1.0)
    first, second = found.aims
    assert first.after_h is None
    assert first.ended == pytest.approx(1000 * 2.0 / 10.0 * (1 - math.exp(-0.25)), rel=1e-6)
    assert second.after_h is None
    assert [each.target for each in found.aims] == list(TWO)
    assert found.at_most_h == pytest.approx(1.0)
    assert found.without_limits[0].after_h == pytest.approx(0.0, abs=1e-5)
    told = findings(found)
    assert "NOT reached in its 30 min; 44.2 ng/mL at its end" in told[0]
    assert "A pump without limits would reach it at once" in told[0]
    assert any("ran at its most, 2 mL/h, for 60 min" in each for each in told)


def test_what_has_to_fall_is_not_the_pumps_fault():
    fall = (Target(from_h=0.0, ng_per_ml=150.0), Target(from_h=0.5, ng_per_ml=10.0))
    quick = replace(BY_HAND, most_bolus_mg=1e3)
    found = aim(one_compartment(), fall, quick, site="plasma", stop_h=1.0)
    assert found.aims[1].after_h is None
    assert not found.aims[1].rises
    assert "it only falls by itself" in findings(found)[1]
    # From where it stands to within a twentieth above 100: ln(C/105)/k, if there is time for it.
    longer = aim(one_compartment(), TWO, quick, site="plasma", stop_h=2.0)
    after = math.log(longer.aims[1].begun / 105) / 0.5
    assert longer.aims[1].after_h == pytest.approx(after, abs=10 / 3600)


@settings(max_examples=20)
@given(
    st.floats(30.0, 300.0), st.floats(1.0, 4.0), st.sampled_from(["plasma", "effect"]),
    st.sampled_from([10.0, 60.0, 300.0]), st.sampled_from([0.0, 5.0, 50.0]),
)  # fmt: skip
def test_nothing_leads_beyond_the_ceiling_and_no_limit_is_passed(wanted, times, site, every, bolus):
    pump = replace(BY_HAND, update_s=every, most_bolus_mg=bolus, most_ng_per_ml=times * wanted,
                   most_ml_per_h=300.0)  # fmt: skip
    found = aim(person(), [Target(from_h=0.0, ng_per_ml=wanted)], pump, site=site, stop_h=0.5)
    assert found.plasma.max() <= times * wanted * (1 + 1e-9)
    assert found.made.ml_per_h.max() <= 300.0
    assert found.made.bolus_mg.max() <= bolus
    for value, step in ((found.made.ml_per_h, 0.1), (found.made.bolus_mg / 10.0, 0.1)):
        assert np.allclose(value / step, np.round(value / step), atol=1e-6)


def test_a_bolus_brings_the_effect_site_to_its_target_sooner_and_not_above_it():
    with_it, without = (
        aim(person(), TWO[:1], replace(BY_HAND, most_bolus_mg=bolus), site="effect", stop_h=0.5)
        for bolus in (50.0, 0.0)
    )
    assert with_it.aims[0].after_h < without.aims[0].after_h
    assert with_it.aims[0].highest <= 150.0 * 1.01
    assert "asks for" not in " ".join(findings(without))


def test_after_a_plateau_the_fall_is_the_context_sensitive_one():
    fine = Pump(mg_per_ml=10.0, step_ml_per_h=1e-9, most_ml_per_h=1e9)
    found = aim(person("kamp_2020_meta_3cmt"), TWO[:1], fine, site="plasma", stop_h=1.0)
    half = found.falls[0]
    assert half.after_h == pytest.approx(decrement_time(found.who, held_h=1.0), rel=0.005)


def test_a_bolus_that_the_syringe_cannot_measure_is_none():
    strong = replace(BY_HAND, mg_per_ml=50.0)
    found = aim(person(), TWO[:1], strong, site="plasma", stop_h=0.5)
    assert not found.made.bolus_mg.any()
    assert any("less than the smallest bolus of this syringe (5 mg in 0.1 mL)" in each
               for each in findings(found))  # fmt: skip


def test_a_target_of_nothing_gives_nothing():
    stop = (Target(from_h=0.0, ng_per_ml=100.0), Target(from_h=0.25, ng_per_ml=0.0))
    found = aim(person(), stop, BY_HAND, site="plasma", stop_h=0.5)
    assert not found.made.ml_per_h[3:].any()
    assert "nothing is given" in findings(found)[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"most_bolus_mg": -1.0}, "a bolus of at most -1.0 mg cannot be"),
        ({"most_bolus_mg": math.nan}, "cannot be"),
        ({"most_ng_per_ml": 0.0}, "a plasma of at most 0.0"),
        ({"most_ng_per_ml": 149.0}, "above the plasma that nothing may lead beyond"),
        ({"mg_per_ml": 0.0}, "above 0"),
        ({"update_s": 0.001}, "more than 8,640 settings"),
        ({"update_s": 1080.0}, "begins between two settings, which are 18 min apart"),
    ],
)
def test_limits_that_cannot_be_are_refused(change, words):
    with pytest.raises(Refusal, match=words):
        aim(person(), TWO, replace(BY_HAND, **change), site="plasma", stop_h=1.0)


@pytest.mark.parametrize(
    ("hours", "said", "shown"),
    [(0.0, "0 min", "0:00"), (40 / 3600, "40 s", "0:40"), (0.07, "4.2 min", "4:12"),
     (1.0, "60 min", "60:00"), (3.5, "3.5 h", "210:00")],
)  # fmt: skip
def test_times_are_said_as_a_pump_shows_them(hours, said, shown):
    assert minutes(hours) == said
    assert clock(hours) == shown
