"""Everybody side by side: brought to a moment, and through a span in which nothing happens.

In: modes of everybody, one row of people for each, what happens to whom. Out: amounts: what
each mode of each person adds to an output at a moment. Rows are padded to whole vectors
by people to whom nothing happens. Arrays: u person, m mode, o output, r mode of an output.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.columns import along, onward
from evenkeel.core.pharmacology.kernels.instructions import WIDE
from evenkeel.core.pharmacology.kernels.making import inner
from evenkeel.core.pharmacology.kernels.vectors import decays

_PART = 2048  # people treated at once: what fades them stays in the cache for all outputs


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
def _fade(lam: Any, hours: Any, made: Any) -> None:
    for i in range(made.size):
        made[i] = lam[i] * max(hours[i], 0.0)
    decays(made.ctypes.data, 1.0, made.ctypes.data, made.size)


@inner(fused=True)
def _settle(rate: Any, lam: Any, fade: Any, full: Any, now: Any) -> None:
    for i in range(now.size):
        full[i] = rate[i] / lam[i]
    for i in range(now.size):
        now[i] = full[i] + (now[i] - full[i]) * fade[i]


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
    n, wide, events = lam.shape[0], lam.shape[1], when.shape[1]
    common = when.shape[0] == 1
    hours, fade, full, alive = lines[0], lines[1], lines[2], lines[3]
    for i in range(people, wide):
        hours[i] = 0.0
    some = people > 0
    while some:
        some = False
        for i in range(people):
            own, e = 0 if common else i, event[i]
            hours[i] = -1.0
            if e < events and when[own, e] < time:
                hours[i] = max(when[own, e] - clock[i], 0.0)
                some = True
        if not some:
            break
        for m in range(n):
            _fade(lam[m], hours, fade)
            _settle(rate[m], lam[m], fade, full, now[m])
        if common:
            e = event[0]
            for m in range(n):
                if is_rate[0, e]:
                    _add_times(left[site[0, e], m], amount[e], rate[m])
                else:
                    _add_times(left[site[0, e], m], amount[e], now[m])
            for i in range(people):
                clock[i] = when[0, e]
                event[i] = e + 1
            continue
        for i in range(people):
            if hours[i] < 0.0:
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
    following, empty = math.inf, True
    for i in range(people):
        hours[i] = time - clock[i]
        alive[i] = 1.0 if hours[i] >= 0.0 else 0.0
        if hours[i] < 0.0:  # nothing is there before, all that there is at that time itself
            following = min(following, clock[i] - 2.5e-16 * abs(clock[i]))
        elif event[i] < events:
            following = min(following, when[0 if common else i, event[i]])
        for m in range(n):
            empty = empty and now[m, i] == 0.0 and rate[m, i] == 0.0
    for i in range(people, wide):
        alive[i] = 1.0
    for o in range(starts.size - 1):
        for i in range(wide):
            more[o, i] = 0.0
    for m in range(n):
        _fade(lam[m], hours, fade)
        for i in range(wide):
            full[i] = rate[m, i] / lam[m, i] * alive[i]
        for i in range(wide):
            fade[i] *= (now[m, i] - full[i]) * alive[i]
        for o in range(starts.size - 1):
            for r in range(starts[o], starts[o + 1]):
                if modes[r] == m:
                    _times(weights[r], fade, amounts[r])
                    _add_times(weights[r], full, more[o])
    for o in range(starts.size - 1):
        for i in range(people):
            value[o, i] = more[o, i]
        for r in range(starts[o], starts[o + 1]):
            for i in range(people):
                value[o, i] += amounts[r, i]
    return following, empty


@inner(fused=True)
def taken_on(
    people: int, amounts: Any, before: Any, fades: Any, modes: Any, starts: Any, scales: Any,
    more: Any, value: Any, doubt: Any,
) -> None:  # fmt: skip
    """Everybody's value at the end of a span, and its doubt; see ``onward``."""
    wide = amounts.shape[1]
    for begin in range(0, wide, _PART):
        count, skip = min(_PART, wide - begin), 8 * begin
        for o in range(starts.size - 1):
            first = starts[o]
            onward(
                amounts.ctypes.data + 8 * wide * first + skip, before.ctypes.data + skip,
                fades.ctypes.data + skip, modes.ctypes.data + 8 * first,
                starts[o + 1] - first, 8 * wide, scales[o], more[o].ctypes.data + skip,
                value[o].ctypes.data + skip, doubt[o].ctypes.data + skip, count,
            )  # fmt: skip
    for o in range(starts.size - 1):
        for i in range(people, wide):
            value[o, i] = math.inf
            doubt[o, i] = 0.0


@inner(fused=True)
def some_within(
    chosen: Any, count: int, o: int, k: int, amounts: Any, fades: Any, modes: Any, starts: Any,
    more: Any, first: Any, ratio: Any, made: Any,
) -> None:  # fmt: skip
    """Values of some people at each point within a span of ``k``; made: shape (k, people)."""
    whole = (count + WIDE - 1) // WIDE * WIDE
    for c in range(count):
        first[c] = more[o, chosen[c]]
    for c in range(count, whole):
        first[c] = math.inf
        ratio[c] = 0.0
    for h in range(1, k):
        for c in range(whole):
            made[h, c] = first[c]
    for c in range(count, whole):
        first[c] = 0.0
    for r in range(starts[o], starts[o + 1]):
        m = modes[r]
        for c in range(count):
            i = chosen[c]
            first[c] = amounts[r, i]
            ratio[c] = fades[m, i]
        stride = 8 * made.shape[1]
        along(first.ctypes.data, ratio.ctypes.data, whole, k - 1, made.ctypes.data, stride)


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
