"""One predicate as SQL: its answer, the facts that decided it, the facts it lacks.

In: a predicate's tree and the columns of a table. Out: expressions with exactly
the meaning of ``evaluate``. A fact without a column is unknown for everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

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
from evenkeel.core.guidelines.tables import numbers
from evenkeel.core.guidelines.tables.logic import (
    all_of,
    any_of,
    choose,
    column,
    known,
    negated,
    null,
    surely,
    unknown,
)
from evenkeel.core.guidelines.tables.numbers import Digits, End, NotCompilable, Number
from evenkeel.core.guidelines.terms.dictionary import Kind
from evenkeel.core.guidelines.terms.values import Range, Value

Flags = dict[str, exp.Expr]


@dataclass(frozen=True, slots=True)
class FactColumn:
    """Where a fact stands in the table: one column, or two of a range.

    digits: of a number; every value of the columns fits into them.
    """

    kind: Kind
    name: str
    high: str = ""
    digits: Digits = field(default=Digits(9, 9))


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a registry by fact, and the day that is judged."""

    as_of: date
    facts: Mapping[str, FactColumn]


@dataclass(frozen=True, slots=True)
class Told:
    """value: true, false or NULL. deciding, missing: by fact, whether it is one; never NULL."""

    value: exp.Expr
    deciding: Flags = field(default_factory=dict)
    missing: Flags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """A value of any kind, with the facts it was made of and those it lacks."""

    value: exp.Expr | Number
    used: Flags = field(default_factory=dict)
    missing: Flags = field(default_factory=dict)

    @property
    def known(self) -> exp.Expr:
        return self.value.known if isinstance(self.value, Number) else known(self.value)

    def same_as(self, other: _Found) -> exp.Expr:
        """Whether both are known and the same; never NULL."""
        if isinstance(self.value, Number) and isinstance(other.value, Number):
            return numbers.identical(self.value, other.value)
        return surely(_equal(self.value, other.value), True)


def condition(node: Node, table: Table) -> Told:
    """Compile a predicate.

    Raises:
        NotCompilable: it reckons with more digits than a table's numbers hold.
    """
    return _Compiler(table).condition(node)


@dataclass(frozen=True, slots=True)
class _Compiler:
    table: Table

    def condition(self, node: Node) -> Told:
        match node:
            case And(parts):
                return self._join(parts, settled_by=False)
            case Or(parts):
                return self._join(parts, settled_by=True)
            case Not(of):
                inner = self.condition(of)
                return Told(negated(inner.value), inner.deciding, inner.missing)
            case IsKnown(name):
                return Told(self.fact(name).known, {name: exp.Boolean(this=True)})
            case Compare(op, left, right):
                a, b = self.value(left), self.value(right)
                return _told(_compare(op, a.value, b.value), [a, b], (left, right))
            case OneOf(left, values):
                found = self.value(left)
                return _told(_one_of(found.value, values), [found], (left,))
            case _:
                found = self.value(node)
                if isinstance(found.value, Number):
                    raise NotCompilable("a number stands where yes or no is needed")
                return _told(found.value, [found], (node,))

    def _join(self, parts: tuple[Node, ...], *, settled_by: bool) -> Told:
        told = [self.condition(part) for part in parts]
        value = (any_of if settled_by else all_of)(each.value for each in told)
        open_ = negated(surely(value, settled_by))
        deciding = _union(
            {
                name: all_of([flag, any_of([open_, surely(each.value, settled_by)])])
                for name, flag in each.deciding.items()
            }
            for each in told
        )
        missing = _union(each.missing for each in told)
        return Told(value, deciding, _if(unknown(value), missing))

    def fact(self, name: str) -> _Found:
        place = self.table.facts.get(name)
        if place is None:
            return _Found(null(), {}, {name: exp.Boolean(this=True)})
        value: exp.Expr | Number
        if place.kind is Kind.NUMBER:
            low = End(column(place.name), place.digits)
            high = End(column(place.high), place.digits) if place.high else None
            ends = (low,) if high is None else (low, high)
            value = Number(any_of(known(end.top) for end in ends), low, high)
        else:
            value = column(place.name)
        found = _Found(value)
        return _Found(value, {name: found.known}, {name: negated(found.known)})

    def value(self, node: Node) -> _Found:
        match node:
            case Literal(value):
                return _Found(_constant(value))
            case FactRef(name):
                return self.fact(name)
            case Arithmetic(op, left, right):
                return self._arithmetic(op, self.value(left), self.value(right))
            case Call(name, args):
                return self._call(name, [self.value(arg) for arg in args])
            case Case(whens, otherwise):
                return self._case(whens, otherwise)
            case _:
                told = self.condition(node)
                return _Found(told.value, told.deciding, told.missing)

    def _arithmetic(self, op: str, a: _Found, b: _Found) -> _Found:
        reckon = {
            "+": numbers.add, "-": numbers.subtract, "*": numbers.multiply, "/": numbers.divide,
        }[op]  # fmt: skip
        value = reckon(_number(a.value), _number(b.value))
        return _Found(value, _union([a.used, b.used]), _union([a.missing, b.missing]))

    def _call(self, name: str, args: list[_Found]) -> _Found:
        used, missing = _union(a.used for a in args), _union(a.missing for a in args)
        if name == "DAYS_SINCE":
            return _Found(self._days_since(args[0].value), used, missing)
        ranges = [_number(arg.value) for arg in args]
        if name == "ABS":
            return _Found(numbers.absolute(ranges[0]), used, missing)
        pick = numbers.least if name == "LEAST" else numbers.greatest
        return _Found(pick(ranges), used, missing)

    def _days_since(self, day: exp.Expr | Number) -> Number:
        if isinstance(day, Number | exp.Null):
            return numbers.nothing()
        size = Digits(7, 0)
        days = exp.DateDiff(this=day_constant(self.table.as_of), expression=day,
                            unit=exp.var("DAY"))  # fmt: skip
        return Number(known(day), End(exp.Cast(this=days, to=size.type), size))

    def _case(self, whens: tuple[tuple[Node, Node], ...], otherwise: Node) -> _Found:
        conditions = [self.condition(each) for each, _ in whens]
        values = [*(self.value(each) for _, each in whens), self.value(otherwise)]
        branches: list[tuple[exp.Expr, _Found]] = []
        used: Flags = {}
        for place, told in enumerate(conditions):
            used = _union([used, told.deciding])
            value, rest = values[place], values[place + 1 :]
            taken = _Found(value.value, _union([used, value.used]), value.missing)
            branches.append((told.value, taken))
            doubt = unknown(told.value)
            alike = all_of(value.same_as(each) for each in rest)
            told_alike = _union([used, value.used, *(each.used for each in rest)])
            branches.append((all_of([doubt, alike]), _Found(value.value, told_alike, {})))
            # The condition settles it, and so could arms that turn out to be the same.
            open_ = _union([told.missing, value.missing, *(each.missing for each in rest)])
            branches.append((doubt, _Found(null(), used, open_)))
        last = values[-1]
        ending = _Found(last.value, _union([used, last.used]), last.missing)
        branches.append((exp.Boolean(this=True), ending))
        return _Found(
            _case_value(branches),
            _flags_by_branch(branches, lambda found: found.used),
            _flags_by_branch(branches, lambda found: found.missing),
        )


def _case_value(branches: list[tuple[exp.Expr, _Found]]) -> exp.Expr | Number:
    if any(isinstance(found.value, Number) for _, found in branches):
        return numbers.case([(c, _number(found.value)) for c, found in branches])
    plain = [(c, f.value) for c, f in branches if not isinstance(f.value, Number)]
    return choose(plain, null())


def _flags_by_branch(branches, which) -> Flags:  # type: ignore[no-untyped-def]
    names = dict.fromkeys(name for _, found in branches for name in which(found))
    no = exp.Boolean(this=False)
    flags = {
        name: choose([(c, which(found).get(name, no)) for c, found in branches], no)
        for name in names
    }
    return {name: surely(flag, True) for name, flag in flags.items()}


def _told(value: exp.Expr, found: list[_Found], nodes: tuple[Node, ...]) -> Told:
    used = _union(each.used for each in found)
    missing = _union(each.missing for each in found)
    lacking = unknown(value)
    names = dict.fromkeys((*used, *missing))
    if len(names) == 1 and all(isinstance(node, FactRef | Literal) for node in nodes):
        # One fact: it is unknown, or a range that straddles; either way it is asked for.
        return Told(value, used, dict.fromkeys(names, lacking))
    none_missing = negated(any_of(missing.values()))
    no = exp.Boolean(this=False)
    wanted = {
        name: any_of([missing.get(name, no), all_of([none_missing, used.get(name, no)])])
        for name in names
    }
    return Told(value, used, _if(lacking, wanted))


def _union(groups: Iterable[Flags]) -> Flags:
    gathered: dict[str, list[exp.Expr]] = {}
    for group in groups:
        for name, flag in group.items():
            gathered.setdefault(name, []).append(flag)
    return {name: any_of(flags) for name, flags in gathered.items()}


def _if(gate: exp.Expr, flags: Flags) -> Flags:
    return {name: all_of([gate, flag]) for name, flag in flags.items()}


def _number(value: exp.Expr | Number) -> Number:
    if isinstance(value, Number):
        return value
    if isinstance(value, exp.Null):
        return numbers.nothing()
    raise NotCompilable("something that is no number is reckoned with")


def _constant(value: Value) -> exp.Expr | Number:
    if isinstance(value, Range):
        assert value.exact is not None
        return numbers.literal(value.exact)
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, date):
        return day_constant(value)
    return exp.Literal.string(value)


def day_constant(day: date) -> exp.Expr:
    return exp.Cast(this=exp.Literal.string(day.isoformat()), to=exp.DataType.build("DATE"))


_PLAIN: dict[str, type[exp.Expr]] = {
    "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


def _compare(op: str, a: exp.Expr | Number, b: exp.Expr | Number) -> exp.Expr:
    if isinstance(a, exp.Null) or isinstance(b, exp.Null):
        return null()
    if isinstance(a, Number) or isinstance(b, Number):
        return numbers.compare(op, _number(a), _number(b))
    if isinstance(b, exp.Boolean) and op in ("=", "<>"):
        return a if bool(b.this) is (op == "=") else negated(a)
    left = exp.Paren(this=a) if not isinstance(a, exp.Column) else a
    right = exp.Paren(this=b) if isinstance(b, exp.Condition) else b
    return _PLAIN[op](this=left, expression=right)


def _equal(a: exp.Expr | Number, b: exp.Expr | Number) -> exp.Expr:
    return _compare("=", a, b)


def _one_of(of: exp.Expr | Number, values: tuple[Value, ...]) -> exp.Expr:
    constants = [_constant(value) for value in values]
    if isinstance(of, exp.Null):
        return null()
    if isinstance(of, Number) and not (of.exact and of.low.bottom is None):
        return any_of(_compare("=", of, each) for each in constants)
    left = of.low.top if isinstance(of, Number) else of
    if isinstance(left, exp.Null):
        return null()
    plain = [each.low.top if isinstance(each, Number) else each for each in constants]
    if len(plain) == 1:
        return _compare("=", of, constants[0])
    return exp.In(this=exp.Paren(this=left) if not isinstance(left, exp.Column)
                  else left, expressions=list(plain))  # fmt: skip
