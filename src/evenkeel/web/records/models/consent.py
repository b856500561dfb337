"""Consent by purpose and version, and the single-use links by which patients answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.patients import Patient


class Purpose(models.TextChoices):
    TREATMENT = "treatment", "treatment"
    OFF_LABEL = "off_label", "use outside the licence"
    RESEARCH = "research", "research"
    CONTACT = "contact", "messages between visits"


class ConsentRecord(Happened):
    """One answer to one version of one purpose's text. The latest row per purpose stands."""

    class Answer(models.TextChoices):
        GIVEN = "given", "given"
        REFUSED = "refused", "refused"
        WITHDRAWN = "withdrawn", "withdrawn"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    version = models.CharField(max_length=32)
    language = models.CharField(max_length=35)
    text_sha256 = models.CharField(max_length=64)
    answer = models.CharField(max_length=10, choices=Answer.choices)
    understanding = models.JSONField(default=list)
    signature = models.CharField(max_length=200, blank=True)
    via = models.CharField(max_length=16)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "purpose", "-id"], name="records_consent_latest")
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(answer="given") | ~models.Q(signature=""),
                name="records_consent_given_is_signed",
            )
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class SingleUseLink(models.Model):
    """A way in for one person to one form, once. Only the hash of its token is kept.

    ``progress`` holds what was answered so far, so that a lost connection loses nothing.
    """

    class Kind(models.TextChoices):
        CONSENT = "consent", "consent"
        QUESTIONNAIRE = "questionnaire", "questionnaire"
        GRAPH = "graph", "own scores"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="links")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    token_sha256 = models.CharField(max_length=64, unique=True)
    scope = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} link {self.pk}"
