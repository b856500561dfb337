"""Eight sets of parameters in one instruction: the loops that ``sets`` lives on.

In and out: addresses of contiguous float64, eight neighbours (a row) for eight sets. Only
compiled code may call these, and the caller answers for the addresses.
"""

from __future__ import annotations

from typing import Any

from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    LONG,
    VECTOR,
    fused,
    long,
    number_place,
    spread,
    tools,
    vector_at,
    vectorised,
)
from evenkeel.core.pharmacology.kernels.sizes import LANES


def _row_at(b: Any, address: Any, row: Any = None) -> Any:
    """Pointer to a row that begins at the address, or some rows after it."""
    return vector_at(b, address, long(0) if row is None else b.mul(row, long(LANES)))


def _row(b: Any, address: Any, row: Any = None) -> Any:
    return b.load(_row_at(b, address, row), align=8)


@vectorised  # type: ignore[untyped-decorator]
def grow(
    _typing: Any, stay: Any, move: Any, sources: Any, first: Any, last: Any, terms: Any,
    place: Any, part: Any, following: Any, total: Any,
) -> Any:  # fmt: skip
    """One compartment's next term of the series, and its sum so far.

    following = part * (stay * terms[place] + moves ``first`` to ``last``, each times the term
    of its source); total grows by it.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        stay, move, sources, first, last, terms, place, part, following, total = given
        room = tools.alloca_once(b, VECTOR)
        b.store(b.fmul(_row(b, stay), _row(b, terms, place)), room)
        with tools.for_range_slice(b, first, last, long(1)) as (flow, _):
            source = b.load(number_place(b, sources, flow, LONG))
            moved = fused(b, _row(b, move, flow), _row(b, terms, source), b.load(room))
            b.store(moved, room)
        made = b.fmul(b.load(room), spread(b, part))
        b.store(made, _row_at(b, following), align=8)
        b.store(b.fadd(_row(b, total), made), _row_at(b, total), align=8)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 7, types.float64, types.intp, types.intp), build


@vectorised  # type: ignore[untyped-decorator]
def feed(
    _typing: Any, gain: Any, one: Any, part: Any, following: Any, total: Any
) -> Any:  # fmt: skip
    """What is put in at a rate: following and total both grow by part * gain * one."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        gain, one, part, following, total = given
        more = b.fmul(b.fmul(_row(b, gain), _row(b, one)), spread(b, part))
        for made in (following, total):
            b.store(b.fadd(_row(b, made), more), _row_at(b, made), align=8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float64, types.intp, types.intp), build


@vectorised  # type: ignore[untyped-decorator]
def times_part(_typing: Any, row: Any, by: Any, part: Any) -> Any:
    """row *= by * part, all in one: eight numbers written one by one are slow to read as a row."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        row, by, part = given
        made = b.fmul(_row(b, row), b.fmul(_row(b, by), spread(b, part)))
        b.store(made, _row_at(b, row), align=8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float64), build


@vectorised  # type: ignore[untyped-decorator]
def add_product(_typing: Any, factor: Any, rows: Any, made: Any, count: Any) -> Any:
    """made[h] += factor * rows[h], rows h below count; factor is one row."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        factor, rows, made, count = given
        by = _row(b, factor)
        with tools.for_range_slice(b, long(0), count, long(1)) as (h, _):
            sum_ = fused(b, by, _row(b, rows, h), _row(b, made, h))
            b.store(sum_, _row_at(b, made, h), align=8)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 4), build
