"""A small clinic for tests: chairs, shifts, a person who was screened, a planned course."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.people import make_user

ZONE = ZoneInfo("America/New_York")
MONDAY = date(2026, 11, 30)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """A time on the clinic's clock, as UTC."""
    return datetime.combine(day, time(hour, minute), ZONE).astimezone(UTC)


# Before any booking in these tests.
NOW = local(date(2026, 11, 24), 10, 42)


class Clinic:
    """Chairs 1 to n; one nurse and one prescriber on duty 08:00 to 17:00 for ``days`` days."""

    def __init__(
        self, *, chairs: int = 2, capacity: int = 2, days: int = 60, first: date | None = None
    ) -> None:
        from evenkeel.web.records.models import Chair, Shift

        self.chairs = [
            Chair.objects.create(number=n, name=f"Chair {n}") for n in range(1, chairs + 1)
        ]
        self.coordinator = make_user("coordinator")
        self.nurse = make_user("nurse")
        self.prescriber = make_user("prescriber")
        for n in range(days):
            day = (first or NOW.astimezone(ZONE).date()) + timedelta(days=n)
            for who in (self.nurse, self.prescriber):
                Shift.objects.create(
                    user=who, period=(local(day, 8), local(day, 17)), capacity=capacity
                )

    def person(self, given: str = "Nora", *, product: str | None = "racemic_iv") -> Any:
        """Somebody, screened with the decision to go ahead unless ``product`` is None."""
        from evenkeel.web.records.models import Patient

        patient = Patient.objects.create(family="Exampleby", given=given, birth="1972-11-09")
        if product is not None:
            self.screen(patient, product)
        return patient

    def screen(self, patient: Any, product: str, *, choice: str = "proceed") -> Any:
        from evenkeel.web.records.models import ScreeningDecision

        return ScreeningDecision.objects.create(
            patient=patient,
            pack="apa-2017",
            product=product,
            indication="trd",
            choice=choice,
            verdict="yes",
            is_override=False,
            packs={},
            facts={},
            content_edition="test",
            content_sha256="0" * 64,
            at=NOW - timedelta(days=3),
            by=self.prescriber,
        )

    def course(
        self, patient: Any = None, *, protocol: str = "ketamine-iv-six", dose: str = "0.5"
    ) -> Any:
        from evenkeel.web.records.services import courses

        product = "racemic_iv" if protocol.startswith("ketamine") else "esketamine_nasal"
        return courses.plan_course(
            patient=patient or self.person(product=product),
            protocol_id=protocol,
            dose=Decimal(dose),
            by=self.coordinator,
            at=NOW,
        )

    def dosed(self, course: Any, days: list[date], *, hour: int = 9, chair: int = 0) -> list[Any]:
        """Treatments that were given on those days, as the day's services leave them."""
        from evenkeel.web.records.models import Treatment
        from evenkeel.web.records.services import courses

        given = []
        for number, day in enumerate(days, start=1):
            start = local(day, hour)
            given.append(
                Treatment.objects.create(
                    course=course,
                    patient=course.patient,
                    ordinal=number,
                    chair=self.chairs[chair],
                    nurse_lane=chair + 1,
                    nurse=self.nurse,
                    prescriber=self.prescriber,
                    period=(start, start + timedelta(minutes=115)),
                    status=Treatment.Status.LEFT,
                )
            )
            courses.freeze_baseline(course=course, at=start)
        course.refresh_from_db()
        return given

    def rated(self, patient: Any, instrument: str, total: int, at: datetime) -> Any:
        from evenkeel.web.records.models import Assessment

        return Assessment.objects.create(
            patient=patient,
            instrument=instrument,
            instrument_version="1",
            total=total,
            complete=True,
            via="clinician",
            at=at,
            by=self.prescriber,
        )
