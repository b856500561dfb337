"""Which patient a referral is about: known by an identifier, or new. Never by name.

Called inside the transaction of the referral. A conflict refuses the referral.
"""

from __future__ import annotations

from django.db import models

from evenkeel.core.chart import Fault, Kept, PartialDate, Person, Problem, Reading, Refused
from evenkeel.web.records.models import Patient, PatientIdentifier


def person_of(reading: Reading) -> tuple[Patient, bool, tuple[Problem, ...]]:
    """The patient of a reading: known by identifier, or new."""
    person, place = reading.chart.person, _place_of_patient(reading.kept)
    held = models.Q(pk__in=[])
    for system, value in reading.identifiers:
        held |= models.Q(system=system, value=value)
    known = list(
        Patient.objects.filter(
            pk__in=PatientIdentifier.objects.filter(held).values("patient_id")
        ).order_by("pk")
    )
    if len(known) > 1:
        numbers = " and ".join(patient.number for patient in known)
        raise _conflict(
            f"{place}.identifier",
            f"The identifiers belong to different people here: {numbers}. Whose record this is "
            "must be settled by a person; ask the sender which identifier is right.",
        )
    if not known:
        patient = _new_patient(person)
        note = _duplicate_note(patient, place)
    else:
        patient = known[0]
        note = _check_same(patient, person, place)
        _fill_gaps(patient, person)
    for system, value in reading.identifiers:
        PatientIdentifier.objects.get_or_create(
            system=system, value=value, defaults={"patient": patient}
        )
    return patient, not known, note


def _new_patient(person: Person) -> Patient:
    return Patient.objects.create(
        family=person.family,
        given=person.given,
        birth=str(person.birth or ""),
        sex=person.sex,
        email=person.email,
        phone=person.phone,
        language=person.language,
        possible_duplicate_of=_namesake(person),
    )


def _namesake(person: Person) -> Patient | None:
    """Somebody of the same name, birth and sex: perhaps the same person, never assumed."""
    if not person.family or person.birth is None:
        return None
    return (
        Patient.objects.filter(
            family__iexact=person.family,
            given__iexact=person.given,
            birth=str(person.birth),
            sex=person.sex,
        )
        .order_by("pk")
        .first()
    )


def _duplicate_note(patient: Patient, place: str) -> tuple[Problem, ...]:
    if patient.possible_duplicate_of is None:
        return ()
    return (
        Problem(
            severity="warning",
            path=place,
            text=f"Possible duplicate of {patient.possible_duplicate_of.number}: same name, birth "
            "and sex, another identifier. Nothing was merged; compare the two records.",
        ),
    )


def _check_same(patient: Patient, person: Person, place: str) -> tuple[Problem, ...]:
    """An identifier says it is this patient; does what is known of them agree?"""
    if patient.deceased:
        raise _conflict(
            f"{place}.identifier",
            f"{patient.number} is recorded here as dead. Correct that first if it is a mistake.",
        )
    if patient.birth and person.birth is not None:
        known = _partial(patient.birth)
        if known.latest < person.birth.earliest or person.birth.latest < known.earliest:
            raise _conflict(
                f"{place}.birthDate",
                f"{patient.number} has the same identifier here and another date of birth. One "
                "of the two is wrong, or an identifier was used twice; a person must settle it.",
            )
    differing = [
        name
        for name, ours, theirs in (
            ("name.family", patient.family, person.family),
            ("name.given", patient.given, person.given),
            ("gender", patient.sex, person.sex),
        )
        if ours and theirs and ours.casefold() != theirs.casefold() and theirs != "unknown"
    ]
    return tuple(
        Problem(
            severity="warning",
            path=f"{place}.{name.split('.')[0]}",
            text=f"{name} differs from what is recorded of {patient.number} here. The record was "
            "not changed; ask which is right.",
        )
        for name in differing
    )


def _fill_gaps(patient: Patient, person: Person) -> None:
    """Take what was not known yet; what was known is never overwritten."""
    changed = []
    for name, value in (
        ("birth", str(person.birth or "")),
        ("email", person.email),
        ("phone", person.phone),
        ("language", person.language),
    ):
        if value and not getattr(patient, name):
            setattr(patient, name, value)
            changed.append(name)
    if changed:
        patient.save(update_fields=changed)


def _conflict(path: str, words: str) -> Refused:
    return Refused((Fault(code="business-rule", path=path, words=words),))


def _place_of_patient(kept: tuple[Kept, ...]) -> str:
    return next(f"{item.place}.resource" for item in kept if item.kind == "Patient")


def _partial(text: str) -> PartialDate:
    return PartialDate(*(int(part) for part in text.split("-")))
