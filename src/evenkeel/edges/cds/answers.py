"""From a request to its cards.

In: an ``Asked``, what came for each key, the day. Out: cards, the most urgent first.
The same request gives the same cards but for their uuids. Nothing here reads a clock, a
table or a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from evenkeel.core.guidelines.facts.derive import derive_facts
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.verdicts.verdicts import Finding, PackVerdict, judge_pack
from evenkeel.edges.cds import cards, gaps
from evenkeel.edges.cds import record as records
from evenkeel.edges.cds.asked import Asked
from evenkeel.edges.cds.cards import Card
from evenkeel.edges.cds.matters import Judged, Matter, Urgency, joined, judge, matters_of
from evenkeel.edges.cds.offered import Service
from evenkeel.edges.cds.orders import Index, Order, read_orders
from evenkeel.edges.cds.record import Record
from evenkeel.edges.cds.words import PRESSURE, md, say_entry, say_fact, say_pressure

# Diagnoses that ketamine or esketamine is given for, and the drugs themselves.
CONCERNED = (
    "major_depressive_disorder", "bipolar_disorder", "ptsd", "ocd", "chronic_pain", "crps",
    "neuropathic_pain", "suicidal_ideation", "ketamine", "esketamine",
)  # fmt: skip
_VIEWED = ("esketamine_nasal", "racemic_iv")


def concerns(asked: Asked, library: Library) -> tuple[list[Order], list[Order], list[Any]]:
    """The orders asked about, all ketamine and esketamine orders, and orders without a drug."""
    index = Index([*asked.orders, *_held(asked)])
    orders, nameless = read_orders(asked.orders, index, library.terminology)
    if asked.selected is None:
        return orders, orders, nameless
    chosen = set(asked.selected)
    picked = [order for order in orders if order.ref in chosen]
    return picked, orders, [each for each in nameless if each.ref in chosen]


def _held(asked: Asked) -> list[dict[str, Any]]:
    """Medications that came with the active drugs."""
    bundle = asked.prefetch.get("medications")
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    return [
        entry["resource"]
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
    ]


def answer(
    asked: Asked,
    service: Service,
    came: Mapping[str, Any],
    library: Library,
    today: date,
    failed: Mapping[str, str] | None = None,
) -> list[Card]:
    """The cards.

    came: what was prefetched or fetched, by key. failed: why a key could not be fetched.

    Raises:
        Refused: the record is about another person than the context.
    """
    if service.hook == "patient-view":
        record = records.read(asked, came, beside=(), keys=service.prefetch, today=today)
        _explain(record, failed)
        return _view(record, library, today)
    picked, orders, nameless = concerns(asked, library)
    found = [gaps.card_of_nameless(nameless, library)] if nameless else []
    if not picked:
        return found
    made = _of_orders(asked, service, came, failed, picked, orders, library, today)
    return [*made, *found]


def _of_orders(
    asked: Asked,
    service: Service,
    came: Mapping[str, Any],
    failed: Mapping[str, str] | None,
    picked: list[Order],
    orders: list[Order],
    library: Library,
    today: date,
) -> list[Card]:
    judged: list[Judged] = []
    matters: list[Matter] = []
    record: Record | None = None
    for order in picked:
        others = [
            each
            for each in asked.orders
            if each is not order.resource
            and each.get("resourceType") == "MedicationRequest"
            and each.get("doNotPerform") is not True
        ]
        beside = [records.as_if_active(each) for each in others]
        own = records.read(asked, came, beside=beside, keys=service.prefetch, today=today)
        one = judge(order, own, library, today)
        judged.append(one)
        matters += matters_of(one, own, library)
        record = own if record is None else _with(record, own)
    assert record is not None, "at least one order was picked"
    _explain(record, failed)
    drafts = {f"MedicationRequest/{each.get('id')}" for each in asked.orders}
    facts_of = {one.order.ref: one.facts for one in judged}
    found = joined(matters, library)
    made = [cards.of_matter(each, record, library, facts_of, drafts) for each in found]
    if record.chart.person.deceased:
        made.insert(0, _died(picked, library))
    two = _two(picked, orders, judged, record, drafts, library)
    made += [two] if two is not None else []
    made.append(gaps.card_of_orders(judged, found, record, library))
    rank = {"critical": 0, "warning": 1, "info": 2}
    return sorted(made, key=lambda card: rank[card.indicator])


def _explain(record: Record, failed: Mapping[str, str] | None) -> None:
    """Beside why a key did not come with the request, why it could not be fetched."""
    for number, gap in enumerate(record.gaps):
        why = (failed or {}).get(gap.key)
        if why:
            record.gaps[number] = replace(gap, why=f"{gap.why}; {why}")


def _with(record: Record, other: Record) -> Record:
    """The entries of both: each order is judged beside the others, not beside itself."""
    record.entries = {**other.entries, **record.entries}
    record.resources = {**other.resources, **record.resources}
    record.unread = list(dict.fromkeys([*record.unread, *other.unread]))
    return record


def _two(
    picked: list[Order],
    orders: list[Order],
    judged: list[Judged],
    record: Record,
    drafts: set[str],
    library: Library,
) -> Card | None:
    other = {"esketamine": "ketamine", "ketamine": "esketamine"}
    taken: dict[str, None] = {}
    for one in judged:
        fact = one.facts[other[one.order.drug]]
        for ref in fact.refs:
            entry = record.entries.get(ref)
            status = getattr(entry, "status", "")
            if entry is not None and ref not in drafts and status in ("active", "on-hold"):
                taken[say_entry(entry, record, drafts)] = None
    if len(orders) < 2 and not taken:
        return None
    return gaps.card_of_two(list(taken), orders if len(orders) > 1 else picked, library)


def _died(picked: list[Order], library: Library) -> Card:
    return cards.make(
        matter="person",
        urgency=Urgency.CRITICAL,
        summary="The record says that this person has died",
        detail=[
            "The Patient resource says so. Nobody who has died can be treated; if it is a "
            "mistake, it must be corrected where the record is kept."
        ],
        label="Evenkeel: the person's record",
        topic="The person",
        library=library,
        take_back=picked,
    )


def _view(record: Record, library: Library, today: date) -> list[Card]:
    """At most one card: what is known and what is missing. It recommends nothing."""
    facts = derive_facts(record.chart, knowledge=library.knowledge, as_of=today)
    concerned = any(
        (facts[name].known and facts[name].value is True) or facts[name].refs
        for name in CONCERNED
        if name in library.dictionary
    )
    if not concerned and not record.lacks("conditions") and not record.unread:
        return []
    verdicts = [
        judge_pack(pack, facts, library.dictionary)
        for pack in library.packs.values()
        if pack.kind == "guideline" and pack.shown and set(pack.products) & set(_VIEWED)
    ]
    found = gaps.find(record, facts, verdicts, library)
    known = _known(record, facts, verdicts, library)
    stands = _stands(verdicts)
    detail = [
        "**Known**\n\n" + "\n".join(f"- {line}" for line in known)
        if known
        else "**Known**\n\n- Nothing that published criteria ask for.",
        *(["**What stands in the way by published criteria**\n\n" + "\n".join(stands)]
          if stands else []),
        *found.parts,
        f"{gaps.ABSENT} This card recommends nothing: it says what is known. Draft content: no "
        "clinician has reviewed it.",
    ]  # fmt: skip
    return [
        cards.make(
            matter="overview",
            urgency=Urgency.INFO,
            summary=f"Ketamine or esketamine, {len(known)} known; "
            + ("; ".join(found.short) or "nothing is missing"),
            detail=detail,
            label="Evenkeel: what published criteria ask for",
            topic="What is known",
            library=library,
        )
    ]


def _known(
    record: Record, facts: Facts, verdicts: list[PackVerdict], library: Library
) -> list[str]:
    """Each entry that a criterion reads, once; the pressure with its time."""
    told: dict[str, None] = {}
    used = {name for verdict in verdicts for c in verdict.pack.criteria for name in c.facts}
    for name in library.dictionary.facts:
        fact = facts[name]
        if not fact.known or not (name in used or name in CONCERNED):
            continue
        if name in PRESSURE:
            told[f"Blood pressure {say_pressure(facts, record)}"] = None
            continue
        refs = [ref for ref in fact.refs if ref in record.entries]
        if fact.value is True and refs:
            told |= dict.fromkeys(say_entry(record.entries[ref], record, ()) for ref in refs)
        elif name != "sex" and fact.origin:
            told[say_fact(name, facts, library.dictionary)] = None
    return [line for line in told if line]


def _stands(verdicts: list[PackVerdict]) -> list[str]:
    return [
        f"- **{each.criterion.id}**, {verdict.pack.short} ({each.criterion.strength}): "
        f"{each.criterion.statement} {md(each.reason)}."
        for verdict in verdicts
        for each in verdict.criteria
        if each.criterion.counts and each.finding is Finding.NOT_MET and each.refs
    ]
