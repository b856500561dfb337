"""A person's own scores over time, as they may see them themselves.

Answers whose safety item was positive are held back until a clinician has
closed the safety task they opened: nobody should read such a number alone.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from evenkeel.core.instruments import scale_of, score
from evenkeel.core.instruments.scale import Scale
from evenkeel.web.records.models import (
    Assessment,
    AssessmentRequest,
    Course,
    Patient,
    Task,
    Treatment,
    TreatmentEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnScore:
    """One time of answering; total None where none may be given or shown, and why."""

    at: datetime
    total: int | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCourse:
    """What the portal's page of a person shows."""

    scale: Scale
    scores: list[OwnScore]
    treated_at: list[datetime]
    next_treatment: Treatment | None
    next_questions: AssessmentRequest | None
    course: Course | None
    held_back: bool


def own_course(patient: Patient, *, at: datetime, instrument: str = "phq9") -> OwnCourse:
    """Scores, treatments and what comes next, for the person's own eyes."""
    scale = scale_of(instrument)
    course = patient.courses.filter(ended_at__isnull=True).order_by("-id").first()
    course = course or patient.courses.order_by("-id").first()
    open_since = (
        Task.objects.filter(patient=patient, kind=Task.Kind.SAFETY, closed_at__isnull=True)
        .order_by("opened_at")
        .values_list("opened_at", flat=True)
        .first()
    )
    scores: list[OwnScore] = []
    held_back = False
    answered = Assessment.objects.filter(
        patient=patient, instrument=scale.id, superseded_by__isnull=True, at__lte=at
    ).order_by("at")
    for one in answered:
        hide = open_since is not None and one.at >= open_since and _is_positive(scale, one)
        held_back = held_back or hide
        if hide:
            scores.append(OwnScore(at=one.at, total=None, why="your clinic talks with you first"))
        elif one.total is None:
            scores.append(OwnScore(at=one.at, total=None, why="not all questions were answered"))
        else:
            scores.append(OwnScore(at=one.at, total=int(one.total)))
    unanswered = AssessmentRequest.objects.filter(
        patient=patient, instrument=scale.id, status=AssessmentRequest.Status.EXPIRED
    )
    scores += [OwnScore(at=r.due_at, total=None, why="no answer") for r in unanswered]
    scores.sort(key=lambda one: one.at)
    booked = Treatment.objects.filter(
        patient=patient, status=Treatment.Status.BOOKED, period__startswith__gt=at
    ).order_by("period")
    planned = AssessmentRequest.objects.filter(
        patient=patient, status=AssessmentRequest.Status.PLANNED, due_at__gt=at
    ).order_by("due_at")
    treated = TreatmentEvent.objects.filter(
        treatment__patient=patient, kind="dose_started", superseded_by__isnull=True, at__lte=at
    ).order_by("at")
    return OwnCourse(
        scale=scale,
        scores=scores,
        treated_at=list(treated.values_list("at", flat=True)),
        next_treatment=booked.first(),
        next_questions=planned.first(),
        course=course,
        held_back=held_back,
    )


def hours_after_dose(patient: Patient, times: list[datetime]) -> list[Decimal | None]:
    """Hours from the dose before each time, by what is charted now; None before the first."""
    starts = list(
        TreatmentEvent.objects.filter(
            treatment__patient=patient, kind="dose_started", superseded_by__isnull=True
        )
        .order_by("at")
        .values_list("at", flat=True)
    )
    found: list[Decimal | None] = []
    for at in times:
        place = bisect_right(starts, at)
        hours = (at - starts[place - 1]).total_seconds() / 3600 if place else None
        found.append(None if hours is None else Decimal(hours).quantize(Decimal("0.01")))
    return found


def _is_positive(scale: Scale, assessment: Assessment) -> bool:
    answers = {
        item: None if value is None else int(value) for item, value in assessment.answers.items()
    }
    return bool(answers) and bool(score(scale, answers).safety_positive)
