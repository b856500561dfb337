"""What a site turns on or off for itself, and what its people were asked only for that."""

from __future__ import annotations

from django.db import models

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.patients import Patient


class SiteSwitch(Happened):
    """One turn of a switch, with its reason. The latest stands; without one it is off."""

    class Name(models.TextChoices):
        EXPECTED = "expected_concentration", "Expected concentration by a model"

    name = models.CharField(max_length=32, choices=Name.choices)
    on = models.BooleanField()
    reason = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["name", "-id"], name="records_switch_latest")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="records_switch_has_reason")
        ]

    def __str__(self) -> str:
        return f"switch {self.pk}"


class ModelAnswer(Happened):
    """What a person said to a question that only a model asks. The latest stands.

    question, choice: ids of content/pharmacology/expected.toml; an empty choice takes the
    answer back.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="model_answers")
    question = models.CharField(max_length=32)
    choice = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["patient", "-id"], name="records_model_answer_latest")]

    def __str__(self) -> str:
        return f"model answer {self.pk}"
