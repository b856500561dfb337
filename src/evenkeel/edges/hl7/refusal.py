"""Why a message, or a part of it, cannot be taken.

A refusal names the place (segment, its number among those of the same name,
field, component) and the reason, in words that an engineer at the monitor can
act on, and the answer that HL7 table 0008 asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Fault(Enum):
    """Kinds of fault: code of HL7 table 0357, its text, and the answer it deserves.

    AE says that the content is at fault and that sending the same again is no
    use. AR says that this kind of message is not taken here, or that the fault
    is ours and the same message may be sent again.
    """

    SEQUENCE = ("100", "Segment sequence error", "AE")
    MISSING = ("101", "Required field missing", "AE")
    DATA_TYPE = ("102", "Data type error", "AE")
    TABLE = ("103", "Table value not found", "AE")
    MESSAGE_TYPE = ("200", "Unsupported message type", "AR")
    EVENT = ("201", "Unsupported event code", "AR")
    PROCESSING = ("202", "Unsupported processing id", "AR")
    VERSION = ("203", "Unsupported version id", "AR")
    UNKNOWN_KEY = ("204", "Unknown key identifier", "AE")
    OURS = ("207", "Application internal error", "AR")

    def __init__(self, code: str, text: str, answer: str) -> None:
        self.code = code
        self.text = text
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a message: ``OBX[2]-5.1``; empty when the whole message is meant."""

    segment: str = ""
    number: int = 1
    field: int = 0
    component: int = 0

    def __str__(self) -> str:
        if not self.segment:
            return "message"
        name = f"{self.segment}[{self.number}]" if self.number != 1 else self.segment
        field = f"-{self.field}" if self.field else ""
        return name + field + (f".{self.component}" if self.component else "")


class HL7Refusal(Exception):
    """A message that is not taken. ``str()`` gives place and reason."""

    def __init__(self, reason: str, *, place: Place | None = None, fault: Fault) -> None:
        self.reason = reason
        self.place = place or Place()
        self.fault = fault
        super().__init__(f"{self.place}: {reason}")
