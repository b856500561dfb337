"""What staff type to book, move and cancel treatments. Times are the clinic's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from evenkeel.core.protocols.model import Frequency, Phase
from evenkeel.core.protocols.schedule import ScheduleFault, local_instant
from evenkeel.web.records.models import Chair
from evenkeel.web.records.selectors.booking import clinic_zone

WEEKDAYS = [
    ("0", "Mon"),
    ("1", "Tue"),
    ("2", "Wed"),
    ("3", "Thu"),
    ("4", "Fri"),
    ("5", "Sat"),
    ("6", "Sun"),
]
DAY_ERRORS = {"required": "Choose a day.", "invalid": "Write the day as 2026-11-27."}
TIME_ERRORS = {"required": "Write a time.", "invalid": "Write the time as 13:30."}


def day_field(label: str = "Day") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages=DAY_ERRORS,
    )


def time_field(label: str = "Time") -> forms.TimeField:
    return forms.TimeField(
        label=label,
        widget=forms.TimeInput(attrs={"type": "time", "step": 300}, format="%H:%M"),
        input_formats=["%H:%M"],
        error_messages=TIME_ERRORS,
    )


def chair_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label="Chair",
        queryset=Chair.objects.filter(in_use=True),
        required=False,
        empty_label="any free chair",
        error_messages={"invalid_choice": "This chair is not in use. Choose another."},
    )


def reason_field(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label="Reason",
        required=required,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Write a reason."},
    )


class WhenForm(forms.Form):
    """A day, a time and a chair; a reason where the protocol's distance is not kept."""

    day = day_field()
    time = time_field()
    chair = chair_field()
    reason = reason_field(required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if "day" in typed and "time" in typed:
            try:
                typed["start"] = local_instant(typed["day"], typed["time"], clinic_zone())
            except ScheduleFault as fault:
                self.add_error("time", str(fault))
        return typed


class MoveForm(WhenForm):
    """Where a booked treatment moves to, and why."""

    reason = reason_field(required=True)


class CancelForm(forms.Form):
    reason = reason_field(required=True)


class MissedForm(forms.Form):
    reason = reason_field(required=False)


class SeriesForm(forms.Form):
    """How a series is laid out."""

    frequency = forms.ChoiceField(
        label="How often",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how often."},
    )
    weekdays = forms.MultipleChoiceField(
        label="Weekdays",
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose the days of the week."},
    )
    start = day_field("Not before")
    at = time_field()
    chair = chair_field()
    count = forms.IntegerField(
        label="How many",
        min_value=1,
        max_value=24,
        required=False,
        error_messages={"invalid": "Write a whole number, for example 4."},
    )

    def __init__(self, *args: Any, phase: Phase, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["frequency"].choices = [  # type: ignore[attr-defined]
            (f.value, f.words.capitalize()) for f in phase.frequencies
        ]
        if phase.treatments is not None:
            del self.fields["count"]

    def clean_frequency(self) -> Frequency:
        return Frequency(self.cleaned_data["frequency"])

    def clean_weekdays(self) -> list[int]:
        return [int(day) for day in self.cleaned_data["weekdays"]]


def read_start(text: str) -> datetime | None:
    """A start as the page writes it, ISO 8601 with its offset; None for anything else."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        return None
    return start if start.tzinfo is not None else None
