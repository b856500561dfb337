"""What a profile comes to: peak, time of the peak, area, time above a level.

In: a person in a model, doses, until when. Out: numbers that do not depend on a grid.
Areas are integrated with the states, exactly; peaks and crossings are bracketed
between happenings and closed in on to a millionth of an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.subjects import Refusal, Subject
from evenkeel.core.pharmacology.profiles.simulate import happenings
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.stations import Stations, stations
from evenkeel.core.pharmacology.systems.timeline import (
    Happening,
    Infusion,
    Reset,
    Steady,
    collected,
    walk,
)

_SAMPLES = 96  # looks within one stretch; a curve of few exponentials turns few times
_CLOSE_H = 1e-6
_INSIDE = 33  # looks between two, while closing in
_INSIDE_EACH = 9  # the same, of many at once: more rounds, and half the looks
_MANY = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One analyte. peak ng/mL, at hours; area ng h/mL; above: hours by level of ng/mL."""

    analyte: str
    peak: float
    peak_at_h: float
    area: float
    above_h: Mapping[float, float]


def summarise(
    who: Subject,
    doses: Iterable[Dose],
    *,
    until_h: float,
    from_h: float = 0.0,
    levels: Iterable[float] = (),
) -> tuple[Summary, ...]:
    """Peak, area and time above, of every analyte, between two moments.

    levels: ng/mL, for the time above each.

    Raises:
        Refusal: nothing lies between the moments, a level that is not finite, or a dose that
            cannot be given.
    """
    plan = happenings(who, tuple(doses))
    return summarise_plan(who, plan, until_h=until_h, from_h=from_h, levels=levels)


def summarise_plan(
    who: Subject,
    plan: list[Happening],
    *,
    until_h: float,
    from_h: float = 0.0,
    levels: Iterable[float] = (),
) -> tuple[Summary, ...]:
    """As ``summarise``, of what happens in this person's compartments."""
    if not np.isfinite([from_h, until_h]).all() or until_h <= from_h:
        raise Refusal((f"from {from_h:g} h to {until_h:g} h there is nothing to sum up",))
    wanted = tuple(dict.fromkeys(levels))
    if not np.isfinite(wanted).all():
        raise Refusal(("a level is not a finite number of ng/mL",))
    curve = _Curve(who, plan, stations(who.rates, plan))
    times = curve.looks(from_h, until_h)
    values = curve.at(times)
    area = curve.area(from_h, until_h)
    made: list[Summary] = []
    for place, analyte in enumerate(who.analytes):
        peak_at = curve.peak(times, values[:, place], place)
        made.append(
            Summary(
                analyte=analyte,
                peak=float(curve.at(np.array([peak_at]))[0, place]),
                peak_at_h=peak_at,
                area=float(area[place]),
                above_h={
                    level: curve.above(times, values[:, place], place, level) for level in wanted
                },
            )
        )
    return tuple(made)


@dataclass(slots=True)
class _Curve:
    """Concentrations just after each moment, so that the top of a bolus is seen."""

    who: Subject
    plan: list[Happening]
    along: Stations

    def at(self, times_h: Floats) -> Floats:
        return self.who.concentrations(self.along.at(times_h))

    def looks(self, from_h: float, until_h: float) -> Floats:
        """Moments worth looking at: every happening and many between, denser after each."""
        knots = {from_h, until_h}
        for each in self.plan:
            knots.add(each.time_h)
            if isinstance(each, Infusion):
                knots.add(each.end_h)
        inside = np.array(sorted(knot for knot in knots if from_h <= knot <= until_h))
        samples = _SAMPLES if inside.size <= _MANY else _SAMPLES // 2
        denser = (np.geomspace(1e-4, 1.0, samples) - 1e-4) / (1.0 - 1e-4)
        share = np.union1d(denser, np.linspace(0.0, 1.0, samples // 2))
        spans = [low + (high - low) * share for low, high in pairwise(inside)]
        return np.unique(np.concatenate(spans))

    def area(self, from_h: float, until_h: float) -> Floats:
        """Each output is summed up in a state of its own that nothing leaves.

        A reset or a steady state empties that state too: what it held just before is kept.
        """
        n, kinds = self.who.outputs.shape
        whole = np.zeros((n + kinds, n + kinds))
        whole[:n, :n] = self.who.rates
        whole[n:, :n] = self.who.outputs.T
        plan = [
            replace(each, state=np.concatenate([each.state, np.zeros(kinds)]))
            if isinstance(each, Steady)
            else each
            for each in self.plan
        ]
        emptied = {
            each.time_h
            for each in plan
            if isinstance(each, Reset) or (isinstance(each, Steady) and each.replaces)
        }
        inside = [at for at in emptied if from_h <= at < until_h]
        times = np.array(sorted({from_h, until_h, *inside}))
        states = collected(walk(whole, plan, times), times.size, n + kinds)[:, n:]
        held = {float(at): row for at, row in zip(times, states, strict=True)}
        total = held[until_h] - held[from_h]
        for at in inside:
            total = total + held[at]
        return np.asarray(total)

    def peak(self, times: Floats, values: Floats, place: int) -> float:
        best = int(np.argmax(values))
        low, high = times[max(best - 1, 0)], times[min(best + 1, times.size - 1)]
        at = float(times[best])
        while high - low > _CLOSE_H:
            inner = np.linspace(low, high, _INSIDE)
            near = self.at(inner)[:, place]
            best = int(np.argmax(near))
            at = float(inner[best])
            low, high = inner[max(best - 1, 0)], inner[min(best + 1, _INSIDE - 1)]
        # A bolus is highest at its very moment, which closing in only comes near to.
        both = np.unique([at, times[int(np.argmax(values))]])
        return float(both[int(np.argmax(self.at(both)[:, place]))])

    def above(self, times: Floats, values: Floats, place: int, level: float) -> float:
        over = values > level
        total = float(np.sum(np.diff(times)[over[:-1] & over[1:]]))
        edges = np.flatnonzero(over[:-1] != over[1:])
        if edges.size == 0:
            return total
        low, high, begun = times[edges], times[edges + 1], over[edges]
        first, last = low, high
        rows = np.arange(edges.size)
        inside = _INSIDE if edges.size <= _MANY else _INSIDE_EACH
        while float((high - low).max()) > _CLOSE_H:
            # All crossings are closed in on together.
            looks = np.linspace(low, high, inside, axis=1)
            still = (self.at(looks.ravel())[:, place] > level).reshape(looks.shape)
            turned = np.maximum((still == begun[:, None]).argmin(axis=1), 1)
            low, high = looks[rows, turned - 1], looks[rows, turned]
        total += float(np.sum(np.where(begun, low - first, last - low)))
        return total
