"""Asking for a questionnaire: at once, later, again, until it is answered or has run out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.instruments import scale_of
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import (
    AssessmentRequest,
    Course,
    MailMessage,
    Patient,
    SingleUseLink,
)
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors.consent import standing
from evenkeel.web.records.services import links, mail
from evenkeel.web.records.services.scoring import NotSent, current_course

KIND = SingleUseLink.Kind.QUESTIONNAIRE
Status = AssessmentRequest.Status
REMIND_AFTER = (timedelta(hours=24), timedelta(hours=48))


@transaction.atomic
@repeat_gives(AssessmentRequest)
def send(
    *,
    patient: Patient,
    instrument: str,
    by: Any,
    at: datetime,
    course: Course | None = None,
    due_at: datetime | None = None,
    by_mail: bool = True,
    once: UUID | None = None,
) -> AssessmentRequest:
    """Ask for a questionnaire: now, or planned for ``due_at`` and sent by the job worker.

    by_mail: False makes a link for a tablet here and now.

    Raises:
        NotSent: the scale cannot go to patients, no address, or no wish for messages.
        UnknownScale: no such scale.
    """
    permissions.check_may(by, "questionnaires.send")
    scale = scale_of(instrument)
    if not scale.asks_patient:
        raise NotSent(
            f"{scale.short} was not sent: its wording may not be shipped, or a clinician rates it."
        )
    if by_mail:
        _check_reachable(patient, at)
    claimed = claim(once, "questionnaires.send", by)
    request = AssessmentRequest.objects.create(
        patient=patient,
        course=course or current_course(patient),
        instrument=scale.id,
        due_at=due_at or at,
        created_by=by,
    )
    if due_at is None or due_at <= at:
        _send_now(request, at=at, by_mail=by_mail)
    how = "was asked to answer" if request.sent_at else "is to be asked to answer"
    ledger.append(
        "questionnaire.asked",
        sentence=f"{patient.short_name} {how} the {scale.short}.",
        by=by,
        at=at,
        patient=patient,
        subject=request,
        data={"request": request.pk, "instrument": scale.id},
    )
    remember(claimed, request)
    return request


def _check_reachable(patient: Patient, at: datetime) -> None:
    if not patient.email:
        raise NotSent(
            "Nothing was sent: this person has no e-mail address. Add one, or hand over a tablet."
        )
    if standing(patient, "contact", at=at).verdict.answer is Answer.NO:
        raise NotSent(
            "Nothing was sent: this person does not want messages between visits. Ask at the "
            "clinic, on a tablet."
        )


def _send_now(request: AssessmentRequest, *, at: datetime, by_mail: bool) -> None:
    request.link = links.issue(
        patient=request.patient,
        kind=KIND,
        scope={
            "instrument": request.instrument,
            "request": request.pk,
            "device": "own" if by_mail else "tablet",
        },
        by=request.created_by,
        at=at,
    )
    request.status, request.sent_at = Status.SENT, at
    request.save(update_fields=["link", "status", "sent_at"])
    if by_mail:
        mail.queue(
            kind="questionnaire", to_patient=request.patient, link=request.link, request=request
        )


@transaction.atomic
@repeat_gives(SingleUseLink)
def send_own_page(
    *, patient: Patient, by: Any, at: datetime, once: UUID | None = None
) -> SingleUseLink:
    """Mail a person a link to the picture of their own scores. It opens nothing else.

    Raises:
        NotSent: the person cannot be reached, or does not want messages.
    """
    permissions.check_may(by, "questionnaires.send")
    claimed = claim(once, "graph.send", by)
    _check_reachable(patient, at)
    link = links.issue(
        patient=patient, kind=SingleUseLink.Kind.GRAPH, scope={"device": "own"}, by=by, at=at
    )
    mail.queue(kind="graph", to_patient=patient, link=link)
    ledger.append(
        "graph.sent",
        sentence=f"{patient.short_name} was sent a link to their own page.",
        by=by,
        at=at,
        patient=patient,
        subject=link,
        data={"link": link.pk},
    )
    remember(claimed, link)
    return link


@transaction.atomic
@repeat_gives(AssessmentRequest)
def remind(
    *, request: AssessmentRequest, at: datetime, by: Any = None, once: UUID | None = None
) -> AssessmentRequest:
    """Send the same form once more; what was answered so far is kept.

    Raises:
        NotSent: it is answered, has run out, or the person cannot be reached.
    """
    if by is not None:
        permissions.check_may(by, "questionnaires.send")
    claimed = claim(once, "questionnaire.remind", by)
    request = (
        AssessmentRequest.objects.select_for_update(of=("self",))
        .select_related("patient", "link")
        .get(pk=request.pk)
    )
    if request.status not in {Status.SENT, Status.STARTED} or request.link is None:
        raise NotSent(f"No reminder was sent: this request is {request.get_status_display()}.")
    _check_reachable(request.patient, at)
    why = links.why_dead(request.link, at)
    if why:
        raise NotSent("No reminder was sent: its link does not work any more. Send a new one.")
    request.reminded_at = at
    request.save(update_fields=["reminded_at"])
    mail.queue(kind="reminder", to_patient=request.patient, link=request.link, request=request)
    ledger.append(
        "questionnaire.reminded",
        sentence=f"{request.patient.short_name} was reminded of a questionnaire.",
        by=by,
        at=at,
        patient=request.patient,
        subject=request,
        data={"request": request.pk},
    )
    remember(claimed, request)
    return request


# -- what the worker does each minute -----------------------------------------


def send_due(*, at: datetime) -> int:
    """Send the planned requests whose time has come; how many went out."""
    sent = 0
    due = AssessmentRequest.objects.filter(status=Status.PLANNED, due_at__lte=at)
    for pk in list(due.order_by("due_at").values_list("pk", flat=True)):
        with transaction.atomic():
            request = (
                AssessmentRequest.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("patient", "created_by")
                .filter(pk=pk, status=Status.PLANNED)
                .first()
            )
            if request is None:
                continue
            try:
                _check_reachable(request.patient, at)
            except NotSent:
                continue  # stays on Today as "due, not sent", with the reason
            _send_now(request, at=at, by_mail=True)
            sent += 1
    return sent


def remind_due(*, at: datetime) -> int:
    """Remind after 24 and 48 hours; after that a person calls. How many were reminded."""
    reminded = 0
    waiting = AssessmentRequest.objects.filter(
        status__in=[Status.SENT, Status.STARTED], sent_at__lte=at - REMIND_AFTER[0]
    ).exclude(link__scope__device="tablet")
    for request in waiting.select_related("patient", "link"):
        asked = MailMessage.objects.filter(request=request, kind="reminder").count()
        assert request.sent_at is not None
        if asked >= len(REMIND_AFTER) or request.sent_at + REMIND_AFTER[asked] > at:
            continue
        try:
            remind(request=request, at=at)
        except NotSent:
            continue
        reminded += 1
    return reminded


def expire(*, at: datetime) -> int:
    """Close the requests whose link has run out unanswered; how many."""
    return AssessmentRequest.objects.filter(
        link__expires_at__lte=at, status__in=[Status.SENT, Status.STARTED]
    ).update(status=Status.EXPIRED)
