"""The order of a dose: a prescriber's for today, or the course's put down for today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from evenkeel.core.kernel.quantities import Mass, MassPerWeight
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.pharmacology.doses.dosing import CannotDose, plan_spray, within_limits
from evenkeel.core.pharmacology.doses.products import Product, product
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import DoseOrder, Treatment
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.services.timeline import NotNow, hold


@transaction.atomic
def order_dose(
    *,
    treatment: Treatment,
    mg_per_kg: Decimal | None,
    mg: Decimal | None,
    weight_basis: str,
    minutes: int | None,
    limits: Mapping[str, Mapping[str, int]],
    reason: str,
    by: Any,
    at: datetime,
) -> DoseOrder:
    """A prescriber orders today's dose and, if wanted, today's alarm limits.

    Raises:
        Denied: not a prescriber. NotNow: the dose has begun, or above the soft limit
            without a reason. CannotDose: above the hard limit, or no dose of this product.
    """
    permissions.check_may(by, "dose.order")
    treatment = hold(treatment)
    if selectors.state_of(treatment, at).dose is not None:
        raise NotNow("The dose has begun; it cannot be ordered anew. Nothing was changed.")
    what = product(treatment.course.product)
    if what.devices is not None:
        plan_spray(product=what, dose=Mass(mg or Decimal(0)))
    else:
        _check_by_weight(what, mg_per_kg, minutes, reason)
    order = DoseOrder.objects.create(
        treatment=treatment,
        product=what.id,
        mg_per_kg=mg_per_kg if what.devices is None else None,
        mg=mg if what.devices is not None else None,
        weight_basis=weight_basis if what.devices is None else "",
        minutes=minutes if what.devices is None else None,
        limits={key: dict(numbers) for key, numbers in limits.items()},
        reason=reason.strip(),
        by=by,
        at=at,
    )
    ledger.append(
        "dose.ordered",
        sentence=f"{by.short_name} ordered the dose of {treatment.patient.short_name}.",
        by=by,
        at=at,
        patient=treatment.patient,
        subject=order,
        data=_order_data(order),
        reason=reason.strip(),
    )
    return order


def _check_by_weight(
    what: Product, mg_per_kg: Decimal | None, minutes: int | None, reason: str
) -> None:
    if not mg_per_kg or not minutes:
        raise CannotDose("An infusion needs mg/kg and minutes. Nothing was written.")
    verdict = within_limits(what, MassPerWeight(mg_per_kg))
    if verdict.answer is Answer.NO:
        raise CannotDose(f"{verdict.reason} ({verdict.source}). Nothing was written.")
    if verdict.answer is Answer.JUDGE and not reason.strip():
        raise NotNow(f"{verdict.reason} ({verdict.source}). Nothing was written.")


def _order_data(order: DoseOrder) -> dict[str, Any]:
    return {
        "treatment": order.treatment_id,
        "mg_per_kg": str(order.mg_per_kg) if order.mg_per_kg is not None else None,
        "mg": str(order.mg) if order.mg is not None else None,
        "weight_basis": order.weight_basis,
        "minutes": order.minutes,
        "limits": order.limits,
    }


def order_from_course(treatment: Treatment, at: datetime) -> DoseOrder:
    """The standing order, or the course's prescription put down as today's order.

    The prescriber signed it with the course; nobody signs in their name today.
    """
    standing = selectors.standing_order(treatment)
    if standing is not None:
        return standing
    course = treatment.course
    what = product(course.product)
    by_weight = what.devices is None
    return DoseOrder.objects.create(
        treatment=treatment,
        product=course.product,
        mg_per_kg=course.dose_mg_per_kg if by_weight else None,
        mg=None if by_weight else course.dose_mg,
        weight_basis="actual" if by_weight else "",
        minutes=course.minutes if by_weight else None,
        reason="as ordered with the course",
        by=course.prescriber,
        at=course.created_at,
    )
