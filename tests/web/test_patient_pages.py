"""The pages of patients and referrals, as their readers use them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.support import referrals
from tests.support.referrals import PATIENT, bundle, changed

from evenkeel.core.chart import PartialDate, Quantity
from evenkeel.web.clinic.chart_words import quantity, written
from evenkeel.web.clinic.referral_words import indented
from evenkeel.web.records.models import Assessment, Patient, Referral
from evenkeel.web.records.selectors import today
from evenkeel.web.records.selectors.patients import people
from evenkeel.web.records.services import screening
from evenkeel.web.records.services.referrals import Receipt, Via, receive

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def send(raw: bytes) -> Receipt:
    return receive(raw=raw, by=None, via=Via.COMMAND, at=NOW)


def file_of(name: str, raw: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, raw, content_type="application/json")


def page_of(client, name: str, *args, **query) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


# Upload


def test_an_uploaded_file_becomes_a_patient_with_a_link_to_the_chart(client_as):
    client = client_as("coordinator")
    answer = client.post(
        reverse("clinic:referral-add"), {"files": file_of("a.json", referrals.referral("01"))}
    )
    patient = Patient.objects.get()
    assert answer.status_code == 200
    assert reverse("clinic:patient", args=[patient.number]) in answer.content.decode()
    assert Referral.objects.get().by == client.user


def test_each_of_several_files_has_its_own_answer(client_as):
    files = [
        file_of("good.json", referrals.referral("09")),
        file_of("dead.json", referrals.referral("10")),
        file_of("torn.json", referrals.faulty("01")),
    ]
    answer = client_as("coordinator").post(reverse("clinic:referral-add"), {"files": files})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "1 taken in, 2 refused." in page
    assert "Bundle.entry[0].resource.deceasedDateTime" in page
    assert "line 1 column 60" in page
    assert page.count("Nothing of it was stored.") == 2
    assert Patient.objects.count() == 1


def test_a_refusal_shows_every_fault_with_its_place(client_as):
    answer = client_as("prescriber").post(
        reverse("clinic:referral-add"), {"files": file_of("note.json", referrals.faulty("32"))}
    )
    page = answer.content.decode()
    for number in (10, 11, 13, 15, 20, 28, 29):
        assert f"Bundle.entry[{number}]" in page


def test_the_same_file_again_says_so(client_as):
    client = client_as("coordinator")
    for words in ("Taken in, a new person", "It was here already"):
        answer = client.post(
            reverse("clinic:referral-add"), {"files": file_of("a.json", referrals.referral("09"))}
        )
        assert words in answer.content.decode()


def test_no_file_is_told(client_as):
    answer = client_as("coordinator").post(reverse("clinic:referral-add"))
    assert answer.status_code == 422
    assert "Choose at least one file." in answer.content.decode()


def test_too_many_files_at_once_are_told_and_none_is_read(client_as):
    files = [file_of(f"{number}.json", referrals.as_json(bundle())) for number in range(21)]
    answer = client_as("coordinator").post(reverse("clinic:referral-add"), {"files": files})
    assert answer.status_code == 422
    assert not Patient.objects.exists()


@pytest.mark.parametrize("role", ["nurse", "pharmacist"])
def test_who_may_only_see_is_offered_no_upload(role, client_as):
    client = client_as(role)
    assert reverse("clinic:referral-add") not in page_of(client, "clinic:patients")
    answer = client.post(
        reverse("clinic:referral-add"), {"files": file_of("a.json", referrals.referral("09"))}
    )
    assert answer.status_code == 403
    assert not Patient.objects.exists()


@pytest.mark.parametrize("role", ["researcher", "administrator", "patient"])
def test_who_may_not_see_patients_sees_none(role, client_as):
    receipt = send(referrals.as_json(bundle()))
    client = client_as(role)
    for address in (
        reverse("clinic:patients"),
        reverse("clinic:patient", args=[receipt.patient.number]),
        reverse("clinic:referrals"),
        reverse("clinic:referral", args=[receipt.referral.pk]),
        reverse("clinic:referral-file", args=[receipt.referral.pk]),
        reverse("clinic:referral-entry", args=[receipt.referral.pk, 0]),
    ):
        answer = client.get(address)
        assert answer.status_code in (403, 404)
        assert "Exampleby" not in answer.content.decode()


# Referral


def test_a_referral_lists_what_was_not_understood_and_shows_it_word_for_word(client_as):
    receipt = send(referrals.faulty("14"))
    client = client_as("nurse")
    page = page_of(client, "clinic:referral", receipt.referral.pk)
    assert "NutritionIntake" in page
    assert "Bundle.entry[0].resource.extension[0]" in page
    entry = page_of(client, "clinic:referral-entry", receipt.referral.pk, 2)
    assert "&quot;resourceType&quot;: &quot;NutritionIntake&quot;" in entry


def test_the_file_can_be_had_byte_for_byte(client_as):
    raw = referrals.referral("19")
    receipt = send(raw)
    answer = client_as("nurse").get(reverse("clinic:referral-file", args=[receipt.referral.pk]))
    assert answer.content == raw
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_an_entry_that_is_not_there_is_not_found(client_as):
    receipt = send(referrals.as_json(bundle()))
    client = client_as("nurse")
    for args in ([receipt.referral.pk, 1], [receipt.referral.pk + 1, 0]):
        assert client.get(reverse("clinic:referral-entry", args=args)).status_code == 404


def test_codes_that_no_rule_reads_are_listed(client_as):
    receipt = send(
        referrals.faulty("23")
        .replace(b"F33.2", b"Q99.9")
        .replace(b"Major depr", b"Some other depr")
    )
    page = page_of(client_as("nurse"), "clinic:referral", receipt.referral.pk)
    assert "Codes that no rule reads" in page
    assert "ICD-10-CM Q99.9" in page


# Chart


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("11", "1,400/90 mmHg"),
        ("11", "Not a fact:"),
        ("12", "11 stone"),
        ("13", "154.3 lb"),
        ("16", "<del>Abdominal aortic aneurysm</del>"),
        ("16", "<del>700 kg</del>"),
        ("20", "100 mg once a day"),
        ("24", "Jul 2019"),
        ("26", "128/82 mmHg"),
        ("27", "&gt; 60 mL/min/1.73 m²"),
        ("28", "must NOT be given"),
        ("29", "no value: asked declined"),
        ("30", "looked for and not there"),
    ],
)
def test_the_chart_says_what_the_record_says(sample, words, client_as):
    receipt = send(referrals.faulty(sample))
    assert words in page_of(client_as("nurse"), "clinic:patient", receipt.patient.number)


def test_a_birth_known_in_part_is_shown_in_part(client_as):
    receipt = send(referrals.faulty("24"))
    client = client_as("nurse")
    assert "<dd>1981</dd>" in page_of(client, "clinic:patient", receipt.patient.number)
    assert "1981, female" in page_of(client, "clinic:patients")


def test_an_empty_record_says_that_nothing_is_not_none(client_as):
    receipt = send(referrals.referral("19"))
    page = page_of(client_as("nurse"), "clinic:patient", receipt.patient.number)
    assert page.count("That is not the same as none: ask.") == 3


@pytest.mark.parametrize(
    ("role", "ratings", "send_form"),
    [("nurse", 1, 1), ("coordinator", 0, 1), ("pharmacist", 0, 0)],
)
def test_a_chart_has_doors_only_to_what_its_reader_may_open(client_as, role, ratings, send_form):
    number = send(referrals.as_json(bundle())).patient.number
    client = client_as(role)
    page = page_of(client, "clinic:patient", number)
    for name, there in (
        ("clinic:screening", 1),
        ("clinic:record_rating", ratings),
        ("clinic:send_questionnaire", send_form),
    ):
        address = reverse(name, args=[number])
        assert page.count(f'href="{address}"') == there
        assert client.get(address).status_code == (200 if there else 403)


def test_a_possible_duplicate_is_told_on_both_charts(client_as):
    first = send(referrals.as_json(bundle())).patient
    other = changed(PATIENT, identifier=[{"system": "urn:oid:2.999.1", "value": "T-0002"}])
    second = send(referrals.as_json(bundle(patient=other))).patient
    client = client_as("nurse")
    assert first.number in page_of(client, "clinic:patient", second.number)
    assert second.number in page_of(client, "clinic:patient", first.number)
    assert "possible duplicate" in page_of(client, "clinic:patients")


def test_looking_at_a_chart_is_in_the_ledger(client_as):
    from evenkeel.web.ledger.models import Entry

    receipt = send(referrals.as_json(bundle()))
    client = client_as("nurse")
    page_of(client, "clinic:patient", receipt.patient.number)
    (look,) = Entry.objects.filter(action="patient.looked_at")
    assert look.actor_id == client.user.pk


@pytest.mark.parametrize("number", ["EK-999999", "nobody", "EK-99999999999999999999", "1"])
def test_nobody_has_such_a_number(number, client_as):
    answer = client_as("nurse").get(reverse("clinic:patient", args=[number]))
    assert answer.status_code == 404


# List


def test_the_list_is_searched_filtered_and_empty_with_words(client_as):
    client = client_as("nurse")
    assert "Nobody has been referred yet" in page_of(client, "clinic:patients")
    patient = send(referrals.as_json(bundle())).patient
    assert patient.full_name in page_of(client, "clinic:patients", words="nora")
    assert patient.full_name in page_of(client, "clinic:patients", stage="referred")
    assert "Nobody fits this" in page_of(client, "clinic:patients", words="xyz")
    assert "Nobody fits this" in page_of(client, "clinic:patients", stage="running")
    assert patient.full_name in page_of(client, "clinic:patients", stage="no-such-stage", page="x")


def test_who_was_told_to_wait_is_still_to_be_screened_on_the_list_and_on_the_worklist(user_of):
    patient = send(referrals.as_json(bundle())).patient
    assert list(today.to_screen()) == list(people(stage="referred")) == [patient]
    for choice, lists in (("wait", [patient]), ("decline", [])):
        screening.decide(
            patient=patient, pack="asra-2018-chronic-pain", product="racemic_iv",
            indication="crps", choice=choice, reason="More is needed.",
            by=user_of("prescriber"), at=datetime(2026, 11, 24, 15, tzinfo=UTC),
        )  # fmt: skip
        assert list(today.to_screen()) == list(people(stage="referred")) == lists


def test_a_long_list_has_pages(client_as):
    Patient.objects.bulk_create(
        Patient(family=f"Person{number:03}", given="A") for number in range(60)
    )
    client = client_as("nurse")
    assert "Person000" not in page_of(client, "clinic:patients", page=2)
    assert "PERSON025" in page_of(client, "clinic:patients", page=2)
    assert "PERSON059" in page_of(client, "clinic:patients", page=3)


def test_the_list_asks_the_database_a_fixed_number_of_questions(
    client_as, django_assert_max_num_queries
):
    Patient.objects.bulk_create(Patient(family=f"P{number}", given="A") for number in range(25))
    client = client_as("nurse")
    with django_assert_max_num_queries(8):
        client.get(reverse("clinic:patients"))


# Words


@pytest.mark.parametrize(
    ("value", "unit", "comparator", "shown"),
    [
        ("98.30000000000001", "kg", "", "98.3 kg"),
        ("38.0", "mg", "", "38 mg"),
        ("0.004", "ng/mL", "<", "< 0.004 ng/mL"),
        ("60", "mL/min/{1.73_m2}", ">", "> 60 mL/min/1.73 m²"),
        ("27", "{score}", "", "27"),
        ("1400", "mm[Hg]", "", "1,400 mmHg"),
    ],
)
def test_a_quantity_is_written_for_reading(value, unit, comparator, shown):
    given = Quantity(value=Decimal(value), unit=unit, comparator=comparator)
    assert quantity(given) == shown


def test_a_day_is_written_as_far_as_it_is_known():
    assert written(PartialDate(2019, 7)) == "Jul 2019"
    assert written(PartialDate(2019)) == "2019"
    assert written(PartialDate(2019, 7, 4)) == "4 Jul 2019"
    assert written(None) == "not in the record"


def test_indenting_keeps_every_character_of_the_content():
    text = '{"a":[1.50,{"b":"x, y: {z}\\""}],"c":true}'
    assert "".join(indented(text).split()) == "".join(text.split())
    assert '"b": "x, y: {z}\\""' in indented(text)


def test_the_latest_measures_come_first_and_old_ones_say_so(client_as):
    receipt = send(referrals.referral("01"))
    page = page_of(client_as("nurse"), "clinic:patient", receipt.patient.number)
    measured = page[page.index("Measured last") : page.index('id="conditions"')]
    assert "113/73" in measured
    assert "5 Sep 2020, too old to use" in measured


def test_a_measure_that_does_not_count_is_not_among_the_latest(client_as):
    receipt = send(referrals.faulty("12"))
    page = page_of(client_as("nurse"), "clinic:patient", receipt.patient.number)
    measured = page[page.index("Measured last") : page.index('id="conditions"')]
    assert "stone" not in measured
    assert measured.count("Not in the record") == 3


def test_a_score_given_here_stands_among_the_latest_measures(client_as):
    patient = send(referrals.as_json(bundle())).patient
    Assessment.objects.create(
        patient=patient, instrument="phq9", instrument_version="1", total=14, complete=True, at=NOW
    )
    page = page_of(client_as("nurse"), "clinic:patient", patient.number)
    measured = page[page.index("Measured last") : page.index('id="conditions"')]
    assert "14" in measured
    assert "24 Nov 2026, answered by the patient" in measured
