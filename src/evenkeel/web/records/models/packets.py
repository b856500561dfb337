"""Packets that were issued to a payer, as they went out."""

from __future__ import annotations

from django.db import models

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.patients import Patient


class Packet(Happened):
    """One issued packet: the bytes of the paper, and everything that stands in it.

    ``sheet`` is what the paper was drawn from: drawn again it gives the same bytes
    while the template, the fonts and the typesetter are the same. ``pdf`` is what was
    issued, whatever becomes of those. A later packet for the same payer pack names the
    one it replaces; both stay.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="packets")
    code = models.CharField(max_length=16, unique=True)
    payer_pack = models.CharField(max_length=64)
    pack_edition = models.CharField(max_length=32)
    verdict = models.CharField(max_length=8)
    missing = models.PositiveSmallIntegerField()
    not_met = models.PositiveSmallIntegerField()
    parts = models.JSONField()
    sheet = models.JSONField()
    pdf = models.BinaryField()
    pdf_sha256 = models.CharField(max_length=64)
    content_edition = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )

    class Meta:
        indexes = [models.Index(fields=["patient", "-id"], name="records_packet_latest")]

    def __str__(self) -> str:
        return f"packet {self.pk}"
