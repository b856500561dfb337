"""Reading HL7 v2: our parser beside python-hl7, on the same messages and the same question."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import _harness as harness
import hl7

from evenkeel.edges.hl7.parse import parse

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "data" / "hl7" / "monitors"
# All monitor messages that both take as they are: CR at the ends, UTF-8.
CONTENTS = [p.read_bytes() for p in sorted(FOLDER.glob("*.hl7")) if not p.name.startswith("ipf")]
ROUNDS = 100
PEER_FRACTION = 0.1


def by_us() -> list[tuple[str, str, str, str]]:
    """Of each observation: number, value, unit and time; and the control id."""
    found = []
    for content in CONTENTS:
        message = parse(content)
        assert message.control_id
        found += [(s.text(3, 1), s.text(5), s.text(6, 1), s.text(14)) for s in message.all("OBX")]
    return found


def by_python_hl7() -> list[tuple[str, str, str, str]]:
    """The same through python-hl7; a field that is not there is empty."""

    def text(segment: hl7.Segment, field: int, component: int = 1) -> str:
        try:
            repetition = segment(field)(1)
            part = repetition(component) if isinstance(repetition, hl7.Repetition) else repetition
            return str(part)
        except (IndexError, KeyError):
            return ""

    found = []
    for content in CONTENTS:
        message = hl7.parse(content.decode())
        assert str(message.segment("MSH")(10))
        for segment in message:
            if str(segment(0)) == "OBX":
                found.append(
                    (text(segment, 3), text(segment, 5), text(segment, 6), text(segment, 14))
                )
    return found


def bare_splitting() -> int:
    """The least that any reader does: decode, and split into lines and fields."""
    return sum(len(line.split("|")) for c in CONTENTS for line in c.decode().split("\r"))


def main() -> None:
    assert by_us() == by_python_hl7(), "both must give the same answer before they are timed"

    def repeated(work, rounds: int):
        def run() -> None:
            for _ in range(rounds):
                work()

        return run

    few = int(ROUNDS * PEER_FRACTION)
    ours = harness.timed(repeated(by_us, ROUNDS), 9)
    floor = harness.timed(repeated(bare_splitting, ROUNDS), 9)
    peer = [s / PEER_FRACTION for s in harness.timed(repeated(by_python_hl7, few), 5)]
    harness.write(
        "hl7_parse",
        work=f"{len(CONTENTS) * ROUNDS} messages of PCD-01 "
        f"({sum(map(len, CONTENTS)) // len(CONTENTS)} bytes on average): control id, and number, "
        "value, unit and time of every observation",
        ours=harness.summary(ours),
        floor={"what": "decode and split the same bytes into lines and fields",
               **harness.summary(floor)},
        peers={f"hl7 {version('hl7')}": harness.summary(peer, work_fraction=PEER_FRACTION)},
        threads=1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
