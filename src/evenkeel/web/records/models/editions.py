"""Editions of the guideline content that this house has used, and what a new one changed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from evenkeel.web.records.models.patients import Patient


class ContentEdition(models.Model):
    """The content that decisions stood on, packed; kept with the first that used it."""

    sha256 = models.CharField(max_length=64, unique=True)
    edition = models.CharField(max_length=64)
    archive = models.BinaryField()
    kept_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"edition {self.edition} ({self.sha256[:12]})"


class EditionReview(models.Model):
    """One comparison of everybody's verdicts between the content before and a new one.

    The latest one says which content this house has seen. ``through`` is the patient up
    to whom it has come; from_sha256 "" = the first content seen, nothing to compare.
    """

    from_edition = models.CharField(max_length=64, blank=True)
    from_sha256 = models.CharField(max_length=64, blank=True)
    to_edition = models.CharField(max_length=64)
    to_sha256 = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    through = models.BigIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    refused = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["to_sha256"],
                condition=models.Q(finished_at__isnull=True),
                name="records_one_review_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"review {self.pk}"


class EditionEffect(models.Model):
    """One pack whose answer for one patient is another under the new content.

    pack: its id, or "safeguards". before, after: answers on the same record and day.
    """

    review = models.ForeignKey(EditionReview, on_delete=models.PROTECT, related_name="effects")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="edition_effects")
    pack = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    before = models.CharField(max_length=16)
    after = models.CharField(max_length=16)
    criteria = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["review", "patient", "pack"], name="records_edition_effect_once"
            )
        ]

    def __str__(self) -> str:
        return f"effect {self.pk}"
