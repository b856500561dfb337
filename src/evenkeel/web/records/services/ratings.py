"""What clinicians rate, and what was answered on paper. A correction supersedes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.instruments import Scale, scale_of, score, score_total
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Assessment, Course, Patient
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.services.scoring import (
    NotSent,
    ask_what_was_left_open,
    current_course,
    keep,
    open_safety_task,
)


@transaction.atomic
@repeat_gives(Assessment)
def record_rating(
    *,
    patient: Patient,
    instrument: str,
    total: int,
    by: Any,
    taken_at: datetime,
    at: datetime,
    course: Course | None = None,
    supersedes: Assessment | None = None,
    reason: str = "",
    once: UUID | None = None,
) -> Assessment:
    """A clinician's rating by its total. A correction supersedes; the old one stays.

    taken_at: when the rating was made; at: now.

    Raises:
        ImpossibleAnswer: outside the range of the scale.
        NotSent: made in the future, corrected without a reason, or corrected before.
    """
    permissions.check_may(by, "ratings.record")
    scale = scale_of(instrument)
    result = score_total(scale, total)
    _check_time(taken_at, at)
    if supersedes is not None:
        _check_correction(supersedes, patient, scale, reason)
    claimed = claim(once, "ratings.record", by)
    assessment = keep(
        patient=patient,
        course=course or current_course(patient),
        request=None,
        scale=scale,
        result=result,
        answers={},
        via="clinician",
        by=by,
        at=taken_at,
        supersedes=supersedes,
    )
    did = "corrected" if supersedes is not None else "recorded"
    ledger.append(
        f"rating.{did}",
        sentence=f"{by.short_name} {did} the {scale.short} of {patient.short_name}.",
        by=by,
        at=at,
        patient=patient,
        subject=assessment,
        data={"assessment": assessment.pk, "instrument": scale.id},
        reason=reason.strip(),
    )
    remember(claimed, assessment)
    return assessment


@transaction.atomic
@repeat_gives(Assessment)
def record_answers(
    *,
    patient: Patient,
    instrument: str,
    answers: Mapping[str, int | None],
    by: Any,
    taken_at: datetime,
    at: datetime,
    course: Course | None = None,
    once: UUID | None = None,
) -> Assessment:
    """A form that was answered on paper, typed in by staff. Safety items count here too."""
    permissions.check_may(by, "ratings.record")
    scale = scale_of(instrument)
    result = score(scale, answers)
    _check_time(taken_at, at)
    claimed = claim(once, "ratings.record_answers", by)
    assessment = keep(
        patient=patient,
        course=course or current_course(patient),
        request=None,
        scale=scale,
        result=result,
        answers=answers,
        via="paper",
        by=by,
        at=taken_at,
    )
    if result.safety_positive:
        cause = f"safety:assessment:{assessment.pk}"
        open_safety_task(scale, result, answers, patient=patient, cause=cause, at=at)
    elif scale.safety is not None and result.safety_positive is None:
        ask_what_was_left_open(scale, patient, assessment, at)
    ledger.append(
        "questionnaire.typed_in",
        sentence=f"{by.short_name} typed in a {scale.short} of {patient.short_name} from paper.",
        by=by,
        at=at,
        patient=patient,
        subject=assessment,
        data={"assessment": assessment.pk, "instrument": scale.id},
    )
    remember(claimed, assessment)
    return assessment


def _check_time(taken_at: datetime, at: datetime) -> None:
    if taken_at > at:
        raise NotSent("Nothing was kept: the time of the rating lies in the future.")


def _check_correction(old: Assessment, patient: Patient, scale: Scale, reason: str) -> None:
    if old.patient_id != patient.pk or old.instrument != scale.id:
        raise NotSent("Nothing was changed: the rating to correct is another person's or scale's.")
    if not reason.strip():
        raise NotSent("Nothing was changed: a correction needs a reason in words.")
