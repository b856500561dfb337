"""Eight sets of parameters in one instruction: the loops that ``sets`` lives on.

In and out: addresses of contiguous float64, eight neighbours (a row) for eight sets; of a
complex number the row of its real parts and then that of its imaginary ones. Only compiled
code may call these, and the caller answers for the addresses.
"""

from __future__ import annotations

from typing import Any

from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    LONG,
    VECTOR,
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
from evenkeel.core.pharmacology.kernels.sizes import LANES

Complex = tuple[Any, Any]


def _row_at(b: Any, address: Any, row: Any = None) -> Any:
    """Pointer to a row that begins at the address, or some rows after it."""
    return vector_at(b, address, long(0) if row is None else b.mul(row, long(LANES)))


def _row(b: Any, address: Any, row: Any = None) -> Any:
    return b.load(_row_at(b, address, row), align=8)


def _pair(b: Any, address: Any, place: Any = None) -> Complex:
    """The complex number at the address, or the one at a place after it."""
    row = long(0) if place is None else b.shl(place, long(1))
    return _row(b, address, row), _row(b, address, b.add(row, long(1)))


def _store(b: Any, made: Complex, address: Any) -> None:
    for part, value in enumerate(made):
        b.store(value, _row_at(b, address, long(part)), align=8)


def _number(b: Any, address: Any, at: int) -> Any:
    return spread(b, number_at(b, address, at))


def _product(b: Any, x: Complex, y: Complex) -> Complex:
    real = fused(b, x[0], y[0], b.fneg(b.fmul(x[1], y[1])))
    return real, fused(b, x[0], y[1], b.fmul(x[1], y[0]))


def _add_share(b: Any, term: Any, value: Complex, total: Any) -> None:
    """total grows by the real part of the value times the share of the pole."""
    more = fused(b, _number(b, term, 4), value[0], _row(b, total))
    more = fused(b, b.fneg(_number(b, term, 5)), value[1], more)
    b.store(more, _row_at(b, total), align=8)


@vectorised  # type: ignore[untyped-decorator]
def settle(
    _typing: Any, term: Any, leave: Any, state: Any, gain: Any, move: Any, sources: Any,
    first: Any, last: Any, both: Any, leaves: Any, values: Any, inverses: Any, place: Any,
    total: Any,
) -> Any:  # fmt: skip
    """One compartment's share in one pole, those before it being known.

    inverse = 1 / (leave + pole - both of its ``leaves``, each times that leaf's inverse);
    value = inverse * (state + gain / pole + moves ``first`` to ``last``, each times the value
    of its source). total: grows by its part of the value; 0: a leaf, whose value is not
    whole yet.
    """

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        (term, leave, state, gain, move, sources, first, last, both, leaves, values, inverses,
         place, total) = given  # fmt: skip
        fed = _row(b, gain)
        rooms = [tools.alloca_once(b, VECTOR) for _ in range(4)]
        b.store(fused(b, fed, _number(b, term, 2), _row(b, state)), rooms[0])
        b.store(b.fmul(fed, _number(b, term, 3)), rooms[1])
        b.store(b.fadd(_row(b, leave), _number(b, term, 0)), rooms[2])
        b.store(_number(b, term, 1), rooms[3])
        with tools.for_range_slice(b, first, last, long(1)) as (flow, _):
            source = b.load(number_place(b, sources, flow, LONG))
            rate = _row(b, move, flow)
            for part, value in zip(rooms[:2], _pair(b, values, source), strict=True):
                b.store(fused(b, rate, value, b.load(part)), part)
        begin = b.sub(place, leaves)
        with tools.for_range_slice(b, begin, place, long(1)) as (leaf, _):
            rate = b.fneg(_row(b, both, leaf))
            for part, value in zip(rooms[2:], _pair(b, inverses, leaf), strict=True):
                b.store(fused(b, rate, value, b.load(part)), part)
        real, imaginary = b.load(rooms[2]), b.load(rooms[3])
        size = fused(b, real, real, b.fmul(imaginary, imaginary))
        over = b.fdiv(every(1.0), size)
        inverse = b.fmul(real, over), b.fneg(b.fmul(imaginary, over))
        value = _product(b, inverse, (b.load(rooms[0]), b.load(rooms[1])))
        there = b.shl(place, long(7))
        _store(b, inverse, b.add(inverses, there))
        _store(b, value, b.add(values, there))
        with b.if_then(b.icmp_unsigned("!=", total, long(0))):
            _add_share(b, term, value, total)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 14), build


@vectorised  # type: ignore[untyped-decorator]
def come_back(
    _typing: Any, term: Any, move: Any, centre: Any, value: Any, inverse: Any, total: Any
) -> Any:  # fmt: skip
    """A leaf's value made whole: it grows by inverse * move * the value of its centre."""

    def build(context: Any, b: Any, _signature: Any, given: Any) -> Any:
        term, move, centre, value, inverse, total = given
        rate = _row(b, move)
        more = _product(b, _pair(b, inverse), _pair(b, centre))
        before = _pair(b, value)
        whole = fused(b, rate, more[0], before[0]), fused(b, rate, more[1], before[1])
        _store(b, whole, value)
        _add_share(b, term, whole, total)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 6), build
