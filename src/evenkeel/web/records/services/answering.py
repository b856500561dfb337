"""A patient answers: item by item, each kept at once, scored at the end.

A positive safety item opens its task in the transaction that keeps the answer,
whether or not the rest is ever answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from evenkeel.core.instruments import ImpossibleAnswer, Scale, scale_of, score
from evenkeel.web.ledger import append as ledger
from evenkeel.web.records.models import Assessment, AssessmentRequest, SingleUseLink, Task
from evenkeel.web.records.services import links
from evenkeel.web.records.services.scoring import ask_what_was_left_open, keep, open_safety_task

KIND = SingleUseLink.Kind.QUESTIONNAIRE
Status = AssessmentRequest.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What saving one answer led to. ``task`` is set when a safety item was positive."""

    link: SingleUseLink
    task: Task | None


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
        task = open_safety_task(
            scale, result, answers, patient=link.patient, cause=f"safety:link:{link.pk}", at=at
        )
    link.save(update_fields=["progress"])
    AssessmentRequest.objects.filter(link=link, status=Status.SENT).update(status=Status.STARTED)
    return Saved(link=link, task=task)


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
    assessment = keep(
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
        ask_what_was_left_open(scale, link.patient, assessment, at)
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
