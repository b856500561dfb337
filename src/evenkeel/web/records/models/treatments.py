"""What happened in one treatment: an append-only timeline, orders and checks of the dose."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.courses import Treatment


class TreatmentEvent(Happened):
    """One event. ``kind`` and the keys of ``data`` are those of core.monitoring.

    ``client`` is the id that the screen gave it, so that a resent tap is no second tap.
    """

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    client = models.UUIDField(unique=True, default=uuid.uuid4)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["treatment", "at"], name="records_event_timeline")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class DoseOrder(Happened):
    """What a prescriber ordered for one treatment. The latest order stands."""

    treatment = models.ForeignKey(Treatment, on_delete=models.PROTECT, related_name="orders")
    product = models.CharField(max_length=64)
    mg_per_kg = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    mg = models.DecimalField(max_digits=8, decimal_places=3, null=True, blank=True)
    weight_basis = models.CharField(max_length=16, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    limits = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mg__isnull=False) ^ Q(mg_per_kg__isnull=False),
                name="records_order_is_fixed_or_by_weight",
            )
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"


class DoseCheck(Happened):
    """One person's own calculation of a dose: the first, or the second that must agree."""

    class Turn(models.TextChoices):
        FIRST = "first", "first"
        SECOND = "second", "second"

    order = models.ForeignKey(DoseOrder, on_delete=models.PROTECT, related_name="checks")
    turn = models.CharField(max_length=6, choices=Turn.choices)
    round = models.PositiveSmallIntegerField(default=1)
    first = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="seconds"
    )
    answers = models.JSONField()
    agrees = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(turn="first") | Q(first__isnull=False),
                name="records_second_check_names_the_first",
            )
        ]

    def __str__(self) -> str:
        return f"check {self.pk}"


class Container(models.Model):
    """One vial, syringe or device of a controlled drug, with a life of its own."""

    class Kind(models.TextChoices):
        VIAL = "vial", "vial"
        SYRINGE = "syringe", "syringe"
        DEVICE = "device", "device"

    product = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    label = models.CharField(max_length=32, unique=True)
    lot = models.CharField(max_length=64)
    expires_on = models.DateField()
    mg = models.DecimalField(max_digits=8, decimal_places=3)
    mg_per_ml = models.DecimalField(max_digits=8, decimal_places=3, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mg__gt=0), name="records_container_holds_something")
        ]

    def __str__(self) -> str:
        return self.label


class RegisterEntry(Happened):
    """One line of the controlled-drug register. Amounts are mg of base, never negative."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "received"
        DRAWN = "drawn", "drawn"
        GIVEN = "given", "given"
        WASTED = "wasted", "wasted"
        RETURNED = "returned", "returned unopened"
        COUNTED = "counted", "counted"

    container = models.ForeignKey(
        Container, null=True, blank=True, on_delete=models.PROTECT, related_name="entries"
    )
    product = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    mg = models.DecimalField(max_digits=9, decimal_places=3)
    treatment = models.ForeignKey(
        Treatment, null=True, blank=True, on_delete=models.PROTECT, related_name="register_entries"
    )
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    count = models.PositiveIntegerField(null=True, blank=True)
    expected = models.PositiveIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(mg__gte=0), name="records_register_mg_not_negative"),
            models.CheckConstraint(
                condition=~Q(kind="wasted") | Q(witness__isnull=False),
                name="records_waste_has_a_witness",
            ),
            models.CheckConstraint(
                condition=Q(witness__isnull=True) | ~Q(witness=F("by")),
                name="records_witness_is_another_person",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=False), name="records_register_names_a_person"
            ),
            models.UniqueConstraint(
                fields=["container"],
                condition=Q(kind="drawn"),
                name="records_container_drawn_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
