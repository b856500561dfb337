"""Loops over everybody at one moment, written as vectors: who is where, and what comes next.

In and out: addresses of contiguous float64, one number for each person. ``sift`` keeps what
lies between two values and counts what lies below; ``part`` finds who may come near
a percentile in a span of time; ``onward`` takes everybody through the span, ``along`` a few
of them through each of its points. Only compiled code may call these, and the caller
answers for the addresses.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    INT,
    LONG,
    LONGS,
    VECTOR,
    WIDE,
    count_up,
    every,
    fused,
    halves,
    keep_places,
    long,
    number_at,
    number_place,
    spread,
    tools,
    vector_at,
    vectorised,
)


@vectorised  # type: ignore[untyped-decorator]
def sift(_typing: Any, values: Any, count: Any, low: Any, high: Any, found: Any, place: Any) -> Any:
    """Copy what is at least ``low`` and below ``high`` to ``found``, in order; tell how many.

    count: a multiple of WIDE. place: address of an int64, which becomes how many are below
    ``low``. There must be room for all and one vector more.
    """

    def build(_context: Any, b: Any, _signature: Any, given: Any) -> Any:
        values, count, low, high, found, place = given
        zero = ir.Constant(LONG, 0)
        below = tools.alloca_once(b, LONGS)
        kept = tools.alloca_once(b, LONG)
        b.store(ir.Constant(LONGS, [0] * WIDE), below)
        b.store(zero, kept)
        least, most = spread(b, low), spread(b, high)

        def body(k: Any) -> None:
            now = b.load(vector_at(b, values, k), align=8)
            under = b.fcmp_ordered("<", now, least)
            b.store(b.sub(b.load(below), b.sext(under, LONGS)), below)
            inside = []
            for each, low_of, high_of in zip(
                halves(b, now), halves(b, least), halves(b, most), strict=True
            ):
                above = b.fcmp_ordered(">=", each, low_of)
                inside.append(b.and_(above, b.fcmp_ordered("<", each, high_of)))

            def put(lane: int, at: Any) -> None:
                one = b.extract_element(now, ir.Constant(INT, lane))
                b.store(one, number_place(b, found, at))

            keep_places(b, inside, kept, put)

        count_up(b, count, ir.Constant(LONG, WIDE), body)
        total: Any = zero
        for lane in range(WIDE):
            total = b.add(total, b.extract_element(b.load(below), ir.Constant(INT, lane)))
        b.store(total, number_place(b, place, zero, LONG))
        return b.load(kept)

    signature = types.intp(
        types.intp, types.intp, types.float64, types.float64, types.intp, types.intp
    )
    return signature, build


@vectorised  # type: ignore[untyped-decorator]
def part(
    _typing: Any, begins: Any, ends: Any, doubt: Any, count: Any, scale: Any, lines: Any,
    wanted: Any, marks: Any, stride: Any, below: Any,
) -> Any:  # fmt: skip
    """Of everybody at both ends of a span: who may cross a band between two lines.

    Whoever is certainly below a band is counted, whoever is certainly above it passed over.
    A value lies within ``doubt`` of the straight line between its ends.

    begins, ends (times ``scale``), doubt: ``count`` numbers, a multiple of WIDE.
    lines: four numbers for each of the ``wanted`` bands: the lower line's ends, the upper's.
    marks: rows of ``stride`` bytes, one for each band: a bit for each person, set for
    whoever may cross; ``places_of`` reads them.
    below: WIDE int64 for each band, to which those below are added.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        begins, ends, doubt, count, scale, lines, wanted, marks, stride, below = given
        by, byte = spread(b, scale), ir.IntType(8)

        def larger(x: Any, y: Any) -> Any:
            return b.select(b.fcmp_ordered(">", x, y), x, y)

        def smaller(x: Any, y: Any) -> Any:
            return b.select(b.fcmp_ordered("<", x, y), x, y)

        def body(k: Any) -> None:
            unsure = b.load(vector_at(b, doubt, k), align=8)
            first = b.load(vector_at(b, begins, k), align=8)
            second = b.fmul(b.load(vector_at(b, ends, k), align=8), by)
            most = b.fadd(first, unsure), b.fadd(second, unsure)
            least = b.fsub(first, unsure), b.fsub(second, unsure)

            def band(p: Any) -> None:
                at = b.add(lines, b.shl(p, long(5)))
                low, low_end, high, high_end = (spread(b, number_at(b, at, q)) for q in range(4))
                place = b.inttoptr(b.add(below, b.shl(p, long(6))), LONGS.as_pointer())
                # How far the farther end is above the lower line, and below the upper.
                over_low = larger(b.fsub(most[0], low), b.fsub(most[1], low_end))
                under_high = larger(b.fsub(high, least[0]), b.fsub(high_end, least[1]))
                under = b.fcmp_ordered("<", over_low, every(0.0))
                b.store(b.sub(b.load(place, align=8), b.sext(under, LONGS)), place, align=8)
                # Neither certainly below nor certainly above.
                crosses = [
                    b.fcmp_ordered(">=", half, ir.Constant(half.type, [0.0] * (WIDE // 2)))
                    for half in halves(b, smaller(over_low, under_high))
                ]
                row = b.add(marks, b.mul(p, stride))
                mark = b.inttoptr(b.add(row, b.lshr(k, long(3))), byte.as_pointer())
                first_half, second_half = (
                    b.zext(b.bitcast(mask, ir.IntType(WIDE // 2)), byte) for mask in crosses
                )
                high_half = b.shl(second_half, ir.Constant(byte, WIDE // 2))
                b.store(b.or_(first_half, high_half), mark)

            count_up(b, wanted, long(1), band)

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    place = types.intp
    signature = types.void(
        place, place, place, place, types.float64, place, place, place, place, place
    )
    return signature, build


@vectorised  # type: ignore[untyped-decorator]
def places_of(_typing: Any, marks: Any, words: Any, places: Any) -> Any:
    """Which bits of so many int64 are set, as int64; tell how many."""

    def build(_context: Any, b: Any, _signature: Any, given: Any) -> Any:
        marks, words, places = given
        kind = ir.FunctionType(LONG, [LONG, ir.IntType(1)])
        lowest = tools.get_or_insert_function(b.module, kind, "llvm.cttz.i64")
        kept, left = tools.alloca_once(b, LONG), tools.alloca_once(b, LONG)
        b.store(long(0), kept)

        def body(k: Any) -> None:
            b.store(b.load(number_place(b, marks, k, LONG)), left)
            head, inside = b.function.append_basic_block(), b.function.append_basic_block()
            after = b.function.append_basic_block()
            b.branch(head)
            b.position_at_end(head)
            bits = b.load(left)
            b.cbranch(b.icmp_unsigned("!=", bits, long(0)), inside, after)
            b.position_at_end(inside)
            at = b.load(kept)
            bit = b.call(lowest, [bits, ir.Constant(ir.IntType(1), 1)])
            b.store(b.add(b.shl(k, long(6)), bit), number_place(b, places, at, LONG))
            b.store(b.add(at, long(1)), kept)
            b.store(b.and_(bits, b.sub(bits, long(1))), left)
            b.branch(head)
            b.position_at_end(after)

        count_up(b, words, long(1), body)
        return b.load(kept)

    return types.intp(types.intp, types.intp, types.intp), build


@vectorised  # type: ignore[untyped-decorator]
def onward(
    _typing: Any, amounts: Any, before: Any, fades: Any, modes: Any, rows: Any, stride: Any,
    scale: Any, more: Any, value: Any, doubt: Any, count: Any,
) -> Any:  # fmt: skip
    """Amounts of a span's begin, and everybody's value at its end, with its doubt.

    amounts: ``rows`` of ``stride`` bytes, each of a mode in ``modes``, made to fade by
    ``before`` first: rows of modes, as ``fades``, which the value at the end is faded by.
    more: added to each value. doubt: how far value * scale**share may be from its chord.

    exp(-x s) lies below its chord over s from 0 to 1 by at most l * l * (1 + 7 |l|) / 8 with
    l = 1 - exp(-x): x * x / 8 near 0, and never more than the chord.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        amounts, before, fades, modes, rows, stride, scale, more, value, doubt, count = given
        kind = ir.FunctionType(VECTOR, [VECTOR])
        size = tools.get_or_insert_function(b.module, kind, f"llvm.fabs.v{WIDE}f64")
        total, unsure = tools.alloca_once(b, VECTOR), tools.alloca_once(b, VECTOR)
        by = b.fneg(spread(b, scale))

        def bent(was: Any, fade: Any) -> Any:
            lost = fused(b, by, fade, every(1.0))
            steep = fused(b, b.call(size, [lost]), every(0.875), every(0.125))
            return b.fmul(b.call(size, [was]), b.fmul(b.fmul(lost, lost), steep))

        def body(k: Any) -> None:
            lasting = b.load(vector_at(b, more, k), align=8)
            b.store(lasting, total)
            b.store(bent(lasting, every(1.0)), unsure)

            def row(r: Any) -> None:
                mode = b.mul(b.load(number_place(b, modes, r, LONG)), stride)
                place = vector_at(b, b.add(amounts, b.mul(r, stride)), k)
                faded = b.load(vector_at(b, b.add(before, mode), k), align=8)
                was = b.fmul(b.load(place, align=8), faded)
                b.store(was, place, align=8)
                fade = b.load(vector_at(b, b.add(fades, mode), k), align=8)
                b.store(b.fadd(b.load(unsure), bent(was, fade)), unsure)
                b.store(fused(b, was, fade, b.load(total)), total)

            count_up(b, rows, long(1), row)
            b.store(b.load(total), vector_at(b, value, k), align=8)
            b.store(b.load(unsure), vector_at(b, doubt, k), align=8)

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    place = types.intp
    return types.void(*[place] * 6, types.float64, *[place] * 4), build


@vectorised  # type: ignore[untyped-decorator]
def along(
    _typing: Any, first: Any, ratio: Any, count: Any, steps: Any, into: Any, stride: Any
) -> Any:
    """into[h, c] += first[c] * ratio[c]**h, h from 1 to ``steps``, c below ``count``.

    into: rows of ``stride`` bytes. count: a multiple of WIDE.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        first, ratio, count, steps, into, stride = given
        now = tools.alloca_once(b, VECTOR)

        def body(k: Any) -> None:
            b.store(b.load(vector_at(b, first, k), align=8), now)
            by = b.load(vector_at(b, ratio, k), align=8)

            def step(h: Any) -> None:
                made = b.fmul(b.load(now), by)
                b.store(made, now)
                row = b.add(into, b.mul(b.add(h, long(1)), stride))
                place = vector_at(b, row, k)
                b.store(b.fadd(b.load(place, align=8), made), place, align=8)

            count_up(b, steps, long(1), step)

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 6), build
