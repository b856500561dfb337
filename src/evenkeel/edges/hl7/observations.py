"""What a monitor observed: OBX segments as signs with values, units and times.

In: a message (ORU^R01 after IHE PCD-01). Out: what can be charted, and everything
else by place and reason. Whose it is is decided elsewhere; nothing here asks a clock.
A value stays as sent beside the value in the sign's own unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from evenkeel.core.monitoring.signs import PRESSURES, NotThisUnit, disagreement, signs
from evenkeel.edges.hl7 import codes
from evenkeel.edges.hl7.message import Message, Segment
from evenkeel.edges.hl7.refusal import Place
from evenkeel.edges.hl7.times import UnreadableTime, read_time, zone_of

_NUMBER = re.compile(r"[+-]?(?:\d{1,9}(?:\.\d{0,6})?|\.\d{1,6})\Z", re.ASCII)

# HL7 table 0085. The rest (I, N, O) say that there is nothing to read yet.
_VALUE = frozenset("RPFSBAVC")
_NO_VALUE = "X"
_WITHDRAWN = frozenset("DWU")

# Which source of a sign speaks for it when a monitor sends several at one time.
_PREFERRED = ("ecg", "cuff", "pulse oximeter", "impedance", "capnograph", "airway")


class Why(StrEnum):
    """Why an observation is not charted."""

    IGNORED = "ignored"  # recognised, and not ours to chart
    UNKNOWN = "unknown"  # no such code in the table
    FAULT = "fault"  # a sign that cannot be trusted: a person should look


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One sign at one time. ``value`` None: the monitor says it has none, see ``absent``.

    sign: an id of core.monitoring.signs; with ``:site`` after it when another source
        speaks for the sign, or when it is no cuff pressure.
    group: equal for the parts of one pressure.
    """

    place: Place
    sign: str
    value: Decimal | None
    unit: str
    at: datetime
    site: str = ""
    absent: str = ""
    as_sent: str = ""
    group: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCharted:
    """An observation that stays in the message only."""

    place: Place
    why: Why
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a message says."""

    observed: tuple[Observed, ...]
    not_charted: tuple[NotCharted, ...]

    @property
    def is_useless(self) -> bool:
        """Nothing to chart, and not because it is nothing that we chart."""
        return not self.observed and (
            not self.not_charted or any(n.why is not Why.IGNORED for n in self.not_charted)
        )


def observations(message: Message, *, clinic_zone: tzinfo) -> Report:
    """All OBX of a message. ``clinic_zone``: for times in a message that names no zone."""
    zone, zone_note = _zone(message, clinic_zone)
    found: list[Observed] = []
    left: list[NotCharted] = []
    order, order_time = 0, ""
    for segment in message.segments:
        if segment.name == "OBR":
            order, order_time = order + 1, segment.text(7)
        elif segment.name == "OBX":
            said = _one(segment, order, segment.text(14) or order_time, zone)
            if isinstance(said, Observed):
                note = "; ".join(filter(None, (said.note, zone_note)))
                found.append(replace(said, note=note))
            elif said is not None:
                left.append(said)
    found = list(_named(_agreeing(found, left)))
    return Report(observed=tuple(found), not_charted=tuple(left))


def _zone(message: Message, clinic_zone: tzinfo) -> tuple[tzinfo, str]:
    """The zone of MSH-7 holds for all times of the message that name none."""
    try:
        said = zone_of(message.header.text(7))
    except UnreadableTime:
        said = None
    if said is not None:
        return said, ""
    times = [s.text(14) for s in message.all("OBX")] + [s.text(7) for s in message.all("OBR")]
    if all(re.search(r"[+-]\d{4}\Z", time) for time in times if time):
        return clinic_zone, ""
    return clinic_zone, "the monitor named no zone; read in the clinic's"


def _one(segment: Segment, order: int, time: str, zone: tzinfo) -> Observed | NotCharted | None:
    """One OBX; None for a heading, which holds no value and names no sign."""

    def left(why: Why, words: str) -> NotCharted:
        return NotCharted(place=segment.place(3), why=why, words=words)

    kind, raw = segment.text(2), segment.raw(5)
    match = codes.measurement(segment.components(3))
    row = match.measurement
    if row is None or not row.sign:
        if not raw and (row is not None or not match.contradictory):
            return None
        if kind in {"NA", "MA"}:
            return left(Why.IGNORED, f"a wave ({segment.text(3, 2)})")
        if row is not None:
            return left(Why.IGNORED, f"{row.quantity} is not charted")
        why = Why.FAULT if match.contradictory else Why.UNKNOWN
        return left(why, f"{match.words} is not in the table of signs" if why is Why.UNKNOWN
                    else match.words)  # fmt: skip
    if kind in {"NA", "MA"}:
        return left(Why.IGNORED, f"a wave of {row.quantity}")
    sign = signs()[row.sign]
    status = segment.text(11)
    if status in _WITHDRAWN:
        return left(
            Why.FAULT, f"{row.quantity}: status {status} takes back an earlier value; see the chart"
        )
    try:
        at = read_time(time, zone)
    except UnreadableTime as fault:
        return left(Why.FAULT, f"{row.quantity}: no time it was measured at ({fault})")
    notes = [match.words]
    observed = Observed(
        place=segment.place(5),
        sign=sign.id,
        value=None,
        unit=sign.unit,
        at=at,
        site=row.site,
        group=f"{order}@{at:%Y%m%dT%H%M%S%f}" if sign.id in PRESSURES else "",
    )
    if status == _NO_VALUE or (not raw and kind in {"NM", "SN", ""}) or segment.is_null(5):
        return replace(observed, absent="no value from the monitor")
    if status not in _VALUE and status:
        return left(Why.IGNORED, f"{row.quantity}: status {status}, nothing measured yet")
    if status == "C":
        notes.append("the monitor says that this corrects an earlier value")
    if not status:
        notes.append("no result status was sent")
    number, words = _number(segment, kind)
    if number is None:
        return left(Why.FAULT, f"{row.quantity}: {words}")
    if number in codes.table().no_value:
        return replace(observed, absent="no value from the monitor", as_sent=segment.text(5)[:80])
    unit, unit_words = codes.unit(segment.components(6))
    if not unit:
        return left(Why.FAULT, f"{row.quantity}: {unit_words}")
    try:
        value = sign.in_unit(number, unit)
    except NotThisUnit as fault:
        return left(Why.FAULT, str(fault))
    if impossible := sign.impossible(value):
        return left(Why.FAULT, f"{impossible} (sent as {segment.text(5)[:20]} {unit})")
    notes.append(unit_words)
    return replace(
        observed,
        value=value,
        as_sent=f"{segment.text(5)} {unit}"[:80],
        note="; ".join(filter(None, notes)),
    )


def _number(segment: Segment, kind: str) -> tuple[Decimal | None, str]:
    """OBX-5 as one exact number, or why it is not one."""
    if len(segment.repetitions(5)) > 1:
        return None, "several values in one observation"
    parts = segment.components(5)
    if kind == "SN":
        # comparator, number, separator, second number: only a plain equal is a value
        if parts[0] not in {"", "="} or any(part.strip() for part in parts[2:]):
            return None, "a comparison or a range is not a value"
        text = parts[1] if len(parts) > 1 else ""
    elif kind == "NM":
        text = segment.text(5)
    else:
        return None, f"value type {kind[:3] or 'missing'} is not a number"
    if not _NUMBER.match(text.strip()):
        return None, f"{text[:20]!r} is not a number"
    return Decimal(text.strip()), ""


def _agreeing(found: list[Observed], left: list[NotCharted]) -> Iterable[Observed]:
    """Without the parts of pressures that contradict each other."""
    groups: dict[tuple[str, str], dict[str, Observed]] = {}
    for each in found:
        if each.group:
            groups.setdefault((each.group, each.site), {})[each.sign] = each
    refused: set[int] = set()
    for parts in groups.values():
        systolic, diastolic, mean = (
            parts[name].value if name in parts else None for name in PRESSURES
        )
        if words := disagreement(systolic=systolic, diastolic=diastolic):
            doubtful = list(parts.values())
        elif words := disagreement(systolic=systolic, diastolic=diastolic, mean=mean):
            doubtful = [parts["mean_bp"]]
        else:
            continue
        refused |= {id(part) for part in doubtful}
        left += [NotCharted(place=part.place, why=Why.FAULT, words=words) for part in doubtful]
    return (each for each in found if id(each) not in refused)


def _rank(each: Observed) -> tuple[bool, int]:
    known = each.site in _PREFERRED
    return each.value is None, _PREFERRED.index(each.site) if known else len(_PREFERRED)


def _named(found: Iterable[Observed]) -> Iterable[Observed]:
    """One source speaks for a sign at a time; the others carry their site in the name."""
    everything = list(found)
    speaks: dict[tuple[str, datetime], Observed] = {}
    for each in sorted(everything, key=_rank):
        if each.sign not in PRESSURES or each.site == codes.CUFF:
            speaks.setdefault((each.sign, each.at), each)
    for each in everything:
        if speaks.get((each.sign, each.at)) is each:
            yield each
        elif each.value is not None:
            yield replace(each, sign=f"{each.sign}:{each.site or 'other'}"[:32])
