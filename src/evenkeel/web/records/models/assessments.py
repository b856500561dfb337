"""Questionnaires and ratings, what was asked for, and the tasks that answers open."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from evenkeel.web.records.models.base import Happened
from evenkeel.web.records.models.consent import SingleUseLink
from evenkeel.web.records.models.courses import Course
from evenkeel.web.records.models.patients import Patient


class AssessmentRequest(models.Model):
    """A questionnaire that the patient is asked to answer."""

    class Status(models.TextChoices):
        PLANNED = "planned", "planned"
        SENT = "sent", "sent"
        STARTED = "started", "started"
        ANSWERED = "answered", "answered"
        EXPIRED = "expired", "not answered in time"
        CANCELLED = "cancelled", "cancelled"

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="requests")
    course = models.ForeignKey(
        Course, null=True, blank=True, on_delete=models.PROTECT, related_name="requests"
    )
    instrument = models.CharField(max_length=32)
    due_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PLANNED)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    link = models.ForeignKey(
        SingleUseLink, null=True, blank=True, on_delete=models.PROTECT, related_name="requests"
    )

    class Meta:
        indexes = [models.Index(fields=["status", "due_at"], name="records_request_due")]

    def __str__(self) -> str:
        return f"request {self.pk}"


class Assessment(Happened):
    """One answered scale or one rating. ``at`` is when it was answered.

    ``total`` is null when the missing-answer rule allows none, and ``reason`` says why.
    ``by`` is null when the patient answered.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="assessments")
    course = models.ForeignKey(
        Course, null=True, blank=True, on_delete=models.PROTECT, related_name="assessments"
    )
    request = models.ForeignKey(
        AssessmentRequest,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="assessments",
    )
    instrument = models.CharField(max_length=32)
    instrument_version = models.CharField(max_length=32)
    answers = models.JSONField(default=dict)
    total = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    band = models.CharField(max_length=64, blank=True)
    complete = models.BooleanField()
    reason = models.TextField(blank=True)
    hours_since_dose = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    via = models.CharField(max_length=16, default="portal")
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["patient", "instrument", "at"], name="records_assessment_series")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(supersedes__isnull=True),
                name="records_request_answered_once",
            ),
            models.CheckConstraint(
                condition=Q(total__isnull=False) | ~Q(reason=""),
                name="records_no_total_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"assessment {self.pk}"


class Task(models.Model):
    """Something that one named person must do by a time."""

    class Kind(models.TextChoices):
        SAFETY = "safety", "safety"
        DOSE_DISAGREEMENT = "dose_disagreement", "dose does not agree"
        REGISTER = "register", "register does not balance"
        MAIL = "mail", "message not delivered"
        OTHER = "other", "other"

    patient = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="tasks"
    )
    course = models.ForeignKey(
        Course, null=True, blank=True, on_delete=models.PROTECT, related_name="tasks"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tasks",
    )
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.TextField(blank=True)
    cause = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | (Q(closed_by__isnull=False) & ~Q(outcome="")),
                name="records_task_closed_by_a_name",
            ),
            models.UniqueConstraint(
                fields=["cause"],
                condition=~Q(cause="") & Q(closed_at__isnull=True),
                name="records_task_open_once_per_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"


class MailMessage(models.Model):
    """A message to be sent by SMTP. It is queued with its act and sent by the job worker."""

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting"
        SENT = "sent", "sent"
        FAILED = "failed", "not delivered"

    kind = models.CharField(max_length=32)
    to_patient = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="mails"
    )
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    link = models.ForeignKey(
        SingleUseLink, null=True, blank=True, on_delete=models.PROTECT, related_name="mails"
    )
    request = models.ForeignKey(
        AssessmentRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="mails"
    )
    task = models.ForeignKey(
        Task, null=True, blank=True, on_delete=models.PROTECT, related_name="mails"
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    queued_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"mail {self.pk}"
