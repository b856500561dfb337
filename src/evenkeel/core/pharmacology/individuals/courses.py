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

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.occasions import Difference
from evenkeel.core.pharmacology.individuals.formulas import Formulas
from evenkeel.core.pharmacology.individuals.rational import EXACT, ROUGH
from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import (
    LANES,
    NEGATIVE,
    NOT_FINITE,
    OVERLAP,
    SET_REST,
    SET_ROWS,
)
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats

_of_sets, _at_times = kernel("numbers.of_sets"), kernel("sets.at_times")

VAST = 1e12  # ng/mL: a prediction above it is taken as it


Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Looks:
    """What is read at which time. first: of each time and the next where it begins in the others.

    output, column: the analyte, and the place of the answer.
    """

    first: Ints
    output: Ints
    column: Ints


def looks_of(time_of: Ints, analyte_of: Ints, times: int) -> Looks:
    """Of measurements by their places among times and analytes."""
    column = np.argsort(time_of, kind="stable")
    first = np.searchsorted(time_of[column], np.arange(times + 1))
    return Looks(first.astype(np.int64), analyte_of[column], column.astype(np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Doses:
    """What goes into the body by which way, one row a dose and way.

    ways: as ``kernels.numbers`` reads them: treatment, places of fraction, duration and lag
        among the numbers, happenings at which it begins and ends.
    told: hours, mg, hours that it lasts where no duration tells it.
    nearly: all happenings, nearly in the order of time.
    """

    ways: Ints
    told: Floats
    nearly: Ints


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
    leaves_by: Ints  # of each compartment from which place on in ``by_source`` its flows stand
    by_source: Ints  # flows by the compartment that they leave
    size: int  # compartments
    inner: Ints  # flows that stay in the body, by the compartment that they reach
    source: Ints
    inflow: Ints
    leaves: Ints  # of how many of the compartments before it each is the centre
    outward: Ints  # the flow of each of those to its centre; else -1
    upstream: Ints  # the compartments that the analytes depend on, those of one after another's
    upstream_of: Ints
    places: Ints
    doses: Doses
    site: Ints
    kind: Ints
    beginnings: Floats
    followed: bool = False

    def concentrations(self, etas: Floats) -> Floats:
        """ng/mL, shape (sets, analytes, times).

        Args:
            etas: shape (sets, informed), on the scale of the block.

        Raises:
            Refusal: a rate or an amount is not finite or is negative for some set.
        """
        times, analytes = self.times_h.size, len(self.analytes)
        looks = looks_of(
            np.tile(np.arange(times), analytes), np.repeat(np.arange(analytes), times), times
        )
        return self.answers(etas, looks).reshape(len(etas), analytes, times)

    def answers(
        self,
        etas: Floats,
        looks: Looks,
        *,
        moves: Floats | None = None,
        idle: int | None = None,
        state: Floats | None = None,
        start_h: float = -math.inf,
        rough: bool = False,
    ) -> Floats:
        """ng/mL, shape (places * moves, looks): each place of etas, moved in each way.

        Args:
            etas: shape (places, informed). moves: shape (moves, informed).
            idle: from this move on nothing is given.
            state: shape (compartments, places * moves), mg. What is there at ``start_h``; filled
                with what is there at the last time.
            rough: to eight digits of what is in the body, not to fourteen; a third quicker.

        Raises:
            Refusal: as ``concentrations``.
            Overlap: something happens after the last time, though more is to follow.
        """
        etas = np.ascontiguousarray(etas)
        moves = np.zeros((1, self.formulas.width)) if moves is None else np.ascontiguousarray(moves)
        sets, n, flows = len(etas) * len(moves), self.size, self.source.size
        state = np.zeros((n, sets)) if state is None else state
        parts, events, scales = len(self.formulas.kinds), self.site.size, len(self.analytes)
        leaving, moving = np.empty((parts, n, sets)), np.empty((parts, flows, sets))
        fading, outputs = np.empty((parts, sets)), np.empty((parts, scales, sets))
        when, amount = np.empty((2, events, sets))
        order, fault = np.empty((events, sets), dtype=np.int64), np.empty(1, dtype=np.int64)
        formulas, doses = self.formulas, self.doses
        _of_sets(
            etas, moves, len(moves) if idle is None else idle,
            formulas.logs, formulas.begins, formulas.places, formulas.powers, formulas.kinds,
            formulas.fixed, formulas.others(etas, moves), self.flows, self.model.per_hour,
            self.by_source, self.leaves_by, self.inner, self.upstream, self.upstream_of,
            self.beginnings, doses.ways, doses.told, doses.nearly,
            self.followed, self.times_h[-1],
            np.empty((formulas.width, sets)),
            np.empty((formulas.logs.size, -(-sets // LANES) * LANES)),
            np.empty((formulas.fixed.size, sets)), np.empty((2, sets)),
            leaving, moving, fading, outputs, when, amount, order, fault,
        )  # fmt: skip
        self._judge(int(fault[0]))
        found = np.empty((sets, looks.column.size))
        fractions = ROUGH if rough else EXACT
        _at_times(
            leaving, moving, fading, self.source, self.inflow, self.leaves, self.outward,
            when, order, self.site, self.kind, amount,
            self.times_h, looks.first, looks.output, looks.column, outputs, self.places,
            _rows(SET_ROWS * n + 2 * flows + SET_REST), np.empty((3, LANES), dtype=np.int64),
            fractions.terms, fractions.rest, fractions.fades, start_h, state, found,
        )  # fmt: skip
        return found

    def _judge(self, fault: int) -> None:
        if fault == OVERLAP:
            raise Overlap
        if fault == NOT_FINITE:
            raise Refusal((f"{self.model.id} cannot be computed: a rate is not finite",))
        if fault == NEGATIVE:
            raise Refusal((f"{self.model.id} cannot be computed: a flow is negative",))


def _rows(count: int) -> Floats:
    """Memory for rows of lanes that begin at a cache line: others are a quarter slower."""
    room = np.empty((count + 1) * LANES)
    skip = -(room.ctypes.data // 8) % LANES
    return room[skip : skip + count * LANES].reshape(count, LANES)
