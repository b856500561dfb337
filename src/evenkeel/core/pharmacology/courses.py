"""What one person was given and when blood was taken, ready for many sets of parameters.

In: a model, a person, doses, the analytes and times that matter. Out: concentrations
for as many sets of differences as are asked for, in one call.
What can be left out is decided in ``preparing``, which makes courses.

Where a model's people differ from treatment to treatment, each treatment has its own
parameters: absorption of a dose is of the treatment it belongs to, and from the first dose
of a treatment on the whole body has that treatment's. What is in it stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.expressions import Expression
from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import LANES
from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.models import Model, RouteInput
from evenkeel.core.pharmacology.occasions import Difference
from evenkeel.core.pharmacology.subjects import Refusal

_at_times = kernel("sets.at_times")

Ints = npt.NDArray[np.int64]
Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One parameter that differs between sets. base: None = its expression makes it.

    rows: of the differences, one, or one a treatment; None: it differs only by others.
    """

    name: str
    base: float | None
    expression: Expression | None
    rows: int | Ints | None
    logit: bool

    def into(self, values: Values, away: Floats) -> None:
        """away: exp of the differences, shape (differences, sets)."""
        value: Any = self.base if self.expression is None else self.expression(values)
        if self.rows is not None:
            own = away[self.rows]
            value = own / (own + (1.0 - value) / value) if self.logit else value * own
        values[self.name] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Doses of the same route and covariates: one evaluation serves all of them."""

    covariates: dict[str, float]
    steps: tuple[Step, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One way of some doses into the body. Arrays: one row a dose.

    begins, ends: rows of the happenings; no ends: it is put in at once.
    lasts_h: None: as long as the model says.
    """

    way: RouteInput
    treatment: Ints
    time_h: Floats
    amount_mg: Floats
    lasts_h: Floats | None
    begins: Ints
    ends: Ints | None

    def of(self, value: Any) -> Any:
        """By dose, of a value that is one for all or one a treatment."""
        return value[self.treatment] if np.ndim(value) == 2 else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Numbers of which some differ between sets. fixed: what the others are."""

    fixed: Floats
    differing: tuple[tuple[int, Expression], ...]

    def of(self, values: Values, parts: int, count: int) -> Floats:
        made = np.empty((parts, self.fixed.size, count))
        made[:] = self.fixed[:, None]
        for row, expression in self.differing:
            made[:, row] = expression(values)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A person's doses and times. analytes, times_h: what comes out, in this order.

    informed: the differences that the analytes at those times depend on, in the order of
        the model's blocks; all others leave every concentration as it is.
    timing: those of them that move a time: how long something is absorbed, or from when.
    reached: the analytes that any dose reaches at all.
    treatments: how many have begun before the last time, where the model tells them apart.
    """

    model: Model
    analytes: tuple[str, ...]
    times_h: Floats
    informed: tuple[Difference, ...]
    timing: tuple[Difference, ...]
    reached: tuple[str, ...]
    treatments: int
    values: Values
    steps: tuple[Step, ...]
    given: tuple[Given, ...]
    outflows: Rows
    leave: Floats  # shape (compartments, flows): 1 where a flow leaves it
    inner: Ints  # flows that stay in the body, by the compartment that they reach
    shares: Rows
    source: Ints
    inflow: Ints
    reach: npt.NDArray[np.bool_]
    scales: Rows
    places: Ints
    site: Ints
    kind: Ints
    beginnings: Floats

    def concentrations(self, etas: Floats) -> Floats:
        """ng/mL, shape (sets, analytes, times).

        etas: shape (sets, informed), on the scale of the block.

        Raises:
            Refusal: a rate or an amount is not finite or is negative for some set.
        """
        count, parts = len(etas), self.treatments
        away = np.ones((len(self.informed) + 1, count))
        np.exp(etas.T, out=away[:-1])
        values = dict(self.values)
        for step in self.steps:
            step.into(values, away)
        outflows = self.outflows.of(values, parts, count)
        outflows *= self.model.per_hour
        leaving = self.leave @ outflows
        moving = outflows[:, self.inner] * self.shares.of(values, parts, count)
        outputs = self.scales.of(values, parts, count)
        when, amount = self._events(values, away, count)
        # One sum is finite only if all are.
        if not np.isfinite(sum(float(x.sum()) for x in (outflows, moving, outputs, amount, when))):
            raise Refusal((f"{self.model.id} cannot be computed: a rate is not finite",))
        if outflows.min(initial=0.0) < 0.0 or moving.min(initial=0.0) < 0.0:
            raise Refusal((f"{self.model.id} cannot be computed: a flow is negative",))
        n, flows = len(self.leave), self.source.size
        made = np.empty((count, len(self.analytes), self.times_h.size))
        _at_times(
            leaving, moving, self.source, self.inflow, self.reach,
            when, np.argsort(when, axis=0, kind="stable"), self.site, self.kind, amount,
            self.times_h, outputs, self.places,
            _rows(7 * n + flows + 5), np.empty((3, LANES), dtype=np.int64),
            np.empty(n, dtype=np.int64),
            np.empty((4, n + 1, n + 1, LANES)), made,
        )  # fmt: skip
        return made

    def _events(self, values: Values, away: Floats, count: int) -> tuple[Floats, Floats]:
        hour = self.model.per_hour
        when, amount = np.empty((2, self.site.size, count))
        when[: self.beginnings.size], amount[: self.beginnings.size] = self.beginnings, 0.0
        for given in self.given:
            own = values
            if given.covariates:
                own = {**values, **given.covariates}
                for step in given.steps:
                    step.into(own, away)
            for each in given.entries:
                begins, much = each.time_h, each.amount_mg * each.of(each.way.fraction(own))
                if each.way.lag is not None:
                    begins = begins + each.of(each.way.lag(own)) / hour
                when[each.begins] = begins
                if each.ends is None:
                    amount[each.begins] = much
                    continue
                lasts: Any = each.lasts_h
                if each.way.duration is not None:
                    lasts = each.of(each.way.duration(own)) / hour
                rate = much / lasts
                amount[each.begins], amount[each.ends] = rate, -rate
                when[each.ends] = begins + lasts
        return when, amount


def _rows(count: int) -> Floats:
    """Memory for rows of lanes that begin at a cache line: others are a quarter slower."""
    room = np.empty((count + 1) * LANES)
    skip = -(room.ctypes.data // 8) % LANES
    return room[skip : skip + count * LANES].reshape(count, LANES)
