"""Eight people abreast: arithmetic in which each number is a row of eight, one a person.

In and out: rows, contiguous arrays of eight float64. A mark is a row too: 0 for nobody,
and 1 for whom it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    VECTOR,
    WIDE,
    Rows,
    every,
    fused,
    long,
    of_each,
    size_of,
    spread,
    tools,
    vectorised,
)


def _mark(b: Any, rows: Rows, where: Any) -> None:
    rows.put(0, b.select(where, every(1.0), rows.get(0)))


def _greater(b: Any, x: Any, y: Any) -> Any:
    return b.select(b.fcmp_ordered(">", x, y), x, y)


def _made_of(compute: Callable[..., Any], *, grown: bool = False) -> Any:
    """An operation (made, x, y) on rows; ``grown``: it goes on from what ``made`` is."""

    @vectorised  # type: ignore[untyped-decorator]
    def operation(_typing: Any, made: Any, x: Any, y: Any) -> Any:
        def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
            rows = Rows(context, b, signature.args, given)
            before = [rows.get(0)] if grown else []
            rows.put(0, compute(b, *before, rows.get(1), rows.get(2)))
            return context.get_dummy_value()

        return types.void(made, x, y), build

    return operation


minus = _made_of(lambda b, x, y: b.fsub(x, y))  # x - y
times = _made_of(lambda b, x, y: b.fmul(x, y))  # x y
over = _made_of(lambda b, x, y: b.fdiv(x, y))  # x / y
short_of = _made_of(lambda b, x, y: b.fneg(b.fadd(x, y)))  # -x - y
add_times = _made_of(lambda b, made, x, y: fused(b, x, y, made), grown=True)  # made + x y
times_share = _made_of(lambda b, made, x, y: b.fmul(made, b.fdiv(x, y)), grown=True)  # made x / y


@vectorised  # type: ignore[untyped-decorator]
def fill(_typing: Any, made: Any, value: Any) -> Any:
    """The same number for everybody."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        Rows(context, b, signature.args, given).put(0, spread(b, given[1]))
        return context.get_dummy_value()

    return types.void(made, types.float64), build


@vectorised  # type: ignore[untyped-decorator]
def negative(_typing: Any, made: Any, x: Any) -> Any:
    """made = -x."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        rows.put(0, b.fneg(rows.get(1)))
        return context.get_dummy_value()

    return types.void(made, x), build


@vectorised  # type: ignore[untyped-decorator]
def in_order(_typing: Any, x: Any, y: Any, of_x: Any, of_y: Any) -> Any:
    """The lesser of both becomes x, and what belongs to them changes places with them."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        one, two, of_one, of_two = (rows.get(which) for which in range(4))
        wrong = b.fcmp_ordered(">", one, two)
        rows.put(0, b.select(wrong, two, one))
        rows.put(1, b.select(wrong, one, two))
        rows.put(2, b.select(wrong, of_two, of_one))
        rows.put(3, b.select(wrong, of_one, of_two))
        return context.get_dummy_value()

    return types.void(x, y, of_x, of_y), build


@vectorised  # type: ignore[untyped-decorator]
def mark_near(_typing: Any, mark: Any, x: Any, y: Any, share: Any) -> Any:
    """Mark where x and y differ by no more than a share of the greater."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        one, two = rows.get(1), rows.get(2)
        most = b.fmul(spread(b, given[3]), _greater(b, one, two))
        _mark(b, rows, b.fcmp_ordered("<=", size_of(b, b.fsub(one, two)), most))
        return context.get_dummy_value()

    return types.void(mark, x, y, types.float64), build


@vectorised  # type: ignore[untyped-decorator]
def mark_small(_typing: Any, mark: Any, x: Any, than: Any, share: Any) -> Any:
    """Mark where x, whatever its sign, is no larger than a share of ``than``."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        most = b.fmul(spread(b, given[3]), rows.get(2))
        _mark(b, rows, b.fcmp_ordered("<=", size_of(b, rows.get(1)), most))
        return context.get_dummy_value()

    return types.void(mark, x, than, types.float64), build


@vectorised  # type: ignore[untyped-decorator]
def any_small(_typing: Any, x: Any, than: Any, share: Any) -> Any:
    """Whether anybody's x, whatever its sign, is no larger than a share of ``than``."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        most = b.fmul(spread(b, given[2]), rows.get(1))
        where = b.fcmp_ordered("<=", size_of(b, rows.get(0)), most)
        bits = ir.IntType(WIDE)
        return b.icmp_unsigned("!=", b.bitcast(where, bits), ir.Constant(bits, 0))

    return types.boolean(x, than, types.float64), build


@vectorised  # type: ignore[untyped-decorator]
def mark_not_above(_typing: Any, mark: Any, x: Any) -> Any:
    """Mark where x is not above 0: what is no number is not."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        _mark(b, rows, b.not_(b.fcmp_ordered(">", rows.get(1), every(0.0))))
        return context.get_dummy_value()

    return types.void(mark, x), build


@vectorised  # type: ignore[untyped-decorator]
def two_roots(_typing: Any, low: Any, high: Any, a: Any, d: Any, g: Any) -> Any:
    """Where (a - x) (d - x) = g."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        a, d, g = rows.get(2), rows.get(3), rows.get(4)
        half = b.fmul(every(0.5), b.fadd(a, d))
        product = b.fsub(b.fmul(a, d), g)
        square = b.fsub(b.fmul(half, half), product)
        high = b.fadd(half, of_each(b, "sqrt", _greater(b, square, every(0.0))))
        rows.put(0, b.fdiv(product, high))
        rows.put(1, high)
        return context.get_dummy_value()

    return types.void(low, high, a, d, g), build


@vectorised  # type: ignore[untyped-decorator]
def nearer(
    _typing: Any, a: Any, d: Any, g: Any, count: Any, low: Any, high: Any, at: Any, done: Any
) -> Any:
    """One step of Newton towards where a - x = sum of g / (d - x); tells whether all are there.

    d, g: rows, of which ``count`` matter. low, high: with the root between; they close in on
    it. A step that leaves them goes to their middle. Once a step is small, the next would
    be its square: whoever is marked ``done`` moves no more.
    """

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        rows = Rows(context, b, signature.args, given)
        here, low, high = rows.get(6), rows.get(4), rows.get(5)
        value, slope = tools.alloca_once(b, VECTOR), tools.alloca_once(b, VECTOR)
        b.store(b.fsub(rows.get(0), here), value)
        b.store(every(-1.0), slope)
        with tools.for_range_slice(b, long(0), given[3], long(1)) as (p, _):
            inverse = b.fdiv(every(1.0), b.fsub(rows.get(1, p), here))
            pull = b.fmul(rows.get(2, p), inverse)
            b.store(b.fsub(b.load(value), pull), value)
            b.store(fused(b, b.fneg(pull), inverse, b.load(slope)), slope)
        moves = b.fcmp_ordered("==", rows.get(7), every(0.0))
        below = b.fcmp_ordered(">", b.load(value), every(0.0))
        least, most = b.select(below, here, low), b.select(below, high, here)
        step = b.fdiv(b.load(value), b.load(slope))
        small = b.fcmp_ordered("<=", size_of(b, step), b.fmul(every(1e-9), here))
        going, middle = b.fsub(here, step), b.fmul(every(0.5), b.fadd(least, most))

        def within(x: Any) -> Any:
            return b.and_(b.fcmp_ordered("<", least, x), b.fcmp_ordered("<", x, most))

        well = b.or_(small, within(going))
        there = b.or_(small, b.not_(b.or_(well, within(middle))))
        rows.put(4, b.select(moves, least, low))
        rows.put(5, b.select(moves, most, high))
        rows.put(6, b.select(moves, b.select(well, going, middle), here))
        still = b.and_(moves, b.not_(there))
        rows.put(7, b.select(still, every(0.0), every(1.0)))
        bits = ir.IntType(WIDE)
        return b.icmp_unsigned("==", b.bitcast(still, bits), ir.Constant(bits, 0))

    return types.boolean(a, d, g, types.intp, low, high, at, done), build
