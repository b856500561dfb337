"""What flows and happens in a person under many sets of parameters, as ``sets`` reads it.

In: differences of a person and the model's numbers as functions of them. Out: flows, times,
amounts and scales, with one column a set. Most numbers are products of parameters that differ
by a factor: their logs are sums, and one exponential a kind of product makes all of them.
Arrays: p part of the time, r number, k kind of product, d difference, j compartment, f flow,
o output, w way of a dose into the body, e happening, s set.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.sizes import FIXED, NEGATIVE, NOT_FINITE, OVERLAP
from evenkeel.core.pharmacology.kernels.vectors import exponentials


@inner(fused=True)
def _tabulate(
    places: Any, moves: Any, logs: Any, begins: Any, place: Any, power: Any, etas: Any, table: Any
) -> None:
    """Every kind of product for every set: each place, moved in each way."""
    variants, width = moves.shape
    for d in range(width):
        for a in range(places.shape[0]):
            for v in range(variants):
                etas[d, a * variants + v] = places[a, d] + moves[v, d]
    count, room = places.shape[0] * variants, table.shape[1]
    for k in range(logs.size):
        for s in range(room):
            table[k, s] = logs[k]
        for at in range(begins[k], begins[k + 1]):
            by, d = power[at], place[at]
            for s in range(count):
                table[k, s] += by * etas[d, s]
        exponentials(table[k].ctypes.data, room)


@inner()
def _sort(when: Any, nearly: Any, order: Any) -> None:
    """The happenings of each set in the order of time, of one time in their own order."""
    for s in range(when.shape[1]):
        for k in range(when.shape[0]):
            event = nearly[k]
            at, h = when[event, s], k
            while h > 0:
                before = order[h - 1, s]
                if when[before, s] < at or (when[before, s] == at and before < event):
                    break
                order[h, s] = before
                h -= 1
            order[h, s] = event


@entry(
    {
        "places": "f8 a d", "moves": "f8 v d", "idle": "i8", "logs": "f8 k", "begins": "i8 k1",
        "place": "i8 n", "power": "f8 n", "kinds": "i8 p r", "fixed": "f8 r",
        "others": "f8 p h s", "flows": "i8", "per_hour": "f8", "by_source": "i8 l",
        "leaves_by": "i8 j1", "inner_flows": "i8 f", "upstream": "i8 u", "upstream_of": "i8 u1",
        "beginnings": "f8 b", "ways": "i8 w 6", "doses": "f8 w 3", "nearly": "i8 e",
        "followed": "b1", "ends_h": "f8", "etas": "f8 d s, filled", "table": "f8 k t, filled",
        "numbers": "f8 r s, filled", "check": "f8 2 s, filled",
        "leaving": "f8 p j s, filled", "moving": "f8 p f s, filled",
        "fading": "f8 p s, filled", "outputs": "f8 p o s, filled", "when": "f8 e s, filled",
        "amount": "f8 e s, filled", "order": "i8 e s, filled", "fault": "i8 1, filled",
    },
    fused=True,
)  # fmt: skip
def of_sets(
    places: Any,
    moves: Any,
    idle: int,
    logs: Any,
    begins: Any,
    place: Any,
    power: Any,
    kinds: Any,
    fixed: Any,
    others: Any,
    flows: int,
    per_hour: float,
    by_source: Any,
    leaves_by: Any,
    inner_flows: Any,
    upstream: Any,
    upstream_of: Any,
    beginnings: Any,
    ways: Any,
    doses: Any,
    nearly: Any,
    followed: bool,
    ends_h: float,
    etas: Any,
    table: Any,
    numbers: Any,
    check: Any,
    leaving: Any,
    moving: Any,
    fading: Any,
    outputs: Any,
    when: Any,
    amount: Any,
    order: Any,
    fault: Any,
) -> None:
    """Each set is a place and one of the moves from it: set a * v + m is place a, moved by m.

    Args:
        places, moves: shapes (a, d), (v, d). From move ``idle`` on nothing is given.
        logs, begins, place, power: the log of kind k is ``logs[k]`` and the differences at
            ``place``, each times its ``power``, from ``begins[k]`` to ``begins[k + 1]``.
        kinds: shape (p, r): of each number its kind; FIXED: it is ``fixed[r]``; FIXED - 1 - h:
            it is ``others[p, h]``. First the outflows, ``flows`` of them, then the shares of
            what moves, then the scales of outputs, then what doses read.
        by_source: the outflows, those of compartment j from ``leaves_by[j]`` to ``[j + 1]``.
        inner_flows: the outflow of each that stays in the body.
        upstream: the compartments of which output o depends, from ``upstream_of[o]`` on.
        beginnings: hours at which parts begin, from the second on: the first happenings.
        ways: part, numbers of fraction, duration and lag (-1: none), happenings at which it
            begins and ends (-1: it is put in at once).
        doses: hour, mg and how many hours it lasts, of each way.
        nearly: the happenings nearly in the order of time.
        followed, ends_h: nothing may happen from then on.
        etas, table, numbers, check: to write into; of the table whole vectors are read.
        fault: filled, what is wrong or 0.
    """
    count = numbers.shape[1]
    _tabulate(places, moves, logs, begins, place, power, etas, table)
    latest = -math.inf
    for s in range(count):
        check[0, s] = check[1, s] = 0.0
    for b in range(beginnings.size):
        for s in range(count):
            when[b, s], amount[b, s] = beginnings[b], 0.0
    shares, scales = flows, flows + inner_flows.size
    for p in range(kinds.shape[0]):
        for r in range(fixed.size):
            kind = kinds[p, r]
            for s in range(count):
                value = fixed[r]
                if kind >= 0:
                    value = table[kind, s]
                elif kind < FIXED:
                    value = others[p, FIXED - 1 - kind, s]
                numbers[r, s] = value
                check[0, s] += value
            if r < scales:
                for s in range(count):
                    check[1, s] = min(check[1, s], numbers[r, s])
        for j in range(leaves_by.size - 1):
            for s in range(count):
                leaving[p, j, s] = 0.0
            for at in range(leaves_by[j], leaves_by[j + 1]):
                for s in range(count):
                    leaving[p, j, s] += numbers[by_source[at], s] * per_hour
        for f in range(inner_flows.size):
            for s in range(count):
                rate = numbers[inner_flows[f], s] * per_hour
                moving[p, f, s] = rate * numbers[shares + f, s]
        for o in range(outputs.shape[1]):
            for s in range(count):
                outputs[p, o, s] = numbers[scales + o, s]
        for s in range(count):
            fading[p, s] = 0.0
            for u in range(upstream_of.size - 1):
                slowest = math.inf
                for at in range(upstream_of[u], upstream_of[u + 1]):
                    slowest = min(slowest, leaving[p, upstream[at], s])
                fading[p, s] = max(fading[p, s], slowest)
        for w in range(ways.shape[0]):
            if ways[w, 0] != p:
                continue
            fraction, duration, lag = ways[w, 1], ways[w, 2], ways[w, 3]
            begin, end = ways[w, 4], ways[w, 5]
            for s in range(count):
                starts, lasts = doses[w, 0], doses[w, 2]
                much = doses[w, 1] * numbers[fraction, s]
                if lag >= 0:
                    starts += numbers[lag, s] / per_hour
                if duration >= 0:
                    lasts = numbers[duration, s] / per_hour
                if end >= 0:
                    much /= lasts
                    when[end, s] = starts + lasts
                    latest = max(latest, when[end, s])
                check[0, s] += much
                if s % moves.shape[0] >= idle:
                    much = 0.0
                when[begin, s] = starts
                latest = max(latest, starts)
                amount[begin, s] = much
                if end >= 0:
                    amount[end, s] = -much
    _sort(when, nearly, order)
    fault[0] = OVERLAP if followed and latest >= ends_h else 0
    for s in range(count):
        if check[1, s] < 0.0 and fault[0] == 0:
            fault[0] = NEGATIVE
    for s in range(count):
        if not abs(check[0, s]) < math.inf:
            fault[0] = NOT_FINITE
