"""Entries, facts and times in the words of a card. Everything from outside is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from evenkeel.core.chart import (
    Allergy,
    Condition,
    Entry,
    Medication,
    Observation,
    PartialDate,
    When,
)
from evenkeel.core.guidelines.facts.working import say_day
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.terms.values import Fact, Facts
from evenkeel.core.guidelines.verdicts.verdicts import fact_words, value_words
from evenkeel.edges.cds.record import Record

PRESSURE = ("systolic_bp", "diastolic_bp")
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#|~!&])")
_SUSPECTED = ("provisional", "differential", "unconfirmed")
_PAST = ("inactive", "resolved", "remission")
_WRITTEN = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)\Z")


def md(text: str, longest: int = 200) -> str:
    """Text from outside as plain Markdown: one line, nothing in it has a meaning."""
    flat = " ".join(text.split())
    flat = flat if len(flat) <= longest else flat[: longest - 1] + "…"
    return _MARKS.sub(r"\\\1", flat)


def plain(text: str, longest: int) -> str:
    """One line of at most so many characters, cut at a word."""
    flat = " ".join(text.split())
    if len(flat) <= longest:
        return flat
    cut = flat[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[40:] else cut).rstrip(" ,.;:") + "…"


def is_suspicion(fact: Fact, record: Record) -> bool:
    """Whether the record only suspects this: neither known nor ruled out nor merely old."""
    if fact.known or not fact.refs:
        return False
    return fact.disputed or any(_suspects(record.entries.get(ref)) for ref in fact.refs)


def _suspects(entry: Entry | None) -> bool:
    match entry:
        case Condition():
            return entry.verification in _SUSPECTED
        case Allergy():
            return entry.usable and entry.verification not in ("refuted", "entered-in-error")
        case Medication():
            return entry.status in ("active", "on-hold", "unknown")
    return False


def is_past(fact: Fact, record: Record) -> Condition | None:
    """The diagnosis that is history, where a fact is open because of one."""
    for ref in fact.refs if not fact.known else ():
        entry = record.entries.get(ref)
        if not isinstance(entry, Condition) or not entry.usable:
            continue
        if entry.verification != "refuted" and (entry.clinical in _PAST or entry.has_abated):
            return entry
    return None


def say_when(when: When | None) -> str:
    if when is None:
        return ""
    if isinstance(when, PartialDate):
        return say_day(when.earliest) if when.is_exact else str(when)
    return f"{say_day(when.date())} {when:%H:%M} UTC"


def say_written(written: object, when: When | None) -> str:
    """A time as it was written, with its own zone; else in UTC."""
    match = _WRITTEN.match(written) if isinstance(written, str) else None
    if match is None or not isinstance(when, datetime):
        return say_when(when)
    year, month, day, clock, zone = match.groups()
    local = datetime(int(year), int(month), int(day))  # noqa: DTZ001 - only its day is said
    return f"{say_day(local.date())} {clock} {'UTC' if zone == 'Z' else f'UTC{zone}'}"


def say_entry(entry: Entry, record: Record, drafts: Iterable[str]) -> str:
    """One entry for a reader, with its status where that matters, and its date."""
    told = md(entry.code.words)
    notes: list[str] = []
    match entry:
        case Condition():
            if entry.verification not in ("", "confirmed"):
                notes.append(entry.verification)
            if entry.clinical and entry.clinical != "active":
                notes.append(entry.clinical)
            if entry.onset is not None:
                notes.append(f"since {say_when(entry.onset)}")
            if entry.abated is not None:
                notes.append(f"ended {say_when(entry.abated)}")
            if entry.recorded is not None:
                notes.append(f"recorded {say_when(entry.recorded)}")
        case Medication():
            draft = entry.ref in drafts
            notes.append("draft order beside this one" if draft else entry.status or "no status")
            if entry.start is not None and not draft:
                notes.append(f"ordered {say_when(entry.start)}")
        case Allergy():
            notes += [note for note in (entry.clinical, entry.verification) if note]
            notes += [f"reaction: {md(reaction)}" for reaction in entry.reactions[:3]]
        case Observation():
            when = say_written(
                record.resources.get(entry.ref, {}).get("effectiveDateTime"), entry.at
            )
            notes += [when] if when else []
    return f"{told} ({'; '.join([entry.ref, *notes])})"


def say_pressure(facts: Facts, record: Record) -> str:
    """The pressure with the time it was taken, "" when there is none to speak of."""
    top, low = (facts[name] for name in PRESSURE)
    values = [fact.value if fact.known else fact.old_value for fact in (top, low)]
    if None in values:
        return ""
    ref = next(iter((*top.refs, *low.refs)), "")
    entry = record.entries.get(ref)
    at = entry.at if isinstance(entry, Observation) else None
    when = say_written(record.resources.get(ref, {}).get("effectiveDateTime"), at)
    return f"{values[0]}/{values[1]} mmHg, {when}" if when else f"{values[0]}/{values[1]} mmHg"


def say_fact(name: str, facts: Facts, dictionary: Dictionary) -> str:
    """A fact without an entry of the record: label and value."""
    fact, definition = facts[name], dictionary[name]
    if fact.value is None:
        return md(fact_words(fact, definition))
    return f"{definition.label}: {md(value_words(fact.value, definition))}"
