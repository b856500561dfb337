"""Percentiles over many people, point after point, exact and without sorting everybody.

In: concentrations of everybody at some points. Out: percentiles, interpolated between two
people (Hyndman and Fan 7). From one point to the next a percentile moves little and
steadily: its next value is guessed, those near the guess are taken out and the rest only
counted. Where the count says that the guess was wrong, everybody is looked at again, so
a guess costs time at most and never exactness.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.kernels.compiled import njit
from evenkeel.core.pharmacology.kernels.vectors import WIDE, sift

_FAST: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
KEPT = 4  # numbers kept of a percentile between points: its value, guess, width and last miss
_ROOM = 10.0  # ranks on either side of a guess that are looked at in any case
_APART, _MANY = 16, 2_000  # one person in so many is a sample; fewer people need none
_WIDEST = 0.3  # share of the guess beyond which everybody may as well be looked at


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _two_of_all(column: Any, rank: int) -> tuple[float, float]:
    """The values of this rank and of the next."""
    parted = np.partition(column, rank)
    first, second = parted[rank], np.inf
    for k in range(rank + 1, parted.size):
        second = min(second, parted[k])
    return first, second if rank + 1 < parted.size else first


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _by_sample(column: Any, people: int, rank: int, found: Any, below: Any) -> Any:
    """As ``_two_of_all``: every sixteenth person tells between which values to look."""
    last = min(rank + 1, people - 1)
    if people >= _MANY:
        sample = np.sort(column[:people:_APART])
        share = rank / people
        doubt = 4.0 * math.sqrt(share * (1.0 - share) * sample.size) + 2.0
        least, most = int(share * sample.size - doubt), int(share * sample.size + doubt) + 1
        low = sample[least] if least >= 0 else -np.inf
        high = sample[most] if most < sample.size else np.inf
        count = sift(
            column.ctypes.data, column.size, low, high, found.ctypes.data, below.ctypes.data
        )
        if below[0] <= rank and last < below[0] + count:
            return _two_of_all(found[:count], rank - below[0])
    return _two_of_all(column[:people], rank)


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _near(column: Any, people: int, rank: int, kept: Any, found: Any, below: Any) -> Any:
    """As ``_two_of_all`` by the guess in ``kept``; NaN where it did not hold."""
    last = min(rank + 1, people - 1)
    width = kept[2]
    if width <= _WIDEST:
        low, high = kept[1] * (1.0 - width), kept[1] * (1.0 + width)
        count = sift(
            column.ctypes.data, column.size, low, high, found.ctypes.data, below.ctypes.data
        )
        if below[0] <= rank and last < below[0] + count:
            kept[2] = _ROOM * 2.0 * width / count
            return _two_of_all(found[:count], rank - below[0])
    return np.nan, np.nan


@njit(**_FAST)  # type: ignore[untyped-decorator]
def percentiles(window: Any, output: int, shares: Any, kept: Any, made: Any) -> None:
    """Percentiles of one output at the points of a window.

    Args:
        window: shape (i, o, k), finite.
        shares: shape (p,), 0 to 1.
        kept: shape (p, KEPT): from the points before; at first infinite widths.
        made: filled, shape (k, p).
    """
    people = window.shape[0]
    points = made.shape[0]
    whole = (people + WIDE - 1) // WIDE * WIDE
    columns = np.full((WIDE, whole), np.inf)
    found, below = np.empty(whole + WIDE), np.zeros(1, np.int64)
    for begin in range(0, points, WIDE):
        width = min(WIDE, points - begin)
        for i in range(people):
            for k in range(width):
                columns[k, i] = window[i, output, begin + k]
        for k in range(width):
            for p in range(shares.size):
                at = shares[p] * (people - 1)
                rank = min(math.floor(at), people - 1)
                mine = kept[p]
                first, second = _near(columns[k], people, rank, mine, found, below)
                if math.isnan(first):
                    first, second = _by_sample(columns[k], people, rank, found, below)
                    mine[2] = 0.01
                value = first + (second - first) * (at - rank)
                made[begin + k, p] = value
                _guess(mine, value)


@njit(**_FAST)  # type: ignore[untyped-decorator]
def _guess(kept: Any, value: float) -> None:
    """Where the next point will be, as if the value went on by the same factor."""
    if not value > 0.0:
        kept[0], kept[1], kept[2], kept[3] = value, value, np.inf, 0.0
        return
    if kept[1] > 0.0:
        kept[3] = max(abs(value / kept[1] - 1.0), 0.7 * min(kept[3], _WIDEST))
    kept[1] = value * (value / kept[0]) if kept[0] > 0.0 else value
    kept[0] = value
    kept[2] = max(kept[2], 2.0 * kept[3])
