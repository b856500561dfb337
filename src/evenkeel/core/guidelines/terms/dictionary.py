"""The dictionary of facts: what each is, how it is asked, how long it stays fresh.

Read from content/facts/*.toml and joined with the concepts of the terminology:
every concept is a fact of the same name, with a plain question when the TOML
has no better one. How a value is found in a record is decided in ``derive``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import Literal

import msgspec

from evenkeel.core.guidelines.terms.terminology import Concept, Terminology
from evenkeel.core.guidelines.terms.units import Unit, UnreadableUnit, read_unit
from evenkeel.core.kernel.content import ContentFault, content, files_below, read_toml


class Kind(StrEnum):
    """What a fact's value is."""

    YES_NO = "yes_no"
    NUMBER = "number"
    CHOICE = "choice"
    DAY = "day"


class About(StrEnum):
    """Whether a record of the past makes it true: now = only what is so today."""

    NOW = "now"
    EVER = "ever"


# How a known fact can become another: not at all, by the passing of time alone, only
# upwards, by asking about something else; "" = somebody can change it.
Changes = Literal["", "never", "time", "grows", "given"]


class _Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One [[fact]] of a TOML file."""

    name: str
    type: Literal["yes_no", "number", "choice", "day"]
    label: str
    question: str
    asked_of: Literal[
        "coordinator", "nurse", "prescriber", "pharmacist", "administrator", "patient"
    ]
    unit: str = ""
    values: list[str] = []
    fresh_days: int = 0
    about: Literal["now", "ever"] = "now"
    derive: str = ""
    judgement: bool = False
    minimum: float | None = None
    maximum: float | None = None
    whole_codes: list[str] = []
    many_sites: bool = False
    hints: list[str] = []
    also: list[str] = []
    asked_as: str = ""
    note: str = ""
    whole: bool = False
    changes: Changes = ""


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    about: str
    ask_codes: list[str] = []
    fact: list[_Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDefinition:
    """One thing that can be known about a person, a setting or a day.

    fresh_days: after so many days the value is unknown again; 0 = it does not age.
    derive: "concept", "drug", "allergy", "quantity", a named function, or "" = asked only.
    judgement: only a person of the role ``asked_of`` can say it.
    whole_codes: codes that name the whole thing, so that refuting one refutes the thing.
    many_sites: refuting one code leaves other places open.
    hints: concepts that never settle it but make the question urgent.
    also: concepts that are no part of it, yet make it true when they are true: what
        was fresh once has been ever.
    asked_as: the fact that a person would be asked instead (a list of trials, a date).
    whole: it counts, so only whole numbers are possible.
    changes: how it can become another once it is known; what was ever so stays so.
    """

    name: str
    kind: Kind
    label: str
    question: str
    asked_of: str
    unit: Unit
    unit_words: str = ""
    values: tuple[str, ...] = ()
    fresh_days: int = 0
    about: About = About.NOW
    derive: str = ""
    judgement: bool = False
    minimum: float | None = None
    maximum: float | None = None
    whole_codes: frozenset[str] = frozenset()
    many_sites: bool = False
    hints: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    asked_as: str = ""
    note: str = ""
    whole: bool = False
    changes: Changes = ""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All facts by name. ask_codes: codes too broad to say anything but "ask"."""

    facts: dict[str, FactDefinition]
    ask_codes: frozenset[str]

    def __contains__(self, name: object) -> bool:
        return name in self.facts

    def __getitem__(self, name: str) -> FactDefinition:
        return self.facts[name]

    def nearest(self, name: str) -> str:
        """The right name that looks most like a wrong one; "" when none does."""
        close = get_close_matches(name.lower(), self.facts, n=1, cutoff=0.5)
        return close[0] if close else ""


# How a concept's kind of record becomes a fact when the TOML says nothing.
_DERIVE = {
    "condition": "concept",
    "procedure": "concept",
    "status": "concept",
    "drug": "drug",
    "drug_class": "drug",
    "allergy": "allergy",
    "observation": "quantity",
}
_FRESH = {"drug": 365, "drug_class": 365, "observation": 365}


def load_dictionary(terminology: Terminology, root: Traversable | None = None) -> Dictionary:
    """Read the facts below ``root``, or those that are shipped, and join them with concepts.

    Raises:
        ContentFault: a fact defined twice, a unit that cannot be read, a choice without values.
    """
    facts: dict[str, FactDefinition] = {}
    ask_codes: set[str] = set()
    for place in files_below(content("facts", root=root), ".toml"):
        read = read_toml(place, _File)
        ask_codes |= set(read.ask_codes)
        for row in read.fact:
            where = f"{place.name}: {row.name}"
            if row.name in facts:
                raise ContentFault(f"{where}: this fact is defined twice")
            facts[row.name] = _from_row(row, where, terminology)
    for concept in terminology.concepts.values():
        if concept.id not in facts:
            facts[concept.id] = _from_concept(concept, terminology)
    for fact in facts.values():
        if fact.asked_as and fact.asked_as not in facts and fact.asked_as != TRIALS:
            raise ContentFault(f"{fact.name}: asked as unknown fact {fact.asked_as}")
        for other in (*fact.hints, *fact.also):
            if other not in terminology.concepts:
                raise ContentFault(f"{fact.name}: {other} is not a concept")
    return Dictionary(facts, frozenset(ask_codes))


TRIALS = "antidepressant_trials"


def _from_row(row: _Row, where: str, terminology: Terminology) -> FactDefinition:
    try:
        unit = read_unit(row.unit)
    except UnreadableUnit as fault:
        raise ContentFault(f"{where}: {fault}") from fault
    if (row.type == "choice") != bool(row.values):
        raise ContentFault(f"{where}: a choice needs its values, and only a choice has them")
    if row.type == "number" and not row.unit:
        raise ContentFault(f'{where}: a number needs its unit; write "1" where it has none')
    if row.whole and row.type != "number":
        raise ContentFault(f"{where}: only a number can be whole")
    if (row.minimum or 0) > (row.maximum if row.maximum is not None else float("inf")):
        raise ContentFault(f"{where}: minimum is above maximum")
    concept = terminology.concepts.get(row.name)
    derive = row.derive or (_DERIVE[concept.kind] if concept else "")
    return FactDefinition(
        name=row.name,
        kind=Kind(row.type),
        label=row.label,
        question=row.question,
        asked_of=row.asked_of,
        unit=unit,
        unit_words=row.unit if row.unit != "1" else "",
        values=tuple(row.values),
        fresh_days=row.fresh_days or (_FRESH.get(concept.kind, 0) if concept else 0),
        about=About(row.about),
        derive=derive,
        judgement=row.judgement,
        minimum=row.minimum,
        maximum=row.maximum,
        whole_codes=frozenset(row.whole_codes),
        many_sites=row.many_sites,
        hints=tuple(row.hints),
        also=tuple(row.also),
        asked_as=row.asked_as,
        note=row.note,
        whole=row.whole,
        changes=row.changes,
    )


def _from_concept(concept: Concept, terminology: Terminology) -> FactDefinition:
    rule = terminology.quantities.get(concept.id)
    is_number = concept.kind == "observation" and rule is not None
    question = {
        "drug": f"Is {concept.name} taken now?",
        "drug_class": f"Is a drug of this kind taken now: {concept.name}?",
        "procedure": f"Was this ever done: {concept.name}?",
    }.get(concept.kind, f"Is there: {concept.name}?")
    return FactDefinition(
        name=concept.id,
        kind=Kind.NUMBER if is_number else Kind.YES_NO,
        label=concept.name,
        question=f"What is the latest value: {concept.name}?" if is_number else question,
        asked_of="coordinator",
        unit=read_unit(rule.unit) if rule and is_number else read_unit("1"),
        unit_words=rule.unit if rule and is_number else "",
        fresh_days=_FRESH.get(concept.kind, 0),
        about=About.EVER if concept.kind == "procedure" else About.NOW,
        derive=_DERIVE[concept.kind],
        minimum=float(rule.hard_min) if rule else None,
        maximum=float(rule.hard_max) if rule else None,
    )


def is_stale(definition: FactDefinition, at: date | None, as_of: date) -> bool:
    """Whether a value of that day has gone out of date."""
    return bool(definition.fresh_days and at and (as_of - at).days > definition.fresh_days)
