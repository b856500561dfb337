"""Answers to questions that the record leaves open, and the decision that followed."""

from __future__ import annotations

from django.db import models

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.patients import Patient


class FactAnswer(Happened):
    """One answer to one fact. A later answer supersedes; "not known" is ``value`` null."""

    class SaidBy(models.TextChoices):
        PATIENT = "patient", "said by the patient"
        CLINICIAN = "clinician", "by a clinician"
        RECORD = "record", "read in another record"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="fact_answers")
    name = models.CharField(max_length=120)
    value = models.JSONField(null=True)
    said_by = models.CharField(max_length=10, choices=SaidBy.choices)
    note = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "name", "-id"], name="records_factanswer_latest")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class ScreeningDecision(Happened):
    """What a prescriber decided, and everything it was decided on."""

    class Choice(models.TextChoices):
        PROCEED = "proceed", "plan a course"
        DECLINE = "decline", "no treatment"
        WAIT = "wait", "wait for more"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="decisions")
    pack = models.CharField(max_length=64)
    product = models.CharField(max_length=64)
    indication = models.CharField(max_length=64)
    choice = models.CharField(max_length=8, choices=Choice.choices)
    verdict = models.CharField(max_length=8)
    is_override = models.BooleanField()
    reason = models.TextField(blank=True)
    packs = models.JSONField()
    facts = models.JSONField()
    # What the facts were read from, so that it can be judged anew; null in decisions
    # older than this column, which cannot.
    inputs = models.JSONField(null=True, blank=True)
    content_edition = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_override=False) | ~models.Q(reason=""),
                name="records_screening_override_has_reason",
            )
        ]

    def __str__(self) -> str:
        return f"screening {self.pk}"
