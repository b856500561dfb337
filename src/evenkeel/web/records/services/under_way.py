"""A dose under way: the pump paused, resumed, set to another rate; the end of the dose."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.monitoring import events as e
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline as selectors
from evenkeel.web.records.selectors.dose_checks import standing_of
from evenkeel.web.records.services import register
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
    said = head(client, by=by, at=at, now=now)
    if act == e.Paused.kind:
        if not dose.running:
            raise NotNow("The infusion is paused already. Nothing was written.")
        event, did = e.Paused(**said, reason=reason.strip()[:200]), "paused"
    elif act == e.Resumed.kind:
        if dose.running:
            raise NotNow("The infusion is running. Nothing was written.")
        event, did = e.Resumed(**said), "resumed"
    elif act == e.RateChanged.kind:
        if rate_ml_per_h is None or rate_ml_per_h <= 0:
            raise NotNow(
                "A rate is more than 0 mL/h. Nothing was written. To halt the pump, write a pause."
            )
        if dose.mg_per_ml is not None:
            _check_speed(treatment, rate_ml_per_h, dose.mg_per_ml)
        event, did = e.RateChanged(**said, rate_ml_per_h=rate_ml_per_h), "changed the rate of"
    else:
        raise NotNow(f"{act!r} is not done to a pump. Nothing was written.")
    return write(
        treatment,
        event,
        by=by,
        action=f"dose.{act}",
        sentence=f"{by.short_name} {did} the infusion of {treatment.patient.short_name}.",
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
    said = head(client, by=by, at=at, now=now) | {"given_mg": mg}
    stopped = kind == e.DoseStopped.kind
    event: e.Event = (
        e.DoseStopped(**said, reason=reason.strip()) if stopped else e.DoseFinished(**said)
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
        data={"given_mg": str(mg), **register.seal(treatment)},
    )
