"""Take in a referral: the person, every resource word for word, and what was not understood.

One transaction: all of it is stored, or nothing. Who is meant is decided by the
identifiers that other systems gave; two people are never made one by name.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Cast
from django.utils.module_loading import import_string

from evenkeel.core.chart import Chart, Fault, Kept, PartialDate, Person, Problem, Reading, Refused
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import ChartItem, Patient, PatientIdentifier, Referral
from evenkeel.web.ui.words import local

logger = logging.getLogger(__name__)
Via = Referral.Via
# One referral at a time: two copies at the same moment must find each other.
_LOCK = 0x52454645


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What taking in a referral led to.

    is_new: False when the same content was there already, and nothing was added.
    patient_is_new: False when an identifier named somebody who was known.
    """

    referral: Referral
    patient: Patient
    is_new: bool
    patient_is_new: bool
    problems: tuple[Problem, ...]


def reader() -> Callable[..., Reading]:
    """Who reads bytes for us; named by the settings, because records knows no wire."""
    found: Callable[..., Reading] = import_string(settings.EVENKEEL_REFERRAL_READER)
    return found


def receive(*, raw: bytes, by: Any, via: str, at: datetime) -> Receipt:
    """Store one referral, or refuse it whole.

    raw: the bundle as it came. by: the account that sends it; None only for a command
    on the clinic's own machine. at: when it came, aware.

    Raises:
        Denied: this account may not receive referrals.
        Refused: with every fault; nothing was stored.
    """
    if by is not None or via != Via.COMMAND:
        permissions.check_may(by, "referrals.receive")
    try:
        reading = reader()(raw, today=local(at).date())
        with transaction.atomic():
            return _store(raw, reading, by=by, via=via, at=at)
    except Refused as refusal:
        # Counts only: nothing about a person whom we did not take in. Who calls by
        # command is told directly.
        if via != Via.COMMAND:
            logger.info("referral refused: %d faults, %s", len(refusal.faults), via)
        raise


def _store(raw: bytes, reading: Reading, *, by: Any, via: str, at: datetime) -> Receipt:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    raw_sha256 = sha256(raw).hexdigest()
    before = (
        Referral.objects.select_related("patient")
        .filter(models.Q(raw_sha256=raw_sha256) | models.Q(content_sha256=reading.content_sha256))
        .first()
    )
    if before is not None:
        return Receipt(
            referral=before,
            patient=before.patient,
            is_new=False,
            patient_is_new=False,
            problems=tuple(Problem(**problem) for problem in before.problems),
        )
    patient, patient_is_new, notes = _person(reading)
    problems = (*reading.chart.problems, *notes)
    referral = Referral.objects.create(
        patient=patient,
        via=via,
        raw=raw,
        raw_sha256=raw_sha256,
        content_sha256=reading.content_sha256,
        bundle_identifier="|".join(reading.bundle_identifier or ())[:512],
        kept={
            "kind": reading.kind,
            "of_each": dict(Counter(item.kind for item in reading.kept)),
        },
        problems=[asdict(problem) for problem in problems],
        by=by,
        at=at,
    )
    ChartItem.objects.bulk_create(_items(reading, patient, referral), batch_size=500)
    _tell(referral, patient, reading, is_new=patient_is_new, problems=len(problems), by=by, at=at)
    return Receipt(
        referral=referral,
        patient=patient,
        is_new=True,
        patient_is_new=patient_is_new,
        problems=problems,
    )


def _items(reading: Reading, patient: Patient, referral: Referral) -> list[ChartItem]:
    unusable = _unusable(reading.chart)
    return [
        ChartItem(
            patient=patient,
            referral=referral,
            position=position,
            kind=item.kind,
            ref=item.ref[:512],
            full_url=item.full_url,
            # As text, so that PostgreSQL reads the digits that were written.
            resource=Cast(Value(item.json, models.TextField()), models.JSONField()),
            understood=item.understood,
            struck_out=unusable.get(item.place) == "entered in error",
            note=unusable.get(item.place, ""),
        )
        for position, item in enumerate(reading.kept)
    ]


def _unusable(chart: Chart) -> dict[str, str]:
    """Why an entry never becomes a fact, by its place in the bundle."""
    entries = (
        *chart.conditions,
        *chart.medications,
        *chart.allergies,
        *chart.observations,
        *chart.procedures,
        *chart.encounters,
    )
    return {entry.place: entry.unusable_because for entry in entries if not entry.usable}


_CAME = {
    Via.UPLOAD: "uploaded",
    Via.COMMAND: "taken in by command",
    Via.POST: "sent by another system",
}


def _tell(
    referral: Referral,
    patient: Patient,
    reading: Reading,
    *,
    is_new: bool,
    problems: int,
    by: Any,
    at: datetime,
) -> None:
    which = "A first referral" if is_new else "A further referral"
    look = "1 thing" if problems == 1 else f"{problems} things"
    ledger.append(
        "referral.received",
        sentence=f"{which} of {patient.short_name} was {_CAME[referral.via]}: "
        f"{len(reading.kept)} entries kept, {look} to look at.",
        by=by,
        at=at,
        patient=patient,
        subject=referral,
        data={
            "referral": referral.pk,
            "kept": len(reading.kept),
            "problems": problems,
            "new_patient": is_new,
            "sha256": referral.raw_sha256,
        },
    )


def _person(reading: Reading) -> tuple[Patient, bool, tuple[Problem, ...]]:
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


def read_again(referral: Referral) -> Reading:
    """What a stored referral says, read as on the day it came."""
    return reader()(bytes(referral.raw), today=local(referral.at).date())
