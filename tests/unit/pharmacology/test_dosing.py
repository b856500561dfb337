"""A dose from an order, a weight and a label: exact, bounded, and checked twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.kernel.quantities import Concentration, Mass, MassPerWeight, Weight
from evenkeel.core.kernel.sources import Mark
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.pharmacology.doses.dosing import (
    CannotDose,
    disagreeing,
    ideal_weight,
    plan_infusion,
    plan_spray,
    to_step,
    to_waste,
    within_limits,
)
from evenkeel.core.pharmacology.doses.products import product

D = Decimal
KETAMINE = product("racemic_iv")
SPRAY = product("esketamine_nasal")


def plan(kg="76", mg_per_kg="0.5", minutes=40, vial="10"):
    return plan_infusion(
        product=KETAMINE, per_weight=MassPerWeight(D(mg_per_kg)), weight=Weight(D(kg)),
        basis="actual", minutes=minutes, vial=Concentration(D(vial)),
    )  # fmt: skip


def test_the_worked_example_of_the_screen() -> None:
    """76 kg, 0.5 mg/kg, 10 mg/mL, 40 min: the numbers drawn in the design of the dose screen."""
    made = plan()
    assert (made.dose.mg, made.draw.ml, made.diluent.ml, made.total.ml, made.rate.ml_per_h) == (
        D(38), D("3.8"), D("34.2"), D(38), D(57),
    )  # fmt: skip


kilos = st.decimals(D(25), D(250), places=1)
doses = st.decimals(D("0.1"), D("1"), places=2)
minutes = st.integers(20, 120)


@given(kg=kilos, dose=doses, mins=minutes)
def test_the_numbers_agree_with_fractions_to_half_a_step(kg, dose, mins) -> None:
    made = plan(str(kg), str(dose), mins)
    exact = Fraction(str(kg)) * Fraction(str(dose))
    assert abs(Fraction(str(made.dose.mg)) - exact) <= Fraction(1, 20)
    given_mg = Fraction(str(made.dose.mg))
    assert abs(Fraction(str(made.draw.ml)) - given_mg / 10) <= Fraction(1, 200)
    assert abs(Fraction(str(made.rate.ml_per_h)) - given_mg * 60 / mins) <= Fraction(1, 20)
    assert made.draw.ml + made.diluent.ml == made.total.ml


@given(kg=kilos, more=st.decimals(D("0.1"), D(20), places=1), dose=doses)
def test_a_heavier_person_never_gets_less(kg, more, dose) -> None:
    assert plan(str(kg), str(dose)).dose <= plan(str(kg + more), str(dose)).dose


@given(
    value=st.decimals(D(0), D(10000), places=4), step=st.sampled_from([D("0.1"), D("0.01"), D(1)])
)
def test_rounding_twice_is_rounding_once(value, step) -> None:
    once = to_step(value, step)
    assert to_step(once, step) == once
    assert abs(once - value) <= step / 2


@pytest.mark.parametrize(("mg_per_kg", "answer"), [
    ("0.75", Answer.YES), ("0.76", Answer.JUDGE), ("1", Answer.JUDGE), ("1.01", Answer.NO),
])  # fmt: skip
def test_soft_and_hard_limits_on_both_sides(mg_per_kg, answer) -> None:
    assert within_limits(KETAMINE, MassPerWeight(D(mg_per_kg))).answer is answer


def test_above_the_hard_limit_nothing_is_worked_out() -> None:
    plan(mg_per_kg="1")
    with pytest.raises(CannotDose, match="the most this clinic gives"):
        plan(mg_per_kg="1.01")


def test_a_hard_limit_stands_on_a_source_that_was_read() -> None:
    assert KETAMINE.by_weight is not None
    assert KETAMINE.by_weight.hard_source.mark is Mark.SEEN


@pytest.mark.parametrize("kg", ["19.9", "400.1", "760"])
def test_a_weight_that_looks_like_a_slip_is_refused(kg) -> None:
    with pytest.raises(CannotDose, match="typing mistake"):
        plan(kg=kg)


@pytest.mark.parametrize("kg", ["20", "400"])
def test_the_plausible_weights_reach_their_ends(kg) -> None:
    assert plan(kg=kg, mg_per_kg="0.5").dose.mg == D(kg) / 2


@pytest.mark.parametrize(("change", "words"), [
    ({"minutes": 0}, "minutes"), ({"mg_per_kg": "0"}, "0 mg/kg"), ({"vial": "0.9"}, "weaker"),
])  # fmt: skip
def test_an_order_that_makes_no_dose_is_refused(change, words) -> None:
    with pytest.raises(CannotDose, match=words):
        plan(**change)


def test_devine_at_its_own_corner_stones() -> None:
    """Devine 1974: 60 inches is the base; 2.3 kg for each inch above it."""
    assert ideal_weight(sex="male", height_cm=D("152.4")).kg == D("50.0")
    assert ideal_weight(sex="female", height_cm=D("152.4")).kg == D("45.5")
    assert ideal_weight(sex="male", height_cm=D("177.8")).kg == D("73.0")  # 70 inches


@pytest.mark.parametrize(("sex", "cm"), [("male", "152.3"), ("unknown", "170"), ("male", "251")])
def test_ideal_weight_says_nothing_where_the_formula_does_not(sex, cm) -> None:
    with pytest.raises(CannotDose):
        ideal_weight(sex=sex, height_cm=D(cm))


@pytest.mark.parametrize(("mg", "devices"), [("28", 1), ("56", 2), ("84", 3)])
def test_a_dose_of_spray_is_a_count_of_devices(mg, devices) -> None:
    assert plan_spray(product=SPRAY, dose=Mass(D(mg))).devices == devices


@pytest.mark.parametrize("mg", ["0", "27", "42", "112"])
def test_a_device_is_never_split_and_four_are_too_many(mg) -> None:
    with pytest.raises(CannotDose):
        plan_spray(product=SPRAY, dose=Mass(D(mg)))


def test_each_product_refuses_the_other_way_of_dosing() -> None:
    with pytest.raises(CannotDose, match="not a spray"):
        plan_spray(product=KETAMINE, dose=Mass(D(56)))
    with pytest.raises(CannotDose, match="not given by weight"):
        plan_infusion(
            product=SPRAY, per_weight=MassPerWeight(D("0.5")), weight=Weight(D(76)),
            basis="actual", minutes=40, vial=Concentration(D(10)),
        )  # fmt: skip


def test_a_disagreement_names_fields_and_no_number() -> None:
    first = plan().answers()
    assert disagreeing(first, {**first, "rate": D("5.7")}, KETAMINE.rounding) == ("rate",)
    assert disagreeing(first, {**first, "volume": D("3.80")}, KETAMINE.rounding) == ()
    assert disagreeing(first, {"dose": D(38)}, KETAMINE.rounding) == ("volume", "rate")


@given(drawn=st.decimals(D(0), D(500), places=1), given_mg=st.decimals(D(0), D(500), places=1))
def test_drawn_is_given_plus_wasted_or_refused(drawn, given_mg) -> None:
    if given_mg > drawn:
        with pytest.raises(CannotDose, match="more than"):
            to_waste(drawn=Mass(drawn), given=Mass(given_mg))
    else:
        wasted = to_waste(drawn=Mass(drawn), given=Mass(given_mg))
        assert Mass(given_mg) + wasted == Mass(drawn)


def test_an_infusion_needs_both_tables() -> None:
    with pytest.raises(CannotDose):
        plan_infusion(
            product=replace(KETAMINE, rounding=None), per_weight=MassPerWeight(D("0.5")),
            weight=Weight(D(76)), basis="actual", minutes=40, vial=Concentration(D(10)),
        )  # fmt: skip
