"""Signing in, in a real browser, under the policy that is shipped."""

from __future__ import annotations

import urllib.request

import pytest

pytestmark = pytest.mark.browser


def test_each_door_sets_the_walls(live):
    with urllib.request.urlopen(f"{live.url}/accounts/login/", timeout=10) as answer:
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
    assert "/accounts/login/" in page.url


def test_a_wrong_password_says_so_and_keeps_the_name(page, live, user_of):
    user = user_of("nurse")
    page.goto(f"{live.url}/accounts/login/")
    page.fill("input[name=login]", user.username)
    page.fill("input[name=password]", "not the password")
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")
    assert page.input_value("input[name=login]") == user.username
    assert "password" in page.inner_text("main").lower()


@pytest.mark.parametrize("role", ["nurse", "patient"])
def test_a_right_password_opens_the_first_page(page, live, sign_in, role):
    sign_in(page, role)
    assert page.url.startswith(live.url)
    assert page.title()


def test_the_sign_in_page_has_no_axe_violation(page, live, axe):
    page.goto(f"{live.url}/accounts/login/")
    axe(page)
