"""Tasks: what one named person must do by a time, until somebody closes it in words.

A task does not vanish: it is closed by a name with what was done, or it is
late, says so, and goes to a prescriber.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from evenkeel.web.accounts.models import User
from evenkeel.web.accounts.roles import Role
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Course, Patient, Shift, Task
from evenkeel.web.records.once import Repeated, claim, remember
from evenkeel.web.records.services import mail

# How long after it became late a task is told to the prescribers again.
TELL_AGAIN_AFTER = timedelta(hours=1)


class NotNow(Exception):
    """The act does not fit the state of the task. The message is fit for the screen."""


def owner_for(patient: Patient | None, course: Course | None, at: datetime) -> User | None:
    """Who answers for this person now.

    The prescriber of the course, else a prescriber on shift, else nobody: an
    empty owner is shown loudly and is better than a wrong one.
    """
    if course is None and patient is not None:
        course = patient.courses.filter(ended_at__isnull=True).order_by("-id").first()
    if course is not None and course.prescriber.is_active:
        return course.prescriber
    on_shift = (
        Shift.objects.filter(period__contains=at, user__role=Role.PRESCRIBER, user__is_active=True)
        .select_related("user")
        .order_by("user__last_name", "user_id")
        .first()
    )
    return on_shift.user if on_shift is not None else None


@transaction.atomic
def open_task(
    *,
    kind: str,
    title: str,
    due_at: datetime,
    at: datetime,
    patient: Patient | None = None,
    course: Course | None = None,
    owner: User | None = None,
    detail: str = "",
    cause: str = "",
    by: Any = None,
) -> Task:
    """Open a task, or bring forward the one that the same cause has open already.

    Joins the caller's transaction: the task and what caused it are kept together
    or not at all. The owner is told by e-mail once that transaction commits.
    """
    if cause:
        standing = (
            Task.objects.select_for_update().filter(cause=cause, closed_at__isnull=True).first()
        )
        if standing is not None:
            return _bring_forward(standing, title=title, detail=detail, due_at=due_at, at=at)
    owner = owner or owner_for(patient, course, at)
    task = Task.objects.create(
        patient=patient,
        course=course,
        kind=kind,
        title=title,
        detail=detail,
        owner=owner,
        opened_at=at,
        due_at=due_at,
        cause=cause,
    )
    whose = patient.short_name if patient is not None else "the clinic"
    who = owner.short_name if owner is not None else "nobody yet"
    ledger.append(
        "task.opened",
        sentence=f"A {task.get_kind_display()} task for {whose} was opened; owner: {who}.",
        by=by,
        at=at,
        patient=patient,
        subject=task,
        data={"task": task.pk, "kind": kind, "due_at": due_at.isoformat()},
    )
    for user in [owner] if owner is not None else _prescribers():
        mail.queue(kind="task", to_user=user, task=task)
    return task


def _bring_forward(task: Task, *, title: str, detail: str, due_at: datetime, at: datetime) -> Task:
    if due_at < task.due_at:
        task.due_at, task.title, task.detail = due_at, title, detail
        task.save(update_fields=["due_at", "title", "detail"])
        whose = task.patient.short_name if task.patient is not None else "the clinic"
        ledger.append(
            "task.brought_forward",
            sentence=f"The task for {whose} is due sooner: its cause grew.",
            by=None,
            at=at,
            patient=task.patient,
            subject=task,
            data={"task": task.pk, "due_at": due_at.isoformat()},
        )
        if task.owner is not None:
            mail.queue(kind="task", to_user=task.owner, task=task)
    return task


@transaction.atomic
def take(*, task: Task, by: User, at: datetime) -> Task:
    """ "Take it": this person answers for it from now on."""
    permissions.check_may(by, "tasks.own")
    task = _open(task)
    if task.owner_id == by.pk and task.taken_at is not None:
        return task
    return _give(task, to=by, by=by, at=at, taken_at=at, words=f"{by.short_name} took")


@transaction.atomic
def hand_over(*, task: Task, to: User, by: User, at: datetime) -> Task:
    """Give an open task to somebody else, who is told by e-mail."""
    permissions.check_may(by, "tasks.own")
    permissions.check_may(to, "tasks.own")
    task = _open(task)
    words = f"{by.short_name} handed to {to.short_name}"
    task = _give(task, to=to, by=by, at=at, taken_at=None, words=words)
    mail.queue(kind="task", to_user=to, task=task)
    return task


def _give(
    task: Task, *, to: User, by: User, at: datetime, taken_at: datetime | None, words: str
) -> Task:
    task.owner, task.taken_at = to, taken_at
    task.save(update_fields=["owner", "taken_at"])
    whose = task.patient.short_name if task.patient is not None else "the clinic"
    ledger.append(
        "task.taken" if taken_at else "task.handed_over",
        sentence=f"{words} the {task.get_kind_display()} task for {whose}.",
        by=by,
        at=at,
        patient=task.patient,
        subject=task,
        data={"task": task.pk, "owner": to.pk},
    )
    return task


@transaction.atomic
def close(*, task: Task, outcome: str, by: User, at: datetime, once: UUID | None = None) -> Task:
    """Close a task with what was done, in words.

    Raises:
        NotNow: it is closed already, or no words were given.
    """
    permissions.check_may(by, "tasks.own")
    try:
        claimed = claim(once, "task.close", by)
    except Repeated:
        return Task.objects.get(pk=task.pk)
    task = _open(task)
    if not outcome.strip():
        raise NotNow(
            "The task stays open: write what was done. The next person who reads it has only "
            "these words."
        )
    task.closed_at, task.closed_by, task.outcome = at, by, outcome.strip()
    if task.owner is None:
        task.owner = by
    task.save(update_fields=["closed_at", "closed_by", "outcome", "owner"])
    whose = task.patient.short_name if task.patient is not None else "the clinic"
    ledger.append(
        "task.closed",
        sentence=f"{by.short_name} closed the {task.get_kind_display()} task for {whose}.",
        by=by,
        at=at,
        patient=task.patient,
        subject=task,
        data={"task": task.pk},
        reason=task.outcome,
    )
    remember(claimed, task)
    return task


def _open(task: Task) -> Task:
    held = (
        Task.objects.select_for_update(of=("self",))
        .select_related("patient", "owner")
        .get(pk=task.pk)
    )
    if held.closed_at is not None:
        who = held.closed_by.short_name if held.closed_by else "somebody"
        raise NotNow(f"{who} closed this task before you. Nothing was changed. Read what was done.")
    return held


@transaction.atomic
def escalate_late(*, at: datetime) -> int:
    """Mark open tasks that are past their time, and tell every prescriber; how many.

    Run each minute. A task is told once when it becomes late and again each hour.
    """
    late = (
        Task.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("patient", "owner")
        .filter(closed_at__isnull=True, due_at__lte=at)
        .exclude(escalated_at__gt=at - TELL_AGAIN_AFTER)
    )
    count = 0
    for task in late:
        first = task.escalated_at is None
        task.escalated_at = at
        task.save(update_fields=["escalated_at"])
        count += 1
        for user in _prescribers():
            mail.queue(kind="task_late", to_user=user, task=task)
        if first:
            whose = task.patient.short_name if task.patient is not None else "the clinic"
            ledger.append(
                "task.late",
                sentence=f"The {task.get_kind_display()} task for {whose} became late; the "
                "prescribers were told.",
                by=None,
                at=at,
                patient=task.patient,
                subject=task,
                data={"task": task.pk},
            )
    return count


def _prescribers() -> list[User]:
    return list(User.objects.filter(role=Role.PRESCRIBER, is_active=True).order_by("pk"))
