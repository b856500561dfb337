"""Enrolling and using a second factor in a real browser, under the policy that is shipped.

A virtual authenticator of the browser stands for the passkey; the page fixture fails a
test in which the Content-Security-Policy refused anything.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import struct
import time

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PASSKEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def code_at(secret: str, step: int) -> str:
    """RFC 6238 with SHA-1, 30 s and six digits, written out here as a second opinion."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    count = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.new(key, count, "sha1").digest()
    place = digest[-1] & 15
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def type_the_code(page, secret: str, button: str) -> None:
    """As a person does whose code ran out while it was typed: once more, with the next."""
    here = page.url
    for _ in range(5):
        page.fill("input[name=code]", code_at(secret, 0))
        with page.expect_navigation():
            page.get_by_role("button", name=button, exact=True).click()
        if page.url != here:
            return
    raise AssertionError(f"no code was taken: {page.locator('main').inner_text()}")


def with_authenticator(page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEY})


def confirm(page, password: str) -> None:
    """The library asks once more before the way of signing in changes."""
    page.get_by_role("heading", name="Show that it is still you").wait_for()
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Go on").click()


def sign_in_with_password(page, home: str, username: str, password: str) -> None:
    page.goto(f"{home}/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("input[name=password]")).to_have_count(0)


@pytest.fixture
def nurse(user_of):
    """A nurse and her password."""
    user = user_of("nurse")
    password = secrets.token_urlsafe(16)
    user.password = make_password(password, hasher="argon2")
    user.save(update_fields=["password"])
    return user, password


def test_an_authenticator_app_is_set_up_and_then_asked_for(new_page, live, axe, nurse):
    user, password = nurse
    page = new_page(width=820)
    sign_in_with_password(page, live.url, user.username, password)
    page.goto("/accounts/2fa/")
    axe(page)
    page.get_by_role("link", name="Set up an app").click()
    confirm(page, password)
    expect(page.locator("#authenticator_secret")).to_be_visible()
    axe(page)
    page.wait_for_function("document.querySelector('img.qr').naturalWidth > 0")
    secret = page.input_value("#authenticator_secret")
    type_the_code(page, secret, "Activate")
    page.wait_for_url("**/recovery-codes/**")
    axe(page)
    expect(page.locator("#recovery_codes")).to_have_value(re.compile(r"^\s*(\S+\s+){9}\S+\s*$"))
    codes = page.input_value("#recovery_codes").split()
    page.goto("/accounts/2fa/")
    expect(page.get_by_text("In use")).to_have_count(1)

    other = new_page(width=390)
    sign_in_with_password(other, live.url, user.username, password)
    other.get_by_role("heading", name="Your second factor").wait_for()
    axe(other)
    right = {code_at(secret, step) for step in range(-1, 4)}
    other.fill("input[name=code]", next(f"{n:06d}" for n in range(9) if f"{n:06d}" not in right))
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.locator("main")).to_contain_text("You are not signed in")
    other.fill("input[name=code]", codes[0])
    other.get_by_role("button", name="Sign in", exact=True).click()
    other.wait_for_url(lambda url: "/accounts/" not in url)


def test_a_passkey_is_added_and_signs_in_without_a_password(new_page, live, axe, nurse):
    user, password = nurse
    page = new_page(width=820)
    # Browsers give passkeys to a name, not to a bare address.
    home = live.url.replace("127.0.0.1", "localhost")
    with_authenticator(page)
    sign_in_with_password(page, home, user.username, password)
    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    confirm(page, password)
    expect(page.locator("input[name=passwordless]")).to_be_visible()
    axe(page)
    page.fill("input[name=name]", "Ward tablet")
    page.check("input[name=passwordless]")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url(lambda url: "/webauthn/add" not in url)
    page.goto(f"{home}/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("Ward tablet")
    axe(page)

    page.context.clear_cookies()
    page.goto(f"{home}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    page.goto(f"{home}/ui/gallery/")
    expect(page.locator("header").first).to_contain_text(user.short_name)
