"""Packets for payers: assembled from what is charted, issued once, kept for ever."""

from __future__ import annotations

import html
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from uuid import uuid4

import pypdf
import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from tests.support.referrals import CONDITION, PATIENT, WEIGHT, as_json, bundle, changed

from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.ledger.models import Entry
from evenkeel.web.paper.typeset import typeset
from evenkeel.web.records.models import Packet
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.selectors.packets import packet_of
from evenkeel.web.records.services import packets, questionnaires, referrals, screening

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TODAY = date(2026, 11, 24)
FIRST = "payer-first-esketamine"
DEPRESSION = changed(
    CONDITION,
    id="d1",
    code={
        "coding": [
            {
                "system": "http://hl7.org/fhir/sid/icd-10-cm",
                "code": "F33.2",
                "display": "Major depressive disorder, recurrent severe",
            }
        ]
    },
    onsetDateTime="2024-03-01",
)
TRIALS = [
    {
        "drug": drug,
        "dose_mg_per_day": dose,
        "start": start,
        "end": end,
        "improvement_percent": 10,
        "adherent": True,
    }
    for drug, dose, start, end in (
        ("sertraline", 150, "2024-04-01", "2024-08-01"),
        ("venlafaxine", 225, "2025-01-10", "2025-06-10"),
    )
]


@pytest.fixture
def patient(user_of):
    raw = as_json(bundle(WEIGHT, DEPRESSION, patient=PATIENT))
    receipt = referrals.receive(
        raw=raw, by=user_of("coordinator"), via=referrals.Via.UPLOAD, at=NOW - timedelta(days=3)
    )
    return receipt.patient


def tell(patient, by, **facts):
    for name, value in facts.items():
        screening.answer_fact(
            patient=patient, name=name, value=value, by=by, at=NOW, said_by="clinician"
        )


def seen(patient, pack=FIRST, parts=()):
    made = packet_of(patient, pack=library().payers[pack], as_of=TODAY, parts=parts)
    return packets.fingerprint_of(made)


def issue(patient, by, pack=FIRST, parts=(), at=NOW, **more):
    return packets.issue(
        patient=patient, pack=pack, parts=parts, by=by, at=at,
        **{"seen": seen(patient, pack, parts)} | more,
    )  # fmt: skip


def words_of(packet) -> str:
    reader = pypdf.PdfReader(BytesIO(bytes(packet.pdf)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def lines_of(action):
    return list(Entry.objects.filter(action=action).order_by("seq"))


# -- issuing ---------------------------------------------------------------------------


def test_issuing_keeps_bytes_inputs_and_a_line_of_the_ledger_in_one_act(patient, user_of):
    by = user_of("coordinator")
    packet = issue(patient, by, parts=["trials", "scores"])
    assert packet.pdf_sha256 == sha256(bytes(packet.pdf)).hexdigest()
    assert packet.content_sha256 == library().sha256
    (line,) = lines_of("packet.issued")
    assert line.actor_id == by.pk
    assert line.patient_id == patient.pk
    assert line.data["sha256"] == packet.pdf_sha256
    assert "depress" not in line.sentence.lower()


def test_the_kept_inputs_give_the_same_bytes_again(patient, user_of):
    packet = issue(patient, user_of("prescriber"), parts=["trials"])
    again = typeset("packet", Packet.objects.get(pk=packet.pk).sheet, made_at=packet.at)
    assert again == bytes(packet.pdf)


def test_the_files_own_date_is_the_moment_of_issuing_whatever_the_clinics_zone(patient, user_of):
    packet = issue(patient, user_of("prescriber"))
    made = pypdf.PdfReader(BytesIO(bytes(packet.pdf))).metadata.creation_date
    assert made == NOW
    assert "Issued 24 Nov 2026, 10:00 EST by" in words_of(packet)


def test_a_repeated_press_issues_one_packet(patient, user_of):
    once, by, as_seen = uuid4(), user_of("coordinator"), seen(patient)
    first = issue(patient, by, once=once, seen=as_seen)
    assert issue(patient, by, once=once, seen=as_seen).pk == first.pk
    assert Packet.objects.count() == 1
    assert len(lines_of("packet.issued")) == 1


@pytest.mark.parametrize("role", ["nurse", "pharmacist", "administrator", "researcher"])
def test_only_a_coordinator_or_a_prescriber_issues(patient, user_of, role):
    with pytest.raises(Denied):
        issue(patient, user_of(role))
    assert not Packet.objects.exists()


def test_what_changed_since_it_was_read_is_not_issued(patient, user_of):
    as_seen = seen(patient)
    tell(patient, user_of("prescriber"), indication="trd")
    with pytest.raises(packets.CannotIssue, match="changed since you looked"):
        issue(patient, user_of("coordinator"), seen=as_seen)
    assert not Packet.objects.exists()
    assert not lines_of("packet.issued")


def test_a_later_packet_names_the_one_it_replaces_and_both_stay(patient, user_of):
    by = user_of("coordinator")
    first = issue(patient, by)
    tell(patient, user_of("prescriber"), indication="trd")
    second = issue(patient, by, at=NOW + timedelta(hours=1))
    other = issue(patient, by, pack="payer-again-esketamine", at=NOW + timedelta(hours=2))
    assert second.replaces == first
    assert other.replaces is None
    assert f"This packet replaces {first.code}" in words_of(second)
    assert bytes(Packet.objects.get(pk=first.pk).pdf) == bytes(first.pdf)


def test_an_issued_packet_cannot_be_changed_or_taken_away(patient, user_of):
    packet = issue(patient, user_of("coordinator"))
    for sql in ("UPDATE records_packet SET code = 'x'", "DELETE FROM records_packet"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert Packet.objects.get(pk=packet.pk).code == packet.code


@pytest.mark.parametrize(("pack", "part"), [("apa-2017", "trials"), (FIRST, "notes")])
def test_a_guideline_or_an_unknown_part_makes_no_packet(patient, user_of, pack, part):
    with pytest.raises(packets.CannotIssue):
        packets.issue(
            patient=patient, pack=pack, parts=[part], seen="", by=user_of("coordinator"), at=NOW
        )


def test_a_name_that_the_fonts_cannot_draw_is_refused_by_name(patient, user_of):
    patient.family = "張"
    patient.save()
    with pytest.raises(packets.CannotIssue, match="cannot draw “張”") as refused:
        issue(patient, user_of("coordinator"))
    assert "U+5F35" in str(refused.value)
    assert "Name" in str(refused.value)
    assert not Packet.objects.exists()


# -- what stands in it -------------------------------------------------------------------


def test_the_paper_says_what_is_missing_before_anything_else(patient, user_of):
    packet = issue(patient, user_of("coordinator"), parts=["trials"])
    words = words_of(packet)
    assert f"This packet is not complete: {packet.missing} things are missing." in words
    assert words.index("This packet is not complete") < words.index("The person")
    for gap in ("Indication", "Antidepressant trials", "Referrer", "Prescriber", "Course"):
        assert gap in words


def test_the_diagnosis_stands_with_its_code_and_where_it_is_from(patient, user_of):
    words = words_of(issue(patient, user_of("coordinator")))
    assert "F33.2 (ICD-10-CM)" in words
    assert "Condition/d1 in the referral of 21 Nov 2026" in words
    assert "since 1 Mar 2024" in words


def test_an_answer_says_who_gave_it_and_when(patient, user_of):
    by = user_of("prescriber")
    tell(patient, by, indication="trd", product="esketamine_nasal")
    words = words_of(issue(patient, user_of("coordinator")))
    assert f"answered by {by.short_name} on 24 Nov 2026" in words


def test_trials_stand_under_every_definition_and_the_counts_say_so(patient, user_of):
    by = user_of("prescriber")
    tell(patient, by, antidepressant_trials=TRIALS)
    words = words_of(issue(patient, user_of("coordinator"), parts=["trials"]))
    for definition in library().knowledge.definitions.values():
        assert definition.title in words
    assert "Sertraline" in words
    assert "1 Apr 2024 to 1 Aug 2024" in words
    assert f"Where from: answered by {by.short_name}" in words


def test_a_score_goes_in_as_a_total_with_its_day_and_never_as_answers(patient, user_of):
    answers = {f"q{n}": 2 for n in range(1, 10)} | {"q9": 1}
    questionnaires.record_answers(
        patient=patient, instrument="phq9", answers=answers, by=user_of("nurse"),
        taken_at=NOW - timedelta(days=2), at=NOW - timedelta(days=2),
    )  # fmt: skip
    packet = issue(patient, user_of("coordinator"), parts=["scores"])
    words = words_of(packet)
    assert "17 of 27" in words
    assert "22 Nov 2026" in words
    assert "q9" not in str(packet.sheet)
    line = next(one for one in packet.sheet["criteria"] if one["id"] == "PAYFIRST-006")
    assert line["finding"] == "met"


def test_what_was_left_out_is_not_in_the_file(patient, user_of):
    tell(patient, user_of("prescriber"), antidepressant_trials=TRIALS)
    packet = issue(patient, user_of("coordinator"), parts=[])
    assert "sertraline" not in str(packet.sheet)
    assert "Left out of this packet" in words_of(packet)


def test_no_payer_rule_reaches_the_verdicts_on_care(patient, user_of, client_as):
    page = client_as("prescriber").get(reverse("clinic:screening", args=[patient.number]))
    assert "PAYFIRST" not in page.content.decode()
    assert "illustrative" not in page.content.decode()


# -- pages -------------------------------------------------------------------------------


def page_of(client, patient, query=""):
    answer = client.get(reverse("clinic:packets", args=[patient.number]) + query)
    return answer, answer.content.decode()


def test_the_page_without_a_choice_says_what_comes_and_that_none_was_issued(patient, client_as):
    answer, text = page_of(client_as("coordinator"), patient)
    assert answer.status_code == 200
    assert "Choose the payer" in text
    assert "None yet." in text
    assert "Payer rules (illustrative)" in text


def test_the_preview_links_each_missing_fact_to_the_place_where_it_is_answered(patient, client_as):
    _, text = page_of(client_as("coordinator"), patient, f"?pack={FIRST}")
    for fact in ("indication", "psychiatrist_decides", "rems_enrolled"):
        assert reverse("clinic:screening_fact", args=[patient.number, fact]) in text
    for place in ("trials", "course_plan", "send_questionnaire"):
        assert f'href="{reverse(f"clinic:{place}", args=[patient.number])}">' in text
    assert "Issue the incomplete packet" in text


def test_the_preview_says_in_words_what_is_not_met(patient, user_of, client_as):
    tell(patient, user_of("prescriber"), indication="crps", product="racemic_iv")
    _, text = page_of(client_as("coordinator"), patient, f"?pack={FIRST}")
    said = text.partition('id="not-met"')[2].partition("</section>")[0]
    rule = next(one for one in library().payers[FIRST].criteria if one.id == "PAYFIRST-002")
    assert rule.statement in html.unescape(said)
    assert "PAYFIRST-002" in said


def test_only_those_who_may_see_packets_are_shown_the_way_to_them(patient, client_as):
    for role, shown in (("coordinator", True), ("prescriber", True), ("nurse", False)):
        page = client_as(role).get(reverse("clinic:screening", args=[patient.number]))
        assert ("Prior-authorisation packet" in page.content.decode()) is shown


def test_unticked_parts_are_left_out_of_the_preview_and_of_the_packet(patient, user_of, client_as):
    tell(patient, user_of("prescriber"), antidepressant_trials=TRIALS)
    client = client_as("coordinator")
    _, text = page_of(client, patient, f"?pack={FIRST}&chosen=1")
    assert "sertraline" not in text.lower()
    _, text = page_of(client, patient, f"?pack={FIRST}")
    assert "Sertraline" in text


def test_issuing_on_the_page_and_getting_the_file_again(patient, client_as):
    client = client_as("coordinator")
    answer, _ = page_of(client, patient, f"?pack={FIRST}&chosen=1")
    form = {"pack": FIRST, "seen": answer.context["seen"], "once": str(uuid4())}
    made = client.post(reverse("clinic:packet_issue", args=[patient.number]), form, follow=True)
    packet = Packet.objects.get()
    assert packet.code in made.content.decode()
    for times in (1, 2):
        file = client.get(reverse("clinic:packet_file", args=[packet.pk]))
        assert file["Content-Type"] == "application/pdf"
        assert packet.code in file["Content-Disposition"]
        assert file.content == bytes(packet.pdf)
        assert len(lines_of("packet.downloaded")) == times


def test_a_stale_preview_comes_back_with_the_refusal_and_the_new_state(patient, user_of, client_as):
    client = client_as("coordinator")
    answer, _ = page_of(client, patient, f"?pack={FIRST}")
    form = {"pack": FIRST, "seen": answer.context["seen"], "part": answer.context["ticked"]}
    tell(patient, user_of("prescriber"), indication="trd")
    refused = client.post(reverse("clinic:packet_issue", args=[patient.number]), form)
    assert refused.status_code == 422
    assert "Nothing was issued" in refused.content.decode()
    assert not Packet.objects.exists()
    form["seen"] = refused.context["seen"]
    assert client.post(refused.request["PATH_INFO"], form).status_code == 302


def test_an_unknown_payer_pack_is_no_page(patient, client_as):
    assert page_of(client_as("coordinator"), patient, "?pack=apa-2017")[0].status_code == 404


# -- privacy -----------------------------------------------------------------------------


def test_an_answer_that_lies_near_is_not_told_to_the_payer(user_of):
    history = changed(
        CONDITION,
        id="z1",
        code={
            "coding": [
                {
                    "system": "http://hl7.org/fhir/sid/icd-10-cm",
                    "code": "Z86.79",
                    "display": "Personal history of other diseases of the circulatory system",
                }
            ]
        },
    )
    by = user_of("coordinator")
    raw = as_json(bundle(history, patient=PATIENT))
    patient = referrals.receive(raw=raw, by=by, via=referrals.Via.UPLOAD, at=NOW).patient
    packet = issue(patient, by)
    assert "the record does not settle it" in str(packet.sheet)
    assert "circulatory system" not in str(packet.sheet)
