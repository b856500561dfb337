"""How fast a concentration falls when nothing more is given, and when an effect site peaks.

In: a person in a model with a way into a vein. Out: hours. Context-sensitive half-time:
Hughes 1992, Anesthesiology 76:334-341; from general knowledge, not re-read.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from evenkeel.core.pharmacology.library.subjects import Refusal, Subject
from evenkeel.core.pharmacology.systems.linear import Floats, states

Site = Literal["plasma", "effect"]


def vein(who: Subject) -> tuple[int, Floats]:
    """Where a vein leads, and what the amounts are as a concentration in plasma, shape (n,).

    Raises:
        Refusal: the model has no way into a vein.
    """
    if "iv" not in who.model.routes:
        raise Refusal((f"{who.model.id} has no way into a vein",))
    place = who.model.routes["iv"][0].compartment
    return place, who.outputs[:, who.analytes.index(who.model.parent)]


def time_to_peak_effect(who: Subject) -> float:
    """Hours from a bolus into a vein to the peak of the effect site.

    Raises:
        Refusal: no published effect site.
    """
    if who.model.effect_site is None:
        raise Refusal((f"{who.model.id} has no published effect site",))
    place, _ = vein(who)
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
    place, _ = vein(who)
    return fall_time(who, _held(who, place, held_h), share=share, site=site)


def fall_time(who: Subject, state: Floats, *, share: float = 0.5, site: Site = "plasma") -> float:
    """Hours until the concentration has fallen by a share for good, from any state.

    state: shape (n,), mg in each compartment (of an effect site: its ng/mL). An effect site
    that still rises falls later.

    Raises:
        Refusal: it does not fall in a century.
    """
    read = vein(who)[1] if site == "plasma" else np.eye(state.size)[-1]
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
