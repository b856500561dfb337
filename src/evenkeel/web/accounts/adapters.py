"""How django-allauth behaves in this house."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from evenkeel.web.accounts.fields import seal, unseal


class AccountAdapter(DefaultAccountAdapter):
    """Nobody makes an account for themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondFactorAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery seeds are sealed; the library stores them in clear."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code does not fit. A code of the app holds for 30 seconds; a "
        "recovery code works once.",
    }

    def encrypt(self, text: str) -> str:
        return seal(text, belongs_to="mfa")

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, belongs_to="mfa")
