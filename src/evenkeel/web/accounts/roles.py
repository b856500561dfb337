"""The seven roles. A person who does two jobs has two accounts, so that every
act in the ledger says in which role it was done."""

from django.db import models


class Role(models.TextChoices):
    COORDINATOR = "coordinator", "coordinator"
    NURSE = "nurse", "nurse"
    PRESCRIBER = "prescriber", "prescriber"
    PHARMACIST = "pharmacist", "pharmacist"
    RESEARCHER = "researcher", "researcher"
    ADMINISTRATOR = "administrator", "administrator"
    PATIENT = "patient", "patient"


STAFF = frozenset(Role) - {Role.PATIENT}
CLINICAL = frozenset({Role.COORDINATOR, Role.NURSE, Role.PRESCRIBER, Role.PHARMACIST})
