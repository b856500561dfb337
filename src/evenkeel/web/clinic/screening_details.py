"""The pages behind the screening page: one fact, one pack, one decision as it was kept.

In: a ``Screening`` or stored rows. Out: dictionaries of words. Nothing is decided here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from evenkeel.core.guidelines.facts.answers import read_trials
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.terms.dictionary import FactDefinition
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.rules import Trial, judge
from evenkeel.core.guidelines.verdicts.verdicts import (
    UNIT_WORDS,
    Finding,
    PackVerdict,
    choice_words,
    value_words,
)
from evenkeel.core.packets.words import short_ref
from evenkeel.web.clinic.screening_parts import FINDING_WORDS, STATE, day_words
from evenkeel.web.records.models import FactAnswer, ScreeningDecision
from evenkeel.web.records.selectors.facts import exact
from evenkeel.web.records.selectors.screening import Screening


def past_answer(row: FactAnswer, definition: FactDefinition | None) -> dict[str, Any]:
    value = row.value
    if value is None:
        words = "Not known"
    elif isinstance(value, bool):
        words = "Yes" if value else "No"
    elif isinstance(value, list):
        words = f"{len(value)} trials"
    else:
        unit = (
            ""
            if definition is None
            else UNIT_WORDS.get(definition.unit_words, definition.unit_words)
        )
        words = f"{choice_words(str(value))} {unit}".strip()
    return {"row": row, "words": words}


def trial_lines(rows: list[FactAnswer], seen: Screening) -> list[dict[str, Any]]:
    """Each trial with its adequacy under every definition; places for striking one out."""
    if not rows or rows[0].value is None:
        return []
    knowledge = seen.content.knowledge
    made = []
    trials: tuple[Trial, ...] = read_trials(exact(rows[0].value), [])
    for place, trial in enumerate(trials):
        judged = [judge(trial, each, knowledge.doses, seen.check.facts.as_of)
                  for each in knowledge.definitions.values() if each.kind == "rule"]  # fmt: skip
        made.append(
            {
                "place": place,
                "trial": trial,
                "judged": [
                    {
                        "title": knowledge.definitions[each.definition].title,
                        "state": {True: "no", False: "yes", None: "unknown"}[each.counts],
                        "words": {True: "adequate and failed", False: "does not count",
                                  None: "not known"}[each.counts],
                        "why": each.why,
                    }
                    for each in judged
                ],
            }
        )  # fmt: skip
    return made


def used_by(seen: Screening, name: str) -> list[dict[str, Any]]:
    """Criteria of the shown packs that read a fact, with their present finding."""
    return [
        {
            "id": each.criterion.id,
            "pack": verdict.pack.short,
            "statement": each.criterion.statement,
            "state": STATE[each.finding],
            "words": FINDING_WORDS[each.finding],
            "href": reverse("clinic:screening_pack", args=[seen.patient.number, verdict.pack.id])
            + f"#{each.criterion.id}",
        }
        for verdict in seen.check.packs
        for each in verdict.criteria
        if name in each.criterion.facts
        or any(seen.content.dictionary[f].asked_as == name for f in each.criterion.facts)
    ]


def criterion_groups(verdict: PackVerdict, content: Library) -> list[dict[str, Any]]:
    """The criteria that make the answer, then those that do not make it."""
    lines = criterion_lines(verdict, content)
    at_screening = [line for line in lines if line["counts"]]
    if not at_screening:
        return [{"title": "Every criterion", "help": "", "lines": lines}]
    rest = [line for line in lines if not line["counts"]]
    groups = [{"title": "What decides at screening", "help": "", "lines": at_screening}]
    if rest:
        groups.append(
            {
                "title": "What does not decide at screening",
                "help": "Later stages, the site, advice, and sources that nobody has read again. "
                "Nothing here changes the verdict above.",
                "lines": rest,
            }
        )
    return groups


def criterion_lines(verdict: PackVerdict, content: Library) -> list[dict[str, Any]]:
    """Every criterion of a pack, by topic, with its source and how it was read."""
    return [
        {
            "criterion": each.criterion,
            "topic": content.topics[each.criterion.topic].label,
            "state": STATE[each.finding],
            "words": FINDING_WORDS[each.finding],
            "reason": each.reason,
            "refs": ", ".join(short_ref(ref) for ref in each.refs),
            "mark": each.criterion.source.mark.words,
            "counts": each.criterion.counts,
            "conflicts": content.conflicts_of(each.criterion.id),
        }
        for each in verdict.criteria
    ]


def stored_packs(made: ScreeningDecision, content: Library) -> list[dict[str, Any]]:
    """The verdicts of the day of a decision, as they were kept."""
    told = []
    for kept in made.packs:
        titled = content.packs.get(kept["pack"])
        told.append(
            {
                "title": titled.short if titled else kept["pack"],
                "edition": kept["edition"],
                "answer": kept["verdict"],
                "chosen": kept["pack"] == made.pack,
                "criteria": [
                    each | {"state": STATE[Finding(each["verdict"])],
                            "words": FINDING_WORDS[Finding(each["verdict"])]}
                    for each in kept["criteria"]
                    if each["verdict"] != "not_applicable"
                ],
            }
        )  # fmt: skip
    return told


def stored_facts(made: ScreeningDecision, content: Library) -> list[dict[str, Any]]:
    """The facts of the day of a decision that were known, as they were kept."""
    told = []
    order = {name: place for place, name in enumerate(content.dictionary.facts)}
    for name, kept in sorted(made.facts.items(), key=lambda each: order.get(each[0], len(order))):
        value = kept["value"]
        if value is None:
            continue
        definition = content.dictionary.facts.get(name)
        told.append(
            {
                "label": definition.label if definition else choice_words(name).capitalize(),
                "words": _kept_words(value, definition),
                "origin": kept["by"] or ", ".join(map(short_ref, kept["refs"]))
                or _ORIGINS.get(kept["origin"], kept["origin"]),
                "at": kept_day(kept["at"]),
            }
        )  # fmt: skip
    return told


_ORIGINS = {"record": "read from the record", "computed": "computed", "answer": "answered"}


def _kept_words(value: Any, definition: FactDefinition | None) -> str:
    if isinstance(value, list):
        low, high = (None if end is None else Decimal(str(end)) for end in value)
        run = Range(low, high)
        return str(run) if definition is None else value_words(run, definition)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return choice_words(str(value))


def kept_day(text: str | None) -> str:
    """ "27 Nov 2026" of a day that was kept as text; what is no whole day stays as it is."""
    try:
        return day_words(date.fromisoformat(text or ""))
    except ValueError:
        return text or ""
