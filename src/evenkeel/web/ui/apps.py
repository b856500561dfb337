"""The app of components, tokens and frames; it owns no tables."""

from django import forms
from django.apps import AppConfig

# Django's own words for a refused answer, in the words of the house: what to do, not "invalid".
WORDS = {
    forms.Field: {"required": "This answer is missing."},
    forms.DecimalField: {
        "invalid": "Write digits with at most one full stop, for example 38 or 0.5. Commas mean "
        "different things in different countries.",
    },
    forms.IntegerField: {"invalid": "Write a whole number in digits."},
    forms.DateField: {"invalid": "Write the day as 2026-11-24 or choose it."},
    forms.ChoiceField: {"invalid_choice": "%(value)s is not one of the choices here. Choose one."},
    forms.EmailField: {"required": "This answer is missing."},
    forms.FileField: {"required": "No file was chosen.", "empty": "The file is empty."},
}


class UiConfig(AppConfig):
    """Templates, static files and the `ui` template tags."""

    name = "evenkeel.web.ui"
    label = "ui"

    def ready(self) -> None:
        for field, words in WORDS.items():
            field.default_error_messages = {**field.default_error_messages, **words}
