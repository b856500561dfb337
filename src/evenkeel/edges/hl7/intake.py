"""From the bytes of one frame to what the records take in.

Refused here: what cannot be read, what is not for this door (only ORU^R01 and
ORU^R40 of version 2), training and debugging messages, several persons in one
message, and a message of which nothing can be used. Whose it is is decided in
``records.services.device_messages``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from evenkeel.edges.hl7.acknowledge import Header, header_of, peek
from evenkeel.edges.hl7.message import Message
from evenkeel.edges.hl7.monitor_alarms import monitor_alarms
from evenkeel.edges.hl7.observations import observations
from evenkeel.edges.hl7.parse import parse
from evenkeel.edges.hl7.refusal import Fault, HL7Refusal, Place
from evenkeel.web.records.services.device_messages import Arrived
from evenkeel.web.records.services.readings import NewReading

_VERSION = re.compile(r"2\.\d(\.\d)?\Z", re.ASCII)
_CHAIR = re.compile(r"\bchair\b\D*(\d{1,4})\b", re.IGNORECASE | re.ASCII)
_KINDS_OF_NAME = {"EUI-64", "ISO", "DNS", "GUID", "UUID", "URI", "L", "M", "N", "HL7"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What arrived, and what an answer needs."""

    arrived: Arrived
    header: Header
    place: Place | None = None


def read(raw: bytes, *, received_at: datetime, peer: str, clinic_zone: tzinfo) -> Intake:
    """One frame. Never raises: what cannot be taken is refused in what is returned."""
    sha256 = hashlib.sha256(raw).hexdigest()
    message: Message | None = None
    try:
        message = parse(raw)
        header = header_of(message)
        _check_is_for_us(message)
        _check_one_person(message)
        return _taken(message, header, raw, sha256, received_at, peer, clinic_zone)
    except HL7Refusal as refusal:
        header = header_of(message) if message is not None else peek(raw)
        arrived = Arrived(
            received_at=received_at,
            peer=peer,
            raw=raw,
            sha256=sha256,
            sender=_text(header.sender),
            control_id=_text(header.control_id),
            kind="^".join(message.kind) if message is not None else "",
            refused=(refusal.fault.answer, refusal.fault.code, str(refusal)),
        )
        return Intake(arrived=arrived, header=header, place=refusal.place)


def _text(said: str) -> str:
    return said.replace("\0", "")


def _taken(
    message: Message, header: Header, raw: bytes, sha256: str, received_at: datetime, peer: str,
    clinic_zone: tzinfo,
) -> Intake:  # fmt: skip
    notes = [{"place": "", "kind": "note", "text": note} for note in message.notes]
    readings: tuple[NewReading, ...] = ()
    alarms = []
    if message.kind[1] == "R40":
        alarms = monitor_alarms(message, clinic_zone=clinic_zone, sha256=sha256)
        if not alarms:
            raise HL7Refusal(
                "no alarm with a time could be read", place=Place(segment="OBX"),
                fault=Fault.MISSING,
            )  # fmt: skip
    else:
        report = observations(message, clinic_zone=clinic_zone)
        if report.is_useless:
            first = next(iter(report.not_charted), None)
            raise HL7Refusal(
                f"nothing in it can be charted: {first.words if first else 'no observation'}",
                place=first.place if first else Place(segment="OBX"),
                fault=Fault.TABLE if first else Fault.MISSING,
            )
        readings = tuple(
            NewReading(
                sign=o.sign, value=o.value, unit=o.unit, at=o.at, absent=o.absent,
                as_sent=o.as_sent, group=o.group, note=o.note,
            )
            for o in report.observed
        )  # fmt: skip
        notes += [
            {"place": str(n.place), "kind": n.why.value, "text": n.words}
            for n in report.not_charted
        ]
    chair, words = _chair(message)
    if words:
        notes.append({"place": "PV1-3", "kind": "note", "text": words})
    devices, senders = _devices(message)
    return Intake(
        header=header,
        arrived=Arrived(
            received_at=received_at, peer=peer, raw=raw, sha256=sha256, sender=header.sender,
            control_id=message.control_id, kind="^".join(message.kind), devices=devices,
            senders=senders, chair=chair, persons=_persons(message), readings=readings,
            alarms=tuple(alarms), notes=tuple(notes),
        ),
    )  # fmt: skip


def _check_is_for_us(message: Message) -> None:
    header = message.header
    kind, event = message.kind
    if not _VERSION.match(header.text(12)):
        raise HL7Refusal(
            f"version {header.text(12)[:10]} is not taken here; 2.1 to 2.9 are",
            place=header.place(12), fault=Fault.VERSION,
        )  # fmt: skip
    if header.text(11) not in {"P", ""}:
        raise HL7Refusal(
            f"processing id {header.text(11)[:3]}: only production messages (P) reach a chart",
            place=header.place(11), fault=Fault.PROCESSING,
        )  # fmt: skip
    if kind != "ORU":
        raise HL7Refusal(
            f"{kind[:10]} is not taken at this door; ORU R01 and ORU R40 are",
            place=header.place(9, 1), fault=Fault.MESSAGE_TYPE,
        )  # fmt: skip
    if event not in {"R01", "R40"}:
        raise HL7Refusal(
            f"ORU {event[:10]} is not taken at this door; ORU R01 and ORU R40 are",
            place=header.place(9, 2), fault=Fault.EVENT,
        )  # fmt: skip


def _check_one_person(message: Message) -> None:
    if len(message.all("PID")) > 1:
        raise HL7Refusal(
            "names several persons; send each person's signs in a message of its own",
            place=Place(segment="PID", number=2), fault=Fault.SEQUENCE,
        )  # fmt: skip


def _persons(message: Message) -> tuple[str, ...]:
    pid = message.first("PID")
    if pid is None:
        return ()
    said = (pid.text(3, 1, n) for n in range(len(pid.repetitions(3))))
    return tuple(filter(None, said))[:20]


def _chair(message: Message) -> tuple[int | None, str]:
    """The chair's number from PV1-3 (CHAIR^2), or words when the place is something else."""
    visit = message.first("PV1")
    place = " ".join(filter(None, visit.components(3)[:3])) if visit is not None else ""
    if not place:
        return None, ""
    if match := _CHAIR.search(place):
        return int(match[1]), ""
    return None, f"the place {place[:40]!r} is no chair of this clinic"


def _devices(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of devices (OBX-18, PRT-10) and of the sender (MSH-3), most exact first."""
    devices: dict[str, None] = {}
    for segment in message.segments:
        field = {"OBX": 18, "PRT": 10}.get(segment.name)
        if field is None or not segment.raw(field):
            continue
        for number in range(len(segment.repetitions(field))):
            parts = segment.components(field, number)
            # Entity, namespace, universal id: some devices swap them.
            for part in parts[2:3] + parts[:2]:
                devices.setdefault(part.strip())
    header = message.header
    senders = dict.fromkeys((header.text(3, 2), header.text(3, 1)))

    def kept(names: dict[str, None]) -> tuple[str, ...]:
        return tuple(n[:120] for n in names if n and n.upper() not in _KINDS_OF_NAME)[:20]

    return kept(devices), kept(senders)
