"""Concentrations of many people on an even grid, for any linear compartments.

In and out as in ``modal``, without modes: the propagator of one step and its powers
come from a series without cancellation, so nothing happens where eigenvalues
coincide (transit chains) or nearly do. Some fourteen times slower than modes.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.sizes import BLOCK
from evenkeel.core.pharmacology.kernels.stretches import grid_time, stretch_end

_TERMS = 22
_NEAR = 2.0  # jumps; farther a propagator by halving and squaring costs less than its series
_GIVEN = {
    "rates": "f8 i n n", "outputs": "f8 i n o", "chosen": "b1 i",
    "when": "f8 w e", "site": "i8 w e", "amount": "f8 i e", "is_rate": "b1 w e",
}  # fmt: skip
_ROOM = {"squares": "f8 4 n n, filled", "lines": "f8 6 n, filled"}


@inner()
def _act(matrix: Any, hours: float, x: Any, work: Any, made: Any) -> None:
    """x becomes exp(matrix * hours) x, by a shifted series in steps of at most one jump."""
    n = x.size
    shift = 0.0
    for j in range(n):
        shift = max(shift, -matrix[j, j])
    jumps = shift * hours
    if jumps <= 0.0:
        return
    steps = math.ceil(jumps)
    part = jumps / steps
    fade = math.exp(-part)
    for _ in range(steps):
        for j in range(n):
            work[j] = x[j]
            made[j] = x[j]
        for k in range(1, _TERMS):
            largest = 0.0
            for j in range(n):
                total = work[j]
                inner = 0.0
                for h in range(n):
                    if matrix[j, h] != 0.0:
                        inner += matrix[j, h] * work[h]
                x[j] = (total + inner / shift) * part / k
            for j in range(n):
                work[j] = x[j]
                made[j] += x[j]
                largest = max(largest, abs(x[j]))
            if largest == 0.0:
                break
        for j in range(n):
            x[j] = made[j] * fade


@inner()
def _row_of_product(a: Any, j: int, b: Any, made: Any) -> None:
    """made[j] becomes a[j] b. Most compartments exchange with few: nothing is multiplied by 0."""
    n = made.shape[0]
    for h in range(n):
        made[j, h] = 0.0
    for q in range(n):
        factor = a[j, q]
        if factor != 0.0:
            for h in range(n):
                made[j, h] += factor * b[q, h]


@inner()
def _propagator(matrix: Any, hours: float, made: Any, power: Any, other: Any) -> None:
    """made becomes exp(matrix * hours)."""
    n = made.shape[0]
    shift = 0.0
    for j in range(n):
        shift = max(shift, -matrix[j, j])
    jumps = shift * hours
    halvings = 0
    while jumps > 1.0:
        jumps *= 0.5
        halvings += 1
    for j in range(n):
        for h in range(n):
            power[j, h] = 1.0 if j == h else 0.0
            made[j, h] = power[j, h]
    if shift > 0.0:
        for k in range(1, _TERMS):
            stays = jumps / k
            goes = stays / shift
            for j in range(n):
                _row_of_product(matrix, j, power, other)
            for j in range(n):
                for h in range(n):
                    power[j, h] = power[j, h] * stays + other[j, h] * goes
                    made[j, h] += power[j, h]
    fade = math.exp(-jumps)
    for j in range(n):
        for h in range(n):
            made[j, h] *= fade
    for _ in range(halvings):
        _square(made, other)


@inner()
def _square(made: Any, other: Any) -> None:
    n = made.shape[0]
    for j in range(n):
        _row_of_product(made, j, made, other)
    for j in range(n):
        for h in range(n):
            made[j, h] = other[j, h]


@inner()
def _move(by: Any, x: Any, room: Any) -> None:
    """x becomes by x."""
    n = x.size
    for j in range(n):
        total = 0.0
        for q in range(n):
            total += by[j, q] * x[q]
        room[j] = total
    for j in range(n):
        x[j] = room[j]


@inner()
def _go_on(
    matrix: Any, hours: float, x: Any, work: Any, sums: Any, leap: Any, power: Any, other: Any
) -> None:
    """x becomes exp(matrix * hours) x: step by step, or where it is far by one propagator."""
    n = x.size
    shift = 0.0
    for j in range(n):
        shift = max(shift, -matrix[j, j])
    if shift * hours <= _NEAR:
        _act(matrix, hours, x, work, sums)
        return
    _propagator(matrix, hours, leap, power, other)
    _move(leap, x, work)


@entry(
    {
        **_GIVEN,
        **_ROOM,
        "start": "f8",
        "step": "f8",
        "j0": "i8",
        "j1": "i8",
        "first": "i8",
        "last": "i8",
        "event": "i8 i, filled",
        "clock": "f8 i, filled",
        "state": "f8 i n, filled",
        "inputs": "f8 i n, filled",
        "table": f"f8 o n {BLOCK}, filled",
        "out": "f8 i o k, filled",
    }
)
def rows(
    rates: Any,
    outputs: Any,
    chosen: Any,
    when: Any,
    site: Any,
    amount: Any,
    is_rate: Any,
    start: float,
    step: float,
    j0: int,
    j1: int,
    first: int,
    last: int,
    event: Any,
    clock: Any,
    state: Any,
    inputs: Any,
    out: Any,
    squares: Any,
    table: Any,
    lines: Any,
) -> None:
    """As ``modal.rows``, for the people that ``chosen`` marks.

    event, clock, state, inputs: where each person stands.
    squares, table, lines: memory to work in.
    """
    n, kinds, events = rates.shape[1], outputs.shape[2], when.shape[1]
    made, power, other, leap = squares[0], squares[1], squares[2], squares[3]
    row, following, full = lines[0], lines[1], lines[2]
    rest, work, sums = lines[3], lines[4], lines[5]
    for i in range(first, last):
        if not chosen[i]:
            continue
        shared = 0 if when.shape[0] == 1 else i
        matrix = rates[i]
        _propagator(matrix, step, made, power, other)
        for o in range(kinds):
            for j in range(n):
                row[j] = outputs[i, j, o]
            for k in range(BLOCK):
                for j in range(n):
                    table[o, j, k] = row[j]
                for j in range(n):
                    total = 0.0
                    for q in range(n):
                        total += row[q] * made[q, j]
                    following[j] = total
                for j in range(n):
                    row[j] = following[j]
        for _ in range(4):
            _square(made, other)
        now = j0
        while now < j1:
            stop = j1
            if event[i] < events:
                stop = stretch_end(when[shared, event[i]], start, step, now, j1)
            if stop > now:
                after = grid_time(start, step, now) - clock[i]
                if after < 0.0:
                    for o in range(kinds):
                        for k in range(now, stop):
                            out[i, o, k - j0] = 0.0
                    now = stop
                else:
                    _settle(matrix, inputs[i], full, other)
                    for j in range(n):
                        rest[j] = state[i, j] - full[j]
                    _go_on(matrix, after, rest, work, sums, leap, power, other)
                    begun = now
                    while now < stop:
                        width = min(BLOCK, stop - now)
                        for o in range(kinds):
                            more = 0.0
                            for j in range(n):
                                more += outputs[i, j, o] * full[j]
                            if width == BLOCK:
                                for k in range(BLOCK):
                                    out[i, o, now - j0 + k] = more + rest[0] * table[o, 0, k]
                                for j in range(1, n):
                                    for k in range(BLOCK):
                                        out[i, o, now - j0 + k] += rest[j] * table[o, j, k]
                            else:
                                for k in range(width):
                                    total = more
                                    for j in range(n):
                                        total += rest[j] * table[o, j, k]
                                    out[i, o, now - j0 + k] = total
                        now += width
                        # Never past the last point: a happening may lie right after it.
                        if now < stop:
                            _move(made, rest, following)
                            begun = now
                    for j in range(n):
                        state[i, j] = rest[j] + full[j]
                    clock[i] = grid_time(start, step, begun)
            if now < j1:
                e = event[i]
                passed = when[shared, e] - clock[i]
                if passed > 0.0:
                    _settle(matrix, inputs[i], full, other)
                    for j in range(n):
                        rest[j] = state[i, j] - full[j]
                    _go_on(matrix, passed, rest, work, sums, leap, power, other)
                    for j in range(n):
                        state[i, j] = rest[j] + full[j]
                place = site[shared, e]
                if is_rate[shared, e]:
                    inputs[i, place] += amount[i, e]
                else:
                    state[i, place] += amount[i, e]
                clock[i] = when[shared, e]
                event[i] = e + 1


@inner()
def _settle(matrix: Any, inputs: Any, full: Any, other: Any) -> None:
    """full becomes what endless inputs would come to: matrix full = -inputs."""
    n = full.size
    any_input = False
    for j in range(n):
        full[j] = 0.0
        any_input = any_input or inputs[j] != 0.0
    if not any_input:
        return
    for j in range(n):
        for h in range(n):
            other[j, h] = -matrix[j, h]
        full[j] = inputs[j]
    # An M-matrix needs no pivot: elimination keeps its diagonal above zero.
    for k in range(n):
        for j in range(k + 1, n):
            if other[j, k] != 0.0:
                factor = other[j, k] / other[k, k]
                for h in range(k + 1, n):
                    other[j, h] -= factor * other[k, h]
                full[j] -= factor * full[k]
    for k in range(n - 1, -1, -1):
        total = full[k]
        for h in range(k + 1, n):
            total -= other[k, h] * full[h]
        full[k] = total / other[k, k]


@entry(
    {
        **_GIVEN,
        **_ROOM,
        "clocks": "f8 i",
        "states": "f8 i n",
        "all_inputs": "f8 i n",
        "times": "f8 t",
        "out": "f8 i o t, filled",
    }
)
def at_times(
    rates: Any,
    outputs: Any,
    chosen: Any,
    when: Any,
    site: Any,
    amount: Any,
    is_rate: Any,
    clocks: Any,
    states: Any,
    all_inputs: Any,
    times: Any,
    out: Any,
    squares: Any,
    lines: Any,
) -> None:
    """As ``modal.at_times``, for the people that ``chosen`` marks.

    clocks, states, all_inputs: where each person stands at first.
    squares, lines: memory to work in.
    """
    n = rates.shape[1]
    made, power, other = squares[0], squares[1], squares[2]
    state, inputs, full, after = lines[0], lines[1], lines[2], lines[3]
    for i in range(rates.shape[0]):
        if not chosen[i]:
            continue
        shared = 0 if when.shape[0] == 1 else i
        event = 0
        clock = clocks[i]
        for j in range(n):
            state[j] = states[i, j]
            inputs[j] = all_inputs[i, j]
        for t in range(times.size):
            while True:
                happens = event < when.shape[1] and when[shared, event] < times[t]
                until = when[shared, event] if happens else times[t]
                if until > clock:
                    _settle(rates[i], inputs, full, other)
                    _propagator(rates[i], until - clock, made, power, other)
                    for j in range(n):
                        total = full[j]
                        for q in range(n):
                            total += made[j, q] * (state[q] - full[q])
                        after[j] = total
                    for j in range(n):
                        state[j] = after[j]
                    clock = until
                if not happens:
                    break
                place = site[shared, event]
                if is_rate[shared, event]:
                    inputs[place] += amount[i, event]
                else:
                    state[place] += amount[i, event]
                event += 1
            for o in range(out.shape[1]):
                total = 0.0
                if times[t] >= clocks[i]:
                    for j in range(n):
                        total += outputs[i, j, o] * state[j]
                out[i, o, t] = total
