"""The baseline of a course: the last valid score in the 14 days before the first dose.

It is chosen once and kept; a missing baseline is named, never invented. A new
course gets a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from evenkeel.core.kernel.sources import Mark, Source

REACH = timedelta(days=14)

SOURCE = Source(
    title="Project proposal: last valid score at most 14 days before the first dose, kept for good",
    mark=Mark.JUDGEMENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One complete score. key: the caller's own id for it."""

    key: int
    instrument: str
    total: int
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBaseline:
    """Why there is none."""

    reason: str


def pick_baseline(
    scores: Iterable[Scored], *, instrument: str, first_dose_at: datetime
) -> Scored | NoBaseline:
    """The baseline of one instrument for a course whose first dose is at ``first_dose_at``.

    scores: any instruments, any order; only complete ones.
    """
    before = sorted(
        (s for s in scores if s.instrument == instrument and s.taken_at <= first_dose_at),
        key=lambda s: (s.taken_at, s.key),
    )
    if not before:
        return NoBaseline(reason="no score was taken before the first dose")
    last = before[-1]
    age = first_dose_at - last.taken_at
    if age > REACH:
        return NoBaseline(
            reason=f"the last score was taken {age.days} days before the first dose; "
            f"a baseline is at most {REACH.days} days old"
        )
    return last
