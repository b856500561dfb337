"""The whole story on real parts: one person from referral to a maintenance decision.

A real web server, gateway, job worker, SMTP server and PostgreSQL; four browsers.
Only the clock is moved, and five of the six infusions are given by the services
instead of by hand. The parts have finer tests of their own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support import story
from tests.support.browsers import settle
from tests.support.day import new_id, signature

pytestmark = pytest.mark.browser
DESK = {"width": 1440, "height": 900}
TABLET = {"width": 1180, "height": 820}
PHONE = {"width": 390, "height": 844}
# One sentence of the ledger for each step.
STORY = {
    "referral.received", "fact.answered", "screening.overridden", "consent.given",
    "course.planned", "booking.series_booked", "treatment.checked_in", "treatment.overridden",
    "dose.calculated", "dose.checked", "dose.started", "course.baseline_frozen",
    "register.wasted", "alarm.raised", "alarm.acknowledged", "treatment.left",
    "questionnaire.asked", "task.opened", "questionnaire.answered", "rating.recorded",
    "course.decided",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def moved_clock(clock):
    """Before any server starts."""
    return clock


def press(page, name: str, **options: object) -> None:
    page.get_by_role("button", name=name, **options).click()


def give_the_rest(course, house, clock, boxes) -> None:
    """Infusions two to six, by the same services that the screens call."""
    from types import SimpleNamespace

    from tests.support.day import answers_for

    from evenkeel.core.monitoring.rules import rules_for
    from evenkeel.web.records.services import (
        charting,
        checking,
        giving,
        leaving,
        readings,
        register,
        screening,
        treatments,
        under_way,
    )

    # The prescriber settles the judgement that was overridden on the first day.
    screening.answer_fact(
        patient=course.patient, name="raised_pressure_serious_risk", value=False,
        by=house.prescriber, at=clock.now(), said_by="clinician",
    )  # fmt: skip
    conditions = {*rules_for("racemic_iv").file.gate.conditions, "weight"}
    for treatment, box in zip(
        course.treatments.filter(status="booked").order_by("period"), boxes, strict=True
    ):
        start = treatment.period.lower
        clock.pass_(seconds=max(0, (start - clock.now()).total_seconds()))
        at = clock.now()
        day = SimpleNamespace(course=course, treatment=treatment)
        act = {"treatment": treatment, "by": house.nurse}
        treatments.check_in(**act, at=at)
        for condition, values in answers_for(day, at).items():
            if condition in conditions:
                treatments.answer(
                    **act, condition=condition, values=values, at=at, now=at, client=new_id()
                )

        def pressure(at, act=act) -> None:
            readings.record_by_hand(
                **act,
                values={"systolic_bp": Decimal(126), "diastolic_bp": Decimal(80)},
                at=at,
                now=at,
                client=new_id(),
            )

        pressure(at)
        at += timedelta(minutes=1)
        treatments.pass_gate(**act, at=at, client=new_id())
        checking.first_check(**act, container_ids=[box.pk], at=at)
        checking.second_check(
            treatment=treatment,
            answers={"dose": Decimal(38), "volume": Decimal("3.8"), "rate": Decimal(57)},
            signature=signature(house.second, at),
            at=at,
        )
        giving.start_dose(**act, at=at, client=new_id())
        at += timedelta(minutes=40)
        under_way.end_dose(**act, given_mg=Decimal(38), reason="", at=at, now=at, client=new_id())
        register.waste(
            container=box, mg=Decimal(12), by=house.nurse,
            witness=signature(house.second, at), reason="", at=at,
        )  # fmt: skip
        at += timedelta(minutes=61)
        pressure(at)
        for scale, level in (("sedation", 5), ("dissociation", 0)):
            charting.tap_level(**act, scale=scale, level=level, at=at, now=at, client=new_id())
        for condition, values in (
            ("escort_present", {"answer": "present", "name": "Jo Example"}),
            ("instructions", {"answer": "given"}),
        ):
            treatments.answer(
                **act, condition=condition, values=values, at=at, now=at, client=new_id()
            )
        leaving.judge_ready(**act, stable=True, note="", at=at, client=new_id())
        leaving.release(**act, at=at, client=new_id())


def test_one_person_from_referral_to_a_maintenance_decision(
    clock, live, gateway, worker, mail, new_page, sign_in, axe, shot, postgres_server
):
    from evenkeel.web.ledger.models import Entry
    from evenkeel.web.records import consent_texts
    from evenkeel.web.records.models import (
        Assessment,
        ConsentRecord,
        Container,
        Course,
        MaintenanceDecision,
        Patient,
        RegisterEntry,
        Task,
        TreatmentEvent,
    )

    monday = story.next_monday_at_eight(clock.now())
    clock.pass_(seconds=(monday - clock.now()).total_seconds() + 300)
    house = story.open_house(monday)

    def signed_in(who, **size):
        page = new_page(**size)
        sign_in(page, getattr(house, who))
        return page

    def signed_in_by_form(who, **size):
        page = new_page(**size)
        user = getattr(house, who)
        page.goto("/accounts/login/")
        page.fill("input[name=login]", user.username)
        page.fill("input[name=password]", story.PASSWORD)
        page.press("input[name=password]", "Enter")
        expect(page).not_to_have_url(re.compile("/accounts/login"))
        return page

    # 1. Referral
    desk = signed_in_by_form("coordinator", **DESK)
    desk.goto("/patients/referrals/add/")
    desk.get_by_label("Files").set_input_files(
        [{"name": "nora.json", "mimeType": "application/json", "buffer": story.referral(monday)}]
    )
    press(desk, "Take in the referral")
    desk.get_by_role("link", name=re.compile("Open EXAMPLEBY")).click()
    desk.get_by_text("Recurrent depression").first.wait_for()
    nora = Patient.objects.get(family="Exampleby")
    desk.get_by_text("kept and not understood").first.wait_for()
    shot(desk, "patient")

    # 2. Screening: what is missing is asked on the spot, and the verdicts move
    doctor = signed_in("prescriber", **DESK)
    doctor.goto(f"/patients/{nora.number}/screening/")
    table = doctor.locator("#screening table")
    before = table.inner_text()
    answer_the_safeguards(doctor)
    expect(table).not_to_have_text(before, use_inner_text=True)
    shot(doctor, "screening-answered")
    doctor.locator("#decide-indication").select_option("trd")
    doctor.locator("#decide-product").select_option("racemic_iv")
    doctor.locator("#decide-pack").select_option("apa-2017")
    doctor.locator("#decide-reason").fill("Two adequate trials are on paper; history taken today.")
    press(doctor, "Go on to a course")
    doctor.get_by_role("link", name="Plan a course").wait_for()

    # 3. Consent, in the portal, by a single-use link
    desk.goto(f"/patients/{nora.number}/consent/")
    for purpose in desk.get_by_role("checkbox").all():
        purpose.check()
    press(desk, "Send by e-mail")
    letter = mail.wait_for(to="nora@example.invalid", seconds=120)
    phone = new_page(**PHONE)
    phone.goto(letter.links[0])
    phone.get_by_role("link", name="Begin").click()
    right = {
        answer.words
        for text in consent_texts.all_texts()
        for question in text.questions
        for answer in question.answers
        if answer.right
    }
    read_answer_and_agree(phone, right)
    phone.get_by_label("I have read the texts").check()
    phone.get_by_label("Your full name").fill("Nora Exampleby")
    press(phone, "Sign and send")
    phone.get_by_text("Your answers are signed").wait_for()
    given = dict(ConsentRecord.objects.filter(patient=nora).values_list("purpose", "answer"))
    assert given["treatment"] == given["off_label"] == "given"
    phone.goto(letter.links[0])
    expect(phone.get_by_role("link", name="Begin")).to_have_count(0)  # it does not work twice

    # The scores that a course is measured against
    doctor.goto(f"/patients/{nora.number}/ratings/?instrument=madrs")
    doctor.locator("#id_instrument").select_option("madrs")
    doctor.locator("#id_total").fill("34")
    press(doctor, "Keep as Dr S. Mockridge")
    doctor.get_by_text("34").first.wait_for()

    # 4. Course: a series on chairs, with a nurse and a prescriber on site
    doctor.goto(f"/patients/{nora.number}/course/plan/")
    doctor.get_by_label(re.compile("0.5 mg/kg")).first.check()
    press(doctor, "Plan this course")
    doctor.get_by_role("heading", name="Lay out treatments").wait_for()
    course = Course.objects.get(patient=nora)
    for day in doctor.locator("input[name=weekdays]").all():
        day.set_checked(day.get_attribute("value") in {"0", "3"})
    doctor.locator("#id_start").fill(f"{monday:%Y-%m-%d}")
    doctor.locator("#id_at").fill("09:00")
    doctor.locator("#id_chair").select_option(label="Chair 1")
    press(doctor, "Lay out the dates")
    doctor.get_by_role("button", name=re.compile("Book all 6")).click()
    doctor.wait_for_url(re.compile(r"/courses/\d+/$"))
    treatments = list(course.treatments.order_by("period"))
    assert len(treatments) == 6
    treatment = treatments[0]
    assert treatment.chair == house.chairs[0]
    assert treatment.nurse in (house.nurse, house.second)
    if treatment.nurse != house.nurse:
        house.nurse, house.second = house.second, house.nurse

    # The safe, by the pharmacist
    safe = signed_in("pharmacist", **DESK)
    safe.goto("/register/receive/")
    receive_vials(safe)
    assert Container.objects.count() == 6

    # 5. The day: the gate says why not, then go
    clock.pass_(minutes=50)
    chair = signed_in("nurse", **TABLET)
    chair.goto("/day/")
    press(chair, f"Check in {nora.short_name}")
    chair.wait_for_url("**/gate/")
    chair.get_by_role("heading", name="Not yet").wait_for()
    answer_the_gate(chair, clock)
    # One safeguard is a judgement: only a prescriber may go on, with a reason and a signature.
    blocked = chair.get_by_role("button", name="Go to dosing")
    expect(blocked).to_have_attribute("aria-disabled", "true")
    expect(chair.locator("#why-go")).to_contain_text("a prescriber must say")
    chair.get_by_role("link", name="Override Safeguards").click()
    chair.get_by_label("Reason").fill("Echo of last month is normal; a rise is tolerable.")
    chair.get_by_label("Who signs", exact=True).select_option(str(house.prescriber.pk))
    chair.get_by_label("Password of the person who signs").fill(story.PASSWORD)
    press(chair, "Sign: go ahead today")
    chair.get_by_role("heading", name="Go", exact=True).wait_for()
    axe(chair)
    shot(chair, "gate-go")
    press(chair, "Go to dosing")
    chair.wait_for_url("**/dose/")

    # 6. The dose: two people, one vial, one transaction
    chair.get_by_label("Weight", exact=True).fill("76")
    press(chair, "Write the weight down")
    chair.get_by_role("button", name="Weigh again").wait_for()
    box = Container.objects.order_by("label").first()
    chair.get_by_label(box.label).check()
    press(chair, f"Work out the dose and sign as {house.nurse.short_name}")
    chair.get_by_label("Dose", exact=True).fill("38")
    chair.get_by_label("Volume").fill("3.8")
    chair.get_by_label("Rate").fill("57")
    chair.get_by_label("Wristband and name read aloud").check()
    chair.get_by_label("Label and expiry read").check()
    chair.get_by_label("Who signs", exact=True).select_option(str(house.second.pk))
    chair.get_by_label("Password of the person who signs").fill(story.PASSWORD)
    press(chair, "Sign the second check")
    chair.get_by_role("heading", name="Two people agree").wait_for()
    press(chair, "Pump started")
    chair.wait_for_url("**/live/")
    assert RegisterEntry.objects.filter(treatment=treatment, kind="drawn").count() == 1
    course.refresh_from_db()
    assert course.baselines.get(instrument="madrs").assessment.total == 34

    # 7. Live: a real socket to the screen; an alarm answered by a name
    monitor = story.Monitor(gateway.port, clock.now, nora.number)
    assert monitor.say(hr=78, spo2=98, rr=14, sys=131, dia=82) == "AA"
    chair.locator("svg[data-plot]").get_by_text("131/82").first.wait_for()
    press(chair, "5 Awake")
    chair.locator("#said").get_by_text("Sedation 5").wait_for()
    clock.pass_(minutes=10)
    assert monitor.say(hr=96, spo2=97, rr=15, sys=186, dia=112) == "AA"
    chair.locator("#live-alarm").get_by_text("186/112").first.wait_for()
    shot(chair, "live-alarm")
    press(chair, f"Acknowledge as {house.nurse.short_name}")
    chair.get_by_text(f"Acknowledged by {house.nurse.short_name}").first.wait_for()
    stranger = story.Monitor(gateway.port, clock.now, "EK-999999")
    assert stranger.say(hr=60) == "AE", "a reading of somebody else was charted"
    clock.pass_(minutes=30)
    assert monitor.say(hr=80, spo2=98, rr=14, sys=138, dia=84) == "AA"
    chair.reload()

    # 8. Leaving: what is missing stands beside the button
    press(chair, "Finish", exact=True)
    chair.get_by_label("Given, as the pump says").fill("38")
    press(chair, "Record the end of the dose")
    chair.get_by_text("12 mg to waste").wait_for()
    expect(chair.locator("#why-leave")).to_contain_text("Not before")
    chair.get_by_role("link", name="Waste", exact=True).click()
    waste_the_rest(chair, house)
    assert RegisterEntry.objects.get(kind="wasted").witness == house.second
    clock.pass_(minutes=61)
    assert monitor.say(hr=74, spo2=98, rr=14, sys=129, dia=80) == "AA"
    chair.goto(f"/treatments/{treatment.pk}/live/")
    press(chair, "5 Awake")
    chair.locator("#said").get_by_text("Sedation 5").wait_for()
    chair.get_by_role("group", name="Dissociation").get_by_role("button").first.click()
    chair.locator("#said").get_by_text("Dissociation 0").wait_for()
    press(chair, "Escort is here")
    press(chair, "Seen here")
    press(chair, "Instructions given")
    press(chair, "Judge stable")
    press(chair, "Stable, may leave")
    chair.locator("form button", has_text="Discharge").wait_for()
    press(chair, "Discharge")
    chair.wait_for_url("**/day/")
    chair.get_by_text(re.compile(r"\bleft\b", re.I)).first.wait_for()
    left = TreatmentEvent.objects.get(treatment=treatment, kind="left")
    assert abs(left.at - clock.now()) < timedelta(minutes=5)

    # 9. After: a PHQ-9 by e-mail, on a phone; a positive ninth item
    clock.pass_(days=1)
    desk, doctor = signed_in("coordinator", **DESK), signed_in("prescriber", **DESK)
    desk.goto(f"/patients/{nora.number}/questionnaires/")
    desk.get_by_label("Questionnaire", exact=True).select_option(label="PHQ-9")
    seen = len(mail.letters)
    press(desk, "Send by e-mail")
    letter = next_letter(mail, seen)
    phone.goto(letter.links[0])
    phone.get_by_role("link", name="Begin").click()
    for number in range(1, 10):
        phone.get_by_text(f"Question {number} of 9").wait_for()
        phone.get_by_label("Several days", exact=True).check()
        press(phone, "Next")
    phone.get_by_role("heading", name="Thank you for telling us").wait_for()
    task = Task.objects.get(patient=nora)
    assert task.kind == "safety"
    assert task.owner == house.prescriber
    assert task.due_at > task.opened_at
    phone.get_by_role("link", name="Go on to the last page").click()
    press(phone, "Send my answers")
    phone.wait_for_url("**/done/")
    scored = Assessment.objects.get(patient=nora, instrument="phq9")
    assert (scored.total, scored.band) == (9, "mild")
    doctor.goto("/today/")
    doctor.get_by_text("PHQ-9 item 9: 1").wait_for()

    # 10. The decision
    give_the_rest(course, house, clock, list(Container.objects.order_by("label"))[1:])
    clock.pass_(days=3)
    doctor = signed_in("prescriber", **DESK)
    doctor.goto(f"/courses/{course.pk}/")
    doctor.get_by_text("No suggestion").wait_for()  # no fresh rating
    doctor.goto(f"/patients/{nora.number}/ratings/?instrument=madrs")
    doctor.locator("#id_instrument").select_option("madrs")
    doctor.locator("#id_total").fill("11")
    press(doctor, "Keep as Dr S. Mockridge")
    doctor.get_by_text("11").first.wait_for()
    doctor.goto(f"/courses/{course.pk}/")
    doctor.get_by_text("frozen baseline").first.wait_for()
    doctor.get_by_text(re.compile("Response")).first.wait_for()
    doctor.get_by_text(re.compile("Remission")).first.wait_for()
    axe(doctor)
    shot(doctor, "course-decision")
    doctor.get_by_role("button", name=re.compile("^Accept, ")).first.click()
    doctor.get_by_text("Nothing was booked by it").wait_for()
    decision = MaintenanceDecision.objects.get(course=course)
    assert decision.rule == "can-bind-iv"
    assert decision.inputs
    assert not course.treatments.exclude(status="left").exists()

    # 11. The proof
    office = signed_in("administrator", **DESK)
    office.goto("/ledger/")
    press(office, "Check now")
    office.get_by_text("The chain is whole").wait_for()
    axe(office)
    shot(office, "ledger")
    office.get_by_role("link", name="Overrides").click()
    office.get_by_text("Echo of last month").wait_for()
    done = {row.action for row in Entry.objects.filter(patient_id=nora.pk)}
    assert done >= STORY, STORY - done
    verified = evenkeel(live, "ledger", "verify", "--json")
    assert verified["whole"] is True
    tamper(postgres_server, live.database)
    broken = evenkeel(live, "ledger", "verify", "--json")
    assert broken["whole"] is False
    assert broken["broken_at"] == 2


def answer_the_safeguards(doctor) -> None:
    """No to each; the next one takes its place in the list until none is left."""
    ask = doctor.locator("#questions li").filter(has_text=re.compile("safeguard", re.I))
    expect(ask.first).to_be_visible()  # they are not known without asking
    while ask.count():
        words = ask.first.inner_text()
        ask.first.get_by_role("button", name="No", exact=True).click()
        doctor.wait_for_function(
            "words => ![...document.querySelectorAll('#questions li')]"
            ".some(one => one.innerText === words)",
            arg=words,
        )


def read_answer_and_agree(phone, right: set[str]) -> None:
    """Page after page, each with a heading of its own, up to the one that is signed."""
    while True:
        settle(phone)
        heading = phone.locator("h1").inner_text()
        if heading == "Your answers":
            return
        read = phone.get_by_role("link", name="I have read this")
        if read.count():
            read.click()
        elif phone.get_by_role("radio").count():
            answer_the_check(phone, right)
        else:
            phone.get_by_role("button", name=re.compile("^Yes")).click()
        expect(phone.locator("h1")).not_to_have_text(heading, use_inner_text=True)


def answer_the_check(phone, right: set[str]) -> None:
    """Choose the right answer where it is known, else each page's answers one by one."""
    for group in phone.get_by_role("group").all():
        options = [one.inner_text().strip() for one in group.locator("label").all()]
        chosen = next((one for one in options if one in right), None)
        assert chosen is not None, f"no right answer known among {options}"
        group.get_by_label(chosen, exact=True).check()
    press(phone, "Next")


def receive_vials(page) -> None:
    page.get_by_label("Product", exact=True).select_option("racemic_iv")
    page.get_by_label("Lot").fill("SYN-7700")
    page.get_by_label("Expires on").fill("2028-01-31")
    page.get_by_label("Labels, one a line").fill("\n".join(f"V{n:04d}" for n in range(1, 7)))
    page.get_by_label("Content of each").fill("50")
    page.get_by_label("Strength").fill("10")
    press(page, "Write into the register")
    page.wait_for_url("**/register/")


def answer_the_gate(page, clock) -> None:
    """Every question of the gate, as a nurse works down the list."""
    page.get_by_role("link", name="Name an escort", exact=True).click()
    page.get_by_label("Who takes the person home").fill("Jo Example, sister")
    press(page, "Write it down")
    for act, choice in (
        ("Check the oximeter", "At the chair, works"),
        ("Ask about suicidal thoughts since the last visit", "Asked, none"),
    ):
        page.get_by_role("link", name=act, exact=True).click()
        page.get_by_label(choice).check()
        press(page, "Write it down")
    long_ago = (clock.now() - timedelta(hours=9)).astimezone(story.ZONE)
    page.get_by_role("link", name="Ask about food and drink", exact=True).click()
    page.get_by_label("Last food at").fill(f"{long_ago:%H:%M}")
    page.get_by_label("Last drink at").fill(f"{long_ago:%H:%M}")
    press(page, "Write it down")
    page.get_by_role("link", name="Measure", exact=True).click()
    page.get_by_label("Systolic").fill("128")
    page.get_by_label("Diastolic").fill("80")
    press(page, "Chart the pressure")


def waste_the_rest(page, house) -> None:
    page.get_by_label("Wasted").fill("12")
    page.get_by_label("Witness", exact=True).select_option(str(house.second.pk))
    page.get_by_label("Password of the person who signs").fill(story.PASSWORD)
    press(page, "Waste and sign")
    page.wait_for_url(re.compile("register/$|live/$"))


def next_letter(mail, seen: int):
    from tests.support.servers import wait_until

    wait_until(lambda: len(mail.letters) > seen, "a letter")
    return mail.letters[-1]


def evenkeel(live, *words: str) -> dict:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("evenkeel")), *words],
        env=live.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return json.loads(done.stdout)


def tamper(server, database: str) -> None:
    """Edit a row behind the application's back, as the owner of the database can."""
    import psycopg

    with psycopg.connect(server.url(database), autocommit=True) as owner:
        owner.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        owner.execute("UPDATE ledger_entry SET sentence = 'Nothing happened.' WHERE seq = 2")
        owner.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
