"""Bedside monitors, the messages they sent, and the readings taken from them."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.courses import Chair, Treatment


class Device(models.Model):
    """A monitor, known by the name that it gives itself on the wire."""

    identifier = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=80)
    chair = models.ForeignKey(
        Chair, null=True, blank=True, on_delete=models.PROTECT, related_name="devices"
    )
    in_use = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"device {self.pk}"


class DeviceMessage(models.Model):
    """One message as it came, and what was answered. Kept also when it was refused."""

    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    peer = models.CharField(max_length=64)
    sender = models.CharField(max_length=400, blank=True)
    control_id = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64)
    raw = models.BinaryField()
    ack = models.CharField(max_length=2)
    reason = models.TextField(blank=True)
    notes = models.JSONField(default=list)
    device = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    treatment = models.ForeignKey(
        Treatment, null=True, blank=True, on_delete=models.PROTECT, related_name="device_messages"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "control_id", "sha256"],
                condition=Q(ack__in=["AA", "CA"]),
                name="records_message_stored_once",
            )
        ]
        indexes = [
            BrinIndex(fields=["received_at"], name="records_message_by_time"),
            # The few that were refused are looked at among the very many that were not.
            models.Index(
                fields=["-received_at"],
                condition=~Q(ack__in=["AA", "CA"]),
                name="records_message_refused",
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"


class Reading(Happened):
    """One sign at one moment, by a monitor (``message``) or by hand (``by``).

    ``at`` is when it was measured. ``value`` null with ``absent`` set: the monitor
    said that it has no value. Units are those of core.monitoring's signs.
    """

    message = models.ForeignKey(
        DeviceMessage, null=True, blank=True, on_delete=models.PROTECT, related_name="readings"
    )
    device = models.ForeignKey(
        Device, null=True, blank=True, on_delete=models.PROTECT, related_name="readings"
    )
    treatment = models.ForeignKey(
        Treatment, null=True, blank=True, on_delete=models.PROTECT, related_name="readings"
    )
    sign = models.CharField(max_length=32)
    value = models.DecimalField(max_digits=9, decimal_places=3, null=True, blank=True)
    unit = models.CharField(max_length=24)
    absent = models.CharField(max_length=64, blank=True)
    as_sent = models.CharField(max_length=80, blank=True)
    group = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True)
    client = models.UUIDField(null=True, blank=True, unique=True)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__isnull=False) ^ ~Q(absent=""),
                name="records_reading_has_value_or_reason",
            ),
            models.CheckConstraint(
                condition=Q(message__isnull=False) | Q(by__isnull=False),
                name="records_reading_has_an_origin",
            ),
        ]
        indexes = [
            models.Index(fields=["treatment", "at"], name="records_reading_timeline"),
            BrinIndex(fields=["at"], name="records_reading_by_time"),
        ]

    def __str__(self) -> str:
        return f"reading {self.pk}"
