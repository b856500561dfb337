"""One person's treatment as a row of stations, for whoever looks at it again and again.

In: a rate matrix and what happens when. Out: where everything is just after each moment at
which something happens; from there, states at any times. What ``timeline`` walks step by
step is done here for all steps at once: moves with the same input share one series.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.systems.linear import Floats, propagators, with_input
from evenkeel.core.pharmacology.systems.timeline import Bolus, Happening, Infusion, Reset, Steady


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """times_h: shape (s,), ascending. states: shape (s, n), mg, just after each.

    inputs: shape (s, n), mg/h into each compartment until the next.
    """

    rates: Floats
    times_h: Floats
    states: Floats
    inputs: Floats

    def at(self, times_h: Floats, *, before: bool = False) -> Floats:
        """States at any times, shape (m, n): just after each, or just before it."""
        n = self.rates.shape[0]
        places = np.searchsorted(self.times_h, times_h, side="left" if before else "right") - 1
        whole = np.zeros((times_h.size, n))
        for fed, which in _by_input(self.inputs):
            rows = np.flatnonzero((places >= 0) & np.isin(places, which))
            after = times_h[rows] - self.times_h[places[rows]]
            made = propagators(with_input(self.rates, fed) if fed.any() else self.rates, after)
            whole[rows] = np.einsum("mij,mj->mi", made[:, :n, :n], self.states[places[rows]])
            if fed.any():
                whole[rows] += made[:, :n, n]
        return whole


def stations(rates: Floats, happenings: Iterable[Happening]) -> Stations:
    """Every moment at which something happens or an infusion ends, ascending."""
    n = rates.shape[0]
    moments = list(_moments(happenings))
    times = np.array([at for at, _, _ in moments])
    inputs = np.zeros((len(moments), n))
    for row, (_, running, _) in enumerate(moments):
        for one in running:
            inputs[row, one.compartment] += one.rate_mg_per_h
    moves = list(_moves(rates, inputs[:-1], np.diff(times))) if moments else []
    states = np.zeros((len(moments), n))
    state = np.zeros(n)
    for row, (_, _, happened) in enumerate(moments):
        if row:
            decay, gain = moves[row - 1]
            state = decay @ state + gain
        for each in happened:
            state = _after(state, each)
        states[row] = state
    return Stations(rates=rates, times_h=times, states=states, inputs=inputs)


def _moments(
    happenings: Iterable[Happening],
) -> Iterator[tuple[float, list[Infusion], list[Happening]]]:
    """Each moment with the infusions that run after it and what happens at it, in order."""
    ordered = sorted(happenings, key=lambda each: (each.time_h, each.rank))
    running: list[Infusion] = []
    done = 0
    while done < len(ordered) or running:
        begin = ordered[done].time_h if done < len(ordered) else np.inf
        now = min(begin, min((each.end_h for each in running), default=np.inf))
        running = [each for each in running if each.end_h > now]
        here: list[Happening] = []
        while done < len(ordered) and ordered[done].time_h == now:
            each = ordered[done]
            here.append(each)
            done += 1
            if isinstance(each, Infusion):
                running.append(each)
            elif isinstance(each, Reset) or (isinstance(each, Steady) and each.replaces):
                running = []
            if isinstance(each, Steady):
                running += each.running
        # An infusion that lasts no time has ended before it could put anything in.
        running = [each for each in running if each.end_h > now]
        yield float(now), running, here


def _after(state: Floats, each: Happening) -> Floats:
    match each:
        case Bolus(compartment=place, amount_mg=amount):
            state = state.copy()
            state[place] += amount
        case Reset():
            state = np.zeros_like(state)
        case Steady(state=left, replaces=replaces):
            state = left if replaces else state + left
        case Infusion():
            pass
    return state


def _by_input(inputs: Floats) -> Iterator[tuple[Floats, npt.NDArray[np.intp]]]:
    """Rows with the same input, whose moves share a series."""
    if inputs.size == 0:
        return
    kinds, which = np.unique(inputs, axis=0, return_inverse=True)
    for kind, row in enumerate(kinds):
        yield row, np.flatnonzero(which.ravel() == kind)


def _moves(rates: Floats, inputs: Floats, steps_h: Floats) -> Iterator[tuple[Floats, Floats]]:
    """For each step what becomes of what is there, shape (n, n), and what is put in, shape (n,)."""
    n = rates.shape[0]
    decays, gains = np.empty((steps_h.size, n, n)), np.zeros((steps_h.size, n))
    for fed, rows in _by_input(inputs):
        made = propagators(with_input(rates, fed) if fed.any() else rates, steps_h[rows])
        decays[rows] = made[:, :n, :n]
        if fed.any():
            gains[rows] = made[:, :n, n]
    return zip(decays, gains, strict=True)
