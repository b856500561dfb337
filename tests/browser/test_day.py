"""The day in a real browser: gate, dose, chair, floor, and a tablet that loses the server."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import psutil
import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.day import (
    answer_safeguards,
    chart_monitor,
    make_day,
    new_id,
    to_check,
    to_dose,
    to_gate,
)

from evenkeel.web.records.models import RegisterEntry, TreatmentEvent

pytestmark = pytest.mark.browser
PASSWORD = "a long enough word 77"
TABLET = {"width": 1180, "height": 820}


def day_at(minutes_ago: float, product: str = "racemic_iv", **patient):
    day = make_day(product, now=timezone.now() - timedelta(minutes=minutes_ago), **patient)
    answer_safeguards(day)
    for user in (day.second, day.prescriber):
        user.password = make_password(PASSWORD, hasher="argon2")
        user.save(update_fields=["password"])
    return day


def minutes_of_today(most: float) -> float:
    """Fewer just after midnight: the list of a day shows what was booked on it."""
    now = timezone.now().astimezone(day_zone())
    return min(most, now.hour * 60 + now.minute + now.second / 60)


def running(minutes: float = 27, **patient):
    """An infusion under way, with a monitor that has spoken every minute."""
    from evenkeel.web.records.services import charting, ordering

    day = day_at(minutes + 5, **patient)
    ordering.order_dose(
        treatment=day.treatment, mg_per_kg=Decimal("0.5"), mg=None, weight_basis="actual",
        minutes=40, limits={"pressure:above:medium": {"systolic": 160, "diastolic": 100}},
        reason="", by=day.prescriber, at=day.now,
    )  # fmt: skip
    to_dose(day)
    start = day.now + timedelta(minutes=5)
    for minute in [*range(0, int(minutes), 3), int(minutes)]:
        at = start + timedelta(minutes=minute)
        signs = {"heart_rate": 72 + minute // 2, "spo2": 97 + minute % 2, "respiratory_rate": 14}
        if minute % 6 == 0:
            signs |= {"systolic_bp": 130 + minute, "diastolic_bp": 80 + minute // 2}
        chart_monitor(day, at, **signs)
    for minute, scale, level in (
        (1, "sedation", 5), (1, "dissociation", 0), (10, "sedation", 5), (10, "dissociation", 3),
        (20, "sedation", 4), (20, "dissociation", 5),
    ):  # fmt: skip
        at = start + timedelta(minutes=minute)
        if at < timezone.now():
            charting.tap_level(
                treatment=day.treatment, scale=scale, level=level, by=day.nurse, at=at, now=at,
                client=new_id(),
            )  # fmt: skip
    return day


@contextmanager
def frozen(pid: int):
    """The server holds its breath: sockets stay open and say nothing."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in reversed(family):
            process.resume()


def test_the_gate_answers_in_place_and_an_override_stays_a_diamond(
    live, new_page, sign_in, axe, shot
) -> None:
    day = day_at(minutes_of_today(3), family="Specimen", given="Caspian")
    page = new_page(width=820, height=1180)
    sign_in(page, day.nurse)
    page.goto("/day/")
    axe(page)
    page.get_by_role("button", name="Check in Caspian S.").click()
    page.wait_for_url("**/gate/")
    expect(page.get_by_role("heading", name="Not yet")).to_be_visible()
    for act, fill in (
        ("Name an escort", {"Who takes the person home": "Ruth Specimen, sister"}),
        ("Check the oximeter", "At the chair, works"),
        ("Ask about suicidal thoughts since the last visit", "Asked, none"),
    ):
        page.get_by_role("link", name=act).click()
        if isinstance(fill, str):
            page.get_by_label(fill).check()
        else:
            for label, words in fill.items():
                page.get_by_label(label).fill(words)
        page.get_by_role("button", name="Write it down").click()
    page.get_by_role("link", name="Ask about food and drink").click()
    long_ago = (timezone.now() - timedelta(hours=9)).astimezone(day_zone())
    page.get_by_label("Last food at").fill(f"{long_ago:%H:%M}")
    page.get_by_label("Last drink at").fill(f"{long_ago:%H:%M}")
    page.get_by_role("button", name="Write it down").click()
    page.get_by_role("link", name="Measure", exact=True).click()
    page.get_by_label("Systolic").fill("150")
    page.get_by_label("Diastolic").fill("92")
    page.get_by_role("button", name="Chart the pressure").click()
    page.get_by_role("link", name="Override Blood pressure").click()
    page.get_by_role("button", name="Sign: go ahead today").wait_for()
    axe(page)
    shot(page, "day-gate")
    page.get_by_label("Reason").fill("Anxious on arrival. 128/82 at home this morning.")
    page.get_by_label("Who signs", exact=True).select_option(str(day.prescriber.pk))
    page.get_by_label("Password of the person who signs").fill(PASSWORD)
    page.get_by_role("button", name="Sign: go ahead today").click()
    page.get_by_role("heading", name="Go", exact=True).wait_for()
    expect(page.get_by_text("Blood pressure, by override")).to_be_visible()
    axe(page)
    shot(page, "day-gate-go")
    page.get_by_role("button", name="Go to dosing").click()
    page.wait_for_url("**/dose/")


def day_zone():
    from evenkeel.web.records.selectors.timeline import zone

    return zone()


def test_two_people_check_a_dose_on_one_tablet_and_it_starts_once(
    live, new_page, sign_in, axe, shot
) -> None:
    day = day_at(4, family="Sampleton", given="Juniper")
    to_gate(day)
    from evenkeel.web.records.services import treatments

    treatments.pass_gate(
        treatment=day.treatment, by=day.nurse, at=day.now + timedelta(minutes=1), client=new_id()
    )
    page = new_page(**TABLET)
    sign_in(page, day.nurse)
    page.goto(f"/treatments/{day.treatment.pk}/dose/")
    axe(page)
    page.get_by_label(day.boxes[0].label).check()
    page.get_by_role("button", name="Work out the dose").click()
    expect(page.get_by_text("Sealed", exact=True)).to_have_count(3)
    page.get_by_label("Dose", exact=True).fill("38")
    page.get_by_label("Volume").fill("3.8")
    page.get_by_label("Rate").fill("5.7")
    page.get_by_label("Wristband and name read aloud").check()
    page.get_by_label("Label and expiry read").check()
    page.get_by_label("Who signs", exact=True).select_option(str(day.second.pk))
    page.get_by_label("Password of the person who signs").fill(PASSWORD)
    page.get_by_role("button", name="Sign the second check").click()
    page.get_by_text("The rate did not agree with the first answer").wait_for()
    expect(page.get_by_text("Sealed", exact=True)).to_have_count(1)
    axe(page)
    shot(page, "dose-second-check")
    page.get_by_label("Rate").fill("57")
    page.get_by_label("Password of the person who signs").fill(PASSWORD)
    page.get_by_role("button", name="Sign the second check").click()
    page.get_by_role("heading", name="Two people agree").wait_for()
    page.get_by_role("button", name="Pump started").click()
    page.wait_for_url("**/live/")
    page.get_by_role("heading", name="Infusion running").wait_for()
    assert RegisterEntry.objects.filter(treatment=day.treatment, kind="drawn").count() == 1


def test_a_reading_reaches_the_chair_and_an_alarm_is_answered_by_name(
    live, new_page, sign_in, axe, shot
) -> None:
    day = running(family="Exampleby", given="Nora")
    page = new_page(**TABLET, unhurried=True)
    sign_in(page, day.nurse)
    page.goto(f"/treatments/{day.treatment.pk}/live/")
    page.get_by_role("heading", name="Infusion running").wait_for()
    axe(page)
    now = timezone.now()
    chart_monitor(day, now, systolic_bp=166, diastolic_bp=101, heart_rate=88, spo2=97,
                  respiratory_rate=14)  # fmt: skip
    page.locator("#live-alarm").get_by_text("Blood pressure 166/101, above 160/100").wait_for()
    page.locator("svg[data-plot]").get_by_text("166/101").wait_for()
    # Nothing scrolls while treating on a tablet on its side.
    page.wait_for_function(
        "height => document.documentElement.scrollHeight <= height", arg=TABLET["height"]
    )
    axe(page)
    shot(page, "live-treatment")
    page.get_by_role("button", name=f"Acknowledge as {day.nurse.short_name}").click()
    page.get_by_text(f"Acknowledged by {day.nurse.short_name}").wait_for()
    page.locator("#said").get_by_text("Alarm: acknowledged").wait_for()
    page.wait_for_function(
        """() => {
          const edge = (id) => document.getElementById(id).getBoundingClientRect();
          return edge("said").bottom <= edge("live-taps").top + 1;
        }"""
    )
    # A button that cannot be pressed keeps its focus and says why, in view.
    page.get_by_role("button", name="Discharge").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#why-leave")).to_contain_text("Not before")
    expect(page.locator("#why-leave")).to_be_in_viewport()
    assert TreatmentEvent.objects.filter(
        treatment=day.treatment, kind="alarm_acknowledged", by=day.nurse
    ).exists()


def test_a_level_is_one_tap_or_one_key_and_can_be_undone(live, new_page, sign_in) -> None:
    day = running(minutes=3)
    page = new_page(**TABLET, unhurried=True)
    sign_in(page, day.nurse)
    page.goto(f"/treatments/{day.treatment.pk}/live/")
    page.get_by_role("button", name="4 Slow").click()
    page.get_by_role("button", name="Undo").click()
    page.locator("#said").get_by_text("struck out").wait_for()
    page.get_by_role("group", name="Dissociation").get_by_role("button").first.focus()
    page.keyboard.press("7")
    page.locator("#said").get_by_text("Dissociation 7: saved").wait_for()
    # A reading that comes between the two keys of "10" draws the rows anew.
    page.evaluate(
        """() => {
          const press = (key) => document.querySelector("button[name=dissociation]")
            .dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          press("1");
          const rows = document.getElementById("live-taps");
          rows.replaceWith(rows.cloneNode(true));
          press("0");
        }"""
    )
    page.locator("#said").get_by_text("Dissociation 10: saved").wait_for()
    taps = TreatmentEvent.objects.filter(treatment=day.treatment, kind="level_tapped")
    levels = taps.filter(data__scale="dissociation").order_by("pk")
    assert [tap.data["level"] for tap in levels][-2:] == [7, 10]
    assert taps.filter(data__scale="sedation", data__level=4).exists()
    assert TreatmentEvent.objects.filter(treatment=day.treatment, kind="corrected").count() == 1


def test_a_wide_screen_gets_a_wide_sheet_and_the_next_page_has_it_at_once(
    live, new_page, sign_in
) -> None:
    day = running(minutes=3)
    page = new_page(width=1440, height=800)
    sign_in(page, day.nurse)
    # What the drawing leaves blank at the right of its place, in px.
    blank = """() => {
        const drawing = document.querySelector("svg[data-plot]");
        const { width, height } = drawing.getBoundingClientRect();
        const { width: units, height: tall } = drawing.viewBox.baseVal;
        return width - units * Math.min(width / units, height / tall);
    }"""
    page.goto(f"/treatments/{day.treatment.pk}/live/")
    page.wait_for_function(f"() => ({blank})() < 20")
    page.reload(wait_until="domcontentloaded")
    assert page.evaluate(blank) < 20


def test_a_tap_without_the_server_is_kept_said_and_sent_once(live, new_page, sign_in) -> None:
    day = running(minutes=3, family="Kepton", given="Osric")
    page = new_page(**TABLET, unhurried=True)
    sign_in(page, day.nurse)
    page.goto(f"/treatments/{day.treatment.pk}/live/")
    page.get_by_role("heading", name="Infusion running").wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name="3 Loud call").click()
    page.locator("#kept").get_by_text("1 kept on this device, not yet saved").wait_for()
    page.wait_for_function("() => /level_tapped/.test(JSON.stringify(localStorage))")
    page.wait_for_function("() => !/Osric|Kepton/.test(JSON.stringify(localStorage))")
    taps = TreatmentEvent.objects.filter(
        treatment=day.treatment, kind="level_tapped", data__level=3
    )
    assert not taps.exists()
    page.context.set_offline(False)
    page.locator("#kept").wait_for(state="hidden")
    taps.get()  # one, and one only


def test_the_floor_shows_the_worst_first_and_an_initial_only(
    live, new_page, sign_in, axe, shot
) -> None:
    lesser = running(minutes=12, family="Quietley", given="Petra")
    chart_monitor(lesser, timezone.now(), systolic_bp=166, diastolic_bp=101)
    day = running(minutes=20, family="Mockley", given="Wren")
    chart_monitor(day, timezone.now(), systolic_bp=196, diastolic_bp=108)
    wall = new_page(width=1440, height=900)
    sign_in(wall, "nurse")
    wall.goto("/floor/wall/")
    wall.locator("#floor-alarm").get_by_text("196/108").wait_for()
    expect(wall.locator("main")).to_contain_text("Wren M.")
    expect(wall.locator("main")).not_to_contain_text("Mockley")
    axe(wall)
    shot(wall, "floor-wall")
    phone = new_page(width=390, height=2400)  # no line half under the bar at the foot
    sign_in(phone, day.nurse)
    phone.goto("/floor/")
    expect(phone.locator(".floor-lines .chair-line").first).to_contain_text("Wren M.")
    shot(phone, "floor-phone")
    axe(phone)
    phone.get_by_role("button", name="I am going").click()
    # The next unanswered alarm takes the banner of the wall: hers, or one that is older.
    wall.locator("#floor-alarm").get_by_text("196/108").wait_for(state="hidden")
    expect(wall.locator("#floor-alarm")).to_contain_text("Nobody has answered")


def test_a_wall_that_hears_nothing_says_so(live, new_page, sign_in, shot) -> None:
    wall = new_page(width=1440, height=900)
    sign_in(wall, "nurse")
    wall.goto("/floor/wall/")
    wall.wait_for_function("() => document.querySelector('[data-clock]').dataset.state !== 'own'")
    with frozen(live.process.child.pid):
        wall.locator("[data-out-of-touch]").get_by_text("out of touch").wait_for()
        expect(wall.locator("body")).to_contain_class("out-of-touch")
        shot(wall, "floor-out-of-touch")
    wall.locator("body:not(.out-of-touch)").wait_for()


def test_a_wall_whose_stream_never_opens_says_so_too(live, new_page, sign_in) -> None:
    wall = new_page(width=1440, height=900)
    sign_in(wall, "nurse")
    wall.route("**/live/floor/events", lambda route: route.abort())
    wall.goto("/floor/wall/")
    wall.locator("[data-out-of-touch]").get_by_text("out of touch").wait_for()


def test_pages_of_the_day_have_no_fault_in_the_dark_and_on_a_phone(
    live, new_page, sign_in, axe, shot
) -> None:
    day = running(minutes=15, family="Nightly", given="Uma")
    ready = day_at(6)
    to_check(ready)
    # A tall phone: no line is half hidden under the bar at the foot when axe measures it.
    for width, height in ((1180, 820), (390, 2400)):
        page = new_page(width=width, height=height, color_scheme="dark")
        sign_in(page, "nurse")
        for path in (
            "/day/", "/floor/", "/register/", f"/treatments/{ready.treatment.pk}/gate/",
            f"/treatments/{ready.treatment.pk}/dose/", f"/treatments/{day.treatment.pk}/live/",
            f"/treatments/{day.treatment.pk}/sheet/",
        ):  # fmt: skip
            page.goto(path)
            axe(page)
            name = path.strip("/").replace("/", "-")
            for pk, word in ((ready.treatment.pk, "ready"), (day.treatment.pk, "running")):
                name = name.replace(f"treatments-{pk}", word)
            shot(page, f"dark-{width}-{name}")
            fits(page)
