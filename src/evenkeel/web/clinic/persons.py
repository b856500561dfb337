"""The patient card's keys from a person's record; the same on every staff page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from evenkeel.web.clinic import charts
from evenkeel.web.records.models import Patient
from evenkeel.web.records.selectors.courses import course_words
from evenkeel.web.records.selectors.patients import chart_of


def card_of(patient: Patient) -> dict[str, Any]:
    """Keys of the component ``patient_card``; a birth date known only in part is not made whole."""
    born: date | None = None
    if len(patient.birth) == 10:
        born = date.fromisoformat(patient.birth)
    course = patient.courses.order_by("-id").first()
    return {
        "family": patient.family.upper(),
        "given": patient.given,
        "record_no": patient.number,
        "born": born,
        "sex": patient.get_sex_display(),
        "warnings": charts.warnings(chart_of(patient)),
        "course": course_words(course, timezone.now()) if course is not None else "",
    }
