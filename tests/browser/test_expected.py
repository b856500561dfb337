"""What a model expects, in a real browser: turned on, drawn, asked for, explained, printed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from tests.support.browsers import settle
from tests.support.day import answer_safeguards, chart_monitor, make_day, new_id, to_dose
from tests.support.people import make_user

from evenkeel.web.records.models import SiteSwitch, TreatmentEvent
from evenkeel.web.records.services import charting, giving, site

pytestmark = pytest.mark.browser
SCREENS = ((1440, 900, "light"), (820, 1180, "dark"), (390, 844, "light"))


def turn(on: bool) -> None:
    site.turn(
        name=SiteSwitch.Name.EXPECTED, on=on, reason="Teaching on Thursdays",
        by=make_user("administrator"), at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def switched_on(live):
    """The house is one for all browser tests: others find it as it was."""
    turn(True)
    yield
    turn(False)


def dosing(product: str = "racemic_iv", minutes: int = 27, **patient):
    """A dose under way with signs beside it."""
    day = make_day(product, now=timezone.now() - timedelta(minutes=minutes + 5), **patient)
    answer_safeguards(day)
    to_dose(day)
    start = day.now + timedelta(minutes=5)
    for minute in range(0, minutes, 3):
        at = start + timedelta(minutes=minute)
        signs = {"heart_rate": 72 + minute // 2, "spo2": 97, "respiratory_rate": 14}
        if minute % 6 == 0:
            signs |= {"systolic_bp": 128 + minute, "diastolic_bp": 80 + minute // 3}
        chart_monitor(day, at, **signs)
    for minute, scale, level in ((2, "sedation", 5), (2, "dissociation", 0), (15, "sedation", 4)):
        at = start + timedelta(minutes=minute)
        charting.tap_level(
            treatment=day.treatment, scale=scale, level=level, by=day.nurse, at=at, now=at,
            client=new_id(),
        )  # fmt: skip
    return day


def test_an_administrator_turns_it_on_with_a_reason(live, new_page, sign_in, axe, shot) -> None:
    page = new_page(width=1280)
    sign_in(page, "administrator")
    page.goto("/house/accounts/")
    page.get_by_role("link", name="Switches of this site").click()
    page.get_by_role("button", name="Turn on").wait_for()
    axe(page)
    page.get_by_label("Reason").fill("Teaching on Thursdays, asked for by the prescribers")
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("button", name="Turn off").wait_for()
    axe(page)
    shot(page, "site-switch")
    page.get_by_label("Reason").fill("The course is over")
    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("button", name="Turn on").wait_for()
    expect(page.get_by_text("The course is over")).to_be_visible()


def test_the_live_treatment_shows_the_line_below_the_signs(
    switched_on, new_page, sign_in, axe, shot
) -> None:
    day = dosing(family="Exampleby", given="Nora")
    for width, height, theme in SCREENS:
        page = new_page(width=width, height=height, color_scheme=theme)
        sign_in(page, day.nurse)
        page.goto(f"/treatments/{day.treatment.pk}/live/")
        page.locator("path.model-line").wait_for()
        page.get_by_text("Which model, and its limits").wait_for()
        # The taps stay in sight: charting comes first.
        if width > 390:
            expect(page.get_by_role("button", name="Awake")).to_be_in_viewport(ratio=0.99)
            settle(page)
            page.wait_for_function(
                "height => document.querySelector('.live-taps').getBoundingClientRect().bottom"
                " <= height + 1",
                arg=height,
            )
        shot(page, f"expected-live-{width}-{theme}")
        # Upright, the taps lie over whatever is scrolled behind them: look at what is not.
        # (Its panel may be drawn anew at any moment: the page is scrolled, not an element.)
        page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
        axe(page)
        shot(page, f"expected-live-{width}-{theme}-end")
        page.get_by_text("Which model, and its limits").click()
        expect(page.get_by_text("It may draw too high")).to_be_visible()
        expect(page.get_by_text("No target is known")).to_be_visible()
        if width == 1440:
            axe(page)
            page.emulate_media(media="print")
            expect(page.locator("path.model-line")).to_be_visible()


def test_a_spray_asks_and_then_has_its_band_on_every_page(
    switched_on, new_page, sign_in, axe, shot
) -> None:
    day = dosing("esketamine_nasal", minutes=20, family="Sampleton", given="Juniper")
    at = day.now + timedelta(minutes=11)
    giving.give_device(treatment=day.treatment, by=day.nurse, at=at, now=at, client=new_id())
    TreatmentEvent.objects.create(
        treatment=day.treatment, kind="answered", at=day.now, by=day.nurse,
        data={"condition": "weight", "values": {"kg": "76"}},
    )  # fmt: skip
    assert Decimal(56) == day.course.dose_mg
    page = new_page(width=1440)
    sign_in(page, day.prescriber)
    page.goto(f"/courses/{day.course.pk}/")
    page.get_by_role("button", name="Asian, not Japanese").wait_for()
    axe(page)
    shot(page, "expected-missing")
    page.get_by_role("button", name="Neither").click()
    page.locator("svg.plan-model path.model-band").wait_for()
    axe(page)
    page.locator("#expected").scroll_into_view_if_needed()
    shot(page, "expected-plan")
    phone = new_page(width=390, height=844, color_scheme="dark")
    sign_in(phone, day.nurse)
    phone.goto(f"/courses/{day.course.pk}/expected/")
    phone.locator("svg.plan-model path.model-band").wait_for()
    axe(phone)
    shot(phone, "expected-plan-phone")
    page.goto(f"/treatments/{day.treatment.pk}/live/")
    page.locator("path.model-band").wait_for()
    axe(page)
    shot(page, "expected-live-spray")
    page.goto(f"/treatments/{day.treatment.pk}/sheet/")
    page.locator("path.model-band").wait_for()
    page.emulate_media(media="print")
    expect(page.get_by_text("model, not measured").first).to_be_visible()
    shot(page, "expected-paper")
