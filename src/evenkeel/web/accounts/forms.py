"""Forms of django-allauth in this house's words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth

RULES = (
    "At least 12 characters. Not only digits, not a password that many use, "
    "and nothing like your own name or address."
)


class ChangePasswordForm(allauth.ChangePasswordForm):
    """The old one once, the new one twice; what is asked of it stands in one sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (
            ("oldpassword", "Password until now"),
            ("password1", "New password"),
            ("password2", "New password, once more"),
        ):
            self.fields[name].label = label
        self.fields["password1"].help_text = RULES
