"""Taking in what monitors sent: whose it is, what is charted, what is answered.

In: messages as an edge read them, in the order they came. Out: one answer each.
All of a batch is one transaction, so an answer may go out only after it; the raw
bytes are kept whatever the answer. A reading reaches a chart only when device,
chair, person and time agree; every disagreement is kept, named and shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction

from evenkeel.core.monitoring.events import AlarmEnded, AlarmRaised, Priority
from evenkeel.web.records.models import Reading, Treatment
from evenkeel.web.records.selectors.floor_windows import Window, windows_of
from evenkeel.web.records.services import device_rows, readings
from evenkeel.web.records.services.device_rows import KnownDevice
from evenkeel.web.records.services.readings import MAY_BE_AHEAD, NewReading

Answer = Literal["AA", "AE", "AR"]
LATE = timedelta(minutes=5)

UNKNOWN_KEY, DATA_TYPE, OK = "204", "102", "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorAlarm:
    """An alarm that the monitor itself raised or ended. ``id`` repeats for a repeat."""

    id: str
    key: str
    sign: str
    priority: Priority
    value: str
    limit: str
    over: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One message as it came off the wire.

    refused: answer, code of HL7 table 0357 and reason, when the edge could not take it.
    devices: names of the devices that measured, as the observations give them.
    senders: names of what sent the message; they count when no device is named or known.
    chair: the chair's number as the message has it; None when it names none.
    persons: record numbers and other identifiers of PID-3; empty when it names nobody.
    notes: what the edge noted, each with "place", "kind" and "text".
    """

    received_at: datetime
    peer: str
    raw: bytes
    sha256: str
    sender: str = ""
    control_id: str = ""
    kind: str = ""
    refused: tuple[Answer, str, str] | None = None
    devices: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    chair: int | None = None
    persons: tuple[str, ...] = ()
    readings: tuple[NewReading, ...] = ()
    alarms: tuple[MonitorAlarm, ...] = ()
    notes: tuple[dict[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two messages the same one, as the columns hold it."""
        longest = device_rows.LONGEST
        return (
            self.sender[: longest["sender"]],
            self.control_id[: longest["control_id"]],
            self.sha256,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a message. ``repeat``: it was stored before, and only then."""

    answer: Answer
    code: str = OK
    reason: str = ""
    repeat: bool = False
    readings: int = 0


@dataclass(slots=True, kw_only=True)
class _Judged:
    arrived: Arrived
    taken: Taken
    device_id: int | None = None
    charted: list[tuple[int | None, NewReading]] = field(default_factory=list)
    alarms: list[tuple[int, MonitorAlarm]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)
    message_id: int | None = None

    def note(self, kind: str, text: str) -> None:
        self.notes.append({"place": "", "kind": kind, "text": text})


@transaction.atomic
def take_in(batch: Sequence[Arrived]) -> list[Taken]:
    """Store a batch and say what to answer to each message, once this has committed."""
    before = device_rows.stored_before({each.key for each in batch if each.control_id})
    devices = device_rows.devices(
        {name for each in batch for name in (*each.devices, *each.senders)}
    )
    windows = windows_of(
        chairs={d.chair_id for d in devices.values() if d.chair_id is not None},
        numbers={each.chair for each in batch if each.chair is not None},
        since=min((r.at for each in batch for r in (*each.readings, *each.alarms)), default=None),
    )
    judged = [
        _Judged(arrived=each, taken=Taken(answer="AA", repeat=True))
        if each.key in before and each.control_id
        else _judge(each, devices, windows)
        for each in batch
    ]
    _store_messages([each for each in judged if not each.taken.repeat])
    _store_readings([each for each in judged if each.message_id is not None], windows)
    return [replace(each.taken, readings=len(each.charted)) for each in judged]


def _judge(arrived: Arrived, devices: dict[str, KnownDevice], windows: Sequence[Window]) -> _Judged:
    judged = _Judged(arrived=arrived, taken=Taken(answer="AA"), notes=list(arrived.notes))

    def refuse(reason: str, code: str = UNKNOWN_KEY, answer: Answer = "AE") -> _Judged:
        judged.taken = Taken(answer=answer, code=code, reason=reason)
        judged.charted = []
        judged.alarms = []
        return judged

    if arrived.refused is not None:
        answer, code, reason = arrived.refused
        return refuse(reason, code, answer)
    found: dict[int, KnownDevice] = {}
    for names in (arrived.devices, arrived.senders):
        found = found or {devices[name].id: devices[name] for name in names if name in devices}
    if not found:
        named = next(iter((*arrived.devices, *arrived.senders)), "without a name")
        return refuse(f"device {named[:60]} is not registered")
    if len(found) > 1 and len({device.chair_id for device in found.values()}) > 1:
        return refuse("the message names devices of different chairs")
    device = next(iter(found.values()))
    judged.device_id = device.id
    if not device.in_use:
        return refuse(f"device {device.name} is not in use")
    if None not in (device.chair_number, arrived.chair) and device.chair_number != arrived.chair:
        return refuse(
            f"the message says chair {arrived.chair}, but {device.name} stands at "
            f"{device.chair_name}"
        )
    number = arrived.chair if device.chair_number is None else device.chair_number
    here = [window for window in windows if window.chair_number == number]
    for reading in arrived.readings:
        if reading.at > arrived.received_at + MAY_BE_AHEAD:
            judged.note("fault", f"{reading.sign}: the monitor's clock is ahead of ours")
            continue
        window = next((w for w in here if w.holds(reading.at)), None)
        if window is not None and not window.is_of(arrived.persons):
            return refuse(f"the message names another person than the one on {window.chair_name}")
        if arrived.received_at - reading.at > LATE:
            reading = replace(reading, note=_joined(reading.note, "came more than 5 min late"))
        judged.charted.append((window.treatment_id if window else None, reading))
    if arrived.readings and not judged.charted:
        return refuse("all times are ahead of the server's clock", DATA_TYPE)
    for alarm in arrived.alarms:
        window = next((w for w in here if w.holds(alarm.at)), None)
        if alarm.at > arrived.received_at + MAY_BE_AHEAD:
            judged.note("fault", "an alarm: the monitor's clock is ahead of ours")
        elif window is None:
            judged.note("unmatched", "an alarm where nobody was being treated at that time")
        elif not window.is_of(arrived.persons):
            return refuse(f"the message names another person than the one on {window.chair_name}")
        else:
            judged.alarms.append((window.treatment_id, alarm))
    if judged.charted and all(treatment is None for treatment, _ in judged.charted):
        where = f"chair {number}" if number is not None else "any chair"
        judged.note("unmatched", f"nobody was being treated on {where} at that time")
    if not arrived.persons:
        judged.note("note", "the message names nobody; matched by chair and time")
    return judged


def _joined(*words: str) -> str:
    return "; ".join(filter(None, words))


def _store_messages(judged: Sequence[_Judged]) -> None:
    """Insert in the order they came; an acknowledged key that exists already makes a repeat."""
    if not judged:
        return
    rows = []
    for each in judged:
        arrived, taken = each.arrived, each.taken
        matched = [t for t, _ in (*each.alarms, *each.charted) if t is not None]
        treatment = matched[-1] if matched else None
        rows.append(
            (
                arrived.received_at, arrived.peer, arrived.sender, arrived.control_id,
                arrived.kind, arrived.sha256, arrived.raw, taken.answer, taken.reason,
                each.notes, each.device_id, treatment,
            )
        )  # fmt: skip
    stored = device_rows.insert_messages(rows)
    for each in judged:
        if each.taken.answer != "AA":
            continue
        # The first of two equal messages in one batch takes the row, the other repeats it.
        each.message_id = stored.pop(each.arrived.key, None)
        if each.message_id is None:
            each.taken = Taken(answer="AA", repeat=True)
            each.charted = []
            each.alarms = []


def _store_readings(judged: Sequence[_Judged], windows: Sequence[Window]) -> None:
    rows = [
        Reading(
            message_id=each.message_id, device_id=each.device_id, treatment_id=treatment_id,
            sign=new.sign, value=new.value, unit=new.unit, at=new.at, absent=new.absent,
            as_sent=new.as_sent, note=new.note,
            group=f"{each.message_id}.{new.group}"[:64] if new.group else "",
        )
        for each in judged
        for treatment_id, new in each.charted
    ]  # fmt: skip
    alarms = [one for each in judged for one in each.alarms]
    by_treatment: dict[int, list[Reading]] = {}
    for row in rows:
        if row.treatment_id is not None:
            by_treatment.setdefault(row.treatment_id, []).append(row)
    # In one order everywhere, so that two gateways cannot hold each other up.
    device_rows.hold(sorted({*by_treatment, *(treatment_id for treatment_id, _ in alarms)}))
    device_rows.insert_readings(rows)
    device_rows.tell({key: [row.pk for row in some] for key, some in by_treatment.items()})
    if not by_treatment and not alarms:
        return
    now = max(each.arrived.received_at for each in judged)
    products = {window.treatment_id: window.product for window in windows}
    made = readings.watch(by_treatment, products, now)
    for treatment_id, alarm in alarms:
        made.setdefault(treatment_id, []).append(_as_event(alarm, now))
    treatments = Treatment.objects.select_related("patient").in_bulk(list(made)) if made else {}
    for treatment_id, events in made.items():
        readings.store_alarms(treatments[treatment_id], events)


def _as_event(alarm: MonitorAlarm, now: datetime) -> AlarmRaised | AlarmEnded:
    if alarm.over:
        return AlarmEnded(
            id=alarm.id, at=alarm.at, recorded_at=now, key=alarm.key, value=alarm.value
        )
    return AlarmRaised(
        id=alarm.id, at=alarm.at, recorded_at=now, key=alarm.key, sign=alarm.sign,
        priority=alarm.priority, value=alarm.value, limit=alarm.limit, set_by="monitor",
    )  # fmt: skip
