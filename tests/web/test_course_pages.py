"""The pages of course, booking and decision: what they show, keep and refuse."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from tests.support.clinics import MONDAY, NOW, Clinic, local

from evenkeel.core.protocols.library import protocols
from evenkeel.core.protocols.model import Frequency
from evenkeel.web.clinic.views.booking import split_words
from evenkeel.web.records.models import Course, MaintenanceDecision, Treatment
from evenkeel.web.records.selectors import decisions as asked
from evenkeel.web.records.services import booking, courses, decisions, rebooking
from evenkeel.web.records.services.placing import Wish

pytestmark = pytest.mark.django_db

FIRST = date(2026, 9, 1)
SERIES = [FIRST + timedelta(days=n) for n in (0, 3, 7, 10, 14, 17, 21, 24)]


@pytest.fixture(autouse=True)
def at_the_time_of_these_tests():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def clinic():
    return Clinic()


@pytest.fixture
def coordinator(clinic, client_as):
    return client_as(clinic.coordinator)


@pytest.fixture
def prescriber(clinic, client_as):
    return client_as(clinic.prescriber)


def words(answer) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", text)


def a_year_of_esketamine(clinic) -> Course:
    course = clinic.course(protocol="esketamine-us-trd", dose="56")
    clinic.rated(course.patient, "madrs", 34, local(FIRST, 8))
    clinic.dosed(course, SERIES)
    for weeks, total in ((2, 25), (4, 17), (6, 12), (8, 11), (10, 10)):
        clinic.rated(course.patient, "madrs", total, local(FIRST + timedelta(weeks=weeks), 9))
    courses.after_treatment(course=course, at=local(SERIES[-1], 12))
    course.refresh_from_db()
    return course


def test_planning_shows_the_protocols_of_the_product_with_their_sources(clinic, coordinator):
    patient = clinic.person(product="esketamine_nasal")
    answer = coordinator.get(reverse("clinic:course_plan", args=[patient.number]))
    told = words(answer)
    assert answer.status_code == 200
    assert "Esketamine nasal, EU label" in told
    assert "Ketamine IV" not in told
    assert "general knowledge" in told or "read on the issuing body" in told
    assert "draft" in told


def test_planning_without_a_decision_says_why_and_what_to_do(clinic, coordinator):
    patient = clinic.person(product=None)
    answer = coordinator.get(reverse("clinic:course_plan", args=[patient.number]))
    told = words(answer)
    refusal = answer.content.decode().partition('class="refusal"')[2]
    assert reverse("clinic:screening", args=[patient.number]) in refusal
    assert "Nobody who prescribes has decided on the screening" in told
    assert "Plan this course" not in told


@pytest.mark.parametrize(
    ("words", "headline", "rest"),
    [
        ("No course for Mateo B. yet. Nobody has decided.", "No course for Mateo B. yet",
         "Nobody has decided."),
        ("13:00 is taken. Chair 6 is free. Go.", "13:00 is taken", "Chair 6 is free. Go."),
        ("Nothing was said", "Nothing was said", ""),
    ],
)  # fmt: skip
def test_the_headline_of_a_refusal_does_not_end_at_an_initial(words, headline, rest):
    assert split_words(words) == (headline, rest)


def test_a_course_is_planned_laid_out_and_booked(clinic, coordinator):
    patient = clinic.person()
    answer = coordinator.post(
        reverse("clinic:course_plan", args=[patient.number]),
        {"choice": "ketamine-iv-six:0.5", "once": uuid.uuid4()},
    )
    course = Course.objects.get()
    series = reverse("clinic:course_series", args=[course.pk])
    assert answer.url == series
    chair = clinic.chairs[0].pk
    laid = coordinator.get(
        series,
        {
            "frequency": "twice_weekly",
            "weekdays": ["0", "3"],
            "start": MONDAY,
            "at": "13:30",
            "chair": chair,
        },
    )
    assert words(laid).count("free") >= 6
    assert "Book all 6" in words(laid)
    typed = {"count": 6, "act": "book", "once": str(uuid.uuid4())}
    for number, days in enumerate((0, 3, 7, 10, 14, 17), start=1):
        typed |= {
            f"r{number}-day": str(MONDAY + timedelta(days=days)),
            f"r{number}-time": "13:30",
            f"r{number}-chair": chair,
        }
    assert coordinator.post(series, typed).url == reverse("clinic:course", args=[course.pk])
    assert course.treatments.count() == 6
    # The same form sent again books nothing more.
    coordinator.post(series, typed)
    assert course.treatments.count() == 6


def test_a_series_that_cannot_be_laid_out_keeps_what_was_chosen(clinic, coordinator):
    course = clinic.course()
    answer = coordinator.get(
        reverse("clinic:course_series", args=[course.pk]),
        {"frequency": "twice_weekly", "weekdays": ["0"], "start": MONDAY, "at": "13:30"},
    )
    assert "needs 2 days of the week; 1 chosen" in words(answer)
    assert 'value="13:30"' in answer.content.decode()


def test_a_row_that_was_taken_meanwhile_offers_another_and_takes_it(clinic, coordinator):
    other = clinic.course(clinic.person("Otis"))
    start = local(MONDAY, 13, 30)
    booking.book_one(
        course=other, wish=Wish(start=start, chair=clinic.chairs[0]), by=clinic.nurse, at=NOW
    )
    course = clinic.course()
    series = reverse("clinic:course_series", args=[course.pk])
    typed = {
        "count": 1,
        "act": "book",
        "r1-day": str(MONDAY),
        "r1-time": "13:30",
        "r1-chair": clinic.chairs[0].pk,
    }
    answer = coordinator.post(series, typed)
    assert answer.status_code == 409
    assert "Chair 1 is taken 13:30 to 15:25" in words(answer)
    take = re.search(r'name="take" value="([^"]+)"', answer.content.decode())
    assert take is not None
    taken = coordinator.post(series, typed | {"act": "", "take": take[1].replace("&quot;", '"')})
    assert f'<option value="{clinic.chairs[1].pk}" selected>' in taken.content.decode()
    assert not course.treatments.exists()


def test_the_day_shows_who_is_where_and_opens_by_keyboard(clinic, coordinator):
    course = clinic.course()
    treatment = booking.book_one(
        course=course,
        wish=Wish(start=local(MONDAY, 9), chair=clinic.chairs[0]),
        by=clinic.nurse,
        at=NOW,
    )
    page = coordinator.get(reverse("clinic:booking_day", args=[MONDAY])).content.decode()
    assert f'href="/booking/2026-11-30/?treatment={treatment.pk}"' in page.replace("/clinic", "")
    assert "Nora E., 09:00 IV 1 of 6, Chair 1, booked" in page
    assert "Exampleby" not in page  # a plan is read by whoever passes
    opened = coordinator.get(
        reverse("clinic:booking_day", args=[MONDAY]), {"treatment": treatment.pk}
    )
    assert "Move this treatment" in words(opened)


def test_a_refused_booking_keeps_what_was_typed_and_offers_the_next_free_slot(clinic, coordinator):
    start = local(MONDAY, 13)
    booking.book_one(
        course=clinic.course(clinic.person("Otis")),
        wish=Wish(start=start, chair=clinic.chairs[0]),
        by=clinic.nurse,
        at=NOW,
    )
    course = clinic.course()
    answer = coordinator.post(
        reverse("clinic:booking_book", args=[course.pk]),
        {"day": str(MONDAY), "time": "13:00", "chair": clinic.chairs[0].pk},
    )
    page, told = answer.content.decode(), words(answer)
    assert answer.status_code == 409
    assert "Mon 30 Nov 2026, 13:00 on chair 1 cannot be booked" in told
    assert "Nothing was changed." in told
    assert 'value="13:00"' in page
    assert f'<option value="{clinic.chairs[0].pk}" selected>' in page
    assert "Book 13:00 on Chair 2" in told
    offer = re.search(r'name="offer" value="([^"]+)"', page)
    assert offer is not None
    done = coordinator.post(
        reverse("clinic:booking_book", args=[course.pk]),
        {"offer": offer[1], "chair": clinic.chairs[1].pk, "once": uuid.uuid4()},
    )
    assert done.status_code == 302
    assert course.treatments.get().chair == clinic.chairs[1]


def test_a_time_that_the_clocks_skip_is_refused_in_the_form(clinic, coordinator):
    answer = coordinator.post(
        reverse("clinic:booking_book", args=[clinic.course().pk]),
        {"day": "2027-03-14", "time": "02:30", "chair": ""},
    )
    assert answer.status_code == 422
    assert "02:30 does not exist on 14 Mar 2027" in words(answer)


def test_move_cancel_and_missed_ask_for_what_they_need(clinic, coordinator):
    course = clinic.course()
    treatment = booking.book_one(
        course=course, wish=Wish(start=local(MONDAY, 9)), by=clinic.nurse, at=NOW
    )
    moved = {"day": str(MONDAY), "time": "10:00", "chair": clinic.chairs[1].pk}
    address = reverse("clinic:booking_move", args=[treatment.pk])
    assert coordinator.post(address, moved).status_code == 422
    assert coordinator.post(address, moved | {"reason": "bus"}).status_code == 302
    address = reverse("clinic:booking_missed", args=[treatment.pk])
    assert "has not come yet" in words(coordinator.post(address, {}))
    address = reverse("clinic:booking_cancel", args=[treatment.pk])
    assert coordinator.post(address, {"reason": ""}).status_code == 422
    assert coordinator.post(address, {"reason": "has a cold"}).status_code == 302
    treatment.refresh_from_db()
    assert treatment.status == "cancelled"


def test_the_course_page_tells_definitions_baseline_and_flags(clinic, prescriber):
    course = a_year_of_esketamine(clinic)
    told = words(prescriber.get(reverse("clinic:course", args=[course.pk])))
    assert "34, frozen baseline" in told
    assert "Response: 50% or more below the frozen baseline" in told
    assert "Remission: MADRS 12 or less (SUSTAIN-1" in told
    assert "Remission: MADRS 10 or less (ESCAPE-TRD" in told
    assert "relapse line, 22" in told
    assert "8 treatments given" in told
    assert "Not known: the amounts, which the register does not hold" in told
    assert "Show as a table" in told


def test_a_stale_rating_blocks_accepting_and_links_to_the_rating(clinic, prescriber):
    course = a_year_of_esketamine(clinic)
    answer = prescriber.get(reverse("clinic:course", args=[course.pk]))
    told = words(answer)
    assert "No suggestion" in told
    assert "this rule uses none older than 7 days" in told
    assert "Accept the suggestion" in told
    assert "Record MADRS" in told
    assert f"/patients/{course.patient.number}/ratings/?instrument=madrs" in answer.content.decode()
    assert "Accept, " not in told


def test_a_fresh_rating_gives_a_suggestion_and_three_equal_acts(clinic, prescriber):
    course = a_year_of_esketamine(clinic)
    clinic.rated(course.patient, "madrs", 10, NOW - timedelta(days=2))
    page = prescriber.get(reverse("clinic:course", args=[course.pk]))
    told = words(page)
    assert "Suggestion, not a booking" in told
    assert "MADRS by Dr S. Mockridge: 10" in told
    assert "2 days old" in told
    assert "Choose otherwise" in told
    assert "Plan to stop" in told
    shown = asked.outlook(course, NOW).mark
    option = asked.outlook(course, NOW).suggestion.options[0]
    done = prescriber.post(
        reverse("clinic:decision_accept", args=[course.pk]),
        {"shown": shown, "frequency": option, "once": uuid.uuid4()},
    )
    assert done.status_code == 302
    assert MaintenanceDecision.objects.get().choice == "accepted"
    assert not Treatment.objects.filter(status="booked").exists()


@pytest.mark.parametrize("page", ["decision_otherwise", "decision_stop"])
def test_otherwise_and_stop_keep_what_was_typed_and_need_a_reason(clinic, prescriber, page):
    course = a_year_of_esketamine(clinic)
    address = reverse(f"clinic:{page}", args=[course.pk])
    shown = asked.outlook(course, NOW).mark
    refused = prescriber.post(address, {"shown": shown, "frequency": "every_4_weeks"})
    assert refused.status_code == 422
    if page == "decision_otherwise":
        assert re.search(r'value="every_4_weeks"[^>]*checked', refused.content.decode())
    stale = prescriber.post(
        address, {"shown": "old", "frequency": "every_4_weeks", "reason": "asked for it"}
    )
    assert stale.status_code == 409
    assert "asked for it" in stale.content.decode()
    done = prescriber.post(
        address, {"shown": shown, "frequency": "every_4_weeks", "reason": "asked for it"}
    )
    assert done.status_code == 302
    assert MaintenanceDecision.objects.get().reason == "asked for it"


def test_a_nurse_reads_the_card_and_cannot_decide(clinic, client_as):
    course = a_year_of_esketamine(clinic)
    nurse = client_as(clinic.nurse)
    assert "A prescriber decides" in words(nurse.get(reverse("clinic:course", args=[course.pk])))
    assert nurse.post(reverse("clinic:decision_accept", args=[course.pk])).status_code == 403


def test_every_protocol_is_shown_with_status_and_sources(coordinator):
    told = words(coordinator.get(reverse("clinic:protocols")))
    for rules in protocols().values():
        assert rules.title in told
    assert "a proposal of this project, not published" in told


def test_the_courses_of_a_person_and_why_a_second_one_waits(clinic, coordinator):
    patient = clinic.person()
    address = reverse("clinic:courses", args=[patient.number])
    assert "No course yet" in words(coordinator.get(address))
    course = clinic.course(patient)
    told = words(coordinator.get(address))
    assert "A person has one course at a time" in told
    assert "Ketamine IV, six infusions in three weeks" in told
    assert f"/courses/{course.pk}/" in coordinator.get(address).content.decode()


def test_a_course_that_runs_is_stopped_with_a_reason(clinic, prescriber):
    course = clinic.course()
    clinic.dosed(course, SERIES[:2])
    page = words(prescriber.get(reverse("clinic:course", args=[course.pk])))
    assert "Stop the course" in page
    address = reverse("clinic:decision_stop", args=[course.pk])
    assert prescriber.post(address, {"shown": "x", "reason": ""}).status_code == 422
    assert prescriber.post(address, {"shown": "x", "reason": "moved away"}).status_code == 302
    course.refresh_from_db()
    assert (course.status, course.end_reason) == ("stopped", "moved away")


def test_a_course_pauses_without_bookings_and_goes_on_at_a_decision(clinic, prescriber):
    course = a_year_of_esketamine(clinic)
    with pytest.raises(courses.CannotPlan, match="a decision on this course is due"):
        booking.book_one(course=course, wish=Wish(start=local(MONDAY, 9)), by=clinic.nurse, at=NOW)
    decisions.decide(
        course=course,
        choice="otherwise",
        shown=asked.outlook(course, NOW).mark,
        frequency=Frequency.WEEKLY,
        reason="asked for it",
        by=clinic.prescriber,
        at=NOW,
    )
    treatment = booking.book_one(
        course=course, wish=Wish(start=local(MONDAY, 9)), by=clinic.nurse, at=NOW
    )
    address = reverse("clinic:course_pause", args=[course.pk])
    refused = prescriber.post(address, {"reason": "an operation"})
    assert refused.status_code == 409
    assert "cannot be paused while treatments are booked (30 Nov 09:00)" in words(refused)
    rebooking.cancel(treatment=treatment, reason="an operation", by=clinic.nurse, at=NOW)
    assert prescriber.post(address, {"reason": "an operation"}).status_code == 302
    course.refresh_from_db()
    assert course.status == "paused"
    with pytest.raises(courses.CannotPlan, match="this course is paused"):
        booking.book_one(course=course, wish=Wish(start=local(MONDAY, 9)), by=clinic.nurse, at=NOW)
    assert "Take the course up again" in words(
        prescriber.get(reverse("clinic:course", args=[course.pk]))
    )
    assert prescriber.post(address, {"reason": "well again"}).status_code == 302
    course.refresh_from_db()
    assert course.status == "decision_due"
