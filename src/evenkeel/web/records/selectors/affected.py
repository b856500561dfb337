"""Whose verdicts another edition changes: the same record and day under both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import (
    Exists,
    OuterRef,
    Q,
    QuerySet,
)

from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.verdicts.effects import Effect, Moved, effects
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.records.models import (
    Course,
    EditionEffect,
    EditionReview,
    Patient,
    ScreeningDecision,
)
from evenkeel.web.records.selectors.editions import guard_answers, safeguards_of
from evenkeel.web.records.selectors.facts import check_on, inputs_of
from evenkeel.web.records.selectors.patients import staged

SAFEGUARDS = "safeguards"
_OVER = (CourseStatus.STOPPED, CourseStatus.COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """One patient and what changes. is_open: a course is planned or running."""

    patient: Patient
    is_open: bool
    effects: tuple[Effect, ...]


def to_compare() -> QuerySet[Patient]:
    """Everybody with a decision or an open referral; ``is_open`` = a course is under way."""
    decided = ScreeningDecision.objects.filter(patient=OuterRef("pk"))
    course = Course.objects.filter(patient=OuterRef("pk"))
    return (
        Patient.objects.annotate(
            is_decided=Exists(decided),
            has_course=Exists(course),
            is_open=Exists(course.exclude(status__in=_OVER)),
        )
        .filter(Q(is_decided=True) | Q(has_course=False))
        .order_by("pk")
    )


def affected(
    before: Library,
    after: Library,
    *,
    as_of: date,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Affected]:
    """Everybody whose verdict differs, those with a course first. Reads; keeps nothing."""
    people = to_compare().order_by("-is_open", "-is_decided", "pk")
    many = people.count()
    for number, patient in enumerate(people.iterator(chunk_size=200), start=1):
        found = effects_on(patient, before, after, as_of=as_of)
        if found:
            yield Affected(patient=patient, is_open=patient.is_open, effects=found)  # type: ignore[attr-defined]
        if progress is not None:
            progress(number, many)


def effects_on(
    patient: Patient, before: Library, after: Library, *, as_of: date
) -> tuple[Effect, ...]:
    """What changes for one person: packs that are shown or that a decision followed."""
    inputs = inputs_of(patient, as_of=as_of)
    followed = set(patient.decisions.values_list("pack", flat=True))
    made = []
    for content in (before, after):
        shown = [pack.id for pack in content.packs.values() if pack.shown or pack.id in followed]
        made.append(check_on(inputs, content, shown))
    old, new = made
    return (
        *effects(old.packs, new.packs, followed),
        *_of_safeguards(
            guard_answers(old.facts, before), guard_answers(new.facts, after), before, after
        ),
    )


def _of_safeguards(
    old: dict[str, str], new: dict[str, str], before: Library, after: Library
) -> tuple[Effect, ...]:
    labels = {each.id: each.label for each in (*safeguards_of(before), *safeguards_of(after))}
    parted = tuple(
        Moved(id=name, before=old.get(name, "not there"), after=new.get(name, "not there"),
              statement=labels[name])
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    )  # fmt: skip
    if not parted:
        return ()
    return (
        Effect(pack=SAFEGUARDS, title="Safeguards", before=_all(old), after=_all(new),
               criteria=parted),
    )  # fmt: skip


def _all(answers: dict[str, str]) -> str:
    return "clear" if all(each == "yes" for each in answers.values()) else "held back"


def affected_by(review: EditionReview) -> QuerySet[Patient]:
    """Patients whose verdict a change moved: those with a course first, then decided ones."""
    moved = EditionEffect.objects.filter(review=review, patient=OuterRef("pk"))
    decided = ScreeningDecision.objects.filter(patient=OuterRef("pk"))
    course = Course.objects.filter(patient=OuterRef("pk"))
    return (
        staged(Patient.objects.filter(Exists(moved)))
        .annotate(is_open=Exists(course.exclude(status__in=_OVER)), was_decided=Exists(decided))
        .order_by("-is_open", "-was_decided", "pk")
    )
