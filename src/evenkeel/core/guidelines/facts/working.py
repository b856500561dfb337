"""What one derivation reads and fills, and the small words it writes with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from evenkeel.core.chart import Chart, Problem
from evenkeel.core.guidelines.facts.evidence import Evidence, latest
from evenkeel.core.guidelines.facts.quantities import Measured
from evenkeel.core.guidelines.terms.dictionary import (
    Dictionary,
)
from evenkeel.core.guidelines.terms.terminology import Terminology
from evenkeel.core.guidelines.terms.values import Answer, Fact, Range
from evenkeel.core.guidelines.trials.rules import DoseTable, Trial, TrialDefinition
from evenkeel.core.guidelines.trials.staging import StagingMethod


@dataclass(slots=True)
class Work:
    """Everything that one derivation reads and fills.

    trial_counts: failed trials by definition and whichever is followed, once counted.
    """

    chart: Chart
    terminology: Terminology
    dictionary: Dictionary
    as_of: date
    evidence: dict[str, list[Evidence]]
    measured: dict[str, list[Measured]]
    answers: dict[str, Answer]
    trials: tuple[Trial, ...]
    trial_counts: tuple[dict[str, Range], Range] | None = None
    facts: dict[str, Fact] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What derivation needs from content."""

    terminology: Terminology
    dictionary: Dictionary
    definitions: dict[str, TrialDefinition]
    doses: DoseTable
    staging: StagingMethod | None = None


def say_day(day: date | None) -> str:
    """A day as the clinic writes it; an en-US month, because screens are in English."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else "a day not known"


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def day_of(piece: Evidence) -> date | None:
    when = piece.at or piece.recorded
    return latest(when) if when is not None else None


def refs_of(pieces: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece.ref for piece in pieces))
