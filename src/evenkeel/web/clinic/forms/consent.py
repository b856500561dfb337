"""What staff choose and type about consent."""

from __future__ import annotations

from django import forms

from evenkeel.web.records.models import Purpose

# One name for each purpose, wherever staff read it.
LABELS = {purpose: f"{purpose.label[:1].upper()}{purpose.label[1:]}" for purpose in Purpose}
CHOICES = [(purpose.value, LABELS[purpose]) for purpose in Purpose]


class AskForm(forms.Form):
    """About what to ask, and how."""

    purposes = forms.MultipleChoiceField(
        label="Ask about",
        choices=CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing to ask about."},
    )


class WithdrawForm(forms.Form):
    """Which consent was withdrawn, and how."""

    purpose = forms.ChoiceField(label="Consent to", choices=CHOICES)
    reason = forms.CharField(
        label="How and when the person withdrew",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": "Write how and when the person withdrew."},
    )
