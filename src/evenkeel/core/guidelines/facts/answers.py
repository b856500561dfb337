"""Reading what a person answered: FACTS.json, a form, a stored answer.

In: plain values as JSON knows them. Out: typed answers and trials, or every
fault with its place and what would be right. Nothing is repaired.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from evenkeel.core.guidelines.terms.dictionary import TRIALS, Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Answer, Range, Value
from evenkeel.core.guidelines.trials.doses import DoseTable
from evenkeel.core.guidelines.trials.history import Trial
from evenkeel.core.guidelines.trials.reading import is_writable, read_trials
from evenkeel.core.kernel.quantities import plain

__all__ = ["Told", "UnreadableAnswers", "read_facts_file", "read_trials", "read_value",
           "unknown_drugs"]  # fmt: skip


class UnreadableAnswers(ValueError):
    """Answers that cannot be used. faults: one line each, with the place."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Answers by fact, and the history of antidepressants."""

    answers: tuple[Answer, ...]
    trials: tuple[Trial, ...]


def read_facts_file(text: str, dictionary: Dictionary, as_of: date) -> Told:
    """FACTS.json: one object with names of the dictionary.

    Raises:
        UnreadableAnswers: not an object, an unknown name (with the nearest right
            one), a value of the wrong kind, a name given twice.
    """
    try:
        read = json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_doubles,
        )
    except (ValueError, RecursionError) as fault:
        raise UnreadableAnswers([f"not readable as JSON: {fault}"]) from fault
    if not isinstance(read, dict):
        raise UnreadableAnswers(['must be one JSON object, such as {"indication": "trd"}'])
    faults: list[str] = []
    answers: list[Answer] = []
    trials: tuple[Trial, ...] = ()
    for name, raw in read.items():
        if name == TRIALS:
            trials = () if raw is None else read_trials(raw, faults)
            continue
        if name not in dictionary:
            close = get_close_matches(name.lower(), [*dictionary.facts, TRIALS], n=1, cutoff=0.4)
            hint = f"; the nearest right name is {close[0]}" if close else ""
            faults.append(f"{name}: there is no fact of this name{hint}")
            continue
        try:
            value = read_value(raw, dictionary[name])
        except ValueError as fault:
            faults.append(f"{name}: {fault}")
            continue
        answers.append(Answer(name=name, value=value, at=as_of, by="told"))
    if faults:
        raise UnreadableAnswers(faults)
    return Told(answers=tuple(answers), trials=trials)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} given twice; give each once")
    return dict(pairs)


def read_value(raw: Any, definition: FactDefinition) -> Value | None:
    """A JSON value as the fact's kind; null = not known.

    Raises:
        ValueError: with what would be right.
    """
    if raw is None:
        return None
    match definition.kind:
        case Kind.YES_NO:
            if not isinstance(raw, bool):
                raise ValueError(f"{raw!r} is neither true nor false nor null")
            return raw
        case Kind.CHOICE:
            if not isinstance(raw, str) or raw not in definition.values:
                close = get_close_matches(str(raw).lower(), definition.values, n=1, cutoff=0.4)
                nearest = f"; nearest is {close[0]}" if close else ""
                raise ValueError(f"{raw!r} is not one of {', '.join(definition.values)}{nearest}")
            return raw
        case Kind.DAY:
            try:
                return date.fromisoformat(str(raw))
            except ValueError:
                raise ValueError(f"{raw!r} is not a day like 2026-11-24") from None
        case Kind.NUMBER:
            return _number(raw, definition)


def _number(raw: Any, definition: FactDefinition) -> Range:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise ValueError(
            f"{str(raw)[:40]!r} is not a number of {definition.unit_words or 'pieces'}"
        )
    value = Decimal(raw)
    if not is_writable(value):
        raise ValueError("this number has more digits than can be meant")
    low, high = definition.minimum, definition.maximum
    too_low = low is not None and value < Decimal(str(low))
    too_high = high is not None and value > Decimal(str(high))
    if not value.is_finite() or too_low or too_high:
        limits = " to ".join(
            "any" if end is None else plain(Decimal(str(end))) for end in (low, high)
        )
        raise ValueError(
            f"{plain(value)} {definition.unit_words} cannot be: possible is {limits}".replace(
                "  ", " "
            )
        )
    return Range.exactly(value)


def unknown_drugs(trials: tuple[Trial, ...], doses: DoseTable, known: set[str]) -> list[int]:
    """Places of trials whose drug is neither in the dose table nor a known drug."""
    return [
        number
        for number, trial in enumerate(trials)
        if not doses.drug_row(trial.drug) and trial.drug.strip().lower() not in known
    ]
