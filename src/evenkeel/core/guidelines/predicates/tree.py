"""Predicates: a small subset of SQL expressions, parsed and type-checked once.

In: text such as ``failed_adequate_trials >= 2 AND NOT psychosis_current``.
Out: a tree of our own nodes that ``evaluate`` walks for one patient. The same
text can be compiled for a registry. Unknown facts, wrong types and wrong units
stop loading with the nearest right name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from evenkeel.core.guidelines.terms import units
from evenkeel.core.guidelines.terms.dictionary import Dictionary, Kind
from evenkeel.core.guidelines.terms.units import ONE, Unit
from evenkeel.core.guidelines.terms.values import Range, Value

_PLAIN_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?|\.[0-9]{1,18}")


class PredicateFault(ValueError):
    """A predicate that must not be used: the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class FactRef:
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Compare:
    """op: = <> < <= > >="""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class OneOf:
    left: Node
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsKnown:
    """SQL's IS NOT NULL: the one question that a missing fact answers."""

    fact: str


@dataclass(frozen=True, slots=True)
class Not:
    of: Node


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """op: + - * /"""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Case:
    whens: tuple[tuple[Node, Node], ...]
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call:
    """name: one of FUNCTIONS."""

    name: str
    args: tuple[Node, ...]


Node = (
    FactRef | Literal | Compare | OneOf | IsKnown | Not | And | Or | Arithmetic | Case | Call
)  # fmt: skip

FUNCTIONS = ("ABS", "LEAST", "GREATEST", "DAYS_SINCE")


@dataclass(frozen=True, slots=True)
class _Type:
    """kind None: a bare number that takes the unit of what it meets."""

    kind: Kind
    unit: Unit | None = ONE
    values: tuple[str, ...] = ()


_YES_NO = _Type(Kind.YES_NO)
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/",
}  # fmt: skip


def read_predicate(text: str, dictionary: Dictionary) -> Node:
    """Parse and check one predicate.

    Raises:
        PredicateFault: not an expression, an unknown fact, or types that do not fit.
    """
    try:
        tree = sqlglot.parse_one(text)
    except sqlglot.errors.SqlglotError as fault:
        raise PredicateFault(f"cannot read {text!r}: {_plainly(fault)}") from fault
    node, kind = _Reader(dictionary).read(tree)
    if kind.kind is not Kind.YES_NO:
        raise PredicateFault(f"{text!r} is a {kind.kind}, not a condition that can be true")
    return node


@dataclass(slots=True)
class _Reader:
    dictionary: Dictionary

    def read(self, tree: exp.Expr) -> tuple[Node, _Type]:
        if type(tree) in _COMPARISONS:
            return self._compare(_COMPARISONS[type(tree)], tree.this, tree.args["expression"])
        if type(tree) in _ARITHMETIC:
            return self._arithmetic(_ARITHMETIC[type(tree)], tree.this, tree.args["expression"])
        handlers: dict[type[exp.Expr], Callable[[Any], tuple[Node, _Type]]] = {
            exp.Paren: lambda t: self.read(t.this),
            exp.And: self._and,
            exp.Or: self._or,
            exp.Not: self._not,
            exp.Column: self._fact,
            exp.Boolean: lambda t: (Literal(bool(t.this)), _YES_NO),
            exp.Literal: self._literal,
            exp.Neg: self._negative,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Is: self._is,
            exp.Case: self._case,
            exp.Abs: lambda t: self._call("ABS", [t.this]),
            exp.Least: lambda t: self._call("LEAST", [t.this, *t.expressions]),
            exp.Greatest: lambda t: self._call("GREATEST", [t.this, *t.expressions]),
            exp.Anonymous: lambda t: self._call(str(t.this).upper(), t.expressions),
        }
        handler = handlers.get(type(tree))
        if handler is None:
            raise PredicateFault(f"{tree.sql()!r} ({type(tree).__name__}) is not in the subset")
        return handler(tree)

    def _condition(self, tree: exp.Expr) -> Node:
        node, kind = self.read(tree)
        if kind.kind is not Kind.YES_NO:
            raise PredicateFault(f"{tree.sql()!r} is a {kind.kind}, where yes or no is needed")
        return node

    def _and(self, tree: exp.Expr) -> tuple[Node, _Type]:
        parts = [self._condition(part) for part in (tree.this, tree.args["expression"])]
        flat = [q for p in parts for q in (p.parts if isinstance(p, And) else (p,))]
        return And(tuple(flat)), _YES_NO

    def _or(self, tree: exp.Expr) -> tuple[Node, _Type]:
        parts = [self._condition(part) for part in (tree.this, tree.args["expression"])]
        flat = [q for p in parts for q in (p.parts if isinstance(p, Or) else (p,))]
        return Or(tuple(flat)), _YES_NO

    def _not(self, tree: exp.Expr) -> tuple[Node, _Type]:
        return Not(self._condition(tree.this)), _YES_NO

    def _fact(self, tree: exp.Expr) -> tuple[Node, _Type]:
        name = tree.name
        if name not in self.dictionary:
            nearest = self.dictionary.nearest(name)
            hint = f"; the nearest right name is {nearest}" if nearest else ""
            raise PredicateFault(f"there is no fact {name}{hint}")
        fact = self.dictionary[name]
        return FactRef(name), _Type(fact.kind, fact.unit, fact.values)

    def _literal(self, tree: exp.Expr) -> tuple[Node, _Type]:
        if tree.args.get("is_string"):
            return Literal(str(tree.this)), _Type(Kind.CHOICE)
        return Literal(Range.exactly(_number(str(tree.this)))), _Type(Kind.NUMBER, None)

    def _negative(self, tree: exp.Expr) -> tuple[Node, _Type]:
        node, kind = self.read(tree.this)
        if not isinstance(node, Literal) or not isinstance(node.value, Range):
            raise PredicateFault(f"{tree.sql()!r}: only a plain number can be negative")
        assert node.value.low is not None
        return Literal(Range.exactly(-node.value.low)), kind

    def _compare(self, op: str, left: exp.Expr, right: exp.Expr) -> tuple[Node, _Type]:
        (a, kind_a), (b, kind_b) = self.read(left), self.read(right)
        where = f"{left.sql()} {op} {right.sql()}"
        self._check_same(kind_a, kind_b, where)
        a, b = self._as_day(a, kind_b, where), self._as_day(b, kind_a, where)
        has_order = bool({kind_a.kind, kind_b.kind} & {Kind.NUMBER, Kind.DAY})
        if op not in ("=", "<>") and not has_order:
            raise PredicateFault(f"{where}: {kind_a.kind} has no order")
        for node, kind in ((a, kind_b), (b, kind_a)):
            if isinstance(node, Literal) and isinstance(node.value, str):
                self._check_choice(node.value, kind, where)
        return Compare(op, a, b), _YES_NO

    def _check_same(self, a: _Type, b: _Type, where: str) -> None:
        if {a.kind, b.kind} == {Kind.DAY, Kind.CHOICE}:
            return
        if a.kind is not b.kind:
            raise PredicateFault(f"{where}: compares a {a.kind} with a {b.kind}")
        if a.kind is Kind.NUMBER and a.unit is not None and b.unit is not None and a.unit != b.unit:
            raise PredicateFault(
                f"{where}: units differ, {units.words(a.unit)} and {units.words(b.unit)}"
            )

    def _as_day(self, node: Node, other: _Type, where: str) -> Node:
        if other.kind is not Kind.DAY or not isinstance(node, Literal):
            return node
        try:
            return Literal(date.fromisoformat(str(node.value)))
        except ValueError as fault:
            raise PredicateFault(f"{where}: {node.value!r} is not a day like 2026-11-24") from fault

    def _check_choice(self, value: str, kind: _Type, where: str) -> None:
        if kind.values and value not in kind.values:
            raise PredicateFault(f"{where}: {value!r} is not one of {', '.join(kind.values)}")

    def _arithmetic(self, op: str, left: exp.Expr, right: exp.Expr) -> tuple[Node, _Type]:
        (a, kind_a), (b, kind_b) = self.read(left), self.read(right)
        where = f"{left.sql()} {op} {right.sql()}"
        if kind_a.kind is not Kind.NUMBER or kind_b.kind is not Kind.NUMBER:
            raise PredicateFault(f"{where}: only numbers can be reckoned with")
        if op in "+-":
            self._check_same(kind_a, kind_b, where)
            unit = kind_a.unit if kind_a.unit is not None else kind_b.unit
        elif kind_a.unit is None and kind_b.unit is None:
            unit = None
        else:
            sign = 1 if op == "*" else -1
            unit = units.times(kind_a.unit or ONE, kind_b.unit or ONE, sign)
        return Arithmetic(op, a, b), _Type(Kind.NUMBER, unit)

    def _in(self, tree: exp.Expr) -> tuple[Node, _Type]:
        left, kind = self.read(tree.this)
        values: list[Value] = []
        for item in tree.expressions:
            node, item_kind = self.read(item)
            where = f"{tree.this.sql()} IN ({item.sql()})"
            if not isinstance(node, Literal):
                raise PredicateFault(f"{where}: only plain values can stand in a list")
            self._check_same(kind, item_kind, where)
            if isinstance(node.value, str):
                self._check_choice(node.value, kind, where)
            values.append(node.value)
        if not values:
            raise PredicateFault(f"{tree.sql()!r}: an empty list")
        return OneOf(left, tuple(values)), _YES_NO

    def _between(self, tree: exp.Expr) -> tuple[Node, _Type]:
        low, _ = self._compare(">=", tree.this, tree.args["low"])
        high, _ = self._compare("<=", tree.this, tree.args["high"])
        return And((low, high)), _YES_NO

    def _is(self, tree: exp.Expr) -> tuple[Node, _Type]:
        left, _ = self.read(tree.this)
        if not isinstance(left, FactRef) or not isinstance(tree.args["expression"], exp.Null):
            raise PredicateFault(f"{tree.sql()!r}: only a fact can be asked whether it is null")
        return Not(IsKnown(left.name)), _YES_NO

    def _case(self, tree: exp.Expr) -> tuple[Node, _Type]:
        if tree.this is not None or tree.args.get("default") is None:
            raise PredicateFault(f"{tree.sql()!r}: write CASE WHEN … THEN … ELSE … END")
        otherwise, kind = self.read(tree.args["default"])
        whens: list[tuple[Node, Node]] = []
        for when in tree.args["ifs"]:
            value, value_kind = self.read(when.args["true"])
            self._check_same(kind, value_kind, tree.sql())
            kind = kind if kind.unit is not None else value_kind
            whens.append((self._condition(when.this), value))
        return Case(tuple(whens), otherwise), kind

    def _call(self, name: str, args: list[exp.Expr]) -> tuple[Node, _Type]:
        if name not in FUNCTIONS:
            raise PredicateFault(f"there is no function {name}; there are {', '.join(FUNCTIONS)}")
        read = [self.read(arg) for arg in args]
        if name == "DAYS_SINCE":
            if len(read) != 1 or read[0][1].kind is not Kind.DAY:
                raise PredicateFault("DAYS_SINCE needs one day")
            return Call(name, (read[0][0],)), _Type(Kind.NUMBER, frozenset({("d", 1)}))
        kind = read[0][1]
        for _, other in read:
            if other.kind is not Kind.NUMBER:
                raise PredicateFault(f"{name} needs numbers")
            self._check_same(kind, other, name)
            kind = kind if kind.unit is not None else other
        if name == "ABS" and len(read) != 1:
            raise PredicateFault("ABS needs one number")
        return Call(name, tuple(node for node, _ in read)), kind


def facts_in(node: Node) -> tuple[str, ...]:
    """Names of all facts that a predicate reads, in reading order, once each."""
    found: dict[str, None] = {}

    def walk(at: Node) -> None:
        match at:
            case FactRef(name):
                found[name] = None
            case IsKnown(name):
                found[name] = None
            case Not(of):
                walk(of)
            case And(parts) | Or(parts):
                for part in parts:
                    walk(part)
            case Compare(_, left, right) | Arithmetic(_, left, right):
                walk(left)
                walk(right)
            case OneOf(left, _):
                walk(left)
            case Call(_, args):
                for arg in args:
                    walk(arg)
            case Case(whens, otherwise):
                for condition, value in whens:
                    walk(condition)
                    walk(value)
                walk(otherwise)
            case Literal():
                pass

    walk(node)
    return tuple(found)


def _plainly(fault: sqlglot.errors.SqlglotError) -> str:
    """What sqlglot complains of, without its classes and its underlining."""
    told = fault.errors[0] if isinstance(fault, sqlglot.errors.ParseError) and fault.errors else {}
    described = told.get("description") or str(fault).splitlines()[0]
    at = f", at character {told['col']}" if told.get("col") else ""
    return (
        re.sub(
            r"Required keyword: 'expression' missing for <class .*?>",
            "something is missing after an operator",
            described,
        ).rstrip(".")
        + at
    )


def _number(text: str) -> Decimal:
    """A number of a predicate: digits with at most one full stop."""
    if not _PLAIN_NUMBER.fullmatch(text):
        raise PredicateFault(f"{text!r} is no plain number: write digits and at most one full stop")
    return Decimal(text)
