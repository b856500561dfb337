"""Concentrations of many people on an even grid, by modes.

In: modes (see ``modes``), what is given to each person and an even grid. Out:
concentrations. Every mode decays by itself, so a table of powers serves for all grid
points: one multiply-add for each mode and point. Regular regimens repeat themselves: what
fades between two happenings, or from one to the next grid point, is one exponential for
each mode and distinct interval. Arrays: i person, u column of a person, m mode, o output, r
mode of an output, a site where something is given, e happening.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.sizes import INTERVALS, LINE, POWERS
from evenkeel.core.pharmacology.kernels.stretches import grid_time, stretch_end
from evenkeel.core.pharmacology.kernels.vectors import MOST_MODES, decays, powers, stretch

_GIVEN = {
    "lam": "f8 n u", "weights": "f8 r u", "left": "f8 a n u", "fine": "b1 i",
    "modes": "i8 r", "starts": "i8 s",
}  # fmt: skip
_HAPPENS = {
    "when": "f8 w e", "site": "i8 w e", "amount": "f8 i e", "is_rate": "b1 w e",
    "clocks": "f8 i", "stand": "f8 n u", "running_in": "f8 n u",
}  # fmt: skip
_DECAY, _FADE, _BLOCK, _INVERSE, _PART, _MODE, _RATE, _FULL = range(8)  # rows of ``room``
_KEPT = 8  # and the first of those that are kept for intervals
_ENDS, _GAP, _LEAD = range(3)  # rows of ``table_of``


@inner(fused=True)
def _interval(hours: Any, much: float, near: float, count: int) -> int:
    """Place of an interval among the first ``count`` of ``hours``; -1 where there is no room."""
    for c in range(count):
        if abs(hours[c] - much) <= near:
            return c
    if count == hours.size:
        return -1
    hours[count] = much
    return count


@inner(fused=True)
def _shared(
    when: Any, start: float, step: float, j0: int, j1: int, near: float, laps: Any, hours: Any
) -> None:
    """For a schedule that all share: the first grid point after each happening, and which
    interval lies before the happening and which between it and that point."""
    count = 0
    for e in range(when.size):
        laps[_ENDS, e] = stretch_end(when[e], start, step, j0, j1)
        laps[_GAP, e] = _interval(hours, when[e] - when[e - 1], near, count) if e > 0 else -1
        count = max(count, laps[_GAP, e] + 1)
        ahead = grid_time(start, step, laps[_ENDS, e]) - when[e]
        laps[_LEAD, e] = _interval(hours, ahead, near, count)
        count = max(count, laps[_LEAD, e] + 1)


@inner(fused=True)
def _sum_many(
    out: Any, line: Any, at: int, stop: int, a: Any, table: Any, used: Any, count: int,
    block: Any, more: float,
) -> None:  # fmt: skip
    """``stretch`` for any number of modes."""
    for k in range(at, stop):
        place = (k - at) % POWERS
        total = more
        for q in range(count):
            total += a[q] * table[used[q], place]
            if place == POWERS - 1:
                a[q] *= block[used[q]]
        line[k % LINE] = total
        if k % LINE == LINE - 1:
            for h in range(LINE):
                out[k - LINE + 1 + h] = line[h]


@entry(
    {
        **_GIVEN, **_HAPPENS,
        "start": "f8", "step": "f8", "j0": "i8", "j1": "i8", "out": "f8 i o k, filled",
        "stream": "b1", "near": "f8",
        "table": f"f8 n {POWERS}, filled", "room": f"f8 {8 + INTERVALS} c, filled",
        "mine": "f8 r, filled", "lines": f"f8 o {2 * LINE}, filled", "laps": "i8 3 e, filled",
        "hours": f"f8 {INTERVALS}, filled", "whose": f"i8 {INTERVALS}, filled",
    },
    fused=True,
)  # fmt: skip
def rows(
    lam: Any, weights: Any, left: Any, fine: Any, modes: Any, starts: Any,
    when: Any, site: Any, amount: Any, is_rate: Any, clocks: Any, stand: Any, running_in: Any,
    start: float, step: float, j0: int, j1: int, out: Any, stream: bool, near: float,
    table: Any, room: Any, mine: Any, lines: Any, laps: Any, hours: Any, whose: Any,
) -> None:  # fmt: skip
    """Concentrations at grid points ``j0`` to ``j1``.

    The grid is start + j * step, hours. A happening acts after what is at its time.

    Args:
        lam, weights, left, fine, modes: of ``decompose``, from the first column on; people who
            are not fine are passed over. starts: the modes of output o go from starts[o] to
            starts[o + 1].
        when: shape (1 or i, e), hours, ascending in each row. site: shape (1 or i, e): a.
        amount: shape (i, e): mg put in, or mg/h that the rate changes by.
        is_rate: shape (1 or i, e).
        clocks, stand, running_in: where each person stands at first, shapes (i,), (n, u),
            (n, u): when, what is in each mode, and what runs into it.
        out: filled, shape (i, o, j1 - j0), ng/mL.
        stream: write past the caches; every row of ``out`` must then begin a cache line.
        near: hours; intervals that differ by less share their exponential, which is then
            corrected by one term, so near * lam must be below 1e-8.
        table, room, mine, lines, laps, hours, whose: memory to work in; c is n, rounded up to
            whole vectors. The first two gain by beginning at a cache line.
    """
    people, n, outputs, events = fine.size, lam.shape[0], starts.size - 1, when.shape[1]
    wide = room.shape[1]
    common = when.shape[0] == 1
    if common:
        _shared(when[0], start, step, j0, j1, near, laps, hours)
    for c in range(INTERVALS):
        whose[c] = -1
    decay, fade, block, inverse = room[_DECAY], room[_FADE], room[_BLOCK], room[_INVERSE]
    a, now, running, full = room[_PART], room[_MODE], room[_RATE], room[_FULL]
    for m in range(wide):
        decay[m] = 1.0
    for i in range(people):
        if not fine[i]:
            continue
        own = 0 if common else i
        for m in range(n):
            decay[m] = lam[m, i]
            inverse[m] = 1.0 / lam[m, i]
            now[m] = stand[m, i]
            running[m] = running_in[m, i]
        for r in range(modes.size):
            mine[r] = weights[r, i]
        decays(decay.ctypes.data, step, fade.ctypes.data, wide)
        for m in range(n):
            block[m] = powers(fade[m], table[m].ctypes.data, POWERS)
        j, e, at = j0, 0, clocks[i]
        fresh = False  # j is the first point after the last happening
        while j < j1:
            # Points up to and at the next happening belong to the stretch before it.
            stop = j1
            if e < events:
                stop = laps[_ENDS, e] if common else stretch_end(when[own, e], start, step, j, j1)
            if stop > j:
                after = grid_time(start, step, j) - at
                if after >= 0.0:
                    lap = laps[_LEAD, e - 1] if fresh else -1
                    kept = room[_faded(after, lap, i, room, hours, whose)]
                    nudge = hours[lap] - after if lap >= 0 else 0.0
                    for m in range(n):
                        full[m] = running[m] * inverse[m]
                        share = kept[m] + kept[m] * (decay[m] * nudge)
                        fade[m] = (now[m] - full[m]) * share
                for o in range(outputs):
                    first, count, more = starts[o], starts[o + 1] - starts[o], 0.0
                    if after < 0.0:
                        count = 0
                    for q in range(count):
                        m = modes[first + q]
                        more += mine[first + q] * full[m]
                        a[q] = mine[first + q] * fade[m]
                    if count > MOST_MODES:
                        _sum_many(out[i, o], lines[o], j - j0, stop - j0, a, table, modes[first:],
                                  count, block, more)  # fmt: skip
                    else:
                        stretch(out[i, o].ctypes.data, j - j0, stop - j0, lines[o].ctypes.data,
                                table.ctypes.data, a.ctypes.data, modes.ctypes.data + 8 * first,
                                block.ctypes.data, more, count, stream)  # fmt: skip
                j = stop
            fresh = False
            if j < j1:
                passed = when[own, e] - at
                if passed > 0.0:
                    lap = laps[_GAP, e] if common and e > 0 else -1
                    kept = room[_faded(passed, lap, i, room, hours, whose)]
                    nudge = hours[lap] - passed if lap >= 0 else 0.0
                    for m in range(n):
                        still = running[m] * inverse[m]
                        share = kept[m] + kept[m] * (decay[m] * nudge)
                        now[m] = still + (now[m] - still) * share
                place = site[own, e]
                if is_rate[own, e]:
                    for m in range(n):
                        running[m] += left[place, m, i] * amount[i, e]
                else:
                    for m in range(n):
                        now[m] += left[place, m, i] * amount[i, e]
                at = when[own, e]
                fresh = common
                e += 1
        rest = (j1 - j0) % LINE  # of the last line, which is not a whole one
        for o in range(outputs):
            for k in range(rest):
                out[i, o, j1 - j0 - rest + k] = lines[o, k]


@inner(fused=True)
def _faded(passed: float, lap: int, i: int, room: Any, hours: Any, whose: Any) -> int:
    """The row of ``room`` with what is left of each mode of a person, all but a nudge.

    lap: which interval has passed; below 0 for one that is computed for itself.
    """
    row, much = _FADE, passed
    if lap >= 0:
        row, much = _KEPT + lap, hours[lap]
        if whose[lap] == i:
            return row
        whose[lap] = i
    made = room[row]
    decays(room[_DECAY].ctypes.data, much, made.ctypes.data, made.size)
    return row


@entry(
    {**_GIVEN, **_HAPPENS, "times": "f8 t", "out": "f8 i o t, filled", "room": "f8 2 n, filled"},
    fused=True,
)
def at_times(
    lam: Any, weights: Any, left: Any, fine: Any, modes: Any, starts: Any,
    when: Any, site: Any, amount: Any, is_rate: Any, clocks: Any, stand: Any, running_in: Any,
    times: Any, out: Any, room: Any,
) -> None:  # fmt: skip
    """Concentrations at any times, ascending; a happening acts after what is at its time.

    times: shape (t,), hours. out: filled, shape (i, o, t), ng/mL. People who are not fine
    are passed over. room: memory to work in. Other arguments as in ``rows``.
    """
    n = lam.shape[0]
    mode, rate = room[0], room[1]
    for i in range(fine.size):
        if not fine[i]:
            continue
        shared = 0 if when.shape[0] == 1 else i
        event = 0
        clock = clocks[i]
        for m in range(n):
            mode[m] = stand[m, i]
            rate[m] = running_in[m, i]
        for t in range(times.size):
            while event < when.shape[1] and when[shared, event] < times[t]:
                passed = when[shared, event] - clock
                for m in range(n):
                    full = rate[m] / lam[m, i]
                    mode[m] = full + (mode[m] - full) * math.exp(-lam[m, i] * passed)
                    gained = left[site[shared, event], m, i] * amount[i, event]
                    if is_rate[shared, event]:
                        rate[m] += gained
                    else:
                        mode[m] += gained
                clock = when[shared, event]
                event += 1
            for o in range(out.shape[1]):
                out[i, o, t] = 0.0
            after = times[t] - clock
            if after < 0.0:
                continue
            for o in range(out.shape[1]):
                for r in range(starts[o], starts[o + 1]):
                    m = modes[r]
                    full = rate[m] / lam[m, i]
                    value = full + (mode[m] - full) * math.exp(-lam[m, i] * after)
                    out[i, o, t] += weights[r, i] * value
