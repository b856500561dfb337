"""Concentrations of everybody in a population, one row for each person and analyte.

In: people in a model, what happens to them, a grid or times. Out: concentrations. Whoever
has distinct modes is computed by ``modal``, all others by ``blocks``. A run may begin from
where everybody stood at the end of another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import BLOCK, INTERVALS, LINE, POWERS
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.populations.people import Population, Schedule
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.structure import structure_of

_decompose = kernel("modes.decompose")
_modal_rows, _modal_at_times = kernel("modal.rows"), kernel("modal.at_times")
_block_rows, _block_at_times = kernel("blocks.rows"), kernel("blocks.at_times")
_LEAST_APIECE = 256  # people of a part; fewer are done before a thread has begun
_PARTS = 4  # of a thread: if one is held up, the others take what it leaves
_LONGEST_H = 1e6  # a century; up to there levels keep nine digits
_PAST_CACHES = 2**25  # bytes; what is larger than this no cache will still hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where everybody stands at a time, before what happens at it.

    amounts: shape (i, n), mg in each compartment (of an effect site: its ng/mL).
    rates: shape (i, n), mg/h running into each.
    """

    at_h: float
    amounts: Floats
    rates: Floats


class Run:
    """One run over a grid: where everybody stands, and the modes."""

    def __init__(
        self,
        who: Population,
        plan: Schedule,
        start: float,
        step: float,
        threads: int,
        begin: Standing | None = None,
    ) -> None:
        if not (math.isfinite(start) and math.isfinite(step) and step > 0.0):
            raise Refusal((f"a grid from {start} h in steps of {step} h is none",))
        if begin is not None and plan.when.size and plan.when.min() < begin.at_h:
            raise ValueError(f"a run that begins at {begin.at_h} h has what happens before")
        self.who, self.plan = who, plan
        self.start, self.step, self.threads = start, step, threads
        people, n = who.rates.shape[:2]
        kinds = who.outputs.shape[2]
        model = who.model
        flows = [(f.source, f.target) for f in model.flows if f.target is not None]
        if model.effect_site is not None:
            flows.append((model.outputs[model.effect_site.analyte].compartment, n - 1))
        shape = structure_of(n, flows)
        self.fine = np.zeros(people, dtype=np.bool_)
        self.lam, self.left = np.empty((people, n)), np.empty((people, n, n))
        self.weights = np.zeros((people, kinds, n))
        if shape.stars:
            self._each(
                lambda first, last: _decompose(
                    self.who.rates[first:last], self.who.outputs[first:last],
                    shape.nodes, shape.starts, self.lam[first:last],
                    self.weights[first:last], self.left[first:last], self.fine[first:last],
                    _aligned((n, n, LINE)), _aligned((n, kinds, LINE)), _aligned((5, n, LINE)),
                    _aligned((10, LINE)),
                )
            )  # fmt: skip
        self.used, self.counts = _modes_of_outputs(self.weights)
        self.rest = ~self.fine
        self._refuse_what_stays()
        self.event = np.zeros(people, dtype=np.int64)
        self.begin(begin)

    def begin(self, begin: Standing | None = None) -> None:
        """Put everybody where they stand at first."""
        self.begins_h = None if begin is None else begin.at_h
        people, n = self.lam.shape
        if begin is None:
            first = self.plan.when[:, 0] if self.plan.when.shape[1] else np.full(1, np.inf)
            self.clock = np.array(np.broadcast_to(first, (people,)))
            self.mode, self.rate = np.zeros((people, n)), np.zeros((people, n))
            return
        self.clock = np.full(people, begin.at_h)
        self.mode, self.rate = np.array(begin.amounts), np.array(begin.rates)
        for there in (self.mode, self.rate):
            # Of whoever has no modes the compartments themselves are kept.
            there[self.fine] = np.einsum("imj,ij->im", self.left[self.fine], there[self.fine])

    def _refuse_what_stays(self) -> None:
        """Where next to nothing is ever removed, a level is the difference of two vast numbers.

        Raises:
            Refusal: the drug stays with somebody longer than _LONGEST_H.
        """
        slow = bool(self.fine.any()) and self._rates_there().min() * _LONGEST_H < 1.0
        if self.rest.any() and not slow:
            away = -self.who.rates[self.rest].swapaxes(1, 2)
            try:
                stay = np.linalg.solve(away, np.ones((*away.shape[:2], 1)))
            except np.linalg.LinAlgError:
                slow = True
            else:
                slow = not float(np.abs(stay).max()) <= _LONGEST_H
        if slow:
            told = f"somebody keeps the drug for more than {_LONGEST_H:g} h: nothing removes it"
            raise Refusal((f"{self.who.model.id}: {told}",))

    def _rates_there(self) -> Floats:
        """1/h, of whoever has modes."""
        return self.lam if self.fine.all() else self.lam[self.fine]

    def _each(self, work: Callable[[int, int], None]) -> None:
        """Parts of the people; whichever thread is free takes the next one."""
        people = self.who.people
        if self.threads <= 1 or people < 2 * _LEAST_APIECE:
            work(0, people)
            return
        count = min(_PARTS * self.threads, people // _LEAST_APIECE)
        edges = np.linspace(0, people, count + 1).astype(int).tolist()
        ahead = iter(list(pairwise(edges)))

        def some() -> None:
            for first, last in ahead:
                work(first, last)

        with ThreadPoolExecutor(self.threads - 1) as pool:
            others = [pool.submit(some) for _ in range(self.threads - 1)]
            some()
            for done in others:
                done.result()

    def not_before(self, j0: int) -> None:
        """Grid points go on from where everybody stands.

        Raises:
            ValueError: point j0 lies before that.
        """
        if self.begins_h is not None and self.start + j0 * self.step < self.begins_h:
            raise ValueError(f"grid point {j0} lies before {self.begins_h} h, where the run begins")

    def fill(self, j0: int, j1: int, out: Floats) -> None:
        """Concentrations at grid points j0 to j1, shape (i, o, j1 - j0)."""
        self.not_before(j0)
        lines = out.ctypes.data % 64 == 0 and out.shape[2] % LINE == 0
        stream = lines and out.nbytes > _PAST_CACHES
        # Where intervals differ by less, one term of a series makes up for it.
        near = 1e-8 / self._rates_there().max() if self.fine.any() else 0.0

        def work(first: int, last: int) -> None:
            plan, who = self.plan, self.who
            kinds, n = self.used.shape
            _modal_rows(
                self.lam, self.weights, self.left, self.fine, self.used, self.counts,
                plan.when, plan.site, plan.amount, plan.is_rate,
                self.start, self.step, j0, j1, first, last,
                self.event, self.clock, self.mode, self.rate, out, stream, near,
                _aligned((n, POWERS)), _aligned((8 + INTERVALS, -(-n // LINE) * LINE)),
                np.empty((kinds, 2 * LINE)), np.empty((3, plan.when.shape[1]), dtype=np.int64),
                np.empty(INTERVALS), np.empty(INTERVALS, dtype=np.int64),
            )  # fmt: skip
            if self.rest[first:last].any():
                squares, lines = _room(who)
                table = np.empty((who.outputs.shape[2], squares.shape[1], BLOCK))
                _block_rows(
                    who.rates, who.outputs, self.rest,
                    plan.when, plan.site, plan.amount, plan.is_rate,
                    self.start, self.step, j0, j1, first, last,
                    self.event, self.clock, self.mode, self.rate, out,
                    squares, table, lines,
                )  # fmt: skip

        self._each(work)


def _room(who: Population) -> tuple[Floats, Floats]:
    """Memory for one thread to work in where blocks are used."""
    n = who.rates.shape[1]
    return np.empty((4, n, n)), np.empty((6, n))


def _modes_of_outputs(weights: Floats) -> tuple[Any, Any]:
    """The modes of each output, shape (o, n), and how many they are, shape (o,)."""
    people, *shape = weights.shape
    there = (np.ones(people) @ np.abs(weights).reshape(people, -1)).reshape(shape) != 0.0
    used = np.zeros(there.shape, dtype=np.int64)
    for o, row in enumerate(there):
        places = np.flatnonzero(row)
        used[o, : places.size] = places
    return used, there.sum(axis=1)


def buffer(who: Population, points: int) -> Floats:
    """Memory for ``concentrations``, shape (people, analytes, points), from a cache line on."""
    return _aligned((who.people, len(who.analytes), points))


def _aligned(shape: tuple[int, ...]) -> Floats:
    size = math.prod(shape)
    room = np.empty(size + LINE)
    skip = -(room.ctypes.data // 8) % LINE
    return room[skip : skip + size].reshape(shape)


def concentrations(
    who: Population,
    plan: Schedule,
    *,
    start_h: float,
    step_h: float,
    points: int,
    first_point: int = 0,
    threads: int = 1,
    out: Floats | None = None,
    begin: Standing | None = None,
) -> Floats:
    """Everybody's concentrations on an even grid.

    Args:
        first_point: where to begin on the grid start_h + j * step_h. Another start_h would
            not be the same: its last digit decides on which side of a dose a point lies.
        out: a buffer to fill, shape (people, analytes, points); a new one when None.
            Fresh memory costs as much as the work: give the same one again.
        begin: where everybody stands at first; from nothing when None. Nothing of the plan
            may happen before, and no grid point may lie there.

    Returns:
        Shape (people, analytes, points), ng/mL; at the time of a dose the value before it.
    """
    shape = (who.people, len(who.analytes), points)
    made = buffer(who, points) if out is None else out
    if made.shape != shape:
        raise ValueError(f"the buffer has shape {made.shape}, needed is {shape}")
    run = Run(who, plan, start_h, step_h, threads, begin)
    run.fill(first_point, first_point + points, made)
    return made


def at_times(
    who: Population, plan: Schedule, times_h: Floats, *, begin: Standing | None = None
) -> Floats:
    """Everybody's concentrations at any ascending times; shape (people, analytes, times), ng/mL.

    At the time of a dose the value is the one before it. begin: as in ``concentrations``.
    """
    run = Run(who, plan, 0.0, 1.0, 1, begin)
    out = np.empty((who.people, len(who.analytes), times_h.size))
    happens = (plan.when, plan.site, plan.amount, plan.is_rate, run.clock, run.mode, run.rate)
    room = np.empty((2, run.lam.shape[1]))
    _modal_at_times(run.lam, run.weights, run.left, run.fine, *happens, times_h, out, room)
    if run.rest.any():
        _block_at_times(who.rates, who.outputs, run.rest, *happens, times_h, out, *_room(who))
    return out


def standing(
    who: Population, plan: Schedule, at_h: float, *, begin: Standing | None = None
) -> Standing:
    """Where everybody stands at ``at_h``, hours, before what happens then.

    begin: where everybody stood at first, as in ``concentrations``.
    """
    people, n = who.rates.shape[:2]
    themselves = np.ascontiguousarray(np.broadcast_to(np.eye(n), (people, n, n)))
    every = replace(who, outputs=themselves, analytes=tuple(map(str, range(n))))
    amounts = at_times(every, plan, np.array([at_h]), begin=begin)[:, :, 0]
    rates = np.zeros((people, n)) if begin is None else np.array(begin.rates)
    for e in range(plan.when.shape[1]):
        acts = plan.is_rate[:, e] & (plan.when[:, e] < at_h)
        np.add.at(
            rates, (np.arange(people), plan.site[:, e]), np.where(acts, plan.amount[:, e], 0.0)
        )
    return Standing(at_h=at_h, amounts=amounts, rates=rates)
