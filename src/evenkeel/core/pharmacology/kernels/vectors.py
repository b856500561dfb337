"""Loops that the kernels live on, written as vectors because a compiler would not.

In and out: addresses of contiguous float64. ``decays`` is exp(-rate * hours) of several
rates at once, within two units of the last digit; ``powers`` fills a table of powers;
``stretch`` adds up rows of that table, and can write past the caches: memory that nobody
reads soon is then not fetched first. A line that is begun that way and finished by an
ordinary store would be fetched after all, which costs more than everything else: so no
line is written before it is whole.

Only compiled code may call these, and the caller answers for the addresses.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    DOUBLE,
    INT,
    LONG,
    LONGS,
    VECTOR,
    WIDE,
    count_up,
    every,
    fused,
    long,
    number_at,
    number_place,
    spread,
    tools,
    vector_at,
    vectorised,
)
from evenkeel.core.pharmacology.kernels.sizes import LINE, POWERS

MOST_MODES = 6  # of one output here; each number has a loop of its own
_SHIFTER = 1.5 * 2.0**52  # added, it leaves the nearest whole number in the last bits
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # the high part ends in zeros
_FARTHEST = -700.0  # below, exp is as good as nothing; 1e-304 keeps its full digits
_TERMS = 13  # of the series on half of ln 2: the next is below 1e-17


def exp_of(b: Any, x: Any) -> Any:
    """exp(x), x at most 700: 2**k times a series."""
    low = b.fcmp_ordered("<", x, every(_FARTHEST))
    x = b.select(low, every(_FARTHEST), x)
    shifted = fused(b, x, every(1.0 / math.log(2.0)), every(_SHIFTER))
    k = b.fsub(shifted, every(_SHIFTER))
    r = fused(b, k, every(-_LN2_HIGH), x)
    r = fused(b, k, every(-_LN2_LOW), r)
    # Even and odd terms apart: two short chains instead of a long one.
    square = b.fmul(r, r)
    even: Any = every(1.0 / math.factorial(_TERMS - 1))
    odd: Any = every(1.0 / math.factorial(_TERMS))
    for term in range(_TERMS - 3, -1, -2):
        even = fused(b, even, square, every(1.0 / math.factorial(term)))
        odd = fused(b, odd, square, every(1.0 / math.factorial(term + 1)))
    total = fused(b, odd, r, even)
    power = b.shl(b.bitcast(shifted, LONGS), ir.Constant(LONGS, [52] * WIDE))
    return b.bitcast(b.add(b.bitcast(total, LONGS), power), VECTOR)


@vectorised  # type: ignore[untyped-decorator]
def decays(_typing: Any, rates: Any, hours: Any, made: Any, count: Any) -> Any:
    """made[m] = exp(-rates[m] * hours), m below count, a multiple of WIDE; none negative."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        rates, hours, made, count = given
        back = spread(b, b.fneg(hours))

        def body(m: Any) -> None:
            rate = b.load(vector_at(b, rates, m), align=8)
            b.store(exp_of(b, b.fmul(rate, back)), vector_at(b, made, m), align=8)

        count_up(b, count, ir.Constant(LONG, WIDE), body)
        return context.get_dummy_value()

    return types.void(types.intp, types.float64, types.intp, types.intp), build


@vectorised  # type: ignore[untyped-decorator]
def exponentials(_typing: Any, made: Any, count: Any) -> Any:
    """made[m] = exp(made[m]), m below count, a multiple of WIDE; inf above 1e304."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        made, count = given

        def body(m: Any) -> None:
            place = vector_at(b, made, m)
            x = b.load(place, align=8)
            small = b.fcmp_ordered("<=", x, every(-_FARTHEST))
            b.store(b.select(small, exp_of(b, x), every(math.inf)), place, align=8)

        count_up(b, count, ir.Constant(LONG, WIDE), body)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), build


@vectorised  # type: ignore[untyped-decorator]
def powers(_typing: Any, ratio: Any, table: Any, count: Any) -> Any:
    """table[k] = ratio**k, k below count, a multiple of WIDE; ratio**count is returned."""

    def build(_context: Any, b: Any, _signature: Any, given: Any) -> Any:
        ratio, table, count = given
        made = [ir.Constant(DOUBLE, 1.0), ratio]
        for k in range(2, WIDE + 1):
            made.append(b.fmul(made[k // 2], made[k - k // 2]))
        first: Any = ir.Constant(VECTOR, ir.Undefined)
        for k in range(WIDE):
            first = b.insert_element(first, made[k], ir.Constant(INT, k))
        step = spread(b, made[WIDE])
        state = tools.alloca_once(b, VECTOR)
        b.store(first, state)

        def body(k: Any) -> None:
            now = b.load(state)
            b.store(now, vector_at(b, table, k), align=8)
            b.store(b.fmul(now, step), state)

        count_up(b, count, ir.Constant(LONG, WIDE), body)
        return b.extract_element(b.load(state), ir.Constant(INT, 0))

    return types.float64(types.float64, types.intp, types.intp), build


def _sum_loop(b: Any, given: tuple[Any, ...], count: int, stream: bool) -> None:
    """``stretch`` for one number of modes, everything but the table in registers."""
    row, at, stop, line, table, a, used, block, more = given
    factors, rows, steps = [], [], []
    for q in range(count):
        factor = tools.alloca_once(b, VECTOR)
        b.store(spread(b, number_at(b, a, q)), factor)
        factors.append(factor)
        mode = number_at(b, used, q, LONG)
        steps.append(b.load(number_place(b, block, mode)))
        rows.append(b.add(table, b.mul(mode, long(8 * POWERS))))
    base = spread(b, more)

    def total(k: Any) -> Any:
        made = base
        for factor, powers_of in zip(factors, rows, strict=True):
            power = b.load(vector_at(b, powers_of, k), align=8)
            made = fused(b, b.load(factor), power, made)
        return made

    def put(value: Any, place: Any) -> None:
        stored = b.store(value, place, align=64 if stream else 8)
        if stream:
            stored.set_metadata("nontemporal", b.module.add_metadata([ir.Constant(INT, 1)]))

    def move_on(powers_of_all: list[Any]) -> None:
        for factor, power in zip(factors, powers_of_all, strict=True):
            b.store(b.fmul(b.load(factor), spread(b, power)), factor)

    # What is missing in the line that an earlier stretch has begun.
    inside = b.and_(at, long(LINE - 1))
    begun = b.icmp_signed(">", inside, long(0))
    missing = b.select(begun, b.sub(long(LINE), inside), long(0))
    first = b.add(at, missing)
    with b.if_then(begun):
        b.store(total(long(0)), vector_at(b, line, inside), align=8)
        with b.if_then(b.icmp_signed(">=", stop, first)):
            whole_line = b.load(vector_at(b, line, long(0)), align=8)
            put(whole_line, vector_at(b, row, b.sub(at, inside)))
            move_on([b.load(number_place(b, each, missing)) for each in rows])
    end = b.and_(stop, long(-LINE))
    length = b.sub(end, first)
    place = b.add(row, b.shl(first, long(3)))

    def whole_lines(begin: Any) -> None:
        left = b.sub(length, begin)
        full = b.icmp_signed(">=", left, long(POWERS))

        def body(k: Any) -> None:
            put(total(k), vector_at(b, place, b.add(begin, k)))

        count_up(b, b.select(full, long(POWERS), left), long(LINE), body)
        with b.if_then(full):
            move_on(steps)

    count_up(b, length, long(POWERS), whole_lines)
    rest = b.and_(b.icmp_signed(">=", length, long(0)), b.icmp_signed(">", stop, end))
    with b.if_then(rest):
        begun_line = total(b.and_(length, long(POWERS - 1)))
        b.store(begun_line, vector_at(b, line, long(0)), align=8)


@vectorised  # type: ignore[untyped-decorator]
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
                choice.add_case(long(number), block)
                b.position_at_end(block)
                _sum_loop(b, tuple(inner), number, past)
                b.branch(done)
        b.position_at_end(done)
        return context.get_dummy_value()

    signature = types.void(*[types.intp] * 8, types.float64, types.intp, types.boolean)
    return signature, build
