"""Percentiles of everybody in a population on an even grid, without keeping anybody's row.

In: people in a model, what happens to them, a grid. Out: percentiles, window by window. How
they are found is told in ``kernels.spans``; whoever has no distinct modes comes from
``kernels.blocks``. Threads take one window after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import (
    BAND,
    BLOCK,
    LEVELS,
    LINE,
    REMEMBERED,
    SOME,
)
from evenkeel.core.pharmacology.populations.modes import Run, Standing, aligned
from evenkeel.core.pharmacology.populations.people import Population, Schedule
from evenkeel.core.pharmacology.systems.linear import Floats

_window, _block_rows = kernel("spans.window"), kernel("blocks.rows")
_POINTS, _WORK = 4_096, 2**26  # of a window, and times people: after each a caller is heard
_WINDOWS = 6  # of a grid, at least
_OTHERS = 2**23  # numbers kept at once of those who have no modes


def percentiles(
    who: Population,
    plan: Schedule,
    wanted: Sequence[float],
    *,
    start_h: float,
    step_h: float,
    points: int,
    first_point: int = 0,
    threads: int = 1,
    begin: Standing | None = None,
) -> Iterator[tuple[slice, Floats]]:
    """Percentiles over people, window by window, without keeping anybody's row.

    wanted: 0 to 100; between two people the value is interpolated (Hyndman and Fan 7).
    first_point, begin: as in ``concentrations``.

    Yields:
        A slice of the grid and shape (length, analytes, percentiles), ng/mL.
    """
    run = Run(who, plan, start_h, step_h, threads, begin)
    run.not_before(first_point)
    crowd = _Crowd(run, np.asarray(wanted, dtype=np.float64) / 100.0)
    # Nothing here depends on the number of threads: how a grid is cut shows in last digits.
    fair = min(_POINTS, -(-points // _WINDOWS))
    width = min(max(LINE, fair), max(LINE, _WORK // who.people), crowd.most_points())
    windows = list(_windows(plan, start_h, step_h, first_point, first_point + points, width))
    if threads <= 1:
        everybody = _Everybody(crowd)
        for window in windows:
            yield window, everybody.through(window)
        return
    # Whoever is free goes on from where it stood: windows begin in their order, so every
    # state there is lies before the next window. What has happened since happens to it in the
    # order in which it would have in one thread.
    states: SimpleQueue[_Everybody] = SimpleQueue()
    for _ in range(threads):
        states.put(_Everybody(crowd))

    def found(window: slice) -> Floats:
        everybody = states.get()
        made = everybody.through(window)
        states.put(everybody)
        return made

    ahead: deque[tuple[slice, Future[Floats]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for window in windows:
            ahead.append((window, pool.submit(found, window)))
            if len(ahead) > 2 * threads:
                first, made = ahead.popleft()
                yield first, made.result()
        while ahead:
            first, made = ahead.popleft()
            yield first, made.result()


def _windows(
    plan: Schedule, start: float, step: float, first: int, last: int, width: int
) -> Iterator[slice]:
    """Parts of the grid of about one width, which end where something happens to all if they can:
    there everybody is placed anew in any case.
    """
    bends: Any = np.zeros(0, dtype=np.int64)
    if plan.when.shape[0] == 1:
        inside = (plan.when[0] - start) / step
        inside = inside[(inside >= first) & (inside < last)]
        bends = np.floor(inside).astype(np.int64) + 1
    while first < last:
        stop = first + width
        near = bends[(2 * bends > 2 * first + width) & (4 * bends <= 4 * first + 5 * width)]
        if near.size:
            stop = int(near[np.abs(near - stop).argmin()])
        stop = last if 4 * (last - first) <= 5 * width else stop
        yield slice(first, min(stop, last))
        first = stop


class _Crowd:
    """Everybody side by side: rows of people, as ``kernels.spans`` takes them."""

    def __init__(self, run: Run, shares: Floats) -> None:
        self.run, self.shares = run, shares
        modes = run.everybody()
        self.rest = ~modes.fine
        self.others = int(self.rest.sum())
        self.people = modes.fine.size - self.others
        # Everybody is a view, and no copy.
        fine: Any = np.flatnonzero(modes.fine) if self.others else slice(None)
        if self.others:
            modes = modes.of(modes.fine)
        self.wide = modes.lam.shape[1]
        modes.lam[:, self.people :] = 1.0
        modes.weights[:, self.people :] = 0.0
        modes.left[:, :, self.people :] = 0.0
        self.lam, self.weights, self.left = modes.lam, modes.weights, modes.left
        self.fades = aligned((LEVELS + 1, *self.lam.shape))
        self.fades[LEVELS] = 1.0
        np.exp(-run.step * self.lam, out=self.fades[0])
        for level in range(1, LEVELS):
            np.square(self.fades[level - 1], out=self.fades[level])
        when, site, amount, is_rate = run.happens(fine)
        self.when, self.site, self.is_rate = when, site, is_rate
        self.amount = aligned((amount.shape[1], self.wide))
        self.amount[:, : self.people] = amount.T
        self.amount[:, self.people :] = 0.0
        self.clock = np.zeros(self.wide)
        self.clock[: self.people] = run.clock[fine]
        self.now, self.rate = run.stand(fine, modes)
        self.rates, self.outputs = run.who.rates[self.rest], run.who.outputs[self.rest]

    def most_points(self) -> int:
        """Of a window, so that what is kept of the others stays small."""
        kinds = self.run.starts.size - 1
        return max(_OTHERS // max(self.others * kinds, 1) // LINE * LINE, LINE)


def _copy(given: Floats) -> Floats:
    made = aligned(given.shape)
    made[:] = given
    return made


class _Everybody:
    """Where one thread has brought everybody, and memory for it to work in."""

    def __init__(self, crowd: _Crowd) -> None:
        self.crowd = crowd
        run, wide = crowd.run, crowd.wide
        kinds, p, n = run.starts.size - 1, crowd.shares.size, crowd.lam.shape[0]
        self.event = np.zeros(wide, dtype=np.int64)
        self.clock, self.now, self.rate = _copy(crowd.clock), _copy(crowd.now), _copy(crowd.rate)
        self.block_room = (
            np.empty((4, n, n)), np.empty((kinds, n, BLOCK)), np.empty((6, n)),
        )  # fmt: skip
        column = wide + -(-crowd.others // LINE) * LINE
        longer = column + 2 * LINE
        self.room = (
            np.zeros((kinds, p, REMEMBERED)), np.ones(kinds), aligned((run.modes.size, wide)),
            aligned((kinds, wide)), aligned((2, kinds, wide)), aligned((kinds, wide)),
            aligned((2, kinds, column)), aligned((column,)), aligned((4, wide)),
            aligned((n + 1, longer)), aligned((n + 1, longer)), aligned((max(SOME, longer),)),
            aligned((longer,)), np.empty(longer, dtype=np.int64), np.empty((p, BAND)),
            np.empty((p, LINE), dtype=np.int64), np.empty((p, -(-wide // 64)), dtype=np.int64),
            np.empty(1, dtype=np.int64),
        )  # fmt: skip

    def through(self, window: slice) -> Floats:
        """Percentiles at the grid points of a window, shape (points, analytes, percentiles)."""
        crowd, run = self.crowd, self.crowd.run
        points, kinds = window.stop - window.start, run.starts.size - 1
        made = np.empty((points, kinds, crowd.shares.size))
        others = np.empty((crowd.others, kinds, points))
        # Guesses from another window would change how this one is cut.
        self.room[0][:] = 0.0
        if crowd.others:
            squares, table, lines = self.block_room
            _block_rows(
                crowd.rates, crowd.outputs, np.ones(crowd.others, dtype=np.bool_),
                *run.happens_without(crowd.rest),
                run.start, run.step, window.start, window.stop, 0, crowd.others,
                *run.stand_without(crowd.rest), others, squares, table, lines,
            )  # fmt: skip
        _window(
            crowd.people, run.start, run.step, window.start, window.stop,
            crowd.lam, crowd.left, crowd.weights, run.modes, run.starts, crowd.fades,
            crowd.when, crowd.site, crowd.amount, crowd.is_rate,
            self.event, self.clock, self.now, self.rate, others, crowd.shares, made, *self.room,
        )  # fmt: skip
        return made
