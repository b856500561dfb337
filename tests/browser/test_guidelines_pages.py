"""The public guideline browser in a real browser, by somebody who has no account."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.referrals import SAMPLES

pytestmark = pytest.mark.browser
REFERRAL = SAMPLES / "referrals" / "01-depression-1.json"

PAGES = {
    "index": "/guidelines/",
    "search": "/guidelines/?words=aneurysm",
    "pack": "/guidelines/packs/esketamine-eu/",
    "payer": "/guidelines/packs/payer-first-esketamine/",
    "criterion": "/guidelines/criteria/SPVEU-010/",
    "try": "/guidelines/criteria/SPVEU-010/try/",
    "facts": "/guidelines/facts/",
    "fact": "/guidelines/facts/aneurysmal_vascular_disease/",
    "conflicts": "/guidelines/conflicts/",
    "conflict": "/guidelines/conflicts/C02/",
    "missing": "/guidelines/criteria/SPVEU-100/",
}


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (820, "light"), (390, "dark")])
def test_the_pages_hold_at_every_width_and_theme(width, theme, new_page, axe, shot):
    page = new_page(width=width, height=1000, color_scheme=theme)
    for name, address in PAGES.items():
        page.goto(address)
        fits(page)
        axe(page)
        shot(page, f"guidelines-{name}-{width}-{theme}")


def test_a_reader_finds_a_criterion_tries_it_and_reads_the_other_side(new_page, axe, shot):
    page = new_page(width=1280)
    page.goto("/guidelines/")
    page.get_by_label("Words").fill("pressure above 150/90")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="SPVEU-010").click()
    page.get_by_role("link", name="Try it").click()
    page.get_by_label("Age, years").fill("70")
    page.get_by_label("Systolic pressure").fill("148")
    page.get_by_label("Diastolic pressure").fill("88")
    page.get_by_role("button", name="What does it say?").click()
    page.get_by_text("Does not apply", exact=True).wait_for()
    expect(page).not_to_have_url(re.compile("148"))
    axe(page)
    shot(page, "guidelines-tried")
    page.get_by_label("Systolic pressure").fill("151")
    page.get_by_role("button", name="What does it say?").click()
    page.get_by_text("A person must judge").wait_for()
    page.get_by_role("link", name="SPVEU-010").click()
    page.get_by_role("link", name="SPVUS-011").first.click()
    page.get_by_role("heading", name="SPVUS-011").wait_for()


def test_the_pages_read_without_scripts_and_on_paper(new_page, shot):
    page = new_page(width=1280, java_script_enabled=False)
    page.goto("/guidelines/?words=aneurysm&strength=must")
    page.get_by_role("link", name="SPVUS-006").click()
    expect(page.get_by_text("No aneurysm of the aorta").first).to_be_visible()
    page.get_by_text("The same as SQL").click()
    expect(page.get_by_text("NOT aneurysmal_vascular_disease")).to_be_visible()
    page.emulate_media(media="print")
    shot(page, "guidelines-print")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_a_conflict_that_bites_stands_on_the_screening_page(
    width, theme, new_page, sign_in, axe, shot
):
    page = new_page(width=width, height=2400, color_scheme=theme)
    sign_in(page, "prescriber")
    page.goto("/patients/referrals/add/")
    page.get_by_label("Files").set_input_files([REFERRAL])
    page.get_by_role("button", name="Take in the referral").click()
    chart = page.get_by_role("link", name="Open ").first.get_attribute("href")
    for name, answer in (("psychosis_current", "no"), ("psychosis_history", "yes")):
        page.goto(f"{chart}screening/facts/{name}/")
        page.get_by_label("Answer", exact=True).select_option(answer)
        page.get_by_role("button", name="Keep this answer").click()
        page.get_by_text("The answer was kept.").wait_for()
    page.goto(f"{chart}screening/")
    page.get_by_role("heading", name="Where guidelines part over this person").wait_for()
    page.evaluate("document.querySelectorAll('#conflicts details').forEach(one => one.open = true)")
    axe(page)
    fits(page)
    page.locator("#conflicts").scroll_into_view_if_needed()
    shot(page, f"screening-conflicts-{width}-{theme}")
    page.locator("#conflicts").get_by_role("link", name="Psychosis", exact=True).click()
    page.get_by_role("heading", name="Psychosis", level=1).wait_for()
