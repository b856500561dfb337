"""Doses, resets and steady states in order, and the states between them.

In: a rate matrix, what happens when, and the times that are asked for. Out: states.
What a dose is to a route or a drug is decided elsewhere.

Between two happenings the inputs are constant, so every state is exact. At one
moment: an infusion that ends there has ended; what is observed comes before what
is given, unless ranks say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.systems.linear import Floats, states

Ranks = npt.NDArray[np.int64]
_PIECE = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Bolus:
    """An amount, mg, put into a compartment at once."""

    time_h: float
    compartment: int
    amount_mg: float
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Infusion:
    """A constant rate, mg/h, into a compartment until ``end_h``."""

    time_h: float
    compartment: int
    rate_mg_per_h: float
    end_h: float
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Everything is taken out and every infusion stopped. What is still to come, comes."""

    time_h: float
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """What endless earlier doses have left at this moment, with the infusions still running.

    replaces: what was there before is forgotten; otherwise it is added to.
    """

    time_h: float
    state: Floats
    running: tuple[Infusion, ...]
    replaces: bool
    rank: int = 0


Happening = Bolus | Infusion | Reset | Steady


@dataclass(slots=True)
class _Now:
    """Where a walk stands."""

    time_h: float
    state: Floats
    running: list[Infusion] = field(default_factory=list)

    def inputs(self) -> Floats:
        total = np.zeros_like(self.state)
        for each in self.running:
            total[each.compartment] += each.rate_mg_per_h
        return total


def walk(
    rates: Floats, happenings: Iterable[Happening], times_h: Floats, ranks: Ranks | None = None
) -> Iterator[tuple[slice, Floats]]:
    """States at the times that are asked for, piece by piece, in their order.

    Args:
        rates: shape (n, n), 1/h.
        happenings: in any order.
        times_h: shape (m,), hours, ascending; equal ones only with ranks.
        ranks: shape (m,); a happening of the same time and a lower rank, or the same,
            comes before the observation. None: observations come first.

    Yields:
        A slice of the times and the states there, shape (length, n), mg.
    """
    ordered = sorted(happenings, key=lambda each: (each.time_h, each.rank))
    now = _Now(-np.inf, np.zeros(rates.shape[0]))
    done = 0
    for each in ordered:
        until = _observed_before(each, times_h, ranks)
        if until > done:
            yield from _observe(now, rates, times_h, done, until)
            done = until
        _advance(now, rates, each.time_h)
        _happen(now, each)
    if times_h.size > done:
        yield from _observe(now, rates, times_h, done, times_h.size)


def _observed_before(each: Happening, times_h: Floats, ranks: Ranks | None) -> int:
    if ranks is None:
        return int(np.searchsorted(times_h, each.time_h, side="right"))
    first = int(np.searchsorted(times_h, each.time_h, side="left"))
    last = int(np.searchsorted(times_h, each.time_h, side="right"))
    return first + int(np.searchsorted(ranks[first:last], each.rank, side="left"))


def _observe(
    now: _Now, rates: Floats, times_h: Floats, start: int, stop: int
) -> Iterator[tuple[slice, Floats]]:
    while start < stop:
        end = _next_end(now)
        inside = int(np.searchsorted(times_h[start:stop], end, side="right")) + start
        for begin in range(start, inside, _PIECE):
            part = slice(begin, min(begin + _PIECE, inside))
            if now.time_h == -np.inf:
                yield part, np.zeros((part.stop - part.start, rates.shape[0]))
            else:
                after = times_h[part] - now.time_h
                yield part, states(rates, now.state, now.inputs(), after)
        start = inside
        if start < stop:
            _advance(now, rates, end)


def _next_end(now: _Now) -> float:
    return min((each.end_h for each in now.running), default=np.inf)


def _advance(now: _Now, rates: Floats, time_h: float) -> None:
    """Go on to a moment, stopping the infusions that end on the way."""
    while (end := _next_end(now)) <= time_h:
        _step(now, rates, end)
        now.running = [each for each in now.running if each.end_h > end]
    _step(now, rates, time_h)


def _step(now: _Now, rates: Floats, time_h: float) -> None:
    if now.time_h != -np.inf and time_h > now.time_h:
        after = np.array([time_h - now.time_h])
        now.state = states(rates, now.state, now.inputs(), after)[0]
    now.time_h = time_h


def _happen(now: _Now, each: Happening) -> None:
    match each:
        case Bolus(compartment=place, amount_mg=amount):
            now.state = now.state.copy()
            now.state[place] += amount
        case Infusion():
            now.running.append(each)
        case Reset():
            now.state = np.zeros_like(now.state)
            now.running = []
        case Steady(state=state, running=running, replaces=replaces):
            now.state = state.copy() if replaces else now.state + state
            now.running = [*([] if replaces else now.running), *running]


def collected(pieces: Iterable[tuple[slice, Floats]], count: int, width: int) -> Floats:
    """All pieces of a walk in one array, shape (count, width)."""
    whole = np.zeros((count, width))
    for part, made in pieces:
        whole[part] = made
    return whole


def latest_end(happenings: Sequence[Happening]) -> float:
    """When the last of them is over, hours; minus infinity for none."""
    ends = [each.end_h if isinstance(each, Infusion) else each.time_h for each in happenings]
    return max(ends, default=-np.inf)
