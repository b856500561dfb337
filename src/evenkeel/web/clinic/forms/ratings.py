"""What staff type about scales: which to send, and a rating by its total."""

from __future__ import annotations

from typing import Any

from django import forms

from evenkeel.core.instruments import catalogue
from evenkeel.core.instruments.scale import Rater


class SendForm(forms.Form):
    """Which questionnaire, and by which way."""

    instrument = forms.ChoiceField(label="Questionnaire")
    due_at = forms.DateTimeField(
        label="Send it later",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={"invalid": "Write day and time, for example 2026-11-24T10:42."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [s for s in catalogue().values() if s.asks_patient]
        # The one that has a safety item and bands comes first: it is the usual one.
        asked.sort(key=lambda s: (s.safety is None, s.short))
        self.fields["instrument"].choices = [(s.id, s.short) for s in asked]  # type: ignore[attr-defined]


class ContactForm(forms.Form):
    """Where a person is reached."""

    email = forms.EmailField(
        label="E-mail",
        required=False,
        error_messages={"invalid": "This is no e-mail address: it needs a name, an @ and a host."},
    )
    phone = forms.CharField(label="Telephone", required=False, max_length=64)


class RatingForm(forms.Form):
    """A clinician's rating by its total. No wording is shown that may not be."""

    instrument = forms.ChoiceField(label="Scale")
    total = forms.IntegerField(
        label="Total",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": "Write the total.",
            "invalid": "Write the total as a whole number, for example 24.",
        },
    )
    taken_at = forms.DateTimeField(
        label="When it was rated",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={
            "required": "Write when it was rated.",
            "invalid": "Write day and time, for example 2026-11-24T10:42.",
        },
    )
    reason = forms.CharField(label="Why it is corrected", required=False, max_length=2000)

    def __init__(self, *args: Any, correcting: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rated = [s for s in catalogue().values() if s.rater is Rater.CLINICIAN]
        rated.sort(key=lambda s: s.id != "madrs")
        self.fields["instrument"].choices = [  # type: ignore[attr-defined]
            (s.id, f"{s.short}, {s.lowest} to {s.highest}") for s in rated
        ]
        if not correcting:
            del self.fields["reason"]
