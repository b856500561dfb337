"""One criterion, pack, fact or conflict in full, as plain objects for a reader or a program.

In: a name and the library. Out: an object of words, numbers and lists. Nothing here
judges anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from evenkeel.core.guidelines.authoring.reading import in_words
from evenkeel.core.guidelines.authoring.spec import load_spec
from evenkeel.core.guidelines.facts.computed import FUNCTIONS
from evenkeel.core.guidelines.packs.conflicts import DOES_WORDS, Conflict
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.tree import Node
from evenkeel.core.guidelines.terms.dictionary import FactDefinition
from evenkeel.core.guidelines.verdicts.verdicts import UNIT_WORDS

_DERIVED = {
    "concept": "from coded diagnoses, procedures and statuses",
    "drug": "from coded drugs in use",
    "allergy": "from coded allergies and intolerances",
    "quantity": "from coded measurements",
    "": "only by asking",
}


class NotFound(LookupError):
    """No such criterion, pack or fact. nearest: the right names that look most like it."""

    def __init__(self, name: str, nearest: tuple[str, ...]) -> None:
        self.nearest = nearest
        hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
        super().__init__(f"{name}: no criterion, pack, fact or conflict has this name.{hint}")


def explain(name: str, library: Library) -> dict[str, Any]:
    """What a criterion ("SPVUS-001"), a pack ("esketamine-us"), a fact ("age_years") or a
    conflict ("C02") is.

    The key "is" says which of the four it is. Small and capital letters are the same.

    Raises:
        NotFound: with the nearest right names.
    """
    criteria = dict(_criteria(library))
    packs = library.packs | library.payers
    facts = library.dictionary.facts
    conflicts = {each.id: each for each in library.conflicts}
    by_small = {each.lower(): each for each in (*conflicts, *facts, *packs, *criteria)}
    found = by_small.get(name.lower())
    if found is None:
        close = get_close_matches(name.lower(), by_small, n=3, cutoff=0.5)
        raise NotFound(name, tuple(by_small[each] for each in close))
    if found in criteria:
        criterion, pack = criteria[found]
        return _criterion(criterion, pack, library)
    if found in conflicts:
        return _whole_conflict(conflicts[found])
    return _pack(packs[found]) if found in packs else _fact(facts[found], library)


def _criteria(library: Library) -> Iterator[tuple[str, tuple[Criterion, Pack]]]:
    for pack in (library.packs | library.payers).values():
        for criterion in pack.criteria:
            yield criterion.id, (criterion, pack)


def _condition(node: Node | None, text: str, library: Library) -> dict[str, str] | None:
    if node is None:
        return None
    return {"sql": text, "words": in_words(node, library.dictionary)}


def role_words(role: str) -> str:
    """A role with its article; a question to the person has its own."""
    if role == "patient":
        return "the patient"
    return f"{'an' if role[:1] in 'aeiou' else 'a'} {role}"


def way_words(criterion: Criterion) -> str:
    """How a criterion decides, in one phrase."""
    if criterion.asked_of:
        return f"asked of {role_words(criterion.asked_of)}"
    return "advice, never in the way" if criterion.require is None else "a predicate decides"


def _criterion(criterion: Criterion, pack: Pack, library: Library) -> dict[str, Any]:
    topic = library.topics[criterion.topic]
    return {
        "is": "criterion",
        "id": criterion.id,
        "statement": criterion.statement,
        "strength": criterion.strength,
        "stage": criterion.stage,
        "topic": topic.label,
        "status": str(criterion.status),
        "edition": criterion.edition,
        "since": criterion.since.isoformat() if criterion.since else None,
        "until": criterion.until.isoformat() if criterion.until else None,
        "pack": _head(pack),
        "source": {
            "title": criterion.source.title,
            "place": criterion.source.at,
            "url": criterion.source.url,
            "mark": str(criterion.source.mark),
            "mark_words": criterion.source.mark.words,
            "may_block": criterion.blocks,
        },
        "way": way_words(criterion),
        "applies_when": _condition(criterion.applies_when, criterion.applies_text, library),
        "require": _condition(criterion.require, criterion.require_text, library),
        "note": criterion.note,
        "facts": [_fact_line(library.dictionary[name]) for name in criterion.facts],
        "conflicts": _conflicts(criterion, library),
        "spec": [
            {
                "given": case.given_words,
                "applies": case.applies_words,
                "finding": str(case.finding),
                "why": case.why,
            }
            for case in load_spec(pack.id, library)
            if case.criterion == criterion.id
        ],
    }


def _head(pack: Pack) -> dict[str, Any]:
    return {
        "id": pack.id,
        "short": pack.short,
        "publisher": pack.publisher,
        "edition": pack.edition,
        "jurisdiction": pack.jurisdiction,
    }


def _conflicts(criterion: Criterion, library: Library) -> list[dict[str, Any]]:
    """Conflicts that name the criterion, then those on its topic."""
    touching = library.conflicts_on(criterion.topic)
    named = [each for each in library.conflicts if each.names(criterion.id)]
    others = [each for each in touching if each not in named]
    return [_conflict(each, criterion) for each in (*named, *others)]


def _conflict(conflict: Conflict, criterion: Criterion) -> dict[str, Any]:
    return {
        "id": conflict.id,
        "title": conflict.title,
        "names_it": conflict.names(criterion.id),
        "engine": conflict.engine,
        "others": [
            {"who": each.who, "says": each.says, "mark": str(each.mark),
             "criteria": list(each.criteria)}
            for each in conflict.positions
            if criterion.id not in each.criteria
        ],
    }  # fmt: skip


def _whole_conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "is": "conflict",
        "id": conflict.id,
        "title": conflict.title,
        "status": str(conflict.status),
        "does": DOES_WORDS[conflict.does],
        "engine": conflict.engine,
        "never": conflict.never or None,
        "positions": [
            {"who": each.who, "says": each.says, "mark": str(each.mark), "country": each.country,
             "criteria": list(each.criteria)}
            for each in conflict.positions
        ],
    }  # fmt: skip


def _pack(pack: Pack) -> dict[str, Any]:
    criteria = pack.criteria
    return {
        "is": "pack",
        **_head(pack),
        "title": pack.title,
        "subtitle": pack.subtitle,
        "kind": pack.kind,
        "illustrative": pack.illustrative,
        "products": list(pack.products),
        "indications": list(pack.indications),
        "status": str(pack.status),
        "since": pack.since.isoformat() if pack.since else None,
        "until": pack.until.isoformat() if pack.until else None,
        "counts": {
            "criteria": len(criteria),
            "decided_by_predicate": sum(bool(c.require) and not c.asked_of for c in criteria),
            "asked": sum(bool(c.asked_of) for c in criteria),
            "advice": sum(c.require is None for c in criteria),
            "count_at_screening": sum(c.counts for c in criteria),
        },
        "criteria": [
            {"id": each.id, "strength": each.strength, "stage": each.stage,
             "mark": str(each.source.mark), "statement": each.statement}
            for each in criteria
        ],
    }  # fmt: skip


def _fact_line(definition: FactDefinition) -> dict[str, Any]:
    """What a criterion's reader needs of a fact."""
    return {
        "name": definition.name,
        "label": definition.label,
        "question": definition.question,
        "asked_of": definition.asked_of,
        "unit": UNIT_WORDS.get(definition.unit_words, definition.unit_words),
        "values": list(definition.values),
        "fresh_days": definition.fresh_days or None,
        "derived": derived_words(definition),
    }


def derived_words(definition: FactDefinition) -> str:
    """How a record can say it, in one phrase."""
    if definition.judgement:
        return f"only {role_words(definition.asked_of)} can judge it"
    if definition.derive in _DERIVED:
        return _DERIVED[definition.derive]
    doc = (FUNCTIONS[definition.derive].__doc__ or "").strip().splitlines()
    how = f": {doc[0].rstrip('.')}" if doc else ""
    return f"worked out ({definition.derive.replace('_', ' ')}){how}"


def _fact(definition: FactDefinition, library: Library) -> dict[str, Any]:
    reading = [
        {"id": each.id, "pack": pack.id, "strength": each.strength, "statement": each.statement}
        for _, (each, pack) in _criteria(library)
        if definition.name in each.facts
    ]
    return {
        "is": "fact",
        **_fact_line(definition),
        "kind": str(definition.kind),
        "about": str(definition.about),
        "judgement": definition.judgement,
        "minimum": definition.minimum,
        "maximum": definition.maximum,
        "asked_as": definition.asked_as or None,
        "note": definition.note,
        "codes": _codes(definition.name, library),
        "used_by": reading,
    }


def _codes(name: str, library: Library) -> list[dict[str, str]]:
    """Rows of the terminology that say it, its parts' rows after its own."""
    terminology = library.terminology
    parts = terminology.closures.get(name, frozenset())
    told: dict[tuple[str, str, str], dict[str, str]] = {}
    for match, begins in (
        (match, begins)
        for table, begins in ((terminology.exact, ""), (terminology.prefixes, "…"))
        for matches in table.values()
        for match in matches
    ):
        if match.concept == name or match.concept in parts:
            key = (match.coding.system, match.coding.code, match.concept)
            told[key] = {
                "system": match.coding.system,
                "code": match.coding.code + begins,
                "display": match.display,
                "means": match.meaning,
                "of": match.concept,
            }
    return sorted(told.values(), key=lambda each: (each["of"] != name, *each.values()))
