"""The form that registers a monitor."""

from __future__ import annotations

from django import forms

from evenkeel.web.records.models import Chair


class RegisterMonitorForm(forms.Form):
    """What a monitor calls itself, what we call it, and where it stands."""

    identifier = forms.CharField(
        label="Its name on the wire",
        max_length=120,
        help_text="As its messages have it in OBX-18, or in MSH-3 when it sends no OBX-18.",
    )
    name = forms.CharField(label="What we call it", max_length=80)
    chair = forms.ModelChoiceField(
        queryset=Chair.objects.filter(in_use=True),
        required=False,
        label="Chair",
        empty_label="none: carried about",
        help_text="A monitor without a chair goes by the place in its messages (PV1-3).",
    )
