"""A clinic day in rows: people, a chair, a course, a booked treatment and a full safe."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from tests.support.people import make_user

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # 13:00 in the clinic
_numbers = itertools.count(50)
_labels = itertools.count(1)


def new_id() -> uuid.UUID:
    return uuid.uuid4()


def make_day(product: str = "racemic_iv", now: datetime = NOW, **patient: Any) -> SimpleNamespace:
    """Everything up to the door: one booked treatment, staff on shift, consent, five containers."""
    from evenkeel.web.records.models import (
        Chair,
        ConsentRecord,
        Course,
        Patient,
        Purpose,
        Shift,
        Treatment,
    )
    from evenkeel.web.records.services import register

    nurse, second = make_user("nurse"), make_user("nurse", first_name="Ruth", last_name="Proofe")
    prescriber, pharmacist = make_user("prescriber"), make_user("pharmacist")
    day = (now - timedelta(hours=5), now + timedelta(hours=7))
    for user in (nurse, second, prescriber):
        Shift.objects.create(user=user, period=day)
    said = {"family": "Example", "given": "Nora", "birth": "1981-02-03", "sex": "male", **patient}
    person = Patient.objects.create(**said)
    nasal = product == "esketamine_nasal"
    course = Course.objects.create(
        patient=person,
        protocol="esketamine-us-trd" if nasal else "ketamine-iv-six",
        protocol_version="2026-11",
        product=product,
        indication="trd",
        status="booked",
        prescriber=prescriber,
        dose_mg=Decimal(56) if nasal else None,
        dose_mg_per_kg=None if nasal else Decimal("0.5"),
        minutes=None if nasal else 40,
    )
    number = next(_numbers)
    chair = Chair.objects.create(number=number, name=f"Chair {number}")
    treatment = Treatment.objects.create(
        course=course, patient=person, ordinal=1, chair=chair, nurse=nurse,
        prescriber=prescriber, period=(now, now + timedelta(hours=3)),
    )  # fmt: skip
    from evenkeel.web.records import consent_texts

    for purpose in (Purpose.TREATMENT, Purpose.OFF_LABEL):
        ConsentRecord.objects.create(
            patient=person, purpose=purpose, language="en",
            version=consent_texts.current(purpose, now.date(), "en").version,
            text_sha256="0" * 64, answer="given", signature="Nora Example", via="portal",
            at=now - timedelta(days=5),
        )  # fmt: skip
    labels = [f"L{next(_labels):04d}" for _ in range(5)]
    boxes = register.receive(
        product_id=product,
        kind="device" if nasal else "vial",
        labels=labels,
        lot="SYN-4471",
        expires_on=now.date() + timedelta(days=279),
        mg=Decimal(28) if nasal else Decimal(50),
        mg_per_ml=None if nasal else Decimal(10),
        by=pharmacist,
        at=now - timedelta(days=1),
    )
    return SimpleNamespace(
        now=now, nurse=nurse, second=second, prescriber=prescriber, pharmacist=pharmacist,
        patient=person, course=course, chair=chair, treatment=treatment, boxes=boxes,
    )  # fmt: skip


def signature(user: Any, at: datetime = NOW) -> Any:
    """As if this person had just signed; the password itself is tested at its door."""
    from evenkeel.web.records.services.signatures import Signature

    return Signature(user=user, at=at)


def answers_for(day: SimpleNamespace, at: datetime) -> dict[str, dict[str, str]]:
    """Answers that satisfy every question of the gate."""
    long_ago = (at - timedelta(hours=8)).isoformat()
    return {
        "fasting": {"food_at": long_ago, "drink_at": long_ago, "said_by": "said by the patient"},
        "escort": {"name": "Jo Example, sister"},
        "suicidality": {"answer": "none"},
        "oximeter": {"answer": "checked"},
        "enrolment": {"answer": "confirmed"},
        "nasal_spray": {"answer": "none"},
        "weight": {"kg": "76", "scale": "Scale 2"},
    }


def to_gate(day: SimpleNamespace, pressure: tuple[int, int] = (128, 80)) -> None:
    """Checked in, every question answered, pressure by hand."""
    from evenkeel.core.monitoring.rules import rules_for
    from evenkeel.web.records.services import readings, treatments

    at = day.now
    treatments.check_in(treatment=day.treatment, by=day.nurse, at=at)
    asked = {*rules_for(day.course.product).file.gate.conditions, "weight"}
    for condition, values in answers_for(day, at).items():
        if condition in asked:
            treatments.answer(
                treatment=day.treatment, condition=condition, values=values, by=day.nurse,
                at=at, now=at, client=new_id(),
            )  # fmt: skip
    day.treatment.refresh_from_db()
    readings.record_by_hand(
        treatment=day.treatment,
        values={"systolic_bp": Decimal(pressure[0]), "diastolic_bp": Decimal(pressure[1])},
        at=at, now=at, by=day.nurse, client=new_id(),
    )  # fmt: skip


def to_check(day: SimpleNamespace) -> None:
    """Go, and the dose worked out and agreed by two people."""
    from evenkeel.web.records.services import checking, treatments

    at = day.now + timedelta(minutes=2)
    to_gate(day)
    treatments.pass_gate(treatment=day.treatment, by=day.nurse, at=at, client=new_id())
    nasal = day.course.product == "esketamine_nasal"
    checking.first_check(
        treatment=day.treatment,
        container_ids=[box.pk for box in day.boxes[: 2 if nasal else 1]],
        by=day.nurse,
        at=at,
    )
    right = (
        {"dose": Decimal(56), "devices": Decimal(2)}
        if nasal
        else {"dose": Decimal(38), "volume": Decimal("3.8"), "rate": Decimal(57)}
    )
    checking.second_check(
        treatment=day.treatment, answers=right, signature=signature(day.second, at), at=at
    )


def to_dose(day: SimpleNamespace) -> None:
    """The drug is running, or the first device is in."""
    from evenkeel.web.records.services import giving

    to_check(day)
    giving.start_dose(
        treatment=day.treatment, by=day.nurse, at=day.now + timedelta(minutes=5), client=new_id()
    )


def answer_safeguards(day: SimpleNamespace) -> None:
    """Screening has asked, and nothing stands in the way."""
    from evenkeel.core.safeguards import safeguards
    from evenkeel.web.records.models import FactAnswer

    for each in safeguards():
        FactAnswer.objects.create(
            patient=day.patient, name=each.fact, value=each.safe_when, said_by="clinician",
            at=day.now, by=day.prescriber,
        )  # fmt: skip


def chart_monitor(day: SimpleNamespace, at: datetime, **values: int) -> None:
    """Signs as the bedside monitor sends them, stored as the gateway stores them."""
    from django.db import transaction

    from evenkeel.core.monitoring.signs import signs
    from evenkeel.web.records.models import DeviceMessage, Reading, Treatment
    from evenkeel.web.records.services import readings

    with transaction.atomic():
        message = DeviceMessage.objects.create(
            received_at=at, peer="127.0.0.1", sender=f"test {uuid.uuid4()}", control_id="1",
            sha256="0" * 64, raw=b"", ack="AA",
        )  # fmt: skip
        treatment = (
            Treatment.objects.select_for_update(of=("self",))
            .select_related("patient", "course")
            .get(pk=day.treatment.pk)
        )
        readings.chart(
            treatment=treatment,
            now=at,
            rows=[
                Reading(
                    treatment=treatment,
                    sign=sign,
                    value=Decimal(value),
                    unit=signs()[sign].unit,
                    at=at,
                    message=message,
                    group=str(at) if sign.endswith("_bp") else "",
                )
                for sign, value in values.items()
            ],
        )
