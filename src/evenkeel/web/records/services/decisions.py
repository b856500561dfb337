"""The maintenance decision: a person decides; the rule's suggestion is kept beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.core.protocols.maintenance import Refused, Suggestion, Told
from evenkeel.core.protocols.model import Frequency
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.accounts.models import User
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Course, MaintenanceDecision
from evenkeel.web.records.once import claim, remember, repeat_gives
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.records.selectors import decisions as asked
from evenkeel.web.records.services import courses

Choice = MaintenanceDecision.Choice


class CannotDecide(Exception):
    """A decision that was refused; nothing was changed. Words fit for the screen."""


@transaction.atomic
@repeat_gives(MaintenanceDecision)
def decide(
    *,
    course: Course,
    choice: str,
    shown: str,
    by: User,
    at: datetime,
    frequency: Frequency | None = None,
    reason: str = "",
    once: UUID | None = None,
) -> MaintenanceDecision:
    """Accept the suggestion, choose otherwise, or plan to stop. Books nothing.

    shown: the mark of the suggestion that was on the screen.
    frequency: what is chosen; None only to stop.
    reason: needed for everything but accepting.

    Raises:
        Denied: the role may not decide.
        CannotDecide: no decision is due, the suggestion has changed meanwhile, there is
            none to accept, or a reason is missing.
        courses.CannotPlan: stopping while treatments are booked.
    """
    permissions.check_may(by, "decisions.make")
    claimed = claim(once, "course.decide", by)
    course = Course.objects.select_for_update().select_related("patient").get(pk=course.pk)
    if course.status not in {CourseStatus.DECISION_DUE, CourseStatus.MAINTENANCE}:
        raise CannotDecide(_not_due(course))
    outlook = asked.outlook(course, at)
    if shown != outlook.mark:
        raise CannotDecide(
            "The suggestion changed while this page was open, because something in the record "
            "changed. Nothing was decided. Read it again, then decide."
        )
    reason = reason.strip()
    _check(choice, outlook.lead, frequency, reason)
    if choice == Choice.STOP:
        courses.check_nothing_booked(course)
    decision = MaintenanceDecision.objects.create(
        course=course,
        rule=outlook.lead.rule.id if outlook.lead is not None else "none",
        rule_version=str(outlook.lead.rule.version) if outlook.lead is not None else "0",
        inputs=_inputs(outlook),
        suggestion=_kept(outlook.lead) | {"others": [_kept(told) for told in outlook.others]},
        choice=choice,
        interval_days=(
            None if choice == Choice.STOP or frequency is None else find.INTERVALS[frequency]
        ),
        reason=reason,
        at=at,
        by=by,
    )
    _follow(course, choice, frequency, reason, at)
    ledger.append(
        "course.decided",
        sentence=_sentence(course, choice, frequency, outlook.lead, by),
        by=by,
        at=at,
        patient=course.patient,
        subject=decision,
        data={"choice": choice, "rule": decision.rule, "version": decision.rule_version},
        reason=reason,
    )
    remember(claimed, decision)
    return decision


def _not_due(course: Course) -> str:
    if course.status in {CourseStatus.STOPPED, CourseStatus.COMPLETED}:
        return "Nothing was decided: this course is over. Plan a new course instead."
    left = course.treatments.filter(status="booked").count()
    return (
        f"Nothing was decided: the series is not over, {left} "
        f"{'treatment is' if left == 1 else 'treatments are'} still booked. A decision falls due "
        "after the last one."
    )


def _check(choice: str, lead: Told | None, frequency: Frequency | None, reason: str) -> None:
    if choice not in Choice.values:
        raise CannotDecide("Nothing was decided. Choose one of the three.")
    if choice == Choice.ACCEPTED:
        if not isinstance(lead, Suggestion):
            why = lead.reason if isinstance(lead, Refused) else "No rule covers this protocol."
            raise CannotDecide(f"There is no suggestion to accept. {why}")
        if frequency not in lead.options:
            said = " or ".join(option.words for option in lead.options)
            raise CannotDecide(
                f"The suggestion is {said}. Choose that to accept it, or choose otherwise with a "
                "reason."
            )
        return
    if not reason:
        raise CannotDecide(
            "Nothing was decided: this choice needs a reason, because the next reader will ask "
            "why. Write one."
        )
    if choice == Choice.OTHERWISE and frequency not in find.INTERVALS:
        raise CannotDecide("Nothing was decided: say how often treatments shall be given.")


def _follow(
    course: Course, choice: str, frequency: Frequency | None, reason: str, at: datetime
) -> None:
    if choice == Choice.STOP:
        courses.change_status(course, CourseStatus.STOPPED)
        course.ended_at, course.end_reason = at, reason
        course.save(update_fields=["ended_at", "end_reason"])
        return
    if frequency is not None:
        course.interval_days = find.INTERVALS[frequency]
        course.save(update_fields=["interval_days"])
    if course.status == CourseStatus.DECISION_DUE:
        courses.change_status(course, CourseStatus.MAINTENANCE)


def _sentence(
    course: Course, choice: str, frequency: Frequency | None, lead: Told | None, by: User
) -> str:
    who, name = by.short_name, course.patient.short_name
    rule = lead.rule.title if lead is not None else ""
    if choice == Choice.STOP:
        return f"{who} decided to stop the course of {name}."
    words = frequency.words if frequency is not None else "not said"
    if choice == Choice.ACCEPTED:
        return f"{who} decided on the course of {name}: {words}, as {rule} suggests."
    if isinstance(lead, Suggestion):
        return f"{who} decided on the course of {name}: {words}, otherwise than {rule} suggests."
    return f"{who} decided on the course of {name}: {words}, without a suggestion by a rule."


def _inputs(outlook: asked.Outlook) -> dict[str, Any]:
    standing = outlook.standing
    lead = outlook.lead
    return {
        "week": standing.week,
        "current": standing.current,
        "used": (
            [{"name": i.name, "value": i.value, "age": i.age} for i in lead.inputs]
            if isinstance(lead, Suggestion)
            else []
        ),
        "judged": [
            {"scale": scale, "answer": verdict.answer, "reason": verdict.reason}
            for scale, verdict in outlook.judged
        ],
    }


def _kept(told: Told | None) -> dict[str, Any]:
    if told is None:
        return {"rule": None}
    named: dict[str, Any] = {"rule": told.rule.id, "version": told.rule.version}
    if isinstance(told, Suggestion):
        return named | {
            "words": told.words,
            "options": list(told.options),
            "by_judgement": told.by_judgement,
            "hold_weeks": told.hold_weeks,
        }
    return named | {"refused": told.why, "reason": told.reason}
