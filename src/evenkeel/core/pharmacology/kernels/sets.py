"""One person's concentrations under many sets of parameters at once.

In: flows, happenings and times, each with one column a set. Out: concentrations.
Eight sets lie side by side in memory, so that one instruction works on all of them.
Every state is a series of terms that are never negative (uniformisation: A. Jensen,
Skand. Aktuarietidskr 1953;36:87-91), so nothing cancels, nothing happens where
eigenvalues coincide, and small changes of a parameter give small changes of the answer.
Parameters may change at given times, what is in the compartments stays: another occasion.
Arrays: p part of the time, j compartment, f flow, e happening, s set.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.lanes import add_product, feed, grow, times_part
from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.sizes import LANES, PUT_IN, RATE
from evenkeel.core.pharmacology.kernels.vectors import decays

_MOST = 650.0  # jumps of one series, which its terms survive; beyond, a matrix is squared
_TERMS = 22
_ROW = 8 * LANES  # bytes
# Rows of ``room``: seven for each compartment, one for each flow, and these.
_SHIFT, _CLOCK, _HOURS, _JUMPS, _ONE, _REST = 0, 1, 2, 3, 4, 5


@inner(fused=True)
def _times(squares: Any, a: int, b: int, reach: Any, made: int) -> None:
    """The third becomes the product of two of the squares; what cannot reach stays none."""
    size = squares.shape[1]
    here = squares.ctypes.data
    for j in range(size):
        for h in range(size):
            for s in range(LANES):
                squares[made, j, h, s] = 0.0
        into = here + ((made * size + j) * size) * _ROW
        for q in range(size):
            if reach[j, q]:
                factor = here + ((a * size + j) * size + q) * _ROW
                add_product(factor, here + ((b * size + q) * size) * _ROW, into, size)


@inner(fused=True)
def _far(source: Any, inflow: Any, reach: Any, room: Any, squares: Any, halvings: int) -> None:
    """A long stretch: the propagator of a short one, squared again and again.

    room: with stay, gain and move of the short one. The last row and column of a matrix are
    what is put in.
    """
    size = squares.shape[1]
    n = size - 1
    stay, gain, move = 2 * n, 6 * n, 7 * n
    rest = move + source.size
    matrix, power, made, other = 0, 1, 2, 3
    part = 0.5**halvings
    for each in range(4):
        for j in range(size):
            for h in range(size):
                for s in range(LANES):
                    squares[each, j, h, s] = 0.0
    for s in range(LANES):
        jumps = room[rest + _JUMPS, s] * part
        for j in range(n):
            squares[matrix, j, j, s] = room[stay + j, s]
            squares[matrix, j, n, s] = room[gain + j, s]
            for f in range(inflow[j], inflow[j + 1]):
                squares[matrix, j, source[f], s] += room[move + f, s]
        squares[matrix, n, n, s] = jumps
        for j in range(size):
            squares[power, j, j, s] = 1.0
            squares[made, j, j, s] = 1.0
    for k in range(1, _TERMS):
        _times(squares, matrix, power, reach, other)
        power, other = other, power
        for j in range(size):
            for h in range(size):
                for s in range(LANES):
                    squares[power, j, h, s] /= k
                    squares[made, j, h, s] += squares[power, j, h, s]
    for s in range(LANES):
        decay = math.exp(-room[rest + _JUMPS, s] * part)
        for j in range(size):
            for h in range(size):
                squares[made, j, h, s] *= decay
    for _ in range(halvings):
        _times(squares, made, made, reach, other)
        made, other = other, made
    for s in range(LANES):
        for j in range(n):
            value = squares[made, j, n, s]
            for h in range(n):
                value += squares[made, j, h, s] * room[h, s]
            room[stay + j, s] = value
        for j in range(n):
            room[j, s] = room[stay + j, s]


@entry(
    {
        "leaving": "f8 p j s", "moving": "f8 p f s", "source": "i8 f", "inflow": "i8 m",
        "reach": "b1 m m", "when": "f8 e s", "order": "i8 e s", "site": "i8 e", "kind": "i8 e",
        "amount": "f8 e s", "times": "f8 t", "outputs": "f8 p o s", "places": "i8 o",
        "room": "f8 r 8, filled", "counts": "i8 3 8, filled", "fed": "i8 j, filled",
        "squares": "f8 4 m m 8, filled",
        "sure": "f8", "more": "f8", "made": "f8 s o t, filled",
    },
    fused=True,
)  # fmt: skip
def at_times(
    leaving: Any,
    moving: Any,
    source: Any,
    inflow: Any,
    reach: Any,
    when: Any,
    order: Any,
    site: Any,
    kind: Any,
    amount: Any,
    times: Any,
    outputs: Any,
    places: Any,
    room: Any,
    counts: Any,
    fed: Any,
    squares: Any,
    sure: float,
    more: float,
    made: Any,
) -> None:
    """Concentrations of all sets; a happening acts after what is at its time.

    Args:
        leaving: shape (p, j, s): all that leaves a compartment, 1/h.
        moving: shape (p, f, s): what moves between compartments, 1/h, those into compartment
            j from ``inflow[j]`` to ``inflow[j + 1]``, each from ``source``, shape (f,).
        reach: shape (j + 1, j + 1): which compartment is fed by which, at once or through
            others; the last stands for what is put in.
        when, amount: shape (e, s): hours; mg put in, or mg/h that the rate changes by.
        order: shape (e, s): the happenings of each set in the order of time.
        site, kind: shape (e,): the compartment, or the part that begins; 0 put in, 1 rate,
            2 part.
        times: shape (t,), hours, ascending.
        outputs: shape (p, o, s): ng/mL per mg in compartment ``places``, shape (o,).
        room: shape (7 j + f + 5, 8), counts: shape (3, 8) and fed: shape (j,), whole
            numbers, squares: shape (4, j + 1, j + 1, 8): to write into.
        sure, more: of a series of m jumps, m + sure sqrt(m) + more terms are taken.
        made: filled, shape (s, o, t), ng/mL.
    """
    sets = leaving.shape[2]
    n, flows, happenings, looks = leaving.shape[1], source.size, when.shape[0], times.size
    state, rate, stay = 0, n, 2 * n
    total, gain, move = 5 * n, 6 * n, 7 * n
    rest = move + flows
    shift, clock, hours = rest + _SHIFT, rest + _CLOCK, rest + _HOURS
    here = room.ctypes.data
    one_at, jumps_at = here + (rest + _ONE) * _ROW, here + (rest + _JUMPS) * _ROW
    sources = source.ctypes.data
    for first in range(0, sets, LANES):
        width = min(LANES, sets - first)
        for row in range(rest + _REST):
            for s in range(LANES):
                room[row, s] = 0.0
        for s in range(LANES):
            # Where sets are wanting the last one stands in, and its answer is not kept.
            counts[0, s] = counts[1, s] = counts[2, s] = 0
            column = first + min(s, width - 1)
            room[clock, s] = times[0]
            if happenings > 0:
                room[clock, s] = min(times[0], when[order[0, column], column])
            for j in range(n):
                room[shift, s] = max(room[shift, s], leaving[0, j, column])
        for _ in range(happenings + looks):
            longest, time_passes = 0.0, False
            for s in range(LANES):
                column = first + min(s, width - 1)
                until = room[clock, s]
                if counts[1, s] < looks:
                    until = times[counts[1, s]]
                    if counts[0, s] < happenings:
                        until = min(until, when[order[counts[0, s], column], column])
                room[hours, s] = until - room[clock, s]
                longest = max(longest, room[hours, s] * room[shift, s])
                time_passes = time_passes or room[hours, s] > 0.0
                room[clock, s] = until
            if time_passes:
                # A long stretch is a short one, doubled again and again.
                halvings, part = 0, 1.0
                if longest > _MOST:
                    while longest * part > 1.0:
                        part *= 0.5
                        halvings += 1
                for s in range(LANES):
                    column, p = first + min(s, width - 1), counts[2, s]
                    lasts, most = room[hours, s] * part, room[shift, s]
                    for j in range(n):
                        room[stay + j, s] = (most - leaving[p, j, column]) * lasts
                        room[gain + j, s] = room[rate + j, s] * lasts
                        room[total + j, s] = room[state + j, s]
                        room[stay + n + j, s] = room[state + j, s]
                    for f in range(flows):
                        room[move + f, s] = moving[p, f, column] * lasts
                    room[rest + _JUMPS, s] = room[shift, s] * room[hours, s]
                    room[rest + _ONE, s] = 1.0
                feeds = 0
                for j in range(n):
                    entering = False
                    for s in range(LANES):
                        entering = entering or room[gain + j, s] != 0.0
                    if entering:
                        fed[feeds] = j
                        feeds += 1
                if longest > _MOST:
                    _far(source, inflow, reach, room, squares, halvings)
                else:
                    terms = math.ceil(longest + sure * math.sqrt(longest) + more)
                    term = here + 3 * n * _ROW
                    following = term + n * _ROW
                    for k in range(1, terms):
                        inverse = 1.0 / k
                        for j in range(n):
                            row = j * _ROW
                            grow(
                                here + stay * _ROW + row, here + move * _ROW, sources,
                                inflow[j], inflow[j + 1], term, j, inverse,
                                following + row, here + total * _ROW + row,
                            )  # fmt: skip
                        for g in range(feeds):
                            row = fed[g] * _ROW
                            feed(
                                here + gain * _ROW + row, one_at, inverse,
                                following + row, here + total * _ROW + row,
                            )  # fmt: skip
                        times_part(one_at, jumps_at, inverse)
                        term, following = following, term
                    decays(jumps_at, 1.0, one_at, LANES)
                    for j in range(n):
                        for s in range(LANES):
                            room[state + j, s] = room[total + j, s] * room[rest + _ONE, s]
            for s in range(LANES):
                event, look = counts[0, s], counts[1, s]
                if look == looks:
                    continue
                column = first + min(s, width - 1)
                e = order[event, column] if event < happenings else 0
                if event < happenings and when[e, column] < times[look]:
                    if kind[e] == PUT_IN:
                        room[state + site[e], s] += amount[e, column]
                    elif kind[e] == RATE:
                        room[rate + site[e], s] += amount[e, column]
                    else:
                        counts[2, s] = site[e]
                        room[shift, s] = 0.0
                        for j in range(n):
                            room[shift, s] = max(room[shift, s], leaving[site[e], j, column])
                    counts[0, s] += 1
                else:
                    if s < width:
                        for o in range(places.size):
                            much = room[state + places[o], s]
                            made[column, o, look] = outputs[counts[2, s], o, column] * much
                    counts[1, s] += 1
