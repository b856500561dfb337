"""Conflicts between guidelines on the screening page: those that bite this person.

In: a ``Screening``. Out: dictionaries of words. Which bite is decided in
``core.guidelines.bites``.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.verdicts.bites import Bite, Stance
from evenkeel.core.guidelines.verdicts.verdicts import fact_words
from evenkeel.web.records.selectors.screening import Screening

_STATES = {
    Stance.AGAINST: "no",
    Stance.ASKS: "judge",
    Stance.CLEAR: "yes",
    Stance.UNKNOWN: "unknown",
    Stance.SPEAKS: "",
}
_MOST_ASKED = 4


def of(seen: Screening) -> dict[str, Any]:
    """What ``_conflicts.html`` shows: biting now, perhaps biting, and later in the course."""
    now = [bite for bite in seen.bites if bite.at_screening]
    return {
        "biting": [_line(bite, seen) for bite in now if bite.certain],
        "perhaps": [_line(bite, seen) for bite in now if not bite.certain],
        "later": [_line(bite, seen) for bite in seen.bites if not bite.at_screening],
    }


def parting_topics(seen: Screening) -> set[str]:
    """Rows of the table on which guidelines part over this person."""
    return {
        topic
        for bite in seen.bites
        if bite.certain and bite.at_screening
        for topic in bite.conflict.topics
    }


def _line(bite: Bite, seen: Screening) -> dict[str, Any]:
    words = seen.content.dictionary
    deciding = dict.fromkeys(name for side in bite.sides for name in side.deciding)
    values = [
        fact_words(seen.fact(name), words[name])
        for name in deciding
        if seen.fact(name).known and name not in ("indication", "product", "jurisdiction")
    ]
    asked = dict.fromkeys(_asked(name, seen) for name in (*bite.open, *bite.missing))
    return {
        "id": bite.conflict.id,
        "title": bite.conflict.title,
        "href": reverse("guidelines:conflict", args=[bite.conflict.id]),
        "values": "; ".join(values),
        "sides": [
            {
                "who": side.position.who,
                "words": side.words.rstrip("."),
                "state": _STATES.get(side.stance, ""),
                "criteria": [
                    (each.id, reverse("guidelines:criterion", args=[each.id]))
                    for each in side.criteria
                ],
            }
            for side in bite.sides
        ],
        "engine": bite.conflict.engine,
        "asked": list(asked)[:_MOST_ASKED],
        "more_asked": max(0, len(asked) - _MOST_ASKED),
    }


def _asked(name: str, seen: Screening) -> tuple[str, str]:
    """What a person would be asked, and where: counts of trials come from their list."""
    definition = seen.content.dictionary[name]
    if definition.asked_as == TRIALS:
        return "the list of antidepressant trials", reverse(
            "clinic:trials", args=[seen.patient.number]
        )
    return definition.label, reverse("clinic:screening_fact", args=[seen.patient.number, name])
