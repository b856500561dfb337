"""Everything that the page of one fact tells: how it is asked, found, kept, and who reads it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.dictionary import TRIALS, FactDefinition, Kind
from evenkeel.core.guidelines.terms.terminology import ATC, ICD_10, ICD_10_CM, LOINC, RXNORM
from evenkeel.core.guidelines.verdicts.verdicts import UNIT_WORDS, choice_words
from evenkeel.web.guidelines import links
from evenkeel.web.guidelines.words import ASKED_WORDS

_KIND_WORDS = {
    Kind.YES_NO: "yes or no",
    Kind.NUMBER: "a number",
    Kind.CHOICE: "one of a list",
    Kind.DAY: "a day",
}
_FOUND_WORDS = {
    "concept": "Codes in the record make it true; the lack of a code makes it nothing.",
    "drug": "Drugs in the record make it true.",
    "allergy": "Allergies in the record make it true.",
    "quantity": "The latest measurement in the record.",
    "": "Nothing in a record says it: a person is asked.",
}
_SYSTEM_WORDS = {
    RXNORM: "RxNorm",
    ATC: "ATC",
    LOINC: "LOINC",
    ICD_10: "ICD-10 (WHO)",
    ICD_10_CM: "ICD-10-CM",
    "http://snomed.info/sct": "SNOMED CT",
}
_MEANING_WORDS = {"present": "makes it true", "absent": "makes it false", "value": "its value"}


def page(definition: FactDefinition) -> dict[str, Any]:
    """The context of guidelines/fact.html."""
    content = library()
    readers = [
        links.criterion_line(criterion, pack)
        for criterion, pack in links.every_criterion().values()
        if definition.name in criterion.facts
    ]
    asked = content.dictionary.facts.get(definition.asked_as)
    return {
        "fact": definition,
        "label": links.fact_label(definition),
        "kind": _KIND_WORDS[definition.kind],
        "unit": UNIT_WORDS.get(definition.unit_words, definition.unit_words),
        "values": [(value, choice_words(value)) for value in definition.values],
        "limits": _limits(definition),
        "fresh": _fresh(definition),
        "asked_of": ASKED_WORDS.get(definition.asked_of, definition.asked_of),
        "asked_as": links.fact_line(asked) if asked else None,
        "asked_as_trials": definition.asked_as == TRIALS,
        "found": _FOUND_WORDS.get(definition.derive)
        or "Worked out from other entries by a tested function of this program "
        f"({definition.derive.replace('_', ' ')}).",
        "is_computed": definition.derive not in _FOUND_WORDS,
        "about": str(definition.about),
        "codes": _codes(definition.name),
        "hints": [
            links.fact_line(content.dictionary[each])
            for each in definition.hints
            if each in content.dictionary
        ],
        "parts": [
            links.fact_line(content.dictionary[each])
            for each in _parts(definition)
            if each in content.dictionary
        ],
        "readers": readers,
    }


def _limits(definition: FactDefinition) -> str:
    low, high = definition.minimum, definition.maximum
    if low is None and high is None:
        return ""
    if high is None:
        return f"{low:g} or more"
    return f"{high:g} or less" if low is None else f"{low:g} to {high:g}"


def _fresh(definition: FactDefinition) -> str:
    if not definition.fresh_days:
        return "It does not age."
    days = definition.fresh_days
    return f"It is unknown again after {days} day{'' if days == 1 else 's'}."


def _parts(definition: FactDefinition) -> tuple[str, ...]:
    concept = library().terminology.concepts.get(definition.name)
    return (*(concept.includes if concept else ()), *definition.also)


@lru_cache(maxsize=1)
def _codes_by_concept() -> dict[str, list[dict[str, str]]]:
    words = library().terminology
    found: dict[str, list[dict[str, str]]] = {}
    for index, below in ((words.exact, ""), (words.prefixes, " and below")):
        for (system, code), matches in index.items():
            for match in matches:
                found.setdefault(match.concept, []).append(
                    {
                        "system": _SYSTEM_WORDS.get(system, system),
                        "code": code + below,
                        "display": match.display,
                        "means": _MEANING_WORDS.get(match.meaning, match.meaning),
                        "concept": words.concepts[match.concept].name,
                    }
                )
    return found


def _codes(name: str) -> list[dict[str, str]]:
    """Codes of the concept and of all that it includes."""
    closure = sorted(library().terminology.closures.get(name, ()), key=lambda each: each != name)
    return [row for concept in closure for row in _codes_by_concept().get(concept, ())]
