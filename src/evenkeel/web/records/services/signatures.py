"""A signature: a named person proves, here and now, that it is them.

The password is checked by the same door as a sign-in, so that guessing on a
borrowed tablet is counted and stopped in the same way. No session changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest

from evenkeel.web.accounts.models import User


class NotSigned(Exception):
    """The signature does not hold. The message is fit for the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Made by ``sign`` only: this person signed at this time."""

    user: User
    at: datetime


def sign(*, request: HttpRequest, user_id: object, password: str, at: datetime) -> Signature:
    """Check one person's password.

    Raises:
        NotSigned: no such person, a closed account, a wrong password, or too many tries.
    """
    claimed = (
        User.objects.filter(pk=user_id, is_active=True).first()
        if str(user_id).isdecimal()
        else None
    )
    if claimed is None:
        raise NotSigned("Say who signs. Nothing was written.")
    if not password:
        raise NotSigned(f"{claimed.short_name} has not signed yet. Nothing was written.")
    known = authenticate(request=request, username=claimed.username, password=password)
    if known is None or known.pk != claimed.pk:
        raise NotSigned(
            f"This is not the password of {claimed.short_name}, or the account is locked after "
            "too many tries. Nothing was written. Sign again, or let another person sign."
        )
    return Signature(user=claimed, at=at)
