"""Loops over everybody at one moment, written as vectors: who is where.

In and out: addresses of contiguous float64, one number for each person. ``sift`` keeps what
lies between two values and counts what lies below; ``part`` finds who may come near
a percentile in a span of time, ``places_of`` tells their places and ``gather`` picks them.
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
    halves,
    how_many,
    keep_places,
    long,
    marked,
    number_at,
    number_place,
    packs,
    spread,
    tools,
    vector_at,
    vectorised,
    whole,
)
from evenkeel.core.pharmacology.kernels.sizes import BAND


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
            if packs():
                at = b.load(kept)
                b.store(marked(b, now, inside[0]), vector_at(b, found, at), align=8)
                b.store(b.add(at, how_many(b, inside[0])), kept)
                return

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
def two_at(_typing: Any, values: Any, count: Any, rank: Any) -> Any:
    """The first two values become those of a rank and of the next; each is compared with each.

    There must be room for one vector more behind the ``count`` values; it is overwritten.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        values, count, rank = given
        lowest = every(-math.inf)
        b.store(lowest, vector_at(b, values, count), align=8)
        first, second, less = (tools.alloca_once(b, kind) for kind in (VECTOR, VECTOR, LONGS))
        b.store(lowest, first)
        b.store(lowest, second)

        def body(k: Any) -> None:
            now = b.load(vector_at(b, values, k), align=8)
            b.store(ir.Constant(LONGS, [0] * WIDE), less)

            def other(h: Any) -> None:
                one = spread(b, b.load(number_place(b, values, h)))
                under = b.fcmp_ordered("<", one, now)
                b.store(b.sub(b.load(less), b.sext(under, LONGS)), less)

            count_up(b, count, long(1), other)
            for made, most in ((first, rank), (second, b.add(rank, long(1)))):
                not_more = b.icmp_signed("<=", b.load(less), spread(b, most, LONGS))
                one = b.select(not_more, now, lowest)
                b.store(b.select(b.fcmp_ordered(">", one, b.load(made)), one, b.load(made)), made)

        count_up(b, count, long(WIDE), body)
        kind = ir.FunctionType(DOUBLE, [VECTOR])
        name = f"llvm.vector.reduce.fmax.v{WIDE}f64"
        reduce = tools.get_or_insert_function(b.module, kind, name)
        for place, made in enumerate((first, second)):
            b.store(b.call(reduce, [b.load(made)]), number_place(b, values, long(place)))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 3), build


@vectorised  # type: ignore[untyped-decorator]
def part(
    _typing: Any, begins: Any, ends: Any, sag: Any, sag_end: Any, doubt: Any, count: Any,
    scale: Any, bands: Any, wanted: Any, marks: Any, stride: Any, below: Any,
) -> Any:  # fmt: skip
    """Of everybody at both ends of a span: who may cross a band around a percentile's path.

    Whoever is certainly below a band is counted, whoever is certainly above it passed over.
    A value hangs below the straight line between its ends by 4 s (1 - s) times what goes from
    ``sag`` to ``sag_end``, or by up to ``doubt`` more or less of it, s going from 0 to 1. That is
    a cubic, and so are the edges of a band: a cubic whose four numbers (the ends, and three
    times each of the two between them in Bernstein's form) are all below those of another lies
    below it.

    begins, ends (times ``scale``), sag, sag_end, doubt: ``count`` numbers, a multiple of WIDE.
    bands: rows of BAND numbers: four of the lower edge, four of the upper one.
    marks: rows of ``stride`` bytes, one for each band: a bit for each person, set for
    whoever may cross; ``places_of`` reads them.
    below: WIDE int64 for each band, to which those below are added.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        (begins, ends, sag, sag_end, doubt, count, scale, bands, wanted, marks, stride,
         below) = given  # fmt: skip
        by, byte = spread(b, scale), ir.IntType(8)

        def body(k: Any) -> None:
            first = b.load(vector_at(b, begins, k), align=8)
            last = b.fmul(b.load(vector_at(b, ends, k), align=8), by)
            unsure = b.load(vector_at(b, doubt, k), align=8)
            lowest, highest = [first], [first]
            for more, line in ((sag, (first, last)), (sag_end, (last, first))):
                hangs = b.load(vector_at(b, more, k), align=8)
                chord = fused(b, every(2.0), *line)
                for made, much in (
                    (lowest, b.fadd(hangs, unsure)), (highest, b.fsub(hangs, unsure)),
                ):  # fmt: skip
                    made.append(fused(b, every(-4.0), much, chord))
            lowest.append(last)
            highest.append(last)

            def band(p: Any) -> None:
                at = b.add(bands, b.mul(p, long(8 * BAND)))
                edges = [spread(b, number_at(b, at, q)) for q in range(8)]
                place = b.inttoptr(b.add(below, b.shl(p, long(6))), LONGS.as_pointer())

                def all_of(sign: str, numbers: list[Any], limits: list[Any]) -> list[Any]:
                    made = []
                    for each in zip(
                        *(halves(b, x) for x in numbers), *(halves(b, x) for x in limits),
                        strict=True,
                    ):  # fmt: skip
                        pairs = zip(each[:4], each[4:], strict=True)
                        tests = [b.fcmp_ordered(sign, x, y) for x, y in pairs]
                        made.append(b.and_(b.and_(*tests[:2]), b.and_(*tests[2:])))
                    return made

                under = all_of("<", highest, edges[:4])
                over = all_of(">", lowest, edges[4:])
                counted = b.sext(whole(b, under), LONGS)
                b.store(b.sub(b.load(place, align=8), counted), place, align=8)
                row = b.add(marks, b.mul(p, stride))
                mark = b.inttoptr(b.add(row, b.lshr(k, long(3))), byte.as_pointer())
                bits: Any = ir.Constant(byte, 0)
                for number, (beneath, above) in enumerate(zip(under, over, strict=True)):
                    width = WIDE // len(under)
                    some = b.bitcast(b.not_(b.or_(beneath, above)), ir.IntType(width))
                    some = b.zext(some, byte) if width < WIDE else some
                    bits = b.or_(bits, b.shl(some, ir.Constant(byte, width * number)))
                b.store(bits, mark)

            count_up(b, wanted, long(1), band)

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    place = types.intp
    return types.void(*[place] * 6, types.float64, *[place] * 5), build


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
def gather(_typing: Any, values: Any, places: Any, count: Any, into: Any) -> Any:
    """into[c] = values[places[c]], c below ``count``, a multiple of WIDE; places: int64."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        values, places, count, into = given

        def body(c: Any) -> None:
            for lane in range(WIDE):
                at = b.add(c, long(lane))
                place = b.load(number_place(b, places, at, LONG))
                b.store(b.load(number_place(b, values, place)), number_place(b, into, at))

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 4), build
