"""Whatever arrives is a message or a refusal, and the door answers it, in bounded time."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.hl7.samples import MONITORS, OTHERS, ZONE

from evenkeel.edges.hl7.acknowledge import answers
from evenkeel.edges.hl7.intake import read
from evenkeel.edges.hl7.parse import MAX_BYTES, parse
from evenkeel.edges.hl7.refusal import HL7Refusal

SAMPLES = [path.read_bytes() for path in [*MONITORS, *OTHERS]]
NOW = datetime(2026, 11, 24, 15, 15, tzinfo=UTC)
MARKS = b'|^~\\&\r\n\x0b\x1c\0"\xff'


def the_door(content: bytes) -> None:
    """All that is done with a frame before it meets the database, and after."""
    taken = read(content, received_at=NOW, peer="fuzz", clinic_zone=ZONE)
    answer, code, reason = taken.arrived.refused or ("AA", "0", "")
    for each in answers(
        taken.header, answer=answer, code=code, reason=reason, now=NOW, own_id="1",
        place=taken.place,
    ):  # fmt: skip
        assert parse(each).first("MSA").text(1)[0] in "AC"
        assert b"\x0b" not in each
        assert b"\x1c\r" not in each
    assert "\0" not in taken.arrived.sender + taken.arrived.control_id + reason


def mutated(content: bytes, chance: random.Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) or 1)
        kind = chance.randrange(6)
        if kind == 0 and made:
            made[at] = chance.randrange(256)
        elif kind == 1:
            made[at:at] = bytes([chance.choice(MARKS)])
        elif kind == 2:
            del made[at : at + chance.randint(1, 40)]
        elif kind == 3:
            other = chance.choice(SAMPLES)
            start = chance.randrange(len(other))
            made[at:at] = other[start : start + chance.randint(1, 60)]
        elif kind == 4:
            made[at : at + 20] = made[at : at + 20] * chance.randint(2, 20)
        else:
            del made[at:]
    return bytes(made)


@pytest.mark.parametrize("seed", range(4))
def test_mutations_of_every_sample(seed: int) -> None:
    chance = random.Random(seed)
    for content in SAMPLES:
        for _ in range(40):
            the_door(mutated(content, chance))


@given(st.binary(max_size=600))
@example(b"MSH")
@example(b"MSH.1^~\\&.A.B.C.D.20261124..ORU^R01.7.P.2.6\r")  # a time would fall apart
@example(b"MSH|^~\\&|\0")
def test_any_bytes(content: bytes) -> None:
    the_door(content)


@given(
    st.lists(st.text(alphabet='MSHPIDOBXNTE123|^~\\&"\r\nXF. äé\u0663', max_size=60), max_size=12)
)
@settings(max_examples=300)
def test_any_text_after_a_header(lines: list[str]) -> None:
    head = "MSH|^~\\&|A|B|||20261124||ORU^R01|1|P|2.6||||||UNICODE UTF-8\r"
    the_door((head + "\r".join(lines)).encode())


@given(st.binary(max_size=300))
def test_reading_twice_gives_the_same(content: bytes) -> None:
    def outcome() -> object:
        try:
            return [
                s.name for s in parse(b"MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.6\r" + content).segments
            ]
        except HL7Refusal as refusal:
            return str(refusal)

    assert outcome() == outcome()


@pytest.mark.parametrize(
    "filler", [b"\\", b"|", b"~", b"^", b"\r", b"\rOBX|", b"\\X", b"\\E", b'""']
)
def test_the_largest_messages_end(filler: bytes) -> None:
    """A reader whose work grew with the square of the length would not come back."""
    head = SAMPLES[0]
    content = head + b"NTE|1||" + filler * ((MAX_BYTES - len(head) - 10) // len(filler))
    the_door(content[:MAX_BYTES])
