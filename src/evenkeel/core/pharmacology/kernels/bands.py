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


@inner(fused=True)
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


@inner(fused=True)
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


@inner(fused=True)
def hanging_near(
    people: int, begins: Any, ends: Any, sag: Any, doubt: Any, scale: float, middle: float
) -> tuple[float, float]:
    """How far people near a value in the middle of a span hang below their chords, and by how
    much that varies within it. Whoever is in doubt, his modes nearly cancelling, counts little.
    """
    apart, near = max(people // _BLOCKS, _BLOCK), _NEAR * middle
    for _ in range(_NEARS):
        number = hanging = unsure = 0.0
        for begin in range(0, people, apart):
            for i in range(begin, min(begin + _BLOCK, people)):
                off = abs(0.5 * (begins[i] + ends[i] * scale) - middle)
                weight = 1.0 / (doubt[i] + _FEWER * middle) if off < near else 0.0
                number += weight
                hanging += weight * sag[i]
                unsure += weight * doubt[i]
        if number > 0.0:
            return hanging / number, unsure / number
        near *= 4.0
    return 0.0, 0.0


@inner(fused=True)
def around(
    mine: Any, one: float, end: float, k: int, hanging: float, unsure: float, widen: float,
    band: Any,
) -> None:  # fmt: skip
    """A band around the way from ``one`` to ``end``, as ``columns.part`` takes it.

    mine: what is kept of the percentile: how far off such a guess was before.
    """
    loose = min(_LOOSE * widen * mine[WIDTH], 0.9)
    spare = widen * (unsure + _SPARE * abs(hanging))
    off = widen * _AGAIN * one * k * k
    band[0], band[1] = one * (1.0 - loose), end * (1.0 - loose)
    band[2] = hanging + spare + off * mine[MORE]
    band[3], band[4] = one * (1.0 + loose), end * (1.0 + loose)
    band[5] = hanging - spare - off * mine[LESS]
    band[6] = hanging
