"""Infusions that reach and hold a concentration, as a pump can give them.

In: a person in a model into a vein, targets in ng/mL, the limits of a pump. Out: a
scheme of rates with what it is expected to reach. A simulation for teaching: nothing
here drives a pump. What came of a scheme is judged in ``aims``.

Plasma targets: the rate that meets the target at the end of each step (Jacobs 1990,
IEEE Trans Biomed Eng 37:107-109). Effect-site targets: the largest rate now after
which the effect site, with nothing more, peaks at the target (Shafer and Gregg 1992,
J Pharmacokinet Biopharm 20:147-169). Sources from general knowledge, not re-read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.library.subjects import Refusal, Subject
from evenkeel.core.pharmacology.profiles.decrements import Site, vein
from evenkeel.core.pharmacology.systems.linear import Floats, propagators, states

MOST_SETTINGS = 8640  # a day at ten seconds
_LOOK_H = 2.0  # how far ahead an effect site is watched for its peak
_LOOKS = 1441  # every five seconds
_LONGEST_H = 24.0 * 60
_NEAR = 0.05  # within this share of the target the effect site is held by the plasma's rate
_CLOSE = 1e-9
_ON_STEP = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pump:
    """Limits of a pump, and of whoever sets it.

    mg_per_ml: what the syringe holds. step_ml_per_h: rates it can be set to. update_s: how
    often the rate is set anew. most_bolus_mg: the largest amount that may be given at once
    where a target begins; 0 = none. bolus_step_ml: boluses it can be set to.
    most_ng_per_ml: the plasma that no rate and no bolus may lead beyond.
    """

    mg_per_ml: float
    most_ml_per_h: float = 1200.0
    step_ml_per_h: float = 0.1
    update_s: float = 10.0
    most_bolus_mg: float = 0.0
    bolus_step_ml: float = 0.1
    most_ng_per_ml: float = math.inf

    @property
    def update_h(self) -> float:
        return self.update_s / 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """From a moment, hours, a concentration, ng/mL; 0 stops."""

    from_h: float
    ng_per_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What the pump is set to and what is expected; arrays of one length, one a step.

    times_h: start of each step. ml_per_h: the rate during it, in steps of the pump.
    bolus_mg: given at its start, at once. asked_ml_per_h, asked_bolus_mg: what the targets
    would take from a pump without limits, standing where this one stands.
    plasma, effect: ng/mL at the end of it; effect is nan without an effect site.
    begun: shape (steps, n), the state just after its start. ended: shape (n,), at the end.
    """

    times_h: Floats
    ml_per_h: Floats
    bolus_mg: Floats
    asked_ml_per_h: Floats
    asked_bolus_mg: Floats
    plasma: Floats
    effect: Floats
    begun: Floats
    ended: Floats
    given_mg: float


def scheme(
    who: Subject, targets: Sequence[Target], pump: Pump, *, site: Site, until_h: float
) -> Scheme:
    """Rates that reach and hold the targets, within the pump's limits.

    Never more than the target at the end of a step for plasma; for the effect site the
    predicted peak is the target. Rates and boluses are rounded down to the pump's steps.

    Raises:
        Refusal: the model has no way into a vein or says that nothing may be aimed at in it,
            no effect site where one is the target, or a target or limit cannot be.
    """
    _check(who, targets, pump, site, until_h)
    step = pump.update_h
    count = math.ceil(until_h / step - _CLOSE)
    central, read = vein(who)
    n = who.rates.shape[0]
    unit = np.zeros(n)
    unit[central] = 1.0
    decay = propagators(who.rates, np.array([step]))[0]
    gain = states(who.rates, np.zeros(n), unit, np.array([step]))[0]
    ahead = _Ahead(who, decay, gain) if site == "effect" else None
    most = pump.most_ml_per_h * pump.mg_per_ml
    begins = {round(each.from_h / step) for each in targets}
    state = np.zeros(n)
    rates, asked = np.empty(count), np.empty(count)
    boluses, asked_boluses = np.zeros(count), np.zeros(count)
    plasma, effect, begun = np.empty(count), np.full(count, np.nan), np.empty((count, n))
    for k in range(count):
        wanted = _wanted(targets, k * step)
        if k in begins and pump.most_bolus_mg > 0.0:
            here = float(state @ read)
            bolus = (wanted - here) / read[central] if ahead is None else ahead.bolus(state, wanted)
            bolus = max(min(bolus, (pump.most_ng_per_ml - here) / read[central]), 0.0)
            asked_boluses[k] = bolus
            boluses[k] = _down(min(bolus, pump.most_bolus_mg), pump.bolus_step_ml * pump.mg_per_ml)
            state = state + boluses[k] * unit
        begun[k] = state
        drift = decay @ state
        rate = (wanted - drift @ read) / (gain @ read)
        if ahead is not None:
            rate = ahead.rate(state, wanted, rate, float(state @ read))
        rate = max(min(rate, (pump.most_ng_per_ml - drift @ read) / (gain @ read)), 0.0)
        asked[k] = rate
        rates[k] = _down(min(rate, most), pump.step_ml_per_h * pump.mg_per_ml)
        state = drift + rates[k] * gain
        plasma[k] = state @ read
        if who.model.effect_site is not None:
            effect[k] = state[-1]
    return Scheme(
        times_h=np.asarray(np.arange(count) * step, dtype=np.float64),
        ml_per_h=rates / pump.mg_per_ml,
        bolus_mg=boluses,
        asked_ml_per_h=asked / pump.mg_per_ml,
        asked_bolus_mg=asked_boluses,
        plasma=plasma,
        effect=effect,
        begun=begun,
        ended=state,
        given_mg=float(rates.sum() * step + boluses.sum()),
    )


def _down(value: float, quantum: float) -> float:
    return math.floor(value / quantum + _CLOSE) * quantum


def _check(who: Subject, targets: Sequence[Target], pump: Pump, site: Site, until_h: float) -> None:
    vein(who)
    if who.model.no_targets:
        raise Refusal((f"{who.model.id} is no model for targets: {who.model.no_targets}",))
    if site == "effect" and who.model.effect_site is None:
        raise Refusal((f"{who.model.id} has no published effect site: aim at plasma",))
    numbers = [until_h, pump.mg_per_ml, pump.most_ml_per_h, pump.step_ml_per_h, pump.update_s,
               pump.bolus_step_ml]  # fmt: skip
    if not np.isfinite(numbers).all() or min(numbers) <= 0:
        raise Refusal(("the time and every limit of the pump must be above 0",))
    if not pump.most_bolus_mg >= 0.0:
        raise Refusal((f"a bolus of at most {pump.most_bolus_mg} mg cannot be",))
    if not pump.most_ng_per_ml > 0.0:
        raise Refusal((f"a plasma of at most {pump.most_ng_per_ml} ng/mL cannot be",))
    if until_h > _LONGEST_H:
        raise Refusal((f"{until_h:g} h is longer than {_LONGEST_H:g} h",))
    if until_h / pump.update_h > MOST_SETTINGS + _CLOSE:
        raise Refusal(
            (
                f"{until_h:g} h at a setting every {pump.update_s:g} s are more than "
                f"{MOST_SETTINGS:,} settings: set the rate less often, or stop sooner",
            )
        )
    _check_targets(targets, pump, until_h)


def _check_targets(targets: Sequence[Target], pump: Pump, until_h: float) -> None:
    if not targets:
        raise Refusal(("there is no target",))
    before = -math.inf
    for target in targets:
        told = f"a target of {target.ng_per_ml:g} ng/mL from {target.from_h * 60:g} min"
        if not math.isfinite(target.ng_per_ml) or target.ng_per_ml < 0:
            raise Refusal((f"a target of {target.ng_per_ml} ng/mL cannot be",))
        if not target.from_h > before:
            raise Refusal(("targets must stand in the order of time, one at a moment",))
        if not 0.0 <= target.from_h < until_h:
            raise Refusal((f"{told} does not begin before the stop at {until_h * 60:g} min",))
        steps = target.from_h / pump.update_h
        if abs(steps - round(steps)) > _ON_STEP:
            raise Refusal(
                (
                    f"{told} begins between two settings, which are {pump.update_s / 60:g} min "
                    "apart: let it begin with one of them",
                )
            )
        if target.ng_per_ml > pump.most_ng_per_ml:
            raise Refusal((f"{told} is above the plasma that nothing may lead beyond",))
        before = target.from_h


def _wanted(targets: Sequence[Target], at_h: float) -> float:
    wanted = 0.0
    for target in targets:
        if target.from_h <= at_h + _CLOSE:
            wanted = target.ng_per_ml
    return wanted


class _Ahead:
    """The effect site in the time to come, with nothing more after one bolus or one step."""

    def __init__(self, who: Subject, decay: Floats, gain: Floats) -> None:
        self.seen = propagators(who.rates, np.linspace(0.0, _LOOK_H, _LOOKS))[:, -1, :]
        self.at_once = self.seen[:, vein(who)[0]]
        self.free = self.seen @ decay
        self.pushed = self.seen @ gain

    def bolus(self, state: Floats, wanted: float) -> float:
        """mg at once, after which the effect site peaks at what is wanted."""
        return self._room(wanted - self.seen @ state, self.at_once)

    def rate(self, state: Floats, wanted: float, by_plasma: float, plasma: float) -> float:
        """mg/h now, after which the effect site peaks at what is wanted."""
        coming = self.free @ state
        here = float(state[-1])
        if coming.max() >= wanted or wanted == 0.0:
            return 0.0
        if abs(here - wanted) <= _NEAR * wanted and plasma <= (1 + _NEAR) * wanted:
            return by_plasma
        return self._room(wanted - coming, self.pushed)

    @staticmethod
    def _room(left: Floats, pushed: Floats) -> float:
        # The peak moves later as more is given: the most that no moment forbids.
        room = left / np.maximum(pushed, 1e-300)
        return float(room[pushed > 0].min())
