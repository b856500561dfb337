"""When the content changes: whose verdict is another, and who must look at it.

A job calls ``look`` until it says that nothing is left. Each call takes the next few
patients in one transaction, so that alarms never wait for it and a fall loses nothing.
What is compared is the same record on the same day under both contents: only the
content differs. Nobody's decision is changed; people are told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.verdicts.effects import Effect
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.ledger import append as ledger
from evenkeel.web.ledger import seals
from evenkeel.web.records.models import (
    Course,
    EditionEffect,
    EditionReview,
    Patient,
    ScreeningDecision,
    Task,
    Treatment,
)
from evenkeel.web.records.selectors.affected import effects_on, to_compare
from evenkeel.web.records.selectors.editions import NoSuchContent, content_of
from evenkeel.web.records.services.editions import keep_edition
from evenkeel.web.records.services.tasks import open_task
from evenkeel.web.ui.words import local

# At once; a check takes some milliseconds and the transaction must stay short.
PATIENTS_AT_ONCE = 25
# A task is due before the next treatment, and at the latest after so long: our choice.
LOOK_WITHIN = timedelta(days=7)
_LOCK = 0x45444954


@transaction.atomic
def look(*, at: datetime, many: int = PATIENTS_AT_ONCE) -> bool:
    """Compare the next patients if the content is another than the one last seen.

    Returns:
        True while there is more to look at.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False  # another worker looks
    content = library()
    review = _standing(content, at)
    if review is None:
        return False
    try:
        before = content_of(review.from_sha256)
    except NoSuchContent as fault:
        _finish(review, at, refused=str(fault))
        return False
    patients = list(to_compare().filter(pk__gt=review.through).order_by("pk")[:many])
    for patient in patients:
        found = effects_on(patient, before, content, as_of=local(at).date())
        EditionEffect.objects.bulk_create(
            EditionEffect(
                review=review,
                patient=patient,
                pack=each.pack,
                title=each.title,
                before=each.before,
                after=each.after,
                criteria=[
                    {"id": one.id, "before": one.before, "after": one.after,
                     "statement": one.statement}
                    for one in each.criteria
                ],
                at=at,
            )
            for each in found
        )  # fmt: skip
        _tell_owner(patient, found, review, at)
        review.through = patient.pk
        review.looked_at += 1
    if len(patients) == many:
        review.save(update_fields=["through", "looked_at"])
        return True
    _finish(review, at)
    return False


def _standing(content: Library, at: datetime) -> EditionReview | None:
    """The review that is under way, or a new one; None when this content was seen before."""
    latest = EditionReview.objects.order_by("-pk").first()
    if latest is not None and latest.to_sha256 == content.sha256:
        return latest if latest.finished_at is None else None
    if latest is None:
        before = _first_before(content)
    elif latest.finished_at is None:
        # Overtaken: who was not looked at yet is compared with what came before both.
        before = (latest.from_edition, latest.from_sha256)
        _finish(latest, at, refused="Overtaken by newer content before it was through.")
    else:
        before = (latest.to_edition, latest.to_sha256)
    keep_edition(content, by=None, at=at, because="this house works with it")
    review = EditionReview.objects.create(
        from_edition=before[0],
        from_sha256=before[1],
        to_edition=content.edition,
        to_sha256=content.sha256,
        started_at=at,
        finished_at=None if before[1] else at,
    )
    if not before[1]:
        return None
    ledger.append(
        "content.changed",
        sentence=f"The guideline content changed from edition {before[0]} to "
        f"{content.edition}; every patient's verdicts are compared.",
        by=None,
        at=at,
        subject=review,
        data={"from": before[1], "to": content.sha256},
    )
    return review


def _first_before(content: Library) -> tuple[str, str]:
    """In a house that never compared: the content of its latest decision on another."""
    older = (
        ScreeningDecision.objects.exclude(content_sha256=content.sha256)
        .order_by("-pk")
        .values_list("content_edition", "content_sha256")
        .first()
    )
    return older or ("", "")


def _finish(review: EditionReview, at: datetime, refused: str = "") -> None:
    review.finished_at, review.refused = at, refused
    review.save(update_fields=["finished_at", "refused", "through", "looked_at"])
    people = review.effects.values("patient").distinct().count()
    sentence = (
        f"Edition {review.to_edition} changes a verdict of {people} of {review.looked_at} patients."
        if not refused
        else f"The verdicts under edition {review.to_edition} could not all be compared: {refused}"
    )
    ledger.append(
        "content.compared",
        sentence=sentence,
        by=None,
        at=at,
        subject=review,
        data={
            "looked_at": review.looked_at,
            "affected": people,
            **seals.seal_of_set(EditionEffect, "review_id", review.pk),
        },
    )


_OVER = (CourseStatus.STOPPED, CourseStatus.COMPLETED)


def _tell_owner(
    patient: Patient, found: tuple[Effect, ...], review: EditionReview, at: datetime
) -> Task | None:
    """A task where a course is planned or running and the change bears on it."""
    course = patient.courses.exclude(status__in=_OVER).order_by("-id").first()
    if course is None:
        return None
    bearing = [each for each in found if _bears_on(each, course)]
    if not bearing:
        return None
    words = "; ".join(f"{each.title}: {each.before} before, {each.after} now" for each in bearing)
    following = (
        Treatment.objects.filter(patient=patient, period__startswith__gt=at)
        .exclude(status__in=[Treatment.Status.CANCELLED, Treatment.Status.MISSED])
        .order_by("period")
        .first()
    )
    due = at + LOOK_WITHIN
    return open_task(
        kind=Task.Kind.OTHER,
        title="A guideline changed: look at the screening decision again",
        detail=f"Edition {review.to_edition} says otherwise than {review.from_edition}. {words}. "
        "The decision stands until a prescriber decides again.",
        due_at=min(due, following.period.lower) if following is not None else due,
        at=at,
        patient=patient,
        course=course,
        cause=f"content:{review.to_sha256[:16]}:{patient.pk}",
    )


def _bears_on(effect: Effect, course: Course) -> bool:
    """Whether a changed pack is one that the course stands on, or covers its product."""
    if effect.pack == "safeguards":
        return True
    if course.decision is not None and course.decision.pack == effect.pack:
        return True
    pack = library().packs.get(effect.pack)
    return pack is not None and course.product in pack.products
