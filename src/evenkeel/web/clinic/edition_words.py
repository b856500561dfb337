"""Editions, effects and decisions judged anew, in the words of their pages.

In: stored rows and what selectors found. Out: dictionaries of words. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from evenkeel.core.guidelines.packs.differences import Change, Difference, differences
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.verdicts.verdicts import Finding
from evenkeel.web.clinic.screening_parts import FINDING_WORDS, STATE
from evenkeel.web.records.models import EditionEffect
from evenkeel.web.records.selectors.editions import Again

_ANSWERS = {"yes": "Yes", "no": "No", "unknown": "Unknown", "judge": "Judge"}
_SECTIONS = {
    "pack": "Packs", "criterion": "Criteria", "safeguard": "Safeguards", "fact": "Facts",
    "definition": "Definitions of a failed trial", "dose": "Minimum doses",
    "concept": "Concepts", "code": "Codes", "quantity": "Quantities", "topic": "Topics",
    "conflict": "Conflicts",
}  # fmt: skip
_CHANGES = {Change.ADDED: "new", Change.REMOVED: "gone", Change.CHANGED: "changed"}
# More of one section would hide the rest of the page; the command tells all of them.
MOST_OF_A_SECTION = 40


def said(answer: str) -> dict[str, str]:
    """An answer of a pack, a finding of a criterion or a word about safeguards: shape and words."""
    if answer in _ANSWERS:
        return {"state": answer, "words": _ANSWERS[answer]}
    finding, _, rest = answer.partition(", ")
    if finding in Finding.__members__.values():
        words = FINDING_WORDS[Finding(finding)] + (f", {rest}" if rest else "")
        state = STATE[Finding(finding)]
        return {"state": "" if state == "na" else state, "words": words}
    if answer in ("clear", "held back"):
        return {"state": "yes" if answer == "clear" else "unknown", "words": answer.capitalize()}
    return {"state": "", "words": answer.capitalize()}


def effect_lines(effects: Iterable[EditionEffect]) -> list[dict[str, Any]]:
    """The packs of one patient whose answer moved."""
    return [
        {
            "title": each.title,
            "pack": each.pack,
            "before": said(each.before),
            "after": said(each.after),
            "criteria": [
                one | {"before": said(one["before"]), "after": said(one["after"])}
                for one in each.criteria
            ],
        }
        for each in effects
    ]


def difference_sections(before: Library, after: Library) -> list[dict[str, Any]]:
    """What changed between two editions, a section each, the criteria first."""
    found = differences(before, after)
    order = {"criterion": 0, "safeguard": 1, "pack": 2}
    ranked = sorted(found, key=lambda each: (order.get(each.section, 9), each.section))
    made = []
    for section, items in groupby(ranked, key=lambda each: each.section):
        rows = list(items)
        made.append(
            {
                "title": _SECTIONS[section],
                "count": len(rows),
                "rows": [_row(each) for each in rows[:MOST_OF_A_SECTION]],
                "more": max(0, len(rows) - MOST_OF_A_SECTION),
            }
        )
    return made


def _row(each: Difference) -> dict[str, Any]:
    return {
        "id": each.id,
        "title": each.title,
        "change": _CHANGES[each.change],
        "fields": [
            {"name": field.name.replace("_", " "), "before": field.before or "nothing",
             "after": field.after or "nothing"}
            for field in each.fields
        ],
    }  # fmt: skip


def again_rows(again: Again) -> list[dict[str, Any]]:
    """Pack by pack: then, judged anew, and under today's content."""
    return [
        {
            "title": each.title,
            "chosen": each.chosen,
            "kept": said(each.kept),
            "anew": said(each.anew),
            "today": said(each.today),
            "moves": each.anew != each.today,
            "changes": [
                {"id": one.id, "statement": one.statement, "before": said(one.before),
                 "after": said(one.after)}
                for one in each.changes
            ],
        }
        for each in again.packs
    ]  # fmt: skip


def guard_rows(again: Again) -> list[dict[str, Any]]:
    """Safeguard by safeguard, only those that are not the same all along."""
    return [
        {"title": label, "kept": said(kept), "anew": said(anew), "today": said(today)}
        for label, kept, anew, today in again.guards
        if len({kept, anew, today}) > 1
    ]


def parted_rows(again: Again, titles: dict[str, str]) -> list[dict[str, str]]:
    """Where today's engine parts from what was kept."""
    return [
        {
            "where": each.criterion or "the pack as a whole",
            "pack": titles.get(each.pack, each.pack),
            "kept": each.kept.replace("_", " "),
            "anew": each.anew.replace("_", " "),
        }
        for each in again.parts
    ]


def by_patient(effects: Sequence[EditionEffect]) -> dict[int, list[EditionEffect]]:
    """Effects by patient, in the order in which they stand."""
    told: dict[int, list[EditionEffect]] = {}
    for each in effects:
        told.setdefault(each.patient_id, []).append(each)
    return told
