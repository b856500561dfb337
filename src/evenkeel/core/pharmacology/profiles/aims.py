"""What comes of aiming at concentrations: when each is reached, and what a pump's limits cost.

In: a person in a model, targets, a pump, when it stops. Out: the settings as somebody sets
them, concentrations between and after them, each target with when and how nearly it was
reached, the same by a pump without limits, and how fast it falls after the stop. What
cannot be reached is told and never made good: no target is moved and no limit passed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenkeel.core.pharmacology.library.subjects import Subject
from evenkeel.core.pharmacology.profiles.decrements import Site, decrement_time, fall_time, vein
from evenkeel.core.pharmacology.profiles.targets import Pump, Scheme, Target, scheme
from evenkeel.core.pharmacology.systems.linear import Floats, propagators, states

WITHIN = 0.05  # a target counts as reached within this share of it
FALLS = (0.5, 0.8)  # by how much it falls after the stop
_FINE_S = 10.0  # how finely it is looked at between settings
_MOST_FINE = 30
_TAIL_LOOKS = 180
_JUST_AFTER_H = 1e-6
_UNBOUND = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One act at the pump. bolus_mg: at from_h, at once. ends: ng/mL when the next begins."""

    from_h: float
    until_h: float
    ml_per_h: float
    mg_per_h: float
    bolus_mg: float
    plasma: float
    effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """How one target went at the site that was aimed at, between from_h and until_h.

    begun: ng/mL when it began. after_h: hours until it was within WITHIN of the target; None
    = it never was. highest: and lowest once it was reached, NaN if it was not; ended: ng/mL.
    """

    target: Target
    until_h: float
    begun: float
    after_h: float | None
    highest: float
    lowest: float
    ended: float

    @property
    def rises(self) -> bool:
        """Something had to be given to reach it."""
        return self.begun < (1.0 - WITHIN) * self.target.ng_per_ml


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """After the stop: hours until a site has fallen by a share, and after as long a plateau.

    after_plateau_h: the same, had the plasma been held at one level until the stop.
    """

    site: Site
    share: float
    after_h: float
    after_plateau_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimed:
    """The whole. times_h, plasma, effect: shape (m,), ng/mL, through the scheme and after it.

    without_limits: the same targets by a pump that gives any rate and any bolus.
    """

    who: Subject
    pump: Pump
    site: Site
    stop_h: float
    made: Scheme
    settings: tuple[Setting, ...]
    times_h: Floats
    plasma: Floats
    effect: Floats
    aims: tuple[Aim, ...]
    without_limits: tuple[Aim, ...]
    free_mg: float
    falls: tuple[Fall, ...]

    @property
    def has_effect(self) -> bool:
        """The model has an effect site."""
        return self.who.model.effect_site is not None

    @property
    def at_most_h(self) -> float:
        """How long the pump ran at its highest rate although the target asked for more."""
        made = self.made
        held = made.asked_ml_per_h > self.pump.most_ml_per_h * (1.0 + 1e-9)
        return float(held.sum()) * self.pump.update_h


def aim(
    who: Subject,
    targets: Sequence[Target],
    pump: Pump,
    *,
    site: Site,
    stop_h: float,
    tail_h: float = 1.0,
) -> Aimed:
    """Aims at the targets until the pump is stopped, and looks on for ``tail_h`` hours.

    Raises:
        Refusal: as ``scheme``.
    """
    made = scheme(who, targets, pump, site=site, until_h=stop_h)
    free = scheme(who, targets, _without_limits(pump), site=site, until_h=stop_h)
    stop = float(made.times_h.size * pump.update_h)
    times, plasma, effect = _course(who, made, pump)
    after = np.linspace(0.0, tail_h, _TAIL_LOOKS + 1)[1:]
    then = states(who.rates, made.ended, np.zeros_like(made.ended), after)
    ends = (*(each.from_h for each in targets[1:]), stop)
    return Aimed(
        who=who,
        pump=pump,
        site=site,
        stop_h=stop,
        made=made,
        settings=_settings(made, pump),
        times_h=np.concatenate([times, stop + after]),
        plasma=np.concatenate([plasma, then @ vein(who)[1]]),
        effect=np.concatenate([effect, _effect_of(who, then)]),
        aims=_aims(targets, ends, times, plasma if site == "plasma" else effect),
        without_limits=_free_aims(who, free, pump, targets, ends, site),
        free_mg=free.given_mg,
        falls=_falls(who, made.ended, stop),
    )


def _without_limits(pump: Pump) -> Pump:
    """What no plasma may be led beyond stays: that is the person's limit, not the pump's."""
    return replace(
        pump,
        most_ml_per_h=_UNBOUND,
        step_ml_per_h=1.0 / _UNBOUND,
        most_bolus_mg=math.inf,
        bolus_step_ml=1.0 / _UNBOUND,
    )


def _effect_of(who: Subject, there: Floats) -> Floats:
    if who.model.effect_site is None:
        return np.full(there.shape[:-1], np.nan)
    return np.asarray(there[..., -1])


def _course(who: Subject, made: Scheme, pump: Pump) -> tuple[Floats, Floats, Floats]:
    """Times from 0 to the stop with both sites: just after each setting, and on to the next."""
    parts = min(max(round(pump.update_s / _FINE_S), 1), _MOST_FINE)
    share = np.concatenate([[0.0], np.arange(1, parts + 1) / parts])
    hours = np.maximum(share * pump.update_h, _JUST_AFTER_H)
    central, read = vein(who)
    n = who.rates.shape[0]
    unit = np.zeros(n)
    unit[central] = 1.0
    decays = propagators(who.rates, hours)
    gains = states(who.rates, np.zeros(n), unit, hours)
    rates = made.ml_per_h * pump.mg_per_ml
    there = np.einsum("fij,kj->kfi", decays, made.begun)
    there += rates[:, None, None] * gains[None]
    times = (made.times_h[:, None] + hours).ravel()
    whole = there.reshape(-1, n)
    # Before the first setting nothing is there.
    return (
        np.concatenate([[0.0], times]),
        np.concatenate([[0.0], whole @ read]),
        np.concatenate([[0.0], _effect_of(who, whole)]),
    )


def _settings(made: Scheme, pump: Pump) -> tuple[Setting, ...]:
    """Steps in which nothing is changed are one setting."""
    new = np.diff(made.ml_per_h, prepend=-1.0) != 0.0
    new |= made.bolus_mg > 0.0
    begins = np.flatnonzero(new)
    ends = np.append(begins[1:], made.times_h.size)
    return tuple(
        Setting(
            from_h=float(made.times_h[begin]),
            until_h=float(end * pump.update_h),
            ml_per_h=float(made.ml_per_h[begin]),
            mg_per_h=float(made.ml_per_h[begin] * pump.mg_per_ml),
            bolus_mg=float(made.bolus_mg[begin]),
            plasma=float(made.plasma[end - 1]),
            effect=float(made.effect[end - 1]),
        )
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
    )


def _free_aims(
    who: Subject, free: Scheme, pump: Pump, targets: Sequence[Target], ends: Sequence[float],
    site: Site,
) -> tuple[Aim, ...]:  # fmt: skip
    times, plasma, effect = _course(who, free, pump)
    return _aims(targets, ends, times, plasma if site == "plasma" else effect)


def _aims(
    targets: Sequence[Target], ends: Sequence[float], times: Floats, values: Floats
) -> tuple[Aim, ...]:
    made = []
    for target, until_h in zip(targets, ends, strict=True):
        inside = (times > target.from_h + 0.5 * _JUST_AFTER_H) & (times <= until_h + 1e-9)
        at, seen = times[inside], values[inside]
        begun = float(values[times <= target.from_h + 1e-9][-1])
        wanted = target.ng_per_ml
        near = np.abs(seen - wanted) <= WITHIN * wanted + 1e-9
        # What jumps past the target has reached it, too.
        past = seen >= wanted if begun < wanted else seen <= wanted
        there = np.flatnonzero(near | past)
        first = int(there[0]) if there.size else None
        made.append(
            Aim(
                target=target,
                until_h=until_h,
                begun=begun,
                after_h=None if first is None else max(float(at[first]) - target.from_h, 0.0),
                highest=float(seen.max()),
                lowest=math.nan if first is None else float(seen[first:].min()),
                ended=float(seen[-1]),
            )
        )
    return tuple(made)


def _falls(who: Subject, ended: Floats, stop_h: float) -> tuple[Fall, ...]:
    """Nothing where nothing was given."""
    sites: tuple[Site, ...] = ("plasma", "effect")
    if who.model.effect_site is None:
        sites = ("plasma",)
    if not ended.any():
        return ()
    return tuple(
        Fall(
            site=site,
            share=share,
            after_h=fall_time(who, ended, share=share, site=site),
            after_plateau_h=decrement_time(who, held_h=stop_h, share=share, site=site),
        )
        for site in sites
        for share in FALLS
    )


def findings(aimed: Aimed) -> list[str]:
    """Everything that a reader must be told, one sentence or two each, targets first."""
    told = [_target_words(*each) for each in zip(aimed.aims, aimed.without_limits, strict=True)]
    if aimed.site == "effect":
        peak = float(aimed.plasma.max())
        most = max(each.target.ng_per_ml for each in aimed.aims)
        if peak > (1.0 + WITHIN) * most:
            told.append(
                f"To fill the effect site, plasma rises to {_ng(peak)} ng/mL, "
                f"{peak / most:.2g} times the highest target."
            )
    told += _limit_words(aimed)
    return told


def _target_words(one: Aim, free: Aim) -> str:
    wanted = one.target.ng_per_ml
    what = f"{_ng(wanted)} ng/mL from {minutes(one.target.from_h)}"
    span = minutes(one.until_h - one.target.from_h)
    if wanted == 0.0:
        return f"{what}: nothing is given; {_ng(one.ended)} ng/mL is left {span} later."
    if one.after_h is None:
        told = f"{what}: NOT reached in its {span}; {_ng(one.ended)} ng/mL at its end."
        if not one.rises:
            return told + " Nothing can be taken out again: it only falls by itself."
        if free.after_h is None:
            return told + " A pump without limits would not reach it either."
        when = f"after {minutes(free.after_h)}" if free.after_h > 1e-4 else "at once"
        return told + f" A pump without limits would reach it {when}."
    when = f"after {minutes(one.after_h)}" if one.after_h > 1e-4 else "at once"
    told = f"{what}: within {100 * WITHIN:g}% of it {when}"
    if one.rises and free.after_h is not None and one.after_h - free.after_h > 1.0 / 120.0:
        told += f" ({minutes(one.after_h - free.after_h)} later than by a pump without limits)"
    over = one.highest / wanted - 1.0
    if one.begun <= wanted:
        told += f"; highest {_ng(one.highest)} ng/mL"
        told += f", {100 * over:.1f}% above" if over > 0.001 else ", never above"
    under = 1.0 - one.lowest / wanted
    held = "lowest afterwards" if under <= 2 * WITHIN else "then NOT held, down to"
    told += f"; {held} {_ng(one.lowest)} ng/mL"
    return told + (f", {100 * under:.1f}% below." if under > 0.001 else ".")


def _limit_words(aimed: Aimed) -> list[str]:
    made, pump = aimed.made, aimed.pump
    told = []
    if aimed.at_most_h:
        told.append(
            f"The pump ran at its most, {pump.most_ml_per_h:g} mL/h, for "
            f"{minutes(aimed.at_most_h)} while the target asked for more."
        )
    for at in np.flatnonzero(made.asked_bolus_mg > 0.0).tolist():
        asked, given = float(made.asked_bolus_mg[at]), float(made.bolus_mg[at])
        words = f"The target at {minutes(float(made.times_h[at]))} asks for {_ng(asked)} mg at once"
        if asked > pump.most_bolus_mg:
            told.append(f"{words}; the largest bolus is {pump.most_bolus_mg:g} mg.")
        elif given == 0.0:
            quantum = pump.bolus_step_ml * pump.mg_per_ml
            told.append(
                f"{words}, less than the smallest bolus of this syringe ({quantum:g} mg in "
                f"{pump.bolus_step_ml:g} mL): none is given."
            )
    idle = (made.asked_ml_per_h > 0.0) & (made.ml_per_h == 0.0)
    if idle.any():
        told.append(
            f"At {int(idle.sum())} of {idle.size} settings the target asked for less than the "
            f"smallest rate, {pump.step_ml_per_h:g} mL/h: nothing was given. A weaker syringe "
            "can be set more finely."
        )
    less = aimed.free_mg - made.given_mg
    told.append(
        f"Given until the stop: {_ng(made.given_mg)} mg, "
        f"{_ng(made.given_mg / pump.mg_per_ml)} mL; without limits {_ng(aimed.free_mg)} mg"
        + (f" ({_ng(abs(less))} mg {'more' if less > 0 else 'less'})." if abs(less) > 0.05 else ".")
    )
    return told


def _ng(value: float) -> str:
    """Three significant digits, never a power of ten."""
    if abs(value) < 1e-6:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, 4)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def clock(hours: float) -> str:
    """ "26:20": minutes and seconds, as a pump's clock shows them."""
    seconds = round(hours * 3600.0)
    return f"{seconds // 60}:{seconds % 60:02d}"


def minutes(hours: float) -> str:
    """ "40 s", "4.2 min", "3.5 h"."""
    seconds = hours * 3600.0
    if seconds < 0.5:
        return "0 min"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{_ng(seconds / 60)} min"
    return f"{_ng(hours)} h"
