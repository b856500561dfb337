"""Plan a course, freeze its baseline, follow it to a decision, stop it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from evenkeel.core.instruments import scale_of
from evenkeel.core.protocols.baseline import NoBaseline, Scored, pick_baseline
from evenkeel.core.protocols.library import protocol, protocols
from evenkeel.core.protocols.model import DoseChoice, Protocol, doses_for
from evenkeel.core.protocols.states import CourseStatus, course_may_follow
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import (
    Assessment,
    Course,
    CourseBaseline,
    Patient,
    ScreeningDecision,
    Treatment,
)
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.ui.words import clinic_zone

# Baselines a course is measured against, where there is a score.
MEASURED_BY = ("madrs", "phq9", "cgi_s", "hamd17", "gad7")
# Without one of these no response can be told; a missing one is said aloud.
EXPECTED = ("madrs", "phq9")


class CannotPlan(Exception):
    """A course cannot take this step. Words: what, why, what to do."""


def screening_for(patient: Patient, product: str) -> ScreeningDecision:
    """The prescriber's decision that lets a course with this product be planned and booked.

    Raises:
        CannotPlan: nobody decided yet, or the latest decision says otherwise.
    """
    latest = ScreeningDecision.objects.filter(patient=patient).order_by("-at", "-pk").first()
    if latest is None:
        raise CannotPlan(
            f"No course can be planned for {patient.short_name} yet. Nobody who prescribes has "
            "decided on the screening, and a course begins with that decision. Ask a prescriber "
            "to decide on the screening page."
        )
    if latest.choice != ScreeningDecision.Choice.PROCEED:
        raise CannotPlan(
            f"No course can be planned for {patient.short_name}. The latest screening decision "
            f'is "{latest.get_choice_display()}". A new decision by a prescriber would change '
            "that."
        )
    if latest.product != product:
        raise CannotPlan(
            "This protocol is for another product than the screening decision. Choose a protocol "
            "for the product that was decided on, or ask a prescriber to decide again."
        )
    return latest


def protocols_for(product: str) -> list[Protocol]:
    """The protocols of one product, in the order of the library."""
    return [item for item in protocols().values() if item.product == product]


@transaction.atomic
@repeat_gives(Course)
def plan_course(
    *,
    patient: Patient,
    protocol_id: str,
    dose: Decimal,
    by: User,
    at: datetime,
    once: UUID | None = None,
) -> Course:
    """Plan a course under a protocol; nothing is booked by it.

    dose: the first dose, in the unit of the protocol.

    Raises:
        Denied: the role may not plan courses.
        CannotPlan: no decision to go ahead, a course is open already, or the dose
            is not one of the protocol's.
    """
    permissions.check_may(by, "courses.plan")
    claimed = claim(once, "course.plan", by)
    # Two people planning for one person at once: the second waits, and then sees the first.
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    if protocol_id not in protocols():
        raise CannotPlan("There is no such protocol. Choose one from the list.")
    rules = protocol(protocol_id)
    decision = screening_for(patient, rules.product)
    open_course = find.open_course(patient)
    if open_course is not None:
        raise CannotPlan(
            f"{patient.short_name} has a course already: {protocol(open_course.protocol).title}. "
            "A person has one course at a time. Stop or complete that one first."
        )
    choice = doses_for(rules, number=1, age_years=find.age_years(patient, at))
    if not isinstance(choice, DoseChoice):
        raise CannotPlan(f"{choice} Complete the record, then plan the course.")
    if dose not in choice.amounts:
        raise CannotPlan(
            f"{rules.say_dose(dose)} is not a first dose of this protocol. It allows "
            f"{choice.reason.split(': ')[1]} ({choice.source}). Choose one of those."
        )
    by_weight = rules.unit == "mg/kg"
    course = Course.objects.create(
        patient=patient,
        protocol=rules.id,
        protocol_version=rules.edition,
        product=rules.product,
        indication=decision.indication,
        status=CourseStatus.PLANNED,
        prescriber=decision.by,
        decision=decision,
        dose_mg_per_kg=dose if by_weight else None,
        dose_mg=None if by_weight else dose,
        minutes=rules.dose_minutes.value,
    )
    ledger.append(
        "course.planned",
        sentence=f"A course was planned for {patient.short_name}: {rules.title}, "
        f"first dose {rules.say_dose(dose)}.",
        by=by,
        at=at,
        patient=patient,
        subject=course,
        data={"protocol": rules.id, "edition": rules.edition, "dose": str(dose)},
    )
    remember(claimed, course)
    return course


def change_status(course: Course, to: CourseStatus) -> None:
    """Write the new status if the table of states allows it.

    Raises:
        CannotPlan: it does not.
    """
    now = CourseStatus(course.status)
    if now is to:
        return
    if not course_may_follow(now, to):
        raise CannotPlan(
            f"This course is {now.words}, and such a course cannot become {to.words}. Nothing was "
            "changed."
        )
    course.status = to
    course.save(update_fields=["status"])


@transaction.atomic
def freeze_baseline(*, course: Course, at: datetime, by: User | None = None) -> None:
    """At the first dose: freeze the baselines, and the course is running.

    Called in the transaction of every dose; only the first one does anything. The
    baseline of a scale is its last valid score at most 14 days old at ``at``; a
    missing one is named in the ledger, never invented.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    if course.started_at is not None:
        return
    course.started_at = at
    course.status = CourseStatus.RUNNING
    course.save(update_fields=["started_at", "status"])
    scores = [
        Scored(key=a.pk, instrument=a.instrument, total=int(a.total), taken_at=a.at)
        for a in Assessment.objects.filter(
            patient=course.patient_id,
            superseded_by__isnull=True,
            complete=True,
            total__isnull=False,
            at__lte=at,
        )
        if a.total is not None
    ]
    frozen, missing = [], []
    for instrument in MEASURED_BY:
        picked = pick_baseline(scores, instrument=instrument, first_dose_at=at)
        if isinstance(picked, NoBaseline):
            if instrument in EXPECTED:
                missing.append(f"{scale_of(instrument).short}: {picked.reason}")
            continue
        CourseBaseline.objects.create(
            course=course, instrument=instrument, assessment_id=picked.key, at=at, by=by
        )
        frozen.append(scale_of(instrument).short)
    said = f"Frozen: {', '.join(frozen)}." if frozen else "None could be frozen."
    lacks = f" Missing: {'; '.join(missing)}." if missing else ""
    ledger.append(
        "course.baseline_frozen",
        sentence=f"The first dose of {course.patient.short_name}'s course set its baseline. "
        f"{said}{lacks}",
        by=by,
        at=at,
        patient=course.patient,
        subject=course,
        data={"frozen": frozen, "missing": missing},
    )


@transaction.atomic
def after_treatment(*, course: Course, at: datetime) -> None:
    """When a treatment is over, missed or cancelled: does a decision fall due now?

    It does when a course that has begun has nothing booked or open any more.
    """
    course = Course.objects.select_for_update().get(pk=course.pk)
    if course.status not in {CourseStatus.RUNNING, CourseStatus.MAINTENANCE}:
        return
    ahead = course.treatments.filter(status__in=[Treatment.Status.BOOKED, *Treatment.OPEN]).exists()
    if ahead:
        return
    change_status(course, CourseStatus.DECISION_DUE)
    ledger.append(
        "course.decision_due",
        sentence=f"Nothing more is booked for {course.patient.short_name}: "
        "a decision on the course is due.",
        by=None,
        at=at,
        patient=course.patient,
        subject=course,
    )


@transaction.atomic
@repeat_gives(Course)
def stop_course(
    *, course: Course, reason: str, by: User, at: datetime, once: UUID | None = None
) -> Course:
    """Stop a course, for a written reason. Bookings must be cancelled first, one by one.

    Raises:
        Denied: the role may not.
        CannotPlan: no reason, treatments are still booked, or the course is over.
    """
    permissions.check_may(by, "courses.prescribe")
    claimed = claim(once, "course.stop", by)
    course = Course.objects.select_for_update().get(pk=course.pk)
    check_reason(reason, "stopped")
    check_nothing_booked(course)
    change_status(course, CourseStatus.STOPPED)
    course.ended_at, course.end_reason = at, reason.strip()
    course.save(update_fields=["ended_at", "end_reason"])
    ledger.append(
        "course.stopped",
        sentence=f"The course of {course.patient.short_name} was stopped.",
        by=by,
        at=at,
        patient=course.patient,
        subject=course,
        reason=reason.strip(),
    )
    remember(claimed, course)
    return course


def check_reason(reason: str, word: str) -> None:
    """Raise unless somebody wrote why the course is ``word``."""
    if not reason.strip():
        raise CannotPlan(f"The course was not {word}: it needs a reason. Write one.")


def check_nothing_booked(course: Course, word: str = "stopped") -> None:
    """Raise unless nothing is booked or open: no booking vanishes in silence."""
    left = course.treatments.filter(status__in=[Treatment.Status.BOOKED, *Treatment.OPEN]).order_by(
        "period"
    )
    if left:
        days = ", ".join(
            f"{t.period.lower.astimezone(clinic_zone()):%-d %b %H:%M}" for t in left[:4]
        )
        raise CannotPlan(
            f"The course cannot be {word} while treatments are booked ({days}). Somebody would "
            "come for nothing. Cancel them on the booking page first."
        )
