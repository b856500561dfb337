"""Percentiles of everybody at one moment, exact and without sorting everybody.

In: a column, one value for each person, padded to whole vectors by infinity. Out: the
values of a rank and of the next, between which a percentile is interpolated (Hyndman and
Fan 7). Where it will be is guessed, those near the guess are taken out and the rest only
counted; the count says by how much the guess was wrong, and the next is better. So a guess
costs time at most and never exactness.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.columns import sift, two_at
from evenkeel.core.pharmacology.kernels.instructions import WIDE
from evenkeel.core.pharmacology.kernels.making import inner

# What is kept of a percentile from one span to the next: the share of its value within which
# some ranks lie; by which share of the value it hung less and more below its chord than people
# there do, in a span of one step.
WIDTH, LESS, MORE = range(3)
NEIGHBOURS = 10.0  # ranks on either side that WIDTH speaks of
FEW = 40  # values that are compared each with each
_APART, _MANY = 16, 2_000  # one person in so many is a sample; fewer people need none
_TRIES = 6
_SHORT = 2_000  # numbers of a column that are looked at once more at little cost
# Neighbourhoods on either side of a guess in which the rank is looked for, in a short column and
# in a long one, which costs more to look at again.
_NARROW, _WIDE = 1.0, 6.0
_FARTHEST = 0.5  # share of a guess by which it is moved at once


@inner()
def two_of(values: Any, count: int, rank: int) -> tuple[float, float]:
    """The values of this rank and of the next, or twice the last; ``values`` is reordered.

    There must be room for a vector behind the values.
    """
    if count <= FEW:
        two_at(values.ctypes.data, count, rank)
        return values[0], values[1]
    low, high = 0, count - 1
    while low < high:
        a, b, c = values[low], values[(low + high) // 2], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    first = second = values[rank]
    if rank + 1 < count:
        second = values[rank + 1]
        for k in range(rank + 2, count):
            second = min(second, values[k])
    return first, second


@inner()
def _sampled(column: Any, people: int, rank: int, found: Any) -> tuple[float, float]:
    """A guess from every sixteenth person, and the share of it within which neighbours lie."""
    size = 0
    for k in range(0, people, _APART):
        found[size] = column[k]
        size += 1
    at = rank // _APART
    guess, _ = two_of(found, size, at)
    # Behind it are those that are larger; the least of them, some ranks on, tells how dense.
    ahead = min(4, size - 1 - at)
    farther = guess
    if ahead > 0:
        rest = found[at:size]
        for _ in range(ahead):  # a few of the smallest, one after the other
            least = math.inf
            for k in range(rest.size):
                if rest[k] > farther:
                    least = min(least, rest[k])
            if least < math.inf:
                farther = least
    width = (farther - guess) / guess / (_APART * max(ahead, 1)) * NEIGHBOURS
    return guess, max(width, 1e-9)


@inner()
def _closer(
    found: Any, count: int, rank: int, guess: float, reach: float, below: Any
) -> tuple[float, float]:
    """As ``two_of``, of values that lie evenly within a share of a guess: few of them will do."""
    if count > FEW and 2 * count + 4 * WIDE <= found.size:
        at, room = (count + WIDE - 1) // WIDE * WIDE, 1.5 * NEIGHBOURS / count
        for k in range(count, at):
            found[k] = math.inf
        share = (rank + 0.5) / count
        low = guess * (1.0 + reach * (2.0 * (share - room) - 1.0))
        high = guess * (1.0 + reach * (2.0 * (share + room) - 1.0))
        rest = found[at:]
        few = sift(found.ctypes.data, at, low, high, rest.ctypes.data, below.ctypes.data)
        under = below[0]
        if under <= rank and min(rank + 1, count - 1) < under + few:
            return two_of(rest, few, rank - under)
    return two_of(found, count, rank)


@inner()
def near(
    column: Any, people: int, rank: int, guess: float, width: float, found: Any, below: Any
) -> tuple[float, float, float]:
    """As ``two_of``, and how wide its neighbourhood is; NaN where the guess led nowhere."""
    last = min(rank + 1, people - 1)
    before, rank_before = 0.0, 0.0
    wide = column.size >= _SHORT
    for _ in range(_TRIES):
        reach = (_WIDE if wide else _NARROW) * width
        count = sift(
            column.ctypes.data, column.size, guess * (1.0 - reach), guess * (1.0 + reach),
            found.ctypes.data, below.ctypes.data,
        )  # fmt: skip
        under = below[0]
        if under <= rank and last < under + count:
            seen = 2.0 * reach * NEIGHBOURS / count
            first, second = _closer(found, count, rank - under, guess, reach, below)
            return first, second, max(min(seen, 4.0 * width), 0.25 * width)
        here = under + 0.5 * count
        each = width / NEIGHBOURS
        if before > 0.0 and (guess - before) * (here - rank_before) > 0.0:
            each = (guess - before) / (here - rank_before) / guess
        before, rank_before = guess, here
        move = (rank + 0.5 - here) * each
        if not abs(move) <= _FARTHEST:
            break
        guess *= 1.0 + move
    return math.nan, math.nan, 0.0


@inner()
def of_everybody(
    column: Any, people: int, rank: int, found: Any, below: Any
) -> tuple[float, float, float]:
    """As ``near``, with nothing to guess from; never NaN."""
    if people >= _MANY:
        guess, width = _sampled(column, people, rank, found)
        if guess > 0.0 and width < _FARTHEST:
            first, second, width = near(column, people, rank, guess, width, found, below)
            if not math.isnan(first):
                return first, second, width
    for k in range(column.size):
        found[k] = column[k]
    first, second = two_of(found, column.size, rank)
    return first, second if rank + 1 < people else first, 0.01


@inner()
def percentile(
    column: Any, people: int, share: float, kept: Any, guess: float, found: Any, below: Any
) -> float:
    """A percentile of a column; share: 0 to 1; guess: where it may be, 0 where nobody knows."""
    at = share * (people - 1)
    rank = min(math.floor(at), people - 1)
    first, second, width = math.nan, math.nan, 0.0
    if guess > 0.0:
        first, second, width = near(column, people, rank, guess, kept[WIDTH], found, below)
    if math.isnan(first):
        first, second, width = of_everybody(column, people, rank, found, below)
    kept[WIDTH] = width
    return first + (second - first) * (at - rank)
