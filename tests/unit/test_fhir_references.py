"""Whom and what references lead to: never to anybody by guess."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import referrals
from tests.support.referrals import CONDITION, PATIENT, PATIENT_URL, WEIGHT, bundle, changed
from tests.unit.test_fhir_faults import paths, refused, taken

SUBJECT = "Bundle.entry[1].resource.subject.reference"
OTHER = "urn:uuid:b0576746-6f79-528a-8939-c9e1c4730d70"


def about(reference: Any, **more: Any) -> dict[str, Any]:
    return bundle(changed(CONDITION, subject={"reference": reference, **more}))


@pytest.mark.parametrize(
    "reference",
    [
        PATIENT_URL,
        "Patient/p1",
        "Patient/p1/_history/3",
        "Patient?identifier=urn:oid:2.999.1|T-0001",
        "Patient?identifier=urn%3Aoid%3A2.999.1%7CT-0001",
        "Patient?identifier=T-0001",
    ],
)
def test_these_mean_the_patient_of_the_bundle(reference):
    assert taken(about(reference)).chart.conditions[0].usable


@pytest.mark.parametrize(
    "reference",
    [
        OTHER,
        "Patient/p2",
        "https://elsewhere.example/fhir/Patient/p1",
        "Patient?identifier=urn:oid:2.999.1|T-9999",
        "Patient?identifier=urn:oid:2.999.2|T-0001",
        "Patient?identifier=|T-0001",
        "Patient?identifier=T-9999",
        "Patient?name=Exampleby",
        "Patient?identifier=urn:oid:2.999.1|T-0001&name=Exampleby",
        "Practitioner?identifier=urn:oid:2.999.1|T-0001",
        "Practitioner/p1",
        "Encounter/p1",
        "p1",
        "#p1",
        "nonsense",
    ],
)
def test_these_do_not_and_are_attached_to_nobody(reference):
    told = paths(refused(about(reference)))
    assert told in ([SUBJECT], ["Bundle.entry[1].resource.subject"])


def test_a_contained_person_is_not_the_patient():
    condition = changed(
        CONDITION,
        contained=[{"resourceType": "Patient", "id": "inside"}],
        subject={"reference": "#inside"},
    )
    assert paths(refused(bundle(condition))) == [SUBJECT]


def test_a_subject_known_only_in_words_or_by_another_identifier_is_refused():
    in_words = bundle(changed(CONDITION, subject={"display": "Nora Exampleby"}))
    assert paths(refused(in_words)) == ["Bundle.entry[1].resource.subject"]
    by_other = {"identifier": {"system": "urn:oid:2.999.1", "value": "T-9"}}
    assert paths(refused(bundle(changed(CONDITION, subject=by_other)))) == [
        "Bundle.entry[1].resource.subject.identifier"
    ]
    by_own = {"identifier": {"system": "urn:oid:2.999.1", "value": "T-0001"}}
    assert taken(bundle(changed(CONDITION, subject=by_own)))


def test_a_reference_and_an_identifier_that_disagree_are_refused():
    identifier = {"system": "urn:oid:2.999.1", "value": "T-9"}
    assert paths(refused(about(PATIENT_URL, identifier=identifier))) == [
        "Bundle.entry[1].resource.subject.identifier"
    ]


def test_a_relative_reference_is_completed_from_the_address_it_stands_under():
    value = bundle(changed(CONDITION, subject={"reference": "Patient/p1"}))
    value["entry"][0]["fullUrl"] = "https://a.example/fhir/Patient/p1"
    value["entry"][1]["fullUrl"] = "https://a.example/fhir/Condition/c1"
    assert taken(value).chart.conditions[0].usable
    value["entry"][1]["fullUrl"] = "https://b.example/fhir/Condition/c1"
    assert paths(refused(value)) == [SUBJECT]


def test_an_observation_about_a_group_or_about_nobody_never_becomes_a_fact():
    group = changed(WEIGHT, subject={"reference": "Group/g1"})
    nobody = changed(WEIGHT, id="o2", subject=None)
    reading = taken(bundle(group, nobody))
    assert [o.usable for o in reading.chart.observations] == [False, False]
    assert [p.path for p in reading.chart.problems] == [
        "Bundle.entry[1].resource.subject",
        "Bundle.entry[2].resource.subject",
    ]


def test_a_missing_drug_is_kept_and_asked_for_and_a_missing_prescriber_is_text():
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": PATIENT_URL},
        "requester": {"reference": "Practitioner/9"},
        "medicationReference": {"reference": "Medication/7", "display": "sertraline"},
    }
    reading = taken(bundle(order))
    assert not reading.chart.medications[0].usable
    assert [p.path for p in reading.chart.problems] == [
        "Bundle.entry[1].resource.medicationReference"
    ]


def test_a_reference_may_not_lead_to_another_type_than_allowed():
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": PATIENT_URL},
        "medicationReference": {"reference": PATIENT_URL},
    }
    assert paths(refused(bundle(order))) == [
        "Bundle.entry[1].resource.medicationReference.reference"
    ]


def test_the_same_entry_twice_is_kept_once_and_said():
    value = bundle(CONDITION, CONDITION)
    for entry in value["entry"][1:]:
        entry["fullUrl"] = OTHER
    reading = taken(value)
    assert len(reading.kept) == 2
    assert [p.path for p in reading.chart.problems] == ["Bundle.entry[2]"]


def test_one_id_for_two_contents_is_refused_without_full_urls_too():
    value = bundle(WEIGHT, changed(WEIGHT, valueQuantity={"value": 90}))
    assert paths(refused(value)) == ["Bundle.entry[2].resource.id"]


@pytest.mark.parametrize(
    "url",
    [
        "Patient/p1",
        "https://a.example/Patient/other",
        "https://a.example/Condition/p1",
        "https://a.example/Patient/p1/_history/2",
    ],
)
def test_a_full_url_is_whole_unversioned_and_agrees_with_its_resource(url):
    value = bundle(patient=PATIENT)
    value["entry"][0]["fullUrl"] = url
    assert paths(refused(value)) == ["Bundle.entry[0].fullUrl"]


def test_a_bundle_inside_a_bundle_is_refused():
    inner = bundle()
    assert "Bundle.entry[1].resource" in paths(refused(bundle(inner)))


def test_the_summary_with_web_addresses_and_relative_references_is_taken():
    reading = taken(referrals.referral("19"))
    assert reading.chart.conditions == ()
    assert reading.chart.medications == ()
    sections = [p.text for p in reading.chart.problems if "section" in p.path]
    assert len(sections) == 3
    assert all("not the same as none" in text for text in sections)


@pytest.mark.parametrize("kind", ["QuestionnaireResponse", "Composition", "RelatedPerson", "Flag"])
def test_other_types_that_say_whom_they_are_about_must_mean_the_patient_too(kind):
    more = {
        "QuestionnaireResponse": {"status": "completed"},
        "Composition": {
            "status": "final",
            "type": {"text": "letter"},
            "date": "2026-01-01",
            "author": [{"display": "somebody"}],
            "title": "Letter",
        },
        "RelatedPerson": {},
        "Flag": {"status": "active", "code": {"text": "falls"}},
    }[kind]
    name = "patient" if kind == "RelatedPerson" else "subject"
    resource = {"resourceType": kind, "id": "x", **more, name: {"reference": PATIENT_URL}}
    assert taken(bundle(resource))
    resource[name] = {"reference": OTHER}
    assert paths(refused(bundle(resource))) == [f"Bundle.entry[1].resource.{name}.reference"]


def test_what_was_observed_of_somebody_else_is_no_fact_of_the_patient():
    (pulse,) = taken(
        bundle(changed(WEIGHT, focus=[{"display": "unborn child"}]))
    ).chart.observations
    assert not pulse.usable
