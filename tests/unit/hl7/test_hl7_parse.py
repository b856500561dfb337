"""Reading messages: every sample, the marks of the standard, and what is refused."""

from __future__ import annotations

import pytest
from tests.unit.hl7.samples import MONITORS, OTHERS, raw

from evenkeel.edges.hl7.message import Separators, unescape
from evenkeel.edges.hl7.parse import MAX_BYTES, MAX_FIELDS, MAX_SEGMENTS, parse
from evenkeel.edges.hl7.refusal import Fault, HL7Refusal

HEADER = "MSH|^~\\&|APP|FAC|||20261124101500||ORU^R01^ORU_R01|1|P|2.6"


def message(*lines: str, header: str = HEADER, end: str = "\r") -> bytes:
    return (end.join([header, *lines]) + end).encode()


# Two files of the set cannot be read without guessing, as its manifest says: bytes of
# ISO-8859-1 that no MSH-18 names, and an MSH-2 that names one mark twice.
UNREADABLE = {
    "ipf-ADT-A40-iso-8859-1.hl7": "MSH-18",
    "lfh-ADT-A01-crlf-double-escape.hl7": "MSH-2",
}


def test_the_whole_set_is_here() -> None:
    assert (len(MONITORS), len(OTHERS)) == (25, 62)


@pytest.mark.parametrize("path", [*MONITORS, *OTHERS], ids=lambda path: path.stem)
def test_every_sample_is_read_with_all_its_lines_or_refused_with_a_place(path) -> None:
    content = path.read_bytes()
    if path.name in UNREADABLE:
        with pytest.raises(HL7Refusal) as refusal:
            parse(content)
        assert str(refusal.value).startswith(UNREADABLE[path.name])
        return
    lines = [line for line in content.replace(b"\n", b"\r").split(b"\r") if line.strip()]
    read = parse(content)
    assert len(read.segments) == len(lines)
    assert [s.name.encode() for s in read.segments] == [
        line.removeprefix(b"\xef\xbb\xbf")[:3] for line in lines
    ]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_no_line_end_loses_a_segment(end: str) -> None:
    read = parse(message("PID|||1", "PV1||O|CHAIR^2", end=end))
    assert [s.name for s in read.segments] == ["MSH", "PID", "PV1"]
    assert bool(read.notes) == (end != "\r")


def test_fields_are_numbered_as_in_the_standard() -> None:
    read = parse(raw("01-signs"))
    assert read.header.raw(1) == "|"
    assert read.header.raw(2) == "^~\\&"
    assert read.kind == ("ORU", "R01")
    assert read.control_id == "M0001"
    assert read.first("PID").text(3) == "EK-000158"
    assert read.first("PV1").text(3, 2) == "2"


def test_utf8_names_and_their_repetitions() -> None:
    pid = parse(raw("pcd-6")).first("PID")
    assert pid.text(5, 1) == "Đặng"
    assert pid.text(5, 2) == "Thị Ngọc Ánh"
    assert pid.text(5, 1, 1) == "Sørensen"
    assert len(pid.repetitions(5)) == 2


def test_null_is_not_empty() -> None:
    pid = parse(message('PID|||1||""|')).first("PID")
    assert pid.is_null(5)
    assert not pid.is_null(6)
    assert pid.text(5) == ""


def test_other_separators_than_the_usual() -> None:
    read = parse(b"MSH$%*!@$APP$$$$20261124$$ORU%R01$7$P$2.6\rPID$$$A%B*C!S!D\r")
    pid = read.first("PID")
    assert read.kind == ("ORU", "R01")
    assert pid.components(3) == ["A", "B"]
    assert pid.text(3, 1, 1) == "C%D"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"line\.br\line", "line\nline"),
        (r"\X48656C6C6F\ there", "Hello there"),
        (r"\XC3A9\t\XC3A9\ ", "été "),
        (r"\H\loud\N\ ", "loud "),
        (r"\XZZ\ ", r"\XZZ\ "),
        (r"\X00\ ", r"\X00\ "),
        (r"\Zlocal\ ", r"\Zlocal\ "),
        ("one \\ alone", "one \\ alone"),
        ("ends with \\", "ends with \\"),
    ],
)
def test_escapes_are_resolved_and_what_is_not_known_stays(written: str, read: str) -> None:
    assert unescape(written, Separators(), "utf-8") == read


def test_an_escaped_mark_does_not_split_a_component() -> None:
    obx = parse(message(r"OBX|1|ST|x||a\S\b^c")).first("OBX")
    assert obx.components(5) == ["a^b", "c"]


@pytest.mark.parametrize(
    ("content", "fault", "words"),
    [
        (b"", Fault.SEQUENCE, "does not begin with MSH"),
        (b"PID|||1\r", Fault.SEQUENCE, "does not begin with MSH"),
        (b"MSH", Fault.MISSING, "MSH-1 and MSH-2"),
        (b"MSH|", Fault.MISSING, "MSH-1 and MSH-2"),
        (b"MSH|^~\\&", Fault.MISSING, "message type is missing"),
        (b"MSHa^~\\&a\r", Fault.DATA_TYPE, "neither letters nor digits"),
        (b"MSH|^^\\&|A\r", Fault.DATA_TYPE, "one character for two purposes"),
        (b"MSH|^~\\&^#!|A|\r", Fault.MISSING, "1 to 5 further marks"),
        (message("pid|||1"), Fault.SEQUENCE, "line 2"),
        (message("OBX|1|ST|x||one\ntwo"), Fault.SEQUENCE, "line 3"),
        (message("PIDX||1"), Fault.SEQUENCE, "line 2"),
        (message(HEADER), Fault.SEQUENCE, "frame of its own"),
        (message("BHS|^~\\&|"), Fault.SEQUENCE, "frame of its own"),
        (message("PID|||a\0b"), Fault.DATA_TYPE, "null character"),
        (message(header=HEADER.replace("|1|P", "||P")), Fault.MISSING, "control id is missing"),
        (message(header=HEADER.replace("|1|P", f"|{'x' * 200}|P")), Fault.DATA_TYPE, "199"),
        (message(header=HEADER.replace("|2.6", "|")), Fault.MISSING, "version is missing"),
        (message("PID" + "|" * (MAX_FIELDS + 1)), Fault.DATA_TYPE, "fields"),
        (message(*["NTE|1"] * MAX_SEGMENTS), Fault.DATA_TYPE, "segments"),
        (message() + b"PID|||" + b"x" * MAX_BYTES, Fault.DATA_TYPE, "bytes"),
    ],
)
def test_refused_with_the_reason(content: bytes, fault: Fault, words: str) -> None:
    with pytest.raises(HL7Refusal) as refusal:
        parse(content)
    assert refusal.value.fault is fault
    assert words in str(refusal.value)


def test_the_largest_message_that_is_taken() -> None:
    head = message() + b"NTE|1||"
    parse(head + b"x" * (MAX_BYTES - len(head)))
    parse(message(*["NTE|1"] * (MAX_SEGMENTS - 1)))
    parse(message("PID" + "|" * MAX_FIELDS))
    parse(message(header=HEADER.replace("|1|P", f"|{'x' * 199}|P")))


def charset_header(name: str) -> str:
    return f"{HEADER}||||||{name}"


@pytest.mark.parametrize(
    ("name", "letters", "read"),
    [
        ("UNICODE UTF-8", "Åse".encode(), "Åse"),
        ("8859/1", "Åse".encode("iso8859-1"), "Åse"),
        ("8859/2", "Łukasz".encode("iso8859-2"), "Łukasz"),
        ("", "Åse".encode(), "Åse"),  # with a note: nothing else looks like UTF-8 by accident
        ("ASCII", b"Ase", "Ase"),
    ],
)
def test_character_sets(name: str, letters: bytes, read: str) -> None:
    found = parse(message(header=charset_header(name)) + b"PID|||||" + letters + b"\r")
    assert found.first("PID").text(5) == read
    assert bool(found.notes) == (name == "")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("", "Åse".encode("iso8859-1")),
        ("ASCII", "Åse".encode("iso8859-1")),
        ("UNICODE UTF-8", "Åse".encode("iso8859-1")),
        ("ISO IR87", "Åse".encode()),
        ("nonsense", "Åse".encode()),
    ],
)
def test_bytes_that_are_not_what_msh_18_says_are_refused(name: str, letters: bytes) -> None:
    with pytest.raises(HL7Refusal, match="MSH-18"):
        parse(message(header=charset_header(name)) + b"PID|||||" + letters + b"\r")


def test_a_byte_order_mark_means_utf8_and_contradicts_anything_else() -> None:
    bom = b"\xef\xbb\xbf"
    assert parse(bom + message("PID|||||Åse")).first("PID").text(5) == "Åse"
    with pytest.raises(HL7Refusal, match="byte order mark"):
        parse(bom + message("PID|||||Åse", header=charset_header("8859/1")))
