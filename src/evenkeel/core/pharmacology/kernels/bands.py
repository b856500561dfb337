"""Where a percentile goes between two moments, as far as people nearby tell.

In: everybody's values at both ends of a span and how far each hangs below the straight line
between them. Out: a band in which the percentile is expected. All of it is a guess from some
people: a band too wide costs time, and where it is too narrow that is found out.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import inner
from evenkeel.core.pharmacology.kernels.ranks import LESS, MORE, WIDTH

_FARTHEST = 50.0  # powers of e; beyond, nothing is gained and numbers might run out
_BLOCKS, _BLOCK = 8, 128  # some people: so many times so many side by side
_NEAR, _NEARS = 0.25, 3  # share of a percentile within which people are near; four times that
_LOOSE, _SPARE = 1.2, 0.02  # widths of ten ranks, and shares of a bow, on either side
_FEWER = 1e-3  # share of a percentile that everybody's doubt has at least
_AGAIN = 1.1  # how far off the last time, once more


@inner(loose=True)
def stretching(
    people: int, o: int, hours: float, lam: Any, amounts: Any, before: Any, modes: Any, starts: Any
) -> float:
    """What makes up for how most of an output fades in so many hours; at least 1."""
    whole = fading = 0.0
    for r in range(starts[o], starts[o + 1]):
        m = modes[r]
        for i in range(min(people, _BLOCK)):
            there = abs(amounts[r, i] * before[m, i])
            whole += there
            fading += there * lam[m, i]
    return math.exp(min(fading / whole * hours, _FARTHEST)) if whole > 0.0 else 1.0


@inner(loose=True)
def going_on(people: int, begins: Any, ends: Any, value: float) -> float:
    """Where a percentile may be at the end of a span, from people near it at its begin; or 0."""
    was = goes = 0.0
    apart = max(people // _BLOCKS, _BLOCK)
    for begin in range(0, people, apart):
        for i in range(begin, min(begin + _BLOCK, people)):
            one = 1.0 if abs(begins[i] - value) < _NEAR * value else 0.0
            was += one * begins[i]
            goes += one * ends[i]
    return value * goes / was if was > 0.0 else 0.0


@inner(loose=True)
def hanging_near(
    people: int, begins: Any, ends: Any, sag: Any, sag_end: Any, doubt: Any, scale: float,
    middle: float,
) -> tuple[float, float, float]:  # fmt: skip
    """How far people near a value in the middle of a span hang below their chords at its begin
    and at its end, and how unsure that is. Whoever is in doubt counts little: his modes nearly
    cancel.
    """
    apart, near = max(people // _BLOCKS, _BLOCK), _NEAR * middle
    for _ in range(_NEARS):
        number = hanging = hanging_end = unsure = 0.0
        for begin in range(0, people, apart):
            for i in range(begin, min(begin + _BLOCK, people)):
                off = abs(0.5 * (begins[i] + ends[i] * scale) - middle)
                weight = 1.0 / (doubt[i] + _FEWER * middle) if off < near else 0.0
                number += weight
                hanging += weight * sag[i]
                hanging_end += weight * sag_end[i]
                unsure += weight * doubt[i]
        if number > 0.0:
            return hanging / number, hanging_end / number, unsure / number
        near *= 4.0
    return 0.0, 0.0, 0.0


@inner(fused=True)
def around(
    mine: Any, one: float, end: float, k: int, hanging: float, hanging_end: float, unsure: float,
    widen: float, band: Any,
) -> None:  # fmt: skip
    """A band around the way from ``one`` to ``end``, as ``columns.part`` takes it, and the guess
    around which it is drawn.

    mine: what is kept of the percentile: how far off such a guess was before.
    """
    loose = min(_LOOSE * widen * mine[WIDTH], 0.9)
    off = widen * _AGAIN * one * k * k
    for edge, side in ((0, 1.0), (4, -1.0)):
        begin, last = one * (1.0 - side * loose), end * (1.0 - side * loose)
        more = off * (mine[MORE] if edge == 0 else mine[LESS]) + widen * unsure
        sag = hanging + side * (more + widen * _SPARE * abs(hanging))
        sag_end = hanging_end + side * (more + widen * _SPARE * abs(hanging_end))
        band[edge], band[edge + 3] = begin, last
        band[edge + 1] = 2.0 * begin + last - 4.0 * sag
        band[edge + 2] = begin + 2.0 * last - 4.0 * sag_end
    band[8], band[9] = hanging, hanging_end


@inner(fused=True)
def edge_at(edge: Any, s: float) -> float:
    """Where an edge of a band is, s going from 0 to 1 through a span."""
    left = 1.0 - s
    begin, end = left * edge[0] + s * edge[1], left * edge[2] + s * edge[3]
    here: float = left * left * begin + s * s * end
    return here
