"""Loops that the kernels live on, written as vectors because a compiler would not.

In and out: addresses of contiguous float64. ``decays`` is exp(-rate * hours) of several
rates at once, within two units of the last digit; ``powers`` fills a table of powers;
``stretch`` adds up rows of that table, and can write past the caches: memory that nobody
reads soon is then not fetched first. A line that is begun that way and finished by an
ordinary store would be fetched after all, which costs more than everything else: so no
line is written before it is whole. ``sift`` keeps what lies between two values and counts
what lies below.

Vectors are eight wide here; on any processor they become what it has. Only compiled code
may call these, and the caller answers for the addresses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from evenkeel.core.pharmacology.kernels.sizes import LINE, POWERS

_compiled: Any = intrinsic  # none of these say what types they are
_tools: Any = cgutils

WIDE = LINE  # float64 in a vector
MOST_MODES = 6  # of one output here; each number has a loop of its own
_DOUBLE, _LONG, _INT = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(_DOUBLE, WIDE)
_LONGS = ir.VectorType(_LONG, WIDE)


def _whole(value: int) -> ir.Constant:
    return ir.Constant(_LONG, value)


def _all(value: float) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * WIDE)


def _spread(b: Any, value: Any) -> Any:
    empty = ir.Constant(_VECTOR, ir.Undefined)
    one = b.insert_element(empty, value, ir.Constant(_INT, 0))
    zeros = ir.Constant(ir.VectorType(_INT, WIDE), [0] * WIDE)
    return b.shuffle_vector(one, empty, zeros)


def _fma(b: Any, x: Any, y: Any, z: Any) -> Any:
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    function = _tools.get_or_insert_function(b.module, kind, f"llvm.fmuladd.v{WIDE}f64")
    return b.call(function, [x, y, z])


def _vector_at(b: Any, address: Any, at: Any) -> Any:
    """Pointer to the vector that begins ``at`` numbers after the address."""
    place = b.add(address, b.shl(at, ir.Constant(_LONG, 3)))
    return b.inttoptr(place, _VECTOR.as_pointer())


def _pointer(b: Any, address: Any, at: Any, kind: Any = _DOUBLE) -> Any:
    return b.inttoptr(b.add(address, b.shl(at, ir.Constant(_LONG, 3))), kind.as_pointer())


def _number(b: Any, address: Any, at: int, kind: Any = _DOUBLE) -> Any:
    return b.load(_pointer(b, address, ir.Constant(_LONG, at), kind))


def _count_up(b: Any, stop: Any, by: Any, body: Callable[[Any], None]) -> None:
    """body(0), body(by) … below ``stop``."""
    function = b.function
    head, inside = function.append_basic_block(), function.append_basic_block()
    after = function.append_basic_block()
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    k = b.phi(_LONG)
    k.add_incoming(ir.Constant(_LONG, 0), before)
    b.cbranch(b.icmp_signed("<", k, stop), inside, after)
    b.position_at_end(inside)
    body(k)
    k.add_incoming(b.add(k, by), b.block)
    b.branch(head)
    b.position_at_end(after)


_SHIFTER = 1.5 * 2.0**52  # added, it leaves the nearest whole number in the last bits
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # the high part ends in zeros
_FARTHEST = -700.0  # below, exp is as good as nothing; 1e-304 keeps its full digits
_TERMS = 13  # of the series on half of ln 2: the next is below 1e-17


def _exp(b: Any, x: Any) -> Any:
    """exp(x), x at most 0: 2**k times a series."""
    low = b.fcmp_ordered("<", x, _all(_FARTHEST))
    x = b.select(low, _all(_FARTHEST), x)
    shifted = _fma(b, x, _all(1.0 / math.log(2.0)), _all(_SHIFTER))
    k = b.fsub(shifted, _all(_SHIFTER))
    r = _fma(b, k, _all(-_LN2_HIGH), x)
    r = _fma(b, k, _all(-_LN2_LOW), r)
    # Even and odd terms apart: two short chains instead of a long one.
    square = b.fmul(r, r)
    even: Any = _all(1.0 / math.factorial(_TERMS - 1))
    odd: Any = _all(1.0 / math.factorial(_TERMS))
    for term in range(_TERMS - 3, -1, -2):
        even = _fma(b, even, square, _all(1.0 / math.factorial(term)))
        odd = _fma(b, odd, square, _all(1.0 / math.factorial(term + 1)))
    total = _fma(b, odd, r, even)
    power = b.shl(b.bitcast(shifted, _LONGS), ir.Constant(_LONGS, [52] * WIDE))
    return b.bitcast(b.add(b.bitcast(total, _LONGS), power), _VECTOR)


@_compiled  # type: ignore[untyped-decorator]
def decays(_typing: Any, rates: Any, hours: Any, made: Any, count: Any) -> Any:
    """made[m] = exp(-rates[m] * hours), m below count, a multiple of WIDE; none negative."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        rates, hours, made, count = given
        back = _spread(b, b.fneg(hours))

        def body(m: Any) -> None:
            rate = b.load(_vector_at(b, rates, m), align=8)
            b.store(_exp(b, b.fmul(rate, back)), _vector_at(b, made, m), align=8)

        _count_up(b, count, ir.Constant(_LONG, WIDE), body)
        return context.get_dummy_value()

    return types.void(types.intp, types.float64, types.intp, types.intp), build


@_compiled  # type: ignore[untyped-decorator]
def powers(_typing: Any, ratio: Any, table: Any, count: Any) -> Any:
    """table[k] = ratio**k, k below count, a multiple of WIDE; ratio**count is returned."""

    def build(_context: Any, b: Any, _signature: Any, given: Any) -> Any:
        ratio, table, count = given
        made = [ir.Constant(_DOUBLE, 1.0), ratio]
        for k in range(2, WIDE + 1):
            made.append(b.fmul(made[k // 2], made[k - k // 2]))
        first: Any = ir.Constant(_VECTOR, ir.Undefined)
        for k in range(WIDE):
            first = b.insert_element(first, made[k], ir.Constant(_INT, k))
        step = _spread(b, made[WIDE])
        state = _tools.alloca_once(b, _VECTOR)
        b.store(first, state)

        def body(k: Any) -> None:
            now = b.load(state)
            b.store(now, _vector_at(b, table, k), align=8)
            b.store(b.fmul(now, step), state)

        _count_up(b, count, ir.Constant(_LONG, WIDE), body)
        return b.extract_element(b.load(state), ir.Constant(_INT, 0))

    return types.float64(types.float64, types.intp, types.intp), build


def _sum_loop(b: Any, given: tuple[Any, ...], count: int, stream: bool) -> None:
    """``stretch`` for one number of modes, everything but the table in registers."""
    row, at, stop, line, table, a, used, block, more = given
    factors, rows, steps = [], [], []
    for q in range(count):
        factor = _tools.alloca_once(b, _VECTOR)
        b.store(_spread(b, _number(b, a, q)), factor)
        factors.append(factor)
        mode = _number(b, used, q, _LONG)
        steps.append(b.load(_pointer(b, block, mode)))
        rows.append(b.add(table, b.mul(mode, _whole(8 * POWERS))))
    base = _spread(b, more)

    def total(k: Any) -> Any:
        made = base
        for factor, powers_of in zip(factors, rows, strict=True):
            power = b.load(_vector_at(b, powers_of, k), align=8)
            made = _fma(b, b.load(factor), power, made)
        return made

    def put(value: Any, place: Any) -> None:
        stored = b.store(value, place, align=64 if stream else 8)
        if stream:
            stored.set_metadata("nontemporal", b.module.add_metadata([ir.Constant(_INT, 1)]))

    def move_on(powers_of_all: list[Any]) -> None:
        for factor, power in zip(factors, powers_of_all, strict=True):
            b.store(b.fmul(b.load(factor), _spread(b, power)), factor)

    # What is missing in the line that an earlier stretch has begun.
    inside = b.and_(at, _whole(LINE - 1))
    begun = b.icmp_signed(">", inside, _whole(0))
    missing = b.select(begun, b.sub(_whole(LINE), inside), _whole(0))
    first = b.add(at, missing)
    with b.if_then(begun):
        b.store(total(_whole(0)), _vector_at(b, line, inside), align=8)
        with b.if_then(b.icmp_signed(">=", stop, first)):
            whole_line = b.load(_vector_at(b, line, _whole(0)), align=8)
            put(whole_line, _vector_at(b, row, b.sub(at, inside)))
            move_on([b.load(_pointer(b, each, missing)) for each in rows])
    end = b.and_(stop, _whole(-LINE))
    length = b.sub(end, first)
    place = b.add(row, b.shl(first, _whole(3)))

    def whole_lines(begin: Any) -> None:
        left = b.sub(length, begin)
        full = b.icmp_signed(">=", left, _whole(POWERS))

        def body(k: Any) -> None:
            put(total(k), _vector_at(b, place, b.add(begin, k)))

        _count_up(b, b.select(full, _whole(POWERS), left), _whole(LINE), body)
        with b.if_then(full):
            move_on(steps)

    _count_up(b, length, _whole(POWERS), whole_lines)
    rest = b.and_(b.icmp_signed(">=", length, _whole(0)), b.icmp_signed(">", stop, end))
    with b.if_then(rest):
        begun_line = total(b.and_(length, _whole(POWERS - 1)))
        b.store(begun_line, _vector_at(b, line, _whole(0)), align=8)


@_compiled  # type: ignore[untyped-decorator]
def stretch(
    _typing: Any, row: Any, at: Any, stop: Any, line: Any, table: Any, a: Any, used: Any,
    block: Any, more: Any, count: Any, stream: Any,
) -> Any:  # fmt: skip
    """row[k] = more + sum over q of a[q] table[used[q], k - at], k from ``at`` to ``stop``.

    table: rows of POWERS numbers. After every POWERS points a[q] is multiplied by
    block[used[q]] and the row begins again.
    line: 2 * LINE numbers. Whole lines are written to the row, and each but once: where
    a stretch ends within one, its numbers wait in ``line`` for the next stretch, which must
    begin there; of the last, whoever calls brings them home.
    count: up to MOST_MODES. stream: past the caches; the row must then begin a cache line.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        *inner, count, stream = given
        done = b.function.append_basic_block()
        ways = [b.function.append_basic_block() for _ in range(2)]
        b.cbranch(stream, *ways)
        for way, past in zip(ways, (True, False), strict=True):
            b.position_at_end(way)
            choice = b.switch(count, done)
            for number in range(MOST_MODES + 1):
                block = b.function.append_basic_block()
                choice.add_case(_whole(number), block)
                b.position_at_end(block)
                _sum_loop(b, tuple(inner), number, past)
                b.branch(done)
        b.position_at_end(done)
        return context.get_dummy_value()

    signature = types.void(*[types.intp] * 8, types.float64, types.intp, types.boolean)
    return signature, build


@_compiled  # type: ignore[untyped-decorator]
def sift(_typing: Any, values: Any, count: Any, low: Any, high: Any, found: Any, place: Any) -> Any:
    """Copy what is at least ``low`` and below ``high`` to ``found``, in order; tell how many.

    count: a multiple of WIDE. place: address of an int64, which becomes how many are below
    ``low``. There must be room for all and one vector more.
    """

    def build(_context: Any, b: Any, _signature: Any, given: Any) -> Any:
        values, count, low, high, found, place = given
        zero = ir.Constant(_LONG, 0)
        below = _tools.alloca_once(b, _LONGS)
        kept = _tools.alloca_once(b, _LONG)
        b.store(ir.Constant(_LONGS, [0] * WIDE), below)
        b.store(zero, kept)
        least, most = _spread(b, low), _spread(b, high)

        def body(k: Any) -> None:
            now = b.load(_vector_at(b, values, k), align=8)
            under = b.fcmp_ordered("<", now, least)
            inside = b.and_(b.fcmp_ordered(">=", now, least), b.fcmp_ordered("<", now, most))
            b.store(b.sub(b.load(below), b.sext(under, _LONGS)), below)
            any_inside = b.icmp_unsigned(
                "!=", b.bitcast(inside, ir.IntType(WIDE)), ir.Constant(ir.IntType(WIDE), 0)
            )
            with b.if_then(any_inside, likely=False):
                at = b.load(kept)
                for lane in range(WIDE):
                    one = ir.Constant(_INT, lane)
                    b.store(b.extract_element(now, one), _pointer(b, found, at))
                    at = b.add(at, b.zext(b.extract_element(inside, one), _LONG))
                b.store(at, kept)

        _count_up(b, count, ir.Constant(_LONG, WIDE), body)
        total: Any = zero
        for lane in range(WIDE):
            total = b.add(total, b.extract_element(b.load(below), ir.Constant(_INT, lane)))
        b.store(total, _pointer(b, place, zero, _LONG))
        return b.load(kept)

    signature = types.intp(
        types.intp, types.intp, types.float64, types.float64, types.intp, types.intp
    )
    return signature, build
