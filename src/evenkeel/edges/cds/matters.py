"""What published criteria say about an order, sorted into matters.

In: orders, a record, the content. Out: a ``Matter`` for each thing that a prescriber
should look at, with every criterion that says so, from every guideline of the product,
and those that say otherwise. Criteria that rest on the same entries of the record are
one matter, whichever guideline they stand in.

How urgent (docs/reference/cds-hooks.md gives the reasons):
- critical: a ``must`` of screening is not met, its source was read (seen or
  seen-secondary), the record itself says so, and a code says which drug it is;
- warning: any other rule that is not met, a judgement to be made, a suspicion to be
  settled, advice that says must or should;
- info: the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum

from evenkeel.core.guidelines.changes.changes import supposing
from evenkeel.core.guidelines.facts.derive import derive_facts
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.terms.values import Answer, Facts
from evenkeel.core.guidelines.verdicts.verdicts import (
    CriterionVerdict,
    Finding,
    PackVerdict,
    choice_words,
    judge_criterion,
    judge_pack,
)
from evenkeel.core.kernel.sources import Mark
from evenkeel.core.safeguards import safeguards
from evenkeel.edges.cds.orders import Order
from evenkeel.edges.cds.record import Record
from evenkeel.edges.cds.words import PRESSURE, is_suspicion

READ = (Mark.SEEN, Mark.SEEN_SECONDARY)
STILL = "the pressure is still as it was"
_BINDS_NOW = ("screening", "day", "dose", "live")
# Which product's guidelines are shown where an order's own has none.
_NEAREST = {"esketamine": "esketamine_nasal", "ketamine": "racemic_iv"}
_NEAREST_WORDS = {"esketamine": "esketamine into the nose", "ketamine": "ketamine into a vein"}


class Urgency(IntEnum):
    """As a card shows it; the higher comes first."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def indicator(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One criterion in one matter, for one order.

    aside: the product it is about, where it is not the order's own. supposing: what it
    was judged under, where that is not known ("it is for …"). otherwise: it stands in
    nobody's way, and is shown because it speaks of the same thing. hint: facts that the
    record only suspects.
    """

    order: Order
    pack: Pack
    verdict: CriterionVerdict
    aside: str = ""
    supposing: str = ""
    otherwise: bool = False
    hint: tuple[str, ...] = ()

    @property
    def criterion(self) -> Criterion:
        return self.verdict.criterion


@dataclass(slots=True, kw_only=True)
class Matter:
    """One thing to look at. facts: on which it rests. refs: the entries behind them."""

    key: tuple[str, ...]
    topic: str
    urgency: Urgency
    facts: dict[str, None] = field(default_factory=dict)
    refs: frozenset[str] = frozenset()
    lines: list[Line] = field(default_factory=list)

    @property
    def orders(self) -> list[Order]:
        said = (line for line in self.lines if not line.otherwise)
        return list({line.order.ref: line.order for line in said}.values())

    @property
    def lead(self) -> Line:
        """The line that the card opens with."""
        said = [line for line in self.lines if not line.otherwise]
        return min(said, key=lambda line: (bool(line.aside), -urgency_of(line), line.pack.order))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One order: its facts and every pack's verdict. packs: with whom they are aside for."""

    order: Order
    facts: Facts
    packs: tuple[tuple[PackVerdict, str], ...]


def judge(order: Order, record: Record, library: Library, as_of: date) -> Judged:
    """Every guideline of the order's product, and of its nearest one where it has none."""
    told = {**order.says, **order.words_say}
    answers = [
        Answer(name=name, value=value, at=as_of, by="the draft order")
        for name, value in told.items()
    ]
    facts = derive_facts(record.chart, knowledge=library.knowledge, as_of=as_of, answers=answers)
    verdicts = tuple(
        (judge_pack(pack, facts, library.dictionary), aside)
        for pack, aside in _packs(order, library)
    )
    return Judged(order=order, facts=facts, packs=verdicts)


def _packs(order: Order, library: Library) -> Iterator[tuple[Pack, str]]:
    own = order.product
    nearest = _NEAREST[order.drug]
    for pack in library.packs.values():
        if pack.kind != "guideline":
            continue
        if own and own in pack.products:
            yield pack, ""
        elif own != nearest and nearest in pack.products:
            yield pack, _NEAREST_WORDS[order.drug]


def matters_of(judged: Judged, record: Record, library: Library) -> list[Matter]:
    """What stands in the order's way or needs a look, each once."""
    found: dict[tuple[str, ...], Matter] = {}
    for line in _lines(judged, record, library):
        for key, names in _keys(line, judged):
            topic = line.criterion.topic
            matter = found.setdefault(key, Matter(key=key, topic=topic, urgency=Urgency.INFO))
            matter.lines.append(line)
            matter.facts |= dict.fromkeys(names)
            if key[0] == "entries":
                matter.refs = frozenset(key[1:])
    for matter in found.values():
        _settle(matter)
        matter.lines += _otherwise(matter, judged)
    return list(found.values())


def _settle(matter: Matter) -> None:
    said = [line for line in matter.lines if not line.otherwise]
    matter.urgency = max(urgency_of(line) for line in said)
    matter.topic = matter.lead.criterion.topic


def joined(matters: Iterable[Matter], library: Library) -> list[Matter]:
    """One list, the most urgent first; what rests on the same entries is one matter."""
    by_key: dict[tuple[str, ...], Matter] = {}
    for matter in matters:
        first = by_key.setdefault(matter.key, matter)
        if first is not matter:
            _merge(first, matter)
    topics = list(library.topics)
    order = sorted(
        by_key.values(),
        key=lambda m: (-m.urgency, topics.index(m.topic), m.key),
    )
    kept: list[Matter] = []
    for matter in order:
        whole = next((k for k in kept if matter.refs and matter.refs <= k.refs), None)
        if whole is None:
            kept.append(matter)
        else:
            _merge(whole, matter)
    return kept


def _merge(into: Matter, other: Matter) -> None:
    into.facts |= other.facts
    into.lines += other.lines
    _settle(into)
    seen: set[tuple[str, str, str]] = set()
    lines: list[Line] = []
    for line in sorted(into.lines, key=lambda line: line.otherwise):
        same = (line.order.ref, line.criterion.id, line.supposing)
        if same not in seen:
            seen.add(same)
            lines.append(line)
    into.lines = lines


def _lines(judged: Judged, record: Record, library: Library) -> Iterator[Line]:
    for pack_verdict, aside in judged.packs:
        for verdict in pack_verdict.criteria:
            line = Line(order=judged.order, pack=pack_verdict.pack, verdict=verdict, aside=aside)
            if not _speaks_now(line.criterion) or (aside and _only_of_its_own(line.criterion)):
                continue
            if _is_said(verdict):
                yield line
            elif verdict.finding is Finding.UNKNOWN and line.criterion.binds:
                hint = tuple(n for n in verdict.missing if is_suspicion(judged.facts[n], record))
                if hint:
                    yield replace(line, hint=hint)
                elif set(line.criterion.facts) & set(PRESSURE):
                    yield from _still(line, judged, library)
                elif line.criterion.stage == "dose":
                    yield from _supposed(line, judged, library)


def _still(line: Line, judged: Judged, library: Library) -> Iterator[Line]:
    """A pressure that is too old to count, and would matter if it were still so.

    It is no fact any more; that it was high is no reason to be silent about it.
    """
    facts = judged.facts
    for name in PRESSURE:
        old = facts[name].old_value
        if facts[name].known or old is None:
            return
        facts = supposing(facts, name, old)
    verdict = judge_criterion(line.criterion, facts, library.dictionary)
    if _is_said(verdict):
        yield replace(line, verdict=verdict, supposing=STILL)


def _speaks_now(criterion: Criterion) -> bool:
    """Whether it is about the time before a dose; of later stages only advice is shown."""
    if criterion.strength == "may":
        return False
    later = criterion.stage == "after" and criterion.require is None
    return later or criterion.stage in _BINDS_NOW


def _only_of_its_own(criterion: Criterion) -> bool:
    """Doses and mild advice of another product say nothing of this one."""
    return criterion.stage == "dose" or criterion.strength not in ("must", "should")


def _is_said(verdict: CriterionVerdict) -> bool:
    """Not met, to be judged because of something in the record, or advice for this person."""
    if verdict.finding is Finding.NOT_MET:
        return True
    if verdict.criterion.applies_when is None:
        return False
    advice = verdict.finding is Finding.MET and verdict.criterion.require is None
    return advice or verdict.finding is Finding.JUDGE


def _supposed(line: Line, judged: Judged, library: Library) -> Iterator[Line]:
    """A dose that would be wrong for one of the uses, while the use is not known."""
    if "indication" not in line.verdict.missing:
        return
    if not {"dose_mg", "iv_dose_mg_per_kg"} & set(line.criterion.facts) & set(judged.order.says):
        return
    for use in library.dictionary["indication"].values:
        facts = supposing(judged.facts, "indication", use)
        verdict = judge_criterion(line.criterion, facts, library.dictionary)
        if verdict.finding is Finding.NOT_MET:
            yield replace(line, verdict=verdict, supposing=f"it is for {choice_words(use)}")


def _keys(line: Line, judged: Judged) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The matters that a line belongs to: by the entries of its facts, else by the order."""
    names = line.hint or line.verdict.deciding
    told = {**judged.order.says, **judged.order.words_say}
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        refs = [ref for ref in judged.facts[name].refs if not ref.startswith("Patient/")]
        if refs and name not in told:
            groups.setdefault(("entries", *sorted(set(refs))), []).append(name)
    if groups:
        yield from groups.items()
    elif any(name in told for name in names):
        yield ("order", judged.order.ref, line.criterion.topic), list(names)
    elif any(judged.facts[name].refs for name in names):
        yield ("person", *sorted(names)), list(names)


def _otherwise(matter: Matter, judged: Judged) -> Iterator[Line]:
    """Criteria of the same topics and facts that are in nobody's way."""
    topics = {line.criterion.topic for line in matter.lines}
    shown = {line.criterion.id for line in matter.lines}
    for pack_verdict, aside in judged.packs:
        for verdict in pack_verdict.criteria:
            criterion = verdict.criterion
            if (
                aside
                or criterion.id in shown
                or criterion.topic not in topics
                or criterion.stage not in _BINDS_NOW
                or verdict.finding not in (Finding.MET, Finding.NOT_APPLICABLE)
                or criterion.require is None
            ):
                continue
            if set(criterion.facts) & set(matter.facts) - _EVERYBODYS:
                yield Line(
                    order=judged.order, pack=pack_verdict.pack, verdict=verdict, otherwise=True
                )


_EVERYBODYS = frozenset({"age_years", "sex", "product", "setting", "session_number"})


def urgency_of(line: Line) -> Urgency:
    """How urgent one criterion is; see the module."""
    criterion, finding = line.criterion, line.verdict.finding
    strong = criterion.strength in ("must", "should")
    if finding is Finding.NOT_MET:
        hard = (
            criterion.strength == "must"
            and criterion.stage == "screening"
            and criterion.source.mark in READ
        )
        told = set(line.verdict.deciding)
        by_guess = bool(line.supposing or told & set(line.order.words_say))
        # A safeguard binds whichever guideline is followed.
        binds_here = not line.aside or told & {each.fact for each in safeguards()}
        if hard and line.order.certain and binds_here and not by_guess:
            return Urgency.CRITICAL
    return Urgency.WARNING if strong and criterion.blocks else Urgency.INFO
