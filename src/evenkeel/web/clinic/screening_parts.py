"""The screening page's parts, as plain keys for the components.

In: a ``Screening``. Out: dictionaries of words. Nothing is decided here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.urls import reverse

from evenkeel.core.guidelines.changes.settle import Settling
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.terms.dictionary import FactDefinition
from evenkeel.core.guidelines.terms.values import Fact
from evenkeel.core.guidelines.verdicts.verdicts import (
    UNIT_WORDS,
    Finding,
    PackVerdict,
    choice_words,
    value_words,
)
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.packets.words import say_age, short_ref
from evenkeel.web.clinic import childbearing, screening_conflicts
from evenkeel.web.records.models import ScreeningDecision
from evenkeel.web.records.selectors.screening import Screening

STATE = {
    Finding.MET: "yes",
    Finding.NOT_MET: "no",
    Finding.UNKNOWN: "unknown",
    Finding.JUDGE: "judge",
    Finding.NOT_APPLICABLE: "na",
}
FINDING_WORDS = {
    Finding.MET: "Met",
    Finding.NOT_MET: "Not met",
    Finding.UNKNOWN: "Unknown",
    Finding.JUDGE: "Judge",
    Finding.NOT_APPLICABLE: "Does not apply",
}
_ALWAYS = ("indication", "product", "age_years", "systolic_bp", "diastolic_bp", "body_weight")
_MOST_QUESTIONS = 3
_MOST_ABSENT = 14


def day_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def pack_name(pack: str, content: Library) -> str:
    """What a pack is called; one that is gone keeps its id."""
    return content.packs[pack].short if pack in content.packs else pack


# -- what is known ----------------------------------------------------------------


def fact_line(seen: Screening, name: str) -> dict[str, Any]:
    """Keys of the component ``fact``, and where the fact's own page is."""
    fact, definition = seen.fact(name), seen.content.dictionary[name]
    today = seen.check.facts.as_of
    line: dict[str, Any] = {
        "name": name,
        "label": definition.label,
        "href": reverse("clinic:screening_fact", args=[seen.patient.number, name]),
        "age": "",
        "held": "",
        "origin": "",
    }
    if fact.known:
        line |= {"state": "fresh", "held": _held(fact, definition), "origin": _origin(fact)}
        if fact.at is not None and name not in ("age_years", "sex"):
            line["age"] = say_age(fact.at, today)
    elif fact.disputed:
        line |= {"state": "disputed", "held": "Disputed", "origin": fact.note}
    elif fact.stale_since is not None:
        was = replace(fact, value=fact.old_value)
        held = _held(was, definition) if was.known else "Not known any more"
        age = f"{say_age(fact.stale_since, today)}: too old"
        line |= {"state": "old", "held": held, "origin": fact.note, "age": age}
    else:
        note = "" if fact.note in ("", "not in the record") else fact.note
        line |= {"state": "absent", "origin": note}
    return line


def _held(fact: Fact, definition: FactDefinition) -> str:
    words = value_words(fact.value, definition)
    return words[:1].upper() + words[1:] if isinstance(fact.value, bool) else words


def _origin(fact: Fact) -> str:
    if fact.name == "age_years" and fact.note:
        return fact.note
    if fact.origin == "computed":
        return fact.note or "computed"
    if fact.origin == "answer":
        told = fact.by or "answered"
    else:
        shown = ", ".join(short_ref(ref) for ref in fact.refs[:2])
        told = shown + (f" and {len(fact.refs) - 2} more" if len(fact.refs) > 2 else "")
    return f"{told}, {day_words(fact.at)}" if fact.at else told


def fact_lines(seen: Screening) -> dict[str, Any]:
    """Known, doubtful and missing facts that the shown packs and safeguards look at."""
    names = list(_ALWAYS) + [guard.safeguard.fact for guard in seen.guards]
    for verdict in seen.check.packs:
        for criterion in verdict.pack.criteria:
            if criterion.counts:
                names += criterion.facts
    lines = [
        fact_line(seen, name)
        for name in dict.fromkeys(names)
        if not name.startswith("says_") or seen.fact(name).known
    ]
    order = {"fresh": 0, "disputed": 1, "old": 2, "absent": 3}
    lines.sort(key=lambda line: order[line["state"]])
    absent = [line for line in lines if line["state"] == "absent"]
    return {
        "shown": [line for line in lines if line["state"] != "absent"] + absent[:_MOST_ABSENT],
        "more": absent[_MOST_ABSENT:],
    }


# -- questions --------------------------------------------------------------------


def widget(definition: FactDefinition, seen: Screening) -> dict[str, Any]:
    """How a fact is answered: buttons, a number, a choice or a day."""
    return {
        "kind": str(definition.kind),
        "unit": UNIT_WORDS.get(definition.unit_words, definition.unit_words),
        "choices": [(value, choice_words(value)) for value in definition.values],
        "judgement": definition.judgement,
        "role": definition.asked_of,
        "may_not_apply": childbearing.may_not_apply(seen, definition.name),
    }


def question_strip(seen: Screening, *, may_judge: bool) -> dict[str, Any] | None:
    """The fewest questions, the first three open for answering; None when none is left."""
    if not seen.questions:
        return None
    count = len(seen.asking.fewest)
    shown = []
    ordered = [*childbearing.in_order(seen, seen.asking.fewest), *seen.asking.judgements]
    for question in ordered[:_MOST_QUESTIONS]:
        definition = seen.content.dictionary[question.fact]
        packs = ", ".join(question.decides)
        decides = "A safeguard of every pack. " if question.safeguard else ""
        decides += f"Decides: {packs}. " if packs else ""
        if childbearing.is_asked_gently(seen, question.fact):
            decides += childbearing.WHY_ASKED
        shown.append(
            {
                "fact": question.fact,
                "ask": definition.question,
                "decides": decides.strip(),
                "widget": widget(definition, seen),
                "for_others": definition.judgement
                and definition.asked_of == "prescriber"
                and not may_judge,
                "href": reverse("clinic:screening_fact", args=[seen.patient.number, question.fact]),
                "trials_href": reverse("clinic:trials", args=[seen.patient.number])
                if definition.asked_as == "antidepressant_trials"
                else "",
            }
        )
    rest = [
        {
            "label": seen.content.dictionary[question.fact].label,
            "href": reverse("clinic:screening_fact", args=[seen.patient.number, question.fact]),
        }
        for question in ordered[_MOST_QUESTIONS:]
    ]
    return {
        "title": _strip_title(seen, count),
        "help": f"Ask {seen.patient.given.split(' ')[0] or 'the patient'} now; an answer changes "
        "the verdicts at once.",
        "shown": shown,
        "rest": rest,
    }


def _strip_title(seen: Screening, count: int) -> str:
    """How many answers could settle what is open, and how many judgements come after them."""
    judgements = len(seen.asking.judgements)
    judged = f"{judgements} judgement" + ("s" if judgements != 1 else "")
    if not count:
        return f"{judged} left to make"
    best = "At best" if seen.asking.proven else "At most"
    packs = f"{seen.open_packs} open pack" + ("s" if seen.open_packs != 1 else "")
    guards = f" and {seen.open_guards} safeguard" + ("s" if seen.open_guards != 1 else "")
    title = f"{best} {count} answer{'s' if count != 1 else ''} settle{'' if count != 1 else 's'} "
    title += packs if seen.open_packs else "what is left"
    title += guards if seen.open_guards and seen.open_packs else ""
    return title + (f", then {judged}" if judgements else "")


# -- the table --------------------------------------------------------------------


def heads(seen: Screening) -> list[dict[str, Any]]:
    """Keys of ``verdict_head`` for each shown pack."""
    return [
        {
            "answer": str(each.answer),
            "pack": each.pack.short,
            "sub": each.pack.subtitle,
            "because": _because(each, settling),
            "edition": each.pack.edition,
            "status": str(each.pack.status),
        }
        for each, settling in zip(seen.check.packs, seen.settlings, strict=True)
    ]


def _because(verdict: PackVerdict, settling: Settling | None) -> str:
    count = len(verdict.deciding)
    plural = "" if count == 1 else "s"
    match verdict.answer:
        case Answer.NO:
            return f"{count} criteri{'on' if count == 1 else 'a'} in the way"
        case Answer.UNKNOWN:
            if settling is None or settling.clears is None:
                return "no answer would clear it"
            facts = len(settling.clears.facts)
            best = "at best" if settling.clears.proven else "at most"
            return f"{best} {facts} answer{'' if facts == 1 else 's'} away"
        case Answer.JUDGE if verdict.silent:
            return "says nothing of this person"
        case Answer.JUDGE:
            if verdict.silent:
                return "says nothing of this person"
            return f"a person must judge {count} thing{plural}"
    return "nothing in the way"


def guards_row(seen: Screening) -> dict[str, str]:
    """Keys of the safeguards row: it binds every pack."""
    guards = seen.guards
    refusing = [each for each in guards if each.verdict.answer is Answer.NO]
    waiting = [each for each in guards if each.verdict.answer in (Answer.UNKNOWN, Answer.JUDGE)]
    if refusing:
        said = "; ".join(each.safeguard.label for each in refusing)
        return {
            "state": "no",
            "strong": f"{len(refusing)} of {len(guards)} in the way: {said}.",
            "text": refusing[0].safeguard.words
            + " A plan needs a prescriber's written reason, whichever pack is chosen (draft).",
        }
    if waiting:
        said = "; ".join(each.safeguard.label for each in waiting)
        return {
            "state": "unknown",
            "strong": f"{len(waiting)} of {len(guards)} open: {said}.",
            "text": "A plan waits until they are answered, or needs a prescriber's written "
            "reason, whichever pack is chosen (draft).",
        }
    return {"state": "yes", "strong": f"All {len(guards)} clear.", "text": "They bind every pack."}


def table_rows(seen: Screening) -> list[dict[str, Any]]:
    """Keys of ``criteria_table``: rows with cells that link to their criterion."""
    made = []
    parting = screening_conflicts.parting_topics(seen)
    for row in seen.rows:
        cells = []
        for verdict, cell in zip(seen.check.packs, row.cells, strict=True):
            href = ""
            if cell.decided_by is not None:
                href = reverse("clinic:screening_pack", args=[seen.patient.number, verdict.pack.id])
                href += f"#{cell.decided_by.criterion.id}"
            state = STATE[cell.finding] if cell.finding is not None else ""
            cells.append({"state": state, "text": cell.text, "href": href})
        made.append({"name": row.label, "differ": row.topic in parting, "help": "",
                     "cells": cells})  # fmt: skip
    return made


def spoken(seen: Screening) -> str:
    """What is announced politely after an answer."""
    return ". ".join(f"{each.pack.short}: {each.answer}" for each in seen.check.packs) + "."


# -- deciding ---------------------------------------------------------------------


def deciding(seen: Screening, typed: dict[str, str]) -> dict[str, Any]:
    """What the decision form offers and holds."""
    words = seen.content.dictionary
    chosen = {
        name: typed.get(name) or str(seen.fact(name).value or "")
        for name in ("indication", "product")
    }
    return {
        "packs": [(each.pack.id, f"{each.pack.short}: {each.answer}") for each in seen.check.packs],
        "products": [(value, choice_words(value)) for value in words["product"].values],
        "indications": [(value, choice_words(value)) for value in words["indication"].values],
        "choices": ScreeningDecision.Choice.choices,
        "pack": typed.get("pack", ""),
        "product": chosen["product"],
        "indication": chosen["indication"],
        "choice": typed.get("choice", ""),
        "reason": typed.get("reason", ""),
    }


def plan_act(seen: Screening, may_plan: bool) -> dict[str, Any]:
    """Whether a course can be planned, and if not, why."""
    made = seen.decision
    if made is None:
        return {"ready": False, "reason": "Waits for a prescriber to decide."}
    if made.choice != ScreeningDecision.Choice.PROCEED:
        return {"ready": False,
                "reason": f"The latest decision is: {made.get_choice_display()}."}  # fmt: skip
    if not may_plan:
        return {"ready": False, "reason": "A coordinator or a prescriber plans the course."}
    return {"ready": True, "href": reverse("clinic:course_plan", args=[seen.patient.number])}
