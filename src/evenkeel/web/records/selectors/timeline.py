"""One treatment's rows read back as the core's events, state and gates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.kernel.quantities import read_decimal
from evenkeel.core.kernel.sources import Mark, Source
from evenkeel.core.kernel.verdicts import Answer, Verdict, judge, yes
from evenkeel.core.monitoring.alarms import Sample
from evenkeel.core.monitoring.asked import GateFacts
from evenkeel.core.monitoring.events import Corrected, Event, Priority, read_event
from evenkeel.core.monitoring.fold import State, fold
from evenkeel.core.monitoring.gate import Gate, day_gate
from evenkeel.core.monitoring.leaving import Leave, leave_gate
from evenkeel.core.monitoring.rules import Limit, Rules, rules_for, with_order
from evenkeel.core.safeguards import judge_all
from evenkeel.web.accounts.roles import Role
from evenkeel.web.records.models import (
    DoseOrder,
    Patient,
    Purpose,
    Reading,
    Shift,
    Treatment,
    TreatmentEvent,
)
from evenkeel.web.records.selectors import readings as reading_selectors
from evenkeel.web.records.selectors.consent import standing
from evenkeel.web.records.selectors.facts import check_of

_PRESSURES = ("systolic_bp", "diastolic_bp")
_CONTINUOUS = ("heart_rate", "spo2", "respiratory_rate")


def zone() -> ZoneInfo:
    """The zone in which the clinic reads its clocks."""
    return settings.EVENKEEL_CLINIC_ZONE


def rules_of(treatment: Treatment) -> Rules:
    """The monitoring rules of the treatment's product."""
    return rules_for(treatment.course.product)


def event_of(row: TreatmentEvent) -> Event:
    """One row as the core's event."""
    said = dict(row.data)
    if row.kind == Corrected.kind and row.supersedes_id is not None:
        said["supersedes"] = str(row.supersedes.client)
    return read_event(
        row.kind,
        said,
        id=str(row.client),
        at=row.at,
        recorded_at=row.recorded_at,
        by=row.by.short_name if row.by is not None else "",
    )


def rows_of(treatment: Treatment) -> list[TreatmentEvent]:
    """Every event row of a treatment with who charted it."""
    return list(
        TreatmentEvent.objects.filter(treatment=treatment)
        .select_related("by", "supersedes")
        .order_by("at", "id")
    )


def events_of(treatment: Treatment) -> list[Event]:
    return [event_of(row) for row in rows_of(treatment)]


def samples_of(treatment: Treatment, now: datetime) -> list[Sample]:
    """Every pressure, and the latest value of each continuous sign: what the fold needs.

    now: the instant that the fold is asked about. A reading that came in after it must not
        take the place of the one before it: the fold would see neither, and call a monitor
        lost that speaks all the time.
    """
    charted = reading_selectors.charted(treatment.pk, by=now)
    rows: list[Reading] = list(charted.filter(sign__in=_PRESSURES))
    for sign in _CONTINUOUS:
        last = charted.filter(sign=sign, value__isnull=False).last()
        if last is not None:
            rows.append(last)
    return reading_selectors.samples(rows, by=now)


def standing_order(treatment: Treatment) -> DoseOrder | None:
    """The latest order for this treatment."""
    return treatment.orders.select_related("by").order_by("-id").first()


def ordered_limits(order: DoseOrder | None) -> tuple[Limit, ...]:
    """The limits that an order sets: {"pressure:above:medium": {"systolic": 160, …}}."""
    if order is None:
        return ()
    who = order.by.short_name if order.by is not None else "a prescriber"
    set_by = f"order of {who} {_when(order.at)}"
    source = Source(title=set_by, mark=Mark.JUDGEMENT)
    made = []
    for key, numbers in order.limits.items():
        sign, side, priority = key.split(":")
        made.append(
            Limit(
                sign=sign,
                side="above" if side == "above" else "below",
                priority=Priority(priority),
                set_by=set_by,
                source=source,
                **{name: Decimal(str(number)) for name, number in numbers.items()},
            )
        )
    return tuple(made)


def _when(at: datetime) -> str:
    local = at.astimezone(zone())
    return f"{local.day} {local:%b %H:%M}"


def limits_in_force(treatment: Treatment) -> tuple[Limit, ...]:
    """The protocol's limits with those of the standing order laid over them."""
    return with_order(rules_of(treatment).limits, ordered_limits(standing_order(treatment)))


class Read:
    """What is read once of a treatment by ``now``, to be folded as it stood then."""

    def __init__(self, treatment: Treatment, now: datetime) -> None:
        self._parts: dict[str, Any] = {
            "events": events_of(treatment),
            "readings": samples_of(treatment, now),
            "rules": rules_of(treatment),
            "off": reading_selectors.off(treatment.pk, now),
        }

    def at(self, now: datetime, *, horizon: datetime | None = None) -> State:
        """Where the treatment stands at ``now``, by what was read."""
        return fold(**self._parts, now=now, horizon=horizon)


def state_of(treatment: Treatment, now: datetime, *, horizon: datetime | None = None) -> State:
    """Where this treatment stands at ``now``."""
    return Read(treatment, now).at(now, horizon=horizon)


def gate_of(treatment: Treatment, state: State) -> Gate:
    """The day gate for this state."""
    return day_gate(
        state=state,
        facts=gate_facts(treatment, state.now),
        rules=rules_of(treatment),
        zone=zone(),
    )


def leave_of(treatment: Treatment, state: State) -> Leave:
    """The gate to leave for this state."""
    return leave_gate(state=state, rules=rules_of(treatment), zone=zone())


def gate_facts(treatment: Treatment, now: datetime) -> GateFacts:
    """What other rooms say about this person today."""
    patient = treatment.patient
    shift = prescriber_shift(now)
    facts = check_of(patient, as_of=now.astimezone(zone()).date(), packs=()).facts
    return GateFacts(
        safeguards=_safeguards(facts),
        consent_treatment=standing(patient, Purpose.TREATMENT, at=now).verdict,
        consent_off_label=standing(patient, Purpose.OFF_LABEL, at=now).verdict,
        prescriber_on_site=shift.user.short_name if shift else None,
        prescriber_since=shift.period.lower if shift else None,
        age_years=age_on(patient, now),
        sex=patient.sex,
        pregnancy_possible=facts["pregnant"].value is True
        or facts["not_of_childbearing_potential"].value is False,
    )


def prescriber_shifts(now: datetime) -> QuerySet[Shift]:
    """Every prescriber on site now, by the roster; one order for shifts that begin together."""
    return (
        Shift.objects.filter(period__contains=now, user__role=Role.PRESCRIBER, user__is_active=True)
        .select_related("user")
        .order_by("period", "user__last_name", "user_id")
    )


def prescriber_shift(now: datetime) -> Shift | None:
    """The first of them, for the gate: one is enough there."""
    return prescriber_shifts(now).first()


def _safeguards(facts: Facts) -> Verdict:
    """The worst safeguard of this person today.

    Unknown locks dosing until somebody asks. One that is known to hold locks it when
    its source was read on its own page; else a prescriber must judge, in writing.
    """
    held = [one for one in judge_all(facts) if one.holds_back]
    for one in held:
        if one.verdict.answer is Answer.NO and one.safeguard.stops:
            return one.verdict
    for one in held:
        if one.verdict.answer is Answer.UNKNOWN:
            return one.verdict
    for one in held:
        return judge(one.verdict.reason, one.verdict.source, role="prescriber")
    return yes("none stands in the way")


def age_on(patient: Patient, now: datetime) -> int | None:
    """Whole years; None unless the birth is known to the day."""
    try:
        born = date.fromisoformat(patient.birth)
    except ValueError:
        return None
    today = now.astimezone(zone()).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def weight_of(state: State) -> tuple[Decimal, Any] | None:
    """The weight said today, kg, and the answer it came with."""
    answer = state.answers.get("weight")
    if answer is None:
        return None
    return read_decimal(answer.values["kg"], "kg"), answer


def open_treatments() -> Iterable[Treatment]:
    """Everybody who is in the clinic now."""
    return (
        Treatment.objects.filter(status__in=Treatment.OPEN)
        .select_related("patient", "course", "chair", "nurse", "prescriber")
        .order_by("chair__number")
    )
