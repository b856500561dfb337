"""A floor for tests: chairs with monitors, and people who are being treated on them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.people import make_user

MONITOR = "00059AFFFE000158"  # as in the sample messages; it stands at chair 2


class Floor:
    """Made in the database; ``treat`` puts a person on a chair."""

    def __init__(self) -> None:
        self.nurse = make_user("nurse")
        self.prescriber = make_user("prescriber")

    def chair(self, number: int) -> Any:
        from evenkeel.web.records.models import Chair

        return Chair.objects.get_or_create(number=number, defaults={"name": f"Chair {number}"})[0]

    def monitor(self, identifier: str = MONITOR, *, chair: int | None = 2, **fields: Any) -> Any:
        from evenkeel.web.records.models import Device

        return Device.objects.create(
            identifier=identifier,
            name=f"Monitor {identifier[-3:]}",
            chair=self.chair(chair) if chair is not None else None,
            **fields,
        )

    def treat(
        self,
        *,
        chair: int = 2,
        number: int = 158,
        at: datetime | None = None,
        product: str = "racemic_iv",
        status: str = "dosing",
        minutes: int = 180,
    ) -> Any:
        """A treatment that began at ``at`` (default an hour ago) for patient EK-000{number}."""
        from evenkeel.web.records.models import Course, Patient, Treatment, TreatmentEvent

        began = at or datetime.now(UTC) - timedelta(hours=1)
        patient = Patient.objects.create(
            pk=number, family="Exampleby", given="Nora", birth="1981-02-03", sex="female"
        )
        course = Course.objects.create(
            patient=patient,
            protocol="ketamine-iv-six",
            protocol_version="1",
            product=product,
            indication="trd",
            status="active",
            prescriber=self.prescriber,
            dose_mg_per_kg=Decimal("0.5"),
        )
        treatment = Treatment.objects.create(
            course=course,
            patient=patient,
            ordinal=1,
            chair=self.chair(chair),
            nurse=self.nurse,
            nurse_lane=chair,
            prescriber=self.prescriber,
            period=(began, began + timedelta(minutes=minutes)),
            status=status,
        )
        TreatmentEvent.objects.create(
            treatment=treatment,
            kind="checked_in",
            at=began,
            by=self.nurse,
            data={"chair": treatment.chair.name},
        )
        return treatment

    def dose(self, treatment: Any, at: datetime) -> None:
        """The drug begins to flow; from here on a silent monitor matters."""
        from evenkeel.web.records.models import TreatmentEvent

        TreatmentEvent.objects.create(
            treatment=treatment, kind="dose_started", at=at, by=self.nurse, client=uuid.uuid4(),
            data={"route": "iv", "planned_mg": "38", "rate_ml_per_h": "57", "mg_per_ml": "1"},
        )  # fmt: skip

    def leave(self, treatment: Any, at: datetime) -> None:
        """The person goes home."""
        from evenkeel.web.records.models import TreatmentEvent

        TreatmentEvent.objects.create(
            treatment=treatment, kind="left", at=at, by=self.nurse, data={"escort": "Kim"},
            client=uuid.uuid4(),
        )  # fmt: skip
        treatment.status = "left"
        treatment.save(update_fields=["status"])
