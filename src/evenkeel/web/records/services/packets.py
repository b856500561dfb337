"""Packets for payers: issue one, and hand out the file of one that was issued."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.packets.assemble import PARTS
from evenkeel.core.packets.model import Packet as Made
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.paper.typeset import CannotDraw, typeset
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Packet, Patient
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors.packets import packet_of, prescriber_of
from evenkeel.web.ui.words import local, write_date, write_datetime


class CannotIssue(Exception):
    """A packet that cannot be issued. Words: what, why, what to do."""


TITLES = {
    "first": "Request for prior authorisation",
    "again": "Request for authorisation again",
}


def fingerprint_of(made: Made) -> str:
    """Over everything that a packet says: what was looked at is what is issued."""
    return sha256(dumps(made.as_object(), sort_keys=True).encode()).hexdigest()


@transaction.atomic
@repeat_gives(Packet)
def issue(
    *,
    patient: Patient,
    pack: str,
    parts: Iterable[str],
    seen: str,
    by: User,
    at: datetime,
    once: UUID | None = None,
) -> Packet:
    """Issue a packet as it was looked at: bytes, inputs and ledger, or nothing.

    seen: ``fingerprint_of`` the packet that the issuer looked at.

    Raises:
        Denied: the role may not issue packets.
        CannotIssue: there is no such payer pack or part, something has changed since it
            was looked at, or the paper cannot be drawn.
    """
    permissions.check_may(by, "packets.issue")
    claimed = claim(once, "packet.issued", by)
    content = library()
    if pack not in content.payers:
        raise CannotIssue("Choose the payer's rules that this packet answers. Nothing was issued.")
    wanted = sorted(set(parts))
    if set(wanted) - set(PARTS):
        raise CannotIssue("A part of this packet is not known here. Nothing was issued.")
    # Two people issuing at once: the second waits, then replaces the first's.
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    rules = content.payers[pack]
    made = packet_of(patient, pack=rules, as_of=local(at).date(), parts=wanted)
    if fingerprint_of(made) != seen:
        raise CannotIssue(
            "Something has changed since you looked at this packet, so it would not say what you "
            "read. Nothing was issued. Read it again below, then issue it."
        )
    before = patient.packets.filter(payer_pack=pack).order_by("-pk").first()
    code = new_code()
    sheet = sheet_of(
        made, patient=patient, pack=rules, code=code, by=by, at=at,
        replaces=before.code if before is not None else "",
    )  # fmt: skip
    try:
        pdf = typeset("packet", sheet, made_at=at)
    except CannotDraw as fault:
        raise CannotIssue(str(fault)) from fault
    packet = Packet.objects.create(
        patient=patient,
        code=code,
        payer_pack=pack,
        pack_edition=rules.edition,
        verdict=made.answer,
        missing=len(made.missing),
        not_met=len(made.not_met),
        parts=wanted,
        sheet=sheet,
        pdf=pdf,
        pdf_sha256=sha256(pdf).hexdigest(),
        content_edition=made.edition,
        content_sha256=made.sha256,
        replaces=before,
        by=by,
        at=at,
    )
    gaps = len(made.missing)
    ledger.append(
        "packet.issued",
        sentence=f"{by.short_name} issued packet {code} about {patient.short_name}"
        + (f", with {gaps} thing{'s' if gaps > 1 else ''} missing." if gaps else "."),
        by=by,
        at=at,
        patient=patient,
        subject=packet,
        data={"pack": pack, "content": made.edition, "sha256": packet.pdf_sha256},
    )
    remember(claimed, packet)
    return packet


@transaction.atomic
def hand_out(*, packet: Packet, by: User, at: datetime) -> bytes:
    """The file as it was issued, and the ledger's line that it left the house.

    Raises:
        Denied: the role may not see packets.
    """
    permissions.check_may(by, "packets.see")
    ledger.append(
        "packet.downloaded",
        sentence=f"{by.short_name} downloaded packet {packet.code} "
        f"about {packet.patient.short_name}.",
        by=by,
        at=at,
        patient=packet.patient,
        subject=packet,
    )
    return bytes(packet.pdf)


def new_code() -> str:
    """ "PA-4F3A-91C2": short enough to read out, and of nobody's count."""
    text = uuid4().hex[:8].upper()
    return f"PA-{text[:4]}-{text[4:]}"


def sheet_of(
    made: Made,
    *,
    patient: Patient,
    pack: Pack,
    code: str,
    by: User,
    at: datetime,
    replaces: str = "",
) -> dict[str, Any]:
    """Everything that the paper says, as plain JSON."""
    when = at.astimezone(UTC)  # the file's own date; readers see the words beside it
    prescriber = prescriber_of(patient)
    born = next((one.value for one in made.person.stated if one.label == "Born"), "")
    told: dict[str, Any] = _plain(made.as_object())
    drafts = ["Draft content."] + (["Illustrative payer rules."] if pack.illustrative else [])
    return told | {
        "title": TITLES[made.request],
        "packet_id": code,
        "person_line": " · ".join(
            part
            for part in (patient.full_name, patient.number, f"born {born}" if born else "")
            if part
        ),
        "clinic": settings.EVENKEEL_CLINIC_NAME,
        "paper": "us-letter" if pack.jurisdiction == "us" else "a4",
        "preview": False,
        "made": {
            "year": when.year,
            "month": when.month,
            "day": when.day,
            "hour": when.hour,
            "minute": when.minute,
        },
        "made_words": f"Issued {write_datetime(at, zone=True)} by {by.short_name}",
        "made_on": write_date(at),
        "draft_line": " ".join(drafts),
        "prescriber": prescriber[0] if prescriber else "",
        "replaces": replaces,
    }


def _plain(value: Any) -> Any:
    """Tuples as lists, so that what is stored is what was drawn."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
