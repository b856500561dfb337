"""Concentrations of everybody in a population, one row for each person and analyte.

In: people in a model, what happens to them, a grid or times. Out: concentrations. Whoever
has distinct modes is computed by ``modal``, all others by ``blocks``. A run may begin from
where everybody stood at the end of another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import BLOCK, INTERVALS, LINE, POWERS
from evenkeel.core.pharmacology.populations.modes import MOST_APIECE, Run, Standing, aligned
from evenkeel.core.pharmacology.populations.people import Population, Schedule
from evenkeel.core.pharmacology.systems.linear import Floats

_modal_rows, _modal_at_times = kernel("modal.rows"), kernel("modal.at_times")
_block_rows, _block_at_times = kernel("blocks.rows"), kernel("blocks.at_times")
_PAST_CACHES = 2**25  # bytes; what is larger than this no cache will still hold


def fill(run: Run, j0: int, j1: int, out: Floats) -> None:
    """Concentrations at grid points j0 to j1, shape (i, o, j1 - j0)."""
    run.not_before(j0)
    lines = out.ctypes.data % 64 == 0 and out.shape[2] % LINE == 0
    stream = lines and out.nbytes > _PAST_CACHES
    run.each(lambda: _filler(run, j0, j1, out, stream=stream))


def _filler(run: Run, j0: int, j1: int, out: Floats, *, stream: bool) -> Callable[[int, int], None]:
    """For one thread: modes and concentrations of a part, which stays in the cache."""
    decompose = run.decomposer()
    modes = run.room(min(run.who.people, MOST_APIECE))
    n, kinds, events = modes.lam.shape[0], run.starts.size - 1, run.plan.when.shape[1]
    room = (
        aligned((n, POWERS)), aligned((8 + INTERVALS, -(-n // LINE) * LINE)),
        np.empty(run.modes.size), np.empty((kinds, 2 * LINE)),
        np.empty((3, events), dtype=np.int64),
        np.empty(INTERVALS), np.empty(INTERVALS, dtype=np.int64),
    )  # fmt: skip

    def work(first: int, last: int) -> None:
        part = slice(first, last)
        decompose(first, last, modes, 0)
        fine = modes.fine[: last - first]
        # Where intervals differ by less, one term of a series makes up for it.
        lam = modes.lam[:, : last - first]
        near = 1e-8 / (lam if fine.all() else lam[:, fine]).max(initial=1.0)
        _modal_rows(
            modes.lam, modes.weights, modes.left, fine, run.modes, run.starts,
            *run.happens(part), run.clock[part], *run.stand(part, modes),
            run.start, run.step, j0, j1, out[part], stream, near, *room,
        )  # fmt: skip
        if not fine.all():
            squares, lines = _room(run.who)
            table = np.empty((kinds, n, BLOCK))
            _block_rows(
                run.who.rates[part], run.who.outputs[part], ~fine, *run.happens_without(part),
                run.start, run.step, j0, j1, 0, last - first,
                *run.stand_without(part), out[part], squares, table, lines,
            )  # fmt: skip

    return work


def _room(who: Population) -> tuple[Floats, Floats]:
    """Memory for one thread to work in where blocks are used."""
    n = who.rates.shape[1]
    return np.empty((4, n, n)), np.empty((6, n))


def buffer(who: Population, points: int) -> Floats:
    """Memory for ``concentrations``, shape (people, analytes, points), from a cache line on."""
    return aligned((who.people, len(who.analytes), points))


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
    fill(run, first_point, first_point + points, made)
    return made


def at_times(
    who: Population, plan: Schedule, times_h: Floats, *, begin: Standing | None = None
) -> Floats:
    """Everybody's concentrations at any ascending times; shape (people, analytes, times), ng/mL.

    At the time of a dose the value is the one before it. begin: as in ``concentrations``.
    """
    run = Run(who, plan, 0.0, 1.0, 1, begin)
    modes, all_of_them = run.everybody(), slice(None)
    out = np.empty((who.people, len(who.analytes), times_h.size))
    _modal_at_times(
        modes.lam, modes.weights, modes.left, modes.fine, run.modes, run.starts,
        *run.happens(all_of_them), run.clock, *run.stand(all_of_them, modes), times_h, out,
        np.empty((2, modes.lam.shape[0])),
    )  # fmt: skip
    if not modes.fine.all():
        _, *stand = run.stand_without(all_of_them)
        _block_at_times(
            who.rates, who.outputs, ~modes.fine, *run.happens_without(all_of_them), *stand,
            times_h, out, *_room(who),
        )  # fmt: skip
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
