"""Loops that take people on in time, written as vectors.

In and out: addresses of contiguous float64, one number for each person. ``settle`` takes a
mode to its next happening and ``fade`` to a moment; ``onward`` takes
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
from evenkeel.core.pharmacology.kernels.vectors import exp_of


def _gone_on(b: Any, k: Any, rates: Any, inflow: Any, now: Any, hours: Any) -> tuple[Any, Any]:
    """Of a mode: the level that its inflow would come to, and what then is left beside that."""
    rate = b.load(vector_at(b, rates, k), align=8)
    full = b.fdiv(b.load(vector_at(b, inflow, k), align=8), rate)
    there = b.fsub(b.load(vector_at(b, now, k), align=8), full)
    return full, b.fmul(there, exp_of(b, b.fneg(b.fmul(rate, hours))))


@vectorised  # type: ignore[untyped-decorator]
def settle(
    _typing: Any, rates: Any, inflow: Any, now: Any, hours: Any, gains: Any, amounts: Any,
    into: Any, count: Any,
) -> Any:  # fmt: skip
    """A mode of everybody after so many hours, and after gains * amounts more in ``into``.

    into: ``now`` or ``inflow``. count: a multiple of WIDE.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        rates, inflow, now, hours, gains, amounts, into, count = given
        passed = spread(b, hours)

        def body(k: Any) -> None:
            full, left = _gone_on(b, k, rates, inflow, now, passed)
            b.store(b.fadd(full, left), vector_at(b, now, k), align=8)
            gain, much = (b.load(vector_at(b, each, k), align=8) for each in (gains, amounts))
            place = vector_at(b, into, k)
            b.store(fused(b, gain, much, b.load(place, align=8)), place, align=8)

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    place = types.intp
    return types.void(*[place] * 3, types.float64, *[place] * 4), build


@vectorised  # type: ignore[untyped-decorator]
def fade(
    _typing: Any, rates: Any, inflow: Any, now: Any, hours: Any, full: Any, left: Any, count: Any
) -> Any:
    """What a mode of everybody comes to, and what is left beside that after each one's hours."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        rates, inflow, now, hours, full, left, count = given

        def body(k: Any) -> None:
            passed = b.load(vector_at(b, hours, k), align=8)
            level, more = _gone_on(b, k, rates, inflow, now, passed)
            b.store(level, vector_at(b, full, k), align=8)
            b.store(more, vector_at(b, left, k), align=8)

        count_up(b, count, long(WIDE), body)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 7), build


_STEEPEST = 16.0  # powers of e: beyond, the bound above is all of a difference
_ABREAST = 5  # rows that are kept in registers at once


@vectorised  # type: ignore[untyped-decorator]
def onward(
    _typing: Any, amounts: Any, before: Any, fades: Any, rates: Any, modes: Any, rows: Any,
    stride: Any, scale: Any, hours: Any, drift: Any, more: Any, value: Any, sag: Any,
    sag_end: Any, doubt: Any, count: Any,
) -> Any:  # fmt: skip
    """Amounts of a span's begin, and everybody's value at its end, and how it goes there.

    amounts: ``rows`` of ``stride`` bytes, each of a mode in ``modes``, made to fade by
    ``before`` first: rows of modes, as ``fades``, which the value at the end is faded by, and
    ``rates``, which make it fade so in ``hours``. more: added to each value.
    sag, sag_end, doubt: how value * scale**s, drift being -log(scale), hangs below its chord,
    as ``part`` takes them.

    exp(-x s) hangs below its chord by s (1 - s) times its second divided difference at 0, s and
    1. That goes from x - l at 0 to x l - (x - l) at 1, l being 1 - exp(-x), and between them
    lies below its own chord, by no more than a share |x| / 16 of the difference of its ends, nor
    than all of it. So half of that is taken off, and may be wrong.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        rows = given[5]
        for number in range(_ABREAST + 1):
            with b.if_then(b.icmp_signed("==", rows, long(number))):
                _onward(b, given, number)
        with b.if_then(b.icmp_signed(">", rows, long(_ABREAST))):
            _onward(b, given, None)
        return context.get_dummy_value()

    place = types.intp
    return types.void(*[place] * 7, *[types.float64] * 3, *[place] * 6), build


def _onward(b: Any, given: tuple[Any, ...], number: int | None) -> None:
    """``onward`` for so many rows, or for any."""
    (amounts, before, fades, rates, modes, rows, stride, scale, hours, drift, more, value, sag,
     sag_end, doubt, count) = given  # fmt: skip
    total, first, last, unsure = (tools.alloca_once(b, VECTOR) for _ in range(4))
    by, length, shift = b.fneg(spread(b, scale)), spread(b, hours), spread(b, drift)

    def bent(was: Any, fade: Any, x: Any) -> None:
        """Four times its part of each sag and of the doubt."""
        lost = fused(b, by, fade, every(1.0))
        begin = b.fsub(x, lost)
        end = fused(b, x, lost, b.fneg(begin))
        small = b.select(b.fcmp_ordered("<", x, every(_STEEPEST)), x, every(_STEEPEST))
        off = b.fmul(b.fsub(begin, end), b.fmul(small, every(0.5 / _STEEPEST)))
        for made, hangs in ((first, begin), (last, end)):
            b.store(fused(b, was, b.fsub(hangs, off), b.load(made)), made)
        b.store(fused(b, size_of(b, was), off, b.load(unsure)), unsure)

    def of_row(r: Any) -> tuple[Any, ...]:
        """Where its amounts begin, and its mode's shares and rates."""
        mode = b.mul(b.load(number_place(b, modes, r, LONG)), stride)
        own = b.add(amounts, b.mul(r, stride))
        return own, b.add(before, mode), b.add(fades, mode), b.add(rates, mode)

    known = [of_row(long(r)) for r in range(number or 0)]

    def body(k: Any) -> None:
        lasting = b.load(vector_at(b, more, k), align=8)
        b.store(lasting, total)
        for made in (first, last, unsure):
            b.store(every(0.0), made)
        bent(lasting, every(1.0), shift)

        def row(own: Any, faded_by: Any, fading_by: Any, rate_of: Any) -> None:
            place = vector_at(b, own, k)
            was = b.fmul(b.load(place, align=8), b.load(vector_at(b, faded_by, k), align=8))
            b.store(was, place, align=8)
            fade = b.load(vector_at(b, fading_by, k), align=8)
            rate = b.load(vector_at(b, rate_of, k), align=8)
            bent(was, fade, fused(b, rate, length, shift))
            b.store(fused(b, was, fade, b.load(total)), total)

        for places in known:
            row(*places)
        if number is None:
            count_up(b, rows, long(1), lambda r: row(*of_row(r)))
        b.store(b.load(total), vector_at(b, value, k), align=8)
        for made, into in ((first, sag), (last, sag_end), (unsure, doubt)):
            b.store(b.fmul(b.load(made), every(0.25)), vector_at(b, into, k), align=8)

    count_up(b, count, long(WIDE), body)


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
