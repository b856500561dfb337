"""Packs: what one organisation asks, in one edition, as criteria with sources.

Read from content/guidelines/packs/*.toml. A criterion is a predicate on facts
(``require``) with an IF part (``applies_when``), or advice, or a question to a
named role. Types, units and names are checked here against the dictionary, so
that a pack that loads can be evaluated.

A pack of the kind "payer" holds what somebody who pays asks before paying. It
says nothing about care: the library keeps it apart, so that no verdict on care
can stand on it. Its numbers stand in ``[[parameter]]`` and are named in braces in
its sentences and predicates, so that both change together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from typing import Literal as Choice

import msgspec

from evenkeel.core.guidelines.predicates.tree import Node, PredicateFault, facts_in, read_predicate
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.units import ONE
from evenkeel.core.kernel.content import ContentFault, content, files_below, read_toml
from evenkeel.core.kernel.sources import Mark, Source, Status

Strength = Choice["must", "should", "consider", "may"]
Stage = Choice["screening", "setting", "day", "dose", "live", "leave", "after", "records"]
Role = Choice["coordinator", "nurse", "prescriber", "pharmacist", "administrator"]


class _Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One [[criterion]]."""

    id: str
    topic: str
    also: list[str] = []
    stage: Stage
    statement: str
    strength: Strength
    place: str
    url: str
    mark: Mark
    edition: str
    applies_when: str = ""
    require: str = ""
    advice: bool = False
    asked_of: Role | None = None
    question: str = ""
    note: str = ""
    status: Status = Status.DRAFT
    from_: date | None = msgspec.field(name="from", default=None)
    until: date | None = None


class Parameter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One number of a payer pack that a site may change. why: where it comes from."""

    name: str
    value: int
    unit: str
    why: str


class PacketNeeds(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What a payer wants beside its criteria.

    request: "first" or "again". diagnosis: facts whose entries carry the diagnosis.
    scores: scales by id, the one that counts first. parts: optional parts of the packet.
    """

    request: Choice["first", "again"]
    diagnosis: list[str]
    scores: list[str]
    parts: list[Choice["scores", "trials", "treatments", "safeguards", "guidelines"]]


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    kind: Choice["guideline", "payer"] = "guideline"
    illustrative: bool = False
    parameter: list[Parameter] = []
    packet: PacketNeeds | None = None
    title: str
    short: str
    subtitle: str
    publisher: str
    edition: str
    jurisdiction: str
    products: list[str]
    indications: list[str]
    order: int
    shown: bool = False
    status: Status = Status.DRAFT
    from_: date | None = msgspec.field(name="from", default=None)
    until: date | None = None
    criterion: list[_Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One rule of one pack.

    also: further topics that it names.
    require: None for advice, which never stands in the way.
    blocks: False where the source was too weakly read to bind anybody.
    since, until: first and last day in force, both included, where the source names
        them; None = it names none, and then no day is ruled out.
    """

    id: str
    topic: str
    also: tuple[str, ...]
    stage: Stage
    statement: str
    strength: Strength
    source: Source
    edition: str
    status: Status
    applies_when: Node | None
    require: Node | None
    applies_text: str
    require_text: str
    asked_of: str
    note: str
    facts: tuple[str, ...]
    since: date | None = None
    until: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether it speaks on that day; out of force it applies to nobody."""
        early = self.since is not None and day < self.since
        return not early and not (self.until is not None and day > self.until)

    @property
    def blocks(self) -> bool:
        return self.source.mark is not Mark.KNOWN_VERIFY

    @property
    def binds(self) -> bool:
        """Whether it can stand in somebody's way at its stage."""
        weighs = self.require is not None and self.strength in ("must", "should")
        return weighs and self.blocks

    @property
    def counts(self) -> bool:
        """Whether it takes part in the pack's verdict at screening."""
        return self.stage == "screening" and self.binds


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """All criteria of one guideline, or of one payer, in one edition.

    kind: "guideline" or "payer". illustrative: nobody's policy, an example to be replaced.
    """

    id: str
    title: str
    short: str
    subtitle: str
    publisher: str
    edition: str
    jurisdiction: str
    products: tuple[str, ...]
    indications: tuple[str, ...]
    order: int
    shown: bool
    status: Status
    criteria: tuple[Criterion, ...]
    kind: str = "guideline"
    illustrative: bool = False
    parameters: tuple[Parameter, ...] = ()
    packet: PacketNeeds | None = None
    since: date | None = None
    until: date | None = None

    @property
    def is_payers(self) -> bool:
        return self.kind == "payer"


def load_packs(dictionary: Dictionary, root: Traversable | None = None) -> dict[str, Pack]:
    """Read and check every pack below ``root``, or every one that is shipped.

    Raises:
        ContentFault: with file, line, criterion, what is wrong and the nearest right name.
    """
    packs: dict[str, Pack] = {}
    seen: dict[str, str] = {}
    for place in files_below(content("guidelines", "packs", root=root), ".toml"):
        read = read_toml(place, _File)
        lines = place.read_text(encoding="utf-8").splitlines()
        if read.id in packs:
            raise ContentFault(f"{place.name}: pack {read.id} is defined twice")
        criteria: list[Criterion] = []
        for row in read.criterion:
            line = next((n for n, text in enumerate(lines, 1) if f'"{row.id}"' in text), 0)
            where = f"{place.name}:{line}: {row.id}"
            if row.id in seen:
                raise ContentFault(f"{where}: this criterion also stands in {seen[row.id]}")
            seen[row.id] = place.name
            criteria.append(_criterion(_filled(row, read, where), read, where, dictionary))
        _check_kind(read, dictionary, place.name)
        packs[read.id] = Pack(
            id=read.id,
            title=read.title,
            short=read.short,
            subtitle=read.subtitle,
            publisher=read.publisher,
            edition=read.edition,
            jurisdiction=read.jurisdiction,
            products=tuple(read.products),
            indications=tuple(read.indications),
            order=read.order,
            shown=read.shown,
            status=read.status,
            criteria=tuple(criteria),
            since=read.from_,
            until=read.until,
            kind=read.kind,
            illustrative=read.illustrative,
            parameters=tuple(read.parameter),
            packet=read.packet,
        )
    return dict(sorted(packs.items(), key=lambda item: item[1].order))


def asked_fact(criterion_id: str) -> str:
    """The fact that holds a role's answer to a criterion that no machine decides."""
    return f"says_{criterion_id.lower().replace('-', '_')}"


_BRACED = re.compile(r"\{(\w*)\}")


def _filled(row: _Row, pack: _File, where: str) -> _Row:
    """The row with the pack's parameters in place of their names in braces."""
    values: Mapping[str, str] = {each.name: str(each.value) for each in pack.parameter}

    def number(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ContentFault(f"{where}: there is no parameter {found[1]}; {sorted(values)} are")
        return values[found[1]]

    def filled(text: str) -> str:
        return _BRACED.sub(number, text)

    return msgspec.structs.replace(
        row,
        statement=filled(row.statement),
        applies_when=filled(row.applies_when),
        require=filled(row.require),
        question=filled(row.question),
        note=filled(row.note),
    )


def _check_kind(pack: _File, dictionary: Dictionary, where: str) -> None:
    """A payer's pack is told apart from a guideline, and an example from a policy."""
    payers = pack.kind == "payer"
    if payers != (pack.packet is not None):
        raise ContentFault(f"{where}: a payer pack has its [packet], and only a payer pack has one")
    if not payers and (pack.illustrative or pack.parameter):
        raise ContentFault(f"{where}: only a payer pack is illustrative or has parameters")
    if payers and pack.shown:
        raise ContentFault(f"{where}: a payer pack is never shown beside guidelines")
    if pack.illustrative and any(row.mark is not Mark.JUDGEMENT for row in pack.criterion):
        raise ContentFault(f'{where}: in an illustrative pack every mark is "judgement"')
    for name in pack.packet.diagnosis if pack.packet is not None else ():
        if name not in dictionary:
            nearest = dictionary.nearest(name)
            raise ContentFault(f"{where}: there is no fact {name}; the nearest is {nearest}")


def _criterion(row: _Row, pack: _File, where: str, dictionary: Dictionary) -> Criterion:
    ways = [bool(row.require), row.advice, bool(row.asked_of)]
    if sum(ways) != 1:
        raise ContentFault(f"{where}: give exactly one of require, advice and asked_of")
    if bool(row.asked_of) != bool(row.question):
        raise ContentFault(f"{where}: asked_of needs a question, and a question asked_of")
    since, until = row.from_ or pack.from_, row.until or pack.until
    if since and until and since > until:
        raise ContentFault(f"{where}: it ends on {until}, before it begins on {since}")
    require_text = row.require
    if row.asked_of:
        require_text = asked_fact(row.id)
        dictionary.facts[require_text] = FactDefinition(
            name=require_text,
            kind=Kind.YES_NO,
            label=row.statement,
            question=row.question,
            asked_of=row.asked_of,
            unit=ONE,
            judgement=True,
            fresh_days=365,
        )
    try:
        applies = read_predicate(row.applies_when, dictionary) if row.applies_when else None
        require = read_predicate(require_text, dictionary) if require_text else None
    except PredicateFault as fault:
        raise ContentFault(f"{where}: {fault}") from fault
    names = [name for node in (applies, require) if node is not None for name in facts_in(node)]
    return Criterion(
        id=row.id,
        topic=row.topic,
        also=tuple(row.also),
        stage=row.stage,
        statement=row.statement,
        strength=row.strength,
        source=Source(title=pack.title, at=row.place, url=row.url, mark=row.mark),
        edition=row.edition,
        status=row.status,
        applies_when=applies,
        require=require,
        applies_text=row.applies_when,
        require_text=require_text,
        asked_of=row.asked_of or "",
        note=row.note,
        facts=tuple(dict.fromkeys(names)),
        since=since,
        until=until,
    )
