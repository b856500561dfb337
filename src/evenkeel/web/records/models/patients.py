"""The person who is treated."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Sex(models.TextChoices):
    """As FHIR's administrative gender."""

    FEMALE = "female", "female"
    MALE = "male", "male"
    OTHER = "other", "other"
    UNKNOWN = "unknown", "not known"


class Patient(models.Model):
    """``birth`` is a FHIR date: a year, a month or a day, as it was written."""

    family = models.CharField(max_length=200)
    given = models.CharField(max_length=200, blank=True)
    birth = models.CharField(max_length=10, blank=True)
    sex = models.CharField(max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    deceased = models.BooleanField(default=False)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=35, blank=True)
    escort = models.CharField(max_length=200, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="patient",
    )
    possible_duplicate_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["family", "given"], name="records_patient_by_name")]

    @property
    def number(self) -> str:
        """The record number, as it stands on the wristband and in HL7 PID-3."""
        return f"EK-{self.pk:06d}"

    @property
    def short_name(self) -> str:
        """For walls and ledger sentences: "Nora E."."""
        initial = f"{self.family[0]}." if self.family else ""
        return f"{self.given.split(' ')[0]} {initial}".strip() or self.number

    @property
    def full_name(self) -> str:
        """As the patient card has it: "EXAMPLEBY, Nora"."""
        family = self.family.upper()
        return f"{family}, {self.given}" if self.given else family

    @staticmethod
    def pk_of(number: str) -> int | None:
        """The key behind a record number, or None if it is not one."""
        digits = number.removeprefix("EK-")
        return int(digits) if number.startswith("EK-") and digits.isdecimal() else None

    def __str__(self) -> str:
        return self.number


class PatientIdentifier(models.Model):
    """A name that another system has for this person."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identifiers")
    system = models.CharField(max_length=255)
    value = models.CharField(max_length=255)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "value"], name="records_identifier_is_unique")
        ]

    def __str__(self) -> str:
        return f"identifier {self.pk}"
