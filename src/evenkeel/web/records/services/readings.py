"""Charting signs, whoever measured them, and watching the limits.

The gateway and the nurse's form come through the same ``chart``, so that a
reading is judged once and in one way. Notifications leave with the commit.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from evenkeel.core.kernel.content import ContentFault
from evenkeel.core.monitoring.alarms import evaluate, fold_alarms
from evenkeel.core.monitoring.events import (
    AlarmEnded,
    AlarmRaised,
    AlarmRepeated,
    Event,
    body,
    read_event,
)
from evenkeel.core.monitoring.rules import Limit, rules_for
from evenkeel.core.monitoring.signs import PRESSURES, disagreement, signs
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import floor_channel, permissions
from evenkeel.web.records.models import Reading, Treatment, TreatmentEvent
from evenkeel.web.records.selectors import readings as selectors
from evenkeel.web.records.selectors.timeline import limits_in_force
from evenkeel.web.records.services.timeline import hold

MAY_BE_AHEAD = timedelta(minutes=5)
AlarmEvent = AlarmRaised | AlarmRepeated | AlarmEnded


class NotAReading(ValueError):
    """What was measured cannot be charted. The message is fit for the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReading:
    """One sign to be charted; ``value`` None needs ``absent``. Units: core.monitoring.signs."""

    sign: str
    value: Decimal | None
    unit: str
    at: datetime
    absent: str = ""
    as_sent: str = ""
    group: str = ""
    note: str = ""


@transaction.atomic
def record_by_hand(
    *,
    treatment: Treatment,
    values: Mapping[str, Decimal],
    at: datetime,
    now: datetime,
    by: Any,
    client: UUID,
    note: str = "",
) -> list[Reading]:
    """Chart what a nurse measured: rows, alarms and ledger together.

    values: sign -> value in the sign's own unit; systolic_bp needs diastolic_bp.
    client: made by the screen; the same one again gives the first rows.

    Raises:
        Denied: the person's role may not chart.
        NotAReading: the treatment is over, the time is not now or before, or a value
            is impossible.
    """
    permissions.check_may(by, "treatments.chart")
    treatment = hold(treatment)  # two equal taps wait for each other here
    keys = {sign: uuid.uuid5(client, sign) for sign in values}
    before = list(Reading.objects.filter(client__in=keys.values()))
    if before:
        return before
    _check_by_hand(treatment, values, at, now)
    group = f"hand:{client}" if any(sign in PRESSURES for sign in values) else ""
    rows = [
        Reading(
            treatment=treatment,
            sign=sign,
            value=value,
            unit=signs()[sign].unit,
            at=at,
            by=by,
            group=group if sign in PRESSURES else "",
            note=note,
            client=keys[sign],
        )
        for sign, value in values.items()
    ]
    chart(treatment=treatment, rows=rows, now=now)
    measured = ", ".join(signs()[sign].words for sign in values)
    ledger.append(
        "reading.charted",
        sentence=f"{by.short_name} charted {measured} of {treatment.patient.short_name} by hand.",
        by=by,
        at=at,
        patient=treatment.patient,
        subject=treatment,
        data={"readings": [row.pk for row in rows]},
    )
    return rows


def _check_by_hand(
    treatment: Treatment, values: Mapping[str, Decimal], at: datetime, now: datetime
) -> None:
    if not treatment.is_open:
        raise NotAReading(
            f"The person is not in the clinic for this treatment ({treatment.get_status_display()})"
            ". Nothing was charted. Check in first."
        )
    if at > now:
        raise NotAReading("The time of measuring is still to come. Nothing was charted.")
    if not values:
        raise NotAReading("No value was given. Nothing was charted.")
    for sign, value in values.items():
        if sign not in signs():
            raise NotAReading(f"{sign} is not a sign that is charted here.")
        if words := signs()[sign].impossible(value):
            raise NotAReading(f"{words}. Nothing was charted. Measure again, or check the unit.")
    if ("systolic_bp" in values) != ("diastolic_bp" in values):
        raise NotAReading("A pressure needs both numbers. Nothing was charted.")
    if words := disagreement(
        systolic=values.get("systolic_bp"),
        diastolic=values.get("diastolic_bp"),
        mean=values.get("mean_bp"),
    ):
        raise NotAReading(f"{words}. Nothing was charted. Look whether they were swapped.")


def chart(*, treatment: Treatment, rows: Sequence[Reading], now: datetime) -> list[TreatmentEvent]:
    """Store readings of one treatment, raise and end its alarms, tell the screens.

    In the caller's transaction, which holds the lock on the treatment. Gives the
    alarm events that were made.
    """
    Reading.objects.bulk_create(rows)
    floor_channel.tell(treatment_id=treatment.pk, kind="reading", ids=[row.pk for row in rows])
    made = watch({treatment.pk: rows}, {treatment.pk: treatment.course.product}, now)
    return store_alarms(treatment, made.get(treatment.pk, []))


def watch(
    rows: Mapping[int, Sequence[Reading]], products: Mapping[int, str], now: datetime
) -> dict[int, list[AlarmEvent]]:
    """The alarm events that new readings make, by treatment; nothing is written yet.

    products: of each treatment; the limits are those of the product and of the
        standing order.
    """
    samples = {key: found for key, some in rows.items() if (found := selectors.samples(some))}
    if not samples:
        return {}
    known, ordered = _alarms_and_orders(list(samples))
    made: dict[int, list[AlarmEvent]] = {}
    for key, some in samples.items():
        limits = (
            limits_in_force(Treatment.objects.select_related("course").get(pk=key))
            if key in ordered
            else _limits_of(products[key])
        )
        fresh: list[AlarmEvent] = []
        for sample in some:
            fresh += evaluate(
                limits=limits, alarms=fold_alarms([*known.get(key, ()), *fresh]), sample=sample,
                recorded_at=now, whose=str(key),
            )  # fmt: skip
        if fresh:
            made[key] = fresh
    return made


def _alarms_and_orders(treatments: list[int]) -> tuple[dict[int, list[Event]], set[int]]:
    """Alarm events so far, and the treatments whose order sets limits. Plain SQL: hot path."""
    known: dict[int, list[Event]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT treatment_id, kind, data, client, at, recorded_at FROM records_treatmentevent "
            "WHERE treatment_id = ANY(%s) AND kind LIKE 'alarm%%' ORDER BY at, id",
            [treatments],
        )
        for treatment_id, kind, data, client, at, recorded_at in cursor.fetchall():
            said = json.loads(data) if isinstance(data, str) else data
            known.setdefault(treatment_id, []).append(
                read_event(kind, said, id=str(client), at=at, recorded_at=recorded_at, by="")
            )
        cursor.execute(
            "SELECT DISTINCT treatment_id FROM records_doseorder "
            "WHERE treatment_id = ANY(%s) AND limits <> '{}'::jsonb",
            [treatments],
        )
        ordered = {row[0] for row in cursor.fetchall()}
    return known, ordered


def _limits_of(product: str) -> tuple[Limit, ...]:
    """The product's limits. Without rules there are none, yet readings are charted."""
    try:
        return rules_for(product).limits
    except ContentFault:
        return ()


def store_alarms(treatment: Treatment, made: Sequence[AlarmEvent]) -> list[TreatmentEvent]:
    """Write alarm events, tell the screens, and put raised alarms into the ledger."""
    if not made:
        return []
    events = [
        TreatmentEvent(
            treatment=treatment, kind=each.kind, at=each.at, data=body(each), client=UUID(each.id)
        )
        for each in made
    ]
    TreatmentEvent.objects.bulk_create(events)
    floor_channel.tell(treatment_id=treatment.pk, kind="alarm", ids=[event.pk for event in events])
    for event, each in zip(events, made, strict=True):
        if isinstance(each, AlarmRaised):
            sign = each.sign.replace("_", " ").replace("spo2", "oxygen saturation")
            ledger.append(
                "alarm.raised",
                sentence=(
                    f"A {each.priority.value} alarm was raised for "
                    f"{treatment.patient.short_name}: {sign}."
                ),
                by=None,
                at=each.at,
                patient=treatment.patient,
                subject=event,
                data={"treatment": treatment.pk, "key": each.key, "set_by": each.set_by},
            )
    return events
