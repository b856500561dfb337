"""The dose given: the first drop or device, and each device after it.

Giving is one transaction: the register line, the event, the baseline of the
course and the ledger entries are written together or not at all.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.fold import Phase, State
from evenkeel.core.pharmacology.doses.products import Product, product
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Container, DoseCheck, Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.selectors.dose_checks import standing_of
from evenkeel.web.records.services import courses, register
from evenkeel.web.records.services.timeline import (
    NotNow,
    before,
    believable,
    head,
    hold,
    set_status,
    write,
)


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
        **head(client, by=by, at=at),
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
        data={
            "check": checked.second.pk,  # type: ignore[union-attr]
            "containers": wanted,
            **register.seal(treatment),
        },
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
        **head(client, by=by, at=at),
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
        data={"container": container_id, "number": number, **register.seal(treatment)},
    )
    state = selectors.state_of(treatment, at)
    if state.dose is not None and state.dose.is_over:
        set_status(treatment, Treatment.Status.OBSERVING)
    return row
