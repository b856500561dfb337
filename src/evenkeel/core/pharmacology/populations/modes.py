"""Everybody's modes, and where everybody begins.

In: people in a model, what happens to them, a grid. Out: the modes of some people or of all,
side by side, computed by ``kernels.modes``; and parts of the people for threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import LINE
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.populations.people import Population, Schedule
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.structure import structure_of

Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

_decompose = kernel("modes.decompose")
# People of a part: fewer are done before a thread has begun, the modes of more leave the cache.
_LEAST_APIECE, MOST_APIECE = 256, 512
_PARTS = 8  # at least, where there are people enough: if one thread is held up, others go on
_LONGEST_H = 1e6  # a century; up to there levels keep nine digits


def aligned(shape: tuple[int, ...]) -> Floats:
    """Memory for so many numbers that begins at a cache line."""
    size = math.prod(shape)
    room = np.empty(size + LINE)
    skip = -(room.ctypes.data // 8) % LINE
    return room[skip : skip + size].reshape(shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where everybody stands at a time, before what happens at it.

    amounts: shape (i, n), mg in each compartment (of an effect site: its ng/mL).
    rates: shape (i, n), mg/h running into each.
    """

    at_h: float
    amounts: Floats
    rates: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """Modes of some people, side by side: u columns, whole vectors, of which the first are people.

    lam: shape (n, u), 1/h: how each mode decays. weights: shape (r, u), ng/mL per mg: what modes
    r add to their output. left: shape (a, n, u): what a mode gains from where something is given.
    fine: shape (i,): who has modes that are apart; whoever has not is nothing here.
    """

    lam: Floats
    weights: Floats
    left: Floats
    fine: Marks

    def of(self, chosen: Marks) -> Modes:
        """Of some people alone."""
        places = np.flatnonzero(chosen)
        people = places.size
        made = _modes(people, self.lam.shape[0], self.weights.shape[0], self.left.shape[0])
        for mine, theirs in (
            (made.lam, self.lam), (made.weights, self.weights), (made.left, self.left),
        ):  # fmt: skip
            rows = zip(mine.reshape(-1, mine.shape[-1]), theirs.reshape(-1, theirs.shape[-1]),
                       strict=True)  # fmt: skip
            for row, given in rows:
                np.take(given, places, out=row[:people], mode="clip")
        made.fine[:] = self.fine[chosen]
        return made


def _modes(people: int, n: int, modes: int, sites: int) -> Modes:
    """Memory for so many people, modes, modes of outputs and sites."""
    columns = max(-(-people // LINE), 1) * LINE
    # Rows of a power of two would all lie in the same few places of a cache.
    wide = columns + LINE * (columns % 512 == 0)
    return Modes(
        lam=aligned((n, wide)), weights=aligned((modes, wide)),
        left=aligned((sites, n, wide)), fine=np.zeros(people, dtype=np.bool_),
    )  # fmt: skip


class Run:
    """One run over a grid: what everybody's modes add to, and where everybody begins.

    adds_to, modes: shape (r,): which mode adds to which output, output by output; those of
    output o go from starts[o] to starts[o + 1]. sites: shape (a,): where anything is put in.
    site: of the plan, as places in ``sites``. clock: shape (i,), hours: where everybody begins.
    """

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
        self.who, self.plan, self.begins = who, plan, begin
        self.start, self.step, self.threads = start, step, threads
        people, n = who.rates.shape[:2]
        model = who.model
        flows = [(f.source, f.target) for f in model.flows if f.target is not None]
        if model.effect_site is not None:
            flows.append((model.outputs[model.effect_site.analyte].compartment, n - 1))
        self._shape = shape = structure_of(n, flows)
        # A mode holds what is in its group and downstream.
        every = np.abs(who.outputs).reshape(people, -1)
        shown = (np.ones(people) @ every).reshape(who.outputs.shape[1:]) != 0.0
        adds = (shape.reach[shape.nodes][:, :, None] & shown).any(axis=1).T
        self.adds_to, self.modes = (part.astype(np.int64) for part in np.nonzero(adds))
        self.starts = np.concatenate([[0], np.cumsum(adds.sum(axis=1))]).astype(np.int64)
        # Of whoever has stood somewhere before, every compartment puts something in.
        sites = np.arange(n) if begin is not None else np.unique(plan.site)
        self.sites = sites.astype(np.int64)
        self.site = np.searchsorted(self.sites, plan.site).astype(np.int64)
        if begin is not None:
            self.clock = np.full(people, begin.at_h)
        else:
            first = plan.when[:, 0] if plan.when.shape[1] else np.full(1, np.inf)
            self.clock = np.array(np.broadcast_to(first, (people,)))

    def room(self, people: int) -> Modes:
        """Memory for the modes of so many people."""
        n = self.who.rates.shape[1]
        return _modes(people, n, self.modes.size, self.sites.size)

    def decomposer(self) -> Callable[[int, int, Modes, int], None]:
        """For one thread: fills in the modes of people ``first`` to ``last`` from a column on.

        Raises:
            Refusal: the drug stays with somebody for ever.
        """
        who, shape = self.who, self._shape
        n, kinds = who.outputs.shape[1:]
        room = (aligned((n, n, LINE)), aligned((n, kinds, LINE)), aligned((5, n, LINE)),
                aligned((10, LINE)))  # fmt: skip

        def work(first: int, last: int, into: Modes, column: int) -> None:
            fine = into.fine[column : column + last - first]
            if shape.stars:
                _decompose(
                    who.rates[first:last], who.outputs[first:last], shape.nodes, shape.starts,
                    self.sites, self.adds_to, self.modes, column,
                    into.lam, into.weights, into.left, fine, *room,
                )  # fmt: skip
            else:
                fine[:] = False
            lam = into.lam[:, column : column + last - first]
            self._refuse_what_stays(first, last, lam, fine)

        return work

    def _refuse_what_stays(self, first: int, last: int, lam: Floats, fine: Marks) -> None:
        """Where next to nothing is ever removed, a level is the difference of two vast numbers.

        Raises:
            Refusal: the drug stays with somebody longer than _LONGEST_H.
        """
        every = bool(fine.all())
        there = lam if every else lam[:, fine]
        slow = there.min(initial=np.inf) * _LONGEST_H < 1.0
        if not every and not slow:
            away = -self.who.rates[first:last][~fine].swapaxes(1, 2)
            try:
                stay = np.linalg.solve(away, np.ones((*away.shape[:2], 1)))
            except np.linalg.LinAlgError:
                slow = True
            else:
                slow = not float(np.abs(stay).max()) <= _LONGEST_H
        if slow:
            told = f"somebody keeps the drug for more than {_LONGEST_H:g} h: nothing removes it"
            raise Refusal((f"{self.who.model.id}: {told}",))

    def stand(self, chosen: Any, modes: Modes) -> tuple[Floats, Floats]:
        """What is in each mode of people at first, and what runs into it; shapes (n, u)."""
        made = aligned((2, *modes.lam.shape))
        made[:] = 0.0
        if self.begins is not None:
            for into, there in zip(made, (self.begins.amounts, self.begins.rates), strict=True):
                each = there[chosen]
                into[:, : len(each)] = np.einsum("amu,ua->mu", modes.left[:, :, : len(each)], each)
        return made[0], made[1]

    def stand_without(self, chosen: Any) -> tuple[Ints, Floats, Floats, Floats]:
        """Of people without modes: happenings until now, time, amounts, what runs in."""
        clock = self.clock[chosen]
        shape = (clock.size, self.who.rates.shape[1])
        if self.begins is None:
            amounts, rates = np.zeros(shape), np.zeros(shape)
        else:
            amounts, rates = (
                np.array(self.begins.amounts[chosen]), np.array(self.begins.rates[chosen]),
            )  # fmt: skip
        return np.zeros(clock.size, dtype=np.int64), np.array(clock), amounts, rates

    def happens(self, chosen: Any) -> tuple[Floats, Ints, Floats, Marks]:
        """When, at which of ``sites``, how much, and whether it is a rate, of some people."""
        return self._happens(chosen, self.site)

    def happens_without(self, chosen: Any) -> tuple[Floats, Ints, Floats, Marks]:
        """The same of people without modes: in which compartment."""
        return self._happens(chosen, self.plan.site)

    def _happens(self, chosen: Any, site: Ints) -> tuple[Floats, Ints, Floats, Marks]:
        plan = self.plan
        own = slice(None) if plan.when.shape[0] == 1 else chosen
        return plan.when[own], site[own], plan.amount[chosen], plan.is_rate[own]

    def each(self, worker: Callable[[], Callable[[int, int], None]]) -> None:
        """Parts of the people; each thread has a worker, and whichever is free takes the next.

        Parts do not depend on how many threads there are, so neither do results.
        """
        people = self.who.people
        width = min(max(-(-people // _PARTS // LINE) * LINE, _LEAST_APIECE), MOST_APIECE)
        ahead = iter([(at, min(at + width, people)) for at in range(0, people, width)])

        def some() -> None:
            work = worker()
            for first, last in ahead:
                work(first, last)

        threads = min(self.threads, -(-people // width))
        if threads <= 1:
            some()
            return
        with ThreadPoolExecutor(threads - 1) as pool:
            others = [pool.submit(some) for _ in range(threads - 1)]
            some()
            for done in others:
                done.result()

    def not_before(self, j0: int) -> None:
        """Grid points go on from where everybody stands.

        Raises:
            ValueError: point j0 lies before that.
        """
        if self.begins is not None and self.start + j0 * self.step < self.begins.at_h:
            at = self.begins.at_h
            raise ValueError(f"grid point {j0} lies before {at} h, where the run begins")

    def everybody(self) -> Modes:
        """The modes of all."""
        made = self.room(self.who.people)

        def worker() -> Callable[[int, int], None]:
            decompose = self.decomposer()
            return lambda first, last: decompose(first, last, made, first)

        self.each(worker)
        return made
