"""Eight sets of parameters in one instruction: the two loops that ``sets`` lives on.

In and out: addresses of contiguous float64, eight neighbours (a row) for eight sets. Only
compiled code may call these, and the caller answers for the addresses.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from evenkeel.core.pharmacology.kernels.sizes import LANES

_compiled: Any = intrinsic  # none of these say what types they are
_tools: Any = cgutils

_DOUBLE, _LONG, _INT = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
_ROW = ir.VectorType(_DOUBLE, LANES)


def _row_at(b: Any, address: Any, row: Any = None) -> Any:
    if row is not None:
        address = b.add(address, b.shl(row, ir.Constant(_LONG, 6)))
    return b.inttoptr(address, _ROW.as_pointer())


def _row(b: Any, address: Any, row: Any = None) -> Any:
    return b.load(_row_at(b, address, row), align=8)


def _fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    kind = ir.FunctionType(_ROW, [_ROW] * 3)
    function = _tools.get_or_insert_function(b.module, kind, f"llvm.fmuladd.v{LANES}f64")
    return b.call(function, [x, y, z])


def _spread(b: Any, value: Any) -> Any:
    one = b.insert_element(ir.Constant(_ROW, ir.Undefined), value, ir.Constant(_INT, 0))
    zeros = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
    return b.shuffle_vector(one, ir.Constant(_ROW, ir.Undefined), zeros)


@_compiled  # type: ignore[untyped-decorator]
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
        room = _tools.alloca_once(b, _ROW)
        b.store(b.fmul(_row(b, stay), _row(b, terms, place)), room)
        with _tools.for_range_slice(b, first, last, ir.Constant(_LONG, 1)) as (flow, _):
            at = b.add(sources, b.shl(flow, ir.Constant(_LONG, 3)))
            source = b.load(b.inttoptr(at, _LONG.as_pointer()))
            moved = _fma(b, _row(b, move, flow), _row(b, terms, source), b.load(room))
            b.store(moved, room)
        made = b.fmul(b.load(room), _spread(b, part))
        b.store(made, _row_at(b, following), align=8)
        b.store(b.fadd(_row(b, total), made), _row_at(b, total), align=8)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 7, types.float64, types.intp, types.intp), build


@_compiled  # type: ignore[untyped-decorator]
def feed(
    _typing: Any, gain: Any, one: Any, part: Any, following: Any, total: Any
) -> Any:  # fmt: skip
    """What is put in at a rate: following and total both grow by part * gain * one."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        gain, one, part, following, total = given
        more = b.fmul(b.fmul(_row(b, gain), _row(b, one)), _spread(b, part))
        for made in (following, total):
            b.store(b.fadd(_row(b, made), more), _row_at(b, made), align=8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float64, types.intp, types.intp), build


@_compiled  # type: ignore[untyped-decorator]
def times_part(_typing: Any, row: Any, by: Any, part: Any) -> Any:
    """row *= by * part, all in one: eight numbers written one by one are slow to read as a row."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        row, by, part = given
        made = b.fmul(_row(b, row), b.fmul(_row(b, by), _spread(b, part)))
        b.store(made, _row_at(b, row), align=8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float64), build


@_compiled  # type: ignore[untyped-decorator]
def add_product(_typing: Any, factor: Any, rows: Any, made: Any, count: Any) -> Any:
    """made[h] += factor * rows[h], rows h below count; factor is one row."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        factor, rows, made, count = given
        by = _row(b, factor)
        zero, one = ir.Constant(_LONG, 0), ir.Constant(_LONG, 1)
        with _tools.for_range_slice(b, zero, count, one) as (h, _):
            sum_ = _fma(b, by, _row(b, rows, h), _row(b, made, h))
            b.store(sum_, _row_at(b, made, h), align=8)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 4), build
