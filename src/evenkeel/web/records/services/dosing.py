"""The dose: ordered, worked out, checked by a second person, given, ended.

Giving is one transaction: the register line, the event, the baseline of the
course and the ledger entries are written together or not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.kernel.quantities import (
    Concentration,
    Mass,
    MassPerWeight,
    Weight,
    plain,
    read_decimal,
)
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.fold import Phase, State
from evenkeel.core.pharmacology.dosing import (
    CannotDose,
    InfusionPlan,
    SprayPlan,
    disagreeing,
    ideal_weight,
    plan_infusion,
    plan_spray,
    within_limits,
)
from evenkeel.core.pharmacology.products import Product, product
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import (
    Container,
    DoseCheck,
    DoseOrder,
    Task,
    Treatment,
    TreatmentEvent,
)
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.services import courses, register, tasks
from evenkeel.web.records.services.signatures import Signature
from evenkeel.web.records.services.timeline import (
    NotNow,
    before,
    believable,
    hold,
    set_status,
    write,
)

TRIES = 2
Plan = InfusionPlan | SprayPlan


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the two-person check stands.

    failed: how many second answers disagreed with this first one.
    agreed: fields whose answers agree, for unsealing.
    """

    order: DoseOrder | None
    first: DoseCheck | None
    second: DoseCheck | None
    failed: int
    agreed: frozenset[str]

    @property
    def is_agreed(self) -> bool:
        return self.second is not None and bool(self.second.agrees)


def standing_of(treatment: Treatment) -> Standing:
    """The latest first calculation under the standing order, and its second answers."""
    order = selectors.standing_order(treatment)
    first = (
        order.checks.filter(turn=DoseCheck.Turn.FIRST).select_related("by").order_by("-id").first()
        if order
        else None
    )
    seconds = list(first.seconds.select_related("by").order_by("id")) if first else []
    last = seconds[-1] if seconds else None
    failed = sum(1 for each in seconds if each.agrees is False)
    if failed >= TRIES:
        # Both start again: what was answered before is not shown and does not count.
        return Standing(order=order, first=None, second=None, failed=0, agreed=frozenset())
    agreed: frozenset[str] = frozenset()
    if first is not None and last is not None:
        agreed = frozenset(_fields(first)) - set(_differing(order, first, last.answers))
    return Standing(order=order, first=first, second=last, failed=failed, agreed=agreed)


def _fields(check: DoseCheck) -> list[str]:
    return [name for name in ("dose", "volume", "rate", "devices") if name in check.answers]


def _numbers(answers: Mapping[str, Any], names: list[str]) -> dict[str, Decimal]:
    return {name: Decimal(str(answers[name])) for name in names if name in answers}


def _differing(
    order: DoseOrder | None, first: DoseCheck, answers: Mapping[str, Any]
) -> tuple[str, ...]:
    names = _fields(first)
    rounding = product(order.product).rounding if order else None
    return disagreeing(_numbers(first.answers, names), _numbers(answers, names), rounding)


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
    differing = _differing(now.order, now.first, {k: str(v) for k, v in answers.items()})
    check = DoseCheck.objects.create(
        order=now.order,
        turn=DoseCheck.Turn.SECOND,
        round=now.first.round,
        first=now.first,
        answers={name: str(value) for name, value in answers.items()},
        agrees=not differing,
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
        data={"treatment": treatment.pk, "differs_in": list(differing), "round": check.round},
    )
    if differing and now.failed + 1 >= TRIES:
        tasks.open_task(
            kind=Task.Kind.DOSE_DISAGREEMENT,
            title=f"Two people do not agree on today's dose, {treatment.chair.name}",
            due_at=at + timedelta(minutes=15),
            at=at,
            patient=treatment.patient,
            course=treatment.course,
            owner=treatment.prescriber,
            detail=f"Differs in: {', '.join(differing)}. Both start again.",
            cause=f"dose:{treatment.pk}:{now.first.round}",
            by=by,
        )
    return check


@transaction.atomic
def start_dose(*, treatment: Treatment, by: Any, at: datetime, client: UUID) -> TreatmentEvent:
    """The drug begins: register, event, baseline and ledger in one transaction.

    For a spray this is the first device.

    Raises:
        Denied, NotNow (no go, no agreed check), DoesNotAddUp (the container).
    """
    permissions.check_may(by, "dose.give")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.DoseStarted.kind, by)) is not None:
        return row
    state = selectors.state_of(treatment, at)
    if state.dose is not None:
        raise NotNow("The dose has begun already. Nothing was written.")
    _check_go(treatment, state)
    checked = standing_of(treatment)
    if not checked.is_agreed or checked.first is None or checked.order is None:
        raise NotNow("Two people have not agreed on the dose yet. Nothing was written.")
    _check_unchanged(checked.first, state)
    answers = checked.first.answers
    what = product(checked.order.product)
    nasal = what.devices is not None
    wanted = answers["containers"][:1] if nasal else answers["containers"]
    for key in wanted:
        register.draw(container_id=key, treatment=treatment, by=by, at=at)
    courses.freeze_baseline(course=treatment.course, at=at, by=by)
    set_status(treatment, Treatment.Status.DOSING)
    event = e.DoseStarted(
        id=str(client),
        at=at,
        recorded_at=at,
        by=by.short_name,
        route=what.route,
        planned_mg=Decimal(answers["dose"]),
        rate_ml_per_h=None if nasal else Decimal(answers["rate"]),
        mg_per_ml=None if nasal else Decimal(answers["final_mg_per_ml"]),
        devices=int(Decimal(answers["devices"])) if nasal else 0,
    )
    row = write(
        treatment,
        event,
        by=by,
        action="dose.started",
        sentence=(
            f"{by.short_name} started {what.name} for {treatment.patient.short_name}, checked by "
            f"{checked.second.by.short_name}."  # type: ignore[union-attr]
        ),
        data={"check": checked.second.pk, "containers": wanted},  # type: ignore[union-attr]
    )
    if nasal:
        _device(treatment, 1, wanted[0], what, by=by, at=at, client=uuid.uuid5(client, "device 1"))
    return row


def _check_go(treatment: Treatment, state: State) -> None:
    gate = selectors.gate_of(treatment, state)
    if state.go is None or state.phase is not Phase.GO:
        raise NotNow(
            "The day gate has not said go, or the go ran out. Nothing was written. Go back to the "
            f"gate. {gate.why_not}".strip()
        )
    if not gate.is_go:
        raise NotNow(f"Something changed since the go. {gate.why_not} Nothing was written.")


def _check_unchanged(first: DoseCheck, state: State) -> None:
    """A new weight after the check makes the check one of another dose."""
    if "weight_kg" not in first.answers or first.answers.get("basis") == "ideal":
        return
    said = selectors.weight_of(state)
    if said is None or said[0] != Decimal(first.answers["weight_kg"]):
        raise NotNow(
            "The weight changed after the dose was worked out. Nothing was written. Work it out "
            "again, and let a second person check it."
        )


@transaction.atomic
def give_device(
    *, treatment: Treatment, by: Any, at: datetime, now: datetime, client: UUID
) -> TreatmentEvent:
    """The next nasal device: drawn, given and charted together.

    Raises:
        NotNow: no spray is under way, or the time between devices is not over.
    """
    permissions.check_may(by, "dose.give")
    treatment = hold(treatment)
    if (row := before(client, treatment, e.DeviceGiven.kind, by)) is not None:
        return row
    at = believable(at, now, treatment)
    state = selectors.state_of(treatment, at)
    what = product(treatment.course.product)
    if state.dose is None or what.devices is None or state.dose.is_over:
        raise NotNow("No device is to be given now. Nothing was written.")
    given = state.dose.given_devices
    apart = timedelta(minutes=what.devices.apart_minutes)
    if given and at < given[-1].at + apart:
        raise NotNow(
            f"Not before {what.devices.apart_minutes} min have gone by since the last device "
            f"({what.devices.apart_source}). Nothing was written."
        )
    checked = standing_of(treatment)
    if checked.first is None:
        raise NotNow("There is no agreed check for this dose. Nothing was written.")
    number = len(given) + 1
    container_id = checked.first.answers["containers"][number - 1]
    return _device(treatment, number, container_id, what, by=by, at=at, client=client, drawn=False)


def _device(
    treatment: Treatment,
    number: int,
    container_id: int,
    what: Product,
    *,
    by: Any,
    at: datetime,
    client: UUID,
    drawn: bool = True,
) -> TreatmentEvent:
    assert what.devices is not None
    if not drawn:
        register.draw(container_id=container_id, treatment=treatment, by=by, at=at)
    register.give(treatment=treatment, mg=what.devices.mg.mg, by=by, at=at)
    label = Container.objects.values_list("label", flat=True).get(pk=container_id)
    event = e.DeviceGiven(
        id=str(client),
        at=at,
        recorded_at=at,
        by=by.short_name,
        number=number,
        mg=what.devices.mg.mg,
        container=label,
    )
    row = write(
        treatment,
        event,
        by=by,
        action="dose.device_given",
        sentence=(
            f"{treatment.patient.short_name} used device {number}, {label}, before {by.short_name}."
        ),
        data={"container": container_id, "number": number},
    )
    state = selectors.state_of(treatment, at)
    if state.dose is not None and state.dose.is_over:
        set_status(treatment, Treatment.Status.OBSERVING)
    return row


@transaction.atomic
def pump(
    *,
    treatment: Treatment,
    act: str,
    reason: str = "",
    rate_ml_per_h: Decimal | None = None,
    by: Any,
    at: datetime,
    now: datetime,
    client: UUID,
) -> TreatmentEvent:
    """Write down that the pump was paused, resumed or set to another rate. It is not driven.

    act: "paused", "resumed" or "rate_changed".
    """
    permissions.check_may(by, "dose.give")
    treatment = hold(treatment)
    if (row := before(client, treatment, act, by)) is not None:
        return row
    at = believable(at, now, treatment)
    dose = selectors.state_of(treatment, at).dose
    if dose is None or dose.route != "iv" or dose.is_over:
        raise NotNow("No infusion is under way. Nothing was written.")
    event: e.Event
    head: dict[str, Any] = {
        "id": str(client),
        "at": at,
        "recorded_at": now,
        "by": by.short_name,
    }
    if act == e.Paused.kind:
        if not dose.running:
            raise NotNow("The infusion is paused already. Nothing was written.")
        event, said = e.Paused(**head, reason=reason.strip()[:200]), "paused"
    elif act == e.Resumed.kind:
        if dose.running:
            raise NotNow("The infusion is running. Nothing was written.")
        event, said = e.Resumed(**head), "resumed"
    elif act == e.RateChanged.kind:
        if rate_ml_per_h is None or rate_ml_per_h <= 0:
            raise NotNow(
                "A rate is more than 0 mL/h. Nothing was written. To halt the pump, write a pause."
            )
        if dose.mg_per_ml is not None:
            _check_speed(treatment, rate_ml_per_h, dose.mg_per_ml)
        event, said = e.RateChanged(**head, rate_ml_per_h=rate_ml_per_h), "changed the rate of"
    else:
        raise NotNow(f"{act!r} is not done to a pump. Nothing was written.")
    return write(
        treatment,
        event,
        by=by,
        action=f"dose.{act}",
        sentence=f"{by.short_name} {said} the infusion of {treatment.patient.short_name}.",
        reason=reason.strip(),
    )


def _check_speed(treatment: Treatment, rate: Decimal, mg_per_ml: Decimal) -> None:
    """A rate ten times the checked one is a slip of the point, not a rate."""
    first = standing_of(treatment).first
    if first is None:
        return
    checked = Decimal(first.answers["rate"])
    if rate > checked * 10 or rate * 10 < checked:
        raise NotNow(
            f"{plain(rate)} mL/h is ten times away from the rate that two people checked. Nothing "
            "was written. Look at the pump and at the decimal point."
        )


@transaction.atomic
def end_dose(
    *,
    treatment: Treatment,
    given_mg: Decimal | None,
    reason: str,
    by: Any,
    at: datetime,
    now: datetime,
    client: UUID,
) -> TreatmentEvent:
    """The dose is over: finished when no reason is given, stopped when there is one.

    given_mg: what the pump says; None takes the calculated amount. The register is
    charged with it in the same transaction; what is left waits for a witness.
    """
    permissions.check_may(by, "dose.give")
    treatment = hold(treatment)
    kind = e.DoseStopped.kind if reason.strip() else e.DoseFinished.kind
    if (row := before(client, treatment, kind, by)) is not None:
        return row
    at = believable(at, now, treatment)
    dose = selectors.state_of(treatment, at).dose
    if dose is None or dose.is_over:
        raise NotNow("No dose is under way. Nothing was written.")
    mg = dose.given_mg.quantize(Decimal("0.1")) if given_mg is None else given_mg
    if dose.route == "nasal":
        if not reason.strip():
            raise NotNow("A spray is over with its last device. Nothing was written.")
        mg = dose.given_mg
    elif mg > dose.planned_mg:
        raise NotNow(
            f"{plain(mg)} mg is more than the {plain(dose.planned_mg)} mg that were checked. "
            "Nothing was written. Read the pump again."
        )
    else:
        register.give(treatment=treatment, mg=mg, by=by, at=at)
    set_status(treatment, Treatment.Status.OBSERVING)
    head: dict[str, Any] = {
        "id": str(client),
        "at": at,
        "recorded_at": now,
        "by": by.short_name,
        "given_mg": mg,
    }
    stopped = kind == e.DoseStopped.kind
    event: e.Event = (
        e.DoseStopped(**head, reason=reason.strip()) if stopped else e.DoseFinished(**head)
    )
    return write(
        treatment,
        event,
        by=by,
        action="dose.stopped" if stopped else "dose.finished",
        sentence=(
            f"{by.short_name} recorded the end of the dose of {treatment.patient.short_name}"
            + (", before its plan." if stopped else ".")
        ),
        reason=reason.strip(),
        data={"given_mg": str(mg)},
    )
