"""Courses, the clinic's chairs and hours, and the treatments that are booked on them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.patients import Patient
from evenkeel.web.records.models.screening import ScreeningDecision


class Chair(models.Model):
    number = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=40)
    in_use = models.BooleanField(default=True)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name


class Shift(models.Model):
    """When a nurse or a prescriber is on site. ``capacity``: persons at once, for nurses."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shifts"
    )
    period = DateTimeRangeField()
    capacity = models.PositiveSmallIntegerField(default=2)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="records_shift_once_per_person",
                expressions=[("user", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"shift {self.pk}"


class Course(models.Model):
    """One course of treatment under one protocol. States: core.protocols."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="courses")
    protocol = models.CharField(max_length=64)
    protocol_version = models.CharField(max_length=32)
    product = models.CharField(max_length=64)
    indication = models.CharField(max_length=64)
    status = models.CharField(max_length=16)
    prescriber = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="courses_prescribed"
    )
    decision = models.ForeignKey(
        ScreeningDecision, null=True, blank=True, on_delete=models.PROTECT, related_name="courses"
    )
    dose_mg_per_kg = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    dose_mg = models.DecimalField(max_digits=8, decimal_places=3, null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    interval_days = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dose_mg__isnull=False) | Q(dose_mg_per_kg__isnull=False),
                name="records_course_has_a_dose",
            )
        ]

    def __str__(self) -> str:
        return f"course {self.pk}"


class Treatment(models.Model):
    """One booked session of a course. What happened in it is its events."""

    class Status(models.TextChoices):
        BOOKED = "booked", "booked"
        CHECKED_IN = "checked_in", "checked in"
        GO = "go", "may be dosed"
        DOSING = "dosing", "dose running"
        OBSERVING = "observing", "observed"
        LEFT = "left", "left"
        CANCELLED = "cancelled", "cancelled"
        MISSED = "missed", "missed"

    OPEN = (Status.CHECKED_IN, Status.GO, Status.DOSING, Status.OBSERVING)

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="treatments")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="treatments")
    ordinal = models.PositiveSmallIntegerField()
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="treatments")
    nurse = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="treatments_nursed"
    )
    nurse_lane = models.PositiveSmallIntegerField(default=1)
    prescriber = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="treatments_covered"
    )
    period = DateTimeRangeField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.BOOKED)
    escort = models.CharField(max_length=200, blank=True)
    cancelled_reason = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["period"]
        constraints = [
            ExclusionConstraint(
                name="records_chair_booked_once",
                expressions=[("chair", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=~Q(status__in=["cancelled", "missed"]),
            ),
            ExclusionConstraint(
                name="records_patient_booked_once",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=~Q(status__in=["cancelled", "missed"]),
            ),
            ExclusionConstraint(
                name="records_nurse_lane_booked_once",
                expressions=[
                    ("nurse", RangeOperators.EQUAL),
                    ("nurse_lane", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=~Q(status__in=["cancelled", "missed"]),
            ),
            models.UniqueConstraint(
                fields=["chair"],
                condition=Q(status__in=["checked_in", "go", "dosing", "observing"]),
                name="records_chair_holds_one_person",
            ),
        ]
        indexes = [models.Index(fields=["status"], name="records_treatment_by_status")]

    @property
    def is_open(self) -> bool:
        """Is the person in the clinic for this treatment now?"""
        return self.status in self.OPEN

    def __str__(self) -> str:
        return f"treatment {self.pk}"


class CourseBaseline(Happened):
    """The score that a course is measured against, frozen before its first dose."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="baselines")
    instrument = models.CharField(max_length=32)
    assessment = models.ForeignKey(
        "records.Assessment", on_delete=models.PROTECT, related_name="baseline_of"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "instrument"], name="records_baseline_is_frozen"
            )
        ]

    def __str__(self) -> str:
        return f"baseline {self.pk}"


class MaintenanceDecision(Happened):
    """What a rule suggested, on what, and what the clinician chose."""

    class Choice(models.TextChoices):
        ACCEPTED = "accepted", "as suggested"
        OTHERWISE = "otherwise", "otherwise"
        STOP = "stop", "plan to stop"

    course = models.ForeignKey(
        Course, on_delete=models.PROTECT, related_name="maintenance_decisions"
    )
    rule = models.CharField(max_length=64)
    rule_version = models.CharField(max_length=32)
    inputs = models.JSONField()
    suggestion = models.JSONField()
    choice = models.CharField(max_length=10, choices=Choice.choices)
    interval_days = models.PositiveSmallIntegerField(null=True, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(choice="accepted") | ~Q(reason=""),
                name="records_decision_otherwise_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(choice="stop") | Q(interval_days__isnull=False),
                name="records_decision_has_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"
