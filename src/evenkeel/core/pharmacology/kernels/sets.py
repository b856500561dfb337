"""One person's concentrations under many sets of parameters at once.

In: flows, happenings and times, each with one column a set. Out: concentrations.
Eight sets lie side by side in memory, so that one instruction works on all of them.
The exponential of the flows is a sum of fractions (see ``individuals.rational``), each of
which is one equation for all compartments: solved from upstream to downstream, in a star the
leaves before their centre and once more after it. That costs the same however fast the
flows are and however long they last, and nothing happens where eigenvalues coincide. Where
what fades slowest falls to a small share, the way is parted: each part is exact as a share of
what it began with.
Parameters may change at given times, what is in the compartments stays: another occasion.
Arrays: p part of the time, j compartment, f flow, e happening, s set, q pole.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.lanes import come_back, settle
from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.sizes import LANES, PUT_IN, RATE

_MOST_PARTS = 256.0
_ROW = 8 * LANES  # bytes
# Rows of ``room``: ten for each compartment, one for each flow, and these.
_CLOCK, _HOURS, _REST = 0, 1, 2


@inner(fused=True)
def _go_on(
    source: Any, inflow: Any, leaves: Any, outward: Any, terms: Any, rest: float, room: Any
) -> None:
    """The state after a time: all of it, with the flows of that time."""
    n = leaves.size
    here = room.ctypes.data
    leave, gain, both = here + 2 * n * _ROW, here + 3 * n * _ROW, here + 4 * n * _ROW
    total, values, inverses = here + 5 * n * _ROW, here + 6 * n * _ROW, here + 8 * n * _ROW
    move = here + 10 * n * _ROW
    sources = source.ctypes.data
    for j in range(n):
        for s in range(LANES):
            room[5 * n + j, s] = rest * room[j, s]
    for q in range(terms.shape[0]):
        term = terms.ctypes.data + q * 48
        for j in range(n):
            row, last, into = j * _ROW, inflow[j + 1], total + j * _ROW
            if outward[j] >= 0:
                last, into = last - 1, 0
            settle(
                term, leave + row, here + row, gain + row, move, sources, inflow[j], last,
                both, leaves[j], values, inverses, j, into,
            )  # fmt: skip
            for leaf in range(j - leaves[j], j):
                at = leaf * _ROW
                come_back(
                    term, move + (inflow[leaf + 1] - 1) * _ROW, values + 2 * row,
                    values + 2 * at, inverses + 2 * at, total + at,
                )  # fmt: skip
    for j in range(n):
        for s in range(LANES):
            room[j, s] = room[5 * n + j, s]


@entry(
    {
        "leaving": "f8 p j s", "moving": "f8 p f s", "fading": "f8 p s", "source": "i8 f",
        "inflow": "i8 m", "leaves": "i8 j", "outward": "i8 j", "when": "f8 e s",
        "order": "i8 e s", "site": "i8 e", "kind": "i8 e", "amount": "f8 e s", "times": "f8 t",
        "outputs": "f8 p o s", "places": "i8 o", "room": "f8 r 8, filled",
        "counts": "i8 3 8, filled", "terms": "f8 q 6", "rest": "f8", "fades": "f8", "start": "f8",
        "state": "f8 j s, filled", "made": "f8 s o t, filled",
    },
    fused=True,
)  # fmt: skip
def at_times(
    leaving: Any,
    moving: Any,
    fading: Any,
    source: Any,
    inflow: Any,
    leaves: Any,
    outward: Any,
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
    terms: Any,
    rest: float,
    fades: float,
    start: float,
    state: Any,
    made: Any,
) -> None:
    """Concentrations of all sets; a happening acts after what is at its time.

    Args:
        leaving: shape (p, j, s): all that leaves a compartment, 1/h. Upstream first, and the
            leaves of a star just before their centre.
        moving: shape (p, f, s): what moves between compartments, 1/h, those into compartment
            j from ``inflow[j]`` to ``inflow[j + 1]``, each from ``source``, shape (f,); into
            a leaf that from its centre is the last.
        fading: shape (p, s): no more than this fades what an output depends on, 1/h.
        leaves: shape (j,): of how many it is the centre; outward: the flow from a leaf to
            its centre, -1 of others.
        when, amount: shape (e, s): hours; mg put in, or mg/h that the rate changes by.
        order: shape (e, s): the happenings of each set in the order of time.
        site, kind: shape (e,): the compartment, or the part that begins; 0 put in, 1 rate,
            2 part.
        times: shape (t,), hours, ascending.
        outputs: shape (p, o, s): ng/mL per mg in compartment ``places``, shape (o,).
        room: shape (10 j + f + 2, 8) and counts: shape (3, 8): to write into.
        terms, rest, fades: the fractions.
        start: hours, when the state is as given; -inf: long before anything happens.
        state: shape (j, s), mg. What is in the compartments; filled with what is in them at
            the last of the times.
        made: filled, shape (s, o, t), ng/mL.
    """
    sets = leaving.shape[2]
    n, flows, happenings, looks = leaving.shape[1], source.size, when.shape[0], times.size
    there, rate, leave, gain, both, move = 0, n, 2 * n, 3 * n, 4 * n, 10 * n
    clock, hours = move + flows + _CLOCK, move + flows + _HOURS
    for first in range(0, sets, LANES):
        width = min(LANES, sets - first)
        for row in range(move + flows + _REST):
            for s in range(LANES):
                room[row, s] = 0.0
        for s in range(LANES):
            # Where sets are wanting the last one stands in, and its answer is not kept.
            counts[0, s] = counts[1, s] = counts[2, s] = 0
            column = first + min(s, width - 1)
            room[clock, s] = times[0]
            if happenings > 0:
                room[clock, s] = min(times[0], when[order[0, column], column])
            if start > -math.inf:
                room[clock, s] = start
            for j in range(n):
                room[there + j, s] = state[j, column]
        begun = start > -math.inf
        for _ in range(happenings + looks):
            fading_most, time_passes = 0.0, False
            for s in range(LANES):
                column = first + min(s, width - 1)
                until = room[clock, s]
                if counts[1, s] < looks:
                    until = times[counts[1, s]]
                    if counts[0, s] < happenings:
                        until = min(until, when[order[counts[0, s], column], column])
                room[hours, s] = until - room[clock, s]
                fading_most = max(fading_most, room[hours, s] * fading[counts[2, s], column])
                time_passes = time_passes or room[hours, s] > 0.0
                room[clock, s] = until
            if time_passes and begun:
                parts = int(min(max(1.0, math.ceil(fading_most / fades)), _MOST_PARTS))
                for s in range(LANES):
                    column, p = first + min(s, width - 1), counts[2, s]
                    lasts = room[hours, s] / parts
                    for j in range(n):
                        room[leave + j, s] = leaving[p, j, column] * lasts
                        room[gain + j, s] = room[rate + j, s] * lasts
                    for f in range(flows):
                        room[move + f, s] = moving[p, f, column] * lasts
                for j in range(n):
                    if outward[j] >= 0:
                        for s in range(LANES):
                            out = room[move + outward[j], s]
                            room[both + j, s] = out * room[move + inflow[j + 1] - 1, s]
                for _part in range(parts):
                    _go_on(source, inflow, leaves, outward, terms, rest, room)
            for s in range(LANES):
                event, look = counts[0, s], counts[1, s]
                if look == looks:
                    continue
                column = first + min(s, width - 1)
                e = order[event, column] if event < happenings else 0
                if event < happenings and when[e, column] < times[look]:
                    begun = True
                    if kind[e] == PUT_IN:
                        room[there + site[e], s] += amount[e, column]
                    elif kind[e] == RATE:
                        room[rate + site[e], s] += amount[e, column]
                    else:
                        counts[2, s] = site[e]
                    counts[0, s] += 1
                else:
                    if s < width:
                        for o in range(places.size):
                            much = room[there + places[o], s]
                            made[column, o, look] = outputs[counts[2, s], o, column] * much
                    counts[1, s] += 1
        for s in range(width):
            for j in range(n):
                state[j, first + s] = room[there + j, s]
