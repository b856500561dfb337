"""Screening in a real browser: answers in place change the verdicts before one's eyes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.referrals import SAMPLES

pytestmark = pytest.mark.browser
REFERRAL = SAMPLES / "referrals" / "01-depression-1.json"


def open_screening(page) -> str:
    page.goto("/patients/referrals/add/")
    page.get_by_label("Files").set_input_files([REFERRAL])
    page.get_by_role("button", name="Take in the referral").click()
    chart = page.get_by_role("link", name="Open ").first.get_attribute("href")
    page.goto(f"{chart}screening/")
    return page.url


def test_an_answer_changes_the_page_in_place_and_is_announced(page, sign_in, axe, shot):
    sign_in(page, "prescriber")
    address = open_screening(page)
    title = page.locator("#questions h2").inner_text()
    first = page.locator("#questions .ask").first.inner_text()
    page.locator("#questions li").first.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#questions .ask").first).not_to_have_text(first, use_inner_text=True)
    expect(page.locator("#questions h2")).not_to_have_text(title, use_inner_text=True)
    expect(page).to_have_url(address)
    # Not before the swap: axe and pictures leave empty style attributes, which htmx carries over.
    axe(page)
    shot(page, "screening")


def test_a_prescriber_decides_and_the_plan_opens(page, sign_in, axe, shot):
    sign_in(page, "prescriber")
    open_screening(page)
    expect(page.get_by_text("Waits for a prescriber to decide.")).to_be_visible()
    page.locator("#decide-indication").select_option("trd")
    page.locator("#decide-product").select_option("racemic_iv")
    page.get_by_label("Follows").select_option("apa-2017")
    page.get_by_role("button", name="Go on to a course").click()
    page.get_by_text("A safeguard is not cleared", exact=False).wait_for()
    expect(page.locator("#decide-indication")).to_have_value("trd")
    page.locator("#decide-reason").fill("Known to this clinic for years; history taken on paper.")
    page.get_by_role("button", name="Go on to a course").click()
    page.get_by_role("link", name="Plan a course").wait_for()
    page.get_by_role("link", name="Read the decision").first.click()
    page.get_by_role("heading", name="Screening decision").wait_for()
    axe(page)


@pytest.mark.parametrize(
    ("width", "theme"), [(1440, "light"), (1440, "dark"), (820, "light"), (390, "dark")]
)
def test_the_pages_hold_at_every_width_and_theme(width, theme, new_page, sign_in, axe, shot):
    page = new_page(width=width, height=16000, color_scheme=theme)
    sign_in(page, "prescriber")
    address = open_screening(page)
    for part in ("", "?show=all", "packs/esketamine-us/", "facts/pregnant/",
                 "facts/antidepressant_trials/"):  # fmt: skip
        page.set_viewport_size({"width": width, "height": 16000})
        page.goto(address + part)
        page.evaluate("document.querySelectorAll('.why-card').forEach(card => card.open = true)")
        axe(page)
        fits(page)
        page.set_viewport_size({"width": width, "height": 1000})
        shot(page, f"screening-{width}-{theme}{part.replace('/', '-').replace('?', '-')}")
