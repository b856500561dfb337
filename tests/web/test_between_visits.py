"""Links, questionnaires, safety tasks, consent and mail, on a real database."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.urls import reverse
from tests.support.clinics import Clinic

from evenkeel.core.instruments import ImpossibleAnswer
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.web.accounts.models import digest
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records import consent_texts, jobs, mail_words
from evenkeel.web.records.models import (
    Assessment,
    AssessmentRequest,
    ConsentRecord,
    MailMessage,
    Patient,
    SingleUseLink,
    Task,
    Treatment,
    TreatmentEvent,
)
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.selectors.consent import standing
from evenkeel.web.records.services import consent, links, mail, questionnaires, tasks

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ZEROES = {f"q{n}": 0 for n in range(1, 10)}


@pytest.fixture
def nora():
    return Patient.objects.create(
        family="Exampleby", given="Nora", birth="1981-02-03", email="nora@example.invalid"
    )


@pytest.fixture
def nurse(user_of):
    return user_of("nurse", email="nurse@clinic.invalid")


@pytest.fixture
def prescriber(user_of):
    return user_of("prescriber", email="prescriber@clinic.invalid")


def asked(nora, nurse, **how) -> SingleUseLink:
    request = questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=AT, **how)
    assert request.link is not None
    return request.link


def answer_all(link, answers, at=AT):
    for item, answer in answers.items():
        questionnaires.save_answer(link_id=link.pk, item=item, answer=answer, at=at)


@pytest.fixture
def mail_server(mail):
    """The real SMTP server of the fixtures; ``mail`` is also the name of the service here."""
    return mail


# -- links ---------------------------------------------------------------------


def test_only_the_hash_of_a_token_is_stored(nora, nurse):
    link = asked(nora, nurse)
    token = links.arm(link)
    assert len(token) >= 43  # 256 bits in base64
    link.refresh_from_db()
    assert link.token_sha256 == digest(token)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(l)::text FROM records_singleuselink l")
        assert all(token not in row[0] for row in cursor.fetchall())


def test_a_newer_message_stops_the_older_link(nora, nurse):
    link = asked(nora, nurse)
    old, new = links.arm(link), links.arm(link)
    assert links.find(old) is None
    assert links.find(new) == link


@pytest.mark.parametrize(("late", "works"), [(timedelta(seconds=-1), True), (timedelta(0), False)])
def test_a_link_runs_out_to_the_second(nora, nurse, late, works):
    link = asked(nora, nurse)
    moment = link.expires_at + late
    if works:
        questionnaires.save_answer(link_id=link.pk, item="q1", answer=1, at=moment)
    else:
        with pytest.raises(links.DeadLink, match="run out"):
            questionnaires.save_answer(link_id=link.pk, item="q1", answer=1, at=moment)


def test_a_link_opens_one_kind_of_form_only(nora, nurse):
    link = consent.ask(patient=nora, purposes=["treatment"], by=nurse, at=AT)
    with pytest.raises(links.DeadLink, match="another form"):
        questionnaires.save_answer(link_id=link.pk, item="q1", answer=1, at=AT)
    with pytest.raises(links.DeadLink, match="another form"):
        consent.sign(link_id=asked(nora, nurse).pk, name="Nora", confirmed=True, at=AT)


def test_a_link_called_back_opens_nothing(nora, nurse):
    link = asked(nora, nurse)
    links.call_back(link=link, at=AT)
    with pytest.raises(links.DeadLink, match="called back"):
        questionnaires.finish(link_id=link.pk, at=AT)


def test_opening_by_get_uses_nothing_up(nora, nurse, client, stand_still):
    stand_still(AT)
    token = links.arm(asked(nora, nurse, due_at=None))
    for _ in range(3):  # a mail scanner, a preview, the person
        assert client.get(reverse("portal:link", args=[token])).status_code == 302
        assert client.head(reverse("portal:link", args=[token])).status_code == 302
    link = SingleUseLink.objects.get()
    assert link.used_at is None
    assert link.progress == {}


def test_a_tampered_token_and_a_link_nobody_opened_are_not_found(nora, nurse, client):
    link = asked(nora, nurse)
    token = links.arm(link)
    assert client.get(reverse("portal:link", args=[token[:-1] + "_"])).status_code == 404
    assert client.get(reverse("portal:question", args=[link.pk, 1])).status_code == 404
    assert client.get(reverse("portal:question", args=[link.pk + 999, 1])).status_code == 404


# -- questionnaires ------------------------------------------------------------


def test_answers_become_one_assessment_with_total_and_band(nora, nurse):
    link = asked(nora, nurse)
    answer_all(link, ZEROES | {"q1": 3, "q2": 3, "q4": 2, "q7": 2})
    assessment = questionnaires.finish(link_id=link.pk, at=AT)
    assert (assessment.total, assessment.band, assessment.complete) == (10, "moderate", True)
    assert assessment.hours_since_dose is None
    assert AssessmentRequest.objects.get().status == "answered"
    with pytest.raises(links.DeadLink, match="finished"):
        questionnaires.finish(link_id=link.pk, at=AT)
    assert Assessment.objects.count() == 1


def test_a_gap_gives_no_total_and_says_why(nora, nurse):
    link = asked(nora, nurse)
    answer_all(link, {item: 1 for item in ZEROES if item != "q5"})
    questionnaires.save_answer(link_id=link.pk, item="q5", answer=None, at=AT)
    assessment = questionnaires.finish(link_id=link.pk, at=AT)
    assert assessment.total is None
    assert assessment.band == ""
    assert "q5" in assessment.reason


@pytest.mark.parametrize(("item", "answer"), [("q1", 4), ("q1", -1), ("q1", 7777), ("q10", 1)])
def test_an_impossible_answer_is_refused_and_nothing_is_kept(nora, nurse, item, answer):
    link = asked(nora, nurse)
    with pytest.raises(ImpossibleAnswer):
        questionnaires.save_answer(link_id=link.pk, item=item, answer=answer, at=AT)
    link.refresh_from_db()
    assert link.progress == {}


@pytest.mark.parametrize(
    ("answer", "opens", "within_h"), [(0, False, 0), (1, True, 24), (2, True, 4), (3, True, 4)]
)
def test_the_ninth_item_opens_a_task_even_if_the_rest_is_never_answered(
    nora, nurse, prescriber, answer, opens, within_h
):
    link = asked(nora, nurse)
    saved = questionnaires.save_answer(link_id=link.pk, item="q9", answer=answer, at=AT)
    assert (saved.task is not None) is opens
    if opens:
        task = Task.objects.get()
        assert task.kind == "safety"
        assert task.patient == nora
        assert task.due_at == AT + timedelta(hours=within_h)
        assert str(answer) in task.title
        assert Entry.objects.filter(action="task.opened", patient_id=nora.pk).count() == 1
    assert Assessment.objects.count() == 0


def test_the_task_and_the_answer_stand_or_fall_together(nora, nurse, monkeypatch):
    link = asked(nora, nurse)

    def broken(**_):
        raise RuntimeError("no task today")

    monkeypatch.setattr(tasks, "open_task", broken)
    with pytest.raises(RuntimeError):
        questionnaires.save_answer(link_id=link.pk, item="q9", answer=2, at=AT)
    link.refresh_from_db()
    assert link.progress == {}


def test_answering_the_ninth_item_again_opens_no_second_task_but_may_bring_it_forward(nora, nurse):
    link = asked(nora, nurse)
    for answer in (1, 1, 3, 0, 1):
        questionnaires.save_answer(link_id=link.pk, item="q9", answer=answer, at=AT)
    task = Task.objects.get()
    assert task.due_at == AT + timedelta(hours=4)
    link.refresh_from_db()
    assert link.progress["safety_positive"] is True  # a later zero does not take it back


def test_a_ninth_item_left_open_is_not_a_zero_and_somebody_asks(nora, nurse):
    link = asked(nora, nurse)
    answer_all(link, {item: 0 for item in ZEROES if item != "q9"})
    assert Task.objects.count() == 0
    questionnaires.save_answer(link_id=link.pk, item="q9", answer=None, at=AT)
    questionnaires.finish(link_id=link.pk, at=AT)
    task = Task.objects.get()
    assert (task.kind, task.due_at) == ("safety", AT + timedelta(hours=24))
    assert "not answered" in task.title


def test_the_prescriber_of_the_course_owns_the_task_and_hours_since_the_dose_are_kept(nurse):
    clinic = Clinic()
    course = clinic.course()
    patient = course.patient
    treatment = Treatment.objects.create(
        course=course, patient=patient, ordinal=1, chair=clinic.chairs[0], nurse=clinic.nurse,
        prescriber=clinic.prescriber, period=(AT - timedelta(hours=30), AT - timedelta(hours=27)),
    )  # fmt: skip
    for hours in (30, 25.5):
        TreatmentEvent.objects.create(
            treatment=treatment, kind="dose_started", at=AT - timedelta(hours=hours), data={}
        )
    assessment = questionnaires.record_answers(
        patient=patient, instrument="phq9", answers=ZEROES | {"q9": 1}, by=nurse, taken_at=AT,
        at=AT,
    )  # fmt: skip
    assert assessment.hours_since_dose == Decimal("25.5")
    assert assessment.course == course
    task = Task.objects.get()
    assert task.owner == course.prescriber
    assert MailMessage.objects.get(task=task).to_user == course.prescriber


def test_the_page_of_ratings_knows_a_dose_that_was_charted_after_the_rating(client_as):
    clinic = Clinic()
    patient = clinic.course().patient
    for taken_at in (AT - timedelta(days=2), AT - timedelta(hours=10)):
        questionnaires.record_rating(
            patient=patient, instrument="madrs", total=20, by=clinic.prescriber,
            taken_at=taken_at, at=AT,
        )  # fmt: skip
    treatment = Treatment.objects.create(
        course=patient.courses.get(), patient=patient, ordinal=1, chair=clinic.chairs[0],
        nurse=clinic.nurse, prescriber=clinic.prescriber,
        period=(AT - timedelta(hours=30), AT - timedelta(hours=27)),
    )  # fmt: skip
    TreatmentEvent.objects.create(
        treatment=treatment, kind="dose_started", at=AT - timedelta(hours=30), data={}
    )
    page = client_as("prescriber").get(reverse("clinic:record_rating", args=[patient.number]))
    said = page.content.decode()
    assert "20 h after a dose" in said
    assert said.count("before any dose") == 1


def test_a_letter_promises_what_its_link_does():
    """Opening uses nothing up: the link opens until the answers are sent."""
    for kind in ("consent", "questionnaire", "reminder"):
        _, body = mail_words.compose(kind, href="https://x.example", clinic="C", until=AT)
        assert "until your answers are sent" in body
        assert "works once" not in body


def test_a_clinic_without_crisis_numbers_does_not_start(settings):
    settings.EVENKEEL_COUNTRY = "xx"
    with pytest.raises(ImproperlyConfigured, match="us"):
        apps.get_app_config("portal").ready()


def test_a_paper_form_counts_too(nora, nurse):
    questionnaires.record_answers(
        patient=nora, instrument="phq9", answers=ZEROES | {"q9": 1}, by=nurse, taken_at=AT, at=AT
    )
    assert Task.objects.filter(kind="safety").count() == 1


def test_no_questionnaire_goes_to_someone_who_said_no_to_messages(nora, nurse):
    text = consent_texts.current("contact", AT.date())
    with transaction.atomic():
        consent.keep_answer(
            patient=nora, text=text, answer="refused", signature="Nora", understanding=[],
            via="link:own", at=AT,
        )  # fmt: skip
    with pytest.raises(questionnaires.NotSent, match="does not want messages"):
        questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=AT)
    assert questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=AT, by_mail=False)


def test_a_scale_without_a_right_to_its_wording_is_never_sent(nora, nurse):
    with pytest.raises(questionnaires.NotSent, match="wording"):
        questionnaires.send(patient=nora, instrument="madrs", by=nurse, at=AT)


def test_planned_questions_go_out_when_due_and_are_asked_three_times(nora, nurse):
    due = AT + timedelta(days=7)
    request = questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=AT, due_at=due)
    assert request.status == "planned"
    assert questionnaires.send_due(at=due - timedelta(seconds=1)) == 0
    assert questionnaires.send_due(at=due) == 1
    assert questionnaires.send_due(at=due) == 0
    assert questionnaires.remind_due(at=due + timedelta(hours=23)) == 0
    assert questionnaires.remind_due(at=due + timedelta(hours=24)) == 1
    assert questionnaires.remind_due(at=due + timedelta(hours=25)) == 0
    assert questionnaires.remind_due(at=due + timedelta(hours=48)) == 1
    assert questionnaires.remind_due(at=due + timedelta(hours=99)) == 0
    assert MailMessage.objects.filter(request=request).count() == 3
    assert questionnaires.expire(at=due + timedelta(days=8)) == 1


def test_a_rating_is_corrected_by_a_newer_one_and_the_old_one_stays(nora, nurse):
    def rate(total, **more):
        return questionnaires.record_rating(
            patient=nora, instrument="madrs", total=total, by=nurse, taken_at=AT, at=AT, **more
        )

    first = rate(31)
    with pytest.raises(questionnaires.NotSent, match="reason"):
        rate(13, supersedes=first)
    second = rate(13, supersedes=first, reason="typed backwards")
    assert second.supersedes == first
    assert Assessment.objects.count() == 2
    with pytest.raises(questionnaires.NotSent, match="before you"):
        rate(14, supersedes=first, reason="again")
    with pytest.raises(ImpossibleAnswer, match="0 to 60"):
        rate(61)
    with pytest.raises(questionnaires.NotSent, match="future"):
        questionnaires.record_rating(
            patient=nora, instrument="madrs", total=9, by=nurse, at=AT,
            taken_at=AT + timedelta(minutes=1),
        )  # fmt: skip


def test_a_coordinator_may_send_but_not_rate(nora, user_of):
    coordinator = user_of("coordinator")
    asked(nora, coordinator)
    with pytest.raises(Denied):
        questionnaires.record_rating(
            patient=nora, instrument="madrs", total=9, by=coordinator, taken_at=AT, at=AT
        )


# -- tasks ---------------------------------------------------------------------


def opened(nora, **more) -> Task:
    with transaction.atomic():
        return tasks.open_task(
            kind="safety", title="Call", due_at=AT + timedelta(hours=1), at=AT, patient=nora, **more
        )


def test_without_a_course_or_a_shift_nobody_owns_it_and_all_prescribers_are_told(nora, prescriber):
    task = opened(nora)
    assert task.owner is None
    assert list(MailMessage.objects.values_list("to_user", flat=True)) == [prescriber.pk]


def test_take_hand_over_and_close_by_name_with_words(nora, nurse, prescriber):
    task = opened(nora)
    task = tasks.take(task=task, by=nurse, at=AT)
    assert (task.owner, task.taken_at) == (nurse, AT)
    task = tasks.hand_over(task=task, to=prescriber, by=nurse, at=AT)
    assert (task.owner, task.taken_at) == (prescriber, None)
    with pytest.raises(tasks.NotNow, match="what was done"):
        tasks.close(task=task, outcome="  ", by=prescriber, at=AT)
    closed = tasks.close(task=task, outcome="Spoke with her; safe tonight.", by=prescriber, at=AT)
    assert closed.closed_by == prescriber
    with pytest.raises(tasks.NotNow, match="before you"):
        tasks.close(task=task, outcome="me too", by=nurse, at=AT)
    said = Entry.objects.get(action="task.closed")
    assert said.reason == "Spoke with her; safe tonight."


def test_a_task_becomes_late_at_its_time_and_is_told_again_each_hour(nora, prescriber):
    task = opened(nora)
    due = task.due_at
    MailMessage.objects.all().delete()
    assert tasks.escalate_late(at=due - timedelta(seconds=1)) == 0
    assert tasks.escalate_late(at=due) == 1
    assert tasks.escalate_late(at=due + timedelta(minutes=59)) == 0
    assert tasks.escalate_late(at=due + timedelta(minutes=60)) == 1
    assert MailMessage.objects.filter(kind="task_late", to_user=prescriber).count() == 2
    assert Entry.objects.filter(action="task.late").count() == 1


# -- consent -------------------------------------------------------------------


def read_and_answer(link, purpose, *, agrees=True, at=AT):
    text = consent.text_for(link, purpose, at)
    right = {question.id: question.right for question in text.questions}
    assert consent.check_understanding(link_id=link.pk, purpose=purpose, answers=right, at=at) == []
    consent.choose(link_id=link.pk, purpose=purpose, agrees=agrees, at=at)


def test_each_purpose_is_answered_by_itself_and_signed_once(nora, nurse):
    link = consent.ask(patient=nora, purposes=["research", "treatment", "contact"], by=nurse, at=AT)
    read_and_answer(link, "treatment")
    consent.choose(link_id=link.pk, purpose="research", agrees=False, at=AT)
    with pytest.raises(consent.NotYet, match="messages between visits"):
        consent.sign(link_id=link.pk, name="Nora Exampleby", confirmed=True, at=AT)
    read_and_answer(link, "contact")
    for name, tick in (("", True), ("Nora Exampleby", False)):
        with pytest.raises(consent.NotYet, match="full name"):
            consent.sign(link_id=link.pk, name=name, confirmed=tick, at=AT)
    assert ConsentRecord.objects.count() == 0
    records = consent.sign(link_id=link.pk, name="Nora Exampleby", confirmed=True, at=AT)
    assert {r.purpose: r.answer for r in records} == {
        "treatment": "given",
        "research": "refused",
        "contact": "given",
    }
    assert standing(nora, "treatment", at=AT).verdict.answer is Answer.YES
    assert standing(nora, "research", at=AT).verdict.answer is Answer.NO
    assert standing(nora, "off_label", at=AT).verdict.answer is Answer.UNKNOWN
    with pytest.raises(links.DeadLink, match="finished"):
        consent.sign(link_id=link.pk, name="Nora Exampleby", confirmed=True, at=AT)


def test_a_yes_needs_understanding_and_every_try_is_kept(nora, nurse):
    link = consent.ask(patient=nora, purposes=["treatment"], by=nurse, at=AT)
    with pytest.raises(consent.NotYet, match="questions"):
        consent.choose(link_id=link.pk, purpose="treatment", agrees=True, at=AT)
    text = consent.text_for(link, "treatment", AT)
    right = {q.id: q.right for q in text.questions}
    wrong = right | {"home": (right["home"] + 1) % 3}
    with pytest.raises(consent.NotYet, match="no answer yet"):
        consent.check_understanding(
            link_id=link.pk, purpose="treatment", answers={"home": 0}, at=AT
        )
    for answers, left in ((wrong, ["home"]), (right, [])):
        assert left == consent.check_understanding(
            link_id=link.pk, purpose="treatment", answers=answers, at=AT
        )
    consent.choose(link_id=link.pk, purpose="treatment", agrees=True, at=AT)
    (record,) = consent.sign(link_id=link.pk, name="N. E.", confirmed=True, at=AT)
    assert [one["wrong"] for one in record.understanding] == [["home"], []]


def newer(purpose: str) -> consent_texts.ConsentText:
    import dataclasses

    text = consent_texts.current(purpose, AT.date())
    return dataclasses.replace(
        text, version="2026-12", in_force_from=date(2026, 12, 1), sha256="f" * 64
    )


def test_a_new_version_of_one_text_asks_again_and_leaves_the_others_alone(nora, nurse, monkeypatch):
    link = consent.ask(patient=nora, purposes=["treatment", "research"], by=nurse, at=AT)
    for purpose in ("treatment", "research"):
        read_and_answer(link, purpose)
    consent.sign(link_id=link.pk, name="Nora", confirmed=True, at=AT)
    texts = (*consent_texts.all_texts(), newer("treatment"))
    monkeypatch.setattr(consent_texts, "all_texts", lambda: texts)
    before = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    after = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    assert standing(nora, "treatment", at=before).verdict.answer is Answer.YES
    verdict = standing(nora, "treatment", at=after).verdict
    assert verdict.answer is Answer.UNKNOWN
    assert "asks again" in verdict.reason
    assert standing(nora, "research", at=after).verdict.answer is Answer.YES


def test_a_text_that_changes_while_it_is_read_is_read_again_before_signing(
    nora, nurse, monkeypatch
):
    link = consent.ask(patient=nora, purposes=["treatment"], by=nurse, at=AT)
    read_and_answer(link, "treatment")
    texts = (*consent_texts.all_texts(), newer("treatment"))
    monkeypatch.setattr(consent_texts, "all_texts", lambda: texts)
    with pytest.raises(consent.NotYet, match="text has changed"):
        consent.sign(
            link_id=link.pk, name="Nora", confirmed=True, at=datetime(2026, 12, 1, tzinfo=UTC)
        )
    assert ConsentRecord.objects.count() == 0


def test_withdrawal_holds_at_once_and_can_be_given_again(nora, nurse):
    for _ in range(2):
        link = consent.ask(patient=nora, purposes=["treatment"], by=nurse, at=AT)
        read_and_answer(link, "treatment")
        consent.sign(link_id=link.pk, name="Nora", confirmed=True, at=AT)
        assert standing(nora, "treatment", at=AT).verdict.is_yes
        consent.withdraw(patient=nora, purpose="treatment", reason="by telephone", by=nurse, at=AT)
        assert standing(nora, "treatment", at=AT).verdict.answer is Answer.NO
    with pytest.raises(consent.NotYet, match="no consent"):
        consent.withdraw(patient=nora, purpose="treatment", reason="again", by=nurse, at=AT)
    assert ConsentRecord.objects.count() == 4


@pytest.mark.parametrize(
    ("product", "indication", "needed"),
    [
        ("esketamine_nasal", "trd", ("treatment",)),
        ("esketamine_nasal", "mdd_suicidality", ("treatment",)),
        ("esketamine_nasal", "ptsd", ("treatment", "off_label")),
        ("racemic_iv", "trd", ("treatment", "off_label")),
    ],
)
def test_use_outside_the_licence_is_asked_where_it_is_one(product, indication, needed):
    assert consent_texts.needed(product, indication, AT.date()) == needed


# -- mail ----------------------------------------------------------------------


def test_the_message_names_no_person_scale_drug_or_kind_of_clinic(nora, nurse, mailoutbox):
    asked(nora, nurse)
    consent.ask(patient=nora, purposes=["treatment"], by=nurse, at=AT)
    for message in MailMessage.objects.all():
        jobs.send_mail(mail_id=message.pk)
    assert len(mailoutbox) == 2
    for sent in mailoutbox:
        words = f"{sent.subject} {sent.body}".lower()
        for secret in (
            "nora",
            "exampleby",
            "phq",
            "depress",
            "ketamine",
            "mood",
            "psych",
            "suicid",
        ):
            assert secret not in words
        (address,) = re.findall(r"http\S+/my/l/(\S+)/", sent.body)
        assert links.find(address) is not None


class DownBackend:
    """A mail server that cannot be reached."""

    def __init__(self, *_, **__) -> None: ...

    def send_messages(self, messages) -> int:
        raise ConnectionRefusedError("nora@example.invalid refused")


def test_with_the_mail_server_down_the_task_stands_and_the_message_waits(
    nora, nurse, prescriber, settings, caplog
):
    settings.EMAIL_BACKEND = f"{__name__}.DownBackend"
    link = asked(nora, nurse)
    questionnaires.save_answer(link_id=link.pk, item="q9", answer=2, at=AT)
    notice = MailMessage.objects.get(task__isnull=False)
    with pytest.raises(jobs.NotDelivered) as fault:
        jobs.send_mail(mail_id=notice.pk)
    assert "example.invalid" not in str(fault.value)
    notice.refresh_from_db()
    assert (notice.status, notice.attempts, notice.last_error) == (
        "queued",
        1,
        "the mail server did not answer (ConnectionRefusedError)",
    )
    assert Task.objects.filter(closed_at__isnull=True).count() == 1
    for _ in range(jobs.MAIL_TRIES - 2):
        with pytest.raises(jobs.NotDelivered):
            jobs.send_mail(mail_id=notice.pk)
    jobs.send_mail(mail_id=notice.pk)  # the last try gives up in silence: staff see the row
    notice.refresh_from_db()
    assert notice.status == "failed"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.send_again(message=notice, by=nurse, at=AT)
    jobs.send_mail(mail_id=notice.pk)
    notice.refresh_from_db()
    assert notice.status == "sent"


def test_a_person_without_an_address_is_said_so_at_once(nora, nurse):
    nora.email = ""
    nora.save()
    with pytest.raises(questionnaires.NotSent, match="no e-mail address"):
        asked(nora, nurse)
    with pytest.raises(consent.NotYet, match="no e-mail address"):
        consent.ask(patient=nora, purposes=["treatment"], by=nurse, at=AT)


def test_a_message_is_sent_once_even_if_its_job_runs_twice(nora, nurse, mailoutbox):
    asked(nora, nurse)
    message = MailMessage.objects.get()
    for _ in range(2):
        jobs.send_mail(mail_id=message.pk)
    assert len(mailoutbox) == 1


def test_a_message_whose_job_was_lost_gets_a_new_one(nora, nurse):
    from procrastinate.contrib.django.models import ProcrastinateJob

    asked(nora, nurse)
    message = MailMessage.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_events")
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("UPDATE records_mailmessage SET queued_at = now() - interval '11 minutes'")
    assert jobs.rescue_stranded_mail() == 1
    assert jobs.rescue_stranded_mail() == 0
    assert ProcrastinateJob.objects.get().args == {"mail_id": message.pk}


def test_mail_goes_through_real_smtp(nora, nurse, mail_server, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_server.smtp_port
    settings.EMAIL_USE_TLS = False
    asked(nora, nurse)
    jobs.send_mail(mail_id=MailMessage.objects.get().pk)
    assert mail_server.wait_for(to="nora@example.invalid").links


def test_a_repeated_press_asks_rates_closes_and_withdraws_once(nora, nurse):
    keys = [uuid.uuid4() for _ in range(4)]
    task = opened(nora)
    for _ in range(2):
        questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=AT, once=keys[0])
        questionnaires.record_rating(
            patient=nora, instrument="madrs", total=20, by=nurse, taken_at=AT, at=AT, once=keys[1]
        )
        tasks.close(task=task, outcome="Called.", by=nurse, at=AT, once=keys[2])
        consent.ask(patient=nora, purposes=["treatment"], by=nurse, at=AT, once=keys[3])
    assert AssessmentRequest.objects.count() == 1
    assert Assessment.objects.count() == 1
    assert Entry.objects.filter(action="task.closed").count() == 1
    assert SingleUseLink.objects.filter(kind="consent").count() == 1


@pytest.mark.django_db
def test_a_press_that_the_network_repeats_sends_one_message(nora, nurse):
    request = questionnaires.send(patient=nora, instrument="phq9", by=nurse, at=AT)
    once = uuid.uuid4()
    for _ in range(2):
        questionnaires.remind(request=request, by=nurse, at=AT, once=once)
    assert nora.mails.filter(kind="reminder").count() == 1
    once = uuid.uuid4()
    given = {
        questionnaires.send_own_page(patient=nora, by=nurse, at=AT, once=once) for _ in range(2)
    }
    assert len(given) == 1
    assert nora.mails.filter(kind="graph").count() == 1
    questionnaires.remind(request=request, by=nurse, at=AT, once=uuid.uuid4())
    assert nora.mails.filter(kind="reminder").count() == 2
