"""The frozen baseline and the maintenance decision: what is kept, refused and written down."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from tests.support.clinics import NOW, Clinic, local

from evenkeel.core.protocols.maintenance import Refused, Suggestion, Why
from evenkeel.core.protocols.model import Frequency
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import CourseBaseline, MaintenanceDecision, Treatment
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.records.selectors import decisions as asked
from evenkeel.web.records.services import courses, decisions

pytestmark = pytest.mark.django_db

FIRST = date(2026, 9, 1)
DOSE = local(FIRST, 9)
SERIES = [FIRST + timedelta(days=n) for n in (0, 3, 7, 10, 14, 17, 21, 24)]


@pytest.fixture
def clinic():
    return Clinic()


@pytest.fixture
def course(clinic):
    """Esketamine, eight treatments from 1 Sep 2026, MADRS 34 the day before."""
    planned = clinic.course(protocol="esketamine-us-trd", dose="56")
    clinic.rated(planned.patient, "madrs", 34, DOSE - timedelta(days=1))
    clinic.dosed(planned, SERIES)
    courses.after_treatment(course=planned, at=local(SERIES[-1], 12))
    planned.refresh_from_db()
    return planned


def decide(clinic, course, at, choice="accepted", frequency=Frequency.WEEKLY, **more):
    return decisions.decide(
        course=course,
        choice=choice,
        shown=more.pop("shown", asked.outlook(course, at).mark),
        frequency=frequency,
        by=more.pop("by", clinic.prescriber),
        at=at,
        **more,
    )


@pytest.mark.parametrize(
    ("before", "frozen"),
    [(timedelta(days=14), True), (timedelta(days=14, seconds=1), False)],
)
def test_a_baseline_is_at_most_fourteen_days_old(clinic, before, frozen):
    course = clinic.course(protocol="esketamine-us-trd", dose="56")
    clinic.rated(course.patient, "madrs", 34, DOSE - before)
    clinic.dosed(course, [FIRST])
    assert ("madrs" in find.baselines(course)) is frozen
    entry = Entry.objects.filter(action="course.baseline_frozen").get()
    if not frozen:
        assert "Missing: MADRS: the last score was taken 14 days before" in entry.sentence
    assert "PHQ-9: no score was taken before the first dose" in entry.sentence


def test_a_frozen_baseline_never_changes(clinic, course):
    clinic.rated(course.patient, "madrs", 40, DOSE - timedelta(hours=1))  # written down too late
    courses.freeze_baseline(course=course, at=DOSE + timedelta(days=3))
    assert find.baselines(course)["madrs"].total == 34
    with pytest.raises(DatabaseError), transaction.atomic():
        CourseBaseline.objects.filter(course=course).update(instrument="phq9")
    with pytest.raises(DatabaseError), transaction.atomic():
        CourseBaseline.objects.filter(course=course).delete()


def test_the_first_dose_starts_the_course_once(clinic, course):
    assert course.started_at == DOSE
    assert Entry.objects.filter(action="course.baseline_frozen").count() == 1


def test_a_new_course_gets_a_new_baseline(clinic, course):
    at = local(SERIES[-1], 13)
    courses.stop_course(course=course, reason="moves away", by=clinic.prescriber, at=at)
    again = clinic.course(course.patient, protocol="esketamine-us-trd", dose="56")
    clinic.rated(course.patient, "madrs", 28, local(date(2026, 10, 30), 9))
    clinic.dosed(again, [date(2026, 11, 2)])
    assert find.baselines(again)["madrs"].total == 28
    assert find.baselines(course)["madrs"].total == 34


def test_after_the_series_the_decision_is_due(course):
    assert course.status == "decision_due"
    assert list(asked.due()) == [course]


@pytest.mark.parametrize(
    ("age", "fresh"), [(timedelta(days=7), True), (timedelta(days=7, seconds=1), False)]
)
def test_a_stale_rating_gives_no_suggestion_and_nothing_to_accept(clinic, course, age, fresh):
    now = local(date(2026, 9, 29), 10)
    clinic.rated(course.patient, "madrs", 14, now - age)
    told = asked.outlook(course, now).lead
    if fresh:
        assert isinstance(told, Suggestion)
        assert told.options == (Frequency.WEEKLY,)
        return
    # Of three rules the first that speaks leads; here none does.
    assert asked.outlook(course, now).suggestion is None
    with pytest.raises(decisions.CannotDecide, match="no suggestion to accept"):
        decide(clinic, course, now)
    assert not MaintenanceDecision.objects.exists()


def test_every_refusal_names_the_rating_that_would_help(clinic, course):
    now = local(date(2026, 11, 3), 10)  # week 9
    clinic.rated(course.patient, "madrs", 14, now - timedelta(days=9))
    told = {
        t.rule.id: t for t in (asked.outlook(course, now).lead, *asked.outlook(course, now).others)
    }
    label = told["spravato-label"]
    assert isinstance(label, Refused)
    assert label.why is Why.RATING_STALE
    assert label.rating == "madrs"


def test_accepting_keeps_the_inputs_and_books_nothing(clinic, course):
    now = local(date(2026, 9, 29), 10)
    clinic.rated(course.patient, "madrs", 14, now - timedelta(days=3))
    made = decide(clinic, course, now)
    course.refresh_from_db()
    assert course.status == "maintenance"
    assert made.interval_days == 7
    assert made.inputs["week"] == 4
    assert made.inputs["used"][0] == {
        "name": "MADRS by Dr S. Mockridge",
        "value": "14",
        "age": "3 days old",
    }
    response = next(j for j in made.inputs["judged"] if "Response" in j["reason"])
    assert response["answer"] == "yes"  # 14 of 34 is a fall of 58%
    assert Treatment.objects.filter(status="booked").count() == 0
    assert Entry.objects.order_by("-seq").first().sentence == (
        "Dr S. Mockridge decided on the course of Nora E.: every week, as SPRAVATO label "
        "schedule suggests."
    )


@pytest.mark.parametrize("choice", ["otherwise", "stop"])
def test_another_choice_needs_a_reason(clinic, course, choice):
    now = local(date(2026, 9, 29), 10)
    with pytest.raises(decisions.CannotDecide, match="needs a reason"):
        decide(clinic, course, now, choice, Frequency.EVERY_OTHER_WEEK, reason="  ")
    made = decide(clinic, course, now, choice, Frequency.EVERY_OTHER_WEEK, reason="asked for it")
    course.refresh_from_db()
    assert made.reason == "asked for it"
    assert course.status == ("stopped" if choice == "stop" else "maintenance")


def test_what_is_not_suggested_is_not_accepted(clinic, course):
    now = local(date(2026, 9, 29), 10)
    clinic.rated(course.patient, "madrs", 14, now - timedelta(days=3))
    with pytest.raises(decisions.CannotDecide, match="choose otherwise"):
        decide(clinic, course, now, frequency=Frequency.EVERY_4_WEEKS)


def test_a_suggestion_that_changed_meanwhile_is_read_again(clinic, course):
    now = local(date(2026, 9, 29), 10)
    clinic.rated(course.patient, "madrs", 14, now - timedelta(days=3))
    shown = asked.outlook(course, now).mark
    clinic.rated(course.patient, "madrs", 31, now - timedelta(hours=1))
    with pytest.raises(decisions.CannotDecide, match="changed while this page was open"):
        decide(clinic, course, now, shown=shown)


def test_a_nurse_does_not_decide(clinic, course):
    with pytest.raises(Denied):
        decide(clinic, course, NOW, "stop", None, reason="no", by=clinic.nurse)


def test_a_decision_sent_twice_is_one(clinic, course):
    now, key = local(date(2026, 9, 29), 10), uuid.uuid4()
    first = decide(clinic, course, now, "otherwise", reason="asked for it", once=key)
    assert decide(clinic, course, now, "otherwise", reason="asked for it", once=key) == first
    assert MaintenanceDecision.objects.count() == 1


def test_no_decision_before_the_series_is_over(clinic):
    course = clinic.course(protocol="esketamine-us-trd", dose="56")
    clinic.dosed(course, SERIES[:3])
    with pytest.raises(decisions.CannotDecide, match="series is not over"):
        decide(clinic, course, NOW, "otherwise", reason="early")


def test_week_by_week_through_the_rules(clinic, course):
    """The label at week 4, SUSTAIN-1 at week 8, weekly again after a rise, then held."""
    patient = course.patient
    at = local(date(2026, 9, 29), 10)  # week 4
    clinic.rated(patient, "madrs", 14, at)
    decide(clinic, course, at)
    at = local(date(2026, 10, 27), 10)  # week 8, 28 days on
    clinic.rated(patient, "madrs", 12, at)
    told = asked.outlook(course, at)
    assert told.lead.rule.id == "sustain1-frequency"
    assert told.lead.words == "Change to every 2 weeks"
    decide(clinic, course, at, frequency=Frequency.EVERY_OTHER_WEEK)
    at = local(date(2026, 11, 23), 10)  # 27 days on: not a fixed point
    clinic.rated(patient, "madrs", 13, at)
    refused = asked.outlook(course, at).others[0]
    assert refused.why is Why.NOT_A_FIXED_POINT
    at = local(date(2026, 11, 24), 10)
    told = asked.outlook(course, at)
    assert told.lead.words == "Change to every week for the next 4 weeks"
    clinic.rated(patient, "cgi_s", 2, at)
    told = asked.outlook(course, at)
    assert told.disagree
    assert told.others[0].words == "Stay at every 2 weeks, or every 4 weeks"


def test_the_iv_series_is_told_that_no_rule_has_evidence(clinic):
    course = clinic.course()
    clinic.rated(course.patient, "madrs", 34, DOSE - timedelta(days=1))
    clinic.dosed(course, SERIES[:6])
    courses.after_treatment(course=course, at=local(SERIES[5], 12))
    course.refresh_from_db()
    now = local(SERIES[5], 15)
    assert asked.outlook(course, now).lead.why is Why.RATING_STALE
    clinic.rated(course.patient, "madrs", 12, now)
    told = asked.outlook(course, now).lead
    assert told.options == (Frequency.WEEKLY,)
    assert "has direct empirical support" in told.rule.caveat


def test_booked_treatments_are_cancelled_by_hand_before_a_course_stops(clinic, course):
    treatment = Treatment.objects.filter(course=course).first()
    Treatment.objects.filter(pk=treatment.pk).update(status="booked")
    with pytest.raises(courses.CannotPlan, match="Cancel them on the booking page first"):
        decide(clinic, course, NOW, "stop", None, reason="well again")
