"""Walk a predicate for one patient, in Kleene's three-valued logic.

In: a predicate and the facts. Out: true, false or not known; the facts that
decided it; the facts whose absence keeps it open. A false part settles an AND
whatever else is missing, and a true part settles an OR.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, DivisionByZero, InvalidOperation

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
)
from evenkeel.core.guidelines.terms.values import Facts, Range, Value


@dataclass(frozen=True, slots=True)
class Outcome:
    """value: None = not known.

    deciding: facts that made it true or false. missing: facts that could settle it.
    """

    value: bool | None
    deciding: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A value of any kind, with the facts it was made of and those it lacks."""

    value: Value | None
    used: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def evaluate(node: Node, facts: Facts) -> Outcome:
    """Whether a condition holds for this person."""
    match node:
        case And(parts):
            return _join([evaluate(part, facts) for part in parts], settled_by=False)
        case Or(parts):
            return _join([evaluate(part, facts) for part in parts], settled_by=True)
        case Not(of):
            inner = evaluate(of, facts)
            value = None if inner.value is None else not inner.value
            return Outcome(value, inner.deciding, inner.missing)
        case IsKnown(name):
            return Outcome(facts[name].known, (name,))
        case Compare(op, left, right):
            a, b = _value(left, facts), _value(right, facts)
            return _outcome(compare_values(op, a.value, b.value), a, b)
        case OneOf(left, values):
            found = _value(left, facts)
            if found.value is None:
                return _outcome(None, found)
            answers = [compare_values("=", found.value, value) for value in values]
            answer = True if True in answers else (None if None in answers else False)
            return _outcome(answer, found)
        case _:
            found = _value(node, facts)
            return _outcome(found.value if isinstance(found.value, bool) else None, found)


def _join(outcomes: list[Outcome], *, settled_by: bool) -> Outcome:
    settling = [outcome for outcome in outcomes if outcome.value is settled_by]
    if settling:
        return Outcome(settled_by, _union(outcome.deciding for outcome in settling))
    unknown = [outcome for outcome in outcomes if outcome.value is None]
    if unknown:
        return Outcome(
            None,
            _union(outcome.deciding for outcome in outcomes),
            _union(outcome.missing for outcome in unknown),
        )
    return Outcome(not settled_by, _union(outcome.deciding for outcome in outcomes))


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))


def _outcome(value: bool | None, *found: _Found) -> Outcome:
    used = _union(part.used for part in found)
    missing = _union(part.missing for part in found)
    # A range that straddles a limit is known, yet not well enough: ask for it again.
    return Outcome(value, used, () if value is not None else missing or used)


def _value(node: Node, facts: Facts) -> _Found:
    match node:
        case Literal(value):
            return _Found(value)
        case FactRef(name):
            fact = facts[name]
            if fact.value is None:
                return _Found(None, (), (name,))
            return _Found(fact.value, (name,))
        case Arithmetic(op, left, right):
            a, b = _value(left, facts), _value(right, facts)
            used, missing = _union((a.used, b.used)), _union((a.missing, b.missing))
            if isinstance(a.value, Range) and isinstance(b.value, Range):
                return _Found(_reckon(op, a.value, b.value), used, missing)
            return _Found(None, used, missing)
        case Call(name, args):
            return _call(name, [_value(arg, facts) for arg in args], facts)
        case Case(whens, otherwise):
            return _case(whens, otherwise, facts)
        case _:
            outcome = evaluate(node, facts)
            return _Found(outcome.value, outcome.deciding, outcome.missing)


def _case(whens: tuple[tuple[Node, Node], ...], otherwise: Node, facts: Facts) -> _Found:
    used: tuple[str, ...] = ()
    for place, (condition, value) in enumerate(whens):
        outcome = evaluate(condition, facts)
        used = _union((used, outcome.deciding))
        if outcome.value is True:
            found = _value(value, facts)
            return _Found(found.value, _union((used, found.used)), found.missing)
        if outcome.value is None:
            arms = [_value(branch, facts) for branch in (*(b for _, b in whens[place:]), otherwise)]
            if arms[0].value is not None and all(arm.value == arms[0].value for arm in arms):
                return _Found(arms[0].value, _union((used, *(arm.used for arm in arms))))
            # The condition settles it, and so could arms that turn out to be the same.
            open_arms = (arm.missing for arm in arms)
            return _Found(None, used, _union((outcome.missing, *open_arms)))
    found = _value(otherwise, facts)
    return _Found(found.value, _union((used, found.used)), found.missing)


def _call(name: str, args: list[_Found], facts: Facts) -> _Found:
    used = _union(arg.used for arg in args)
    missing = _union(arg.missing for arg in args)
    if name == "DAYS_SINCE":
        day = args[0].value
        known = isinstance(day, date)
        days = Range.exactly((facts.as_of - day).days) if isinstance(day, date) else None
        return _Found(days if known else None, used, missing)
    ranges = [arg.value for arg in args if isinstance(arg.value, Range)]
    if len(ranges) != len(args):
        return _Found(None, used, missing)
    if name == "ABS":
        return _Found(_absolute(ranges[0]), used, missing)
    pick = min if name == "LEAST" else max
    lows = [r.low for r in ranges]
    highs = [r.high for r in ranges]
    low = None if None in lows else pick(value for value in lows if value is not None)
    high = None if None in highs else pick(value for value in highs if value is not None)
    return _Found(Range(low, high), used, missing)


def _absolute(of: Range) -> Range:
    if of.low is not None and of.low >= 0:
        return of
    if of.high is not None and of.high <= 0:
        return Range(-of.high, None if of.low is None else -of.low)
    ends = None if of.low is None or of.high is None else max(-of.low, of.high)
    return Range(Decimal(0), ends)


def _reckon(op: str, a: Range, b: Range) -> Range | None:
    if op == "-":
        op, b = "+", Range(_minus(b.high), _minus(b.low))
    if op == "+":
        low = None if a.low is None or b.low is None else a.low + b.low
        high = None if a.high is None or b.high is None else a.high + b.high
        return Range(low, high)
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return None
    if op == "/" and b.low <= 0 <= b.high:
        return None
    try:
        ends = [
            x * y if op == "*" else x / y for x in (a.low, a.high) for y in (b.low, b.high)
        ]  # fmt: skip
    except (DivisionByZero, InvalidOperation):
        return None
    return Range(min(ends), max(ends))


def _minus(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


def compare_values(op: str, a: Value | None, b: Value | None) -> bool | None:
    """Whether a op b; None where a value is missing or a range leaves it open."""
    if a is None or b is None:
        return None
    if op == "<>":
        same = compare_values("=", a, b)
        return None if same is None else not same
    if isinstance(a, Range) and isinstance(b, Range):
        return _compare_ranges(op, a, b)
    if op == "=":
        return a == b
    if isinstance(a, date) and isinstance(b, date):
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
    return None


def _compare_ranges(op: str, a: Range, b: Range) -> bool | None:
    match op:
        case "<":
            return _below(a, b, strict=True)
        case "<=":
            return _below(a, b, strict=False)
        case ">":
            return _below(b, a, strict=True)
        case ">=":
            return _below(b, a, strict=False)
    if a.exact is not None and a.exact == b.exact:
        return True
    if _below(a, b, strict=True) or _below(b, a, strict=True):
        return False
    return None


def _below(a: Range, b: Range, *, strict: bool) -> bool | None:
    """Whether all of a lies below all of b; None when it depends."""
    if a.high is not None and b.low is not None and _ordered(a.high, b.low, strict=strict):
        return True
    if a.low is not None and b.high is not None and _ordered(b.high, a.low, strict=not strict):
        return False
    return None


def _ordered(lower: Decimal, higher: Decimal, *, strict: bool) -> bool:
    return lower < higher if strict else lower <= higher
