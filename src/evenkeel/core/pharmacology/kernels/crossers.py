"""Percentiles within a span, from those who may cross them.

In: everybody at both ends of the span. Out: percentiles at the points between, and how many
were looked at for them. A percentile must lie within the band that they were chosen for;
where it does not, a wider one is tried, and in the end everybody is computed at that point.

Arrays: o output, p percentile, x person without modes; else as in ``spans``.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.bands import around, edge_at, hanging_near
from evenkeel.core.pharmacology.kernels.columns import part, places_of
from evenkeel.core.pharmacology.kernels.instructions import WIDE
from evenkeel.core.pharmacology.kernels.making import inner
from evenkeel.core.pharmacology.kernels.places import all_within, picked, some_within
from evenkeel.core.pharmacology.kernels.ranks import (
    FEW,
    LESS,
    MORE,
    WIDTH,
    near,
    of_everybody,
    two_of,
)

_WIDER, _TRIES = 3.0, 3  # a band that was too narrow, and how many there are


@inner(fused=True)
def _among(
    values: Any, count: int, under: int, rank: int, last: int, guess: float, width: float,
    found: Any, below: Any,
) -> tuple[float, float]:  # fmt: skip
    """The values of two ranks of all, ``under`` of whom lie below these; NaN if not here."""
    if not (under <= rank and last < under + count):
        return math.nan, math.nan
    if count > FEW and guess > 0.0:
        first, second, _ = near(values, count, rank - under, guess, width, found, below)
        if not math.isnan(first):
            return first, second
    for c in range(count):
        found[c] = values[c]
    return two_of(found, count, rank - under)


@inner(fused=True)
def _choose(
    people: int, first_point: int, k: int, p0: int, p1: int, mine: Any, kept: Any, scale: float,
    begins: Any, ends: Any, sag: Any, sag_end: Any, doubt: Any, widen: float, bands: Any,
    marks: Any, counts: Any,
) -> None:  # fmt: skip
    """Bands for percentiles ``p0`` to ``p1``, known at both ends, and who may cross them."""
    for p in range(p0, p1):
        one, end = mine[first_point, p], mine[first_point + k, p] * scale
        middle = 0.5 * (one + end)
        hanging, hanging_end, unsure = hanging_near(
            people, begins, ends, sag, sag_end, doubt, scale, middle
        )
        around(kept[p], one, end, k, hanging, hanging_end, unsure, widen, bands[p])
    marks[p0:p1] = 0
    counts[p0:p1] = 0
    part(
        begins.ctypes.data, ends.ctypes.data, sag.ctypes.data, sag_end.ctypes.data,
        doubt.ctypes.data, doubt.size, scale, bands[p0].ctypes.data, p1 - p0,
        marks[p0].ctypes.data, 8 * marks.shape[1], counts[p0].ctypes.data,
    )  # fmt: skip


@inner(fused=True)
def through(
    people: int, o: int, first_point: int, k: int, step: float, lam: Any, amounts: Any, fades: Any,
    modes: Any, starts: Any, more: Any, others: Any, shares: Any, made: Any, kept: Any,
    scale: float, begins: Any, ends: Any, sag: Any, sag_end: Any, doubt: Any, column: Any,
    fade: Any, few: Any, ratios: Any, within: Any, found: Any, chosen: Any, bands: Any,
    counts: Any, marks: Any, below: Any,
) -> int:  # fmt: skip
    """All percentiles of an output at the points within a span; tell how many may cross."""
    wanted, load = shares.size, 0
    _choose(
        people, first_point, k, 0, wanted, made[:, o], kept, scale, begins, ends, sag, sag_end,
        doubt, 1.0, bands, marks, counts,
    )  # fmt: skip
    for p in range(wanted):
        widen = 1.0
        for attempt in range(_TRIES):
            count = places_of(marks[p].ctypes.data, marks.shape[1], chosen.ctypes.data)
            load += count
            picked(chosen, count, o, amounts, fades, modes, starts, more, few, ratios)
            if _inside(
                people, count, o, p, k, first_point, step, shares[p], lam, amounts, modes, starts,
                more, others, kept[p], scale, bands[p], counts[p], few, ratios, within, fade,
                column, found, below, made, attempt == _TRIES - 1,
            ):  # fmt: skip
                break
            widen *= _WIDER
            _choose(
                people, first_point, k, p, p + 1, made[:, o], kept, scale, begins, ends, sag,
                sag_end, doubt, widen, bands, marks, counts,
            )  # fmt: skip
    return load


@inner(fused=True)
def _inside(
    people: int, count: int, o: int, p: int, k: int, first_point: int, step: float, share: float,
    lam: Any, amounts: Any, modes: Any, starts: Any, more: Any, others: Any, mine: Any,
    scale: float, band: Any, counts: Any, few: Any, ratios: Any, within: Any, fade: Any,
    column: Any, found: Any, below: Any, made: Any, for_certain: bool,
) -> bool:  # fmt: skip
    """One percentile at the points within a span, from the values of those who may cross it.

    Returns:
        Whether it lay within the band everywhere, or was found for certain elsewhere.
    """
    more_people, wide = others.shape[0], lam.shape[1]
    size = count + more_people
    by = (size + WIDE - 1) // WIDE * WIDE
    at_once = min(max(within.size // by, 1), k - 1) if by > 0 else k - 1
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
    less = more_than = 0.0
    # A guess: as far off the line as before, and going on so; at first, as on the last span.
    hanging, hanging_end = band[8], band[9]
    off = 1.0 - 4.0 * hanging / (k * one) if one > 0.0 else 1.0
    off_before = 1.0
    for h in range(1, k):
        row = (h - 1) % at_once
        if row == 0:
            steps = min(at_once, k - h)
            some_within(count, starts[o + 1] - starts[o], steps, by, few, ratios, within)
            for q in range(steps):
                for x in range(more_people):
                    within[q * by + count + x] = others[x, o, first_point + h + q]
                for c in range(size, by):
                    within[q * by + c] = math.inf
        shrunk *= back
        s = h / k
        bow = 4.0 * s * (1.0 - s)
        line = one + (end - one) * s
        guess = line * off * shrunk
        first, second = _among(
            within[row * by : row * by + by], size, under, rank, last, guess, mine[WIDTH], found,
            below,
        )  # fmt: skip
        if rank == last:
            second = first
        low, high = edge_at(band[:4], s) * shrunk, edge_at(band[4:8], s) * shrunk
        if not (low <= first and second <= high):
            if not for_certain:
                return False
            all_within(people, o, h * step, lam, amounts, modes, starts, more, fade, column)
            for x in range(more_people):
                column[wide + x] = others[x, o, first_point + h]
            first, second, _ = of_everybody(column, whole, rank, found, below)
        value = first + (second - first) * (at - rank)
        made[first_point + h, o, p] = value
        off = 0.0
        if line > 0.0:
            value /= shrunk
            off = 2.0 * value / line - off_before
            off_before = value / line
            if bow >= 0.5:
                hangs = hanging + (hanging_end - hanging) * s
                beside = ((line - value) / bow - hangs) / (one * k * k)
                less, more_than = min(less, beside), max(more_than, beside)
    mine[LESS], mine[MORE] = -less, more_than
    return True
