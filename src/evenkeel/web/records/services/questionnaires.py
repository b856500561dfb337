"""Questionnaires that patients answer, and ratings that clinicians give.

An answer is saved the moment it is sent; a positive safety item opens its task
in that same transaction, whether or not the rest is ever answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from evenkeel.core.instruments import ImpossibleAnswer, Scale, Score, scale_of, score, score_total
from evenkeel.core.instruments.catalogue import edition
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import (
    Assessment,
    AssessmentRequest,
    Course,
    MailMessage,
    Patient,
    SingleUseLink,
    Task,
    TreatmentEvent,
)
from evenkeel.web.records.once import Repeated, claim, remember
from evenkeel.web.records.selectors.consent import standing
from evenkeel.web.records.services import links, mail, tasks

KIND = SingleUseLink.Kind.QUESTIONNAIRE
Status = AssessmentRequest.Status
REMIND_AFTER = (timedelta(hours=24), timedelta(hours=48))
SKIPPED = "skipped"


class NotSent(Exception):
    """A questionnaire could not be sent, or a rating not kept. Fit for the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving one answer led to. ``task`` is set when a safety item was positive."""

    link: SingleUseLink
    task: Task | None


@transaction.atomic
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
    try:
        claimed = claim(once, "questionnaires.send", by)
    except Repeated as repeat:
        return AssessmentRequest.objects.get(pk=repeat.result_id)
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


def current_course(patient: Patient) -> Course | None:
    """The latest course that has not ended."""
    return patient.courses.filter(ended_at__isnull=True).order_by("-id").first()


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
def send_own_page(*, patient: Patient, by: Any, at: datetime) -> SingleUseLink:
    """Mail a person a link to the picture of their own scores. It opens nothing else.

    Raises:
        NotSent: the person cannot be reached, or does not want messages.
    """
    permissions.check_may(by, "questionnaires.send")
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
    return link


@transaction.atomic
def remind(*, request: AssessmentRequest, at: datetime, by: Any = None) -> AssessmentRequest:
    """Send the same form once more; what was answered so far is kept.

    Raises:
        NotSent: it is answered, has run out, or the person cannot be reached.
    """
    if by is not None:
        permissions.check_may(by, "questionnaires.send")
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
    return request


def scale_for(link: SingleUseLink) -> Scale:
    """The scale this link asks."""
    return scale_of(link.scope["instrument"])


def answers_of(link: SingleUseLink) -> dict[str, int | None]:
    """Item to answer so far; None for one the person would rather not answer."""
    return dict(link.progress.get("answers", {}))


@transaction.atomic
def save_answer(*, link_id: int, item: str, answer: int | None, at: datetime) -> Saved:
    """Keep one answer. A positive safety item opens its task here and now.

    answer: None when the person would rather not answer.

    Raises:
        DeadLink: the link cannot be used any more.
        ImpossibleAnswer: no such item, or not an answer it takes.
    """
    link = links.hold(link_id, KIND, at)
    scale = scale_for(link)
    answers = answers_of(link) | {item: answer}
    result = score(scale, answers)
    if answer is not None and not scale.item(item).takes(answer):
        # A survey's code for "refused" is no answer that a person can press here.
        raise ImpossibleAnswer(f"{answer} is not an answer to {item} of {scale.short}")
    link.progress = {**link.progress, "answers": answers, "saved_at": at.isoformat()}
    task = None
    if scale.safety is not None and item == scale.safety.item and result.safety_positive:
        # The first time counts: going back to another answer does not undo it.
        link.progress["safety_positive"] = True
        task = _open_safety_task(
            scale, result, answers, patient=link.patient, cause=f"safety:link:{link.pk}", at=at
        )
    link.save(update_fields=["progress"])
    AssessmentRequest.objects.filter(link=link, status=Status.SENT).update(status=Status.STARTED)
    return Saved(link=link, task=task)


def _open_safety_task(
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


def _ask_what_was_left_open(
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


@transaction.atomic
def finish(*, link_id: int, at: datetime) -> Assessment:
    """Score what was answered, keep it, and use the link up: all or nothing.

    Raises:
        DeadLink: the form was finished before, or cannot be used any more.
    """
    link = links.hold(link_id, KIND, at)
    scale = scale_for(link)
    answers = answers_of(link)
    request = (
        AssessmentRequest.objects.select_for_update(of=("self",))
        .select_related("course")
        .get(pk=link.scope["request"])
    )
    result = score(scale, answers)
    assessment = _keep(
        patient=link.patient,
        course=request.course,
        request=request,
        scale=scale,
        result=result,
        answers=answers,
        via="portal" if link.scope.get("device") == "own" else "tablet",
        by=None,
        at=at,
    )
    request.status = Status.ANSWERED
    request.save(update_fields=["status"])
    links.use_up(link, at)
    if scale.safety is not None and result.safety_positive is None:
        _ask_what_was_left_open(scale, link.patient, assessment, at)
    ledger.append(
        "questionnaire.answered",
        sentence=f"{link.patient.short_name} answered the {scale.short}.",
        by=None,
        at=at,
        patient=link.patient,
        subject=assessment,
        data={"assessment": assessment.pk, "instrument": scale.id},
    )
    return assessment


@transaction.atomic
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
    try:
        claimed = claim(once, "ratings.record", by)
    except Repeated as repeat:
        return Assessment.objects.get(pk=repeat.result_id)
    assessment = _keep(
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
    try:
        claimed = claim(once, "ratings.record_answers", by)
    except Repeated as repeat:
        return Assessment.objects.get(pk=repeat.result_id)
    assessment = _keep(
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
        _open_safety_task(scale, result, answers, patient=patient, cause=cause, at=at)
    elif scale.safety is not None and result.safety_positive is None:
        _ask_what_was_left_open(scale, patient, assessment, at)
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


def _keep(
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
        Q(link__expires_at__lte=at), status__in=[Status.SENT, Status.STARTED]
    ).update(status=Status.EXPIRED)
