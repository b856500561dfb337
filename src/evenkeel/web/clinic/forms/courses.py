"""What staff type to plan a course and to decide on it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from evenkeel.core.protocols.model import DoseChoice, Frequency, Protocol, doses_for

REASON_HELP = "In a sentence that another clinician can follow."


class PlanForm(forms.Form):
    """A protocol and its first dose, as one choice: "ketamine-iv-six:0.5"."""

    choice = forms.ChoiceField(
        label="Protocol and first dose",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a protocol and a dose."},
    )

    def __init__(
        self, *args: Any, protocols: Sequence[Protocol], age_years: int | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices, self.without_dose = [], []
        for rules in protocols:
            open_doses = doses_for(rules, number=1, age_years=age_years)
            if not isinstance(open_doses, DoseChoice):
                self.without_dose.append((rules, open_doses))
                continue
            choices += [
                (f"{rules.id}:{amount}", f"{rules.title}; first dose {rules.say_dose(amount)}")
                for amount in open_doses.amounts
            ]
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]

    def clean_choice(self) -> tuple[str, Decimal]:
        name, amount = self.cleaned_data["choice"].rsplit(":", 1)
        return name, Decimal(amount)


class OtherwiseForm(forms.Form):
    """Another frequency, and why."""

    frequency = forms.ChoiceField(
        label="How often instead",
        widget=forms.RadioSelect,
        choices=[
            (f.value, f.words.capitalize())
            for f in (Frequency.WEEKLY, Frequency.EVERY_OTHER_WEEK, Frequency.EVERY_4_WEEKS)
        ],
        error_messages={"required": "Choose how often."},
    )
    reason = forms.CharField(
        label="Reason",
        help_text=REASON_HELP,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": "Write a reason."},
    )

    def clean_frequency(self) -> Frequency:
        return Frequency(self.cleaned_data["frequency"])


class StopForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        help_text=REASON_HELP,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": "Write a reason."},
    )
