"""Answers: what is said back, in which mode, and in whose words.

In: the header of a message (as far as it could be read) and what became of it.
Out: the messages to send, none to two of them. Original mode answers AA, AE or
AR; enhanced mode answers with CA, CE or CR, with AA, AE or AR, with both or
with neither, as MSH-15 and MSH-16 ask. Separators and version are the sender's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from evenkeel.edges.hl7.message import IN_NUMBERS, Message, Separators
from evenkeel.edges.hl7.refusal import Fault, Place

_USABLE = re.compile(rf"(?![{re.escape(IN_NUMBERS)}])[!-/:-@\[-`{{-~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BY_CODE: Mapping[str, Fault] = {fault.code: fault for fault in Fault}
# The kinds of message that this door does not take at all: rejected, not in error.
_REJECTED = {fault.code for fault in Fault if fault.answer == "AR" and fault is not Fault.OURS}
_OF_HEADER = {fault.code for fault in Fault} - {Fault.UNKNOWN_KEY.code}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an answer needs of MSH, fields as they were sent."""

    separators: Separators
    application: str = ""
    facility: str = ""
    receiver: str = ""
    receiver_facility: str = ""
    event: str = ""
    control_id: str = ""
    processing: str = "P"
    version: str = "2.6"
    accept: str = ""
    answer: str = ""
    charset: str = ""
    codec: str = "utf-8"

    @property
    def sender(self) -> str:
        """Sending application and facility: part of what makes a message the same one."""
        return f"{self.application}|{self.facility}"


def header_of(message: Message) -> Header:
    """The header of a message that was read."""
    msh = message.header
    return Header(
        separators=msh.separators,
        application=msh.raw(3),
        facility=msh.raw(4),
        receiver=msh.raw(5),
        receiver_facility=msh.raw(6),
        event=msh.text(9, 2),
        control_id=msh.raw(10),
        processing=msh.raw(11) or "P",
        version=msh.text(12) or "2.6",
        accept=msh.text(15),
        answer=msh.text(16),
        charset=msh.raw(18),
        codec=message.charset,
    )


def peek(raw: bytes) -> Header:
    """As much of the header as can be told of a message that was refused."""
    text = raw[:4_096].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    mark = line[3:4]
    if not line.startswith("MSH") or not _USABLE.fullmatch(mark):
        return Header(separators=Separators())
    fields = ["MSH", mark, *line.split(mark)[1:40]]
    fields += [""] * (20 - len(fields))
    component = fields[2][:1] if _USABLE.fullmatch(fields[2][:1]) else "^"
    if component == mark:
        return Header(separators=Separators())
    event = fields[9].split(component)
    version = fields[12].split(component)[0].strip()
    return Header(
        # Only field and component marks are known to be usable; the rest is not needed.
        separators=Separators(
            field=mark, component=component, repetition="", escape="", subcomponent=""
        ),
        application=fields[3],
        facility=fields[4],
        receiver=fields[5],
        receiver_facility=fields[6],
        event=event[1] if len(event) > 1 else "",
        control_id=fields[10][:199],
        processing=fields[11] or "P",
        version=version if re.match(r"2\.\d", version) else "2.6",
        accept=fields[15].strip(),
        answer=fields[16].strip(),
    )


def _wanted(condition: str, ok: bool) -> bool:
    """Table 0155. A word that is not in it is answered: silence would be worse."""
    return {"NE": False, "ER": not ok, "SU": ok}.get(condition, True)


def answers(
    header: Header,
    *,
    answer: str,
    code: str,
    reason: str,
    now: datetime,
    own_id: str,
    place: Place | None = None,
) -> list[bytes]:
    """The messages to send back, in order, without frames.

    answer: AA, AE or AR. code: of HL7 table 0357, "0" when all is well.
    own_id: control id of the answer; a second answer gets "-2" after it.
    """
    ok = answer == "AA"

    def made(said: str, number: int) -> bytes:
        own = own_id if number == 1 else f"{own_id}-{number}"
        return _message(header, said, code, reason, now, own, place)

    if not header.accept and not header.answer:
        return [made(answer, 1)]
    accept, application = header.accept or "NE", header.answer or "NE"
    sent: list[bytes] = []
    # What we could not read or do not take was not accepted; what we kept and could
    # not chart was, and the application says so.
    accepted = ok or code not in _OF_HEADER
    if _wanted(accept, accepted):
        said = "CA" if accepted else ("CR" if code in _REJECTED else "CE")
        sent.append(made(said, 1))
        if not accepted:
            return sent
    if _wanted(application, ok):
        sent.append(made(answer, len(sent) + 1))
    return sent


def _message(
    header: Header, said: str, code: str, reason: str, now: datetime, own_id: str,
    place: Place | None,
) -> bytes:  # fmt: skip
    marks = header.separators
    f, c = marks.field, marks.component
    encoding = "".join(
        (c, marks.repetition or "~", marks.escape or "\\", marks.subcomponent or "&")
    )
    if len(set(f + encoding)) < 5:
        encoding = c
    newer = header.version >= "2.5"
    kind = ["ACK", header.event, "ACK"] if header.version >= "2.4" else ["ACK", header.event]
    if header.event == "R40" and said.startswith("A"):
        kind = ["ORA", "R41", "ORA_R41"]
    msh = [
        "MSH", encoding, header.receiver, header.receiver_facility, header.application,
        header.facility, f"{now.astimezone(UTC):%Y%m%d%H%M%S}.{now.microsecond // 1000:03d}+0000",
        "", c.join(filter(None, kind)), own_id, header.processing, header.version,
    ]  # fmt: skip
    if header.accept or header.answer or header.charset:
        msh += ["", "", *(("NE", "NE") if header.accept or header.answer else ("", "")), ""]
        msh.append(header.charset)
    plain = _plain(reason, marks)
    lines = [f.join(msh), f.join(["MSA", said, header.control_id, *([plain] if plain else [])])]
    if said not in {"AA", "CA"}:
        fault = _BY_CODE.get(code, Fault.OURS)
        where = _where(place, c)
        if newer:
            coded = c.join([fault.code, fault.text, "HL70357"])
            lines.append(f.join(["ERR", "", where, coded, "E", "", "", "", plain]))
        else:
            lines.append(f.join(["ERR", c.join([where, fault.code]) if where else fault.code]))
    # What is echoed may hold marks of MLLP, or a null that nobody may send.
    lines = [_CONTROL.sub("", line) for line in lines]
    return ("\r".join(lines) + "\r").encode(header.codec, "replace")


def _where(place: Place | None, component: str) -> str:
    if place is None or not place.segment:
        return ""
    numbers = [place.number, place.field, *([1, place.component] if place.component else [])]
    said = [place.segment, *(str(number) for number in numbers)]
    return component.join(said[: 2 if not place.field else len(said)])


def _plain(text: str, marks: Separators) -> str:
    """Text for a field. Marks are escaped, or replaced where there is no escape mark."""
    named = (
        (marks.escape, "E"), (marks.field, "F"), (marks.component, "S"),
        (marks.repetition, "R"), (marks.subcomponent, "T"),
    )  # fmt: skip
    for mark, letter in named:
        if mark:
            text = text.replace(mark, f"\0{letter}\0" if marks.escape else " ")
    text = text.replace("\0", marks.escape)
    return " ".join(text.split())[:250]
