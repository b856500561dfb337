"""What one person was given and when blood was taken, ready for many sets of parameters.

In: a model, a person, doses, the analytes and times that matter. Out: concentrations
for as many sets of differences as are asked for, in one call.
What can be left out is decided in ``preparing``, which makes courses.

Where a model's people differ from treatment to treatment, each treatment has its own
parameters: absorption of a dose is of the treatment it belongs to, and from the first dose
of a treatment on the whole body has that treatment's. What is in it stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.occasions import Difference
from evenkeel.core.pharmacology.individuals.formulas import Formulas
from evenkeel.core.pharmacology.individuals.rational import EXACT, ROUGH
from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import LANES
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats

_at_times = kernel("sets.at_times")

VAST = 1e12  # ng/mL: a prediction above it is taken as it


Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One way of some doses into the body. Arrays: one row a dose.

    fraction, duration, lag: rows of the formulas; None: at once, or as long as lasts_h.
    begins, ends: rows of the happenings; no ends: it is put in at once.
    """

    fraction: int
    duration: int | None
    lag: int | None
    treatment: Ints
    time_h: Floats
    amount_mg: Floats
    lasts_h: Floats
    begins: Ints
    ends: Ints | None


class Overlap(Exception):
    """A dose is still going in when another treatment begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A person's doses and times. analytes, times_h: what comes out, in this order.

    informed: the differences that the analytes at those times depend on, in the order of
        the model's blocks; all others leave every concentration as it is.
    timing: those of them that move a time in a treatment with measurements: how long
        something is absorbed, or from when.
    reached: the analytes that any dose reaches at all.
    treatments: how many have begun before the last time, where the model tells them apart.
    followed: the last time is the beginning of what follows, and is given its state.
    """

    model: Model
    analytes: tuple[str, ...]
    times_h: Floats
    informed: tuple[Difference, ...]
    timing: tuple[Difference, ...]
    reached: tuple[str, ...]
    treatments: int
    formulas: Formulas
    flows: int  # the first rows of the formulas: what leaves a compartment
    left: Ints  # compartments that something leaves
    leaves_by: Ints  # from which place on in ``by_source`` its flows stand
    by_source: Ints  # flows by the compartment that they leave
    size: int  # compartments
    inner: Ints  # flows that stay in the body, by the compartment that they reach
    shares: slice  # the next rows: how much of these arrives
    scales: slice  # the next
    source: Ints
    inflow: Ints
    leaves: Ints  # of how many of the compartments before it each is the centre
    outward: Ints  # the flow of each of those to its centre; else -1
    upstream: tuple[Ints, ...]  # of each analyte: the compartments that it depends on
    places: Ints
    entries: tuple[Entry, ...]
    site: Ints
    kind: Ints
    beginnings: Floats
    followed: bool = False

    def concentrations(self, etas: Floats, *, rough: bool = False) -> Floats:
        """ng/mL, shape (sets, analytes, times).

        Args:
            etas: shape (sets, informed), on the scale of the block.
            rough: to eight digits of what is in the body, not to fourteen; a third quicker.

        Raises:
            Refusal: a rate or an amount is not finite or is negative for some set.
        """
        return self.window(etas, np.zeros((self.size, len(etas))), rough=rough)

    def window(
        self,
        etas: Floats,
        state: Floats,
        *,
        start_h: float = -math.inf,
        idle: slice | None = None,
        rough: bool = False,
    ) -> Floats:
        """The same from an hour at which something may be in the body already.

        Args:
            state: shape (compartments, sets), mg. What is there at ``start_h``; filled with
                what is there at the last time.
            idle: sets to which nothing is given.

        Raises:
            Refusal: as ``concentrations``.
            Overlap: something happens after the last time, though more is to follow.
        """
        made = self.formulas.of(etas)
        outflows = made[:, : self.flows] * self.model.per_hour
        leaving = np.zeros((len(made), self.size, len(etas)))
        if self.left.size:
            leaving[:, self.left] = np.add.reduceat(
                outflows[:, self.by_source], self.leaves_by, axis=1
            )
        moving = outflows[:, self.inner] * made[:, self.shares]
        outputs = made[:, self.scales].copy()
        when, amount = self._events(made)
        if self.followed and when.size and when.max() >= self.times_h[-1]:
            raise Overlap
        if idle is not None:
            amount[:, idle] = 0.0
        # One sum is finite only if all are.
        if not np.isfinite(made.sum() + amount.sum()):
            raise Refusal((f"{self.model.id} cannot be computed: a rate is not finite",))
        if made[:, : self.shares.stop].min(initial=0.0) < 0.0:
            raise Refusal((f"{self.model.id} cannot be computed: a flow is negative",))
        fading = np.zeros((len(leaving), len(etas)))
        for those in self.upstream:
            np.maximum(fading, leaving[:, those].min(axis=1), out=fading)
        n, flows = self.size, self.source.size
        found = np.empty((len(etas), len(self.analytes), self.times_h.size))
        fractions = ROUGH if rough else EXACT
        _at_times(
            leaving, moving, fading, self.source, self.inflow, self.leaves, self.outward,
            when, np.argsort(when, axis=0, kind="stable"), self.site, self.kind, amount,
            self.times_h, outputs, self.places,
            _rows(10 * n + flows + 2), np.empty((3, LANES), dtype=np.int64),
            fractions.terms, fractions.rest, fractions.fades, start_h, state, found,
        )  # fmt: skip
        return found

    def _events(self, made: Floats) -> tuple[Floats, Floats]:
        hour = self.model.per_hour
        when, amount = np.empty((2, self.site.size, made.shape[2]))
        when[: self.beginnings.size], amount[: self.beginnings.size] = self.beginnings, 0.0
        for each in self.entries:
            begins: Any = each.time_h
            much = each.amount_mg * made[each.treatment, each.fraction]
            if each.lag is not None:
                begins = begins + made[each.treatment, each.lag] / hour
            when[each.begins] = begins
            if each.ends is None:
                amount[each.begins] = much
                continue
            lasts: Any = each.lasts_h
            if each.duration is not None:
                lasts = made[each.treatment, each.duration] / hour
            rate = much / lasts
            amount[each.begins], amount[each.ends] = rate, -rate
            when[each.ends] = begins + lasts
        return when, amount


def _rows(count: int) -> Floats:
    """Memory for rows of lanes that begin at a cache line: others are a quarter slower."""
    room = np.empty((count + 1) * LANES)
    skip = -(room.ctypes.data // 8) % LANES
    return room[skip : skip + count * LANES].reshape(count, LANES)
