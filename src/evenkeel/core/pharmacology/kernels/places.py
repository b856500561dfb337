"""Everybody side by side: brought to a moment, and through a span in which nothing happens.

In: modes of everybody, one row of people for each, what happens to whom. Out: amounts: what
each mode of each person adds to an output at a moment. Rows are padded to whole vectors
by people to whom nothing happens. Arrays: u person, m mode, o output, r mode of an output.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.columns import gather
from evenkeel.core.pharmacology.kernels.instructions import WIDE
from evenkeel.core.pharmacology.kernels.making import inner
from evenkeel.core.pharmacology.kernels.paths import along, fade, onward, settle
from evenkeel.core.pharmacology.kernels.vectors import decays

_PART = 512  # people treated at once: what fades them stays in the cache for all outputs


# Loops over few arrays each: of more, a compiler does not see that they do not overlap.
@inner(fused=True)
def _times(a: Any, b: Any, made: Any) -> None:
    for i in range(made.size):
        made[i] = a[i] * b[i]


@inner(fused=True)
def _add_times(a: Any, b: Any, made: Any) -> None:
    for i in range(made.size):
        made[i] += a[i] * b[i]


@inner(fused=True)
def _add(a: Any, made: Any) -> None:
    for i in range(made.size):
        made[i] += a[i]


@inner(fused=True)
def _copy(a: Any, made: Any) -> None:
    for i in range(made.size):
        made[i] = a[i]


@inner(fused=True)
def _settle(acts: Any, full: Any, left: Any, now: Any) -> None:
    for i in range(now.size):
        now[i] = full[i] + left[i] if acts[i] > 0.0 else now[i]


@inner(fused=True)
def _all_alike(
    time: float, lam: Any, left: Any, when: Any, site: Any, amount: Any, is_rate: Any, event: Any,
    clock: Any, now: Any, rate: Any,
) -> None:  # fmt: skip
    """All that happens to everybody at once before a time; the first one's clock is everybody's."""
    n, wide = lam.shape
    while event[0] < when.size and when[event[0]] < time:
        e = event[0]
        hours = max(when[e] - clock[0], 0.0)
        for m in range(n):
            settle(
                lam[m].ctypes.data, rate[m].ctypes.data, now[m].ctypes.data, hours,
                left[site[e], m].ctypes.data, amount[e].ctypes.data,
                rate[m].ctypes.data if is_rate[e] else now[m].ctypes.data, wide,
            )  # fmt: skip
        clock[0] = when[e]
        event[0] = e + 1


@inner(fused=True)
def _each_alone(
    people: int, time: float, lam: Any, left: Any, when: Any, site: Any, amount: Any, is_rate: Any,
    event: Any, clock: Any, now: Any, rate: Any, lines: Any,
) -> None:  # fmt: skip
    """All that happens to each before a time."""
    n, wide, events = lam.shape[0], lam.shape[1], when.shape[1]
    hours, left_there, full, acts = lines[0], lines[1], lines[2], lines[3]
    hours[people:] = 0.0
    acts[people:] = 0.0
    some = people > 0
    while some:
        some = False
        for i in range(people):
            e = event[i]
            hours[i] = acts[i] = 0.0
            if e < events and when[i, e] < time:
                hours[i] = max(when[i, e] - clock[i], 0.0)
                acts[i] = 1.0
                some = True
        if not some:
            break
        for m in range(n):
            fade(
                lam[m].ctypes.data, rate[m].ctypes.data, now[m].ctypes.data, hours.ctypes.data,
                full.ctypes.data, left_there.ctypes.data, wide,
            )  # fmt: skip
            _settle(acts, full, left_there, now[m])
        for i in range(people):
            if acts[i] == 0.0:
                continue
            e = event[i]
            for m in range(n):
                gained = left[site[i, e], m, i] * amount[e, i]
                if is_rate[i, e]:
                    rate[m, i] += gained
                else:
                    now[m, i] += gained
            clock[i] = when[i, e]
            event[i] = e + 1


@inner(fused=True)
def _waiting(
    people: int, time: float, when: Any, event: Any, clock: Any, hours: Any, alive: Any
) -> tuple[float, bool]:
    """Hours since each one's clock; when anybody's course bends next; whether anybody has yet to
    begin."""
    following, late = math.inf, False
    events = when.shape[1]
    common = when.shape[0] == 1
    for i in range(min(people, 1) if common else people):
        hours[i] = max(time - clock[i], 0.0)
        alive[i] = 1.0 if time >= clock[i] else 0.0
        if time < clock[i]:  # nothing is there before, all that there is at that time itself
            following = min(following, clock[i] - 2.5e-16 * abs(clock[i]))
            late = True
        elif event[i] < events:
            following = min(following, when[i, event[i]])
    if common:
        hours[1:people] = hours[0]
        alive[1:people] = alive[0]
    hours[people:] = 0.0
    alive[people:] = 1.0
    return following, late


@inner(fused=True)
def _nothing(people: int, now: Any, rate: Any) -> bool:
    for m in range(now.shape[0]):
        for i in range(people):
            if now[m, i] != 0.0 or rate[m, i] != 0.0:
                return False
    return True


@inner(fused=True)
def brought_to(
    people: int, time: float, lam: Any, left: Any, weights: Any, modes: Any, starts: Any,
    when: Any, site: Any, amount: Any, is_rate: Any,
    event: Any, clock: Any, now: Any, rate: Any, amounts: Any, more: Any, value: Any, lines: Any,
) -> tuple[float, bool]:  # fmt: skip
    """Everybody at a time, after what happened before it.

    Returns:
        When anybody's course bends next, and whether nobody has anything yet.
    """
    n, wide = lam.shape
    hours, left_there, full, alive = lines[0], lines[1], lines[2], lines[3]
    if when.shape[0] == 1:
        _all_alike(time, lam, left, when[0], site[0], amount, is_rate[0], event, clock, now, rate)
    else:
        _each_alone(
            people, time, lam, left, when, site, amount, is_rate, event, clock, now, rate, lines
        )
    following, late = _waiting(people, time, when, event, clock, hours, alive)
    for begin in range(0, wide, _PART):
        part = slice(begin, min(begin + _PART, wide))
        more[:, part] = 0.0
        for m in range(n):
            fade(
                lam[m, part].ctypes.data, rate[m, part].ctypes.data, now[m, part].ctypes.data,
                hours[part].ctypes.data, full[part].ctypes.data, left_there[part].ctypes.data,
                part.stop - part.start,
            )  # fmt: skip
            if late:
                _times(left_there[part], alive[part], left_there[part])
                _times(full[part], alive[part], full[part])
            for o in range(starts.size - 1):
                for r in range(starts[o], starts[o + 1]):
                    if modes[r] == m:
                        _times(weights[r, part], left_there[part], amounts[r, part])
                        _add_times(weights[r, part], full[part], more[o, part])
        for o in range(starts.size - 1):
            _copy(more[o, part], value[o, part])
            for r in range(starts[o], starts[o + 1]):
                _add(amounts[r, part], value[o, part])
    for o in range(starts.size - 1):
        value[o, people:wide] = math.inf
    return following, _nothing(people, now, rate)


@inner(fused=True)
def taken_on(
    people: int, amounts: Any, before: Any, fades: Any, lam: Any, hours: float, modes: Any,
    starts: Any, scales: Any, more: Any, value: Any, sag: Any, doubt: Any,
) -> None:  # fmt: skip
    """Everybody's value at the end of a span, and how it goes there; see ``onward``."""
    wide = amounts.shape[1]
    for begin in range(0, wide, _PART):
        count, skip = min(_PART, wide - begin), 8 * begin
        for o in range(starts.size - 1):
            first = starts[o]
            onward(
                amounts.ctypes.data + 8 * wide * first + skip, before.ctypes.data + skip,
                fades.ctypes.data + skip, lam.ctypes.data + skip, modes.ctypes.data + 8 * first,
                starts[o + 1] - first, 8 * wide, scales[o], hours, -math.log(scales[o]),
                more[o].ctypes.data + skip, value[o].ctypes.data + skip,
                sag[0, o].ctypes.data + skip, sag[1, o].ctypes.data + skip,
                doubt[o].ctypes.data + skip, count,
            )  # fmt: skip
    for o in range(starts.size - 1):
        for i in range(people, wide):
            value[o, i] = math.inf
            sag[0, o, i] = sag[1, o, i] = doubt[o, i] = 0.0


@inner(fused=True)
def picked(
    chosen: Any, count: int, o: int, amounts: Any, fades: Any, modes: Any, starts: Any, more: Any,
    few: Any, ratios: Any,
) -> None:  # fmt: skip
    """Amounts of some people side by side, what fades them in a step, and what stays: the last
    row of ``few``. They are filled up to whole vectors by people with nothing.
    """
    whole, rows = (count + WIDE - 1) // WIDE * WIDE, starts[o + 1] - starts[o]
    for c in range(count, whole):
        chosen[c] = 0
    places = chosen.ctypes.data
    for q in range(rows):
        r = starts[o] + q
        gather(amounts[r].ctypes.data, places, whole, few[q].ctypes.data)
        gather(fades[modes[r]].ctypes.data, places, whole, ratios[q].ctypes.data)
    last = few.shape[0] - 1
    gather(more[o].ctypes.data, places, whole, few[last].ctypes.data)
    for c in range(count, whole):
        for q in range(rows):
            few[q, c] = 0.0
        few[last, c] = math.inf


@inner(fused=True)
def some_within(
    count: int, rows: int, steps: int, by: int, few: Any, ratios: Any, within: Any
) -> None:
    """Values of some people at the next ``steps`` points, ``by`` numbers in a row of these."""
    whole, last = (count + WIDE - 1) // WIDE * WIDE, few.shape[0] - 1
    if rows == 0:
        for h in range(steps):
            _copy(few[last, :whole], within[h * by : h * by + whole])
        return
    along(
        few.ctypes.data, ratios.ctypes.data, rows, 8 * few.shape[1], few[last].ctypes.data,
        whole, steps, within.ctypes.data, 8 * by,
    )  # fmt: skip


@inner(fused=True)
def all_within(
    people: int, o: int, hours: float, lam: Any, amounts: Any, modes: Any, starts: Any, more: Any,
    fade: Any, value: Any,
) -> None:  # fmt: skip
    """Everybody's values so many hours after a span's begin."""
    for i in range(people):
        value[i] = more[o, i]
    for r in range(starts[o], starts[o + 1]):
        decays(lam[modes[r]].ctypes.data, hours, fade.ctypes.data, lam.shape[1])
        for i in range(people):
            value[i] += amounts[r, i] * fade[i]
