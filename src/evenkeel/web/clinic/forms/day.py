"""Forms of the day: one small form for each thing that is asked at the chair."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from evenkeel.core.kernel.quantities import UnreadableQuantity, read_decimal
from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import Role


class ExactField(forms.CharField):
    """A number as it is prescribed: digits with at most one full stop; never 1,5."""

    def __init__(self, *, unit: str, **kwargs: Any) -> None:
        self.unit = unit
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=widget, max_length=20, **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        text = super().to_python(value)
        if not text:
            return None
        try:
            return read_decimal(text, self.unit)
        except UnreadableQuantity as fault:
            raise forms.ValidationError(str(fault)) from fault

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise forms.ValidationError(f"Write a number of {self.unit}.")

    def run_validators(self, value: Any) -> None:
        """Nothing more: length and form were read already."""


class WholeField(ExactField):
    """A whole number, as a monitor or a cuff shows it."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        number = super().to_python(value)
        if number is not None and number != number.to_integral_value():
            raise forms.ValidationError("Write a whole number.")
        return number


def _time(label: str, help_text: str = "", *, required: bool = True) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        help_text=help_text,
        required=required,
        input_formats=["%H:%M"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )


def latest(clock: Any, now: datetime, zone: ZoneInfo) -> datetime:
    """The last time before now at which the clinic's clock showed this."""
    local = now.astimezone(zone)
    at = datetime.combine(local.date(), clock, tzinfo=zone)
    if at > local:
        at = datetime.combine(local.date() - timedelta(days=1), clock, tzinfo=zone)
    return at


class AnswerForm(forms.Form):
    """Base: an answer becomes plain texts for the timeline."""

    title = ""
    said_by = ""

    def values(self, now: datetime, zone: ZoneInfo) -> dict[str, str]:
        found = {name: str(value) for name, value in self.cleaned_data.items() if value}
        if self.said_by:
            found["said_by"] = self.said_by
        return found


def _choice(*pairs: tuple[str, str]) -> forms.ChoiceField:
    return forms.ChoiceField(label="Answer", choices=list(pairs), widget=forms.RadioSelect)


class EscortForm(AnswerForm):
    title = "Name an escort"
    name = forms.CharField(
        label="Who takes the person home",
        max_length=120,
        help_text="Name and how they belong together, for example Ruth, sister.",
    )


class FastingForm(AnswerForm):
    title = "Ask about food and drink"
    said_by = "said by the patient"
    food_at = _time("Last food at")
    drink_at = _time("Last drink at")

    def values(self, now: datetime, zone: ZoneInfo) -> dict[str, str]:
        return {
            "food_at": latest(self.cleaned_data["food_at"], now, zone).isoformat(),
            "drink_at": latest(self.cleaned_data["drink_at"], now, zone).isoformat(),
            "said_by": self.said_by,
        }


class SuicidalityForm(AnswerForm):
    title = "Ask about suicidal thoughts since the last visit"
    answer = _choice(("none", "Asked, none"), ("present", "Present: a prescriber sees the person"))


class EnrolmentForm(AnswerForm):
    title = "Confirm the enrolment"
    answer = _choice(
        ("confirmed", "Confirmed in the programme today"), ("not_enrolled", "Not enrolled")
    )


class OximeterForm(AnswerForm):
    title = "Check the oximeter"
    answer = _choice(("checked", "At the chair, works"), ("missing", "None at the chair"))


class PregnancyForm(AnswerForm):
    title = "Pregnancy test"
    answer = _choice(
        ("negative", "Negative today"),
        ("positive", "Positive"),
        ("declined", "Declined"),
        ("not_possible", "Does not apply to this person"),
    )


class NasalSprayForm(AnswerForm):
    title = "Ask about other nasal sprays"
    said_by = "said by the patient"
    answer = _choice(("none", "None used today"), ("used", "Used at"))
    used_at = _time("Used at", required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("answer") == "used" and not found.get("used_at"):
            self.add_error("used_at", "Write when it was used.")
        return found

    def values(self, now: datetime, zone: ZoneInfo) -> dict[str, str]:
        if self.cleaned_data["answer"] == "none":
            return {"answer": "none", "said_by": self.said_by}
        used = latest(self.cleaned_data["used_at"], now, zone)
        return {"used_at": used.isoformat(), "said_by": self.said_by}


class WeightForm(AnswerForm):
    title = "Weigh"
    kg = ExactField(label="Weight", unit="kg")
    scale = forms.CharField(label="Scale", required=False, max_length=40)
    height_cm = ExactField(label="Height, for ideal weight only", unit="cm", required=False)

    def values(self, now: datetime, zone: ZoneInfo) -> dict[str, str]:
        found = {"kg": format(self.cleaned_data["kg"], "f")}
        if self.cleaned_data["height_cm"] is not None:
            found["height_cm"] = format(self.cleaned_data["height_cm"], "f")
        if self.cleaned_data["scale"]:
            found["scale"] = self.cleaned_data["scale"]
        return found


class PressureForm(forms.Form):
    title = "Measure by hand"
    systolic_bp = WholeField(label="Systolic", unit="mmHg")
    diastolic_bp = WholeField(label="Diastolic", unit="mmHg")
    heart_rate = WholeField(label="Pulse", unit="per min", required=False)


ASKED: dict[str, type[AnswerForm]] = {
    "escort": EscortForm,
    "fasting": FastingForm,
    "suicidality": SuicidalityForm,
    "enrolment": EnrolmentForm,
    "oximeter": OximeterForm,
    "pregnancy": PregnancyForm,
    "nasal_spray": NasalSprayForm,
    "weight": WeightForm,
}


def _people(roles: set[Role]) -> list[tuple[int, str]]:
    users = User.objects.filter(role__in=roles, is_active=True).order_by("last_name", "pk")
    return [(user.pk, f"{user.short_name}, {user.get_role_display()}") for user in users]


class SignatureForm(forms.Form):
    """Who signs, and their own password. Nothing of it is kept in the page."""

    roles: frozenset[Role] = frozenset({Role.NURSE, Role.PRESCRIBER, Role.PHARMACIST})
    signer = forms.ChoiceField(label="Who signs")
    password = forms.CharField(
        label="Password of the person who signs",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, leave_out: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [pair for pair in _people(set(self.roles)) if pair[0] != leave_out]
        self.fields["signer"].choices = [("", "Choose"), *people]


class OverrideForm(SignatureForm):
    roles = frozenset({Role.PRESCRIBER})
    reason = forms.CharField(
        label="Reason",
        help_text="In a sentence another clinician can follow; at least 15 letters.",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
    )
    field_order = ("reason", "signer", "password")


class CancelForm(forms.Form):
    reason = forms.CharField(label="Why there is no dose today", max_length=400)


class OrderForm(forms.Form):
    """A prescriber's order for today. Which fields count depends on the product."""

    mg_per_kg = ExactField(label="Dose", unit="mg/kg", required=False)
    minutes = WholeField(label="Over", unit="min", required=False)
    weight_basis = forms.ChoiceField(
        label="Weight", required=False,
        choices=[("actual", "Actual weight"), ("ideal", "Ideal weight (Devine)")],
    )  # fmt: skip
    mg = forms.ChoiceField(
        label="Dose", required=False, choices=[("28", "28 mg"), ("56", "56 mg"), ("84", "84 mg")]
    )
    systolic = WholeField(label="Alarm above, systolic", unit="mmHg", required=False)
    diastolic = WholeField(label="Alarm above, diastolic", unit="mmHg", required=False)
    reason = forms.CharField(label="Reason, where one is needed", required=False, max_length=400)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if (found.get("systolic") is None) != (found.get("diastolic") is None):
            self.add_error("systolic", "A limit of pressure has both numbers, or neither.")
        return found

    def limits(self) -> dict[str, dict[str, int]]:
        systolic, diastolic = self.cleaned_data["systolic"], self.cleaned_data["diastolic"]
        if systolic is None or diastolic is None:
            return {}
        return {"pressure:above:medium": {"systolic": int(systolic), "diastolic": int(diastolic)}}


class SecondCheckForm(SignatureForm):
    """The second person's own numbers."""

    dose = ExactField(label="Dose", unit="mg")
    volume = ExactField(label="Volume", unit="mL", required=False)
    rate = ExactField(label="Rate", unit="mL/h", required=False)
    devices = WholeField(label="Devices", unit="devices", required=False)
    wristband = forms.BooleanField(label="Wristband and name read aloud")
    label = forms.BooleanField(label="Label and expiry read")

    def __init__(self, *args: Any, nasal: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A number that was forgotten is no disagreement: it must not cost one of two tries.
        self.numbers = ("dose", "devices") if nasal else ("dose", "volume", "rate")
        for name in self.numbers:
            self.fields[name].required = True

    def answers(self) -> dict[str, Decimal]:
        return {name: self.cleaned_data[name] for name in self.numbers}


class ReceiveForm(forms.Form):
    product = forms.ChoiceField(label="Product")
    lot = forms.CharField(label="Lot", max_length=64)
    expires_on = forms.DateField(label="Expires on", widget=forms.DateInput(attrs={"type": "date"}))
    labels = forms.CharField(
        label="Labels, one a line", widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Each container has its own label for ever.",
    )  # fmt: skip
    mg = ExactField(label="Content of each", unit="mg")
    mg_per_ml = ExactField(label="Strength", unit="mg/mL", required=False)

    def all_labels(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["labels"].splitlines() if line.strip()]


class WasteForm(SignatureForm):
    mg = ExactField(label="Wasted", unit="mg", help_text="What both of you read.")
    field_order = ("mg", "signer", "password")


class CountForm(SignatureForm):
    product = forms.ChoiceField(label="Product")
    counted = WholeField(label="Counted in the safe", unit="containers")
    field_order = ("product", "counted", "signer", "password")
