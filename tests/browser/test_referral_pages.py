"""A coordinator takes in referrals in a real browser; the pages hold at every width and theme."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.referrals import SAMPLES

from evenkeel.edges.fhir import text
from evenkeel.web.accounts.models import ApiToken

pytestmark = pytest.mark.browser
GOOD = SAMPLES / "referrals" / "04-ptsd-2.json"
DEAD = SAMPLES / "referrals" / "10-myocardial-infarction.json"
NOTE = SAMPLES / "faulty" / "32-real-referral-note.json"
ERROR = SAMPLES / "faulty" / "16-entered-in-error.json"


def test_files_go_in_and_each_is_answered(page, sign_in, axe, shot):
    sign_in(page, "coordinator")
    page.goto("/patients/")
    page.get_by_role("link", name="Add a referral").first.click()
    page.get_by_label("Files").set_input_files([GOOD, DEAD, NOTE, ERROR])
    page.get_by_role("button", name="Take in the referral").click()
    page.get_by_text("2 taken in, 2 refused.").wait_for()
    expect(page.get_by_text("Bundle.entry[0].resource.deceasedDateTime")).to_be_visible()
    axe(page)
    shot(page, "referral-answers")
    page.get_by_role("link", name="Open CUMMINGS").click()
    page.get_by_role("heading", name="Chart").wait_for()
    expect(page.get_by_text("171/107").first).to_be_visible()
    axe(page)
    shot(page, "chart")


def test_somebody_is_found_from_the_keyboard_alone(page, sign_in):
    sign_in(page, "coordinator")
    page.goto("/patients/referrals/add/")
    page.get_by_label("Files").set_input_files(ERROR)
    page.get_by_role("button", name="Take in the referral").press("Enter")
    page.get_by_role("link", name="Open EXAMPLEBY").wait_for()
    page.goto("/patients/")
    page.get_by_label("Name or number").focus()
    page.keyboard.type("example")
    page.keyboard.press("Enter")
    page.wait_for_url("**/patients/?*example*")  # the list before has a link of that name too
    page.get_by_role("link", name="EXAMPLEBY, Nora").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Chart").wait_for()
    expect(page.locator("del", has_text="Abdominal aortic aneurysm")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (820, "light"), (390, "dark")])
def test_every_page_holds_at_every_width_and_theme(width, theme, new_page, sign_in, axe):
    # Tall, so that no link lies half under the navigation at the foot, which axe would measure.
    page = new_page(width=width, height=9000, color_scheme=theme)
    sign_in(page, "coordinator")
    page.goto("/patients/referrals/add/")
    page.get_by_label("Files").set_input_files([GOOD, NOTE])
    page.get_by_role("button", name="Take in the referral").click()
    page.get_by_role("link", name="See what was kept").wait_for()
    chart = page.get_by_role("link", name="Open CUMMINGS").get_attribute("href")
    kept = page.get_by_role("link", name="See what was kept").get_attribute("href")
    for address in (None, chart, kept, f"{kept}0/", "/patients/", "/patients/referrals/"):
        if address is not None:
            page.goto(address)
        axe(page)
        fits(page)


def _post(live, token, raw, **headers):
    asked = urllib.request.Request(
        f"{live.url}/fhir",
        data=raw,
        headers={
            "Content-Type": "application/fhir+json",
            "Authorization": f"Bearer {token}",
            **headers,
        },
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_the_door_of_the_real_server_stands_after_hostile_bodies(live, browser, user_of):
    token = ApiToken.issue(name="hospital", user=user_of("coordinator"))[1]
    head = b'{"resourceType":"Bundle","type":"collection","entry":['
    assert _post(live, token, head + b'{"e":[' * 650_000) == 400
    assert _post(live, token, b"x" * (text.SIZE + 1)) == 413
    in_pieces = (b" " * 65_536 for _ in range(text.SIZE // 65_536 + 1))  # without a length
    assert _post(live, token, in_pieces) == 413
    good = (SAMPLES / "referrals" / "18-summary-document.json").read_bytes()
    assert _post(live, token, good) == 201
    assert _post(live, token, good) == 200
