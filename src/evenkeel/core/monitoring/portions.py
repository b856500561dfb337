"""A treatment's dose, as it was given and as it is still planned, in portions for a model.

In: the folded dose, or a plan. Out: portions, or why there are none. An infusion runs on
at its rate until its plan is in, unless it is paused or over; a device to come stands at
the earliest moment that it may be used. Nothing here decides anything of the treatment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.monitoring.doses import Dose, Stretch
from evenkeel.core.pharmacology.shown.serving import Portion

# Judgement: a tap comes a little early or late. Beyond this, times and amount are two stories.
_APART = Decimal("0.1")
_MINUTE = Decimal(60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portions:
    """portions: from the first drop or device on. why_not: no portion can be told, and why.

    words: what a reader must know of how they were made; empty when there is nothing.
    """

    portions: tuple[Portion, ...] = ()
    why_not: str = ""
    words: str = ""


def planned_infusion(mg: Decimal, minutes: int) -> Portions:
    """An infusion as planned: one rate from its start on."""
    return Portions(portions=(Portion(after_s=0, mg=_mg(mg), lasts_s=minutes * 60),))


def planned_spray(device_mg: Decimal, devices: int, apart_minutes: int) -> Portions:
    """A spray as planned: each device at the earliest moment that it may be used."""
    return Portions(
        portions=tuple(
            Portion(after_s=k * apart_minutes * 60, mg=_mg(device_mg), device=k + 1)
            for k in range(devices)
        )
    )


def portions_of(dose: Dose, now: datetime, *, device_mg: Decimal, apart_minutes: int) -> Portions:
    """A dose that has begun: what was given up to ``now``, and then as planned.

    device_mg, apart_minutes: of the product's device, for those still to come; not read
        for an infusion.
    """
    if dose.route == "nasal":
        return _spray(dose, now, device_mg, apart_minutes)
    return _closed(dose) if dose.is_over else _under_way(dose, now)


def _spray(dose: Dose, now: datetime, device_mg: Decimal, apart_minutes: int) -> Portions:
    made = [
        Portion(after_s=_after(dose, each.at), mg=_mg(each.mg), device=number)
        for number, each in enumerate(dose.given_devices, start=1)
    ]
    left = 0 if dose.is_over else dose.devices - len(made)
    if made and left > 0:
        # To the whole minute, so that a device that waits does not change the line each second.
        minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        earliest = dose.given_devices[-1].at + timedelta(minutes=apart_minutes)
        first = earliest if earliest > now else minute
        made += [
            Portion(
                after_s=_after(dose, first + timedelta(minutes=k * apart_minutes)),
                mg=_mg(device_mg),
                device=len(made) + 1 + k,
            )
            for k in range(left)
        ]
    if not made:
        return Portions(why_not="No device has been used.")
    return Portions(portions=tuple(made))


def _under_way(dose: Dose, now: datetime) -> Portions:
    stretches = list(dose.stretches)
    if not dose.running:
        made = tuple(_portion(dose, each) for each in stretches)
        if not made:
            return Portions(why_not="Nothing had been given when the infusion was paused.")
        return Portions(
            portions=made, words="Paused: drawn as if nothing more were given from here on."
        )
    rate = (dose.rate_ml_per_h or Decimal(0)) * (dose.mg_per_ml or Decimal(0)) / _MINUTE
    if rate <= 0:
        return Portions(why_not="The strength or the rate of the infusion is not known.")
    # The running stretch ends at ``now``; drawn to its planned end, it stays the same line.
    running = stretches.pop() if stretches and _runs_on(dose, stretches[-1], rate, now) else None
    before = sum((_given(each) for each in stretches), Decimal(0))
    left = dose.planned_mg - before
    start = running.start if running is not None else now
    made = tuple(_portion(dose, each) for each in stretches)
    if left > 0:
        made += (
            Portion(
                after_s=_after(dose, start),
                mg=_mg(left),
                lasts_s=max(round(left / rate * 60), 1),
            ),
        )
    return Portions(portions=made)


def _runs_on(dose: Dose, last: Stretch, rate: Decimal, now: datetime) -> bool:
    """Is this stretch the one that runs now (or ran until the whole plan was in)?"""
    return last.mg_per_min == rate and (last.end >= now or dose.left_mg == 0)


def _closed(dose: Dose) -> Portions:
    """Times and rates tell when, the closed account tells how much."""
    counted = sum((_given(each) for each in dose.stretches), Decimal(0))
    given = dose.given_mg
    if given == 0:
        return Portions(why_not="Nothing was given.")
    if counted == 0 or abs(given - counted) > _APART * max(given, counted):
        return Portions(
            why_not=f"The record says that {plain(given)} mg were given; its rates and times come "
            f"to {plain(counted.quantize(Decimal('0.1')))} mg. Which of them holds is not known, "
            "so nothing is drawn."
        )
    share = given / counted
    return Portions(portions=tuple(_portion(dose, each, share) for each in dose.stretches))


def _given(stretch: Stretch) -> Decimal:
    seconds = Decimal((stretch.end - stretch.start) // timedelta(microseconds=1)) / 1_000_000
    return stretch.mg_per_min * seconds / _MINUTE


def _portion(dose: Dose, stretch: Stretch, share: Decimal = Decimal(1)) -> Portion:
    return Portion(
        after_s=_after(dose, stretch.start),
        mg=_mg(_given(stretch) * share),
        lasts_s=max(round((stretch.end - stretch.start).total_seconds()), 1),
    )


def _after(dose: Dose, at: datetime) -> int:
    return round((at - dose.started_at).total_seconds())


def _mg(amount: Decimal) -> float:
    return float(round(amount, 3))
