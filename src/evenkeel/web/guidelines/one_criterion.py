"""Everything that the page of one criterion tells."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.urls import reverse

from evenkeel.core.guidelines.authoring.reading import in_words
from evenkeel.core.guidelines.authoring.spec import SpecCase, load_spec
from evenkeel.core.guidelines.packs import editions
from evenkeel.core.guidelines.packs.jurisdictions import JURISDICTION_WORDS
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.terms.values import Value
from evenkeel.core.guidelines.verdicts.verdicts import value_words
from evenkeel.core.kernel.content import ContentFault
from evenkeel.web.guidelines import links
from evenkeel.web.guidelines.words import (
    ASKED_WORDS,
    MARK_MEANS,
    STAGE_WORDS,
    STRENGTH_MEANS,
    in_force_words,
    weighs,
)

STATES = {
    "met": "yes",
    "not_met": "no",
    "unknown": "unknown",
    "judge": "judge",
    "not_applicable": "na",
}
FINDING_WORDS = {
    "met": "Met",
    "not_met": "Not met",
    "unknown": "Unknown",
    "judge": "A person must judge",
    "not_applicable": "Does not apply",
}


def page(criterion: Criterion, pack: Pack) -> dict[str, Any]:
    """The context of guidelines/criterion.html."""
    content = library()
    words = content.dictionary
    return {
        "criterion": criterion,
        "pack": links.pack_line(pack),
        "topic": content.topics[criterion.topic].label,
        "also": [content.topics[each].label for each in criterion.also],
        "stage": STAGE_WORDS[criterion.stage],
        "strength_means": STRENGTH_MEANS[criterion.strength],
        "mark_read": criterion.source.mark.words,
        "mark_means": MARK_MEANS[criterion.source.mark],
        "weighs": weighs(criterion, pack),
        "in_force": in_force_words(criterion.since, criterion.until),
        "pack_in_force": in_force_words(pack.since, pack.until),
        "applies_words": in_words(criterion.applies_when, words) if criterion.applies_when else "",
        "require_words": in_words(criterion.require, words)
        if criterion.require is not None and not criterion.asked_of
        else "",
        "question": words[criterion.require_text].question if criterion.asked_of else "",
        "asked_of": ASKED_WORDS.get(criterion.asked_of, ""),
        "facts": [links.fact_line(words[name]) for name in criterion.facts],
        "cases": [_case(each) for each in _cases(criterion, pack)],
        "conflicts": [
            links.conflict_line(each)
            | {
                "sides": [links.position_line(p, criterion.id) for p in each.positions],
                "engine": each.engine,
            }
            for each in content.conflicts_of(criterion.id)
        ],
        "others": _others(criterion, pack),
        "earlier": _earlier(criterion),
        **_neighbours(criterion, pack),
    }


@lru_cache(maxsize=64)
def _table(pack_id: str) -> tuple[SpecCase, ...]:
    return load_spec(pack_id) if pack_id in library().packs else ()


def _cases(criterion: Criterion, pack: Pack) -> list[SpecCase]:
    return [each for each in _table(pack.id) if each.criterion == criterion.id]


def _case(case: SpecCase) -> dict[str, str]:
    finding = str(case.finding)
    return {
        "given": "; ".join(_said(name, value) for name, value in case.given) or "nothing",
        "written": case.given_words,
        "applies": case.applies_words,
        "state": STATES[finding],
        "finding": FINDING_WORDS[finding],
        "why": case.why,
    }


def _said(name: str, value: Value) -> str:
    definition = library().dictionary[name]
    return f"{definition.label}: {value_words(value, definition)}"


def _others(criterion: Criterion, pack: Pack) -> list[dict[str, Any]]:
    """What other packs say on the same topic, by country."""
    found: dict[str, list[dict[str, Any]]] = {}
    for other in library().packs.values():
        if other.id == pack.id:
            continue
        for each in other.criteria:
            if criterion.topic in (each.topic, *each.also):
                country = JURISDICTION_WORDS.get(other.jurisdiction, other.jurisdiction)
                found.setdefault(country, []).append(links.criterion_line(each, other))
    return [{"country": country, "criteria": lines} for country, lines in found.items()]


def _earlier(criterion: Criterion) -> list[dict[str, Any]]:
    """Released editions in which it read otherwise, the newest first."""
    told = []
    for release in reversed(editions.releases()):
        if release.sha256 == library().sha256:
            continue
        before = _released_criteria(release.sha256).get(criterion.id)
        if before is None:
            continue
        changed = [
            {"what": what, "was": was or "nothing"}
            for what, was, now in (
                ("statement", before.statement, criterion.statement),
                ("strength", before.strength, criterion.strength),
                ("applies when", before.applies_text, criterion.applies_text),
                ("asks", before.require_text, criterion.require_text),
                ("source read as", before.source.mark, criterion.source.mark),
            )
            if was != now
        ]
        if changed:
            told.append({"edition": release.edition, "changed": changed})
    return told


@lru_cache(maxsize=8)
def _released_criteria(sha256: str) -> dict[str, Criterion]:
    """All criteria of a released edition; none when its archive cannot be used any more."""
    try:
        old = editions.released(sha256)
    except (editions.UnknownEdition, ContentFault):
        return {}
    return {each.id: each for pack in old.packs.values() for each in pack.criteria}


def _neighbours(criterion: Criterion, pack: Pack) -> dict[str, Any]:
    place = pack.criteria.index(criterion)
    around = {"before": place - 1, "after": place + 1}
    return {
        side: {
            "id": pack.criteria[at].id,
            "href": reverse("guidelines:criterion", args=[pack.criteria[at].id]),
        }
        for side, at in around.items()
        if 0 <= at < len(pack.criteria)
    }
