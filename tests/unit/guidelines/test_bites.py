"""Which conflicts bite: both ways, at the limits, and never from outside.

Expected values are read off the conflicts' own sources: the US guide of 140/90, the EU
limits of 140/90 under 65 and 150/90 from 65, six weeks since a heart event, and so on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range
from evenkeel.core.guidelines.verdicts.bites import Bite, Stance, bites, in_play

TODAY = date(2026, 11, 29)
NASAL = {"product": "esketamine_nasal", "indication": "trd"}


def facts(**told: Any) -> Facts:
    known = {}
    for name, value in told.items():
        assert name in library().dictionary, name
        number = isinstance(value, int) and not isinstance(value, bool)
        known[name] = Fact(
            name=name, value=Range.exactly(value) if number else value, origin="answer"
        )
    return Facts(TODAY, known)


def bitten(shown: tuple[str, ...] | None = None, **told: Any) -> dict[str, Bite]:
    shipped = library()
    found = bites(
        shipped.conflicts, shipped.packs.values(), facts(**told), shipped.dictionary, shown=shown
    )
    return {bite.conflict.id: bite for bite in found}


# -- pressure before the dose ------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "systolic", "diastolic", "parts"),
    [
        (64, 140, 90, False),  # neither guide is passed
        (64, 141, 90, False),  # both are: the EU limit is 140 under 65
        (64, 150, 90, False),
        (65, 140, 90, False),
        (65, 141, 90, True),  # over the US guide, within the EU limit from 65
        (65, 150, 90, True),
        (65, 151, 90, False),  # over both
        (65, 148, 91, False),  # the diastolic limit is 90 at every age
        (70, 148, 88, True),
    ],
)
def test_pressure_parts_the_labels_only_between_140_and_150_from_65(
    age: int, systolic: int, diastolic: int, parts: bool
):
    told = bitten(age_years=age, systolic_bp=systolic, diastolic_bp=diastolic, **NASAL)
    assert ("C02" in told) is parts
    if parts:
        assert told["C02"].certain


def test_the_reason_names_the_pressure_and_both_limits():
    told = bitten(age_years=70, systolic_bp=148, diastolic_bp=88, **NASAL)["C02"]
    for part in ("148 mmHg", "88 mmHg", "US label: over its guide of 140/90",
                 "EU label from 65: not over its limit of 150/90"):  # fmt: skip
        assert part in told.reason
    assert told.open == ("jurisdiction",)


def test_an_age_that_is_not_known_decides_which_limit_holds():
    told = bitten(systolic_bp=148, diastolic_bp=88, **NASAL)["C02"]
    assert not told.certain
    assert told.missing == ("age_years",)


def test_an_unknown_age_does_not_matter_where_both_limits_agree():
    assert "C02" not in bitten(systolic_bp=130, diastolic_bp=80, **NASAL)
    assert "C02" not in bitten(systolic_bp=160, diastolic_bp=95, **NASAL)


def test_an_age_between_64_and_65_may_part_them():
    told = facts(systolic_bp=148, diastolic_bp=88, **NASAL)
    told.by_name["age_years"] = Fact(name="age_years", value=Range(Decimal(64), Decimal(65)))
    shipped = library()
    found = bites(shipped.conflicts, shipped.packs.values(), told, shipped.dictionary)
    (bite,) = [each for each in found if each.conflict.id == "C02"]
    assert not bite.certain


def test_a_young_person_without_a_pressure_cannot_be_parted():
    """Under 65 both labels have the same number: whatever is measured, they agree."""
    assert "C02" not in bitten(age_years=30, **NASAL)
    assert not bitten(age_years=70, **NASAL)["C02"].certain


# -- the other ones ------------------------------------------------------------------


@pytest.mark.parametrize(("age", "parts"), [(64, False), (65, True)])
def test_the_first_dose_parts_from_65(age: int, parts: bool):
    assert ("C04" in bitten(age_years=age, **NASAL)) is parts


def test_an_antidepressant_that_is_no_ssri_parts_the_labels():
    assert bitten(ssri=False, snri=False, **NASAL)["C05"].certain
    assert "C05" not in bitten(ssri=True, **NASAL)
    assert not bitten(**NASAL)["C05"].certain


def test_too_few_trials_are_not_taken_for_a_missing_antidepressant():
    """The EU criterion asks for both; the conflict is about one of them."""
    assert "C05" not in bitten(ssri=True, failed_adequate_trials=1, **NASAL)


@pytest.mark.parametrize(
    ("days", "condition", "parts"),
    [(42, True, True), (43, True, True), (43, False, False), (42, False, True)],
)
def test_a_heart_event_within_six_weeks(days: int, condition: bool, parts: bool):
    told = bitten(
        recent_cardiovascular_event_days=days,
        cardiovascular_or_cerebrovascular_condition=condition,
        **NASAL,
    )
    assert ("C08" in told) is parts
    if parts:
        eu = [side for side in told["C08"].sides if side.position.country == "eu"]
        assert eu[0].stance is (Stance.AGAINST if days == 42 else Stance.CLEAR)


def test_psychosis_parts_a_ban_from_a_weighing():
    both = {"product": None, "indication": None}
    now = bitten(psychosis_current=True, psychosis_history=True, **both)["C20"]
    assert now.certain
    assert "C20" not in bitten(psychosis_current=False, psychosis_history=False, **both)
    past = bitten(psychosis_current=False, psychosis_history=True, **both)["C20"]
    assert {side.stance for side in past.sides} == {Stance.CLEAR, Stance.ASKS}


def test_a_judgement_that_was_made_ends_the_disagreement():
    told = {"psychosis_current": False, "psychosis_history": True}
    assert "C20" in bitten(**told)
    assert "C20" not in bitten(says_spvus_014=True, **told)


def test_definitions_of_a_failed_trial_part_only_around_two():
    counts = ("failed_trials_eu_pearl", "failed_trials_atrq", "failed_trials_athf")
    assert "C14" not in bitten(**dict.fromkeys(counts, 2), **NASAL)
    assert "C14" not in bitten(**dict.fromkeys(counts, 1), **NASAL)
    assert bitten(**dict(zip(counts, (1, 2, 2), strict=True)), **NASAL)["C14"].certain


def test_only_people_with_ptsd_meet_the_conflict_on_ptsd():
    assert bitten(indication="ptsd", product="racemic_iv")["C10"].certain
    assert "C10" not in bitten(indication="trd", product="racemic_iv")
    assert bitten(product="racemic_iv")["C10"].open == ("indication",)


def test_a_setting_decides_which_half_of_the_programme_applies():
    assert not bitten(**NASAL)["C26"].certain
    assert bitten(**NASAL)["C26"].missing == ("setting",)
    assert "C26" not in bitten(setting="outpatient", **NASAL)
    assert "C26" not in bitten(setting="inpatient", **NASAL)


def test_benzodiazepines_only_when_one_is_taken():
    assert bitten(benzodiazepine=True, diazepam_equivalent_mg_per_day=9, **NASAL)["C18"].certain
    assert "C18" not in bitten(benzodiazepine=False, **NASAL)


def test_pregnancy_parts_only_where_contraception_is_the_question():
    common = {"not_of_childbearing_potential": False, **NASAL}
    no_pregnancy = {"pregnant": False, "contraception_in_use": False, **common}
    assert bitten(**no_pregnancy)["C22"].certain
    assert "C22" not in bitten(pregnant=True, highly_effective_contraception=False, **common)


def test_matters_of_the_house_never_bite_a_person():
    told = bitten(jurisdiction="us")
    assert not {"C28", "C29", "C09", "C25"} & set(told)


# -- what is in play -------------------------------------------------------------------


def test_a_country_that_is_not_the_persons_is_not_in_play():
    pressure = {"age_years": 70, "systolic_bp": 148, "diastolic_bp": 88, **NASAL}
    assert "C02" not in bitten(jurisdiction="us", **pressure)
    assert "C02" not in bitten(jurisdiction="eu", **pressure)
    assert "C04" not in bitten(jurisdiction="us", **pressure)


def test_a_product_that_is_not_asked_for_is_not_in_play():
    told = {"psychosis_current": True, "psychosis_history": True}
    assert "C20" not in bitten(**told, **NASAL)
    assert "C20" not in bitten(product="racemic_iv", indication="crps", **told)


def test_a_pack_that_the_page_does_not_show_is_not_in_play():
    pressure = {"age_years": 70, "systolic_bp": 148, "diastolic_bp": 88, **NASAL}
    assert "C02" not in bitten(("esketamine-us",), **pressure)
    assert "C02" in bitten(("esketamine-us", "esketamine-eu"), **pressure)
    nice = bitten(("esketamine-us", "nice-ta854"), ssri=True, jurisdiction="england_nhs", **NASAL)
    assert "C05" not in nice  # the US label is not in play in England


def test_a_criterion_out_of_force_is_not_in_play():
    shipped = library()
    ended = [
        replace(pack, criteria=tuple(replace(c, until=date(2020, 1, 1)) for c in pack.criteria))
        for pack in shipped.packs.values()
    ]
    assert bites(shipped.conflicts, ended, facts(**NASAL), shipped.dictionary) == ()


PRODUCTS = (None, *library().dictionary["product"].values)
INDICATIONS = (None, *library().dictionary["indication"].values)
COUNTRIES = (None, *library().dictionary["jurisdiction"].values)


@given(
    product=st.sampled_from(PRODUCTS),
    indication=st.sampled_from(INDICATIONS),
    country=st.sampled_from(COUNTRIES),
    age=st.one_of(st.none(), st.integers(12, 90)),
    systolic=st.one_of(st.none(), st.integers(100, 190)),
    yes=st.sets(st.sampled_from(["pregnant", "psychosis_current", "benzodiazepine", "ssri"])),
)
def test_every_side_is_in_play_and_sides_that_bite_differ(
    product: str | None,
    indication: str | None,
    country: str | None,
    age: int | None,
    systolic: int | None,
    yes: set[str],
):
    told: dict[str, Any] = {"product": product, "indication": indication, "jurisdiction": country,
            "age_years": age, "systolic_bp": systolic, **dict.fromkeys(yes, True)}  # fmt: skip
    person = facts(**told)
    for bite in bitten(**told).values():
        assert len(bite.sides) > 1
        assert not bite.conflict.never
        for side in bite.sides:
            assert all(in_play(pack, person) for pack in side.packs)
            assert side.stance is not Stance.SILENT
        stances = {side.stance for side in bite.sides}
        if bite.certain and bite.conflict.compares == "answers":
            assert len(stances) > 1
        if not bite.certain and not bite.missing:
            # Only what was asked for, or a judgement, can still be open then.
            assert bite.open
        assert not any(person[name].known and name not in ("age_years",) for name in bite.missing)
