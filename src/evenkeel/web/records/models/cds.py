"""Systems that ask at an order, the cards they were shown and what became of them.

None of these tables knows a patient: a card is its uuid, its matter and the
criteria it named.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class CdsClient(models.Model):
    """A system that may ask, known by the issuer of its tokens.

    key_set: its public keys as a JWK Set, {} where ``jwks_url`` is read instead.
    tenant: the only tenant its tokens may name, "" for any. fhir_server: the only
    FHIR server that is ever read on its behalf, "" for none. origins: web pages that
    may call from a browser.
    """

    name = models.CharField(max_length=80)
    issuer = models.CharField(max_length=400, unique=True)
    jwks_url = models.CharField(max_length=400, blank=True)
    key_set = models.JSONField(default=dict)
    tenant = models.CharField(max_length=200, blank=True)
    fhir_server = models.CharField(max_length=400, blank=True)
    origins = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(jwks_url="") ^ ~Q(key_set={}),
                name="records_cds_client_has_one_key_set",
            )
        ]

    def __str__(self) -> str:
        return f"CDS client {self.pk}"


class CdsToken(models.Model):
    """A token that was used, until it expires: it opens nothing a second time."""

    client = models.ForeignKey(CdsClient, on_delete=models.CASCADE, related_name="tokens")
    jti_sha256 = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "jti_sha256"], name="records_cds_token_used_once"
            )
        ]

    def __str__(self) -> str:
        return f"CDS token {self.pk}"


class CdsCard(models.Model):
    """One card that was answered with. client: None where a demo let anybody ask."""

    uuid = models.UUIDField(unique=True)
    client = models.ForeignKey(
        CdsClient, null=True, blank=True, on_delete=models.PROTECT, related_name="cards"
    )
    service = models.CharField(max_length=64)
    matter = models.CharField(max_length=64)
    criteria = models.JSONField(default=list)
    indicator = models.CharField(max_length=10)
    suggestions = models.JSONField(default=list)
    content_edition = models.CharField(max_length=40)
    content_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"CDS card {self.pk}"


class CdsFeedback(models.Model):
    """What a user did with a card, as the client told it.

    ``at`` is when the user did it. Words that the user typed are not kept, because
    they may name the patient; ``commented`` says that there were some. digest: of the
    whole entry, so that the same report sent again is one report.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "accepted"
        OVERRIDDEN = "overridden", "overridden"

    card = models.ForeignKey(CdsCard, on_delete=models.PROTECT, related_name="feedback")
    client = models.ForeignKey(
        CdsClient, null=True, blank=True, on_delete=models.PROTECT, related_name="feedback"
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason_system = models.CharField(max_length=400, blank=True)
    reason_code = models.CharField(max_length=64, blank=True)
    commented = models.BooleanField(default=False)
    suggestions = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["card", "digest"], name="records_cds_feedback_once")
        ]

    def __str__(self) -> str:
        return f"CDS feedback {self.pk}"
