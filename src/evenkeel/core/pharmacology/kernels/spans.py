"""Percentiles over many people on an even grid, without anybody's row.

In: modes of everybody, what happens to whom, grid points. Out: percentiles at each point.

Everybody is computed at the two ends of a span of points only. Between them a sum of
modes stays near the straight line between its ends, and how near is known for certain; so
most people are certainly above or below a percentile's path through the span, are
counted, and are not looked at again. Who may cross it is computed at each point, and the
percentile is found among those few. It must lie on the path that they were chosen for;
where it does not, everybody is computed at that point. All is compared after multiplication
with exp(u t), u being the rate at which the median fades: what fades at that rate is
then a straight line itself.

Numbers differ from those of rows in their last digits. The value of a rank moves by no more
than the largest such difference, whoever changes places.

Arrays: u person, m mode, o output, r mode of an output, p percentile, x person without modes.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.columns import part, places_of
from evenkeel.core.pharmacology.kernels.instructions import WIDE
from evenkeel.core.pharmacology.kernels.making import entry, inner
from evenkeel.core.pharmacology.kernels.places import (
    all_within,
    brought_to,
    some_within,
    taken_on,
)
from evenkeel.core.pharmacology.kernels.ranks import (
    ABOVE,
    BELOW,
    BEND,
    FEW,
    VALUE,
    WIDTH,
    ahead,
    near,
    of_everybody,
    percentile,
    two_of,
)
from evenkeel.core.pharmacology.kernels.sizes import LEVELS, REMEMBERED
from evenkeel.core.pharmacology.kernels.stretches import grid_time, stretch_end

_AFRESH = 512  # points after which everybody is computed from exponentials again
# Share of people that may cross, times points of a span: below, a span twice as long costs
# less for each point; above, one half as long does.
_LONGER, _SHORTER = 0.25, 1.8


@inner(fused=True)
def _band(mine: Any, one: float, end: float, k: int, lines: Any) -> None:
    """The path of a percentile from ``one`` to ``end``: as far off its chord as the last one."""
    if mine[BELOW] < 0.0:
        mine[BELOW] = mine[ABOVE] = abs(mine[BEND]) / 8.0
    low = 1.0 - min(1.5 * mine[BELOW] * k * k + 2.0 * mine[WIDTH], 0.9)
    high = 1.0 + 1.5 * mine[ABOVE] * k * k + 2.0 * mine[WIDTH]
    lines[0], lines[1], lines[2], lines[3] = one * low, end * low, one * high, end * high


@inner(fused=True)
def _among(
    values: Any, count: int, under: int, rank: int, last: int, guess: float, width: float,
    found: Any, below: Any,
) -> tuple[float, float]:  # fmt: skip
    """The values of two ranks of all, ``under`` of whom lie below these; NaN if not here."""
    if not (under <= rank and last < under + count):
        return math.nan, math.nan
    if count > FEW and guess > 0.0:
        size = (count + WIDE - 1) // WIDE * WIDE
        first, second, _ = near(values[:size], count, rank - under, guess, width, found, below)
        if not math.isnan(first):
            return first, second
    for c in range(count):
        found[c] = values[c]
    return two_of(found, count, rank - under)


@entry(
    {
        "people": "i8", "start": "f8", "step": "f8", "j0": "i8", "j1": "i8",
        "lam": "f8 m u", "left": "f8 a m u", "weights": "f8 r u", "modes": "i8 r",
        "starts": "i8 s", "fades": f"f8 {LEVELS + 1} m u",
        "when": "f8 w e", "site": "i8 w e", "amount": "f8 e u", "is_rate": "b1 w e",
        "event": "i8 u, filled", "clock": "f8 u, filled", "now": "f8 m u, filled",
        "rate": "f8 m u, filled", "others": "f8 x o k", "shares": "f8 p",
        "made": "f8 k o p, filled",
        "kept": f"f8 o p {REMEMBERED}, filled", "scales": "f8 o, filled",
        "amounts": "f8 r u, filled", "more": "f8 o u, filled", "doubt": "f8 o u, filled",
        "value": "f8 2 o c, filled", "column": "f8 c, filled", "lines": "f8 4 u, filled",
        "within": f"f8 {2 ** (LEVELS - 1)} d, filled", "found": "f8 d, filled",
        "chosen": "i8 d, filled", "bands": "f8 p 4, filled",
        "counts": f"i8 p {WIDE}, filled", "marks": "i8 p v, filled", "below": "i8 1, filled",
    },
    fused=True,
)  # fmt: skip
def window(
    people: int, start: float, step: float, j0: int, j1: int,
    lam: Any, left: Any, weights: Any, modes: Any, starts: Any, fades: Any,
    when: Any, site: Any, amount: Any, is_rate: Any,
    event: Any, clock: Any, now: Any, rate: Any, others: Any, shares: Any, made: Any,
    kept: Any, scales: Any, amounts: Any, more: Any, doubt: Any, value: Any, column: Any,
    lines: Any, within: Any, found: Any, chosen: Any, bands: Any, counts: Any, marks: Any,
    below: Any,
) -> None:  # fmt: skip
    """Percentiles at grid points ``j0`` to ``j1``: start + j * step, hours.

    Args:
        people: of the u persons, which is a multiple of WIDE; the rest have nothing.
        lam: 1/h, above 0. left: what is given at site a adds to a mode. weights: what modes
            r, of output o from starts[o] to starts[o + 1] and named by ``modes``, add to it.
        fades: what is left of modes after 1, 2, 4 … steps; in the last rows after none: 1.
        when, site, is_rate: shape (1 or people, e); amount: shape (e, u).
        event, clock, now, rate: where everybody stands; as in ``modal.rows``, people last.
        others: values, ng/mL, of whoever has no modes, at these points.
        shares: 0 to 1. made: filled, shape (j1 - j0, o, p), ng/mL.
        The rest is memory to work in: c is u and x, rounded up to whole vectors, d is 2 WIDE
            more than that, v holds a bit for each of u.
    """
    kinds, wide, more_people = starts.size - 1, lam.shape[1], others.shape[0]
    whole = people + more_people
    for s in range(2):
        for o in range(kinds):
            for i in range(people, value.shape[2]):
                value[s, o, i] = math.inf
    for i in range(column.size):
        column[i] = math.inf
    longest = LEVELS - 1 if 8 * more_people <= people else 0
    j, here = j0, 0
    while j < j1:
        following, empty = brought_to(
            people, grid_time(start, step, j), lam, left, weights, modes, starts,
            when, site, amount, is_rate, event, clock, now, rate, amounts, more, value[here], lines,
        )  # fmt: skip
        stop = j1
        if following < math.inf:
            stop = stretch_end(following, start, step, j, j1)
        # What is there from the last digit after this point on is there at the next.
        stop = min(max(stop, j + 1), j + _AFRESH)
        if empty and more_people == 0:
            made[j - j0 : stop - j0] = 0.0
            j = stop
            continue
        for o in range(kinds):
            for x in range(more_people):
                value[here, o, wide + x] = others[x, o, j - j0]
            for p in range(shares.size):
                kept[o, p, BELOW] = -1.0
                made[j - j0, o, p] = percentile(
                    value[here, o], whole, shares[p], kept[o, p], 1, 0, found, below
                )
        level, past, known = 0, LEVELS, 1
        while j + 1 < stop:
            while 1 << level > stop - 1 - j:
                level -= 1
            k, there, load = 1 << level, 1 - here, 0
            for o in range(kinds):
                scales[o] = math.exp(-ahead(kept[o, shares.size // 2], k))
            taken_on(
                people, amounts, fades[past], fades[level], modes, starts, scales, more,
                value[there], doubt,
            )  # fmt: skip
            for o in range(kinds):
                for x in range(more_people):
                    value[there, o, wide + x] = others[x, o, j + k - j0]
                for p in range(shares.size):
                    one = kept[o, p, VALUE]
                    end = percentile(
                        value[there, o], whole, shares[p], kept[o, p], k, known, found, below
                    )
                    made[j + k - j0, o, p] = end
                    if k > 1:
                        _band(kept[o, p], one, end * scales[o], k, bands[p])
                if k == 1:
                    continue
                marks[:] = 0
                counts[:] = 0
                part(
                    value[here, o].ctypes.data, value[there, o].ctypes.data,
                    doubt[o].ctypes.data, wide, scales[o], bands.ctypes.data, shares.size,
                    marks.ctypes.data, 8 * marks.shape[1], counts.ctypes.data,
                )  # fmt: skip
                for p in range(shares.size):
                    words, places = marks[p].ctypes.data, chosen.ctypes.data
                    count = places_of(words, marks.shape[1], places)
                    load += count
                    some_within(
                        chosen, count, o, k, amounts, fades[0], modes, starts, more,
                        lines[0], lines[1], within,
                    )  # fmt: skip
                    _inside(
                        people, count, o, p, k, j - j0, step, shares[p], lam, amounts, modes,
                        starts, more, others, kept[o, p], scales[o], bands[p], counts[p], within,
                        lines[0], column, found, below, made,
                    )  # fmt: skip
            j += k
            here, past = there, level
            known += 1
            share = load / max(people * kinds * shares.size, 1) * k
            if k == 1:
                level = 1 if known >= 3 and longest > 0 else 0
            elif share < _LONGER and level < longest:
                level += 1
            elif share > _SHORTER:
                level -= 1
        j += 1


@inner(fused=True)
def _inside(
    people: int, count: int, o: int, p: int, k: int, first_point: int, step: float, share: float,
    lam: Any, amounts: Any, modes: Any, starts: Any, more: Any, others: Any,
    mine: Any, scale: float, band: Any, counts: Any, within: Any, fade: Any, column: Any,
    found: Any, below: Any, made: Any,
) -> None:  # fmt: skip
    """One percentile at the points within a span, from the values of those who may cross it."""
    more_people, wide = others.shape[0], lam.shape[1]
    size = count + more_people
    for h in range(1, k):
        for x in range(more_people):
            within[h, count + x] = others[x, o, first_point + h]
        for c in range(size, (size + WIDE - 1) // WIDE * WIDE):
            within[h, c] = math.inf
    under = 0
    for lane in range(WIDE):
        under += counts[lane]
    whole = people + more_people
    at = share * (whole - 1)
    rank = min(math.floor(at), whole - 1)
    last = min(rank + 1, whole - 1)
    one = made[first_point, o, p]
    end = made[first_point + k, o, p] * scale
    back, shrunk = scale ** (-1.0 / k), 1.0
    lowest, highest = 0.0, 0.0
    # A guess: as far off the line as before, and going on so; at first, as on the last span.
    off = 1.0 + 4.0 * (mine[ABOVE] - mine[BELOW]) * (k - 1)
    off_before = 1.0
    for h in range(1, k):
        shrunk *= back
        line = (one + (end - one) * h / k) * shrunk
        first, second = _among(
            within[h], size, under, rank, last, line * off, mine[WIDTH], found, below
        )
        low = (band[0] + (band[1] - band[0]) * h / k) * shrunk
        high = (band[2] + (band[3] - band[2]) * h / k) * shrunk
        if rank == last:
            second = first
        if not (low <= first and second <= high):
            all_within(people, o, h * step, lam, amounts, modes, starts, more, fade, column)
            for x in range(more_people):
                column[wide + x] = others[x, o, first_point + h]
            first, second, _ = of_everybody(column, whole, rank, found, below)
        value = first + (second - first) * (at - rank)
        made[first_point + h, o, p] = value
        off = 0.0
        if line > 0.0:
            off = 2.0 * value / line - off_before
            off_before = value / line
            lowest = max(lowest, (line - value) / line)
            highest = max(highest, (value - line) / line)
    mine[BELOW], mine[ABOVE] = lowest / (k * k), highest / (k * k)
