"""What is not known, as one card: never a silent empty answer.

In: a record, facts, verdicts. Out: lines that name what did not come, what came and is
too old, what is only history, and the facts that published criteria wait for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from evenkeel.core.guidelines.changes.changes import questions
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.verdicts.verdicts import PackVerdict
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.safeguards import safeguards
from evenkeel.edges.cds.cards import Card, first_upper, make, say_order
from evenkeel.edges.cds.matters import Judged, Matter, Urgency
from evenkeel.edges.cds.offered import CALLED
from evenkeel.edges.cds.orders import Nameless, Order
from evenkeel.edges.cds.record import Record
from evenkeel.edges.cds.words import PRESSURE, is_past, is_suspicion, md, say_pressure, say_when

SOURCE = "Evenkeel: what is not known"
ABSENT = "What is not in the record is not known to be absent in the person."
_MOST = 10
_MOST_UNREAD = 20


@dataclass(slots=True)
class Gaps:
    """Lines by kind, and the few words that the summary takes from them."""

    not_received: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    not_fresh: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    urgent: bool = False

    @property
    def parts(self) -> list[str]:
        named = (
            ("Not received", self.not_received),
            ("Received and not readable; it was left out", self.unread),
            ("Missing or too old", self.not_fresh),
            ("History, not how it is now", self.history),
            ("Open questions of published criteria, the most telling first", self.open),
        )
        return [
            f"**{title}**\n\n" + "\n".join(f"- {line}" for line in lines)
            for title, lines in named
            if lines
        ]


def find(
    record: Record,
    facts: Facts,
    verdicts: Iterable[PackVerdict],
    library: Library,
    *,
    per_weight: bool = False,
    elsewhere: Iterable[str] = (),
) -> Gaps:
    """Everything that is not known. elsewhere: facts that another card speaks of."""
    gaps = Gaps()
    for gap in record.gaps:
        gaps.not_received.append(f"{first_upper(CALLED[gap.key])} (`{gap.key}`): {gap.why}")
    gaps.unread = [md(line, 400) for line in record.unread[:_MOST_UNREAD]]
    if len(record.unread) > _MOST_UNREAD:
        gaps.unread.append(f"and {len(record.unread) - _MOST_UNREAD} more")
    gaps.urgent = bool(gaps.not_received or gaps.unread)
    keys = list(dict.fromkeys(gap.key for gap in record.gaps))
    if keys:
        gaps.short.append(f"not received: {', '.join(CALLED[key] for key in keys)}")
    if gaps.unread:
        gaps.short.append(f"{len(record.unread)} not readable")
    _pressure(gaps, record, facts)
    if per_weight and not facts["body_weight"].known:
        note = facts["body_weight"].note or "not in the record"
        gaps.not_fresh.append(f"Weight: {md(note)}, and the dose is ordered per kilogram. Weigh.")
        gaps.short.append("weight missing for a dose per kg")
        gaps.urgent = True
    _open(gaps, record, facts, list(verdicts), library, {*elsewhere, *PRESSURE})
    return gaps


def _pressure(gaps: Gaps, record: Record, facts: Facts) -> None:
    if all(facts[name].known for name in PRESSURE):
        return
    old = say_pressure(facts, record)
    if old:
        gaps.not_fresh.append(
            f"Blood pressure: the newest that can be used is {old}: too old. Take a fresh one."
        )
        gaps.short.append("pressure too old, take a fresh one")
    else:
        gaps.not_fresh.append("Blood pressure: none that can be used. Measure it before the dose.")
        gaps.short.append("no blood pressure")
    gaps.urgent = True


def _open(
    gaps: Gaps,
    record: Record,
    facts: Facts,
    verdicts: list[PackVerdict],
    library: Library,
    elsewhere: set[str],
) -> None:
    guarded = [each.fact for each in safeguards() if not facts[each.fact].known]
    # The guidelines that screening shows are enough to ask by. One that says no for one
    # reason still waits for other facts.
    main = [verdict for verdict in verdicts if verdict.pack.shown] or verdicts
    waiting = [replace(verdict, answer=Answer.UNKNOWN) for verdict in main]
    asked = questions(waiting, guarded, facts, library.dictionary)
    listed = [q.fact for q in asked if q.fact not in elsewhere]
    for name in listed:
        past = is_past(facts[name], record)
        if past is not None:
            ended = f", ended {say_when(past.abated)}" if past.abated is not None else ""
            status = past.clinical or "with an end"
            line = f"{md(past.code.words)} ({past.ref}): recorded as {status}{ended}"
            if line not in gaps.history:
                gaps.history.append(line)
    for name in listed[:_MOST]:
        definition = library.dictionary[name]
        who = f" ({definition.asked_of})"
        gaps.open.append(f"{definition.label}{who}: {definition.question}")
    if len(listed) > _MOST:
        gaps.open.append(f"and {len(listed) - _MOST} more")
    if listed:
        labels = [library.dictionary[name].label for name in listed[:3]]
        more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
        gaps.short.append(f"not known: {', '.join(labels)}{more}")


def card_of_orders(
    judged: list[Judged], matters: list[Matter], record: Record, library: Library
) -> Card:
    """What is not known for the orders that were judged."""
    spoken = {name for matter in matters for name in matter.facts}
    first = judged[0]
    verdicts = {
        verdict.pack.id: verdict
        for each in judged
        for verdict, aside in each.packs
        if not aside or not any(not other for _, other in each.packs)
    }
    gaps = find(
        record,
        first.facts,
        verdicts.values(),
        library,
        per_weight=any(each.order.per_weight for each in judged),
        elsewhere={
            n for n in spoken if first.facts[n].known or is_suspicion(first.facts[n], record)
        },
    )
    orders = [each.order for each in judged]
    doubts = [f"{md(o.called)} ({o.ref}): {md(doubt)}" for o in orders for doubt in o.doubts]
    if any("route" in doubt for order in orders for doubt in order.doubts):
        gaps.short.insert(0, "route not clear")
    drug = " and ".join(dict.fromkeys(order.drug for order in orders))
    detail = [
        f"**{'Order' if len(orders) == 1 else 'Orders'}:** " + "; ".join(map(say_order, orders)),
        *gaps.parts,
        *(
            ["**Left open by the order**\n\n" + "\n".join(f"- {d}" for d in doubts)]
            if doubts
            else []
        ),
        ABSENT,
    ]
    return make(
        matter="missing",
        urgency=Urgency.WARNING if gaps.urgent else Urgency.INFO,
        summary=f"{first_upper(drug)}, {'; '.join(gaps.short) or 'nothing is missing'}",
        detail=detail,
        label=SOURCE,
        topic="What is not known",
        library=library,
    )


def card_of_two(others: list[str], asked: list[Order], library: Library) -> Card:
    """Two products of one drug at once. No published criterion is claimed for it."""
    listed = "\n".join(f"- {say_order(one)}" for one in asked)
    more = "\n".join(f"- {md(other)}" for other in others)
    return make(
        matter="two_products",
        urgency=Urgency.WARNING,
        summary="Ketamine and esketamine, or two orders of one of them, at once: "
        "make sure that both are meant",
        detail=[
            "**Ordered or taken at once**\n\n" + "\n".join(part for part in (listed, more) if part),
            "Their effects on pressure, sedation and dissociation add up. This is a check of "
            "this service; no published criterion is claimed for it.",
        ],
        label="Evenkeel: orders beside each other",
        topic="Two products at once",
        library=library,
    )


def card_of_nameless(orders: list[Nameless], library: Library) -> Card:
    """A drug order that does not say which drug it is cannot be passed over in silence."""
    listed = ", ".join(order.ref for order in orders)
    return make(
        matter="nameless",
        urgency=Urgency.INFO,
        summary="An order does not say which drug it is: not checked for ketamine or esketamine",
        detail=[
            f"{md(listed, 400)}: neither a code nor words for the drug came with the order, and "
            "the Medication that it points to did not come. If it is ketamine or esketamine, "
            "nothing was checked."
        ],
        label=SOURCE,
        topic="What is not known",
        library=library,
    )
