"""What is supposed of a registry: a fact for everybody, a criterion left out or changed.

In: what somebody wrote. Out: the same registry or pack with it. "Who becomes eligible
if" is then two packs over one table, one before and one after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches

from sqlglot import exp

from evenkeel.core.guidelines.facts.answers import read_value
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.tree import PredicateFault, facts_in, read_predicate
from evenkeel.core.guidelines.tables.conditions import FactColumn, Table, day_constant
from evenkeel.core.guidelines.tables.logic import all_of, choose, unknown
from evenkeel.core.guidelines.tables.numbers import Digits, constant
from evenkeel.core.guidelines.tables.packs import Columns
from evenkeel.core.guidelines.tables.registry import AFTER, Registry, limits
from evenkeel.core.guidelines.terms.dictionary import Dictionary, Kind
from evenkeel.core.guidelines.terms.values import Range, Value


class UnreadableSupposition(ValueError):
    """Something supposed that cannot be: says what would be right."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """value: None = that nobody knew it."""

    name: str
    value: Value | None


def read_supposed(text: str, dictionary: Dictionary) -> Supposed:
    """Read "NAME=VALUE"; VALUE is true, false, a number, a word, a day, or unknown.

    Raises:
        UnreadableSupposition: with the nearest right name, or what the value can be.
    """
    name, sign, written = (part.strip() for part in text.partition("="))
    if not sign:
        raise UnreadableSupposition(f"{text!r}: write NAME=VALUE, such as systolic_bp=135")
    if name not in dictionary:
        nearest = dictionary.nearest(name)
        hint = f"; the nearest right name is {nearest}" if nearest else ""
        raise UnreadableSupposition(f"{text!r}: there is no fact {name}{hint}")
    definition = dictionary[name]
    if written == "unknown":
        return Supposed(name, None)
    raw: object = written
    if definition.kind is Kind.YES_NO:
        raw = {"true": True, "false": False}.get(written, written)
    elif definition.kind is Kind.NUMBER:
        try:
            raw = Decimal(written)
        except InvalidOperation:
            raw = written
    try:
        return Supposed(name, read_value(raw, definition))
    except ValueError as fault:
        raise UnreadableSupposition(f"{text!r}: {fault}") from fault


def with_facts(
    registry: Registry,
    supposed: Mapping[str, Value | None],
    dictionary: Dictionary,
    *,
    where_unknown: bool,
    prefix: str = "",
) -> Registry:
    """The registry with columns of the supposed facts beside its own.

    where_unknown: only where the registry does not know the fact. prefix: begins the
    names of the new columns, so that both can stand in one query.
    """
    facts = dict(registry.table.facts)
    columns: Columns = dict(registry.columns)
    for name, value in supposed.items():
        there = facts.get(name)
        if value is None:
            if not where_unknown:
                facts.pop(name, None)
            continue
        said, size = _constant(value, dictionary, name)
        if there is None or not where_unknown:
            columns[f"{prefix}{name}"] = said
            facts[name] = FactColumn(dictionary[name].kind, f"{prefix}{name}", "", size)
            continue
        ends = [there.name, *([there.high] if there.high else [])]
        nothing = all_of(unknown(registry.columns[end]) for end in ends)
        for end in ends:
            columns[f"{prefix}{end}"] = choose([(nothing, said)], registry.columns[end])
        high = f"{prefix}{there.high}" if there.high else ""
        digits = there.digits.both(size)
        facts[name] = FactColumn(there.kind, f"{prefix}{there.name}", high, digits)
    return replace(registry, table=Table(registry.table.as_of, facts), columns=columns)


def _constant(value: Value, dictionary: Dictionary, name: str) -> tuple[exp.Expr, Digits]:
    if isinstance(value, Range):
        assert value.exact is not None
        before = max(len(str(int(abs(end)))) for end in limits(dictionary[name]))
        size = Digits(before, AFTER)
        return constant(value.exact, size), size
    if isinstance(value, bool):
        return exp.Boolean(this=value), Digits(1, 0)
    if isinstance(value, str):
        return exp.Literal.string(value), Digits(1, 0)
    return day_constant(value), Digits(1, 0)


def _find(packs: Mapping[str, Pack], criterion_id: str) -> tuple[str, Criterion]:
    every = {each.id: (pack.id, each) for pack in packs.values() for each in pack.criteria}
    if criterion_id not in every:
        close = get_close_matches(criterion_id.upper(), every, n=1, cutoff=0.3)
        hint = f"; the nearest right one is {close[0]}" if close else ""
        raise UnreadableSupposition(
            f"{criterion_id!r}: there is no such criterion in {', '.join(packs)}{hint}"
        )
    return every[criterion_id]


def without(packs: Mapping[str, Pack], criterion_id: str) -> dict[str, Pack]:
    """The packs with one criterion left out.

    Raises:
        UnreadableSupposition: no such criterion, or the only one of its pack.
    """
    where, left = _find(packs, criterion_id)
    kept = tuple(each for each in packs[where].criteria if each.id != criterion_id)
    if left.counts and not any(each.counts for each in kept):
        raise UnreadableSupposition(
            f"{criterion_id} is all that {where} asks at screening: without it the pack is silent"
        )
    return {**packs, where: replace(packs[where], criteria=kept)}


def with_requirement(
    packs: Mapping[str, Pack], text: str, dictionary: Dictionary
) -> dict[str, Pack]:
    """The packs with "CRITERION: PREDICATE" in place of what the criterion requires.

    Raises:
        UnreadableSupposition: no such criterion, advice, or a predicate that cannot be.
    """
    criterion_id, sign, predicate = (part.strip() for part in text.partition(":"))
    if not sign or not predicate:
        raise UnreadableSupposition(f"{text!r}: write CRITERION: PREDICATE")
    where, criterion = _find(packs, criterion_id)
    if criterion.require is None:
        raise UnreadableSupposition(f"{criterion_id} is advice: it requires nothing to change")
    try:
        node = read_predicate(predicate, dictionary)
    except PredicateFault as fault:
        raise UnreadableSupposition(f"{criterion_id}: {fault}") from fault
    applies = facts_in(criterion.applies_when) if criterion.applies_when is not None else ()
    changed = replace(
        criterion, require=node, require_text=predicate,
        facts=tuple(dict.fromkeys((*applies, *facts_in(node)))),
    )  # fmt: skip
    criteria = tuple(changed if each.id == criterion_id else each
                     for each in packs[where].criteria)  # fmt: skip
    return {**packs, where: replace(packs[where], criteria=criteria)}
