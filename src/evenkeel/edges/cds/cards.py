"""Matters as cards of CDS Hooks 2.0.

A card says what is known with its time, which criterion says what with its source and
how that was read, and what other guidelines say. It deletes and changes nothing by
itself: the most it does is offer to take an order back, and never as a system action.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from evenkeel.core.chart import Allergy
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.verdicts.verdicts import Finding
from evenkeel.edges.cds.matters import STILL, Line, Matter, Urgency
from evenkeel.edges.cds.orders import Order
from evenkeel.edges.cds.record import Record
from evenkeel.edges.cds.words import (
    PRESSURE,
    md,
    plain,
    say_entry,
    say_fact,
    say_pressure,
)

TOPICS = "urn:evenkeel:cds-topic"
REASONS = "urn:evenkeel:cds-override-reason"
OVERRIDE_REASONS = (
    ("decided", "Known; weighed, and the reason is in the record"),
    ("settled", "Settled since: measured or asked again"),
    ("record-wrong", "The record is wrong or out of date"),
    ("other-rules", "Other rules bind here: country, edition or study"),
    ("other-use", "Not for this use, such as anaesthesia"),
)
SUMMARY = 139  # characters; the specification wants fewer than 140
_MOST_LINKS = 6
_DRAFT = "Draft content: no clinician has reviewed it. A person decides."
_CONFLICT = re.compile(r"\bC\d\d\b")
_FINDINGS = {
    Finding.NOT_MET: "not met",
    Finding.JUDGE: "to be judged",
    Finding.UNKNOWN: "to be settled",
    Finding.MET: "applies",
    Finding.NOT_APPLICABLE: "does not apply here",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card, and what the log keeps of it."""

    uuid: UUID
    matter: str
    criteria: tuple[str, ...]
    indicator: str
    suggestions: tuple[UUID, ...]
    content: dict[str, Any]


def of_matter(
    matter: Matter, record: Record, library: Library, facts_of: dict[str, Facts], drafts: set[str]
) -> Card:
    """One card. facts_of: the facts under which each order was judged, by its reference."""
    lead = matter.lead
    facts = facts_of[lead.order.ref]
    known = _known(matter, record, library, facts, drafts)
    short = _short(matter, record, library, facts)
    orders = matter.orders
    parts = [
        f"**{'Order' if len(orders) == 1 else 'Orders'}:** " + "; ".join(map(say_order, orders)),
        "**What is known**\n\n" + "\n".join(f"- {line}" for line in known),
        "**What published criteria say**\n\n" + "\n".join(_said(matter)),
    ]
    others = [line for line in matter.lines if line.otherwise]
    if others:
        parts.append("**What else speaks of it**\n\n" + "\n".join(map(_other, _once(others))))
    conflicts = _conflicts(matter, library)
    if conflicts:
        parts.append("**Where guidelines part**\n\n" + "\n".join(conflicts))
    parts.append(_DRAFT)
    drug = first_upper(" and ".join(dict.fromkeys(order.drug for order in orders)))
    return make(
        matter=matter.topic,
        urgency=matter.urgency,
        summary=f"{drug}: {short}",
        detail=parts,
        label=_source_label(lead),
        url=lead.criterion.source.url,
        topic=library.topics[matter.topic].label,
        lines=matter.lines,
        library=library,
        take_back=orders if matter.urgency is Urgency.CRITICAL else (),
    )


def make(
    *,
    matter: str,
    urgency: Urgency,
    summary: str,
    detail: Iterable[str],
    label: str,
    topic: str,
    library: Library,
    url: str = "",
    lines: Iterable[Line] = (),
    take_back: Iterable[Order] = (),
) -> Card:
    """A card with its parts in the order of the specification."""
    named = uuid4()
    said = [line for line in _once(lines) if not line.otherwise]
    source: dict[str, Any] = {"label": label}
    if url:
        source["url"] = url
    source["topic"] = {"system": TOPICS, "code": matter, "display": topic}
    content: dict[str, Any] = {
        "uuid": str(named),
        "summary": plain(summary, SUMMARY),
        "indicator": urgency.indicator,
        "detail": "\n\n".join(detail),
        "source": source,
    }
    suggestions = [_take_back(order) for order in take_back if order.certain]
    if suggestions:
        content["suggestions"] = suggestions
        content["selectionBehavior"] = "any"
    if urgency is not Urgency.INFO:
        content["overrideReasons"] = [
            {"code": code, "system": REASONS, "display": display}
            for code, display in OVERRIDE_REASONS
        ]
    links = _links(said)
    if links:
        content["links"] = links
    content["extension"] = {
        "org.evenkeel.card": {
            "matter": matter,
            "criteria": [_criterion(line) for line in said],
            "content": {"edition": library.edition, "sha256": library.sha256},
        }
    }
    return Card(
        uuid=named,
        matter=matter,
        criteria=tuple(dict.fromkeys(line.criterion.id for line in said)),
        indicator=urgency.indicator,
        suggestions=tuple(UUID(each["uuid"]) for each in suggestions),
        content=content,
    )


def say_order(order: Order) -> str:
    """An order as a reader would recognise it, and how the drug was."""
    written = f', "{md(order.written)}"' if order.written else ""
    how = {
        "code": "",
        "name": "; told from the name beside its code",
        "ingredient": f"; {order.drug} is told by the ingredient",
        "words": f"; **recognised as {order.drug} by its text only, for a person to confirm**",
    }[order.how]
    return f"{md(order.called)} ({order.ref}{written}){how}"


def first_upper(text: str) -> str:
    """Only its first letter; what follows keeps its own."""
    return text[:1].upper() + text[1:]


def _take_back(order: Order) -> dict[str, Any]:
    label = f"Take back the order of {plain(order.called, 60)}"
    return {
        "label": label,
        "uuid": str(uuid4()),
        "isRecommended": False,
        "actions": [{"type": "delete", "description": label, "resourceId": order.ref}],
    }


def _once(lines: Iterable[Line]) -> list[Line]:
    """Each criterion once, whichever orders it speaks of."""
    kept: dict[tuple[str, str, bool], Line] = {}
    for line in lines:
        kept.setdefault((line.criterion.id, line.supposing, line.otherwise), line)
    return list(kept.values())


def _known(
    matter: Matter, record: Record, library: Library, facts: Facts, drafts: set[str]
) -> list[str]:
    told: dict[str, None] = {}
    decided = (n for line in matter.lines if not line.otherwise for n in line.verdict.deciding)
    names = list(dict.fromkeys([*matter.facts, *(n for n in decided if n == "age_years")]))
    if set(names) & set(PRESSURE):
        pressure = say_pressure(facts, record)
        told[f"Blood pressure {pressure}{_age(facts)}"] = None
        names = [name for name in names if name not in PRESSURE]
    words_say = {name for order in matter.orders for name in order.words_say}
    for name in names:
        refs = [ref for ref in facts[name].refs if ref in record.entries]
        for ref in refs:
            told[say_entry(record.entries[ref], record, drafts)] = None
        if not refs and facts[name].known:
            line = say_fact(name, facts, library.dictionary)
            told[f"{line} (read from the order's words: confirm it)" if name in words_say
                 else line] = None  # fmt: skip
    doses = [f"Dose ordered: {order.dose}" for order in matter.orders if order.dose]
    return [*told, *(doses if matter.topic == "start_dose" and not _has_dose(matter) else [])]


def _age(facts: Facts) -> str:
    """How old the pressure is, unless it is of the day."""
    top = facts[PRESSURE[0]]
    if not top.known:
        return " (too old to count: measure again)"
    days = (facts.as_of - top.at).days if top.at is not None else 0
    if days <= 0:
        return ""
    return f" ({days} day{'' if days == 1 else 's'} old: measure again before the dose)"


def _has_dose(matter: Matter) -> bool:
    return bool({"dose_mg", "iv_dose_mg_per_kg"} & set(matter.facts))


def _short(matter: Matter, record: Record, library: Library, facts: Facts) -> str:
    """What is the matter, and what the leading guideline says of it."""
    lead = matter.lead
    names = list(matter.facts)
    entry = next((record.entries[r] for n in names for r in facts[n].refs if r in record.entries),
                 None)  # fmt: skip
    if set(names) & set(PRESSURE):
        pressure = say_pressure(facts, record)
        return f"pressure {pressure}: {_verb(lead)} ({lead.pack.short})"
    about = f" ({lead.aside})" if lead.aside else ""
    if entry is not None:
        called = plain(entry.code.words, 50)
        what = f"allergy to {called}" if isinstance(entry, Allergy) else called
        if lead.hint:
            state = getattr(entry, "verification", "") or "not certain"
            return f"{what}, {state}: settle it before treatment ({lead.pack.short})"
        if is_contraindication(lead):
            return f"{what} is a contraindication ({lead.pack.short}{about})"
        return f"{what}. {lead.pack.short}{about}: {lead.criterion.statement}"
    dictionary = library.dictionary
    first = next((n for n in ("dose_mg", "age_years") if n in names), names[0] if names else "")
    what = f"{say_fact(first, facts, dictionary)}. " if first else ""
    return f"{what}{lead.pack.short}: {lead.criterion.statement}"


def is_contraindication(line: Line) -> bool:
    """Whether it stands under the contraindications of a label (4.3 of a European one)."""
    place = line.criterion.source.at.lower()
    named = "contraindication" in place or place.startswith("s4.3")
    return named and line.verdict.finding is Finding.NOT_MET


def _verb(line: Line) -> str:
    if line.supposing == STILL:
        return "too old, and high then; measure again"
    match line.verdict.finding:
        case Finding.NOT_MET:
            return f"{line.criterion.strength} is not met"
        case Finding.JUDGE:
            return "above the guide, decide and write down"
    return "watch"


def _said(matter: Matter) -> list[str]:
    told = []
    for line in _once(line for line in matter.lines if not line.otherwise):
        criterion, source = line.criterion, line.criterion.source
        aside = f" **About {line.aside}, not this order's product.**" if line.aside else ""
        iff = f" If {line.supposing}." if line.supposing else ""
        confirm = (
            " Rests on the order's words: confirm them."
            if set(line.verdict.deciding) & set(line.order.words_say)
            else ""
        )
        told.append(
            f"- **{criterion.id}**, {line.pack.short} ({jurisdiction(line)}; edition "
            f"{criterion.edition}; {criterion.strength}; {_finding(line)}): "
            f"{criterion.statement}{iff}{confirm}{aside} Source: {source.title}, {source.at}; "
            f"{source.mark.words}."
        )
    return told


def _finding(line: Line) -> str:
    words = _FINDINGS[line.verdict.finding]
    return f"{words}: a contraindication" if is_contraindication(line) else words


def _other(line: Line) -> str:
    criterion = line.criterion
    said = "not reached or does not apply" if line.verdict.finding is Finding.NOT_APPLICABLE else (
        "met")  # fmt: skip
    return (
        f"- {criterion.id}, {line.pack.short} ({jurisdiction(line)}; {said}): {criterion.statement}"
    )


_PLACES = {
    "us": "United States",
    "eu": "European Union",
    "england_nhs": "England, NHS",
    "new_zealand": "New Zealand",
}


def jurisdiction(line: Line) -> str:
    """Whose rule it is."""
    place = line.pack.jurisdiction
    return _PLACES.get(place, place.replace("_", " ").capitalize())


def _conflicts(matter: Matter, library: Library) -> list[str]:
    """Conflicts that the criteria name, and those of the topic where countries disagree."""
    named = {
        found
        for line in matter.lines
        for found in _CONFLICT.findall(f"{line.criterion.note} {line.criterion.source.at}")
    }
    return [
        f"- {conflict.id}, {conflict.title}. "
        + " ".join(f"{position.who}: {position.says}" for position in conflict.positions)
        for conflict in library.conflicts
        if conflict.id in named
    ]


def _source_label(line: Line) -> str:
    return f"{line.pack.title}, {line.criterion.source.at}"


def _links(lines: Iterable[Line]) -> list[dict[str, str]]:
    links: dict[str, dict[str, str]] = {}
    for line in lines:
        url = line.criterion.source.url
        if url.startswith(("https://", "http://")):
            label = f"{line.criterion.id}: {line.pack.short}, {line.criterion.source.at}"
            links.setdefault(url, {"label": plain(label, 120), "url": url, "type": "absolute"})
    return list(links.values())[:_MOST_LINKS]


def _criterion(line: Line) -> dict[str, Any]:
    criterion = line.criterion
    return {
        "id": criterion.id,
        "pack": line.pack.id,
        "edition": criterion.edition,
        "verdict": str(line.verdict.finding),
        "strength": criterion.strength,
        "mark": str(criterion.source.mark),
        "status": str(criterion.status),
    }
