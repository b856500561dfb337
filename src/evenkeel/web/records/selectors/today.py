"""Everything that waits for somebody today, sorted by its time and not by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from evenkeel.core.instruments import scale_of
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.records.models import (
    Assessment,
    AssessmentRequest,
    Course,
    MailMessage,
    Patient,
    Referral,
    ScreeningDecision,
    Task,
    Treatment,
)
from evenkeel.web.records.selectors.consent import standing
from evenkeel.web.ui.words import local

ASKED_AT_MOST = 3
Status = AssessmentRequest.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A questionnaire that was asked for and has no answer yet."""

    request: AssessmentRequest
    short: str
    waiting_h: int
    asked: int
    state: str
    act: str
    done: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One treatment of today. ``mark``: yes, no, unknown, or empty while it runs."""

    treatment: Treatment
    at: datetime
    what: str
    state: str
    mark: str
    past: bool


def open_tasks(*, safety: bool) -> QuerySet[Task]:
    """Tasks nobody has closed, the one due first on top."""
    tasks = Task.objects.filter(closed_at__isnull=True).select_related("patient", "owner")
    kind = Q(kind=Task.Kind.SAFETY)
    return tasks.filter(kind if safety else ~kind).order_by("due_at", "id")


def closed_lately(at: datetime) -> QuerySet[Task]:
    """Safety tasks closed in the last 24 hours: what was done is read by the next shift."""
    return (
        Task.objects.filter(kind=Task.Kind.SAFETY, closed_at__gte=at - timedelta(hours=24))
        .select_related("patient", "closed_by")
        .order_by("-closed_at")
    )


def undelivered() -> QuerySet[MailMessage]:
    """Messages that were given up, oldest first."""
    return (
        MailMessage.objects.filter(status=MailMessage.Status.FAILED)
        .select_related("to_patient", "to_user")
        .order_by("queued_at")
    )


def unanswered(at: datetime) -> list[Unanswered]:
    """Questionnaires that wait for an answer, the longest wait first."""
    waiting = (
        AssessmentRequest.objects.filter(
            Q(status__in=[Status.SENT, Status.STARTED])
            | Q(status=Status.PLANNED, due_at__lte=at - timedelta(minutes=5))
            | Q(status=Status.EXPIRED, due_at__gte=at - timedelta(days=14))
        )
        .select_related("patient", "link")
        .annotate(
            asked=Count("mails", filter=Q(mails__kind__in=["questionnaire", "reminder"])),
            failed=Count("mails", filter=Q(mails__status=MailMessage.Status.FAILED)),
        )
        .order_by("due_at", "id")
    )
    newer = Assessment.objects.filter(
        patient=OuterRef("patient"), instrument=OuterRef("instrument"), at__gt=OuterRef("due_at")
    )
    rows = waiting.exclude(Exists(newer) & Q(status=Status.EXPIRED))
    return [_unanswered(request, at) for request in rows]


def _unanswered(request: AssessmentRequest, at: datetime) -> Unanswered:
    scale = scale_of(request.instrument)
    since = request.sent_at or request.due_at
    done = len(request.link.progress.get("answers", {})) if request.link is not None else 0
    asked = min(request.asked, ASKED_AT_MOST)  # type: ignore[attr-defined]
    act = "remind"
    if request.status == Status.PLANNED:
        state, act = "due, not sent: no e-mail address, or no wish for messages", "call"
    elif request.failed:  # type: ignore[attr-defined]
        state, act = "the message was not delivered", "address"
    elif request.status == Status.EXPIRED:
        state, act = "the link ran out", "call"
    elif asked >= ASKED_AT_MOST:
        state, act = "call list: asked three times", "call"
    elif done:
        state = f"opened, {done} of {len(scale.items)}"
    else:
        state = "not opened yet"
    return Unanswered(
        request=request,
        short=scale.short,
        waiting_h=int((at - since).total_seconds() // 3600),
        asked=asked,
        state=state,
        act=act,
        done=done,
        of=len(scale.items),
    )


def visits(at: datetime) -> list[Visit]:
    """Today's treatments on the clinic's calendar, in order of time."""
    start = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    end = start + timedelta(days=1)
    booked = (
        Treatment.objects.filter(period__startswith__gte=start, period__startswith__lt=end)
        .exclude(status=Treatment.Status.CANCELLED)
        .select_related("patient", "course")
        .order_by("period", "id")
    )
    return [_visit(treatment, at) for treatment in booked]


def _visit(treatment: Treatment, at: datetime) -> Visit:
    state, mark = treatment.get_status_display(), ""
    begins = treatment.period.lower
    if treatment.status == Treatment.Status.BOOKED:
        state, mark = _readiness(treatment, at)
    elif treatment.status == Treatment.Status.MISSED:
        mark = "no"
    elif treatment.status == Treatment.Status.LEFT:
        mark = "yes"
    total = treatment.course.treatments.exclude(
        status__in=[Treatment.Status.CANCELLED, Treatment.Status.MISSED]
    ).count()
    return Visit(
        treatment=treatment,
        at=begins,
        what=f"{PRODUCTS.get(treatment.course.product, treatment.course.product)}, "
        f"{treatment.ordinal} of {total}",
        state=state,
        mark=mark,
        past=begins <= at,
    )


PRODUCTS = {"racemic_iv": "Ketamine IV", "esketamine_nasal": "Esketamine nasal"}


def _readiness(treatment: Treatment, at: datetime) -> tuple[str, str]:
    """What can be seen before the person arrives; the gate itself is asked at check-in."""
    consent = standing(treatment.patient, "treatment", at=at).verdict.answer
    if consent is Answer.UNKNOWN:
        return "consent unsigned", "no"
    if consent is Answer.NO:
        return "consent refused", "no"
    if not (treatment.escort or treatment.patient.escort):
        return "no escort yet", "no"
    return "consent and escort ready", "yes"


def to_screen() -> QuerySet[Patient]:
    """People with a referral and no decision yet, the longest wait first."""
    referred = Referral.objects.filter(patient=OuterRef("pk"))
    decided = ScreeningDecision.objects.filter(patient=OuterRef("pk")).exclude(
        choice=ScreeningDecision.Choice.WAIT
    )
    courses = Course.objects.filter(patient=OuterRef("pk"))
    return (
        Patient.objects.filter(Exists(referred), ~Exists(decided), ~Exists(courses))
        .filter(deceased=False)
        .order_by("created_at")
    )


def to_decide() -> QuerySet[Course]:
    """Courses that wait for their prescriber's decision."""
    return (
        Course.objects.filter(status=CourseStatus.DECISION_DUE)
        .select_related("patient", "prescriber")
        .order_by("id")
    )
