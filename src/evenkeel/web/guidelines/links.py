"""Content as lines of a page: what it is called and where its own page is.

Nothing is decided here; the order of packs, criteria and facts is the content's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.urls import reverse

from evenkeel.core.guidelines.packs.conflicts import Conflict, Position
from evenkeel.core.guidelines.packs.jurisdictions import JURISDICTION_WORDS
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.terms.dictionary import FactDefinition
from evenkeel.core.guidelines.verdicts.verdicts import choice_words
from evenkeel.web.guidelines.words import ASKED_WORDS, MARK_SHORT, STAGE_WORDS


def every_pack() -> dict[str, Pack]:
    """Guidelines in their order, then what payers ask."""
    return library().packs | library().payers


@lru_cache(maxsize=1)
def every_criterion() -> dict[str, tuple[Criterion, Pack]]:
    """All criteria by id, with their packs."""
    return {each.id: (each, pack) for pack in every_pack().values() for each in pack.criteria}


def pack_line(pack: Pack) -> dict[str, Any]:
    strengths = [each.strength for each in pack.criteria]
    return {
        "id": pack.id,
        "short": pack.short,
        "title": pack.title,
        "subtitle": pack.subtitle,
        "publisher": pack.publisher,
        "edition": pack.edition,
        "status": str(pack.status),
        "country": JURISDICTION_WORDS.get(pack.jurisdiction, pack.jurisdiction),
        "products": ", ".join(choice_words(each) for each in pack.products) or "any product",
        "count": len(pack.criteria),
        "strengths": _strengths_words(strengths),
        "shown": pack.shown,
        "illustrative": pack.illustrative,
        "href": reverse("guidelines:pack", args=[pack.id]),
    }


def _strengths_words(strengths: list[str]) -> str:
    """ "58 must, 15 should, 4 other"; what there is none of is not told."""
    counts = {word: strengths.count(word) for word in ("must", "should")}
    counts["other"] = len(strengths) - sum(counts.values())
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def criterion_line(criterion: Criterion, pack: Pack) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "statement": criterion.statement,
        "strength": criterion.strength,
        "stage": STAGE_WORDS[criterion.stage],
        "mark": MARK_SHORT[criterion.source.mark],
        "blocks": criterion.blocks,
        "kind": _kind(criterion),
        "pack": pack.short,
        "pack_href": reverse("guidelines:pack", args=[pack.id]),
        "country": JURISDICTION_WORDS.get(pack.jurisdiction, pack.jurisdiction),
        "illustrative": pack.illustrative,
        "href": reverse("guidelines:criterion", args=[criterion.id]),
    }


def _kind(criterion: Criterion) -> str:
    if criterion.require is None:
        return "advice"
    return f"asked of {ASKED_WORDS[criterion.asked_of]}" if criterion.asked_of else ""


def fact_label(definition: FactDefinition) -> str:
    """What it is called; an answer that only a role can give bears the role's name."""
    if definition.name.startswith("says_"):
        return f"What {ASKED_WORDS[definition.asked_of]} answers"
    return definition.label


def fact_line(definition: FactDefinition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "label": fact_label(definition),
        "question": definition.question,
        "href": reverse("guidelines:fact", args=[definition.name]),
    }


def conflict_line(conflict: Conflict) -> dict[str, Any]:
    return {
        "id": conflict.id,
        "title": conflict.title,
        "summary": conflict.summary,
        "href": reverse("guidelines:conflict", args=[conflict.id]),
    }


def position_line(position: Position, here: str = "") -> dict[str, Any]:
    """here: the criterion whose page shows it; its own side is told apart."""
    known = every_criterion()
    return {
        "who": position.who,
        "says": position.says,
        "country": JURISDICTION_WORDS[position.country],
        "mark": MARK_SHORT[position.mark],
        "criteria": [criterion_line(*known[name]) for name in position.criteria],
        "here": here in position.criteria,
    }


def by_country(packs: list[Pack]) -> list[tuple[str, list[Pack]]]:
    """Packs under the words of their country, in the order of JURISDICTION_WORDS."""
    order = list(JURISDICTION_WORDS)
    found: dict[str, list[Pack]] = {}
    for pack in sorted(packs, key=lambda each: order.index(each.jurisdiction)):
        found.setdefault(JURISDICTION_WORDS[pack.jurisdiction], []).append(pack)
    return list(found.items())
