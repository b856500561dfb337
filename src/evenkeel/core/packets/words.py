"""Facts of a packet in words: value, origin, day, age; or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from evenkeel.core.guidelines.facts.working import say_day
from evenkeel.core.guidelines.terms.dictionary import TRIALS, Dictionary, FactDefinition
from evenkeel.core.guidelines.terms.values import Fact, Facts
from evenkeel.core.guidelines.verdicts.verdicts import value_words
from evenkeel.core.packets.model import Missing, Stated

_TIMELESS = ("age_years", "sex")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Where things come from, in words.

    answers: by fact, "answered by Dr S. Mockridge on 12 Nov 2026, said by the patient".
    entries: by entry of the record, "in the referral of 3 Nov 2026".
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, str] = field(default_factory=dict)


def say_age(then: date, today: date) -> str:
    """ "today", "12 days", "14 months", "6 years"."""
    days = (today - then).days
    if days <= 0:
        return "today"
    if days < 60:
        return f"{days} day" + ("s" if days > 1 else "")
    months = days * 12 // 365
    return f"{months} months" if months < 24 else f"{days // 365} years"


def short_ref(ref: str) -> str:
    """ "Condition/8adf7251…": enough to find an entry, without filling the line."""
    kind, _, key = ref.rpartition("/")
    return f"{kind}/{key[:8]}…" if len(key) > 12 else ref


def stated(name: str, facts: Facts, dictionary: Dictionary, origins: Origins) -> Stated:
    """A fact that is known."""
    fact, definition = facts[name], dictionary[name]
    assert fact.value is not None
    dated = fact.at is not None and name not in _TIMELESS
    told = fact.origin == "answer" and name in origins.answers  # which names the day
    return Stated(
        label=definition.label.rstrip("."),
        value=value_words(fact.value, definition),
        origin=origin_words(fact, definition, origins),
        day=say_day(fact.at) if dated and not told else "",
        age=say_age(fact.at, facts.as_of) if dated and fact.at is not None else "",
    )


def origin_words(fact: Fact, definition: FactDefinition, origins: Origins) -> str:
    """Where a known fact comes from; "" when nobody wrote it down."""
    if fact.origin == "answer":
        said = origins.answers.get(fact.name)
        return said or f"answered, {fact.by}" if fact.by or said else "answered"
    entries = "; ".join(_entry(ref, origins) for ref in fact.refs)
    how = fact.note if fact.note != "not in the record" else ""
    if fact.origin == "computed":
        from_trials = origins.answers.get(TRIALS, "") if definition.asked_as == TRIALS else ""
        if from_trials and not how:
            how = "computed from the antidepressant trials"
        told = "; ".join(part for part in (how, entries, from_trials) if part)
        if told.startswith("computed "):
            return told
        return f"computed: {told}" if told else "computed from the record"
    return ": ".join(part for part in (entries, how) if part)


def _entry(ref: str, origins: Origins) -> str:
    where = origins.entries.get(ref, "")
    return f"{short_ref(ref)} {where}".rstrip()


def lacking(name: str, facts: Facts, dictionary: Dictionary) -> Missing:
    """A fact that is not known, or not well enough.

    What the record hints at stays in the clinic: a payer who asks about one thing is
    not told of another that happens to lie near it.
    """
    fact, definition = facts[name], dictionary[name]
    if fact.value is not None:
        why = f"known only as {value_words(fact.value, definition)}"
    elif fact.disputed:
        why = "what is on record disagrees"
    elif fact.refs and fact.stale_since is None:
        why = "the record does not settle it"
    else:
        why = fact.note or "not in the record"
    asked = definition.asked_as or name
    asked_words = dictionary[asked].question if asked in dictionary else definition.question
    return Missing(
        what=definition.label.rstrip("."),
        why=why,
        ask=asked_words,
        of=definition.asked_of,
        fact=asked,
    )
