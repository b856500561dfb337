"""Trying a criterion on an example person: plain values in, the finding out, nothing kept.

A form that is posted, never an address: what somebody types about a person must not
stand in a log or a history, even where the page asks for an invented one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from evenkeel.core.guidelines.authoring.spec import read_written
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Criterion
from evenkeel.core.guidelines.terms.dictionary import FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts
from evenkeel.core.guidelines.verdicts.verdicts import UNIT_WORDS, choice_words, judge_criterion
from evenkeel.web.guidelines.links import fact_label
from evenkeel.web.guidelines.one_criterion import FINDING_WORDS, STATES


def fields(criterion: Criterion, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """One field per fact that the criterion reads, with what was typed and what is wrong."""
    return [_field(library().dictionary[name], typed) for name in criterion.facts]


def _field(definition: FactDefinition, typed: Mapping[str, str]) -> dict[str, Any]:
    written = typed.get(definition.name, "").strip()[:80]
    choices: list[tuple[str, str]] = []
    if definition.kind is Kind.YES_NO:
        choices = [("yes", "yes"), ("no", "no")]
    elif definition.kind is Kind.CHOICE:
        choices = [(value, choice_words(value)) for value in definition.values]
    fault, value = "", None
    if written:
        try:
            value = read_written(written, definition)
        except ValueError as told:
            fault = str(told)
    return {
        "name": definition.name,
        "label": fact_label(definition),
        "question": definition.question,
        "unit": UNIT_WORDS.get(definition.unit_words, definition.unit_words),
        "choices": choices,
        "is_day": definition.kind is Kind.DAY,
        "written": written,
        "value": value,
        "fault": fault,
    }


def finding(criterion: Criterion, filled: list[dict[str, Any]], today: date) -> dict[str, Any]:
    """What the criterion says of these values; what was left empty is unknown."""
    told = {
        each["name"]: Fact(name=each["name"], value=each["value"], origin="answer")
        for each in filled
        if each["value"] is not None
    }
    verdict = judge_criterion(criterion, Facts(today, told), library().dictionary)
    applies = {True: "It applies.", False: "", None: "Whether it applies is not known."}
    return {
        "state": STATES[str(verdict.finding)],
        "words": FINDING_WORDS[str(verdict.finding)],
        "reason": verdict.reason.removeprefix("does not apply: "),
        "applies": applies[verdict.applies],
    }
