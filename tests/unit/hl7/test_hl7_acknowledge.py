"""Answers in both modes, parsed back with the same parser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.hl7.samples import raw

from evenkeel.edges.hl7.acknowledge import answers, header_of, peek
from evenkeel.edges.hl7.message import Message
from evenkeel.edges.hl7.parse import parse
from evenkeel.edges.hl7.refusal import Place

NOW = datetime(2026, 11, 24, 15, 15, 2, 7000, tzinfo=UTC)


def answered(
    content: bytes, answer: str = "AA", code: str = "0", reason: str = ""
) -> list[Message]:
    made = answers(
        header_of(parse(content)), answer=answer, code=code, reason=reason, now=NOW, own_id="own",
        place=Place(segment="OBX", number=2, field=5),
    )  # fmt: skip
    return [parse(each) for each in made]


def with_modes(accept: str, application: str) -> bytes:
    return raw("01-signs").replace(b"|NE|AL|", f"|{accept}|{application}|".encode())


def test_the_answer_goes_back_to_the_sender_and_echoes_its_control_id() -> None:
    (ack,) = answered(raw("01-signs"))
    assert ack.kind == ("ACK", "R01")
    assert ack.header.raw(3) == "EVENKEEL"
    assert ack.header.raw(5) == "BEDSIDE^00059AFFFE000158^EUI-64"
    assert ack.header.raw(6) == "SALTMARSH^1.2.999^ISO"
    assert ack.header.text(7) == "20261124151502.007+0000"
    assert ack.header.text(12) == "2.6"
    assert (ack.header.text(15), ack.header.text(16)) == ("NE", "NE")
    assert (ack.first("MSA").text(1), ack.first("MSA").text(2)) == ("AA", "M0001")
    assert ack.first("ERR") is None


# (MSH-15, MSH-16) -> answers when all is well, when the content cannot be charted
# (204), when it cannot be read (102), when the kind is not taken (200).
MODES = {
    ("", ""): ("AA", "AE", "AE", "AR"),
    ("NE", "AL"): ("AA", "AE", "AE", "AR"),
    ("AL", "AL"): ("CA AA", "CA AE", "CE", "CR"),
    ("AL", "NE"): ("CA", "CA", "CE", "CR"),
    ("AL", ""): ("CA", "CA", "CE", "CR"),
    ("", "AL"): ("AA", "AE", "AE", "AR"),
    ("NE", "NE"): ("", "", "", ""),
    ("NE", "ER"): ("", "AE", "AE", "AR"),
    ("NE", "SU"): ("AA", "", "", ""),
    ("ER", "NE"): ("", "", "CE", "CR"),
    ("SU", "AL"): ("CA AA", "CA AE", "AE", "AR"),
    ("XX", "NE"): ("CA", "CA", "CE", "CR"),
}


@pytest.mark.parametrize(("modes", "expected"), MODES.items())
def test_both_modes_answer_as_asked(modes, expected) -> None:
    content = with_modes(*modes)
    cases = (("AA", "0"), ("AE", "204"), ("AE", "102"), ("AR", "200"))
    for (answer, code), words in zip(cases, expected, strict=True):
        said = [ack.first("MSA").text(1) for ack in answered(content, answer, code, "why")]
        assert " ".join(said) == words, (answer, code)


def test_two_answers_have_two_control_ids() -> None:
    first, second = answered(raw("07-enhanced"))
    assert (first.control_id, second.control_id) == ("own", "own-2")
    assert {ack.first("MSA").text(2) for ack in (first, second)} == {"M0007"}


def test_a_refusal_says_where_and_why() -> None:
    (ack,) = answered(raw("01-signs"), "AE", "102", "a|b^c is no number")
    assert ack.first("MSA").text(3) == "a|b^c is no number"
    err = ack.first("ERR")
    assert err.components(2) == ["OBX", "2", "5"]
    assert err.text(3, 1) == "102"
    assert err.text(4) == "E"
    assert err.text(8) == "a|b^c is no number"


def test_an_old_version_gets_the_error_in_the_old_place() -> None:
    (ack,) = answered(raw("08-original"), "AE", "102", "why")
    assert ack.header.text(12) == "2.3.1"
    assert ack.kind == ("ACK", "R01")
    assert ack.header.components(9) == ["ACK", "R01"]
    assert ack.first("ERR").components(1) == ["OBX", "2", "5", "102"]


def test_an_alarm_is_answered_with_ora() -> None:
    (ack,) = answered(raw("pcd-8"))
    assert ack.header.components(9) == ["ORA", "R41", "ORA_R41"]


def test_the_senders_separators_and_character_set_are_used() -> None:
    header = header_of(parse(b"MSH$%*!@$A$F$R$Q$20261124$$ORU%R01$7$P$2.6$$$$$$8859/1\rPID$$$1\r"))
    (made,) = answers(header, answer="AE", code="102", reason="ö$ü", now=NOW, own_id="1")
    assert made.startswith(b"MSH$%*!@$R$Q$A$F$")
    assert "ö".encode("latin-1") in made
    assert parse(made).first("MSA").text(3) == "ö$ü"


@pytest.mark.parametrize(
    ("content", "control_id"),
    [
        (b"MSH|^~\\&|A|F|||2026||ORU^R01|X1|P|2.6||||||8859/1\rPID|||\xff\r", "X1"),
        (b"MSH|^~\\\\&|A|F|||2026||ORU^R01|X1|P|2.6\r", "X1"),
        (b"MSH|^~\\&|A|F", ""),
        (b"MSH", ""),
        (b"", ""),
        (b"MSH\x0b\x0b\x0b", ""),
        (b"\xff\xfe", ""),
        (b"GET / HTTP/1.1", ""),
        (b"MSH|||||||||X1|", "X1"),
    ],
)
def test_even_what_cannot_be_read_is_answered_with_what_can_be_told(content, control_id) -> None:
    header = peek(content)
    (made,) = answers(header, answer="AE", code="102", reason="why", now=NOW, own_id="1")
    ack = parse(made)
    assert ack.first("MSA").text(1) == "AE"
    assert ack.first("MSA").text(2) == control_id
