"""Values that matter to packs: each limit, both its sides, and one that is well.

Synthetic registries and tests draw from these, so that they stand on the limits of
the predicates rather than far from them. Nothing here says how often a value is met
with among people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Compare,
    FactRef,
    IsKnown,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
    facts_in,
)
from evenkeel.core.guidelines.tables.registry import limits
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range, Value
from evenkeel.core.guidelines.verdicts.verdicts import Finding, judge_criterion


@dataclass(frozen=True, slots=True)
class Samples:
    """values: those that predicates tell apart. well: the one that fails least."""

    definition: FactDefinition
    values: tuple[Value, ...]
    well: Value


def samples(packs: Iterable[Pack], dictionary: Dictionary, as_of: date) -> dict[str, Samples]:
    """Samples of every fact that the packs read, by name."""
    criteria = [each for pack in packs for each in pack.criteria]
    nodes = [node for each in criteria for node in (each.applies_when, each.require)
             if node is not None]  # fmt: skip
    found: dict[str, set[Value]] = {}
    for node in nodes:
        for name, value in _met(node):
            found.setdefault(name, set()).add(value)
    reading: dict[str, list[Criterion]] = {}
    for each in criteria:
        for name in each.facts:
            reading.setdefault(name, []).append(each)
    return {
        name: _sample(dictionary[name], found.get(name, set()), reading[name], dictionary, as_of)
        for name in sorted(reading)
    }


def _sample(
    definition: FactDefinition,
    met: set[Value],
    criteria: list[Criterion],
    dictionary: Dictionary,
    as_of: date,
) -> Samples:
    values = tuple(_values(definition, met, as_of))

    def fails(value: Value) -> tuple[int, int]:
        facts = Facts(as_of, {definition.name: Fact(name=definition.name, value=value)})
        findings = [judge_criterion(each, facts, dictionary).finding for each in criteria]
        return findings.count(Finding.NOT_MET), findings.count(Finding.UNKNOWN)

    return Samples(definition, values, min(values, key=fails))


def _values(definition: FactDefinition, met: set[Value], as_of: date) -> Iterator[Value]:
    match definition.kind:
        case Kind.YES_NO:
            yield from (False, True)
        case Kind.CHOICE:
            yield from definition.values
        case Kind.DAY:
            days = {value for value in met if isinstance(value, date)} | {as_of}
            yield from sorted(day + timedelta(days=n) for day in days for n in (-1, 0, 1))
        case Kind.NUMBER:
            low, high = limits(definition)
            ends = {value.exact for value in met if isinstance(value, Range)} - {None}
            step = Decimal(1) if all(end == end.to_integral() for end in ends if end is not None) \
                else Decimal("0.05")  # fmt: skip
            near = {end + n * step for end in ends if end is not None for n in (-1, 0, 1)}
            inside = sorted(value for value in near if low <= value <= high)
            for value in inside or [max(low, min(Decimal(50), high))]:
                yield Range.exactly(value)


def _met(node: Node) -> Iterator[tuple[str, Value]]:
    """Each fact with a value that stands in one comparison with it."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _met(part)
        case Not(of):
            yield from _met(of)
        case Compare(_, left, right):
            values = [side.value for side in (left, right) if isinstance(side, Literal)]
            for name in facts_in(node):
                for value in values:
                    yield name, value
            yield from _met(left)
            yield from _met(right)
        case OneOf(left, values):
            for name in facts_in(left):
                for value in values:
                    yield name, value
        case Arithmetic(_, left, right):
            yield from _met(left)
            yield from _met(right)
        case Call(_, args):
            for arg in args:
                yield from _met(arg)
        case Case(whens, otherwise):
            for condition, branch in whens:
                yield from _met(condition)
                yield from _met(branch)
            yield from _met(otherwise)
        case FactRef() | Literal() | IsKnown():
            return
