"""Booking and decision in a real browser: two people at once, keyboard, narrow screens."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.support.browsers import fits, settle
from tests.support.clinics import ZONE, Clinic, local

pytestmark = pytest.mark.browser

TODAY = datetime.now(ZONE).date()
# A weekday in the week after the next, so that nothing of it is past.
DAY = TODAY + timedelta(days=14 - TODAY.weekday())


@pytest.fixture(scope="module")
def clinic(live):
    """Eight chairs; nobody prescribes from 12:45 to 13:30 on the day; a morning of bookings."""
    from tests.support.people import make_user

    from evenkeel.web.records.models import Shift
    from evenkeel.web.records.services import booking
    from evenkeel.web.records.services.placing import Wish

    clinic = Clinic(chairs=8, capacity=3, days=45, first=TODAY)
    clinic.second = make_user("prescriber", first_name="Ida", last_name="Fauxman")
    for first in ("Rosa", "Lars"):
        nurse = make_user("nurse", first_name=first, last_name="Trialby")
        for n in range(45):
            day = TODAY + timedelta(days=n)
            span = (local(day, 8), local(day, 16, 30))
            Shift.objects.create(user=nurse, period=span, capacity=3)
    Shift.objects.filter(
        user=clinic.prescriber, period__overlap=(local(DAY, 0), local(DAY, 23))
    ).delete()
    for who, start, end in (
        (clinic.prescriber, local(DAY, 8, 5), local(DAY, 12, 45)),
        (clinic.second, local(DAY, 13, 30), local(DAY, 17)),
    ):
        Shift.objects.create(user=who, period=(start, end))
    for given, chair, hour, minute, protocol in (
        ("Juniper", 0, 8, 30, "ketamine-iv-six"),
        ("Otis", 1, 8, 15, "esketamine-us-trd"),
        ("Wren", 2, 9, 0, "esketamine-us-trd"),
        ("Idris", 3, 9, 30, "ketamine-iv-six"),
        ("Ines", 4, 8, 30, "esketamine-us-trd"),
        ("Alba", 5, 10, 15, "ketamine-iv-six"),
        ("Petra", 1, 13, 45, "esketamine-us-trd"),
        ("Hugo", 2, 14, 30, "esketamine-us-trd"),
    ):
        product = "racemic_iv" if protocol.startswith("ketamine") else "esketamine_nasal"
        course = clinic.course(
            clinic.person(given, product=product),
            protocol=protocol,
            dose="0.5" if product == "racemic_iv" else "56",
        )
        booking.book_one(
            course=course,
            wish=Wish(start=local(DAY, hour, minute), chair=clinic.chairs[chair]),
            by=clinic.coordinator,
            at=datetime.now(ZONE),
        )
    return clinic


def choose(page, day: date, time: str, chair) -> None:
    page.locator("#id_day").fill(str(day))
    page.locator("#id_time").fill(time)
    page.locator("#id_chair").select_option(label=chair.name)


def test_two_browsers_want_one_chair_at_one_moment(clinic, new_page, sign_in):
    from evenkeel.web.records.models import Treatment

    pages = []
    for given in ("Nora", "Tobias"):
        course = clinic.course(clinic.person(given))
        page = new_page(width=1440)
        sign_in(page, "coordinator")
        page.goto(f"/booking/{DAY}/?course={course.pk}")
        choose(page, DAY, "14:15", clinic.chairs[6])
        pages.append((page, course))
    for page, _ in pages:  # both are on their way before either has an answer
        page.get_by_role("button", name="Book this time").click(no_wait_after=True)
    for page, _ in pages:
        expect(page.locator("[data-refusal], .series a").first).to_be_visible()
    # One at most, or ``get`` would complain.
    winner = Treatment.objects.get(
        chair=clinic.chairs[6], period__overlap=(local(DAY, 14, 15), local(DAY, 15))
    ).course
    loser, course = next((p, c) for p, c in pages if c != winner)
    refusal = loser.get_by_role("alert").filter(has_text="cannot be booked")
    expect(refusal).to_contain_text("14:15 on chair 7 cannot be booked")
    expect(refusal).to_contain_text("Nothing was changed.")
    # What was typed is still there, and one tap takes the next free slot.
    expect(loser.locator("#id_time")).to_have_value("14:15")
    expect(loser.locator("#id_chair option:checked")).to_have_text("Chair 7")
    loser.get_by_role("button", name=re.compile("^Book 14:15")).first.click()
    expect(loser.locator(".series a").first).to_be_visible()
    expect(refusal).to_be_hidden()
    assert course.treatments.get().period.lower == local(DAY, 14, 15)
    assert course.treatments.get().chair_id != clinic.chairs[6].pk


def test_a_time_without_a_prescriber_is_refused_and_shown_on_the_day(
    clinic, new_page, sign_in, axe, shot
):
    course = clinic.course(clinic.person("Caspian"))
    page = new_page(width=1440)
    sign_in(page, "coordinator")
    page.goto(f"/booking/{DAY}/?course={course.pk}")
    choose(page, DAY, "13:00", clinic.chairs[5])
    page.get_by_role("button", name="Book this time").click()
    refusal = page.get_by_role("alert").filter(has_text="cannot be booked")
    expect(refusal).to_contain_text("Nobody who prescribes is on site from 13:00 to 13:30")
    expect(page.get_by_role("button", name=re.compile("^Book 13:30"))).to_have_count(1)
    axe(page)
    shot(page, "booking")


def test_a_booked_treatment_is_reached_and_moved_by_keyboard_alone(clinic, new_page, sign_in):
    course = clinic.course(clinic.person("Selma"))
    from evenkeel.web.records.services import booking
    from evenkeel.web.records.services.placing import Wish

    day = DAY + timedelta(days=1)
    treatment = booking.book_one(
        course=course,
        wish=Wish(start=local(day, 9), chair=clinic.chairs[0]),
        by=clinic.coordinator,
        at=datetime.now(ZONE),
    )
    page = new_page()
    sign_in(page, "coordinator")
    page.goto(f"/booking/{day}/")
    page.get_by_role("link", name=re.compile("^Selma E.")).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"treatment={treatment.pk}"))
    page.locator("#move_time").fill("10:30")
    page.locator("#move_reason").fill("comes by a later bus")
    page.locator("#move_reason").press("Enter")
    page.get_by_text("No other treatment moved").wait_for()
    treatment.refresh_from_db()
    assert treatment.period.lower == local(day, 10, 30)


def a_course_to_decide(clinic, given, chair):
    from evenkeel.core.protocols.model import Frequency
    from evenkeel.web.records.selectors import decisions as asked
    from evenkeel.web.records.services import courses, decisions

    first = TODAY - timedelta(weeks=12)
    days = [first + timedelta(days=n) for n in (0, 3, 7, 10, 14, 17, 21, 24, 28, 35, 42, 49)]
    course = clinic.course(
        clinic.person(given, product="esketamine_nasal"), protocol="esketamine-us-trd", dose="56"
    )
    clinic.rated(course.patient, "madrs", 34, local(first, 8))
    clinic.rated(course.patient, "phq9", 22, local(first, 8))
    clinic.dosed(course, days, chair=chair)
    for week, madrs, phq9 in (
        (2, 25, 17),
        (4, 17, 13),
        (6, 14, 10),
        (8, 11, 8),
        (9, 10, 7),
        (10, 14, 9),
        (11, 9, 6),
    ):
        at = local(first + timedelta(weeks=week), 8)
        clinic.rated(course.patient, "madrs", madrs, at)
        clinic.rated(course.patient, "phq9", phq9, at)
    clinic.rated(course.patient, "madrs", 8, datetime.now(ZONE) - timedelta(days=3))
    clinic.rated(course.patient, "cgi_s", 2, datetime.now(ZONE) - timedelta(days=3))
    courses.after_treatment(course=course, at=local(days[-1], 12))
    for week, frequency in ((4, Frequency.WEEKLY), (8, Frequency.EVERY_OTHER_WEEK)):
        at = local(first + timedelta(weeks=week), 10)
        decisions.decide(
            course=course,
            choice="accepted",
            shown=asked.outlook(course, at).mark,
            frequency=frequency,
            by=clinic.prescriber,
            at=at,
        )
    courses.after_treatment(course=course, at=datetime.now(ZONE))
    course.refresh_from_db()
    return course


def test_the_course_at_a_glance_and_its_decision(clinic, new_page, sign_in, axe, shot):
    from evenkeel.web.records.models import MaintenanceDecision

    course = a_course_to_decide(clinic, "Mabel", 0)
    page = new_page(width=1440)
    sign_in(page, "prescriber")
    page.goto(f"/courses/{course.pk}/")
    acts = [
        page.get_by_role("button", name=re.compile("^Accept, ")).first,
        page.get_by_role("link", name="Choose otherwise"),
        page.get_by_role("link", name="Plan to stop"),
    ]
    settle(page)
    boxes = [act.bounding_box() for act in acts]
    assert len({(round(box["width"]), round(box["height"])) for box in boxes}) == 1
    axe(page)
    shot(page, "course")
    acts[0].click()
    page.get_by_text("Nothing was booked by it").wait_for()
    assert MaintenanceDecision.objects.filter(course=course).count() == 3


@pytest.fixture(scope="module")
def decided(clinic):
    return a_course_to_decide(clinic, "Fay", 1)


# The other tests see 1440 in light.
@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (820, "dark"), (1440, "dark")])
def test_the_pages_at_three_widths_in_both_themes(
    clinic, decided, new_page, sign_in, axe, shot, width, theme
):
    # Tall, so that nothing lies half under what sticks to the foot.
    page = new_page(width=width, height=900 if width == 1440 else 6000)
    sign_in(page, "prescriber")
    course = clinic.course(clinic.person("Jory"))
    series = (
        f"/courses/{course.pk}/series/?frequency=twice_weekly&weekdays=0&weekdays=3"
        f"&start={DAY}&at=13:00&chair={clinic.chairs[1].pk}"
    )
    for name, address in (
        ("booking", f"/booking/{DAY}/?course={course.pk}"),
        ("series", series),
        ("course", f"/courses/{decided.pk}/"),
        ("otherwise", f"/courses/{decided.pk}/otherwise/"),
    ):
        joint = "&" if "?" in address else "?"
        page.goto(f"{address}{joint}theme={theme}")
        fits(page)
        axe(page)
        shot(page, f"{name}-{width}-{theme}")


def test_a_phone_begins_todays_plan_at_now_and_keeps_the_names_of_the_chairs(
    clinic, new_page, sign_in
):
    from tests.support.people import make_user

    from evenkeel.web.records.models import Shift

    now = datetime.now(ZONE)  # somebody is on duty at whatever hour this runs
    span = (now - timedelta(hours=1), now + timedelta(hours=1))
    Shift.objects.create(user=make_user("nurse"), period=span, capacity=1)
    page = new_page(width=390, height=844)
    sign_in(page, "coordinator")
    page.goto("/booking/")
    in_view = """name => {
        const box = document.querySelector(name).getBoundingClientRect();
        const day = document.querySelector("[data-day]").getBoundingClientRect();
        return box.right > day.left && box.left < day.right;
    }"""
    page.wait_for_function(f"() => ({in_view})('#now line')")
    page.wait_for_function(f"() => ({in_view})('[data-names] text')")
    page.locator("[data-day]").evaluate("day => { day.scrollLeft = day.scrollWidth; }")
    page.wait_for_function(f"() => ({in_view})('[data-names] text')")
