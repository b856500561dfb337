"""The finitely many values of a fact that predicates can tell apart.

In: predicates and the definition of a fact. Out: its regions, in order. Two values
of one region give every one of these predicates the same outcome, so that trying
one sample of each region is trying all values there are.

A number is cut where a predicate compares it with a plain number, also through a
sum, a product, ABS, LEAST, GREATEST or CASE; a day likewise; of a choice the values
that are not named are one region. Where two numbers or two days are compared with
each other no cut of one alone is enough: such facts are *tangled*, and a search over
their regions proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

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
from evenkeel.core.guidelines.terms.dictionary import FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Range, Value

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Region:
    """Values that no predicate at hand tells apart. sample: one of them.

    Numbers and days lie between low and high (None = no end; days as ordinals);
    low_in and high_in say whether the ends belong to it. values: of a choice.
    """

    sample: Value
    low: Decimal | None = None
    high: Decimal | None = None
    low_in: bool = True
    high_in: bool = True
    values: tuple[str, ...] = ()

    def holds(self, value: Value) -> bool:
        """Whether an exact value lies in it."""
        if isinstance(value, bool) or self.values:
            return value == self.sample or value in self.values
        place = _place(value)
        if place is None:
            return False
        above = self.low is None or (place > self.low or (self.low_in and place == self.low))
        below = self.high is None or (place < self.high or (self.high_in and place == self.high))
        return above and below

    def clipped(self, span: Range) -> Region | None:
        """The part of it that lies in a range; None where there is none."""
        if not self.meets(span):
            return None
        low, low_in, high, high_in = self.low, self.low_in, self.high, self.high_in
        if span.low is not None and (low is None or span.low > low):
            low, low_in = span.low, True
        if span.high is not None and (high is None or span.high < high):
            high, high_in = span.high, True
        if self.low == self.high or (low is not None and low_in):
            sample = low
        elif high is not None and high_in:
            sample = high
        elif low is not None and high is not None:
            sample = (low + high) / 2
        elif low is not None:
            sample = low + _ONE
        else:
            sample = high - _ONE if high is not None else Decimal(0)
        assert sample is not None
        return Region(Range.exactly(sample), low, high, low_in, high_in)

    def meets(self, span: Range) -> bool:
        """Whether any number of a range lies in it."""
        below = span.high is not None and self.low is not None
        if below and not _reaches(self.low, span.high, self.low_in):
            return False
        above = span.low is not None and self.high is not None
        return not above or _reaches(span.low, self.high, self.high_in)

    def distance(self, span: Range) -> Decimal:
        """How far its nearest end is from a range; 0 where they meet."""
        if self.low is not None and span.high is not None and span.high < self.low:
            return self.low - span.high
        if self.high is not None and span.low is not None and span.low > self.high:
            return span.low - self.high
        return Decimal(0)


def _reaches(low: Decimal | None, high: Decimal | None, with_end: bool) -> bool:
    assert low is not None
    assert high is not None
    return low < high or (with_end and low == high)


def _place(value: Value) -> Decimal | None:
    if isinstance(value, Range):
        return value.exact
    return Decimal(value.toordinal()) if isinstance(value, date) else None


@dataclass(slots=True)
class Cuts:
    """Where predicates cut each fact.

    tangled: facts that no cut of their own settles. presence: facts that are asked
    whether they are known, so that knowing more may change what was settled. switches:
    facts that decide which arm of a CASE is read.
    """

    numbers: dict[str, set[Decimal]] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=dict)
    compared: set[str] = field(default_factory=set)
    tangled: set[str] = field(default_factory=set)
    presence: set[str] = field(default_factory=set)
    switches: set[str] = field(default_factory=set)

    def regions(self, definition: FactDefinition) -> tuple[Region, ...]:
        """All regions of one fact, in rising order."""
        match definition.kind:
            case Kind.YES_NO:
                return (Region(False), Region(True))
            case Kind.CHOICE:
                return self._choices(definition)
            case Kind.DAY:
                return tuple(_days(sorted(self.numbers.get(definition.name, ()))))
        return tuple(_numbers(self._limits(definition), definition))

    def _limits(self, definition: FactDefinition) -> list[Decimal]:
        """Cuts of a number; of a tangled one a few more, so that some order is tried."""
        limits = set(self.numbers.get(definition.name, ()))
        if definition.name in self.tangled:
            least, most = definition.minimum or 0, definition.maximum
            high = Decimal(str(most if most is not None else least + 100))
            low = Decimal(str(least))
            limits |= {low, (low + high) / 2, high}
        return sorted(limits)

    def _choices(self, definition: FactDefinition) -> tuple[Region, ...]:
        named = self.named.get(definition.name, set())
        if definition.name in self.compared:
            named = set(definition.values)
        alone = [Region(value, values=(value,)) for value in definition.values if value in named]
        rest = tuple(value for value in definition.values if value not in named)
        return (*alone, Region(rest[0], values=rest)) if rest else tuple(alone)


def cuts_of(nodes: Iterable[Node], as_of: date) -> Cuts:
    """Where these predicates cut the facts that they read, on one day."""
    cuts = Cuts()
    for node in nodes:
        _walk(node, cuts, as_of)
    return cuts


def _walk(node: Node, cuts: Cuts, as_of: date) -> None:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                _walk(part, cuts, as_of)
        case Not(of):
            _walk(of, cuts, as_of)
        case Compare(_, left, right):
            _conditions(left, cuts, as_of)
            _conditions(right, cuts, as_of)
            for a in _leaves(left):
                for b in _leaves(right):
                    _cut(a, b, cuts, as_of)
        case OneOf(left, values):
            _conditions(left, cuts, as_of)
            for a in _leaves(left):
                for value in values:
                    _cut(a, Literal(value), cuts, as_of)
        case Case(whens, otherwise):
            for condition, arm in whens:
                cuts.switches.update(facts_in(condition))
                _walk(condition, cuts, as_of)
                _walk(arm, cuts, as_of)
            _walk(otherwise, cuts, as_of)
        case IsKnown(name):
            cuts.presence.add(name)
        case FactRef() | Literal() | Arithmetic() | Call():
            pass


def _conditions(node: Node, cuts: Cuts, as_of: date) -> None:
    """The conditions inside a value: those of its CASE, or the value itself if it is one."""
    match node:
        case Case(whens, otherwise):
            for condition, value in whens:
                cuts.switches.update(facts_in(condition))
                _walk(condition, cuts, as_of)
                _conditions(value, cuts, as_of)
            _conditions(otherwise, cuts, as_of)
        case Call(_, args):
            for arg in args:
                _conditions(arg, cuts, as_of)
        case Arithmetic(_, left, right):
            _conditions(left, cuts, as_of)
            _conditions(right, cuts, as_of)
        case And() | Or() | Not() | Compare() | OneOf() | IsKnown():
            _walk(node, cuts, as_of)
        case _:
            pass


def _leaves(node: Node) -> Iterator[Node]:
    """What a value can be: each arm of a CASE, each part of LEAST and GREATEST.

    Their comparison with a number hangs on the comparisons of these alone.
    """
    match node:
        case Case(whens, otherwise):
            for _, value in whens:
                yield from _leaves(value)
            yield from _leaves(otherwise)
        case Call("LEAST" | "GREATEST", args):
            for arg in args:
                yield from _leaves(arg)
        case _:
            yield node


def _cut(a: Node, b: Node, cuts: Cuts, as_of: date) -> None:
    if isinstance(a, Literal) and isinstance(b, Literal):
        return
    if isinstance(a, Literal):
        a, b = b, a
    if not isinstance(b, Literal):
        names = (*facts_in(a), *facts_in(b))
        cuts.tangled.update(names)
        cuts.compared.update(names)
        return
    value = b.value
    if isinstance(a, FactRef) and isinstance(value, str):
        cuts.named.setdefault(a.name, set()).add(value)
    elif isinstance(a, FactRef) and isinstance(value, date):
        cuts.numbers.setdefault(a.name, set()).add(Decimal(value.toordinal()))
    elif isinstance(value, Range) and value.exact is not None:
        _cut_number(a, value.exact, cuts, as_of)


def _cut_number(node: Node, limit: Decimal, cuts: Cuts, as_of: date) -> None:
    """Where a reckoned number of one fact meets a limit."""
    match node:
        case FactRef(name):
            cuts.numbers.setdefault(name, set()).add(limit)
            return
        case Call("DAYS_SINCE", (FactRef(name),)):
            today = Decimal(as_of.toordinal())
            for way in (ROUND_FLOOR, ROUND_CEILING):
                day = today - limit.to_integral_value(way)
                if 1 <= day <= date.max.toordinal():
                    cuts.numbers.setdefault(name, set()).add(day)
            return
        case Call("ABS", (inner,)):
            for leaf in _leaves(inner):
                _cut_number(leaf, limit, cuts, as_of)
                _cut_number(leaf, -limit, cuts, as_of)
            return
        case Arithmetic(op, left, Literal(Range(low, high))) if low is not None and low == high:
            turned = _undo(op, limit, low)
            if turned is not None:
                for leaf in _leaves(left):
                    _cut_number(leaf, turned, cuts, as_of)
                return
        case Arithmetic(op, Literal(Range(low, high)), right) if low is not None and low == high:
            turned = _undo_right(op, limit, low)
            if turned is not None:
                for leaf in _leaves(right):
                    _cut_number(leaf, turned, cuts, as_of)
                return
        case _:
            pass
    cuts.tangled.update(facts_in(node))
    for name in facts_in(node):
        cuts.numbers.setdefault(name, set()).add(limit)


def _undo(op: str, limit: Decimal, by: Decimal) -> Decimal | None:
    """x where ``x op by`` meets the limit; None where it cannot be said exactly."""
    if op == "+":
        return limit - by
    if op == "-":
        return limit + by
    if by == 0:
        return None
    turned = limit / by if op == "*" else limit * by
    return turned if (turned * by if op == "*" else turned / by) == limit else None


def _undo_right(op: str, limit: Decimal, by: Decimal) -> Decimal | None:
    """x where ``by op x`` meets the limit; a quotient by x is not cut by one number."""
    if op in "+*":
        return _undo(op, limit, by)
    return by - limit if op == "-" else None


def _days(cuts: list[Decimal]) -> Iterator[Region]:
    if not cuts:
        yield Region(date(2000, 1, 1), Decimal(1), Decimal(date.max.toordinal()))
        return
    for low, high in _whole_spans(cuts, Decimal(1), Decimal(date.max.toordinal())):
        sample = low if high == date.max.toordinal() else high
        yield Region(date.fromordinal(int(sample or 1)), low, high)


def _numbers(cuts: list[Decimal], definition: FactDefinition) -> Iterator[Region]:
    least = None if definition.minimum is None else Decimal(str(definition.minimum))
    most = None if definition.maximum is None else Decimal(str(definition.maximum))
    if definition.whole:
        for low, high in _whole_spans(cuts, least, most):
            sample = low if low is not None else high
            yield Region(Range.exactly(sample if sample is not None else 0), low, high)
        return
    ends: list[Decimal | None] = [None, *cuts, None]
    for place in range(len(ends) - 1):
        if place:
            at = cuts[place - 1]
            if (least is None or at >= least) and (most is None or at <= most):
                yield Region(Range.exactly(at), at, at)
        between = _between(ends[place], ends[place + 1], least, most)
        if between is not None:
            yield between


def _between(
    low: Decimal | None, high: Decimal | None, least: Decimal | None, most: Decimal | None
) -> Region | None:
    """The numbers strictly between two cuts, as far as they are possible."""
    low_in = high_in = False
    if least is not None and (low is None or least > low):
        low, low_in = least, True
    if most is not None and (high is None or most < high):
        high, high_in = most, True
    if low is not None and high is not None:
        if low > high or (low == high and not (low_in and high_in)):
            return None
        sample = (low + high) / 2
    elif low is not None:
        sample = low + _ONE
    else:
        sample = high - _ONE if high is not None else Decimal(0)
    return Region(Range.exactly(sample), low, high, low_in, high_in)


def _whole_spans(
    cuts: list[Decimal], least: Decimal | None, most: Decimal | None
) -> Iterator[tuple[Decimal | None, Decimal | None]]:
    """Spans of whole numbers between and at the cuts, both ends included."""
    least = None if least is None else least.to_integral_value(ROUND_CEILING)
    most = None if most is None else most.to_integral_value(ROUND_FLOOR)
    low = least
    for cut in cuts:
        below = cut.to_integral_value(ROUND_CEILING) - 1
        if most is not None:
            below = min(below, most)
        if low is None or below >= low:
            yield low, below
            low = below + 1
        is_whole = cut == cut.to_integral_value()
        possible = (least is None or cut >= least) and (most is None or cut <= most)
        if is_whole and possible:
            yield cut, cut
            low = cut + 1
    if low is None or most is None or low <= most:
        yield low, most
