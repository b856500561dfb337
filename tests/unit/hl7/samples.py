"""The sample messages, by name."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from evenkeel.edges.hl7.observations import Report, observations
from evenkeel.edges.hl7.parse import parse

FOLDER = Path(__file__).resolve().parents[2] / "data" / "hl7"
MONITORS = sorted((FOLDER / "monitors").glob("*.hl7"))
OTHERS = sorted((FOLDER / "adt_orders").glob("*.hl7"))
ZONE = ZoneInfo("America/New_York")


def raw(name: str) -> bytes:
    """The bytes of the one file of ``monitors`` or ``adt_orders`` whose name begins so."""
    (found,) = [path for path in [*MONITORS, *OTHERS] if path.name.startswith(name)]
    return found.read_bytes()


def report(name: str) -> Report:
    return observations(parse(raw(name)), clinic_zone=ZONE)
