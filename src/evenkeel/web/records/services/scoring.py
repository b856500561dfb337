"""Keep a scored scale, and open the task that its safety item asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from evenkeel.core.instruments import Scale, Score
from evenkeel.core.instruments.catalogue import edition
from evenkeel.web.records.models import (
    Assessment,
    AssessmentRequest,
    Course,
    Patient,
    Task,
    TreatmentEvent,
)
from evenkeel.web.records.services import tasks


class NotSent(Exception):
    """A questionnaire could not be sent, or a rating not kept. Fit for the screen."""


def current_course(patient: Patient) -> Course | None:
    """The latest course that has not ended."""
    return patient.courses.filter(ended_at__isnull=True).order_by("-id").first()


def open_safety_task(
    scale: Scale,
    result: Score,
    answers: Mapping[str, int | None],
    *,
    patient: Patient,
    cause: str,
    at: datetime,
) -> Task:
    safety = scale.safety
    assert safety is not None
    urgent = bool(result.safety_urgent)
    within = safety.urgent_call_within_min if urgent else safety.call_within_min
    value = answers[safety.item]
    words = scale.words_for(value) if value is not None else ""
    return tasks.open_task(
        kind=Task.Kind.SAFETY,
        title=f"{scale.short} item {safety.item.removeprefix('q')}: {value}",
        detail=f"Answered “{words}”. Call, and ask about suicidal thoughts directly. Within how "
        f"many hours to call is {safety.source.mark.words}.",
        due_at=at + timedelta(minutes=within),
        at=at,
        patient=patient,
        course=current_course(patient),
        cause=cause,
    )


def ask_what_was_left_open(
    scale: Scale, patient: Patient, assessment: Assessment, at: datetime
) -> None:
    """A safety item without an answer is not a zero: somebody asks."""
    assert scale.safety is not None
    tasks.open_task(
        kind=Task.Kind.SAFETY,
        title=f"{scale.short} item {scale.safety.item.removeprefix('q')}: not answered",
        detail="The question about thoughts of death or self-harm was left open. That is not a "
        "no: ask.",
        due_at=at + timedelta(minutes=scale.safety.call_within_min),
        at=at,
        patient=patient,
        course=current_course(patient),
        cause=f"safety:assessment:{assessment.pk}",
    )


def keep(
    *,
    patient: Patient,
    course: Course | None,
    request: AssessmentRequest | None,
    scale: Scale,
    result: Score,
    answers: Mapping[str, int | None],
    via: str,
    by: Any,
    at: datetime,
    supersedes: Assessment | None = None,
) -> Assessment:
    try:
        with transaction.atomic():
            return Assessment.objects.create(
                patient=patient,
                course=course,
                request=request,
                instrument=scale.id,
                instrument_version=edition(scale.id),
                answers=dict(answers),
                total=None if result.total is None else Decimal(result.total),
                band=result.band,
                complete=result.complete,
                reason=result.reason,
                hours_since_dose=_hours_since_dose(patient, at),
                via=via,
                by=by,
                at=at,
                supersedes=supersedes,
            )
    except IntegrityError as fault:
        if supersedes is not None:
            raise NotSent(
                "Nothing was changed: somebody corrected this rating before you. Correct theirs."
            ) from fault
        raise


def _hours_since_dose(patient: Patient, at: datetime) -> Decimal | None:
    """Hours from the start of the last dose to ``at``; None before the first one."""
    last = (
        TreatmentEvent.objects.filter(
            treatment__patient=patient, kind="dose_started", at__lte=at, superseded_by__isnull=True
        )
        .order_by("-at")
        .values_list("at", flat=True)
        .first()
    )
    if last is None:
        return None
    hours = Decimal((at - last).total_seconds()) / 3600
    return hours.quantize(Decimal("0.01"))
