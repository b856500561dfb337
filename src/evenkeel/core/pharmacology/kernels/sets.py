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
Arrays: p part of the time, j compartment, f flow, e happening, o output, m measurement, s set,
q pole.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.abreast import fill, over, times
from evenkeel.core.pharmacology.kernels.lanes import come_back, settle
from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.sizes import LANES, POLES, PUT_IN, RATE, SET_REST, SET_ROWS

_MOST_PARTS = 256.0
# What is handed on and not looked at adds to what comes: exact as a share of what was there.
_HANDED = 2.0
# Rows of ``room``. Of each compartment: what is there and what will be (they change places when
# time passes), what goes in, what leaves in an hour and in the time that passes, what goes in
# meanwhile, both flows of a leaf. Then values and inverses of each compartment and pole, flows in
# an hour and in the time, and these.
_RATE, _HOURLY, _LEAVE, _GAIN, _BOTH = range(2, 7)
_CLOCK, _HOURS, _PARTS, _FADING, _LEFT = range(SET_REST)


@inner(fused=True)
def _go_on(
    source: Any, inflow: Any, leaves: Any, outward: Any, terms: Any, room: Any, there: int
) -> int:
    """The state after a time, with the flows of that time; where it stands."""
    n = leaves.size
    total: int = n - there
    leave, gain, both, values = _LEAVE * n, _GAIN * n, _BOTH * n, 7 * n
    inverses, move = values + 2 * POLES * n, SET_ROWS * n + source.size
    left = room[move + source.size + _LEFT]
    for j in range(n):
        times(room[total + j], room[there + j], left)
    for q in range(0, terms.shape[0], POLES):
        some = terms[q].ctypes.data
        for j in range(n):
            last, into = inflow[j + 1], total + j
            if outward[j] >= 0:
                last, into = last - 1, -1
            settle(
                room, some, leave + j, there + j, gain + j, move, source, inflow[j], last, both,
                leaves[j], values, inverses, j, into,
            )  # fmt: skip
            for leaf in range(j - leaves[j], j):
                back = move + inflow[leaf + 1] - 1
                come_back(room, some, back, values, inverses, j, leaf, total + leaf)
    return total


@inner(fused=True)
def _begin_part(
    leaving: Any, moving: Any, fading: Any, p: int, column: int, s: int, room: Any
) -> None:
    """One set has the flows of a part from here on."""
    n, flows = leaving.shape[1], moving.shape[1]
    for j in range(n):
        room[_HOURLY * n + j, s] = leaving[p, j, column]
    for f in range(flows):
        room[SET_ROWS * n + f, s] = moving[p, f, column]
    room[SET_ROWS * n + 2 * flows + _FADING, s] = fading[p, column]


@inner(fused=True)
def _let_pass(
    source: Any, inflow: Any, leaves: Any, outward: Any, terms: Any, parts: float, room: Any,
    there: int,
) -> int:  # fmt: skip
    """The hours of each set pass, in some equal parts; where the state stands then."""
    n, flows = leaves.size, source.size
    hourly, move = SET_ROWS * n, SET_ROWS * n + flows
    last = move + flows
    fill(room[last + _PARTS], parts)
    over(room[last + _HOURS], room[last + _HOURS], room[last + _PARTS])
    lasts = room[last + _HOURS]
    for j in range(n):
        times(room[_LEAVE * n + j], room[_HOURLY * n + j], lasts)
        times(room[_GAIN * n + j], room[_RATE * n + j], lasts)
    for f in range(flows):
        times(room[move + f], room[hourly + f], lasts)
    for j in range(n):
        if outward[j] >= 0:
            out, back = room[move + outward[j]], room[move + inflow[j + 1] - 1]
            times(room[_BOTH * n + j], out, back)
    for _part in range(int(parts)):
        there = _go_on(source, inflow, leaves, outward, terms, room, there)
    return there


@entry(
    {
        "leaving": "f8 p j s", "moving": "f8 p f s", "fading": "f8 p s", "source": "i8 f",
        "inflow": "i8 i", "leaves": "i8 j", "outward": "i8 j", "when": "f8 e s",
        "order": "i8 e s", "site": "i8 e", "kind": "i8 e", "amount": "f8 e s", "hours": "f8 t",
        "seen": "i8 t1", "output": "i8 m", "column": "i8 m", "outputs": "f8 p o s",
        "places": "i8 o", "room": "f8 r 8, filled", "counts": "i8 3 8, filled",
        "terms": "f8 q 6", "rest": "f8", "fades": "f8", "start": "f8",
        "state": "f8 j s, filled", "made": "f8 s m, filled",
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
    hours: Any,
    seen: Any,
    output: Any,
    column: Any,
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
        hours: shape (t,), ascending: when it is looked; what is seen at hour t stands from
            ``seen[t]`` to ``seen[t + 1]``: the ``output``, and the ``column`` it goes to.
        outputs: shape (p, o, s): ng/mL per mg in compartment ``places``, shape (o,).
            If nothing is seen at the last, its state is exact as a share of the one before.
        room: to write into, see the top; counts: shape (3, 8).
        terms, rest, fades: the fractions, a multiple of POLES.
        start: hours, when the state is as given; -inf: long before anything happens.
        state: shape (j, s), mg. What is in the compartments; filled with what is in them at
            the last of the hours.
        made: filled, shape (s, m), ng/mL.
    """
    sets = leaving.shape[2]
    handed = seen[hours.size - 1] == seen[hours.size]
    n, flows, happenings, looks = leaving.shape[1], source.size, when.shape[0], hours.size
    last = SET_ROWS * n + 2 * flows
    clock, passing = last + _CLOCK, last + _HOURS
    for first in range(0, sets, LANES):
        width = min(LANES, sets - first)
        for j in range(n):
            fill(room[_RATE * n + j], 0.0)
        fill(room[last + _LEFT], rest)
        there = 0
        for s in range(LANES):
            # Where sets are wanting the last one stands in, and its answer is not kept.
            counts[0, s] = counts[1, s] = counts[2, s] = 0
            at = first + min(s, width - 1)
            room[clock, s] = hours[0]
            if happenings > 0:
                room[clock, s] = min(hours[0], when[order[0, at], at])
            if start > -math.inf:
                room[clock, s] = start
            for j in range(n):
                room[j, s] = state[j, at]
            _begin_part(leaving, moving, fading, 0, at, s, room)
        begun = start > -math.inf
        for _ in range(happenings + looks):
            time_passes, fading_most = False, 0.0
            for s in range(LANES):
                at = first + min(s, width - 1)
                until = room[clock, s]
                if counts[1, s] < looks:
                    until = hours[counts[1, s]]
                    if counts[0, s] < happenings:
                        until = min(until, when[order[counts[0, s], at], at])
                room[passing, s] = until - room[clock, s]
                time_passes = time_passes or room[passing, s] > 0.0
                room[clock, s] = until
                fade = room[passing, s] * room[last + _FADING, s]
                if handed and counts[1, s] == looks - 1:
                    fade = min(fade, _HANDED * fades)
                fading_most = max(fading_most, fade)
            if time_passes and begun:
                parts = min(max(1.0, math.ceil(fading_most / fades)), _MOST_PARTS)
                there = _let_pass(
                    source, inflow, leaves, outward, terms, parts, room, there
                )  # fmt: skip
            for s in range(LANES):
                event, look = counts[0, s], counts[1, s]
                if look == looks:
                    continue
                at = first + min(s, width - 1)
                e = order[event, at] if event < happenings else 0
                if event < happenings and when[e, at] < hours[look]:
                    begun = True
                    if kind[e] == PUT_IN:
                        room[there + site[e], s] += amount[e, at]
                    elif kind[e] == RATE:
                        room[_RATE * n + site[e], s] += amount[e, at]
                    else:
                        counts[2, s] = site[e]
                        _begin_part(leaving, moving, fading, site[e], at, s, room)
                    counts[0, s] += 1
                else:
                    if s < width:
                        for m in range(seen[look], seen[look + 1]):
                            o = output[m]
                            much = room[there + places[o], s] * outputs[counts[2, s], o, at]
                            made[at, column[m]] = much
                    counts[1, s] += 1
        for s in range(width):
            for j in range(n):
                state[j, first + s] = room[there + j, s]
