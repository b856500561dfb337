"""Signing in, in a real browser, under the policy that is shipped."""

from __future__ import annotations

import re
import urllib.request

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_each_door_sets_the_walls(live):
    with urllib.request.urlopen(f"{live.url}/accounts/login/", timeout=60) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


def test_somebody_without_an_account_is_led_to_the_door(page, live):
    page.goto(f"{live.url}/")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_a_wrong_password_says_so_and_keeps_the_name(page, live, user_of):
    user = user_of("nurse")
    page.goto(f"{live.url}/accounts/login/")
    page.fill("input[name=login]", user.username)
    page.fill("input[name=password]", "not the password")
    page.press("input[name=password]", "Enter")
    expect(page.get_by_role("alert").first).to_contain_text("password")
    expect(page.locator("input[name=login]")).to_have_value(user.username)


@pytest.mark.parametrize("role", ["nurse", "patient"])
def test_a_right_password_opens_the_first_page(page, live, sign_in_by_form, role):
    sign_in_by_form(page, role)
    expect(page).to_have_url(re.compile(f"^{re.escape(live.url)}/"))
    expect(page).to_have_title(re.compile("."))


def test_the_sign_in_page_has_no_axe_violation(page, live, axe):
    page.goto(f"{live.url}/accounts/login/")
    axe(page)
