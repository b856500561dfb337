"""Accounts for tests, one role each, and clients signed in as them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

_numbers = itertools.count(1)
NAMES = {
    "coordinator": ("Ines", "Calloway"),
    "nurse": ("Nell", "Ashdown"),
    "prescriber": ("Sol", "Mockridge"),
    "pharmacist": ("Petra", "Vane"),
    "researcher": ("Rui", "Sandoval"),
    "administrator": ("Ada", "Birchall"),
    "patient": ("Nora", "Example"),
}
ROLES = tuple(NAMES)


def make_user(role: str, **fields: Any) -> Any:
    """A new account. It has no password until somebody needs one."""
    from evenkeel.web.accounts.models import User

    number = next(_numbers)
    first, last = NAMES[role]
    user = User(
        **{
            "username": f"{role}-{number}",
            "first_name": first,
            "last_name": last,
            "title": "Dr" if role == "prescriber" else "",
            "role": role,
            **fields,
        }
    )
    user.set_unusable_password()
    user.save()
    return user


def session_of(user: Any) -> tuple[str, str]:
    """The cookie of a new session of this account: its name and its value.

    It lasts for months, as a journey may move the server's clock by weeks.
    """
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session.set_expiry(180 * 86_400)
    session.save()
    return settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def user_of() -> Callable[..., Any]:
    """``user_of("nurse")`` makes a new nurse."""
    return make_user


@pytest.fixture
def client_as() -> Callable[..., Client]:
    """``client_as("nurse")`` or ``client_as(user)``: a test client that is signed in."""

    def signed_in(who: Any) -> Client:
        user = make_user(who) if isinstance(who, str) else who
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        client.user = user  # type: ignore[attr-defined]
        return client

    return signed_in
