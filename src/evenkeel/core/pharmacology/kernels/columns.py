"""Loops over everybody at one moment, written as vectors: who is where.

In and out: addresses of contiguous float64, one number for each person. ``sift`` keeps what
lies between two values and counts what lies below; ``part`` finds who may come near
a percentile in a span of time, ``places_of`` tells their places and ``gather`` picks them.
Only compiled code may call these, and the caller answers for the addresses.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    INT,
    LONG,
    LONGS,
    WIDE,
    count_up,
    every,
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
    _typing: Any, begins: Any, ends: Any, sag: Any, doubt: Any, count: Any, scale: Any,
    bands: Any, wanted: Any, marks: Any, stride: Any, below: Any,
) -> Any:  # fmt: skip
    """Of everybody at both ends of a span: who may cross a band around a percentile's path.

    Whoever is certainly below a band is counted, whoever is certainly above it passed over.
    A value hangs below the straight line between its ends by 4 s (1 - s) times ``sag`` or by
    up to ``doubt`` more or less of it, s going from 0 to 1; and so do the edges of a band.
    What differs is the straight line between the ends of the difference, and a bow that is at
    its most where it is all.

    begins, ends (times ``scale``), sag, doubt: ``count`` numbers, a multiple of WIDE.
    bands: rows of BAND numbers: both ends of the lower edge and how far it hangs below its
    straight line, and the same of the upper edge.
    marks: rows of ``stride`` bytes, one for each band: a bit for each person, set for
    whoever may cross; ``places_of`` reads them.
    below: WIDE int64 for each band, to which those below are added.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        begins, ends, sag, doubt, count, scale, bands, wanted, marks, stride, below = given
        by, byte = spread(b, scale), ir.IntType(8)

        def larger(x: Any, y: Any) -> Any:
            return b.select(b.fcmp_ordered(">", x, y), x, y)

        def smaller(x: Any, y: Any) -> Any:
            return b.select(b.fcmp_ordered("<", x, y), x, y)

        def body(k: Any) -> None:
            hangs = b.load(vector_at(b, sag, k), align=8)
            unsure = b.load(vector_at(b, doubt, k), align=8)
            first = b.load(vector_at(b, begins, k), align=8)
            second = b.fmul(b.load(vector_at(b, ends, k), align=8), by)
            least, most = b.fsub(hangs, unsure), b.fadd(hangs, unsure)

            def band(p: Any) -> None:
                at = b.add(bands, b.mul(p, long(8 * BAND)))
                low, low_end, low_sag, high, high_end, high_sag = (
                    spread(b, number_at(b, at, q)) for q in range(6)
                )
                place = b.inttoptr(b.add(below, b.shl(p, long(6))), LONGS.as_pointer())
                # The end that is farther up, above the lower edge; and what the bow may add.
                over = larger(b.fsub(first, low), b.fsub(second, low_end))
                bow = smaller(b.fsub(least, low_sag), every(0.0))
                beneath = smaller(b.fsub(first, high), b.fsub(second, high_end))
                dip = larger(b.fsub(most, high_sag), every(0.0))
                under = b.fcmp_ordered("<", over, bow)
                b.store(b.sub(b.load(place, align=8), b.sext(under, LONGS)), place, align=8)
                # Neither certainly below nor certainly above.
                crosses = [
                    b.and_(b.fcmp_unordered(">=", o, w), b.fcmp_unordered("<=", u, d))
                    for o, w, u, d in zip(
                        halves(b, over), halves(b, bow), halves(b, beneath), halves(b, dip),
                        strict=True,
                    )
                ]  # fmt: skip
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
    return types.void(*[place] * 5, types.float64, *[place] * 5), build


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
