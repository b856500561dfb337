"""A packet says what is known with its origin, names what is missing, and fills no gap."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.charts import AS_OF, condition, drug
from tests.support.packets import AGAIN, FIRST, charted, packet

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.dictionary import Kind
from evenkeel.core.guidelines.terms.values import Answer, Range
from evenkeel.core.packets.assemble import PARTS, assemble
from evenkeel.core.packets.model import Stated, Unfounded
from evenkeel.core.packets.words import Origins, say_age
from evenkeel.edges.fhir import reading

VIGNETTES = sorted((Path(__file__).resolve().parents[2] / "data/vignettes/cases").iterdir())
DEPRESSION = condition("F33.2", onsetDateTime="2024-03-01")
TRIAL = {
    "drug": "sertraline",
    "dose_mg_per_day": 150,
    "start": "2026-02-01",
    "end": "2026-06-01",
    "improvement_percent": 10,
    "adherent": True,
}


def line(made, name):
    return next(each for each in made.criteria if each.id == name)


def names_of(pack):
    return sorted({name for each in library().payers[pack].criteria for name in each.facts})


def answers_for(pack):
    """Some of the pack's facts, each with some value that it may have."""
    words = library().dictionary

    def value(name):
        definition = words[name]
        if definition.kind is Kind.YES_NO:
            return st.booleans()
        if definition.kind is Kind.CHOICE:
            return st.sampled_from(definition.values)
        low, high = int(definition.minimum or 0), int(definition.maximum or 100)
        return st.integers(low, high).map(Range.exactly)

    return st.fixed_dictionaries({}, optional={name: value(name) for name in names_of(pack)})


# -- laws ---------------------------------------------------------------------------------


@given(known=answers_for(FIRST))
def test_whatever_is_known_every_value_has_an_origin_and_every_gap_a_name(known):
    answers = [Answer(name=name, value=value, at=AS_OF, by="told") for name, value in known.items()]
    made = packet(answers=answers, parts=set(PARTS))
    for value in made.stated():
        assert value.origin.strip(), value.label
        assert value.value.strip(), value.label
    for each in made.criteria:
        assert each.stated or each.missing, each.id
        if each.finding in ("unknown", "judge"):
            assert each.missing, each.id
        else:
            assert each.stated, each.id
            assert not each.missing, each.id
    told = {gap.what for gap in made.missing}
    assert {gap.what for each in made.criteria for gap in each.missing} <= told
    assert made.as_object()["complete"] is (not made.missing)


@given(known=answers_for(FIRST))
def test_nothing_stands_in_a_packet_that_is_not_known(known):
    """A yes or no is stated only where somebody answered it, and as it was answered."""
    answers = [Answer(name=name, value=value, at=AS_OF, by="told") for name, value in known.items()]
    made = packet(answers=answers, parts=[])
    words = library().dictionary
    said = {
        words[name].label.rstrip("."): value
        for name, value in known.items()
        if words[name].kind is Kind.YES_NO
    }
    questions = {words[n].label.rstrip(".") for n in names_of(FIRST)
                 if words[n].kind is Kind.YES_NO}  # fmt: skip
    for each in made.criteria:
        for value in each.stated:
            if value.label in questions and value.value in ("yes", "no"):
                derived = value.origin.startswith("computed")
                assert derived or said[value.label] is (value.value == "yes")


@pytest.mark.parametrize("case", VIGNETTES, ids=[each.name for each in VIGNETTES])
@pytest.mark.parametrize("pack", [FIRST, AGAIN])
def test_every_vignettes_packet_gives_the_origin_of_every_value(case, pack):
    chart = reading.read((case / "bundle.json").read_bytes(), today=AS_OF, may_be_dead=True).chart
    made = assemble(charted(chart=chart), pack=library().payers[pack], library=library(),
                    parts=set(PARTS))  # fmt: skip
    assert all(value.origin.strip() for value in made.stated())
    json.dumps(made.as_object())


def test_a_value_without_an_origin_cannot_be_stated():
    with pytest.raises(Unfounded, match="without its origin"):
        Stated(label="Age", value="52 years", origin=" ")
    with pytest.raises(Unfounded, match="without a value"):
        Stated(label="Age", value="", origin="the record")


# -- the words ------------------------------------------------------------------------------


def test_an_answer_says_who_and_when_and_a_record_says_which_entry():
    origins = Origins(
        answers={"indication": "answered by Dr S. Mockridge on 30 Oct 2026"},
        entries={"Condition/c1": "in the referral of 2 Oct 2026"},
    )
    made = packet(resources=[DEPRESSION], origins=origins, indication="trd",
                  product="esketamine_nasal")  # fmt: skip
    asked = {one.label: one for one in line(made, "PAYFIRST-002").stated}
    assert asked["Indication"].origin == "answered by Dr S. Mockridge on 30 Oct 2026"
    assert asked["Indication"].value == "treatment-resistant depression"
    (told,) = line(made, "PAYFIRST-003").stated
    assert told.origin.startswith("Condition/c1 in the referral of 2 Oct 2026")
    (entry,) = made.diagnosis.stated
    assert "F33.2 (ICD-10-CM)" in entry.value
    assert "confirmed" in entry.value
    assert entry.day == "since 1 Mar 2024"
    assert entry.age == "2 years"


def test_a_diagnosis_that_was_only_said_asks_for_the_coded_entry():
    made = packet(major_depressive_disorder=True)
    assert [one.value for one in made.diagnosis.stated] == ["yes"]
    assert [gap.what for gap in made.diagnosis.missing] == ["Diagnosis with its code"]


def test_only_the_diagnosis_asked_about_goes_in():
    other = condition("F14.20", number=2)
    made = packet(resources=[DEPRESSION, other], parts=set(PARTS) - {"safeguards"})
    assert "F14" not in json.dumps(made.as_object())


def test_what_the_record_only_hints_at_stays_in_the_clinic():
    made = packet(resources=[condition("Z86.79", number=3)])
    (gap,) = [one for one in made.missing if one.what == "Bleed inside the brain, ever"]
    assert gap.why == "the record does not settle it"


def test_trials_are_judged_by_every_definition_and_the_part_may_be_left_out():
    made = packet(trials=[TRIAL], parts=["trials"])
    titles = [each.title for each in library().knowledge.definitions.values()]
    assert [count[0] for count in made.trials.counts] == titles
    (row,) = made.trials.rows
    assert (row.drug, row.dose, row.dates) == (
        "sertraline", "150 mg a day", "1 Feb 2026 to 1 Jun 2026"
    )  # fmt: skip
    assert len(row.judged) == len(titles)
    without = packet(trials=[TRIAL], parts=[])
    assert without.trials is None
    assert PARTS["trials"] in without.left_out


def test_no_trials_are_a_gap_with_a_question():
    made = packet(parts=["trials"])
    assert "Antidepressant trials" in [gap.what for gap in made.missing]


def test_a_pack_of_a_guideline_makes_no_packet():
    with pytest.raises(ValueError, match="no payer pack"):
        assemble(charted(), pack=library().packs["apa-2017"], library=library())
    with pytest.raises(ValueError, match="no part notes"):
        packet(parts=["notes"])


def test_a_drug_that_no_criterion_reads_is_not_told():
    made = packet(resources=[drug("3332", text="zolpidem")], parts=set(PARTS))
    assert "zolpidem" not in json.dumps(made.as_object()).lower()


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "1 day"), (59, "59 days"), (60, "1 months"), (365, "12 months"),
     (730, "2 years")],
)  # fmt: skip
def test_an_age_in_words(days, words):
    from datetime import timedelta

    assert say_age(AS_OF - timedelta(days=days), AS_OF) == words
