"""Who is asked about a pregnancy, when, and what "Does not apply" is kept as."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from tests.support.floor import Floor
from tests.support.referrals import PATIENT, WEIGHT, as_json, bundle, changed

from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.clinic import childbearing, screening_parts
from evenkeel.web.records.models import FactAnswer, Patient
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.selectors.facts import check_of
from evenkeel.web.records.selectors.screening import screening_of
from evenkeel.web.records.services import referrals, screening

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture
def referred(user_of):
    def refer(sex: str | None) -> Patient:
        who = changed(PATIENT, gender=sex)
        raw = as_json(bundle(WEIGHT, patient=who))
        by = user_of("coordinator")
        return referrals.receive(raw=raw, by=by, via=referrals.Via.UPLOAD, at=NOW).patient

    return refer


def asked(patient: Patient) -> list[str]:
    seen = screening_of(patient, as_of=TODAY)
    return [each.fact for each in childbearing.in_order(seen, seen.asking.fewest)]


def test_each_of_these_questions_is_one_of_the_dictionary():
    assert all(name in library().dictionary for name in childbearing.FACTS)


def test_a_man_is_asked_last_and_everybody_else_in_the_order_worth_asking(referred):
    man = referred("male")
    seen = screening_of(man, as_of=TODAY)
    worth = [each.fact for each in seen.asking.fewest]
    ours = [name for name in worth if name in childbearing.FACTS]
    others = [name for name in worth if name not in childbearing.FACTS]
    assert ours  # it is asked all the same: the record's sex rules nothing out
    assert worth != [*others, *ours]
    assert asked(man) == [*others, *ours]
    strip = screening_parts.question_strip(seen, may_judge=True)
    assert not {one["fact"] for one in strip["shown"]} & childbearing.FACTS


@pytest.mark.parametrize("sex", ["female", "other", "unknown", None])
def test_whose_sex_is_not_recorded_as_male_is_asked_as_ever(referred, sex):
    person = referred(sex)
    seen = screening_of(person, as_of=TODAY)
    assert asked(person) == [each.fact for each in seen.asking.fewest]
    assert not childbearing.is_asked_gently(seen, "pregnant")


def test_does_not_apply_is_kept_as_ruled_out_for_good_and_settles_a_pregnancy(referred, client_as):
    man = referred("male")
    nurse = client_as("nurse")
    page = nurse.get(reverse("clinic:screening_fact", args=[man.number, "pregnant"]))
    words = page.content.decode()
    assert childbearing.WHY_ASKED in words
    assert words.index(">Does not apply<") < words.index(">Yes<") < words.index(">No<")
    answer = reverse("clinic:screening_answer", args=[man.number])
    nurse.post(answer, {"fact": "pregnant", "value": "does-not-apply"})
    kept = FactAnswer.objects.get()
    assert (kept.name, kept.value, kept.said_by) == (
        "not_of_childbearing_potential",
        True,
        "patient",
    )
    facts = check_of(man, as_of=TODAY).facts
    assert facts["pregnant"].value is False
    assert facts["lactating"].value is None  # another question, not answered by this one
    nurse.post(answer, {"fact": "lactating", "value": "does-not-apply"})
    assert check_of(man, as_of=TODAY).facts["lactating"].value is False
    assert not set(asked(man)) & {"pregnant", "lactating", "contraception_in_use"}


@pytest.mark.parametrize(
    ("sex", "fact"),
    [
        ("male", "aneurysmal_vascular_disease"),
        ("male", "contraception_in_use"),  # could mean many things
        ("female", "pregnant"),
        (None, "pregnant"),
    ],
)
def test_does_not_apply_answers_no_other_question_and_of_nobody_else(
    referred, client_as, sex, fact
):
    person, nurse = referred(sex), client_as("nurse")
    page = nurse.get(reverse("clinic:screening_fact", args=[person.number, fact]))
    assert ">Does not apply<" not in page.content.decode()
    answer = reverse("clinic:screening_answer", args=[person.number])
    assert nurse.post(answer, {"fact": fact, "value": "does-not-apply"}).status_code == 422
    assert not FactAnswer.objects.exists()


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        ({}, "not_applicable"),
        ({"pregnant": False}, "not_applicable"),
        ({"pregnant": True}, "unknown"),
        ({"not_of_childbearing_potential": False}, "unknown"),
    ],
)
def test_the_gate_asks_a_man_who_said_that_he_may_be_pregnant(user_of, told, standing):
    treatment = Floor().treat(status="checked_in")
    Patient.objects.filter(pk=treatment.patient_id).update(sex="male")
    treatment.patient.refresh_from_db()
    for name, value in told.items():
        screening.answer_fact(
            patient=treatment.patient, name=name, value=value, by=user_of("nurse"), at=NOW,
            said_by="patient",
        )  # fmt: skip
    gate = timeline.gate_of(treatment, timeline.state_of(treatment, datetime.now(UTC)))
    found = next(each for each in gate.conditions if each.key == "pregnancy")
    assert found.standing.value == standing
