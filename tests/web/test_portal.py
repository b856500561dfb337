"""The patient's pages and the staff's, through the addresses a browser asks for."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records import consent_texts
from evenkeel.web.records.models import (
    Assessment,
    AssessmentRequest,
    ConsentRecord,
    MailMessage,
    Patient,
    SingleUseLink,
    Task,
)
from evenkeel.web.records.services import consent, links, questionnaires, tasks

pytestmark = pytest.mark.django_db


def somebody(**fields) -> Patient:
    return Patient.objects.create(
        **{"family": "Exampleby", "given": "Nora", "birth": "1981-02-03", **fields}
    )


@pytest.fixture
def nora(db):
    return somebody(email="nora@example.invalid", phone="555 0100")


@pytest.fixture
def nurse(user_of):
    return user_of("nurse")


def open_form(client, link) -> None:
    answer = client.get(reverse("portal:link", args=[links.arm(link)]), follow=True)
    assert answer.status_code == 200


@pytest.fixture
def form(client, nora, nurse) -> SingleUseLink:
    """A questionnaire link that this client has opened."""
    request = questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=timezone.now())
    open_form(client, request.link)
    return request.link


def question(form, number) -> str:
    return reverse("portal:question", args=[form.pk, number])


def test_the_token_stands_in_no_later_address(client, form):
    first = client.get(reverse("portal:form", args=[form.pk]))
    assert first.url == reverse("portal:begin", args=[form.pk])
    assert client.get(first.url)["Cache-Control"] == "no-store"


def test_a_form_is_answered_resumed_and_sent(client, form):
    for number in range(1, 5):
        answer = client.post(question(form, number), {"answer": "1", "act": "next"})
        assert answer.url == question(form, number + 1)
    assert client.post(question(form, 5), {"act": "later"}).url == reverse(
        "portal:later", args=[form.pk]
    )
    other = Client()  # another day, another browser, the newest message
    form.refresh_from_db()
    open_form(other, form)
    resumed = other.get(reverse("portal:form", args=[form.pk]), follow=True)
    assert resumed.redirect_chain[-1][0] == question(form, 5)
    assert client.get(question(form, 5)).status_code == 410  # the older browser is told so
    for number in range(5, 9):
        other.post(question(form, number), {"answer": "1", "act": "next"})
    assert other.post(question(form, 9), {"answer": "0"}).url == reverse(
        "portal:last", args=[form.pk]
    )
    for _ in range(2):  # pressed twice
        sent = other.post(reverse("portal:last", args=[form.pk]))
        assert sent.url == reverse("portal:done", args=[form.pk])
    assert Assessment.objects.get().total == 8
    thanks = other.get(reverse("portal:done", args=[form.pk]))
    assert "Thank you" in thanks.content.decode()
    assert other.get(question(form, 1)).status_code == 410


def test_next_without_an_answer_keeps_the_page_and_says_what_to_do(client, form):
    answer = client.post(question(form, 1), {"act": "next"})
    assert answer.status_code == 422
    assert "Choose one answer" in answer.content.decode()
    assert client.post(question(form, 1), {"answer": "9", "act": "next"}).status_code == 422
    assert client.post(question(form, 1), {"answer": "x", "act": "next"}).status_code == 422
    assert client.post(question(form, 1), {"act": "skip"}).url == question(form, 2)
    assert client.post(question(form, 2), {"act": "back"}).url == question(form, 1)
    assert client.get(question(form, 0)).status_code == 404
    assert client.get(question(form, 10)).status_code == 404


def test_a_positive_ninth_item_shows_help_before_anything_else_and_never_a_total(
    client, form, settings
):
    settings.EVENKEEL_CLINIC_PHONE = "555 0142"
    for number in range(1, 9):
        client.post(question(form, number), {"answer": "3"})
    answer = client.post(question(form, 9), {"answer": "1"})
    assert answer.url == reverse("portal:call", args=[form.pk])
    page = client.get(answer.url).content.decode()
    assert page.index("Thank you for telling us") < page.index("tel:988") < page.index("last page")
    for words in ("sms:988", "tel:911", "not watched day and night", "555 0142", "United States"):
        assert words in page
    assert Task.objects.get().cause == f"safety:link:{form.pk}"
    client.post(reverse("portal:last", args=[form.pk]))
    done = client.get(reverse("portal:done", args=[form.pk])).content.decode()
    assert "tel:988" in done
    assert (Assessment.objects.get().total, Assessment.objects.get().band) == (25, "severe")
    shown = re.sub(r"\d+ \w{3} 20\d\d, \d\d:\d\d", "", done.split("<main")[1])  # without dates
    assert "25" not in shown
    assert "severe" not in shown


@pytest.mark.parametrize("code", ["us", "gb", "de", "nz"])
def test_help_is_open_to_anybody_and_follows_the_clinics_country(client, settings, code):
    settings.EVENKEEL_COUNTRY = code
    page = client.get(reverse("portal:help"))
    assert page.status_code == 200
    words = page.content.decode()
    assert ("not yet checked" in words) is (code != "us")
    assert "tel:" in words


def test_every_page_of_the_form_has_help_at_its_foot(client, form):
    for name, args in [("begin", []), ("question", [1]), ("last", []), ("later", [])]:
        words = client.get(reverse(f"portal:{name}", args=[form.pk, *args])).content.decode()
        assert reverse("portal:help") in words


def test_a_tablet_forgets_the_person_when_the_form_is_sent(client, client_as, nora):
    staff = client_as("nurse")
    handed = staff.post(
        reverse("clinic:send_questionnaire", args=[nora.number]),
        {"instrument": "phq2", "how": "tablet"},
        follow=True,
    )
    assert handed.status_code == 200
    assert staff.get(reverse("clinic:today")).status_code == 302  # signed out: no way back in
    form = SingleUseLink.objects.get()
    for number in (1, 2):
        staff.post(question(form, number), {"answer": "2"})
    staff.post(reverse("portal:last", args=[form.pk]))
    assert (
        "give the tablet back" in staff.get(reverse("portal:done", args=[form.pk])).content.decode()
    )
    assert staff.get(reverse("portal:done", args=[form.pk])).status_code == 404
    assert MailMessage.objects.count() == 0


def test_consent_is_read_checked_answered_and_signed(client, nora, nurse):
    link = consent.ask(
        patient=nora, purposes=["treatment", "research"], by=nurse, at=timezone.now()
    )
    open_form(client, link)

    def address(name, *args):
        return reverse(f"portal:{name}", args=[link.pk, *args])

    text = consent_texts.current("treatment", timezone.now().date())
    assert text.sections[0].text[0] in client.get(address("read", "treatment")).content.decode()
    # choosing yes before the check leads to the check
    assert client.post(address("choose", "treatment"), {"answer": "yes"}).url == address(
        "check", "treatment"
    )
    wrong = {f"q-{q.id}": (q.right + 1) % len(q.answers) for q in text.questions}
    again = client.post(address("check", "treatment"), wrong)
    assert again.status_code == 422
    assert text.questions[0].explain in again.content.decode()
    right = {f"q-{q.id}": q.right for q in text.questions}
    assert client.post(address("check", "treatment"), right).url == address("choose", "treatment")
    client.post(address("choose", "treatment"), {"answer": "yes"})
    # a no needs no check
    assert client.post(address("choose", "research"), {"answer": "no"}).url == address("sign")
    unsigned = client.post(address("sign"), {"name": "Nora Exampleby"})
    assert unsigned.status_code == 422
    assert "Nora Exampleby" in unsigned.content.decode()  # what was typed is kept
    for _ in range(2):
        done = client.post(address("sign"), {"name": "Nora Exampleby", "confirmed": "on"})
        assert done.url == address("done")
    assert ConsentRecord.objects.count() == 2
    assert client.get(address("read", "contact")).status_code == 410


def test_a_person_sees_their_own_course_but_not_a_score_nobody_has_talked_about(
    client_as, user_of, nora, nurse
):
    account = user_of("patient")
    nora.user = account
    nora.save()
    now = timezone.now()
    zeroes = {f"q{n}": 0 for n in range(1, 10)}
    for days, q1, q9 in ((30, 3, 0), (20, 2, 0), (1, 1, 2)):
        questionnaires.record_answers(
            patient=nora, instrument="phq9", answers=zeroes | {"q1": q1, "q9": q9},
            by=nurse, taken_at=now - timedelta(days=days), at=now - timedelta(days=days),
        )  # fmt: skip
    me = client_as(account)
    page = me.get(reverse("portal:home")).content.decode()
    assert "went from 3 to 2" in page
    assert "talks with you" in page
    task = Task.objects.get()
    tasks.close(task=task, outcome="Called; safe.", by=nurse, at=now)
    assert "3 now" in me.get(reverse("portal:home")).content.decode()
    listed = me.get(reverse("portal:home_list"))
    assert listed.content.decode().count("<tr>") == 4
    assert me.get(reverse("portal:copy"))["Content-Type"].startswith("text/csv")
    assert client_as("patient").get(reverse("portal:home")).status_code == 404
    assert Client().get(reverse("portal:home")).status_code == 302


def test_a_link_to_the_own_page_opens_that_and_nothing_else(client, client_as, nora, nurse):
    now = timezone.now()
    questionnaires.record_answers(
        patient=nora, instrument="phq9", answers={f"q{n}": 1 if n < 9 else 0 for n in range(1, 10)},
        by=nurse, taken_at=now, at=now,
    )  # fmt: skip
    assert client_as(nurse).post(reverse("clinic:own_page", args=[nora.number])).status_code == 302
    link = SingleUseLink.objects.get()
    assert MailMessage.objects.get().kind == "graph"
    shown = client.get(reverse("portal:link", args=[links.arm(link)]), follow=True)
    assert "You answered once: 8" in shown.content.decode()
    assert client.get(question(link, 1)).status_code == 404
    assert client.get(reverse("portal:home")).status_code == 302
    for _ in range(2):  # a picture is looked at more than once
        assert client.get(reverse("portal:scores", args=[link.pk])).status_code == 200


# -- staff ----------------------------------------------------------------------


@pytest.fixture
def busy(nora, nurse, user_of):
    """A clinic with something of everything on its worklist."""
    now = timezone.now()
    other = somebody(given="Ines", email="ines@example.invalid")
    link = questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=now).link
    questionnaires.save_answer(link_id=link.pk, item="q9", answer=1, at=now)
    questionnaires.send(patient=other, instrument="phq9", by=nurse, at=now)
    MailMessage.objects.filter(to_patient=other).update(
        status="failed", attempts=9, last_error="SMTPRecipientsRefused"
    )
    return nora


def test_today_shows_what_waits_to_those_who_may_see_it(busy, client_as):
    for role in ("coordinator", "nurse", "prescriber", "pharmacist"):
        words = client_as(role).get(reverse("clinic:today")).content.decode()
        assert "PHQ-9 item 9: 1" in words
        assert "Nobody yet" in words
        assert "SMTPRecipientsRefused" in words
    for role in ("researcher", "administrator", "patient"):
        assert client_as(role).get(reverse("clinic:today")).status_code == 403


def test_a_task_is_taken_and_closed_from_its_page(busy, client_as):
    nurse = client_as("nurse")
    task = Task.objects.get()
    assert nurse.post(reverse("clinic:task_take", args=[task.pk])).status_code == 302
    empty = nurse.post(reverse("clinic:task", args=[task.pk]), {"outcome": ""})
    assert empty.status_code == 422
    words = "Reached her at 10:50. Safe, with her sister tonight."
    done = nurse.post(reverse("clinic:task", args=[task.pk]), {"outcome": words})
    assert done.url == reverse("clinic:today")
    task.refresh_from_db()
    assert (task.outcome, task.closed_by, task.owner) == (words, nurse.user, nurse.user)
    late = client_as("prescriber").post(
        reverse("clinic:task", args=[task.pk]), {"outcome": "me too"}
    )
    assert late.status_code == 422
    assert "before you" in late.content.decode()
    assert "me too" in late.content.decode()


def test_an_empty_worklist_says_how_things_come_onto_it(client_as):
    words = client_as("coordinator").get(reverse("clinic:today")).content.decode()
    for sentence in ("No open safety tasks", "opens one here by itself", "No visits today"):
        assert sentence in words


def test_each_purpose_of_consent_has_one_name_wherever_staff_read_it(nora, client_as):
    """And messages between visits are called as the text that the person signs calls them."""
    from evenkeel.web.clinic.forms.consent import LABELS
    from evenkeel.web.records.models import Purpose

    page = client_as("nurse").get(reverse("clinic:consent", args=[nora.number])).content.decode()
    stands, asked = page.rsplit("Where each purpose stands", 1)[1].split("Ask about", 1)
    for purpose in Purpose:
        name = LABELS[purpose]
        assert name.lower() == purpose.label
        assert f'<span class="title">{name}</span>' in stands
        assert name in asked
    text = consent_texts.current("contact", timezone.now().date())
    assert text.title == LABELS[Purpose.CONTACT]


def test_staff_see_where_consent_stands_ask_and_write_down_a_withdrawal(nora, client_as):
    nurse = client_as("nurse")
    page = reverse("clinic:consent", args=[nora.number])
    assert "nobody has asked about treatment yet" in nurse.get(page).content.decode().lower()
    ask = reverse("clinic:consent_ask", args=[nora.number])
    assert nurse.post(ask, {"how": "mail"}).status_code == 422
    assert nurse.post(ask, {"how": "mail", "purposes": ["treatment"]}).url == page
    assert MailMessage.objects.get().kind == "consent"
    words = nurse.get(page).content.decode()
    assert "The question about treatment, of " in words
    assert "is not answered yet" in words
    assert "Nobody has asked about treatment yet" not in words
    assert "Nobody has asked about research yet" in words  # of that nothing was asked
    SingleUseLink.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert "ran out unanswered" in nurse.get(page).content.decode()
    SingleUseLink.objects.update(expires_at=timezone.now() + timedelta(days=1))
    withdraw = reverse("clinic:consent_withdraw", args=[nora.number])
    refused = nurse.post(withdraw, {"purpose": "treatment", "reason": "she called"})
    assert refused.status_code == 422
    assert "she called" in refused.content.decode()
    link = SingleUseLink.objects.get()
    text = consent_texts.current("treatment", timezone.now().date())
    now = timezone.now()
    answers = {q.id: q.right for q in text.questions}
    consent.check_understanding(link_id=link.pk, purpose="treatment", answers=answers, at=now)
    consent.choose(link_id=link.pk, purpose="treatment", agrees=True, at=now)
    (record,) = consent.sign(link_id=link.pk, name="Nora Exampleby", confirmed=True, at=now)
    printed = nurse.get(reverse("clinic:consent_record", args=[record.pk])).content.decode()
    assert "Nora Exampleby" in printed
    assert text.sections[-1].text[0] in printed
    assert nurse.post(withdraw, {"purpose": "treatment", "reason": "she called"}).url == page
    assert "was withdrawn" in nurse.get(page).content.decode()


def test_a_rating_is_kept_shown_and_corrected(nora, client_as):
    nurse = client_as("nurse")
    page = reverse("clinic:record_rating", args=[nora.number])
    typed = {"instrument": "madrs", "total": "31", "taken_at": "2026-11-01T09:30"}
    assert nurse.post(page, typed).url == page
    wrong = nurse.post(page, typed | {"total": "61"})
    assert wrong.status_code == 422
    assert "0 to 60" in wrong.content.decode()
    first = Assessment.objects.get()
    assert first.at.isoformat() == "2026-11-01T14:30:00+00:00"  # 09:30 in New York, in winter
    corrected = nurse.post(f"{page}?corrects={first.pk}", typed | {"total": "13", "reason": "x"})
    assert corrected.url == page
    assert "<del>31</del>" in nurse.get(page).content.decode()
    assert client_as("coordinator").get(page).status_code == 403


def test_questions_for_later_are_planned_on_the_clinics_clock(nora, client_as, stand_still):
    stand_still(datetime(2026, 12, 1, 15, tzinfo=UTC))
    page = reverse("clinic:send_questionnaire", args=[nora.number])
    typed = {"instrument": "phq9", "how": "mail", "due_at": "2026-12-24T09:00"}
    assert client_as("nurse").post(page, typed).url == page
    planned = AssessmentRequest.objects.get()
    assert planned.status == "planned"
    assert planned.due_at.isoformat() == "2026-12-24T14:00:00+00:00"
    assert MailMessage.objects.count() == 0


def test_an_address_is_corrected_and_a_wrong_one_is_kept_as_typed(nora, client_as):
    coordinator = client_as("coordinator")
    address = reverse("clinic:contact", args=[nora.number])
    wrong = coordinator.post(address, {"email": "nora.example", "phone": "555 0199"})
    assert wrong.status_code == 422
    assert "nora.example" in wrong.content.decode()
    right = coordinator.post(address, {"email": "n@example.invalid", "phone": "555 0199"})
    assert right.status_code == 302
    nora.refresh_from_db()
    assert (nora.email, nora.phone) == ("n@example.invalid", "555 0199")
    entry = Entry.objects.get(action="patient.reached_elsewhere")
    assert "example.invalid" not in f"{entry.sentence} {entry.data}"


@pytest.mark.django_db(transaction=True)
def test_two_submits_at_once_give_one_assessment(user_of):
    nora = somebody(email="nora@example.invalid")
    asked = questionnaires.send(
        patient=nora, instrument="phq2", by=user_of("nurse"), at=timezone.now()
    )
    for item in ("q1", "q2"):
        questionnaires.save_answer(link_id=asked.link.pk, item=item, answer=1, at=timezone.now())
    barrier = threading.Barrier(4)
    outcomes: list[str] = []

    def press() -> None:
        barrier.wait()
        try:
            questionnaires.finish(link_id=asked.link.pk, at=timezone.now())
        except links.DeadLink:
            outcomes.append("finished before")
        else:
            outcomes.append("sent")
        finally:
            connection.close()

    presses = [threading.Thread(target=press) for _ in range(4)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()
    assert sorted(outcomes) == ["finished before"] * 3 + ["sent"]
    assert Assessment.objects.count() == 1
