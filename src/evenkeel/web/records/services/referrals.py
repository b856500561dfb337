"""Take in a referral: the person, every resource word for word, and what was not understood.

One transaction: all of it is stored, or nothing. Who is meant is decided by the
identifiers that other systems gave; two people are never made one by name.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Cast

from evenkeel.core.chart import Chart, Problem, Reading, Refused
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import ChartItem, Patient, Referral
from evenkeel.web.records.selectors.referrals import reader
from evenkeel.web.records.services.identity import person_of
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
    patient, patient_is_new, notes = person_of(reading)
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
