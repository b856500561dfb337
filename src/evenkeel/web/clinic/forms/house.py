"""Forms of the house pages."""

from __future__ import annotations

from django import forms

from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import STAFF, Role
from evenkeel.web.records.permissions import ACTS


class StaffForm(forms.ModelForm):
    """One person in one role."""

    role = forms.ChoiceField(
        # Nobody gets the rights of a role because it stood first in a list.
        choices=[("", "choose"), *((role.value, role.label) for role in Role if role in STAFF)],
        help_text="Somebody who does two jobs gets two accounts.",
        error_messages={"required": "Choose a role."},
    )

    class Meta:
        model = User
        fields = ("title", "first_name", "last_name", "username", "email", "role")
        labels = {"username": "Sign-in name", "title": "Title"}
        help_texts = {"title": "Such as Dr.", "username": ""}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("first_name", "last_name", "email"):
            self.fields[name].required = True
        self.fields["role"].initial = ""


class TokenForm(forms.Form):
    """A name that says which system holds the token, and as whom it sends."""

    name = forms.CharField(max_length=80, label="Which system")
    user = forms.ModelChoiceField(
        queryset=User.objects.filter(
            is_active=True, role__in=[role.value for role in ACTS["referrals.receive"]]
        ).order_by("last_name"),
        label="Sends as",
        empty_label="choose",
        error_messages={"required": "Choose an account."},
    )


class SwitchForm(forms.Form):
    """A turn of a switch, and why."""

    turn = forms.ChoiceField(choices=[("on", "on"), ("off", "off")], widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=500, label="Reason", help_text="Who asked for it, and what for. It is kept."
    )
