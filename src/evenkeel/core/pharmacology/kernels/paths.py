"""Loops that take people on in time, written as vectors.

In and out: addresses of contiguous float64, one number for each person. ``onward`` takes
everybody through a span at once and tells how far each may be from the straight line
between its ends; ``along`` takes a few through each of its points. Only compiled code may call
these, and the caller answers for the addresses.
"""

from __future__ import annotations

from typing import Any

from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    LONG,
    VECTOR,
    WIDE,
    count_up,
    every,
    fused,
    long,
    number_place,
    size_of,
    spread,
    tools,
    vector_at,
    vectorised,
)

_ABREAST = 5  # rows that are kept in registers at once


@vectorised  # type: ignore[untyped-decorator]
def onward(
    _typing: Any, amounts: Any, before: Any, fades: Any, rates: Any, modes: Any, rows: Any,
    stride: Any, scale: Any, hours: Any, drift: Any, more: Any, value: Any, sag: Any, doubt: Any,
    count: Any,
) -> Any:  # fmt: skip
    """Amounts of a span's begin, and everybody's value at its end, and how it goes there.

    amounts: ``rows`` of ``stride`` bytes, each of a mode in ``modes``, made to fade by
    ``before`` first: rows of modes, as ``fades``, which the value at the end is faded by, and
    ``rates``, which make it fade so in ``hours``. more: added to each value.
    sag, doubt: how value * scale**s, drift being -log(scale), hangs below its chord, as
    ``part`` takes them.

    exp(-x s) hangs below its chord by s (1 - s) times its second divided difference at 0, s and
    1, which goes from x - l at 0 to l - x exp(-x) at 1, l being 1 - exp(-x).
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        (amounts, before, fades, rates, modes, rows, stride, scale, hours, drift, more, value,
         sag, doubt, count) = given  # fmt: skip
        total, hangs, unsure = (tools.alloca_once(b, VECTOR) for _ in range(3))
        by, length, shift = b.fneg(spread(b, scale)), spread(b, hours), spread(b, drift)

        def bent(was: Any, fade: Any, x: Any) -> None:
            lost = fused(b, by, fade, every(1.0))
            both = b.fmul(x, lost)
            b.store(fused(b, was, b.fmul(both, every(0.125)), b.load(hangs)), hangs)
            less = b.fmul(b.fsub(x, lost), every(0.25))
            apart = size_of(b, fused(b, both, every(-0.125), less))
            b.store(fused(b, size_of(b, was), apart, b.load(unsure)), unsure)

        def body(k: Any) -> None:
            lasting = b.load(vector_at(b, more, k), align=8)
            b.store(lasting, total)
            b.store(every(0.0), hangs)
            b.store(every(0.0), unsure)
            bent(lasting, every(1.0), shift)

            def row(r: Any) -> None:
                mode = b.mul(b.load(number_place(b, modes, r, LONG)), stride)
                place = vector_at(b, b.add(amounts, b.mul(r, stride)), k)
                faded = b.load(vector_at(b, b.add(before, mode), k), align=8)
                was = b.fmul(b.load(place, align=8), faded)
                b.store(was, place, align=8)
                fade = b.load(vector_at(b, b.add(fades, mode), k), align=8)
                rate = b.load(vector_at(b, b.add(rates, mode), k), align=8)
                bent(was, fade, fused(b, rate, length, shift))
                b.store(fused(b, was, fade, b.load(total)), total)

            count_up(b, rows, long(1), row)
            for made, into in ((total, value), (hangs, sag), (unsure, doubt)):
                b.store(b.load(made), vector_at(b, into, k), align=8)

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    place = types.intp
    return types.void(*[place] * 7, *[types.float64] * 3, *[place] * 5), build


def _along(b: Any, given: tuple[Any, ...], number: int, begun: bool) -> None:
    """``along`` for so many rows, all of whose amounts are in registers."""
    first, ratio, stride, base, count, steps, into, step_by = given
    amounts = [tools.alloca_once(b, VECTOR) for _ in range(number)]

    def body(c: Any) -> None:
        places, by = [], []
        for r in range(number):
            place = vector_at(b, b.add(first, b.mul(long(r), stride)), c)
            b.store(b.load(place, align=8), amounts[r])
            places.append(place)
            by.append(b.load(vector_at(b, b.add(ratio, b.mul(long(r), stride)), c), align=8))
        lasting = b.load(vector_at(b, base, c), align=8) if not begun else None

        def step(h: Any) -> None:
            place = vector_at(b, b.add(into, b.mul(h, step_by)), c)
            total = b.load(place, align=8) if begun else lasting
            for amount, rate in zip(amounts, by, strict=True):
                now = b.fmul(b.load(amount), rate)
                b.store(now, amount)
                total = b.fadd(total, now)
            b.store(total, place, align=8)

        count_up(b, steps, long(1), step)
        for amount, place in zip(amounts, places, strict=True):
            b.store(b.load(amount), place, align=8)

    count_up(b, count, long(WIDE), body)


@vectorised  # type: ignore[untyped-decorator]
def along(
    _typing: Any, first: Any, ratio: Any, rows: Any, stride: Any, base: Any, count: Any,
    steps: Any, into: Any, step_by: Any,
) -> Any:  # fmt: skip
    """into[h, c] = base[c] + sum over r of first[r, c] * ratio[r, c]**(h + 1), h below ``steps``.

    first: ``rows`` of ``stride`` bytes, made what they are after the last step. into: rows of
    ``step_by`` bytes. count: a multiple of WIDE.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        first, ratio, rows, stride, base, count, steps, into, step_by = given

        # The first rows, _ABREAST or fewer, write, and whatever comes then adds to it.
        def groups(at: Any) -> None:
            skip = b.mul(at, stride)
            left = b.sub(rows, at)
            inner = (
                b.add(first, skip), b.add(ratio, skip), stride, base, count, steps, into, step_by,
            )  # fmt: skip
            for begun in (False, True):
                mine = b.icmp_signed(">" if begun else "==", at, long(0))
                for number in range(1, _ABREAST + 1):
                    fits = b.icmp_signed("==" if number < _ABREAST else ">=", left, long(number))
                    with b.if_then(b.and_(mine, fits)):
                        _along(b, inner, number, begun)

        count_up(b, rows, long(_ABREAST), groups)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 9), build
