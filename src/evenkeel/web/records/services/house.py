"""Accounts, and the tokens of systems that send referrals: who may come in at all."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from evenkeel.web.accounts.models import ApiToken, User
from evenkeel.web.accounts.roles import STAFF, Role
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions


class CannotClose(Exception):
    """The last administrator keeps the key; the message is fit for the screen."""


@transaction.atomic
def add_staff(
    *,
    username: str,
    first_name: str,
    last_name: str,
    title: str,
    email: str,
    role: Role,
    by: Any | None,
    at: datetime,
) -> tuple[User, str]:
    """A new account and its first password, which is shown once and never stored in clear.

    by: the administrator, or None for the command line of the machine itself.

    Raises:
        Denied: the person's role may not manage accounts.
        ValueError: the role is not one of staff.
    """
    if by is not None:
        permissions.check_may(by, "accounts.manage")
    if role not in STAFF:
        raise ValueError(f"{role} is no role of staff")
    password = secrets.token_urlsafe(12)
    user = User(
        username=username,
        first_name=first_name,
        last_name=last_name,
        title=title,
        email=email,
        role=role,
    )
    validate_password(password, user)
    user.set_password(password)
    user.save()
    ledger.append(
        "account.opened",
        sentence=f"{_name(by)} opened an account for {user.short_name}, {user.role}.",
        by=by,
        at=at,
        subject=user,
    )
    return user, password


@transaction.atomic
def new_password(*, user: User, by: Any, at: datetime) -> str:
    """A new password for somebody who lost theirs; the old one no longer works."""
    permissions.check_may(by, "accounts.manage")
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    ledger.append(
        "account.password_reset",
        sentence=f"{_name(by)} gave {user.short_name} a new password.",
        by=by,
        at=at,
        subject=user,
    )
    return password


@transaction.atomic
def set_open(*, user: User, is_open: bool, by: Any, at: datetime) -> None:
    """Close an account or open it again. What the person did stays in the ledger.

    Raises:
        CannotClose: it is the last open account of an administrator.
    """
    permissions.check_may(by, "accounts.manage")
    administrators = User.objects.select_for_update().filter(
        role=Role.ADMINISTRATOR, is_active=True
    )
    if not is_open and set(administrators) == {user}:
        raise CannotClose(
            f"The account of {user.short_name} is the last one that can manage accounts. Nothing "
            "was changed. Open an account for another administrator first."
        )
    user.is_active = is_open
    user.save(update_fields=["is_active"])
    word = "opened again" if is_open else "closed"
    ledger.append(
        "account.reopened" if is_open else "account.closed",
        sentence=f"{_name(by)} {word} the account of {user.short_name}.",
        by=by,
        at=at,
        subject=user,
    )


@transaction.atomic
def issue_token(*, name: str, user: User, by: Any | None, at: datetime) -> str:
    """A token with which another system sends referrals as ``user``; shown once."""
    if by is not None:
        permissions.check_may(by, "accounts.manage")
    permissions.check_may(user, "referrals.receive")
    token, text = ApiToken.issue(name=name, user=user)
    ledger.append(
        "token.issued",
        sentence=f"{_name(by)} issued the token “{name}”, which sends as {user.short_name}.",
        by=by,
        at=at,
        subject=token,
    )
    return text


@transaction.atomic
def revoke_token(*, token: ApiToken, by: Any, at: datetime) -> None:
    """The token no longer opens anything."""
    permissions.check_may(by, "accounts.manage")
    token.revoke(at)
    ledger.append(
        "token.revoked",
        sentence=f"{_name(by)} revoked the token “{token.name}”.",
        by=by,
        at=at,
        subject=token,
    )


def _name(by: Any | None) -> str:
    return by.short_name if by is not None else "Evenkeel"
