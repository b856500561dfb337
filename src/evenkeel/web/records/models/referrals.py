"""What another place sent, byte for byte, and what was read from it."""

from __future__ import annotations

from django.db import models

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.patients import Patient


class Referral(Happened):
    """One accepted bundle. ``raw`` is kept as it came."""

    class Via(models.TextChoices):
        UPLOAD = "upload", "uploaded"
        COMMAND = "command", "by command"
        POST = "post", "sent by another system"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="referrals")
    via = models.CharField(max_length=8, choices=Via.choices)
    raw = models.BinaryField()
    raw_sha256 = models.CharField(max_length=64, unique=True)
    content_sha256 = models.CharField(max_length=64, unique=True)
    bundle_identifier = models.CharField(max_length=512, blank=True)
    kept = models.JSONField(default=dict)
    problems = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"referral {self.pk}"


class ChartItem(models.Model):
    """One resource, word for word. ``kind`` is its FHIR type."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="chart_items")
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=64)
    ref = models.CharField(max_length=512)
    full_url = models.CharField(max_length=2048, blank=True)
    resource = models.JSONField()
    understood = models.BooleanField()
    struck_out = models.BooleanField(default=False)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["referral_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "position"], name="records_chartitem_position_is_unique"
            )
        ]
        indexes = [models.Index(fields=["patient", "kind"], name="records_chartitem_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
