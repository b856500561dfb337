"""Finding people, and what their records say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from evenkeel.core.chart import Chart, Entry, PartialDate, Person
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.records.models import (
    Course,
    Patient,
    PatientIdentifier,
    ScreeningDecision,
)
from evenkeel.web.records.selectors.referrals import reading_of

KINDS = ("conditions", "medications", "allergies", "observations", "procedures", "encounters")


def chart_of(
    patient: Patient,
    *,
    referrals: Collection[int] | None = None,
    person: Mapping[str, Any] | None = None,
) -> Chart:
    """All that the referrals of a person say together.

    The same resource sent again counts once; one that came again with the same address
    and other content replaces the earlier version, which stays in its own referral.

    referrals: only these, as at an earlier day. person: as ``person_of`` told it then.
    """
    told: dict[str, dict[str, Entry]] = {kind: {} for kind in KINDS}
    problems: list[Any] = []
    about = _stored_person(patient, person_of(patient) if person is None else person)
    # The bytes are fetched only for a referral that is not remembered.
    rows = patient.referrals.defer("raw", "problems").order_by("at", "id")
    if referrals is not None:
        rows = rows.filter(pk__in=referrals)
    for referral in rows:
        reading = reading_of(referral)
        names = {item.place: _lasting_name(item.full_url, item.sha256) for item in reading.kept}
        for kind in KINDS:
            for entry in getattr(reading.chart, kind):
                told[kind][names[entry.place]] = entry
        problems += reading.chart.problems
        about = replace(
            about, ref=reading.chart.person.ref, identifiers=reading.chart.person.identifiers
        )
    return Chart(
        person=about,
        problems=tuple(problems),
        **{kind: tuple(entries.values()) for kind, entries in told.items()},  # type: ignore[arg-type]
    )


def _lasting_name(full_url: str, sha256: str) -> str:
    """What a resource is known by in later referrals: its address, else its content.

    A type with an id is no such name: two senders may both have a Condition/17.
    """
    return full_url or sha256


def person_of(patient: Patient) -> dict[str, Any]:
    """What a check reads of the person: no name, no address."""
    return {"birth": patient.birth, "sex": patient.sex, "deceased": patient.deceased}


def _stored_person(patient: Patient, told: Mapping[str, Any]) -> Person:
    """The person as the clinic has them, which corrections may have changed."""
    return Person(
        ref=f"Patient/{patient.number}",
        family=patient.family,
        given=patient.given,
        birth=_birth(told["birth"]),
        sex=told["sex"],
        deceased=told["deceased"],
        email=patient.email,
        phone=patient.phone,
        language=patient.language,
    )


def birth_of(patient: Patient) -> PartialDate | None:
    """The date of birth as it is known: a year, a month or a day."""
    return _birth(patient.birth)


def _birth(written: str) -> PartialDate | None:
    return PartialDate(*(int(part) for part in written.split("-"))) if written else None


class Stage(models.TextChoices):
    """Where somebody is in the house."""

    REFERRED = "referred", "Referred"
    DECIDED = "decided", "Screened"
    PLANNED = "planned", "Course planned"
    RUNNING = "running", "In treatment"
    ENDED = "ended", "Course ended"


_PLANNED = (CourseStatus.PLANNED, CourseStatus.BOOKED)
_OVER = (CourseStatus.STOPPED, CourseStatus.COMPLETED)


def people(words: str = "", stage: str = "") -> QuerySet[Patient]:
    """Patients by name, record number or identifier, and by stage; in the order of names.

    Each has ``stage`` (a ``Stage`` value) and ``course_status`` ("" without a course).
    """
    found = staged(Patient.objects.all())
    for word in words.split():
        key = Patient.pk_of(word.upper())
        by_key = Q(pk=key) if key is not None and key < 2**63 else Q(pk__in=[])
        if word.isdecimal() and len(word) <= 9:
            by_key |= Q(pk=int(word))
        held = PatientIdentifier.objects.filter(patient=OuterRef("pk"), value__iexact=word)
        found = found.filter(
            by_key | Q(family__icontains=word) | Q(given__icontains=word) | Exists(held)
        )
    if stage in Stage.values:
        found = found.filter(stage=stage)
    return found.order_by("family", "given", "pk")


def staged(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    latest = Course.objects.filter(patient=OuterRef("pk")).order_by("-id").values("status")[:1]
    # Who was told to wait for more is still to be screened: the worklist says the same.
    decided = ScreeningDecision.objects.filter(patient=OuterRef("pk")).exclude(
        choice=ScreeningDecision.Choice.WAIT
    )
    return patients.annotate(
        course_status=Coalesce(Subquery(latest), Value("")),
        is_decided=Exists(decided),
    ).annotate(
        stage=Case(
            When(course_status__in=_OVER, then=Value(Stage.ENDED.value)),
            When(course_status__in=_PLANNED, then=Value(Stage.PLANNED.value)),
            When(~Q(course_status=""), then=Value(Stage.RUNNING.value)),
            When(is_decided=True, then=Value(Stage.DECIDED.value)),
            default=Value(Stage.REFERRED.value),
        )
    )


def how_many() -> dict[str, int]:
    """How many people are in each stage."""
    counted = staged(Patient.objects.all()).values_list("stage").annotate(models.Count("pk"))
    return dict(counted.order_by())
