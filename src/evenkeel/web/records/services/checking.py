"""The dose worked out by one person and answered on their own by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from evenkeel.core.kernel.quantities import (
    Concentration,
    Mass,
    MassPerWeight,
    Weight,
    plain,
    read_decimal,
)
from evenkeel.core.monitoring.fold import Phase, State
from evenkeel.core.pharmacology.doses.dosing import (
    CannotDose,
    InfusionPlan,
    SprayPlan,
    ideal_weight,
    plan_infusion,
    plan_spray,
)
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Container, DoseCheck, DoseOrder, Task, Treatment
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.selectors.dose_checks import TRIES, differing, standing_of
from evenkeel.web.records.services import register, tasks
from evenkeel.web.records.services.ordering import order_from_course
from evenkeel.web.records.services.signatures import Signature
from evenkeel.web.records.services.timeline import NotNow, hold

Plan = InfusionPlan | SprayPlan


def plan_for(*, order: DoseOrder, state: State, vial: Concentration | None) -> Plan:
    """The order in numbers, with today's weight and, for ideal weight, today's height.

    Raises:
        CannotDose: the weight or the vial is missing, or the order makes no dose.
    """
    what = product(order.product)
    if what.devices is not None:
        return plan_spray(product=what, dose=Mass(order.mg or Decimal(0)))
    said = selectors.weight_of(state)
    if said is None:
        raise CannotDose("Nobody has weighed the patient today. Weigh first.")
    if vial is None:
        raise CannotDose("No vial is chosen, so its strength is not known. Choose one.")
    weight, basis = Weight(said[0]), "actual"
    if order.weight_basis == "ideal":
        height = said[1].values.get("height_cm", "")
        if not height:
            raise CannotDose(
                "The order is by ideal weight, and nobody has measured the height today. Write it "
                "down with the weight."
            )
        weight = ideal_weight(sex=order.treatment.patient.sex, height_cm=read_decimal(height, "cm"))
        basis = "ideal"
    return plan_infusion(
        product=what,
        per_weight=MassPerWeight(order.mg_per_kg or Decimal(0)),
        weight=weight,
        basis="ideal" if basis == "ideal" else "actual",
        minutes=order.minutes or 0,
        vial=vial,
    )


@transaction.atomic
def first_check(
    *,
    treatment: Treatment,
    container_ids: list[int],
    by: Any,
    at: datetime,
) -> DoseCheck:
    """Work out the dose from order, weight and label, and seal it for the second person.

    Raises:
        Denied, NotNow, CannotDose, DoesNotAddUp.
    """
    permissions.check_may(by, "dose.calculate")
    treatment = hold(treatment)
    state = selectors.state_of(treatment, at)
    if state.dose is not None or state.phase not in {Phase.GATE, Phase.GO}:
        raise NotNow("A dose is worked out before it begins. Nothing was written.")
    order = order_from_course(treatment, at)
    boxes = _boxes(treatment, container_ids, at)
    plan = plan_for(
        order=order,
        state=state,
        vial=Concentration(boxes[0].mg_per_ml) if boxes[0].mg_per_ml is not None else None,
    )
    if isinstance(plan, SprayPlan) and len(boxes) != plan.devices:
        raise CannotDose(
            f"The order is {plain(plan.dose.mg)} mg: choose {plan.devices} devices, not "
            f"{len(boxes)}. Nothing was written."
        )
    if sum((box.mg for box in boxes), Decimal(0)) < plan.dose.mg:
        raise CannotDose("The containers chosen hold less than the dose. Choose another one.")
    rounds = order.checks.filter(turn=DoseCheck.Turn.FIRST).count()
    answers: dict[str, Any] = {name: str(value) for name, value in plan.answers().items()}
    answers["containers"] = [box.pk for box in boxes]
    if isinstance(plan, InfusionPlan):
        answers |= {
            "weight_kg": str(plan.weight.kg),
            "basis": plan.basis,
            "minutes": plan.minutes,
            "vial_mg_per_ml": str(plan.vial.mg_per_ml),
            "final_mg_per_ml": str(plan.final.mg_per_ml),
            "total_ml": str(plan.total.ml),
            "diluent_ml": str(plan.diluent.ml),
        }
    check = DoseCheck.objects.create(
        order=order, turn=DoseCheck.Turn.FIRST, round=rounds + 1, answers=answers, by=by, at=at
    )
    ledger.append(
        "dose.calculated",
        sentence=f"{by.short_name} worked out the dose of {treatment.patient.short_name}.",
        by=by,
        at=at,
        patient=treatment.patient,
        subject=check,
        data={"treatment": treatment.pk, "answers": answers, "round": check.round},
    )
    return check


def _boxes(treatment: Treatment, ids: list[int], at: datetime) -> list[Container]:
    known = {
        box.pk: box for box in register.usable(treatment.course.product, at).filter(pk__in=ids)
    }
    if not ids or set(ids) != set(known) or len(set(ids)) != len(ids):
        raise register.DoesNotAddUp(
            "Choose what is drawn: each container once, in the safe and not expired. Nothing was "
            "written."
        )
    boxes = [known[key] for key in ids]
    if len({box.mg_per_ml for box in boxes}) != 1:
        raise register.DoesNotAddUp(
            "The containers have different strengths, which makes two calculations. Nothing was "
            "written. Choose containers of one strength."
        )
    return boxes


@transaction.atomic
def second_check(
    *,
    treatment: Treatment,
    answers: Mapping[str, Decimal],
    signature: Signature,
    at: datetime,
) -> DoseCheck:
    """Another person's own answer. It agrees or it does not; it never says by how much.

    After a second disagreement both start again, and the prescriber gets a task.

    Raises:
        Denied: the role may not check. NotNow: nothing to check, or the same person.
    """
    by = signature.user
    permissions.check_may(by, "dose.check")
    treatment = hold(treatment)
    now = standing_of(treatment)
    if now.first is None or now.order is None:
        raise NotNow("Nobody has worked the dose out yet. Nothing was written.")
    if now.is_agreed:
        raise NotNow("The two answers agree already. Nothing was written.")
    if now.first.by_id == by.pk:
        raise NotNow(
            f"{by.short_name} made the first calculation. A second check is another person's: "
            "nobody finds their own slip. Nothing was written. Let a colleague sign."
        )
    different = differing(now.order, now.first, {k: str(v) for k, v in answers.items()})
    check = DoseCheck.objects.create(
        order=now.order,
        turn=DoseCheck.Turn.SECOND,
        round=now.first.round,
        first=now.first,
        answers={name: str(value) for name, value in answers.items()},
        agrees=not different,
        by=by,
        at=at,
    )
    word = "agrees with" if check.agrees else "does not agree with"
    ledger.append(
        "dose.checked",
        sentence=(
            f"{by.short_name} checked the dose of {treatment.patient.short_name} on their own: it "
            f"{word} the first answer."
        ),
        by=by,
        at=at,
        patient=treatment.patient,
        subject=check,
        data={"treatment": treatment.pk, "differs_in": list(different), "round": check.round},
    )
    if different and now.failed + 1 >= TRIES:
        tasks.open_task(
            kind=Task.Kind.DOSE_DISAGREEMENT,
            title=f"Two people do not agree on today's dose, {treatment.chair.name}",
            due_at=at + timedelta(minutes=15),
            at=at,
            patient=treatment.patient,
            course=treatment.course,
            owner=treatment.prescriber,
            detail=f"Differs in: {', '.join(different)}. Both start again.",
            cause=f"dose:{treatment.pk}:{now.first.round}",
            by=by,
        )
    return check
