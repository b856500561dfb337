"""Answers and decisions as they are typed on the screening page."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from evenkeel.core.guidelines.terms.dictionary import FactDefinition, Kind
from evenkeel.core.kernel.quantities import UnreadableQuantity, read_decimal

NOT_KNOWN = "not-known"


class Unreadable(Exception):
    """What was typed cannot be kept; the message says what would be right."""


def value_of(definition: FactDefinition, typed: str) -> Any:
    """A typed answer as JSON: true, 140, "trd", a day; None for "not known".

    Raises:
        Unreadable: nothing was typed, or not what the fact takes.
    """
    words = typed.strip()
    if words == NOT_KNOWN:
        return None
    if not words:
        raise Unreadable("Nothing was answered. Choose an answer, or Not known.")
    if definition.kind is Kind.YES_NO:
        if words not in ("yes", "no"):
            raise Unreadable("Answer Yes, No or Not known.")
        return words == "yes"
    if definition.kind is Kind.NUMBER:
        try:
            number = read_decimal(words, definition.unit_words or "pieces")
        except UnreadableQuantity as fault:
            raise Unreadable(str(fault)) from fault
        return int(number) if number == number.to_integral_value() else float(number)
    return words


TRIAL_FIELDS = ("drug", "dose_mg_per_day", "start", "end", "improvement_percent", "adherent")


def trial_of(posted: QueryDict) -> dict[str, Any]:
    """One antidepressant trial as it was typed; an empty field is not known.

    Raises:
        Unreadable: no drug, or a number that cannot be read.
    """
    typed = {name: posted.get(f"trial_{name}", "").strip() for name in TRIAL_FIELDS}
    if not typed["drug"]:
        raise Unreadable("Name the drug of the trial. The other fields may stay empty.")
    made: dict[str, Any] = {"drug": typed["drug"]}
    for name, unit in (("dose_mg_per_day", "mg a day"), ("improvement_percent", "per cent")):
        if typed[name]:
            try:
                number = read_decimal(typed[name], unit)
            except UnreadableQuantity as fault:
                raise Unreadable(str(fault)) from fault
            made[name] = int(number) if number == number.to_integral_value() else float(number)
    if typed["start"]:
        made["start"] = typed["start"]
    if posted.get("trial_ongoing"):
        made["end"] = None
    elif typed["end"]:
        made["end"] = typed["end"]
    if typed["adherent"] in ("yes", "no"):
        made["adherent"] = typed["adherent"] == "yes"
    return made
