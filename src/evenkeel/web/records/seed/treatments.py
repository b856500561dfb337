"""One past treatment as rows: its events, readings, orders, register lines and entries.

``whole`` writes everything that the clinic writes on a day; else only what a look
back over years needs.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from evenkeel.core.kernel.quantities import Concentration, Mass, MassPerWeight, Weight
from evenkeel.core.monitoring import events as e
from evenkeel.core.monitoring.signs import signs
from evenkeel.core.pharmacology.doses.dosing import InfusionPlan, plan_infusion, plan_spray
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.records.models import (
    Container,
    DoseCheck,
    DoseOrder,
    Reading,
    RegisterEntry,
    Treatment,
    TreatmentEvent,
)
from evenkeel.web.records.seed.rows import Rows

VIAL = Concentration(Decimal(50))  # mg/mL, as on the label
VIAL_MG = Decimal(100)  # a 2 mL vial
DEVICE_MG = Decimal(28)


@dataclass(kw_only=True)
class Writer:
    """Writes past treatments into ``rows``; ``team`` are nurses and a pharmacist."""

    rows: Rows
    random: Random
    nurses: list[Any]
    pharmacist: Any
    labels: int = 0

    def attend(self, treatment: Treatment, *, weight_kg: Decimal, whole: bool) -> None:
        """The person came, was treated and left. ``treatment`` is saved or among the rows."""
        start = treatment.period.lower + timedelta(minutes=self.random.randint(-4, 9))
        course, patient, nurse = treatment.course, treatment.patient, treatment.nurse
        nasal = product(course.product).devices is not None
        treatment.status = Treatment.Status.LEFT
        plan = (
            plan_spray(product=product(course.product), dose=Mass(course.dose_mg))
            if nasal
            else plan_infusion(
                product=product(course.product),
                per_weight=MassPerWeight(course.dose_mg_per_kg),
                weight=Weight(weight_kg),
                basis="actual",
                minutes=course.minutes or 40,
                vial=VIAL,
            )
        )
        mg = plan.dose.mg
        dosed = start + timedelta(minutes=self.random.randint(16, 24))
        self._event(treatment, e.CheckedIn, start, nurse, chair=treatment.chair.name)
        if whole:
            self._gate(treatment, start, weight_kg, nasal)
            self._readings(treatment, start + timedelta(minutes=5), nurse, lift=0)
            self._drug(treatment, plan, dosed, start)
        ended = self._dose(treatment, plan, dosed, mg)
        leaves = dosed + timedelta(minutes=self.random.randint(121, 128) if nasal else 0)
        if not nasal:
            leaves = ended + timedelta(minutes=self.random.randint(61, 75))
        if whole:
            self._watch(treatment, dosed, ended, leaves, nurse)
        self._event(treatment, e.Left, leaves, nurse, escort=treatment.escort)
        self.rows.told(
            "treatment.checked_in",
            f"{patient.short_name} was checked in on {treatment.chair.name.lower()}.",
            by=nurse, at=start, patient=patient, subject=treatment,
        )  # fmt: skip
        self.rows.told(
            "dose.started",
            f"{nurse.short_name} started {product(course.product).name} for {patient.short_name}, "
            f"checked by {self._second(nurse).short_name}.",
            by=nurse, at=dosed, patient=patient, subject=treatment,
        )  # fmt: skip
        self.rows.told(
            "treatment.left",
            f"{patient.short_name} left, released by {nurse.short_name}.",
            by=nurse, at=leaves, patient=patient, subject=treatment,
        )  # fmt: skip

    def _second(self, first: Any) -> Any:
        return self.nurses[(self.nurses.index(first) + 1) % len(self.nurses)]

    def _event(
        self, treatment: Treatment, kind: type[e.Event], at: datetime, by: Any, **said: Any
    ) -> None:
        event = kind(id=str(uuid.UUID(int=self.random.getrandbits(128))), at=at, recorded_at=at,
                     by=by.short_name, **said)  # fmt: skip
        self.rows.add(
            TreatmentEvent(
                treatment=treatment, kind=event.kind, at=at, recorded_at=at, by=by,
                client=uuid.UUID(event.id), data=e.body(event),
            )
        )  # fmt: skip

    def _gate(self, treatment: Treatment, start: datetime, kg: Decimal, nasal: bool) -> None:
        nurse = treatment.nurse
        food = start - timedelta(hours=self.random.randint(7, 12))
        drink = start - timedelta(hours=self.random.randint(2, 4))
        answers: dict[str, dict[str, str]] = {
            "fasting": {"food_at": food.isoformat(), "drink_at": drink.isoformat(),
                        "said_by": "patient"},
            "escort": {"name": treatment.escort},
            "suicidality": {"answer": "none"},
            "oximeter": {"answer": "checked"},
            "pregnancy": {"answer": "not_possible"},
            "weight": {"kg": str(kg)},
        }  # fmt: skip
        if nasal:
            answers |= {"enrolment": {"answer": "confirmed"}, "nasal_spray": {"answer": "none"}}
        for minute, (condition, values) in enumerate(answers.items()):
            at = start + timedelta(minutes=2 + minute)
            self._event(treatment, e.Answered, at, nurse, condition=condition, values=values)
        passed = start + timedelta(minutes=14)
        self._event(
            treatment, e.GateChecked, passed, nurse, expires_at=passed + timedelta(minutes=21)
        )

    def _dose(self, treatment: Treatment, plan: Any, dosed: datetime, mg: Decimal) -> datetime:
        """The dose itself; gives when it ended."""
        nurse = treatment.nurse
        if isinstance(plan, InfusionPlan):
            self._event(
                treatment, e.DoseStarted, dosed, nurse, route="iv", planned_mg=mg,
                rate_ml_per_h=plan.rate.ml_per_h, mg_per_ml=plan.final.mg_per_ml,
            )  # fmt: skip
            ended = dosed + timedelta(minutes=plan.minutes)
            self._event(treatment, e.DoseFinished, ended, nurse, given_mg=mg)
            return ended
        self._event(
            treatment, e.DoseStarted, dosed, nurse, route="nasal", planned_mg=mg,
            devices=plan.devices,
        )  # fmt: skip
        for number in range(1, plan.devices + 1):
            ended = dosed + timedelta(minutes=5 * (number - 1))
            self._event(treatment, e.DeviceGiven, ended, nurse, number=number, mg=DEVICE_MG)
        return ended

    def _drug(self, treatment: Treatment, plan: Any, dosed: datetime, start: datetime) -> None:
        course, nurse = treatment.course, treatment.nurse
        infusion = isinstance(plan, InfusionPlan)
        order = self.rows.add(
            DoseOrder(
                treatment=treatment, product=course.product,
                mg_per_kg=course.dose_mg_per_kg if infusion else None,
                mg=None if infusion else course.dose_mg,
                weight_basis="actual" if infusion else "",
                minutes=course.minutes if infusion else None,
                reason="as ordered with the course", by=course.prescriber, at=start,
                recorded_at=start,
            )
        )  # fmt: skip
        answers: dict[str, Any] = {name: str(value) for name, value in plan.answers().items()}
        checked = dosed - timedelta(minutes=3)
        first = self.rows.add(
            DoseCheck(order=order, turn="first", answers=answers, by=nurse,
                      at=checked, recorded_at=checked)
        )  # fmt: skip
        self.rows.add(
            DoseCheck(order=order, turn="second", first=first, answers=answers, agrees=True,
                      by=self._second(nurse), at=dosed, recorded_at=dosed)
        )  # fmt: skip
        if infusion:
            self._container(treatment, VIAL_MG, plan.dose.mg, dosed)
        else:
            for number in range(plan.devices):
                at = dosed + timedelta(minutes=5 * number)
                self._container(treatment, DEVICE_MG, DEVICE_MG, at)

    def _container(
        self, treatment: Treatment, holds: Decimal, given: Decimal, at: datetime
    ) -> None:
        course, nurse = treatment.course, treatment.nurse
        box = self.container(course.product, came=at - timedelta(days=20))

        def line(kind: str, mg: Decimal, when: datetime, **more: Any) -> None:
            self.rows.add(
                RegisterEntry(container=box, product=course.product, kind=kind, mg=mg, at=when,
                              recorded_at=when, by=nurse, treatment=treatment, **more)
            )  # fmt: skip

        line("drawn", holds, at)
        line("given", given, at)
        if holds > given:
            line("wasted", holds - given, at + timedelta(minutes=50), witness=self._second(nurse))

    def container(self, product_id: str, *, came: datetime) -> Container:
        """A new container, received by the pharmacist."""
        self.labels += 1
        nasal = product(product_id).devices is not None
        lot_day = date(came.year, came.month, 1)
        box = self.rows.add(
            Container(
                product=product_id,
                kind="device" if nasal else "vial",
                label=f"{'S' if nasal else 'K'}-{self.labels:05d}",
                lot=f"{'ES' if nasal else 'KT'}{lot_day:%y%m}",
                expires_on=lot_day + timedelta(days=700),
                mg=DEVICE_MG if nasal else VIAL_MG,
                mg_per_ml=None if nasal else VIAL.mg_per_ml,
            )
        )
        self.rows.add(
            RegisterEntry(container=box, product=product_id, kind="received", mg=box.mg, at=came,
                          recorded_at=came, by=self.pharmacist)
        )  # fmt: skip
        return box

    def _watch(
        self, treatment: Treatment, dosed: datetime, ended: datetime, leaves: datetime, nurse: Any
    ) -> None:
        peak = self.random.randint(2, 6)
        for minutes, lift, sedation, dissociation in (
            (20, 14, 4, peak), (40, 18, 4, max(0, peak - 1)), (70, 6, 5, 0),
        ):  # fmt: skip
            at = dosed + timedelta(minutes=minutes)
            self._readings(treatment, at, nurse, lift=lift)
            self._event(treatment, e.LevelTapped, at, nurse, scale=e.Scale.SEDATION, level=sedation)
            self._event(
                treatment, e.LevelTapped, at, nurse, scale=e.Scale.DISSOCIATION, level=dissociation
            )
        last = leaves - timedelta(minutes=6)
        self._readings(treatment, last, nurse, lift=2)
        for condition, values in (
            ("escort_present", {"answer": "present", "name": treatment.escort}),
            ("instructions", {"answer": "given"}),
        ):
            self._event(treatment, e.Answered, last, nurse, condition=condition, values=values)
        self._event(treatment, e.ReadyJudged, leaves - timedelta(minutes=2), nurse, stable=True)

    def _readings(self, treatment: Treatment, at: datetime, nurse: Any, *, lift: int) -> None:
        base = 112 + treatment.patient.pk % 20
        values = {
            "systolic_bp": base + lift + self.random.randint(-4, 4),
            "diastolic_bp": base - 46 + lift // 2 + self.random.randint(-3, 3),
            "heart_rate": 68 + lift // 2 + self.random.randint(-4, 4),
            "spo2": 97 + self.random.randint(-1, 1),
        }
        group = f"hand:{uuid.UUID(int=self.random.getrandbits(128))}"
        for sign, value in values.items():
            self.rows.add(
                Reading(treatment=treatment, sign=sign, value=Decimal(value),
                        unit=signs()[sign].unit, at=at, recorded_at=at, by=nurse,
                        group=group if sign.endswith("_bp") else "")
            )  # fmt: skip
