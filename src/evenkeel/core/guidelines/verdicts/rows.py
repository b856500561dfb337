"""Packs side by side: one row per topic, one cell per pack.

In: verdicts of the packs that are shown. Out: rows for a table. A cell tells the
worst finding of the pack's criteria on the topic; packs are never averaged, and
a pack that is silent on a topic says "not named", which is not a tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.verdicts.verdicts import (
    CriterionVerdict,
    Finding,
    PackVerdict,
    value_words,
)

_WORST = (Finding.NOT_MET, Finding.UNKNOWN, Finding.JUDGE, Finding.MET, Finding.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """finding: None where the pack does not name the topic."""

    finding: Finding | None
    text: str
    decided_by: CriterionVerdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One topic across the packs."""

    topic: str
    label: str
    cells: tuple[Cell, ...]


def rows(
    verdicts: Sequence[PackVerdict], facts: Facts, library: Library, *, everything: bool
) -> tuple[Row, ...]:
    """The topics that take part in a verdict, or all of them."""
    made: list[Row] = []
    for topic in library.topics.values():
        cells: list[Cell] = []
        speaking = 0
        for verdict in verdicts:
            mine = [
                each
                for each in verdict.criteria
                if topic.id in (each.criterion.topic, *each.criterion.also)
                and (everything or each.criterion.counts)
            ]
            cell = _cell(mine, facts, library)
            cells.append(cell)
            speaking += cell.finding not in (None, Finding.NOT_APPLICABLE)
        if not speaking and not (everything and any(cell.finding for cell in cells)):
            continue
        made.append(Row(topic=topic.id, label=topic.label, cells=tuple(cells)))
    return tuple(made)


def _cell(verdicts: list[CriterionVerdict], facts: Facts, library: Library) -> Cell:
    if not verdicts:
        return Cell(finding=None, text="not named")
    worst = min(verdicts, key=lambda each: _WORST.index(each.finding))
    return Cell(finding=worst.finding, text=_words(worst, facts, library), decided_by=worst)


def _words(verdict: CriterionVerdict, facts: Facts, library: Library) -> str:
    """The shortest words that say why."""
    match verdict.finding:
        case Finding.NOT_APPLICABLE:
            return "does not apply"
        case Finding.JUDGE:
            return f"for a {verdict.role} to judge"
        case Finding.UNKNOWN:
            return _unknown(verdict, facts, library)
    if verdict.criterion.require is None or not verdict.deciding:
        return verdict.criterion.statement
    told = [
        f"{library.dictionary[name].label}: {value_words(value, library.dictionary[name])}"
        for name in verdict.deciding
        if (value := facts[name].value) is not None and name not in ("indication", "product")
    ]
    return "; ".join(told[:3]) or verdict.criterion.statement


def _unknown(verdict: CriterionVerdict, facts: Facts, library: Library) -> str:
    notes = {facts[name].note or "not in the record" for name in verdict.missing}
    labels = [library.dictionary[name].label for name in verdict.missing]
    shown = ", ".join(labels[:2]) + (f" and {len(labels) - 2} more" if len(labels) > 2 else "")
    if len(notes) == 1 and len(labels) == 1:
        return next(iter(notes))
    if len(notes) == 1 and "not in the record" in notes:
        return f"{shown}: not in the record"
    return f"{shown}: not known"
