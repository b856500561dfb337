"""Clinical conclusions: yes, no, unknown, or a person must judge.

A verdict is an answer with its reason, never a bare boolean and never an
exception. The reason is written for the person who reads it on a button that
cannot be pressed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from evenkeel.core.kernel.sources import Source


class Answer(StrEnum):
    """The four answers. There is no default among them."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An answer and why.

    missing: names of facts that are not known; only these can settle UNKNOWN.
    role: who must judge, when the answer is JUDGE.
    """

    answer: Answer
    reason: str
    source: Source | None = None
    missing: tuple[str, ...] = field(default=())
    role: str = ""

    @property
    def is_yes(self) -> bool:
        return self.answer is Answer.YES


def yes(reason: str, source: Source | None = None) -> Verdict:
    """Nothing stands in the way."""
    return Verdict(answer=Answer.YES, reason=reason, source=source)


def no(reason: str, source: Source | None = None) -> Verdict:
    """Something stands in the way, and the reason says what."""
    return Verdict(answer=Answer.NO, reason=reason, source=source)


def unknown(reason: str, source: Source | None = None, missing: Iterable[str] = ()) -> Verdict:
    """It cannot be said, because the named facts are missing."""
    return Verdict(answer=Answer.UNKNOWN, reason=reason, source=source, missing=tuple(missing))


def judge(reason: str, source: Source | None = None, *, role: str) -> Verdict:
    """No rule can say it: a person of the named role must."""
    return Verdict(answer=Answer.JUDGE, reason=reason, source=source, role=role)
