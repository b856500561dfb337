"""Every row of faults.csv, and the families around them.

What each file must do was written by the people who made the samples, in the columns
expect and expression; the tests below add neighbours of each fault.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import referrals
from tests.support.referrals import CONDITION, PATIENT, PATIENT_URL, TODAY, WEIGHT, bundle, changed

from evenkeel.core.chart import Reading, Refused
from evenkeel.edges.fhir.reading import read

ROWS = referrals.faults()


def taken(value: Any) -> Reading:
    return read(value if isinstance(value, bytes) else referrals.as_json(value), today=TODAY)


def refused(value: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        taken(value)
    return caught.value


def paths(refusal: Refused) -> list[str]:
    return [fault.path for fault in refusal.faults]


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r["expect"] == "reject"], ids=lambda r: r["file"]
)
def test_a_faulty_bundle_is_refused_at_the_place_of_its_fault(row):
    refusal = refused(referrals.faulty(row["file"][:2]))
    if row["expression"]:
        assert row["expression"] in paths(refusal)
    assert all(fault.words for fault in refusal.faults)


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r["expect"] == "accept"], ids=lambda r: r["file"]
)
def test_an_odd_but_lawful_bundle_is_kept_whole_and_its_oddity_listed(row):
    raw = referrals.faulty(row["file"][:2])
    reading = taken(raw)
    sent = [entry["resource"] for entry in json.loads(raw)["entry"]]
    assert [json.loads(item.json) for item in reading.kept] == sent
    if row["expression"]:
        assert row["expression"] in [problem.path for problem in reading.chart.problems]


def test_a_fault_in_the_text_is_named_by_line_and_column():
    assert "line 1 column 60" in refused(referrals.faulty("01")).faults[0].words


def test_a_status_outside_its_value_set_is_answered_with_the_allowed_codes():
    assert "entered-in-error, final, preliminary" in refused(referrals.faulty("19")).faults[0].words


def test_faults_are_told_together():
    observation = changed(WEIGHT, status=None, effectiveDateTime="2025-02-30")
    refusal = refused(bundle(observation, changed(CONDITION, subject=None)))
    assert set(paths(refusal)) == {
        "Bundle.entry[1].resource.status",
        "Bundle.entry[1].resource.effectiveDateTime",
        "Bundle.entry[2].resource.subject",
    }


def test_the_real_referral_note_has_each_of_its_faults_named():
    told = " ".join(paths(refused(referrals.faulty("32"))))
    for number in (10, 11, 13, 15, 20, 28, 29):
        assert f"Bundle.entry[{number}]" in told
    assert "Bundle.type" in told
    assert "Bundle.entry[0].request.method" in told


# 06, 24: dates


@pytest.mark.parametrize(
    "written",
    [
        "2025",
        "2025-02",
        "2024-02-29",
        "2025-02-28T23:59:60Z",
        "2025-02-28T10:00:00.123456789+14:00",
    ],
)
def test_a_date_may_be_partial_or_whole_with_its_zone(written):
    assert taken(bundle(changed(WEIGHT, effectiveDateTime=written))).chart.observations[0].at


@pytest.mark.parametrize(
    "written",
    [
        "2025-02-29",
        "2025-13",
        "2025-04-31",
        "2025-2-3",
        "25-02-03",
        "0000-01-01",
        "2025-02-28T10:00:00",
        "2025-02-28T10:00Z",
        "2025-02-28T10Z",
        "2025-02-28T24:00:00Z",
        "2025-02-28T10:00:00+14:01",
        "2025-02-28 10:00:00Z",
        "2025-02-28T10:00:00z",
        "03/02/2025",
        "",
        " 2025",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_a_date_outside_the_calendar_or_a_time_without_zone_is_refused(written):
    refusal = refused(bundle(changed(WEIGHT, effectiveDateTime=written)))
    assert set(paths(refusal)) == {"Bundle.entry[1].resource.effectiveDateTime"}


def test_an_instant_needs_seconds_and_zone():
    assert paths(refused(bundle(changed(WEIGHT, issued="2025-02-28")))) == [
        "Bundle.entry[1].resource.issued"
    ]


def test_a_period_that_ends_before_it_starts_is_refused():
    def with_period(start: str, end: str) -> dict[str, Any]:
        return bundle(
            changed(WEIGHT, effectiveDateTime=None, effectivePeriod={"start": start, "end": end})
        )

    assert taken(with_period("2025-02-03", "2025-02-03"))
    assert taken(with_period("2025-02-03", "2025-02"))
    assert paths(refused(with_period("2025-02-03", "2025-02-02"))) == [
        "Bundle.entry[1].resource.effectivePeriod"
    ]


# 07: birth


@pytest.mark.parametrize("written", ["2026-11-24", "2026-11", "2026"])
def test_a_birth_up_to_today_is_taken(written):
    assert taken(bundle(patient=changed(PATIENT, birthDate=written)))


@pytest.mark.parametrize("written", ["2026-11-25", "2026-12", "2027"])
def test_a_birth_after_today_is_refused(written):
    refusal = refused(bundle(patient=changed(PATIENT, birthDate=written)))
    assert paths(refusal) == ["Bundle.entry[0].resource.birthDate"]


def test_an_age_that_nobody_reaches_stays_unknown_and_is_listed():
    reading = taken(bundle(patient=changed(PATIENT, birthDate="1890-01-01")))
    assert reading.chart.person.birth is None
    assert [p.path for p in reading.chart.problems] == ["Bundle.entry[0].resource.birthDate"]


# The dead


@pytest.mark.parametrize(
    ("dead", "path"),
    [
        ({"deceasedBoolean": True}, "deceasedBoolean"),
        ({"deceasedDateTime": "2005-03-01"}, "deceasedDateTime"),
    ],
)
def test_the_dead_are_refused_as_patients(dead, path):
    refusal = refused(bundle(patient=changed(PATIENT, **dead)))
    assert paths(refusal) == [f"Bundle.entry[0].resource.{path}"]
    assert not refusal.unreadable


def test_somebody_recorded_as_living_is_taken():
    assert taken(bundle(patient=changed(PATIENT, deceasedBoolean=False)))


def test_a_record_that_was_replaced_is_refused():
    link = [{"type": "replaced-by", "other": {"display": "another"}}]
    assert paths(refused(bundle(patient=changed(PATIENT, link=link)))) == [
        "Bundle.entry[0].resource.link[0]"
    ]


# 08, 09, 10, 19: elements, their types and codes


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"status": "final "}, "status"),
        ({"status": "FINAL"}, "status"),
        ({"status": ["final"]}, "status"),
        ({"status": 1}, "status"),
        ({"status": {"code": "final"}}, "status"),
        ({"code": None}, "code"),
        ({"code": "29463-7"}, "code"),
        ({"code": {"coding": {"code": "29463-7"}}}, "code.coding"),
        ({"code": {"coding": ["29463-7"]}}, "code.coding[0]"),
        ({"code": {"coding": []}}, "code.coding"),
        ({"code": {}}, "code"),
        ({"category": {"text": "vital signs"}}, "category"),
        ({"valueQuantity": {"value": "70"}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": True}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": 70, "comparator": "="}}, "valueQuantity.comparator"),
        ({"valueQuantity": [{"value": 70}]}, "valueQuantity"),
        ({"valueString": "70"}, "value"),
        ({"valueBanana": 70}, "valueBanana"),
        ({"dataAbsentReason": {"text": "none"}}, "dataAbsentReason"),
        ({"component": [{"valueInteger": 1}]}, "component[0].code"),
        ({"statuss": "final"}, "statuss"),
        ({"_code": {"id": "x"}}, "_code"),
        ({"_status": "x"}, "status"),
        ({"extension": [{"valueString": "x"}]}, "extension[0].url"),
        ({"extension": [{"url": "urn:x"}]}, "extension[0]"),
        ({"note": [{"text": ""}]}, "note[0].text"),
        ({"note": [None]}, "note[0]"),
        ({"id": "with space"}, "id"),
        ({"contained": [{"resourceType": "Medication"}]}, "contained[0].id"),
        ({"contained": [{"id": "x"}]}, "contained[0].resourceType"),
        ({"method": {"text": "a\x00b"}}, "method.text"),
        ({"method": {"text": "a\ud800b"}}, "method.text"),
    ],
)
def test_what_has_another_shape_than_fhir_gives_it_is_refused_at_its_place(changes, path):
    refusal = refused(bundle(changed(WEIGHT, **changes)))
    assert f"Bundle.entry[1].resource.{path}" in paths(refusal)


def test_null_is_refused_where_fhir_leaves_out():
    value = bundle(WEIGHT)
    value["entry"][1]["resource"]["bodySite"] = None
    assert paths(refused(value)) == ["Bundle.entry[1].resource.bodySite"]


def test_a_gap_in_a_list_of_texts_is_lawful_beside_its_note():
    name = {
        "family": "Exampleby",
        "given": [None, "Nora"],
        "_given": [{"extension": [{"url": "urn:x", "valueCode": "masked"}]}, None],
    }
    assert taken(bundle(patient=changed(PATIENT, name=[name]))).chart.person.given == "Nora"


def test_a_clinical_status_of_another_system_is_refused():
    status = {"coding": [{"system": "urn:own", "code": "active"}]}
    assert paths(refused(bundle(changed(CONDITION, clinicalStatus=status)))) == [
        "Bundle.entry[1].resource.clinicalStatus"
    ]


def test_a_clinical_status_outside_its_value_set_is_refused():
    status = json.loads(json.dumps(CONDITION["clinicalStatus"]).replace("active", "ongoing"))
    assert paths(refused(bundle(changed(CONDITION, clinicalStatus=status)))) == [
        "Bundle.entry[1].resource.clinicalStatus.coding[0].code"
    ]


def test_a_required_status_that_is_only_explained_as_absent_is_present():
    absent = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                "valueCode": "unknown",
            }
        ]
    }
    order = {
        "resourceType": "MedicationRequest",
        "_status": absent,
        "intent": "order",
        "subject": {"reference": PATIENT_URL},
        "medicationCodeableConcept": {"text": "sertraline"},
    }
    (told,) = taken(bundle(order)).chart.medications
    assert (told.status, told.usable) == ("", False)


# 25: keys


def test_a_key_that_stands_twice_is_refused_wherever_it_stands():
    text = referrals.as_json(bundle(WEIGHT)).decode()
    twice = text.replace('"code": "kg"', '"code": "kg", "code": "g"').encode()
    assert paths(refused(twice)) == ["Bundle.entry[1].resource.valueQuantity.code"]
    top = text.replace('"type": "collection"', '"type": "collection", "type": "collection"')
    assert paths(refused(top.encode())) == ["Bundle.type"]


# 02, 31: bundles


@pytest.mark.parametrize(
    "kind", ["batch", "message", "searchset", "history", "batch-response", "banana"]
)
def test_only_three_types_of_bundle_are_referrals(kind):
    assert "Bundle.type" in paths(refused(bundle() | {"type": kind}))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET", "HEAD"])
def test_a_referral_may_only_add(method):
    value = bundle(CONDITION) | {"type": "transaction"}
    for entry in value["entry"]:
        entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    assert taken(value)
    value["entry"][1]["request"]["method"] = method
    assert paths(refused(value)) == ["Bundle.entry[1].request.method"]


def test_an_entry_of_a_transaction_needs_its_request():
    value = bundle() | {"type": "transaction"}
    assert paths(refused(value)) == ["Bundle.entry[0].request"]


def test_an_entry_needs_a_resource():
    value = bundle()
    value["entry"].append({"fullUrl": "urn:uuid:e23ae7e1-6452-581d-9557-2e35bb525765"})
    assert paths(refused(value)) == ["Bundle.entry[1].resource"]


@pytest.mark.parametrize("entry", [None, [], {}, "x", 1, [None], [[]], ["x"]])
def test_entries_of_another_shape_are_refused(entry):
    assert refused(bundle() | {"entry": entry}).faults


def test_a_bundle_without_entries_has_no_patient():
    value = bundle()
    del value["entry"]
    assert paths(refused(value)) == ["Bundle.entry"]


def test_a_withdrawn_document_is_refused():
    value = json.loads(referrals.referral("19"))
    value["entry"][0]["resource"]["status"] = "entered-in-error"
    assert paths(refused(value)) == ["Bundle.entry[0].resource.status"]


def test_a_document_begins_with_its_composition():
    value = json.loads(referrals.referral("19"))
    value["entry"][0], value["entry"][1] = value["entry"][1], value["entry"][0]
    assert "Bundle.entry[0].resource" in paths(refused(value))


# 15: modifiers


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("component", "component[0].modifierExtension[0]"),
        ("resource", "modifierExtension[0]"),
        ("rules", "implicitRules"),
    ],
)
def test_what_may_turn_a_meaning_round_never_becomes_a_fact(place, path):
    modifier = [{"url": "urn:turned", "valueBoolean": True}]
    part = {"code": {"text": "part"}, "valueInteger": 1}
    observation = changed(WEIGHT, component=[part])
    if place == "component":
        observation["component"][0]["modifierExtension"] = modifier
    elif place == "resource":
        observation["modifierExtension"] = modifier
    else:
        observation["implicitRules"] = "urn:rules"
    reading = taken(bundle(observation))
    assert not reading.chart.observations[0].usable
    assert [p.path for p in reading.chart.problems] == [f"Bundle.entry[1].resource.{path}"]


@pytest.mark.parametrize("where", ["patient", "bundle"])
def test_a_modifier_of_the_person_or_the_whole_refuses_the_referral(where):
    value = bundle(WEIGHT)
    if where == "patient":
        value["entry"][0]["resource"]["modifierExtension"] = [{"url": "urn:x", "valueCode": "y"}]
    else:
        value["implicitRules"] = "urn:rules"
    assert refused(value).faults
