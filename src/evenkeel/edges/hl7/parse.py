"""Reading one HL7 v2 message: a message, or a refusal with place and reason.

In: the bytes between the MLLP marks. Out: a Message. Every byte string ends in
one of the two, in time that grows with its length; nothing is repaired. What the
message means is decided elsewhere.
"""

from __future__ import annotations

import re

from evenkeel.edges.hl7.message import IN_NUMBERS, Message, Segment, Separators
from evenkeel.edges.hl7.refusal import Fault, HL7Refusal, Place

MAX_BYTES = 1_048_576
MAX_SEGMENTS = 5_000
MAX_FIELDS = 400
MAX_CONTROL_ID = 199  # the longest that any version of the standard allows (2.7 and later)

_LINE_END = re.compile(r"\r\n|\r|\n")
_SEGMENT_NAME = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_BOM = b"\xef\xbb\xbf"

# HL7 table 0211, those of its names that Python can decode without guessing.
_CHARSETS = {
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",  # the older name of the same row, for messages sent as bytes
    **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
}


def parse(raw: bytes) -> Message:
    """One message.

    Raises:
        HL7Refusal: it cannot be read; the refusal says where and why.
    """
    if len(raw) > MAX_BYTES:
        raise HL7Refusal(
            f"{len(raw)} bytes; at most {MAX_BYTES} are read. Send waves and documents another way",
            fault=Fault.DATA_TYPE,
        )
    notes: list[str] = []
    has_bom = raw.startswith(_BOM)
    if has_bom:
        raw = raw[len(_BOM) :]
        notes.append("a byte order mark stood before MSH")
    if not raw.startswith(b"MSH"):
        raise HL7Refusal("does not begin with MSH", fault=Fault.SEQUENCE)
    separators = _separators(raw)
    charset = _charset(raw, separators, has_bom=has_bom, notes=notes)
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError as fault:
        raise HL7Refusal(
            f"byte {fault.start} is not {_said(raw, separators) or 'ASCII'}; "
            "name the character set of the message in MSH-18",
            place=Place(segment="MSH", field=18),
            fault=Fault.DATA_TYPE,
        ) from None
    if "\0" in text:
        raise HL7Refusal("holds a null character", fault=Fault.DATA_TYPE)
    segments = _segments(text, separators, charset, notes)
    message = Message(segments=tuple(segments), charset=charset, notes=tuple(notes))
    _check_header(message)
    return message


def _separators(raw: bytes) -> Separators:
    place = Place(segment="MSH", field=2)
    head = re.split(rb"[\r\n]", raw[:12], maxsplit=1)[0]
    field = head[3:4]
    end = head.find(field, 4) if field else -1
    marks = head[4:end] if end > 0 else head[4:]
    if not field or not 1 <= len(marks) <= 5 or (end < 0 and len(raw) > 12):
        raise HL7Refusal(
            "MSH-1 and MSH-2 must name one field separator and 1 to 5 further marks, "
            "usually |^~\\&",
            place=place,
            fault=Fault.MISSING,
        )
    named = (field + marks).decode("latin-1")
    if len(set(named)) != len(named):
        raise HL7Refusal(
            "names one character for two purposes, so that values cannot be told apart",
            place=place,
            fault=Fault.DATA_TYPE,
        )
    if any(mark.isalnum() or mark in IN_NUMBERS or not "!" <= mark <= "~" for mark in named):
        raise HL7Refusal(
            "separators must be printable ASCII, neither letters nor digits, and none of . + -, "
            "which stand in numbers and times",
            place=place,
            fault=Fault.DATA_TYPE,
        )
    component, repetition, escape, subcomponent, truncation = tuple(named[1:].ljust(5, "\0"))
    return Separators(
        field=named[0],
        component=component,
        repetition=repetition.strip("\0"),
        escape=escape.strip("\0"),
        subcomponent=subcomponent.strip("\0"),
        truncation=truncation.strip("\0"),
    )


def _said(raw: bytes, separators: Separators) -> str:
    """MSH-18, first repetition, as sent; read before the charset is known."""
    header = re.split(rb"[\r\n]", raw, maxsplit=1)[0]
    fields = header.split(separators.field.encode(), 18)
    said = fields[17] if len(fields) > 17 else b""
    first = said.split(separators.repetition.encode(), 1)[0] if separators.repetition else said
    return first.decode("ascii", "replace").strip()


def _charset(raw: bytes, separators: Separators, *, has_bom: bool, notes: list[str]) -> str:
    """The codec to read the message with.

    Nothing said means ASCII (the standard's default). Bytes beyond ASCII that are
    well-formed UTF-8 are taken as UTF-8 with a note, since no other text looks like
    that by accident; others are refused, since 8859/1 and its kin cannot be told apart.
    """
    said = _said(raw, separators)
    if raw.isascii():
        if said and said not in _CHARSETS:
            notes.append(f"MSH-18 names {said[:40]!r}, which is not known; all bytes are ASCII")
            return "ascii"
        return _CHARSETS.get(said, "ascii")
    if has_bom and said in {"", "UNICODE UTF-8", "UTF-8"}:
        return "utf-8"
    if said in {"", "ASCII"}:
        notes.append(f"letters beyond ASCII though MSH-18 says {said or 'nothing'}; read as UTF-8")
        return "utf-8"
    if said not in _CHARSETS or has_bom:
        raise HL7Refusal(
            f"MSH-18 says {said[:40]!r}, which "
            + ("contradicts the byte order mark" if has_bom else "is not read here")
            + "; send UNICODE UTF-8 or 8859/1",
            place=Place(segment="MSH", field=18),
            fault=Fault.TABLE,
        )
    return _CHARSETS[said]


def _segments(text: str, separators: Separators, charset: str, notes: list[str]) -> list[Segment]:
    lines = _LINE_END.split(text)
    if "\n" in text:
        found = "a line feed" if "\n" in text.replace("\r\n", "") else "CR LF"
        notes.append(f"lines end in {found}, where the standard has a carriage return alone")
    if len(lines) > MAX_SEGMENTS + 1:
        raise HL7Refusal(
            f"{len(lines)} lines; at most {MAX_SEGMENTS} segments are read", fault=Fault.DATA_TYPE
        )
    counts: dict[str, int] = {}
    segments: list[Segment] = []
    mark = separators.field
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name = line[:3]
        if not _SEGMENT_NAME.match(name) or (len(line) > 3 and line[3] != mark):
            raise HL7Refusal(
                f"line {number} does not begin with a segment name. A line break inside a "
                "value must be sent as an escape sequence (.br)",
                fault=Fault.SEQUENCE,
            )
        if name in {"FHS", "BHS"} or (name == "MSH" and segments):
            raise HL7Refusal(
                f"line {number}: {name} inside a message. Send each message in a frame of its own",
                place=Place(segment=name),
                fault=Fault.SEQUENCE,
            )
        fields = line.split(mark, MAX_FIELDS + 1)
        if len(fields) > MAX_FIELDS + 1:
            raise HL7Refusal(
                f"more than {MAX_FIELDS} fields",
                place=Place(segment=name, number=counts.get(name, 0) + 1),
                fault=Fault.DATA_TYPE,
            )
        if name == "MSH":
            fields.insert(1, mark)
        counts[name] = counts.get(name, 0) + 1
        segments.append(
            Segment(
                name=name,
                number=counts[name],
                fields=fields,
                separators=separators,
                charset=charset,
            )
        )
    return segments


def _check_header(message: Message) -> None:
    header = message.header
    for field, what in ((9, "message type"), (10, "control id"), (12, "version")):
        if not header.text(field):
            raise HL7Refusal(f"{what} is missing", place=header.place(field), fault=Fault.MISSING)
    if len(message.control_id) > MAX_CONTROL_ID:
        raise HL7Refusal(
            f"control id is longer than {MAX_CONTROL_ID} characters",
            place=header.place(10),
            fault=Fault.DATA_TYPE,
        )
