"""Taking in referrals: whole or not at all, once, and to the right person."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection, connections
from tests.support import referrals
from tests.support.people import make_user
from tests.support.referrals import CONDITION, PATIENT, WEIGHT, bundle, changed

from evenkeel.core.chart import Refused
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import ChartItem, Patient, PatientIdentifier, Referral
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.selectors.patients import Stage, chart_of, how_many, people
from evenkeel.web.records.services.referrals import Receipt, Via, receive

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
ROWS = referrals.faults()
pytestmark = pytest.mark.django_db


def send(value: Any, at: datetime = NOW) -> Receipt:
    raw = value if isinstance(value, bytes) else referrals.as_json(value)
    return receive(raw=raw, by=None, via=Via.COMMAND, at=at)


def counts() -> tuple[int, ...]:
    kinds = (Patient, PatientIdentifier, Referral, ChartItem, Entry)
    return tuple(kind.objects.count() for kind in kinds)


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r["expect"] == "reject"], ids=lambda r: r["file"]
)
def test_a_refused_referral_stores_nothing(row):
    before = counts()
    with pytest.raises(Refused):
        send(referrals.faulty(row["file"][:2]))
    assert counts() == before


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r["expect"] == "accept"], ids=lambda r: r["file"]
)
def test_an_accepted_referral_stores_everything_word_for_word(row):
    raw = referrals.faulty(row["file"][:2])
    receipt = send(raw)
    stored = Referral.objects.get(pk=receipt.referral.pk)
    assert bytes(stored.raw) == raw
    assert stored.raw_sha256 == sha256(raw).hexdigest()
    sent = [entry["resource"] for entry in json.loads(raw)["entry"]]
    assert [item.resource for item in stored.items.all()] == sent
    paths = [problem["path"] for problem in stored.problems]
    assert not row["expression"] or row["expression"] in paths


def test_digits_are_stored_as_they_were_written():
    raw = referrals.as_json(bundle(WEIGHT)).replace(b'"value": 70', b'"value": 70.50')
    send(raw)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT resource #>> '{valueQuantity,value}' FROM records_chartitem "
            "WHERE kind = 'Observation'"
        )
        assert cursor.fetchone() == ("70.50",)


def test_a_referral_becomes_a_person_a_chart_and_a_sentence():
    receipt = send(referrals.referral("01"))
    assert receipt.is_new
    assert receipt.patient_is_new
    assert receipt.patient.sex == "male"
    assert receipt.referral.items.count() == 155
    chart = chart_of(receipt.patient)
    assert len(chart.observations) == 124
    assert len(chart.problems) == 8
    (entry,) = Entry.objects.filter(action="referral.received")
    assert "155 entries kept" in entry.sentence
    assert receipt.patient.family not in entry.sentence


def test_what_was_entered_in_error_is_struck_out_and_kept():
    send(referrals.faulty("16"))
    struck = ChartItem.objects.filter(struck_out=True)
    assert [item.kind for item in struck] == ["Condition", "Observation"]


# Once


def test_the_same_bundle_twice_is_one_referral():
    first = send(bundle(WEIGHT))
    before = counts()
    again = send(bundle(WEIGHT))
    assert (again.is_new, again.patient_is_new) == (False, False)
    assert again.referral == first.referral
    assert again.problems == first.problems
    assert counts() == before


def test_the_same_content_in_another_order_and_spacing_is_the_same_referral():
    first = send(bundle(WEIGHT, CONDITION))
    shuffled = bundle(CONDITION, WEIGHT)
    again = send(json.dumps(shuffled, indent=2, sort_keys=True).encode())
    assert again.referral == first.referral
    assert Referral.objects.count() == 1


def test_the_answer_to_a_repeat_lists_the_problems_again():
    first = send(referrals.faulty("12"))
    again = send(referrals.faulty("12"))
    assert first.problems == again.problems != ()


@pytest.mark.django_db(transaction=True)
def test_two_copies_at_the_same_moment_are_one_referral():
    raw = referrals.as_json(bundle(WEIGHT, CONDITION))
    start = threading.Barrier(2)
    receipts: list[Receipt] = []

    def one() -> None:
        try:
            start.wait()
            receipts.append(receive(raw=raw, by=None, via=Via.COMMAND, at=NOW))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.is_new for receipt in receipts) == [False, True]
    assert Patient.objects.count() == Referral.objects.count() == 1
    assert ChartItem.objects.count() == 3


# Whom


def test_a_second_referral_with_the_same_identifier_is_about_the_same_person():
    first = send(bundle(WEIGHT))
    second = send(bundle(CONDITION))
    assert second.is_new
    assert second.patient == first.patient
    chart = chart_of(first.patient)
    assert (len(chart.observations), len(chart.conditions)) == (1, 1)


def test_a_resource_sent_again_counts_once_and_a_new_version_replaces_it():
    heavy = bundle(WEIGHT)
    heavy["entry"][1]["fullUrl"] = "urn:uuid:3b59a40c-03ac-5a87-a194-42dd34f71b87"
    patient = send(heavy).patient
    send(bundle(changed(WEIGHT, id="other")))
    light = json.loads(json.dumps(heavy))
    light["entry"][1]["resource"]["valueQuantity"]["value"] = 68
    light["entry"].append({"resource": changed(WEIGHT, id="other")})
    send(light)
    values = sorted(o.quantity.value for o in chart_of(patient).observations)
    assert values == [68, 70]
    assert ChartItem.objects.filter(kind="Observation").count() == 4


def test_the_same_name_with_another_identifier_is_another_person_and_flagged():
    first = send(bundle())
    other = changed(PATIENT, identifier=[{"system": "urn:oid:2.999.1", "value": "T-0002"}])
    second = send(bundle(patient=other))
    assert second.patient != first.patient
    assert second.patient.possible_duplicate_of == first.patient
    assert first.patient.number in second.problems[-1].text


@pytest.mark.parametrize(
    "other", [{"birthDate": "1981-02-04"}, {"gender": "male"}, {"name": [{"family": "Other"}]}]
)
def test_another_birth_sex_or_name_is_no_duplicate(other):
    send(bundle())
    identifier = [{"system": "urn:oid:2.999.1", "value": "T-0002"}]
    second = send(bundle(patient=changed(PATIENT, identifier=identifier, **other)))
    assert second.patient.possible_duplicate_of is None


def test_the_same_identifier_with_another_birth_is_refused():
    send(bundle())
    before = counts()
    with pytest.raises(Refused) as refusal:
        send(bundle(WEIGHT, patient=changed(PATIENT, birthDate="1990-05-05")))
    assert refusal.value.faults[0].path == "Bundle.entry[0].resource.birthDate"
    assert counts() == before


def test_a_partial_birth_that_fits_is_the_same_person():
    send(bundle())
    second = send(bundle(WEIGHT, patient=changed(PATIENT, birthDate="1981")))
    assert not second.patient_is_new
    assert second.patient.birth == "1981-02-03"


def test_identifiers_of_two_people_are_refused():
    send(bundle())
    other = [{"system": "urn:oid:2.999.1", "value": "T-0002"}]
    send(bundle(patient=changed(PATIENT, identifier=other, birthDate="1990-05-05")))
    before = counts()
    with pytest.raises(Refused) as refusal:
        send(bundle(WEIGHT, patient=changed(PATIENT, identifier=PATIENT["identifier"] + other)))
    assert refusal.value.faults[0].path == "Bundle.entry[0].resource.identifier"
    assert counts() == before


def test_a_further_referral_fills_gaps_and_never_overwrites():
    send(bundle(patient=changed(PATIENT, birthDate=None)))
    telecom = [{"system": "email", "value": "nora@example.org"}]
    names = [{"family": "Married", "given": ["Nora"]}]
    second = send(bundle(patient=changed(PATIENT, telecom=telecom, name=names)))
    patient = Patient.objects.get()
    assert (patient.family, patient.email) == ("Exampleby", "nora@example.org")
    assert patient.birth == "1981-02-03"
    assert "was not changed" in second.problems[-1].text


def test_somebody_recorded_here_as_dead_is_refused():
    patient = send(bundle()).patient
    patient.deceased = True
    patient.save()
    with pytest.raises(Refused, match="recorded here as dead"):
        send(bundle(WEIGHT))


def test_only_those_who_may_receive_referrals_can():
    raw = referrals.as_json(bundle())
    for role, may in (("coordinator", True), ("prescriber", True), ("nurse", False)):
        user = make_user(role)
        if may:
            assert receive(raw=raw, by=user, via=Via.UPLOAD, at=NOW)
        else:
            with pytest.raises(Denied):
                receive(raw=raw, by=user, via=Via.UPLOAD, at=NOW)
    with pytest.raises(Denied):
        receive(raw=raw, by=None, via=Via.POST, at=NOW)


# Finding people


def test_people_are_found_by_name_number_and_identifier():
    patient = send(bundle()).patient
    for words in ("example", "NORA", "nora exampleby", patient.number, patient.number.lower(),
                  str(patient.pk), "T-0001"):  # fmt: skip
        assert list(people(words)) == [patient], words
    for words in ("nobody", "nora nobody", "EK-999999999999999999999", "EK-", "T-000"):
        assert not people(words).exists(), words


def test_everybody_has_a_stage():
    send(bundle())
    assert [person.stage for person in people()] == [Stage.REFERRED]
    assert how_many() == {Stage.REFERRED: 1}
    assert not people(stage=Stage.RUNNING).exists()
