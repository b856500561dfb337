"""One person's concentrations under many sets of parameters at once.

In: flows, happenings and times, each with one column a set. Out: concentrations.
Sets lie side by side in memory, so that one instruction works on several of them.
Every state is a series of terms that are never negative (uniformisation: A. Jensen,
Skand. Aktuarietidskr 1953;36:87-91), so nothing cancels, nothing happens where
eigenvalues coincide, and small changes of a parameter give small changes of the answer.
Compiled once and kept beside this file. Arrays: j compartment, f flow, e happening, s set.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.kernels.compiled import njit

_FAST: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "fastmath": {"contract"},
    "error_model": "numpy",
}
ABREAST = 40  # sets treated at once: enough to fill the lanes, few enough for the cache
_MOST = 400.0  # jumps of one series; beyond, squaring a matrix costs less
_TERMS = 22


@njit(**_FAST)  # type: ignore[untyped-decorator]
def at_times(
    leaving: Any,
    moving: Any,
    source: Any,
    target: Any,
    when: Any,
    order: Any,
    site: Any,
    is_rate: Any,
    amount: Any,
    times: Any,
    outputs: Any,
    places: Any,
    made: Any,
) -> None:
    """Concentrations of all sets; a happening acts after what is at its time.

    Args:
        leaving: shape (j, s): all that leaves a compartment, 1/h.
        moving: shape (f, s): what moves from ``source`` to ``target``, shape (f,), 1/h.
        when, amount: shape (e, s): hours; mg put in, or mg/h that the rate changes by.
        order: shape (e, s): the happenings of each set in the order of time.
        site, is_rate: shape (e,).
        times: shape (t,), hours, ascending.
        outputs: shape (o, s): ng/mL per mg in compartment ``places``, shape (o,).
        made: filled, shape (s, o, t), ng/mL.
    """
    sets = leaving.shape[1]
    for first in range(0, sets, ABREAST):
        last = min(first + ABREAST, sets)
        _some(
            leaving, moving, source, target, when, order, site, is_rate, amount,
            times, outputs, places, made, first, last,
        )  # fmt: skip


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _some(
    leaving: Any,
    moving: Any,
    source: Any,
    target: Any,
    when: Any,
    order: Any,
    site: Any,
    is_rate: Any,
    amount: Any,
    times: Any,
    outputs: Any,
    places: Any,
    made: Any,
    first: int,
    last: int,
) -> None:
    """Sets ``first`` to ``last``, step by step: each goes on to what comes next for it."""
    n, flows, width = leaving.shape[0], moving.shape[0], last - first
    happenings, looks = when.shape[0], times.size
    shift = np.zeros(width)
    for j in range(n):
        for s in range(width):
            shift[s] = max(shift[s], leaving[j, first + s])
    # Kept from one step to the next.
    state, rate = np.zeros((n, width)), np.zeros((n, width))
    clock = np.zeros(width)
    event, look = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    for s in range(width):
        clock[s] = times[0]
        if happenings > 0:
            clock[s] = min(clock[s], when[order[0, first + s], first + s])
    hours = np.empty(width)
    stay, move = np.empty((n, width)), np.empty((flows, width))
    term, following, total = np.empty((n, width)), np.empty((n, width)), np.empty((n, width))
    one, gain = np.empty(width), np.empty((n, width))
    into = np.empty(n, dtype=np.int64)
    reach = _reach(n, source, target)
    for _ in range(happenings + looks):
        longest, time_passes = 0.0, False
        for s in range(width):
            until = clock[s]
            if look[s] < looks:
                until = times[look[s]]
                if event[s] < happenings:
                    until = min(until, when[order[event[s], first + s], first + s])
            hours[s] = until - clock[s]
            longest = max(longest, hours[s] * shift[s])
            time_passes = time_passes or hours[s] > 0.0
            clock[s] = until
        if longest > _MOST:
            for s in range(width):
                _far(
                    leaving, moving, source, target, first + s, hours[s], shift[s],
                    reach, state, rate, s,
                )  # fmt: skip
        elif time_passes:
            for j in range(n):
                for s in range(width):
                    stay[j, s] = (shift[s] - leaving[j, first + s]) * hours[s]
                    term[j, s] = state[j, s]
                    total[j, s] = state[j, s]
            fed = 0
            for j in range(n):
                any_input = False
                for s in range(width):
                    any_input = any_input or rate[j, s] != 0.0
                if any_input:
                    into[fed] = j
                    for s in range(width):
                        gain[fed, s] = rate[j, s] * hours[s]
                    fed += 1
            for f in range(flows):
                for s in range(width):
                    move[f, s] = moving[f, first + s] * hours[s]
            for s in range(width):
                one[s] = 1.0
            # What a Poisson law of this mean has beyond them is less than 1e-14.
            terms = math.ceil(longest + 7.7 * math.sqrt(longest) + 14.0)
            for k in range(1, terms):
                part = 1.0 / k
                for j in range(n):
                    for s in range(width):
                        following[j, s] = stay[j, s] * term[j, s]
                for g in range(fed):
                    a = into[g]
                    for s in range(width):
                        following[a, s] += gain[g, s] * one[s]
                for f in range(flows):
                    a, b = source[f], target[f]
                    for s in range(width):
                        following[b, s] += move[f, s] * term[a, s]
                for s in range(width):
                    one[s] *= shift[s] * hours[s] * part
                for j in range(n):
                    for s in range(width):
                        term[j, s] = following[j, s] * part
                        total[j, s] += term[j, s]
            for s in range(width):
                one[s] = math.exp(-shift[s] * hours[s])
            for j in range(n):
                for s in range(width):
                    state[j, s] = total[j, s] * one[s]
        for s in range(width):
            if look[s] == looks:
                continue
            e = order[event[s], first + s] if event[s] < happenings else 0
            if event[s] < happenings and when[e, first + s] < times[look[s]]:
                if is_rate[e]:
                    rate[site[e], s] += amount[e, first + s]
                else:
                    state[site[e], s] += amount[e, first + s]
                event[s] += 1
            else:
                for o in range(places.size):
                    made[first + s, o, look[s]] = outputs[o, first + s] * state[places[o], s]
                look[s] += 1


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _reach(n: int, source: Any, target: Any) -> Any:
    """Which compartment is fed by which, at once or through others; with one for the inputs."""
    reach = np.zeros((n + 1, n + 1), dtype=np.bool_)
    for j in range(n + 1):
        reach[j, j] = True
        reach[j, n] = True
    for f in range(source.size):
        reach[target[f], source[f]] = True
    for q in range(n):
        for j in range(n):
            for h in range(n):
                if reach[j, q] and reach[q, h]:
                    reach[j, h] = True
    return reach


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _far(
    leaving: Any,
    moving: Any,
    source: Any,
    target: Any,
    column: int,
    hours: float,
    shift: float,
    reach: Any,
    state: Any,
    rate: Any,
    s: int,
) -> None:
    """One set over a long stretch: the propagator of a short one, squared again and again."""
    n = leaving.shape[0]
    if hours * shift <= 0.0:
        for j in range(n):
            state[j, s] += rate[j, s] * hours
        return
    jumps, halvings = shift * hours, 0
    while jumps > 1.0:
        jumps *= 0.5
        halvings += 1
    part = jumps / shift
    matrix = np.zeros((n + 1, n + 1))
    for j in range(n):
        matrix[j, j] = (shift - leaving[j, column]) * part
        matrix[j, n] = rate[j, s] * part
    matrix[n, n] = jumps
    for f in range(source.size):
        matrix[target[f], source[f]] += moving[f, column] * part
    power, made, other = np.eye(n + 1), np.eye(n + 1), np.zeros((n + 1, n + 1))
    for k in range(1, _TERMS):
        _times(matrix, power, reach, other)
        for j in range(n + 1):
            for h in range(n + 1):
                power[j, h] = other[j, h] / k
                made[j, h] += power[j, h]
    made *= math.exp(-jumps)
    for _ in range(halvings):
        _times(made, made, reach, other)
        made[:] = other
    before = state[:, s].copy()
    for j in range(n):
        value = made[j, n]
        for h in range(n):
            value += made[j, h] * before[h]
        state[j, s] = value


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _times(a: Any, b: Any, reach: Any, made: Any) -> None:
    """made becomes a b, where what cannot reach stays none."""
    size = a.shape[0]
    for j in range(size):
        for h in range(size):
            made[j, h] = 0.0
        for q in range(size):
            if reach[j, q]:
                value = a[j, q]
                for h in range(size):
                    made[j, h] += value * b[q, h]
