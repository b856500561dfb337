"""Dosing events as NONMEM writes them, and what they do in linear compartments.

In: records with EVID, AMT, RATE, II, ADDL, SS, and the bioavailability, lag and
duration that hold at the record. Out: happenings in time. Meaning of the columns:
NONMEM Users Guides, part IV and VI (PREDPP); held to 29 scenarios of its answers.

- EVID 0 observes, 1 doses, 2 is any other moment, 3 resets, 4 resets and doses.
- RATE 0 is a bolus, above 0 an infusion that lasts F*AMT/RATE, -1 has its rate from the
  model, -2 its duration.
- SS 1 puts the compartments where endless earlier doses have brought them, SS 2 adds that
  to what is there. AMT 0 with RATE and SS 1 is an endless infusion that ends at the record.
- A reset forgets infusions, lagged and additional doses that are still to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.systems.linear import Floats, before_dose_at_steady_state
from evenkeel.core.pharmacology.systems.timeline import (
    Bolus,
    Happening,
    Infusion,
    Reset,
    Steady,
    walk,
)

RATE_OF_MODEL = -1.0
DURATION_OF_MODEL = -2.0


class EventFault(ValueError):
    """A record that means nothing; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One record. Times h, amounts mg, rates mg/h; compartment counted from 0.

    fraction, lag_h, model_rate, model_duration_h: what F, ALAG, R and D are at the record.
    """

    time_h: float
    evid: int
    amount_mg: float = 0.0
    compartment: int = 0
    rate_mg_per_h: float = 0.0
    interval_h: float = 0.0
    additional: int = 0
    steady: int = 0
    fraction: float = 1.0
    lag_h: float = 0.0
    model_rate: float = 0.0
    model_duration_h: float = 0.0


def happenings_of(rates: Floats, events: Sequence[Event]) -> list[Happening]:
    """What the records do. rank: the number of the record, so that those of one time keep order.

    Args:
        rates: shape (n, n), 1/h, for steady states.
        events: in the order of the table, times ascending.

    Raises:
        EventFault: a record that means nothing.
    """
    made: list[Happening] = []
    for number, event in enumerate(events):
        _check(event, number)
        if event.evid in (0, 2):
            continue
        if event.evid in (3, 4):
            made = [each for each in made if each.time_h < event.time_h]
            made.append(Reset(time_h=event.time_h, rank=number))
        if event.evid in (1, 4):
            made += _doses(rates, event, number)
    return made


def observe(rates: Floats, events: Sequence[Event]) -> Floats:
    """States at every record, after what the record itself does; shape (records, n), mg."""
    times = np.array([event.time_h for event in events])
    ranks = np.arange(times.size) + 1
    whole = np.zeros((times.size, rates.shape[0]))
    for part, made in walk(rates, happenings_of(rates, events), times, ranks):
        whole[part] = made
    return whole


def broken_rules(
    *, amount_mg: float, rate: float, interval_h: float, additional: int, steady: int
) -> Iterator[str]:
    """What is wrong with the columns of a dose, whoever reads them."""
    if additional and interval_h <= 0:
        yield "ADDL without II: say how many hours lie between"
    if steady not in (0, 1, 2):
        yield f"SS {steady} is none of 0, 1, 2"
    endless = amount_mg == 0 and rate > 0
    if steady and interval_h <= 0 and not endless:
        yield "SS without II: say how many hours lie between the earlier doses"


def _check(event: Event, number: int) -> None:
    place = f"record {number + 1} at {event.time_h:g} h"
    if event.evid not in range(5):
        raise EventFault(f"{place}: EVID {event.evid} is none of 0 to 4")
    if event.amount_mg < 0 or event.fraction < 0 or event.lag_h < 0:
        raise EventFault(f"{place}: amount, bioavailability or lag is negative")
    if event.evid not in (1, 4):
        return
    for fault in broken_rules(
        amount_mg=event.amount_mg, rate=event.rate_mg_per_h, interval_h=event.interval_h,
        additional=event.additional, steady=event.steady,
    ):  # fmt: skip
        raise EventFault(f"{place}: {fault}")
    if event.rate_mg_per_h == RATE_OF_MODEL and event.model_rate <= 0:
        raise EventFault(f"{place}: RATE -1 needs a rate from the model")
    if event.rate_mg_per_h == DURATION_OF_MODEL and event.model_duration_h <= 0:
        raise EventFault(f"{place}: RATE -2 needs a duration from the model")


def _duration(event: Event) -> float:
    absorbed = event.amount_mg * event.fraction
    if event.rate_mg_per_h == DURATION_OF_MODEL:
        return event.model_duration_h
    if event.rate_mg_per_h == RATE_OF_MODEL:
        return absorbed / event.model_rate
    return absorbed / event.rate_mg_per_h if event.rate_mg_per_h > 0 else 0.0


def _doses(rates: Floats, event: Event, number: int) -> list[Happening]:
    if event.steady and event.amount_mg == 0:
        return [_endless(rates, event, number)]
    absorbed, lasts = event.amount_mg * event.fraction, _duration(event)
    made: list[Happening] = []
    lag = event.lag_h
    if event.steady:
        made.append(_steady(rates, event, absorbed, lasts, number))
        lag = lag % event.interval_h
    for k in range(event.additional + 1):
        starts = event.time_h + lag + k * event.interval_h
        made.append(_dose(event.compartment, starts, absorbed, lasts, number))
    return made


def _dose(compartment: int, at: float, amount: float, lasts: float, rank: int) -> Happening:
    if lasts == 0.0:
        return Bolus(time_h=at, compartment=compartment, amount_mg=amount, rank=rank)
    return Infusion(
        time_h=at,
        compartment=compartment,
        rate_mg_per_h=amount / lasts,
        end_h=at + lasts,
        rank=rank,
    )


def _endless(rates: Floats, event: Event, number: int) -> Steady:
    inputs = np.zeros(rates.shape[0])
    inputs[event.compartment] = event.rate_mg_per_h
    return Steady(
        time_h=event.time_h,
        state=np.asarray(np.linalg.solve(-rates, inputs), dtype=np.float64),
        running=(),
        replaces=event.steady == 1,
        rank=number,
    )


def _steady(rates: Floats, event: Event, absorbed: float, lasts: float, number: int) -> Steady:
    """Endless earlier doses, the next of them due after the lag."""
    every = event.interval_h
    state, left = before_dose_at_steady_state(rates, event.compartment, absorbed, lasts, every)
    running = [
        Infusion(time_h=0.0, compartment=event.compartment,
                 rate_mg_per_h=absorbed / lasts, end_h=hours)
        for hours in left
    ]  # fmt: skip
    lag = event.lag_h % every
    if lag > 0.0:
        phase = every - lag
        dose = _dose(event.compartment, 0.0, absorbed, lasts, 0)
        start = Steady(time_h=0.0, state=state, running=tuple(running), replaces=True)
        for _, made in walk(rates, [start, dose], np.array([phase])):
            state = made[0]
        running = [*running, dose] if isinstance(dose, Infusion) else running
        running = [
            Infusion(time_h=0.0, compartment=each.compartment,
                     rate_mg_per_h=each.rate_mg_per_h, end_h=each.end_h - phase)
            for each in running if each.end_h > phase
        ]  # fmt: skip
    return Steady(
        time_h=event.time_h,
        state=state,
        running=tuple(
            Infusion(
                time_h=event.time_h,
                compartment=each.compartment,
                rate_mg_per_h=each.rate_mg_per_h,
                end_h=event.time_h + each.end_h,
                rank=number,
            )
            for each in running
        ),
        replaces=event.steady == 1,
        rank=number,
    )
