"""From an order, a weight and a label to a dose, a volume and a rate.

All arithmetic is exact in decimals; rounding happens once, at the end of each
number, to the step that the product states, half to even. The dose that is
given is the rounded one, and volume and rate follow from it, so that the three
numbers on the screen agree with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Literal

from evenkeel.core.kernel.quantities import (
    Concentration,
    FlowRate,
    Mass,
    MassPerWeight,
    Volume,
    Weight,
    plain,
)
from evenkeel.core.kernel.verdicts import Verdict, judge, no, yes
from evenkeel.core.pharmacology.doses.products import Product, Rounding

Basis = Literal["actual", "ideal"]

# Not clinical: outside these a weight is taken for a typing mistake.
_PLAUSIBLE_KG = (Decimal(20), Decimal(400))
_PLAUSIBLE_CM = (Decimal(100), Decimal(250))
_EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)


class CannotDose(ValueError):
    """The order cannot be turned into numbers; the message says what to do."""


def to_step(value: Decimal, step: Decimal) -> Decimal:
    """The multiple of ``step`` nearest to ``value``; a tie goes to the even one."""
    return (value / step).quantize(Decimal(1), rounding=ROUND_HALF_EVEN, context=_EXACT) * step


def ideal_weight(*, sex: str, height_cm: Decimal) -> Weight:
    """Ideal body weight after Devine 1974.

    sex: "male" or "female"; for others the formula says nothing and neither do we.
    height_cm: at least 152.4 cm, below which the formula was not meant.

    Raises:
        CannotDose: another sex, or a height outside the formula.

    Source: Devine 1974, Drug Intell Clin Pharm 8:650-655 (known, not re-read).
    """
    base = {"male": Decimal(50), "female": Decimal("45.5")}.get(sex)
    if base is None:
        raise CannotDose(
            "Ideal weight has a formula for men and for women only, and the record says neither. "
            "Ask the prescriber to order by actual weight."
        )
    if not Decimal("152.4") <= height_cm <= _PLAUSIBLE_CM[1]:
        raise CannotDose(
            f"Ideal weight cannot be worked out for {plain(height_cm)} cm: the formula begins at "
            "152.4 cm. Ask the prescriber to order by actual weight."
        )
    inches_over = height_cm / Decimal("2.54") - 60
    return Weight(to_step(base + Decimal("2.3") * inches_over, Decimal("0.1")))


def check_weight(weight: Weight) -> None:
    """Refuse what is more likely a slip than a person."""
    low, high = _PLAUSIBLE_KG
    if not low <= weight.kg <= high:
        raise CannotDose(
            f"{weight} is taken for a typing mistake: weights run from {low} to {high} kg here. "
            "Weigh again and write kilograms."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InfusionPlan:
    """One infusion in numbers. ``draw`` from the vial, ``diluent`` added, ``total`` run."""

    per_weight: MassPerWeight
    weight: Weight
    basis: Basis
    minutes: int
    dose: Mass
    vial: Concentration
    draw: Volume
    diluent: Volume
    total: Volume
    final: Concentration
    rate: FlowRate
    exact_mg: Decimal

    def answers(self) -> dict[str, Decimal]:
        """What a second person works out on their own: mg, mL from the vial, mL/h."""
        return {"dose": self.dose.mg, "volume": self.draw.ml, "rate": self.rate.ml_per_h}


def plan_infusion(
    *,
    product: Product,
    per_weight: MassPerWeight,
    weight: Weight,
    basis: Basis,
    minutes: int,
    vial: Concentration,
) -> InfusionPlan:
    """Dose, volume and rate of one infusion.

    minutes: whole minutes the infusion runs, more than 0.
    vial: strength on the label of what is drawn, not below the final strength.

    Raises:
        CannotDose: not an infusion, no time, an implausible weight, above the hard
            limit, or a vial weaker than what is to run.
    """
    limits, steps = product.by_weight, product.rounding
    if limits is None or steps is None:
        raise CannotDose(f"{product.name} is not given by weight. Order a number of devices.")
    if minutes <= 0:
        raise CannotDose("The order has no minutes to run over. Ask the prescriber to write them.")
    if per_weight.mg_per_kg <= 0:
        raise CannotDose("The order says 0 mg/kg. Ask the prescriber for the dose.")
    check_weight(weight)
    if per_weight > limits.hard:
        raise CannotDose(
            f"{per_weight} is above {limits.hard}, the most this clinic gives "
            f"({limits.hard_source}). Nothing was worked out. Ask the prescriber for a new order."
        )
    final = limits.final
    if vial < final:
        raise CannotDose(f"A vial of {vial} is weaker than the {final} that is to run.")
    with localcontext(_EXACT):
        exact = per_weight.mg_per_kg * weight.kg
        dose = Mass(to_step(exact, steps.dose_mg))
        draw = Volume(to_step(dose.mg / vial.mg_per_ml, steps.volume_ml))
        total = Volume(to_step(dose.mg / final.mg_per_ml, steps.volume_ml))
        rate = FlowRate(to_step(total.ml * 60 / minutes, steps.rate_ml_per_h))
    if dose.mg <= 0 or rate.ml_per_h <= 0:
        raise CannotDose("The dose rounds to nothing. Ask the prescriber for a new order.")
    return InfusionPlan(
        per_weight=per_weight,
        weight=weight,
        basis=basis,
        minutes=minutes,
        dose=dose,
        vial=vial,
        draw=draw,
        diluent=Volume(total.ml - draw.ml),
        total=total,
        final=final,
        rate=rate,
        exact_mg=exact,
    )


def within_limits(product: Product, per_weight: MassPerWeight) -> Verdict:
    """May this dose by weight be ordered as it is?"""
    limits = product.by_weight
    if limits is None:
        return no(f"{product.name} is not given by weight")
    if per_weight > limits.hard:
        return no(
            f"{per_weight} is above {limits.hard}, the most this clinic gives", limits.hard_source
        )
    if per_weight > limits.soft:
        return judge(
            f"{per_weight} is above {limits.soft}: the prescriber must write why",
            limits.soft_source,
            role="prescriber",
        )
    return yes(f"{per_weight} is not above {limits.soft}", limits.soft_source)


@dataclass(frozen=True, slots=True, kw_only=True)
class SprayPlan:
    """One nasal treatment: so many devices of so many mg."""

    dose: Mass
    per_device: Mass
    devices: int
    apart_minutes: int

    def answers(self) -> dict[str, Decimal]:
        """What a second person works out on their own."""
        return {"dose": self.dose.mg, "devices": Decimal(self.devices)}


def plan_spray(*, product: Product, dose: Mass) -> SprayPlan:
    """The number of devices in a dose.

    Raises:
        CannotDose: not a spray, a dose that is no whole number of devices, or too many.
    """
    devices = product.devices
    if devices is None:
        raise CannotDose(f"{product.name} is not a spray. Order mg/kg and minutes.")
    count = dose.mg / devices.mg.mg
    if count != count.to_integral_value() or count < 1:
        raise CannotDose(
            f"{dose} is not a whole number of {devices.mg} devices, and a device is never split. "
            "Ask the prescriber for a new order."
        )
    if count > devices.most:
        raise CannotDose(
            f"{dose} is {plain(count)} devices, more than {devices.most} ({devices.most_source}). "
            "Ask the prescriber for a new order."
        )
    return SprayPlan(
        dose=dose,
        per_device=devices.mg,
        devices=int(count),
        apart_minutes=devices.apart_minutes,
    )


def disagreeing(
    first: Mapping[str, Decimal], second: Mapping[str, Decimal], rounding: Rounding | None
) -> tuple[str, ...]:
    """The fields in which a second answer differs from the first, in their order.

    Both are rounded to the product's steps first: 3.8 and 3.80 agree. A missing
    answer disagrees. Nothing about the right number is said.
    """
    steps = (
        {
            "dose": rounding.dose_mg,
            "volume": rounding.volume_ml,
            "rate": rounding.rate_ml_per_h,
        }
        if rounding
        else {}
    )

    def same(field: str) -> bool:
        if field not in second:
            return False
        step = steps.get(field)
        if step is None:
            return first[field] == second[field]
        return to_step(first[field], step) == to_step(second[field], step)

    return tuple(field for field in first if not same(field))


def to_waste(*, drawn: Mass, given: Mass) -> Mass:
    """What is left of what was drawn.

    Raises:
        CannotDose: more given than was drawn.
    """
    if given > drawn:
        raise CannotDose(
            f"{given} given is more than {drawn} drawn. One of them is wrong; nothing was written."
        )
    return Mass(drawn.mg - given.mg)
