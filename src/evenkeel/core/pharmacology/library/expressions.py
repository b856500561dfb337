"""Arithmetic in model files, read once and computed for one person or for many.

In: text such as ``CL_70*(WT/70.0)**0.75`` and the names it may use. Out: a
function of those names that takes numbers or arrays of one shape. Only plain
arithmetic is read: + - * / **, comparisons, ``a if c else b``, min, max, exp,
log, sqrt, round. Nothing of Python itself can be reached from it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = Mapping[str, Any]
_Compute = Callable[[Numbers], Any]


class ExpressionFault(ValueError):
    """An expression that must not be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """text as written; names: what it reads, in order; calling it computes."""

    text: str
    names: tuple[str, ...]
    compute: _Compute

    def __call__(self, values: Numbers) -> Any:
        """The value, of the shape of what it reads.

        values: every name of ``names``, as numbers or arrays that broadcast.
        """
        return self.compute(values)


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.Pow: np.power,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
}
_CALLS: dict[str, tuple[int, Callable[..., Any]]] = {
    "min": (2, np.minimum),
    "max": (2, np.maximum),
    "exp": (1, np.exp),
    "log": (1, np.log),
    "sqrt": (1, np.sqrt),
    "round": (2, lambda value, digits: np.round(value, int(digits))),
}


def read_expression(text: str, names: Iterable[str]) -> Expression:
    """Parse an expression over ``names``.

    Raises:
        ExpressionFault: not arithmetic, or a name that is not there.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as fault:
        raise ExpressionFault(f"cannot read {text!r}: {fault.msg}") from fault
    known = frozenset(names)
    used: dict[str, None] = {}
    compute = _read(tree, text, known, used)
    return Expression(text, tuple(used), compute)


def _read(tree: ast.expr, text: str, known: frozenset[str], used: dict[str, None]) -> _Compute:
    def inner(part: ast.expr) -> _Compute:
        return _read(part, text, known, used)

    match tree:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() | float() as number):
            return lambda values: number
        case ast.Name(id=name):
            if name not in known:
                raise ExpressionFault(f"{text!r}: there is no {name}; there are {sorted(known)}")
            used[name] = None
            return lambda values: values[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            of = inner(operand)
            return lambda values: np.negative(of(values))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b, act = inner(left), inner(right), _BINARY[type(op)]
            return lambda values: act(a(values), b(values))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            a, b, test = inner(left), inner(right), _COMPARE[type(op)]
            return lambda values: test(a(values), b(values))
        case ast.IfExp(test=condition, body=body, orelse=otherwise):
            when, then, other = inner(condition), inner(body), inner(otherwise)
            return lambda values: np.where(
                np.not_equal(when(values), 0), then(values), other(values)
            )
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS:
            count, function = _CALLS[name]
            if len(args) != count:
                raise ExpressionFault(f"{text!r}: {name} takes {count}")
            parts = [inner(arg) for arg in args]
            return lambda values: function(*(part(values) for part in parts))
    raise ExpressionFault(f"{text!r}: {ast.unparse(tree)!r} is not plain arithmetic")
