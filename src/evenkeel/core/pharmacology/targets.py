"""Infusions that hold a concentration, and how fast it falls when they stop.

In: a person in a model into a vein, a target in ng/mL, the limits of a pump. Out: a
scheme of rates with what it is expected to reach; times to fall by a share. A
simulation for teaching: nothing here drives a pump.

Plasma targets: the rate that meets the target at the end of each step (Jacobs 1990,
IEEE Trans Biomed Eng 37:107-109). Effect-site targets: the largest rate now after
which the effect site, with nothing more, peaks at the target (Shafer and Gregg 1992,
J Pharmacokinet Biopharm 20:147-169). Context-sensitive half-time: Hughes 1992,
Anesthesiology 76:334-341. Sources from general knowledge, not re-read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenkeel.core.pharmacology.linear import Floats, propagators, states
from evenkeel.core.pharmacology.subjects import Refusal, Subject

Site = Literal["plasma", "effect"]
_LOOK_H = 2.0  # how far ahead an effect site is watched for its peak
_LOOKS = 1441  # every five seconds
_LONGEST_H = 24.0 * 60
_NEAR = 0.05  # within this share of the target the effect site is held by the plasma's rate
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Pump:
    """Limits of a pump.

    mg_per_ml: what the syringe holds. step_ml_per_h: rates it can be set to.
    update_s: how often the rate is set anew.
    """

    mg_per_ml: float
    most_ml_per_h: float = 1200.0
    step_ml_per_h: float = 0.1
    update_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """From a moment, hours, a concentration, ng/mL; 0 stops."""

    from_h: float
    ng_per_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What the pump is set to and what is expected; arrays of one length, ends of steps.

    times_h: start of each step. ml_per_h: the rate during it, in steps of the pump.
    plasma, effect: ng/mL at the end of it; effect is nan without an effect site.
    """

    times_h: Floats
    ml_per_h: Floats
    plasma: Floats
    effect: Floats
    given_mg: float


def scheme(
    who: Subject, targets: tuple[Target, ...], pump: Pump, *, site: Site, until_h: float
) -> Scheme:
    """Rates that reach and hold the targets, within the pump's limits.

    Never more than the target at the end of a step for plasma; for the effect site the
    predicted peak is the target. Rates are rounded down to the pump's steps.

    Raises:
        Refusal: the model is not one that pump programs use, has no effect site where one
            is the target, or a target or limit cannot be.
    """
    _check(who, targets, pump, site, until_h)
    step = pump.update_s / 3600.0
    count = math.ceil(until_h / step - _CLOSE)
    central, plasma_at = _central(who)
    n = who.rates.shape[0]
    unit = np.zeros(n)
    unit[central] = 1.0
    decay = propagators(who.rates, np.array([step]))[0]
    gain = states(who.rates, np.zeros(n), unit, np.array([step]))[0]
    ahead = _Ahead(who, decay, gain, step) if site == "effect" else None
    most = pump.most_ml_per_h * pump.mg_per_ml
    quantum = pump.step_ml_per_h * pump.mg_per_ml
    state = np.zeros(n)
    rates, plasma, effect = np.empty(count), np.empty(count), np.full(count, np.nan)
    for k in range(count):
        wanted = _wanted(targets, k * step)
        drift = decay @ state
        rate = (wanted - drift @ plasma_at) / (gain @ plasma_at)
        if ahead is not None:
            rate = ahead.rate(state, wanted, rate, most)
        rate = min(max(rate, 0.0), most)
        rate = math.floor(rate / quantum + _CLOSE) * quantum
        state = drift + rate * gain
        rates[k], plasma[k] = rate, state @ plasma_at
        if who.model.effect_site is not None:
            effect[k] = state[-1]
    return Scheme(
        times_h=np.asarray(np.arange(count) * step, dtype=np.float64),
        ml_per_h=rates / pump.mg_per_ml,
        plasma=plasma,
        effect=effect,
        given_mg=float(rates.sum() * step),
    )


def _check(
    who: Subject, targets: tuple[Target, ...], pump: Pump, site: Site, until_h: float
) -> None:
    name = who.model.id
    if not who.model.target_controlled:
        raise Refusal((f"{name} is not a model for target-controlled infusion",))
    if site == "effect" and who.model.effect_site is None:
        raise Refusal((f"{name} has no published effect site",))
    numbers = [until_h, pump.mg_per_ml, pump.most_ml_per_h, pump.step_ml_per_h, pump.update_s]
    if not np.isfinite(numbers).all() or min(numbers) <= 0:
        raise Refusal(("the time and every limit of the pump must be above 0",))
    if until_h > _LONGEST_H:
        raise Refusal((f"{until_h:g} h is longer than {_LONGEST_H:g} h",))
    if not targets:
        raise Refusal(("there is no target",))
    before = -math.inf
    for target in targets:
        if not math.isfinite(target.ng_per_ml) or target.ng_per_ml < 0:
            raise Refusal((f"a target of {target.ng_per_ml} ng/mL cannot be",))
        if not target.from_h > before:
            raise Refusal(("targets must stand in the order of time, one at a moment",))
        before = target.from_h


def _wanted(targets: tuple[Target, ...], at_h: float) -> float:
    wanted = 0.0
    for target in targets:
        if target.from_h <= at_h + _CLOSE:
            wanted = target.ng_per_ml
    return wanted


def _central(who: Subject) -> tuple[int, Floats]:
    """Where a vein leads, and what its amount is as a concentration."""
    if "iv" not in who.model.routes:
        raise Refusal((f"{who.model.id} has no vein",))
    place = who.model.routes["iv"][0].compartment
    return place, who.outputs[:, who.analytes.index(who.model.parent)]


@dataclass(slots=True)
class _Ahead:
    """The effect site in the time to come, after one step and then nothing more."""

    who: Subject
    decay: Floats
    gain: Floats
    step: float
    free: Floats | None = None
    pushed: Floats | None = None

    def __post_init__(self) -> None:
        times = np.linspace(0.0, _LOOK_H, _LOOKS)
        seen = propagators(self.who.rates, times)[:, -1, :]
        self.free = seen @ self.decay
        self.pushed = seen @ self.gain

    def rate(self, state: Floats, wanted: float, by_plasma: float, most: float) -> float:
        """mg/h now, after which the effect site peaks at what is wanted."""
        assert self.free is not None
        assert self.pushed is not None
        coming = self.free @ state
        here = float(state[-1])
        if coming.max() >= wanted or wanted == 0.0:
            return 0.0
        plasma = float(state @ _central(self.who)[1])
        if abs(here - wanted) <= _NEAR * wanted and plasma <= (1 + _NEAR) * wanted:
            return by_plasma
        # The peak moves later as the rate rises: the largest rate that no moment forbids.
        room = (wanted - coming) / np.maximum(self.pushed, 1e-300)
        return float(min(room[self.pushed > 0].min(), most))


def time_to_peak_effect(who: Subject) -> float:
    """Hours from a bolus into a vein to the peak of the effect site.

    Raises:
        Refusal: no published effect site.
    """
    if who.model.effect_site is None:
        raise Refusal((f"{who.model.id} has no published effect site",))
    place, _ = _central(who)
    start = np.zeros(who.rates.shape[0])
    start[place] = 1.0
    low, high = 0.0, 24.0
    at = 0.0
    while high - low > 1e-7:
        looks = np.linspace(low, high, 65)
        seen = states(who.rates, start, np.zeros_like(start), looks)[:, -1]
        best = int(np.argmax(seen))
        at = float(looks[best])
        low, high = float(looks[max(best - 1, 0)]), float(looks[min(best + 1, 64)])
    return at


def decrement_time(
    who: Subject, *, held_h: float, share: float = 0.5, site: Site = "plasma"
) -> float:
    """Hours after stopping until the concentration has fallen by a share.

    held_h: how long the plasma was held constant before. share 0.5 of the plasma is the
    context-sensitive half-time. With an effect site, it starts where the holding left it.

    Raises:
        Refusal: a share outside 0 to 1, or no effect site.
    """
    if not 0.0 < share < 1.0:
        raise Refusal((f"a fall by {share:g} cannot be: write a share between 0 and 1",))
    if not (math.isfinite(held_h) and held_h > 0):
        raise Refusal((f"{held_h} h cannot be held",))
    if site == "effect" and who.model.effect_site is None:
        raise Refusal((f"{who.model.id} has no published effect site",))
    place, plasma_at = _central(who)
    state = _held(who, place, held_h)
    read = plasma_at if site == "plasma" else np.eye(state.size)[-1]
    level = (1.0 - share) * float(state @ read)
    none = np.zeros_like(state)

    def over(hours: Floats) -> Floats:
        return states(who.rates, state, none, hours) @ read - level

    high = 1e-3
    while over(np.array([high]))[0] > 0:
        high *= 2
        if high > 1e6:
            raise Refusal((f"{who.model.id}: it does not fall by {share:g} in a century",))
    low = 0.0
    while high - low > 1e-9 * max(high, 1e-3):
        looks = np.linspace(low, high, 33)
        above = over(looks) > 0
        last = int(np.flatnonzero(above)[-1]) if above.any() else 0
        low, high = float(looks[last]), float(looks[min(last + 1, 32)])
    return 0.5 * (low + high)


def _held(who: Subject, place: int, held_h: float) -> Floats:
    """The state after the plasma was held at 1 mg in the central compartment."""
    rates = who.rates.copy()
    rates[place, :] = 0.0
    start = np.zeros(rates.shape[0])
    start[place] = 1.0
    return np.asarray(states(rates, start, np.zeros_like(start), np.array([held_h]))[0])
