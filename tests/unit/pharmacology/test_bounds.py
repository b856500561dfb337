"""For whom a model answers, what follows from what is said of a person, and what is only told."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from evenkeel.core.kernel.content import ContentFault, content, read_toml
from evenkeel.core.kernel.sources import Mark
from evenkeel.core.pharmacology.library import models as library
from evenkeel.core.pharmacology.library.bounds import far_weight, following, scale_words
from evenkeel.core.pharmacology.library.models import model_named, models
from evenkeel.core.pharmacology.library.subjects import Refusal, reference, subject
from evenkeel.core.pharmacology.populations.draws import drawn, read_draw, with_following, words_of
from evenkeel.core.pharmacology.populations.people import draw_etas, population
from evenkeel.core.pharmacology.profiles.occupancy import occupancy_model
from evenkeel.core.pharmacology.profiles.published import published

OTTO = model_named("otto_2021_s_ketamine_iv")
PEREZ = model_named("perez_ruixo_2021_esketamine")
HERD = model_named("herd_2007_children")
NLMIXR2LIB = {
    "perez_ruixo_2021_esketamine", "simons_2022_s_ketamine_otf", "otto_2021_s_ketamine_iv",
    "fanta_2015_s_ketamine", "flint_2017_s_ketamine_picu",
}  # fmt: skip


# -- how the numbers were read ------------------------------------------------------


def test_five_models_were_read_in_nlmixr2lib_and_say_so():
    """Which these are is a fact of how the content was gathered; nothing else knows it."""
    named = {each.id for each in models().values() if "nlmixr2lib" in each.read_in}
    assert named == NLMIXR2LIB
    assert {models()[each].source.mark for each in named} == {Mark.SEEN_SECONDARY}


@pytest.mark.parametrize("model", models().values(), ids=lambda each: each.id)
def test_only_what_was_read_in_the_paper_itself_is_marked_as_seen(model):
    assert model.read_in.endswith(".")
    assert (model.source.mark is Mark.SEEN) == model.read_in.startswith("The paper's abstract")


@pytest.mark.parametrize("table", published().values(), ids=lambda each: each.id)
def test_a_table_is_marked_no_better_than_the_model_it_is_of(table):
    marks = list(Mark)
    assert marks.index(table.source.mark) >= marks.index(models()[table.model].source.mark)


def test_the_address_of_the_occupancy_paper_is_said_to_be_from_memory():
    assert any("DOI" in each and "from memory" in each for each in occupancy_model().limits)


# -- grown or not -------------------------------------------------------------------


WITHOUT_AGES = [each for each in models().values() if each.age_from is None is each.age_to]


@pytest.mark.parametrize("model", WITHOUT_AGES, ids=lambda each: each.id)
def test_of_an_age_on_either_side_of_the_limit_only_one_group_answers(model):
    """Where a paper prints no ages, its people are adults or they are not."""
    is_adults = model.age_group == "adults"
    assert bool(model.refusals({"AGE": 17.99})) is is_adults
    assert bool(model.refusals({"AGE": 18.0})) is not is_adults


def test_ages_that_a_paper_prints_are_its_people_with_both_ends():
    heart = model_named("elkomy_2015_children_heart")
    ages = (0.49, 0.5, 18.0, 18.01)
    assert [bool(heart.refusals({"AGE": age})) for age in ages] == [True, False, False, True]


def test_the_refusal_of_somebody_grown_says_under_what_age():
    (told,) = HERD.refusals({"AGE": 18.0})
    assert "made from children of under 18 years" in told


# -- what follows -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "then"),
    [
        ({"JAPANESE": 1.0}, {"ASIAN": 1.0}),
        ({"JAPANESE": 0.0}, {}),
        ({"ASIAN": 1.0}, {}),
        ({"JAPANESE": 1.0, "ASIAN": 0.0}, {}),
        ({}, {}),
    ],
)
def test_whoever_is_japanese_is_asian(given, then):
    assert following(PEREZ, given) == then
    assert reference(PEREZ, given)["ASIAN"] == (given | then).get("ASIAN", 0.0)


@pytest.mark.parametrize(
    ("asian", "japanese", "refused"),
    [(0.0, 0.0, False), (1.0, 0.0, False), (1.0, 1.0, False), (0.0, 1.0, True)],
)
def test_somebody_who_cannot_be_is_refused_alone_and_among_others(asian, japanese, refused):
    person = {"AGE": 40.0, "ASIAN": asian, "JAPANESE": japanese}
    among = {name: np.array([value, 40.0 if name == "AGE" else 1.0])
             for name, value in person.items()}  # fmt: skip
    etas = draw_etas(PEREZ, people=2, seed=1)
    for make in (
        lambda: subject(PEREZ, person),
        lambda: population(PEREZ, people=2, covariates=among, etas=etas),
    ):
        if refused:
            with pytest.raises(Refusal, match="JAPANESE of 1 cannot be with another ASIAN"):
                make()
        else:
            make()


def draws_of(*texts: str):
    return {each.name: each for each in map(read_draw, texts)}


def drawn_with(given: dict[str, float], *texts: str):
    return with_following(PEREZ, given, drawn(draws_of(*texts), people=400, seed=3))


def test_whoever_is_drawn_japanese_is_asian_and_the_others_are_as_they_were_drawn():
    both = ("JAPANESE=choice:0:1", "ASIAN=choice:0*9:1*1")
    alone = drawn(draws_of(*both), people=400, seed=3)
    made = drawn_with({}, *both)
    japanese = alone["JAPANESE"] == 1.0
    assert np.array_equal(made["JAPANESE"], alone["JAPANESE"])
    assert np.all(made["ASIAN"][japanese] == 1.0)
    assert np.array_equal(made["ASIAN"][~japanese], alone["ASIAN"][~japanese])
    assert 0.0 < alone["ASIAN"][~japanese].mean() < 0.5  # both kinds are among them
    without = drawn_with({}, both[0])
    assert np.array_equal(without["ASIAN"], japanese.astype(float))


def test_what_is_given_stays_and_what_cannot_be_with_it_is_refused():
    assert set(drawn_with({"ASIAN": 1.0}, "JAPANESE=choice:0:1")) == {"JAPANESE"}
    assert set(drawn_with({"ASIAN": 0.0}, "JAPANESE=choice:0*1:1*0")) == {"JAPANESE"}
    with pytest.raises(Refusal, match="cannot be with another ASIAN"):
        drawn_with({"ASIAN": 0.0}, "JAPANESE=choice:0:1")
    with pytest.raises(Refusal, match="ASIAN is drawn, but follows for everybody"):
        drawn_with({"JAPANESE": 1.0}, "ASIAN=choice:0:1")


def test_what_follows_from_a_draw_is_said():
    draws = draws_of("JAPANESE=choice:0:1")
    assert words_of(PEREZ, {}, draws)["ASIAN"] == "1 where JAPANESE is 1, otherwise 0"
    assert set(words_of(PEREZ, {"ASIAN": 1.0}, draws)) == {"JAPANESE"}
    both = draws_of("JAPANESE=choice:0:1", "ASIAN=choice:0*9:1*1")
    assert words_of(PEREZ, {}, both)["ASIAN"].endswith("otherwise choice:0*9:1*1")


@pytest.mark.parametrize(
    ("name", "implies"),
    [
        ("JAPANESE", {"ASAIN": 1.0}),
        ("JAPANESE", {"ASIAN": 2.0}),
        ("JAPANESE", {"NSPRAY": 1.0}),
        ("ASIAN", {"JAPANESE": 1.0}),
        ("AGE", {"ASIAN": 1.0}),
    ],
)
def test_a_rule_that_means_nothing_does_not_load(name, implies):
    file = read_toml(content("pharmacology", "models", f"{PEREZ.id}.toml"), library._File)
    rows = {**file.covariate, name: msgspec.structs.replace(file.covariate[name], implies=implies)}
    with pytest.raises(ContentFault, match="implies"):
        library._model(msgspec.structs.replace(file, covariate=rows))


# -- weights ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ((34.99,), "WT of 34.99 kg is far from the 70 kg"),
        ((35.0,), ""),
        ((140.0,), ""),
        ((140.1,), "WT of 140.1 kg is far from"),
        ((35.0, 140.0), ""),
        ((30.0, 90.0), "WT from 30 to 90 kg reaches far from"),
        ((60.0, 200.0), "WT from 60 to 200 kg reaches far from"),
    ],
)
def test_a_weight_outside_half_to_double_is_told_where_no_weights_were_found(weights, told):
    found = far_weight(OTTO, *weights)
    assert bool(found) is bool(told)
    assert told in found
    if told:
        assert "no clinical bound" in found
        assert found.endswith(OTTO.bounds_note)


def test_bounds_that_were_published_refuse_and_are_not_told_twice():
    assert far_weight(replace(OTTO, weight_to=200.0), 8.0) == ""
    assert far_weight(PEREZ, 8.0) == ""


def test_small_children_are_what_a_model_of_children_is_for():
    assert far_weight(HERD, 5.0) == ""
    assert "outside up to double" in far_weight(HERD, 140.1)
    assert scale_words(HERD).startswith("70 kg is the scale of the paper's numbers")
    assert scale_words(OTTO) == ""
