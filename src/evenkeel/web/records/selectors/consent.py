"""Where a person's consent stands, purpose by purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from evenkeel.core.kernel.verdicts import Verdict, no, unknown, yes
from evenkeel.web.records import consent_texts
from evenkeel.web.records.models import ConsentRecord, Patient, Purpose, SingleUseLink
from evenkeel.web.ui.words import write_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One purpose: the text in force, the latest answer, and whether it stands.

    verdict: YES given to the version in force; NO refused or withdrawn; UNKNOWN
        never asked, or asked about an older version.
    """

    purpose: str
    text: consent_texts.ConsentText
    record: ConsentRecord | None
    verdict: Verdict

    @property
    def label(self) -> str:
        return str(Purpose(self.purpose).label)


def standing(patient: Patient, purpose: str, *, at: datetime | None = None) -> Standing:
    """Where one purpose stands for one person; the day gate asks this."""
    moment = at or timezone.now()
    latest = patient.consents.filter(purpose=purpose).order_by("-id").first()
    asked = _asked(patient, moment) if latest is None else {}
    return _judge(patient, purpose, latest, moment, asked.get(purpose))


def standings(patient: Patient, *, at: datetime | None = None) -> list[Standing]:
    """All purposes in their fixed order."""
    moment = at or timezone.now()
    latest: dict[str, ConsentRecord] = {}
    for record in patient.consents.order_by("id"):
        latest[record.purpose] = record
    asked = _asked(patient, moment)
    return [_judge(patient, p, latest.get(p), moment, asked.get(p)) for p in Purpose.values]


def _asked(patient: Patient, at: datetime) -> dict[str, SingleUseLink]:
    """The latest link by which each purpose was asked about until ``at``."""
    links = SingleUseLink.objects.filter(
        patient=patient, kind=SingleUseLink.Kind.CONSENT, created_at__lte=at,
        revoked_at__isnull=True,
    )  # fmt: skip
    return {purpose: link for link in links.order_by("id") for purpose in link.scope["purposes"]}


def _judge(
    patient: Patient,
    purpose: str,
    record: ConsentRecord | None,
    at: datetime,
    asked: SingleUseLink | None,
) -> Standing:
    text = consent_texts.current(purpose, at.date(), patient.language or "en")
    label = Purpose(purpose).label
    verdict = _unanswered(label, asked, at) if record is None else _verdict(label, text, record)
    return Standing(purpose=purpose, text=text, record=record, verdict=verdict)


def _unanswered(label: str, asked: SingleUseLink | None, at: datetime) -> Verdict:
    if asked is None:
        return unknown(f"nobody has asked about {label} yet", missing=("consent",))
    day = write_date(asked.created_at)
    how = "is not answered yet" if at < asked.expires_at else "ran out unanswered"
    return unknown(f"the question about {label}, of {day}, {how}", missing=("consent",))


def _verdict(label: str, text: consent_texts.ConsentText, record: ConsentRecord) -> Verdict:
    if record.answer == ConsentRecord.Answer.REFUSED:
        return no(f"{label} was refused")
    if record.answer == ConsentRecord.Answer.WITHDRAWN:
        return no(f"consent to {label} was withdrawn")
    if record.version != text.version:
        return unknown(
            f"consent to {label} was given to version {record.version}; version {text.version} "
            "asks again",
            missing=("consent",),
        )
    return yes(f"consent to {label} was given to version {record.version}, signed")


def history(patient: Patient) -> list[ConsentRecord]:
    """Every answer ever given, newest first."""
    return list(patient.consents.select_related("by").order_by("-id"))
