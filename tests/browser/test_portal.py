"""The patient on a phone and the staff beside them, with real mail and a real worker."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from tests.support.browsers import fits, settle

pytestmark = pytest.mark.browser


def person(given: str, **fields):
    from evenkeel.web.records.models import Patient

    return Patient.objects.create(
        **{
            "family": "Exampleby",
            "given": given,
            "birth": "1981-02-03",
            "email": f"{given.lower()}@example.invalid",
            "phone": "555 0100",
            **fields,
        }
    )


def asked(patient, instrument="phq9"):
    """A questionnaire and a token for it; no message, because sending one makes a new token."""
    from tests.support.people import make_user

    from evenkeel.web.records.services import links, questionnaires

    request = questionnaires.send(
        patient=patient,
        instrument=instrument,
        by=make_user("nurse"),
        at=timezone.now(),
        by_mail=False,
    )
    return request.link, f"/my/l/{links.arm(request.link)}/"


def answer(page, words: str) -> None:
    here = page.url
    page.get_by_label(words, exact=True).check()
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(lambda url: url != here)


def test_sent_by_mail_answered_on_a_phone_and_called_back(
    live, worker, mail, new_page, sign_in, axe, shot
):
    from evenkeel.web.records.models import Assessment, Task

    nora = person("Nora")
    desk = new_page(width=1440)
    sign_in(desk, "nurse")
    desk.goto(f"/patients/{nora.number}/questionnaires/")
    desk.get_by_label("Questionnaire", exact=True).select_option(label="PHQ-9")
    axe(desk)
    desk.get_by_role("button", name="Send by e-mail").click()
    desk.get_by_text("wait to be sent").wait_for()

    letter = mail.wait_for(to="nora@example.invalid", seconds=120)
    assert not re.search("phq|nora|depress|ketamine", f"{letter.subject} {letter.text}", re.I)
    phone = new_page(width=390, height=844)
    phone.goto(letter.links[0])
    axe(phone)
    phone.get_by_role("link", name="Begin").click()
    for number in range(1, 9):
        phone.get_by_text(f"Question {number} of 9").wait_for()
        if number == 4:
            axe(phone)
            phone.get_by_label("Several days", exact=True).check()
            shot(phone, "portal-question")
        answer(phone, "Several days" if number % 2 else "Not at all")
    phone.reload()  # nothing is lost
    phone.get_by_text("Question 9 of 9").wait_for()
    answer(phone, "Several days")

    phone.get_by_role("heading", name="Thank you for telling us").wait_for()
    task = Task.objects.get(patient=nora)  # open before the form is sent
    call = phone.get_by_role("link", name=re.compile("Call 988"))
    expect(call).to_have_attribute("href", "tel:988")
    axe(phone)
    shot(phone, "portal-help")
    phone.get_by_role("link", name="Go on to the last page").click()
    phone.get_by_role("button", name="Send my answers").wait_for()
    axe(phone)
    phone.get_by_role("button", name="Send my answers").click()
    phone.wait_for_url("**/done/")
    axe(phone)
    expect(phone.locator("main")).not_to_contain_text("severe")
    assert Assessment.objects.get(patient=nora).total == 5

    desk.goto("/today/")
    desk.get_by_text("PHQ-9 item 9: 1").wait_for()
    axe(desk)
    shot(desk, "today")
    desk.get_by_role("button", name=re.compile("Take it")).click()
    desk.get_by_label("What was done").fill("Reached her; safe tonight with her sister.")
    axe(desk)
    desk.get_by_role("button", name=re.compile("Close as")).click()
    desk.get_by_text("The task is closed").wait_for()
    task.refresh_from_db()
    assert task.outcome.startswith("Reached her")


def test_consent_by_a_link_with_a_wrong_answer_on_the_way(live, new_page, axe, shot):
    from tests.support.people import make_user

    from evenkeel.web.records.models import ConsentRecord
    from evenkeel.web.records.services import consent, links

    iris = person("Iris")
    link = consent.ask(
        patient=iris,
        purposes=["treatment", "research"],
        by=make_user("nurse"),
        at=timezone.now(),
        by_mail=False,
    )
    page = new_page(width=390, height=844)
    page.goto(f"/my/l/{links.arm(link)}/")
    axe(page)
    page.get_by_role("link", name="Begin").click()
    page.get_by_role("link", name="I have read this").wait_for()
    axe(page)
    shot(page, "portal-consent")
    page.get_by_role("link", name="I have read this").click()
    page.get_by_label("I drive myself if I feel well").check()
    page.get_by_label("At any time, also during a treatment").check()
    page.get_by_label("It may help, and nobody can say beforehand").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("1 answer differs from the text.").wait_for()
    axe(page)
    page.get_by_label("Somebody I trust sees me home").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Do you agree to this treatment?").wait_for()
    axe(page)
    yes = page.get_by_role("button", name="Yes, I agree").bounding_box()
    no = page.get_by_role("button", name="No, I do not").bounding_box()
    assert (yes["width"], yes["height"]) == (no["width"], no["height"])
    page.get_by_role("button", name="Yes, I agree").click()
    page.get_by_role("heading", name="Use of your records in research").wait_for()
    page.get_by_role("button", name="No, do not use my records").click()
    page.get_by_role("heading", name="Your answers").wait_for()
    page.get_by_role("button", name="Sign and send").click()
    page.get_by_text("write your full name").wait_for()
    axe(page)
    page.get_by_label("I have read the texts").check()
    page.get_by_label("Your full name").fill("Iris Exampleby")
    page.get_by_role("button", name="Sign and send").click()
    page.get_by_text("Your answers are signed").wait_for()
    given = dict(ConsentRecord.objects.filter(patient=iris).values_list("purpose", "answer"))
    assert given == {"treatment": "given", "research": "refused"}


def test_an_answer_survives_a_lost_connection(live, new_page):
    link, address = asked(person("Otis"), "phq2")
    page = new_page(width=390, height=844)
    page.goto(address)
    page.get_by_role("link", name="Begin").click()
    page.get_by_label("Nearly every day").check()
    settle(page)  # the script that keeps an answer is there
    page.context.set_offline(True)
    page.get_by_role("button", name="Next").click()
    page.get_by_text("There is no connection").first.wait_for()
    link.refresh_from_db()
    assert link.progress == {}
    page.context.set_offline(False)
    page.get_by_text("Question 2 of 2").wait_for()
    link.refresh_from_db()
    assert link.progress["answers"] == {"q1": 3}


def test_the_numbers_open_without_the_net(live, new_page):
    page = new_page(width=390, height=844)
    page.goto("/my/help/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.goto("/my/f/1/1/")  # any page of the portal leads to the numbers
    page.get_by_role("link", name=re.compile("Call 988")).wait_for()
    page.get_by_text("kept on your device").wait_for()


def test_every_step_works_without_a_script_and_by_keyboard(live, new_page):
    from evenkeel.web.records.models import Assessment

    otto = person("Otto")
    _, address = asked(otto, "phq2")
    page = new_page(width=390, height=844, java_script_enabled=False)
    page.goto(address)
    page.get_by_role("link", name="Begin").press("Enter")
    for number in (1, 2):
        page.get_by_text(f"Question {number} of 2").wait_for()
        page.get_by_label("Not at all").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_label("Several days")).to_be_checked()
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Send my answers").press("Enter")
    page.get_by_text("Your answers were sent").wait_for()
    assert Assessment.objects.get(patient=otto).total == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_small_screens_reflow_in_both_themes(live, new_page, axe, sign_in, theme, shot):
    from tests.support.people import make_user

    from evenkeel.web.records.services import questionnaires

    account = make_user("patient")
    lena = person(f"Lena{theme}", user=account)
    nurse = make_user("nurse")
    now = timezone.now()
    for days, each in ((40, 2), (30, 2), (20, 1), (9, 1), (2, 0)):
        answers = {f"q{n}": each for n in range(1, 9)} | {"q9": 0}
        at = now - timedelta(days=days)
        questionnaires.record_answers(
            patient=lena, instrument="phq9", answers=answers, by=nurse, taken_at=at, at=at
        )
    _, address = asked(lena)
    page = new_page(width=320, height=640, color_scheme=theme)
    sign_in(page, account)
    for where in ("/my/", "/my/list/", "/my/help/", address):
        page.goto(where)
        axe(page)
        fits(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/my/")
    shot(page, f"portal-graph-{theme}")


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_staff_pages_hold_at_every_width(live, new_page, axe, sign_in, width):
    mara = person(f"Mara{width}")
    asked(mara)
    page = new_page(width=width, color_scheme="dark" if width == 820 else "light")
    sign_in(page, "prescriber")
    for where in ("/today/", *(f"/patients/{mara.number}/{p}/" for p in PERSON_PAGES)):
        page.goto(where)
        axe(page)
        fits(page)


PERSON_PAGES = ("consent", "questionnaires", "ratings")
