"""Booking: what PostgreSQL decides, what is said, what is offered instead."""

from __future__ import annotations

import threading
import uuid
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from tests.support.clinics import MONDAY, NOW, Clinic, local

from evenkeel.core.protocols.model import Frequency
from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import Course, ScreeningDecision, Shift, Treatment
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.selectors import booking as find
from evenkeel.web.records.services import booking, courses, rebooking
from evenkeel.web.records.services.booking_words import CannotBook
from evenkeel.web.records.services.placing import Wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic():
    return Clinic()


def book(clinic, course, hour, minute=0, *, day=MONDAY, chair=0, by=None, **more):
    return booking.book_one(
        course=course,
        wish=Wish(start=local(day, hour, minute), chair=clinic.chairs[chair]),
        by=by or clinic.coordinator,
        at=NOW,
        **more,
    )


def last_sentence() -> str:
    return Entry.objects.order_by("-seq").first().sentence


def test_a_series_is_booked_whole_and_told_in_one_sentence(clinic):
    course = clinic.course()
    days = [MONDAY + timedelta(days=n) for n in (0, 3, 7, 10, 14, 17)]
    booked = booking.book_series(
        course=course,
        wishes=[Wish(start=local(d, 13, 30), chair=clinic.chairs[0]) for d in days],
        by=clinic.coordinator,
        at=NOW,
    )
    course.refresh_from_db()
    assert course.status == "booked"
    assert [t.ordinal for t in booked] == [1, 2, 3, 4, 5, 6]
    assert {t.nurse_id for t in booked} == {clinic.nurse.pk}
    assert {t.prescriber_id for t in booked} == {clinic.prescriber.pk}
    # 40 min of infusion, 60 of observation, 15 of turnover: protocols/ketamine-iv-six.toml.
    assert {t.period[1] - t.period[0] for t in booked} == {timedelta(minutes=115)}
    assert last_sentence() == (
        "6 treatments of Nora E. were booked, from Mon 30 Nov 2026, 13:30 to "
        "Thu 17 Dec 2026, 13:30."
    )


def test_a_series_is_booked_whole_or_not_at_all(clinic):
    other = clinic.course(clinic.person("Otis"))
    book(clinic, other, 13, day=MONDAY + timedelta(days=7))
    course = clinic.course()
    with pytest.raises(CannotBook) as refused:
        booking.book_series(
            course=course,
            wishes=[
                Wish(start=local(MONDAY + timedelta(days=n), 13, 30), chair=clinic.chairs[0])
                for n in (0, 3, 7)
            ],
            by=clinic.coordinator,
            at=NOW,
        )
    assert refused.value.row == 2
    assert not course.treatments.exists()
    course.refresh_from_db()
    assert course.status == "planned"


def test_the_refusal_names_the_chair_the_times_and_what_is_free(clinic):
    book(clinic, clinic.course(clinic.person("Otis")), 13)
    with pytest.raises(CannotBook) as refused:
        book(clinic, clinic.course(), 13, 30)
    told = refused.value
    assert told.title == "Mon 30 Nov 2026, 13:30 on chair 1 cannot be booked"
    assert told.why == (
        "Chair 1 is taken 13:00 to 14:55, and this treatment would hold it until 15:25."
    )
    assert "Nothing was changed." in str(told)
    assert (told.offers[0].start, told.offers[0].chair) == (
        local(MONDAY, 13, 30),
        clinic.chairs[1],
    )


def test_nobody_who_prescribes_is_told_with_the_minutes(clinic):
    Shift.objects.filter(user=clinic.prescriber).delete()
    for start, end in ((8, 12.75), (13.5, 17)):
        Shift.objects.create(
            user=clinic.prescriber,
            period=(
                local(MONDAY, 0) + timedelta(hours=start),
                local(MONDAY, 0) + timedelta(hours=end),
            ),
        )
    with pytest.raises(CannotBook) as refused:
        book(clinic, clinic.course(), 13)
    assert refused.value.why.startswith("Nobody who prescribes is on site from 12:45 to 13:30") or (
        refused.value.why.startswith("Nobody who prescribes is on site from 13:00 to 13:30")
    )
    assert refused.value.offers[0].start == local(MONDAY, 13, 30)


@pytest.mark.parametrize(("capacity", "free"), [(1, False), (2, True)])
def test_one_nurse_is_responsible_for_as_many_as_the_site_says(capacity, free):
    clinic = Clinic(capacity=capacity)
    book(clinic, clinic.course(clinic.person("Otis")), 13)
    course = clinic.course()
    if free:
        assert book(clinic, course, 13, chair=1).nurse_lane == 2
    else:
        with pytest.raises(CannotBook, match="looks after as many people as the site allows"):
            book(clinic, course, 13, chair=1)


@pytest.mark.parametrize(("minute", "free"), [(54, False), (55, True)])
def test_a_chair_is_free_when_its_turnover_ends(clinic, minute, free):
    book(clinic, clinic.course(clinic.person("Otis")), 9)
    if free:
        book(clinic, clinic.course(), 10, minute)
    else:
        with pytest.raises(CannotBook):
            book(clinic, clinic.course(), 10, minute)


def raw(clinic, course, start, *, chair=0, lane=1, patient=None):
    return Treatment.objects.create(
        course=course,
        patient=patient or course.patient,
        ordinal=9,
        chair=clinic.chairs[chair],
        nurse=clinic.nurse,
        nurse_lane=lane,
        prescriber=clinic.prescriber,
        period=(start, start + timedelta(minutes=115)),
    )


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"lane": 2, "patient": "other"}, "records_chair_booked_once"),
        ({"chair": 1, "lane": 2}, "records_patient_booked_once"),
        ({"chair": 1, "patient": "other"}, "records_nurse_lane_booked_once"),
    ],
)
def test_postgresql_refuses_every_collision_without_our_help(clinic, change, constraint):
    course = clinic.course()
    raw(clinic, course, local(MONDAY, 9))
    if change.get("patient"):
        change = change | {"patient": clinic.person("Otis")}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        raw(clinic, course, local(MONDAY, 10), **change)


def test_without_a_decision_nothing_is_planned_or_booked_and_the_reason_is_told(clinic):
    with pytest.raises(courses.CannotPlan, match="Nobody who prescribes has decided"):
        clinic.course(clinic.person(product=None))
    course = clinic.course()
    clinic.screen(course.patient, "racemic_iv", choice="decline")
    with pytest.raises(courses.CannotPlan, match="no treatment"):
        book(clinic, course, 9)
    assert ScreeningDecision.objects.count() == 2


def test_a_decision_for_another_product_is_not_this_one(clinic):
    with pytest.raises(courses.CannotPlan, match="another product"):
        clinic.course(clinic.person(product="esketamine_nasal"))


def test_a_person_has_one_course_at_a_time(clinic):
    course = clinic.course()
    with pytest.raises(courses.CannotPlan, match="one course at a time"):
        clinic.course(course.patient)


def test_a_dose_outside_the_protocol_is_refused_with_the_doses_it_has(clinic):
    with pytest.raises(courses.CannotPlan, match="It allows 56 mg"):
        clinic.course(protocol="esketamine-us-trd", dose="84")
    assert clinic.course(protocol="esketamine-us-trd", dose="56").dose_mg == 56


def test_a_researcher_books_nothing(clinic, user_of):
    with pytest.raises(Denied, match="Nothing was changed"):
        book(clinic, clinic.course(), 9, by=user_of("researcher"))


def test_a_repeated_key_books_once(clinic):
    course, key = clinic.course(), uuid.uuid4()
    first = book(clinic, course, 9, once=key)
    assert book(clinic, course, 9, once=key) == first
    assert course.treatments.count() == 1


def test_two_treatments_too_close_need_a_reason_not_a_wall(clinic):
    course = clinic.course()
    book(clinic, course, 9)
    with pytest.raises(CannotBook) as refused:
        book(clinic, course, 9, day=MONDAY + timedelta(days=1))
    assert refused.value.needs_reason
    booked = book(
        clinic, course, 9, day=MONDAY + timedelta(days=1), reason="leaves town on Wednesday"
    )
    assert booked.ordinal == 2
    assert Entry.objects.order_by("-seq").first().reason == "leaves town on Wednesday"


def test_offers_keep_the_distance_to_the_other_treatments(clinic):
    course = clinic.course()
    book(clinic, course, 9, day=MONDAY + timedelta(days=3))
    for chair in (0, 1):
        book(clinic, clinic.course(clinic.person(f"P{chair}")), 15, chair=chair)
    with pytest.raises(CannotBook) as refused:
        book(clinic, course, 15)
    # Tuesday is free and so is Wednesday morning; Wednesday is a day from Thursday's treatment.
    tuesday = MONDAY + timedelta(days=1)
    assert {o.start.astimezone(find.clinic_zone()).date() for o in refused.value.offers} == {
        tuesday
    }


def test_a_move_is_told_with_both_times_and_moves_nothing_else(clinic):
    course = clinic.course()
    first = book(clinic, course, 9)
    second = book(clinic, course, 9, day=MONDAY + timedelta(days=3))
    before = (second.period.lower, second.chair_id)
    moved = rebooking.move(
        treatment=first,
        wish=Wish(start=local(MONDAY, 10), chair=clinic.chairs[1]),
        reason="bus comes later",
        by=clinic.coordinator,
        at=NOW,
    )
    assert moved.period.lower == local(MONDAY, 10)
    second.refresh_from_db()
    assert (second.period.lower, second.chair_id) == before
    assert last_sentence() == (
        "Treatment 1 of Nora E. was moved from Mon 30 Nov 2026, 09:00 on chair 1 to "
        "Mon 30 Nov 2026, 10:00 on chair 2."
    )


def test_a_cancelled_chair_is_free_and_its_number_is_used_again(clinic):
    course = clinic.course()
    first = book(clinic, course, 9)
    with pytest.raises(CannotBook, match="Write a reason"):
        rebooking.cancel(treatment=first, reason=" ", by=clinic.coordinator, at=NOW)
    rebooking.cancel(treatment=first, reason="has a cold", by=clinic.coordinator, at=NOW)
    course.refresh_from_db()
    assert course.status == "planned"
    again = book(clinic, course, 9)
    assert (again.ordinal, again.chair) == (1, clinic.chairs[0])


@pytest.mark.parametrize(("seconds", "allowed"), [(-1, False), (0, True)])
def test_nobody_has_missed_a_treatment_before_it_begins(clinic, seconds, allowed):
    treatment = book(clinic, clinic.course(), 9)
    at = local(MONDAY, 9) + timedelta(seconds=seconds)
    if allowed:
        assert rebooking.mark_missed(treatment=treatment, by=clinic.nurse, at=at).status == "missed"
        assert last_sentence() == ("Nora E. did not come to treatment 1 on Mon 30 Nov 2026, 09:00.")
    else:
        with pytest.raises(CannotBook, match="has not come yet"):
            rebooking.mark_missed(treatment=treatment, by=clinic.nurse, at=at)


def test_the_past_is_not_booked(clinic):
    with pytest.raises(CannotBook, match="in the past"):
        book(clinic, clinic.course(), 9, day=date(2026, 11, 23))


def test_a_decision_falls_due_after_the_last_treatment(clinic):
    course = clinic.course()
    clinic.dosed(course, [date(2026, 11, 2)])
    treatment = book(clinic, course, 9)
    courses.after_treatment(course=course, at=NOW)
    course.refresh_from_db()
    assert course.status == "running"
    rebooking.mark_missed(treatment=treatment, by=clinic.nurse, at=local(MONDAY, 9))
    course.refresh_from_db()
    assert course.status == "decision_due"


def test_a_free_slot_of_the_database_is_the_first_that_can_be_booked(clinic):
    course = clinic.course()
    for hour, chair in ((8, 0), (9, 1), (11, 0), (13, 1)):
        person = clinic.person(f"P{hour}")
        book(clinic, clinic.course(person), hour, chair=chair)
    need = find.need_of(course)
    told = find.next_free_slots(need, after=local(MONDAY, 8), most=1)[0]
    start = local(MONDAY, 8)
    while True:  # the plain way: try every quarter of an hour until PostgreSQL takes one
        try:
            with transaction.atomic():
                treatment = booking.book_one(
                    course=course, wish=Wish(start=start), by=clinic.coordinator, at=NOW
                )
            break
        except CannotBook:
            start += timedelta(minutes=15)
    assert treatment.period.lower == told.start


@pytest.mark.django_db(transaction=True)
def test_two_connections_that_want_one_chair_get_one_booking_and_one_offer():
    clinic = Clinic()
    wanted = [clinic.course(clinic.person(name)) for name in ("Nora", "Otis")]
    barrier = threading.Barrier(2)
    told: list[object] = []

    def want(course: Course) -> None:
        try:
            barrier.wait()
            told.append(book(clinic, course, 13))
        except CannotBook as refused:
            told.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=want, args=(course,)) for course in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [item for item in told if isinstance(item, Treatment)]
    lost = [item for item in told if isinstance(item, CannotBook)]
    assert (len(won), len(lost)) == (1, 1)
    assert lost[0].offers[0].chair == clinic.chairs[1]
    assert lost[0].offers[0].start == local(MONDAY, 13)
    assert Treatment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_raw_connections_past_the_service_get_one_row():
    """The lock of the service keeps the peace; the constraint is the law.

    Without the lock PostgreSQL may also end one of the two as a deadlock: still one row.
    """
    clinic = Clinic()
    wanted = [clinic.course(clinic.person(name)) for name in ("Nora", "Otis")]
    barrier = threading.Barrier(2)
    told: list[bool] = []

    def want(course: Course, lane: int) -> None:
        try:
            with transaction.atomic():
                barrier.wait()
                raw(clinic, course, local(MONDAY, 13), lane=lane)
            told.append(True)
        except (IntegrityError, OperationalError):
            told.append(False)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=want, args=(course, lane))
        for lane, course in enumerate(wanted, start=1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, True]
    assert Treatment.objects.count() == 1


def test_a_series_is_laid_out_and_each_date_looked_at(clinic):
    course = clinic.course()
    asked = {
        "course": course,
        "frequency": Frequency.TWICE_WEEKLY,
        "start": MONDAY,
        "weekdays": [0, 3],
        "at": time(13, 30),
    }
    proposed = booking.propose_series(**asked)
    assert [p.number for p in proposed] == [1, 2, 3, 4, 5, 6]
    wishes = [Wish(start=p.starts_at, chair=clinic.chairs[0]) for p in proposed]
    assert all(r.slot for r in booking.look(course=course, wishes=wishes, now=NOW))
    book(clinic, clinic.course(clinic.person("Otis")), 13, day=MONDAY + timedelta(days=3))
    looked = booking.look(course=course, wishes=wishes, now=NOW)
    assert [r.slot is None for r in looked] == [False, True, False, False, False, False]
    offer = looked[1].refused.offers[0]
    assert (offer.start, offer.chair) == (
        local(MONDAY + timedelta(days=3), 13, 30),
        clinic.chairs[1],
    )
    # What is booked already is not laid out again.
    book(clinic, course, 13, 30)
    again = booking.propose_series(**(asked | {"start": MONDAY + timedelta(days=1)}))
    assert [p.number for p in again] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    # Clocks change at 02:00 in New York; in Cairo they skip midnight itself.
    [
        ("America/New_York", date(2026, 11, 27), 24),
        ("America/New_York", date(2026, 11, 1), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("Africa/Cairo", date(2026, 4, 24), 23),
    ],
)
def test_a_day_is_as_long_as_the_clinic_clock_makes_it(settings, zone, day, hours):
    settings.EVENKEEL_CLINIC_ZONE = ZoneInfo(zone)
    start, end = find.day_bounds(day)
    assert end - start == timedelta(hours=hours)
    assert start.astimezone(ZoneInfo(zone)).date() == day
    assert (start - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() < day


def test_today_marks_now_and_another_day_does_not(clinic):
    """A phone begins at this mark, by script or by the address that Today leads to."""
    from evenkeel.web.clinic.plots import day_plan

    now = local(MONDAY, 13, 20)

    def drawn(day):
        return str(day_plan.draw(find.day_plan(day), marks=(), href=lambda b: "#", now=now))

    assert drawn(MONDAY).count('id="now"') == 1
    assert ">13:20<" in drawn(MONDAY)
    assert ">13:00<" not in drawn(MONDAY)  # the hour beside it makes room
    assert 'id="now"' not in drawn(MONDAY + timedelta(days=1))
