"""Screening with stored charts and answers: verdicts change, decisions stay explainable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.urls import reverse
from tests.support.referrals import PATIENT, WEIGHT, as_json, bundle, changed

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import FactAnswer, Patient, ScreeningDecision
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.selectors.facts import check_of
from evenkeel.web.records.selectors.screening import screening_of
from evenkeel.web.records.services import referrals, screening

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TODAY = date(2026, 11, 24)
PRESSURE = changed(
    WEIGHT,
    id="o2",
    code={"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
    effectiveDateTime="2026-11-23T09:00:00-05:00",
    valueQuantity=None,
    component=[
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {
                "value": value,
                "unit": "mmHg",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }
        for code, value in (("8480-6", 128), ("8462-4", 80))
    ],
)


@pytest.fixture
def patient(user_of) -> Patient:
    raw = as_json(bundle(PRESSURE, patient=PATIENT))
    receipt = referrals.receive(
        raw=raw, by=user_of("coordinator"), via=referrals.Via.UPLOAD, at=NOW
    )
    return receipt.patient


def tell(patient, by, **facts):
    for name, value in facts.items():
        screening.answer_fact(
            patient=patient, name=name, value=value, by=by, at=NOW, said_by="clinician"
        )


def finding(patient, criterion):
    result = check_of(patient, as_of=TODAY, packs=list(library().packs))
    return next(
        str(each.finding)
        for pack in result.packs
        for each in pack.criteria
        if each.criterion.id == criterion
    )


def clear_for_pain(patient, prescriber):
    """Every fact that the chronic pain pack asks for at screening, favourable."""
    tell(
        patient,
        prescriber,
        indication="crps",
        product="racemic_iv",
        cardiovascular_or_cerebrovascular_condition=False,
        pregnant=False,
        psychosis_current=False,
        hepatic_disease=False,
        raised_intracranial_pressure=False,
        raised_intraocular_pressure=False,
        substance_use_disorder=False,
        high_cardiovascular_risk=False,
        liver_risk=False,
        high_dose_frequent_infusions=False,
        raised_pressure_serious_risk=False,
        aneurysmal_vascular_disease=False,
        arteriovenous_malformation=False,
        history_intracerebral_haemorrhage=False,
        hypersensitivity_ketamine=False,
    )


def test_an_answer_changes_the_verdict_and_a_later_one_supersedes_it(patient, user_of):
    nurse = user_of("nurse")
    assert finding(patient, "SPVUS-006") == "unknown"
    tell(patient, nurse, aneurysmal_vascular_disease=False)
    assert finding(patient, "SPVUS-006") == "met"
    tell(patient, nurse, aneurysmal_vascular_disease=True)
    assert finding(patient, "SPVUS-006") == "not_met"
    tell(patient, nurse, aneurysmal_vascular_disease=None)
    assert finding(patient, "SPVUS-006") == "unknown"
    assert FactAnswer.objects.filter(name="aneurysmal_vascular_disease").count() == 3


def test_an_answer_goes_to_the_ledger_without_what_was_answered(patient, user_of):
    tell(patient, user_of("nurse"), substance_use_disorder=True)
    entry = Entry.objects.latest("seq")
    assert entry.action == "fact.answered"
    assert "substance" not in entry.sentence.lower()
    assert patient.short_name in entry.sentence


def test_the_same_post_sent_twice_is_one_answer(patient, user_of):
    nurse, key = user_of("nurse"), uuid4()
    for _ in range(2):
        screening.answer_fact(
            patient=patient, name="pregnant", value=False, by=nurse, at=NOW,
            said_by="patient", once=key,
        )  # fmt: skip
    assert FactAnswer.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("pregnnt", True, "nearest is pregnant"),
        ("pregnant", "yes", "neither true nor false"),
        ("body_weight", 4000, "possible is 20 to 400"),
        ("child_pugh_class", "D", "is not one of"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_nothing_is_kept(
    patient, user_of, name, value, words
):
    with pytest.raises(screening.UnreadableAnswer, match=words):
        tell(patient, user_of("nurse"), **{name: value})
    assert not FactAnswer.objects.exists()


def test_only_a_prescriber_answers_what_must_be_judged(patient, user_of):
    with pytest.raises(Denied, match="prescriber"):
        tell(patient, user_of("nurse"), raised_pressure_serious_risk=False)
    tell(patient, user_of("prescriber"), raised_pressure_serious_risk=False)
    assert finding(patient, "SPVUS-010") == "met"


def test_trials_told_one_by_one_are_counted(patient, user_of):
    prescriber = user_of("prescriber")
    tell(patient, prescriber, indication="trd")
    trial = {"start": "2025-01-06", "end": "2025-04-10", "improvement_percent": 5, "adherent": True}
    tell(patient, prescriber, antidepressant_trials=[
        {"drug": "sertraline", "dose_mg_per_day": 100, **trial},
    ])  # fmt: skip
    assert finding(patient, "SPVUS-002") == "not_met"
    tell(patient, prescriber, antidepressant_trials=[
        {"drug": "sertraline", "dose_mg_per_day": 100, **trial},
        {"drug": "duloxetine", "dose_mg_per_day": 90, **trial},
    ])  # fmt: skip
    assert finding(patient, "SPVUS-002") == "met"


def test_a_pack_whose_facts_are_all_favourable_says_yes(patient, user_of):
    clear_for_pain(patient, user_of("prescriber"))
    seen = screening_of(patient, as_of=TODAY)
    pain = next(each for each in seen.check.packs if each.pack.id == "asra-2018-chronic-pain")
    assert pain.answer is Answer.YES
    assert seen.open_guards == 0


def test_a_decision_keeps_verdicts_facts_and_content_and_stays_as_it_was(patient, user_of):
    prescriber = user_of("prescriber")
    clear_for_pain(patient, prescriber)
    made = screening.decide(
        patient=patient, pack="asra-2018-chronic-pain", product="racemic_iv", indication="crps",
        choice="proceed", reason="", by=prescriber, at=NOW,
    )  # fmt: skip
    assert (made.verdict, made.is_override) == ("yes", False)
    tell(patient, prescriber, pregnant=True)
    made = ScreeningDecision.objects.get(pk=made.pk)
    kept = {each["id"]: each for pack in made.packs for each in pack["criteria"]}
    assert kept["CPAIN-005"]["verdict"] == "met"
    assert made.facts["pregnant"]["value"] is False
    assert made.content_sha256 == library().sha256
    assert finding(patient, "CPAIN-005") == "not_met"


def test_going_on_against_the_pack_or_a_safeguard_needs_a_reason_and_shows_it(patient, user_of):
    prescriber = user_of("prescriber")
    wanted = {
        "patient": patient, "pack": "apa-2017", "product": "racemic_iv", "indication": "trd",
        "choice": "proceed", "by": prescriber, "at": NOW,
    }  # fmt: skip
    with pytest.raises(screening.CannotDecide, match="safeguard"):
        screening.decide(reason=" ", **wanted)
    made = screening.decide(reason="Known to this clinic for years.", **wanted)
    assert made.is_override
    assert Entry.objects.latest("seq").action == "screening.overridden"


@pytest.mark.parametrize("role", ["coordinator", "nurse", "pharmacist", "administrator"])
def test_only_a_prescriber_decides(patient, user_of, role):
    with pytest.raises(Denied):
        screening.decide(
            patient=patient, pack="apa-2017", product="racemic_iv", indication="trd",
            choice="wait", reason="x", by=user_of(role), at=NOW,
        )  # fmt: skip


def test_the_page_answers_in_place_and_keeps_what_was_typed(patient, client_as):
    client = client_as("coordinator")
    shown = client.get(reverse("clinic:screening", args=[patient.number]))
    assert shown.status_code == 200
    text = shown.content.decode()
    assert "What is known" in text
    assert "Waits for a prescriber" in text
    address = reverse("clinic:screening_answer", args=[patient.number])
    bad = client.post(address, {"fact": "body_weight", "value": "7,5", "from": "fact"})
    assert bad.status_code == 422
    assert 'value="7,5"' in bad.content.decode()
    denied = {"fact": "aneurysmal_vascular_disease", "value": "no"}
    good = client.post(address, denied, headers={"HX-Request": "true"})
    assert good.status_code == 200
    assert FactAnswer.objects.get().said_by == "patient"


def test_every_page_of_screening_opens_and_a_decision_can_be_read_again(patient, client_as):
    client = client_as("prescriber")
    number = patient.number
    decided = client.post(
        reverse("clinic:screening_decide", args=[number]),
        {"pack": "apa-2017", "product": "racemic_iv", "indication": "trd", "choice": "wait",
         "reason": "The history is still to come.", "once": str(uuid4())},
    )  # fmt: skip
    assert decided.status_code == 302
    made = ScreeningDecision.objects.get()
    for name, args in (
        ("screening", []),
        ("screening_pack", ["esketamine-us"]),
        ("screening_fact", ["systolic_bp"]),
        ("screening_fact", ["antidepressant_trials"]),
        ("screening_decision", [made.pk]),
    ):
        page = client.get(reverse(f"clinic:{name}", args=[number, *args]))
        assert page.status_code == 200, name
    assert "The history is still to come." in page.content.decode()
    assert client.get(reverse("clinic:screening_pack", args=[number, "nothing"])).status_code == 404


def test_a_decision_without_a_reason_comes_back_with_what_was_chosen(patient, client_as):
    client = client_as("prescriber")
    page = client.post(
        reverse("clinic:screening_decide", args=[patient.number]),
        {"pack": "apa-2017", "product": "racemic_iv", "indication": "ptsd", "choice": "proceed"},
    )
    assert page.status_code == 422
    text = page.content.decode()
    assert '<option value="ptsd" selected>' in text
    assert not ScreeningDecision.objects.exists()


def test_a_trial_is_added_and_struck_out_from_its_page(patient, client_as):
    client = client_as("nurse")
    address = reverse("clinic:screening_answer", args=[patient.number])
    client.post(address, {"fact": "antidepressant_trials", "from": "fact",
                          "trial_drug": "sertraline", "trial_dose_mg_per_day": "100"})  # fmt: skip
    assert FactAnswer.objects.get().value == [{"drug": "sertraline", "dose_mg_per_day": 100}]
    page = client.get(
        reverse("clinic:screening_fact", args=[patient.number, "antidepressant_trials"])
    )
    assert "100 mg a day" in page.content.decode()
    client.post(address, {"fact": "antidepressant_trials", "from": "fact", "strike": "0"})
    assert FactAnswer.objects.latest("pk").value == []
