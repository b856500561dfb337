"""Eight sets of parameters in one instruction: the loops that ``sets`` lives on.

In and out: rows of one array, contiguous, eight float64 (one a set) in each, by their numbers;
of a complex number the row of its real parts and then that of its imaginary ones. Fractions
are taken some at once: what one waits for another does.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from evenkeel.core.pharmacology.kernels.instructions import (
    LONG,
    VECTOR,
    Rows,
    every,
    fused,
    long,
    number_at,
    spread,
    tools,
    vectorised,
)
from evenkeel.core.pharmacology.kernels.sizes import POLES

Complex = tuple[Any, Any]


def _product(b: Any, x: Complex, y: Complex) -> Complex:
    real = fused(b, x[0], y[0], b.fneg(b.fmul(x[1], y[1])))
    return real, fused(b, x[0], y[1], b.fmul(x[1], y[0]))


def _inverses(b: Any, numbers: list[Any]) -> list[Any]:
    """One over each, by one division for all: it takes as long as sixteen products."""

    def of(some: list[Any]) -> list[Any]:
        if len(some) == 1:
            return [b.fdiv(every(1.0), some[0])]
        pairs = list(zip(some[::2], some[1::2], strict=True))
        over = of([b.fmul(x, y) for x, y in pairs])
        return [b.fmul(each, z) for (x, y), each in zip(pairs, over, strict=True) for z in (y, x)]

    # Rounded more than once; a step of Newton takes that away.
    return [
        fused(b, each, fused(b, b.fneg(x), each, every(1.0)), each)
        for x, each in zip(numbers, of(numbers), strict=True)
    ]


class _Lanes:
    """Rows of the one array and numbers of the poles, to be read and written."""

    def __init__(self, context: Any, b: Any, kinds: Any, given: Any) -> None:
        self._b, self._rows = b, Rows(context, b, kinds, given)
        self._terms = given[1]

    def get(self, row: Any) -> Any:
        return self._rows.get(0, row)

    def put(self, row: Any, value: Any) -> None:
        self._rows.put(0, value, row)

    def _part(self, first: Any, place: Any, pole: int, part: int) -> Any:
        b = self._b
        at = b.add(b.mul(place, long(2 * POLES)), long(2 * pole + part))
        return b.add(first, at)

    def pair(self, first: Any, place: Any, pole: int) -> Complex:
        """Of complex numbers, some for each compartment: that of a compartment and a pole."""
        real, imaginary = (self.get(self._part(first, place, pole, part)) for part in (0, 1))
        return real, imaginary

    def put_pair(self, first: Any, place: Any, pole: int, value: Complex) -> None:
        for part in (0, 1):
            self.put(self._part(first, place, pole, part), value[part])

    def term(self, pole: int, at: int) -> Any:
        """A number of a pole, for all sets."""
        return spread(self._b, number_at(self._b, self._terms, 6 * pole + at))

    def add_shares(self, total: Any, values: list[Complex]) -> None:
        """A row grows by the real part of each value times the share of its pole."""
        more = self.get(total)
        for pole, value in enumerate(values):
            more = fused(self._b, self.term(pole, 4), value[0], more)
            more = fused(self._b, self._b.fneg(self.term(pole, 5)), value[1], more)
        self.put(total, more)


def _grown(b: Any, rooms: list[Any], rate: Any, values: Complex) -> None:
    for room, value in zip(rooms, values, strict=True):
        b.store(fused(b, rate, value, b.load(room)), room)


@vectorised  # type: ignore[untyped-decorator]
def settle(
    _typing: Any, room: Any, terms: Any, leave: Any, state: Any, gain: Any, move: Any, source: Any,
    first: Any, last: Any, both: Any, leaves: Any, values: Any, inverses: Any, place: Any,
    total: Any,
) -> Any:  # fmt: skip
    """One compartment's share in some poles, those before it being known.

    inverse = 1 / (leave + pole - both of its ``leaves``, each times that leaf's inverse);
    value = inverse * (state + gain / pole + moves ``first`` to ``last``, each times the value
    of its source). total: grows by its part of the values; negative: a leaf, whose value is
    not whole yet.

    terms: the address of those of the first pole.
    """

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        (_, _, leave, state, gain, move, source, first, last, both, leaves, values, inverses,
         place, total) = given  # fmt: skip
        lanes = _Lanes(context, b, signature.args, given)
        sources = context.make_array(signature.args[6])(context, b, source).data
        poles = range(POLES)
        above = [[tools.alloca_once(b, VECTOR) for _ in range(2)] for _ in poles]
        below = [[tools.alloca_once(b, VECTOR) for _ in range(2)] for _ in poles]
        fed, there, leaving = lanes.get(gain), lanes.get(state), lanes.get(leave)
        for pole in poles:
            b.store(fused(b, fed, lanes.term(pole, 2), there), above[pole][0])
            b.store(b.fmul(fed, lanes.term(pole, 3)), above[pole][1])
            b.store(b.fadd(leaving, lanes.term(pole, 0)), below[pole][0])
            b.store(lanes.term(pole, 1), below[pole][1])
        with tools.for_range_slice(b, first, last, long(1)) as (flow, _):
            upstream = b.load(b.gep(sources, [flow]))
            rate = lanes.get(b.add(move, flow))
            for pole in poles:
                _grown(b, above[pole], rate, lanes.pair(values, upstream, pole))
        with tools.for_range_slice(b, b.sub(place, leaves), place, long(1)) as (leaf, _):
            rate = b.fneg(lanes.get(b.add(both, leaf)))
            for pole in poles:
                _grown(b, below[pole], rate, lanes.pair(inverses, leaf, pole))
        found: list[Complex] = []
        parts = [(b.load(below[pole][0]), b.load(below[pole][1])) for pole in poles]
        sizes = [fused(b, x, x, b.fmul(y, y)) for x, y in parts]
        for pole, ((x, y), over) in enumerate(zip(parts, _inverses(b, sizes), strict=True)):
            inverse = b.fmul(x, over), b.fneg(b.fmul(y, over))
            value = _product(b, inverse, (b.load(above[pole][0]), b.load(above[pole][1])))
            lanes.put_pair(inverses, place, pole, inverse)
            lanes.put_pair(values, place, pole, value)
            found.append(value)
        with b.if_then(b.icmp_signed(">=", total, ir.Constant(LONG, 0))):
            lanes.add_shares(total, found)
        return context.get_dummy_value()

    return types.void(room, types.intp, *[types.intp] * 4, source, *[types.intp] * 8), build


@vectorised  # type: ignore[untyped-decorator]
def come_back(
    _typing: Any, room: Any, terms: Any, move: Any, values: Any, inverses: Any, centre: Any,
    leaf: Any, total: Any,
) -> Any:  # fmt: skip
    """A leaf's values made whole: they grow by inverse * move * the values of its centre."""

    def build(context: Any, b: Any, signature: Any, given: Any) -> Any:
        _, _, move, values, inverses, centre, leaf, total = given
        lanes = _Lanes(context, b, signature.args, given)
        rate = lanes.get(move)
        found: list[Complex] = []
        for pole in range(POLES):
            above = lanes.pair(values, centre, pole)
            more = _product(b, lanes.pair(inverses, leaf, pole), above)
            before = lanes.pair(values, leaf, pole)
            whole = fused(b, rate, more[0], before[0]), fused(b, rate, more[1], before[1])
            lanes.put_pair(values, leaf, pole, whole)
            found.append(whole)
        lanes.add_shares(total, found)
        return context.get_dummy_value()

    return types.void(room, *[types.intp] * 7), build
