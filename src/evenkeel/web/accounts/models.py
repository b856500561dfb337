"""Accounts and the tokens of machines."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import models

from evenkeel.web.accounts.roles import STAFF, Role


class User(AbstractUser):
    """One person in one role.

    ``title`` is what stands before the family name ("Dr"); patients have none.
    """

    role = models.CharField(max_length=16, choices=Role.choices)
    title = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="accounts_user_role_is_known"
            ),
        ]

    @property
    def is_clinic_staff(self) -> bool:
        return self.role in STAFF

    @property
    def short_name(self) -> str:
        """As the ledger and the screens name this person: "A. Draftley", "Dr S. Mockridge"."""
        if not self.last_name:
            return self.username
        initial = f"{self.first_name[0]}. " if self.first_name else ""
        title = f"{self.title} " if self.title else ""
        return f"{title}{initial}{self.last_name}"

    def __str__(self) -> str:
        return self.username


class ApiToken(models.Model):
    """The right of another system to send referrals. Only the hash of the token is stored."""

    name = models.CharField(max_length=80)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @classmethod
    def issue(cls, *, name: str, user: User) -> tuple[ApiToken, str]:
        """A new token and its text, which is shown once and never stored."""
        text = secrets.token_urlsafe(32)
        return cls.objects.create(name=name, user=user, token_sha256=digest(text)), text

    @classmethod
    def find(cls, text: str) -> ApiToken | None:
        """The live token with this text, or None."""
        return (
            cls.objects.select_related("user")
            .filter(token_sha256=digest(text), revoked_at__isnull=True, user__is_active=True)
            .first()
        )

    def revoke(self, at: datetime) -> None:
        self.revoked_at = at
        self.save(update_fields=["revoked_at"])


def digest(text: str) -> str:
    """SHA-256 of a token. Tokens are 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()
