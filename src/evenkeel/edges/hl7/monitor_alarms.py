"""Alarms that the monitor itself raised: ORU^R40 after IHE PCD-04.

In: a message. Out: alarms with their source, limit, priority and phase. Public
files give the facets of one alarm two sets of numbers, so they are known by name.
The value inside an alarm is kept with the alarm and is no reading of its own:
the monitor sends that as ORU^R01 too.
"""

from __future__ import annotations

import re
import uuid
from datetime import tzinfo

from evenkeel.core.monitoring.events import Priority
from evenkeel.edges.hl7 import codes
from evenkeel.edges.hl7.message import Message, Segment
from evenkeel.edges.hl7.times import UnreadableTime, read_time
from evenkeel.web.records.services.device_messages import MonitorAlarm

_PRIORITIES = {"PH": Priority.HIGH, "PM": Priority.MEDIUM, "PL": Priority.LOW}
_SIDES = {"MDC_EVT_HI": "above", "MDC_EVT_LO": "below"}
_OVER = {"end", "stop", "inactive", "reset"}
_NAMES = uuid.UUID("5f0d0c0a-6a7e-5c0f-9d5b-8f6f5a5c1d4e")


def monitor_alarms(message: Message, *, clinic_zone: tzinfo, sha256: str) -> list[MonitorAlarm]:
    """Every alarm of the message; none when its event or its time cannot be read."""
    found: list[MonitorAlarm] = []
    order: list[Segment] = []
    order_time = ""
    for segment in [*message.segments, None]:
        if segment is None or segment.name == "OBR":
            if alarm := _one(order, order_time, clinic_zone, f"{sha256}|{len(found)}"):
                found.append(alarm)
            order, order_time = [], segment.text(7) if segment is not None else ""
        elif segment.name == "OBX":
            order.append(segment)
    return found


def _one(order: list[Segment], order_time: str, zone: tzinfo, name: str) -> MonitorAlarm | None:
    event = next((s for s in order if s.text(3, 2).startswith("MDC_EVT_")), None)
    if event is None:
        return None
    facets = {s.text(3, 2): s.text(5).lower() for s in order}
    source = next((s for s in order if codes.measurement(s.components(3)).measurement), None)
    try:
        at = read_time(event.text(14) or order_time, zone)
    except UnreadableTime:
        return None
    said = codes.measurement(source.components(3)).measurement if source is not None else None
    what = said.quantity if said is not None else (event.text(5) or event.text(3, 2))
    flags = {flag for s in order for flag in s.repetitions(8)}
    priority = next((p for flag, p in _PRIORITIES.items() if flag in flags), Priority.MEDIUM)
    side = _SIDES.get(event.text(3, 2), "other")
    # As shown: the bound that was crossed, when the range names two.
    limit = source.text(7) if source is not None else ""
    if bounds := re.fullmatch(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)", limit):
        limit = {"below": bounds[1], "above": bounds[2]}.get(side, limit)
    return MonitorAlarm(
        id=str(uuid.uuid5(_NAMES, name)),
        key=f"monitor {what}:{side}:{event.text(3, 2)}"[:120],
        sign=f"{what}, by the monitor itself"[:80],
        priority=priority,
        value=source.text(5)[:40] if source is not None else event.text(5)[:40],
        limit=limit[:40],
        over=facets.get("MDC_ATTR_EVENT_PHASE", "") in _OVER
        or facets.get("MDC_ATTR_ALARM_STATE", "") == "inactive",
        at=at,
    )
