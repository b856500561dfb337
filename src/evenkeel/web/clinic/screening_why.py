"""Why each pack says what it says, and what would change it, as plain keys for templates.

In: a ``Screening``. Out: dictionaries of words. Nothing is decided here.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html_join

from evenkeel.core.guidelines.changes.changes import Turn
from evenkeel.core.guidelines.changes.settle import Fewest, Settling
from evenkeel.core.guidelines.verdicts.verdicts import SILENT, CriterionVerdict, PackVerdict
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.web.clinic.screening_parts import FINDING_WORDS, STATE, fact_line
from evenkeel.web.records.selectors.screening import Screening

_MOST_CRITERIA = 5
_IN_A_CELL = 2
_NOTHING = "No change of this person's facts would turn it."
_TITLES = {
    Answer.YES: "Why yes",
    Answer.NO: "Why not",
    Answer.UNKNOWN: "Why it is open",
    Answer.JUDGE: "Why a person must judge",
}


def change_cells(seen: Screening) -> list[str]:
    """The last row of the table: what would change each verdict, in a sentence or two."""
    return [
        format_html_join("", '<span class="turn"><b>{}</b> {}</span>', map(_parts_of, each))
        or _nothing(verdict)
        for verdict, each in zip(seen.check.packs, seen.turns, strict=True)
    ]


def _nothing(verdict: PackVerdict) -> str:
    return f"It {SILENT}." if verdict.silent else _NOTHING


def _parts_of(turn: Turn) -> tuple[str, str]:
    return turn.opening, turn.sentence(_IN_A_CELL).removeprefix(turn.opening).strip()


def _count(fewest: Fewest) -> str:
    count = len(fewest.facts)
    most = "" if fewest.proven else "at most "
    return f"{most}{count} answer{'' if count == 1 else 's'}"


def cards(seen: Screening) -> list[dict[str, Any]]:
    """One card for each shown pack, in the order of the table."""
    return [
        card(seen, verdict, settling, turned)
        for verdict, settling, turned in zip(
            seen.check.packs, seen.settlings, seen.turns, strict=True
        )
    ]


def card(
    seen: Screening,
    verdict: PackVerdict,
    settling: Settling | None,
    turned: tuple[Turn, ...],
) -> dict[str, Any]:
    """Why, the fewest facts, and what would change it."""
    href = reverse("clinic:screening_pack", args=[seen.patient.number, verdict.pack.id])
    shown = verdict.deciding[:_MOST_CRITERIA]
    return {
        "pack": verdict.pack.short,
        "answer": str(verdict.answer),
        "title": _TITLES[verdict.answer],
        "href": href,
        "criteria": [_criterion(seen, each, href) for each in shown],
        "more": len(verdict.deciding) - len(shown),
        "settling": fewest_lines(seen, settling) if settling is not None else [],
        "turns": [_turn(each) for each in turned],
        "nothing": "" if turned or settling is not None else _nothing(verdict),
    }


def _criterion(seen: Screening, verdict: CriterionVerdict, href: str) -> dict[str, Any]:
    names = dict.fromkeys((*verdict.missing, *verdict.deciding))
    return {
        "id": verdict.criterion.id,
        "statement": verdict.criterion.statement,
        "strength": verdict.criterion.strength,
        "state": STATE[verdict.finding],
        "words": FINDING_WORDS[verdict.finding],
        "href": f"{href}#{verdict.criterion.id}",
        "facts": [fact_line(seen, name) for name in names],
    }


def fewest_lines(seen: Screening, settling: Settling) -> list[dict[str, Any]]:
    """The counts of ``Settling`` as sentences, each with its facts in the order worth asking."""
    lines: list[dict[str, Any]] = []
    if settling.clears is not None:
        count = len(settling.clears.facts)
        doubt = "" if settling.clears.proven else " Fewer were not ruled out."
        lines.append(
            {
                "text": f"{_count(settling.clears).capitalize()} could clear it"
                f"{', if all are favourable' if count > 1 else ''}.{doubt}",
                "facts": _labels(seen, settling.clears),
            }
        )
    else:
        lines.append({"text": "No answers to what is missing would clear it.", "facts": []})
    if settling.stops is not None:
        lines.append(
            {
                "text": f"{_count(settling.stops).capitalize()} could already make it no.",
                "facts": [],
            }
        )
    if settling.surely is not None:
        doubt = "" if settling.surely.proven else " Fewer were not ruled out."
        lines.append(
            {
                "text": f"{_count(settling.surely).capitalize()} settle"
                f"{'s' if len(settling.surely.facts) == 1 else ''} it, whatever they are.{doubt}",
                "facts": _labels(seen, settling.surely),
            }
        )
    return lines


def _labels(seen: Screening, fewest: Fewest) -> list[dict[str, str]]:
    return [
        {
            "label": seen.content.dictionary[name].label,
            "href": reverse("clinic:screening_fact", args=[seen.patient.number, name]),
        }
        for name in fewest.facts
    ]


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "opening": turn.opening.rstrip(":"),
        "rule": ""
        if len(turn.lines) == 1
        else "all of these"
        if turn.every
        else "any one of these",
        "lines": turn.lines,
        "doubt": "" if turn.proven else "Smaller changes were not ruled out.",
    }
