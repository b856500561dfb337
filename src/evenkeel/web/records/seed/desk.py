"""What waits at the desk: a safety task, questionnaires that are out, consents asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.accounts.models import User
from evenkeel.web.records.models import AssessmentRequest, Course, Patient, Task
from evenkeel.web.records.services import consent, questionnaires

FORMS_OUT = 6
CONSENTS_OUT = 6


def lay(*, say: Callable[[str], None]) -> None:
    """See that something is open, on a clinic of any age."""
    now = timezone.now()
    coordinator = User.objects.get(username="i.penworth")
    if not Task.objects.filter(kind=Task.Kind.SAFETY, closed_at__isnull=True).exists():
        _safety_task(coordinator, now)
    waiting = AssessmentRequest.objects.filter(status__in=["planned", "sent", "started"])
    if waiting.count() < 3:
        for course in _courses()[1 : FORMS_OUT + 1]:
            questionnaires.send(
                patient=course.patient, instrument="phq9", by=coordinator,
                at=now - timedelta(minutes=20 + course.pk % 60), course=course,
            )  # fmt: skip


def ask_for_consent(patients: list[Patient]) -> None:
    """Links to the consent texts, mailed and not answered yet."""
    coordinator = User.objects.get(username="i.penworth")
    for patient in patients[:CONSENTS_OUT]:
        consent.ask(
            patient=patient, purposes=["treatment", "off_label", "research", "contact"],
            by=coordinator, at=timezone.now() - timedelta(hours=3),
        )  # fmt: skip


def _courses() -> list[Course]:
    asked = AssessmentRequest.objects.filter(status__in=["sent", "started"]).values("patient")
    return list(
        Course.objects.filter(status__in=[CourseStatus.RUNNING, CourseStatus.MAINTENANCE])
        .exclude(patient__in=asked)
        .exclude(patient__treatments__status__in=["checked_in", "go", "dosing", "observing"])
        .select_related("patient")
        .order_by("-started_at", "pk")[: FORMS_OUT + 1]
    )


def _safety_task(coordinator: User, now: object) -> None:
    """Somebody answered the ninth item a while ago; the clock runs."""
    course = next(iter(_courses()), None)
    if course is None:
        return
    sent = timezone.now() - timedelta(hours=1)
    request = questionnaires.send(
        patient=course.patient, instrument="phq9", by=coordinator, at=sent, course=course
    )
    assert request.link is not None
    at = timezone.now() - timedelta(minutes=6)
    for number in range(1, 10):
        questionnaires.save_answer(link_id=request.link.pk, item=f"q{number}", answer=2, at=at)
    questionnaires.finish(link_id=request.link.pk, at=at)
