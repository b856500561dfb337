"""Packets in a real browser: choose, see what is missing, issue, read, and the file."""

from __future__ import annotations

import re

import pytest
from tests.support.browsers import fits
from tests.support.referrals import SAMPLES

pytestmark = pytest.mark.browser
REFERRAL = SAMPLES / "referrals" / "01-depression-1.json"
PACK = "?pack=payer-first-esketamine"


def open_packets(page) -> str:
    page.goto("/patients/referrals/add/")
    page.get_by_label("Files").set_input_files([REFERRAL])
    page.get_by_role("button", name="Take in the referral").click()
    chart = page.get_by_role("link", name="Open ").first.get_attribute("href")
    page.goto(f"{chart}screening/")
    # On a narrow screen the tab leads there, and the button is left off the foot.
    page.get_by_role("link", name=re.compile("^(Prior-authorisation packet|Packets)$")).filter(
        visible=True
    ).first.click()
    page.wait_for_url("**/packets/")
    return page.url


def test_a_coordinator_issues_a_packet_and_gets_the_file(page, sign_in, axe, shot):
    sign_in(page, "coordinator")
    open_packets(page)
    axe(page)
    shot(page, "packets-empty")
    page.get_by_role("link", name="First authorisation, 2 trials").click()
    page.get_by_role("heading", name="What is missing").wait_for()
    page.set_viewport_size({"width": 1280, "height": 1000})
    shot(page, "packet")
    page.get_by_label("Safeguards").check()
    page.get_by_role("button", name="Show with these parts").click()
    page.get_by_role("heading", name="Safeguards").wait_for()
    axe(page)
    page.get_by_role("button", name="Issue the incomplete packet").click()
    page.get_by_role("heading", name="As it was issued").wait_for()
    axe(page)
    shot(page, "packet-issued")
    with page.expect_download() as got:
        page.get_by_role("link", name="Download the PDF").click()
    assert got.value.suggested_filename.startswith("PA-")
    assert got.value.path().read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (820, "light"), (390, "dark")])
def test_the_pages_hold_at_every_width_and_theme(width, theme, new_page, sign_in, axe, shot):
    page = new_page(width=width, height=5000, color_scheme=theme)
    sign_in(page, "prescriber")
    address = open_packets(page)
    page.goto(address + PACK)
    axe(page)
    fits(page)
    shot(page, f"packets-{width}-{theme}")
