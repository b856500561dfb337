"""What is known about a person's courses, as the screens and the rules need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from evenkeel.core.chart.partial_dates import PartialDate, whole_years_between
from evenkeel.core.instruments import scale_of
from evenkeel.core.instruments.scale import Rater
from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.model import Frequency, Protocol
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.records.models import (
    Assessment,
    Course,
    CourseBaseline,
    MaintenanceDecision,
    Patient,
    RegisterEntry,
    Treatment,
)
from evenkeel.web.ui.words import clinic_zone

OVER = (CourseStatus.STOPPED, CourseStatus.COMPLETED)

INTERVALS = {
    Frequency.WEEKLY: 7,
    Frequency.EVERY_OTHER_WEEK: 14,
    Frequency.EVERY_4_WEEKS: 28,
}
BY_DAYS = {days: frequency for frequency, days in INTERVALS.items()}


def open_course(patient: Patient) -> Course | None:
    """The course that is not over; a person has one at a time."""
    return Course.objects.filter(patient=patient).exclude(status__in=OVER).first()


def age_years(patient: Patient, at: datetime) -> int | None:
    """Whole years at ``at``; None when the record does not settle it."""
    if not patient.birth:
        return None
    parts = [int(part) for part in patient.birth.split("-")]
    year, month, day = parts + [None] * (3 - len(parts))
    assert year is not None
    youngest, oldest = whole_years_between(
        PartialDate(year, month, day), at.astimezone(clinic_zone()).date()
    )
    return youngest if youngest == oldest else None


def frequency_in_series(rules: Protocol, treatments: Sequence[Treatment]) -> Frequency | None:
    """How often the series is given, read from its own dates; None when it cannot be told."""
    allowed = rules.phases[0].frequencies
    if len(allowed) == 1:
        return allowed[0]
    days = sorted(_day(t) for t in treatments if t.status not in {"cancelled", "missed"})
    if len(days) < 3:
        return None
    first_week = sum((day - days[0]).days < 7 for day in days)
    return next((f for f in allowed if f.per_week == first_week), None)


def _day(treatment: Treatment) -> date:
    lower: datetime = treatment.period.lower
    return lower.astimezone(clinic_zone()).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One complete score of one scale, as a point on a plot."""

    assessment: Assessment
    instrument: str
    label: str
    total: int
    at: datetime
    self_report: bool
    by: str


def scores(patient: Patient, *, since: datetime | None = None) -> list[Score]:
    """Every standing complete score of the person, oldest first."""
    rows: QuerySet[Assessment] = (
        Assessment.objects.filter(
            patient=patient, superseded_by__isnull=True, complete=True, total__isnull=False
        )
        .select_related("by")
        .order_by("at", "pk")
    )
    if since is not None:
        rows = rows.filter(at__gte=since)
    found = []
    for row in rows:
        scale = scale_of(row.instrument)
        found.append(
            Score(
                assessment=row,
                instrument=scale.id,
                label=scale.short,
                total=int(row.total or 0),
                at=row.at,
                self_report=scale.rater is Rater.PATIENT,
                by=row.by.short_name if row.by is not None else "the person",
            )
        )
    return found


def baselines(course: Course) -> dict[str, Assessment]:
    """The frozen baselines by scale."""
    rows = CourseBaseline.objects.filter(course=course).select_related("assessment")
    return {row.instrument: row.assessment for row in rows}


def exposure(patient: Patient, course: Course) -> tuple[Decimal, Decimal]:
    """mg given in this course, and mg of the same product in a lifetime, from the register."""
    given = RegisterEntry.objects.filter(
        kind=RegisterEntry.Kind.GIVEN, treatment__patient=patient, product=course.product
    )

    def total(rows: QuerySet[RegisterEntry]) -> Decimal:
        return rows.aggregate(mg=Sum("mg"))["mg"] or Decimal(0)

    return total(given.filter(treatment__course=course)), total(given)


def decisions(course: Course) -> list[MaintenanceDecision]:
    """Maintenance decisions of the course, oldest first."""
    return list(course.maintenance_decisions.select_related("by").order_by("at", "pk"))


def current_frequency(course: Course) -> Frequency | None:
    """As the last decision set it; before any decision, as the series is given."""
    made = [d for d in decisions(course) if d.interval_days is not None]
    if made:
        return BY_DAYS.get(made[-1].interval_days or 0)
    return frequency_in_series(protocol(course.protocol), list(course.treatments.all()))


def given(course: Course) -> list[Treatment]:
    """Treatments that were dosed, in order of time."""
    after_dose = [Treatment.Status.DOSING, Treatment.Status.OBSERVING, Treatment.Status.LEFT]
    return list(course.treatments.filter(status__in=after_dose).order_by("period"))


def course_words(course: Course, now: datetime) -> str:
    """As the patient card has it: "Esketamine nasal 56 mg, week 4, treatment 8"."""
    rules = protocol(course.protocol)
    dose = course.dose_mg if rules.unit == "mg" else course.dose_mg_per_kg
    parts = [f"{rules.short} {rules.say_dose(dose)}" if dose is not None else rules.short]
    if course.started_at is not None:
        parts.append(f"week {(now - course.started_at).days // 7}")
    done = len(given(course))
    if done:
        parts.append(f"treatment {done}")
    parts.append(CourseStatus(course.status).words)
    return ", ".join(parts)
