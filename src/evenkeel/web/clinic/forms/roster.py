"""What staff type to set up chairs and hours. Times are the clinic's."""

from __future__ import annotations

from typing import Any

from django import forms

from evenkeel.web.accounts.models import User
from evenkeel.web.clinic.forms.booking import WEEKDAYS, day_field, time_field
from evenkeel.web.records.services.roster import MOST_PERSONS, MOST_WEEKS, ON_SITE


class Person(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.short_name}, {obj.get_role_display()}"


class ShiftsForm(forms.Form):
    """The same hours on some weekdays, for some weeks."""

    user = Person(
        label="Who",
        queryset=User.objects.filter(
            role__in=[role.value for role in ON_SITE], is_active=True
        ).order_by("last_name"),
        empty_label="choose",
        error_messages={"required": "Choose a person."},
    )
    first = day_field("First day")
    weeks = forms.IntegerField(
        label="For how many weeks", min_value=1, max_value=MOST_WEEKS, initial=4
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        choices=WEEKDAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        initial=["0", "1", "2", "3", "4"],
        error_messages={"required": "Choose at least one weekday."},
    )
    start = time_field("From")
    end = time_field("To")
    capacity = forms.IntegerField(
        label="Persons at once",
        min_value=1,
        max_value=MOST_PERSONS,
        initial=2,
        help_text="For a nurse: how many persons are theirs at the same time.",
    )


class ChairForm(forms.Form):
    number = forms.IntegerField(label="Number", min_value=1, max_value=999)
    name = forms.CharField(label="Name", max_length=40, required=False)
