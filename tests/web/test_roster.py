"""Chairs and hours: written whole, right across a change of clocks, never under a booking."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.support.clinics import MONDAY, NOW, Clinic, local
from tests.support.people import make_user

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Chair, Shift
from evenkeel.web.records.services import booking, roster
from evenkeel.web.records.services.placing import Wish

pytestmark = pytest.mark.django_db


def add(user, **changed):
    return roster.add_shifts(
        **{
            "user": user,
            "first": MONDAY,
            "weeks": 2,
            "weekdays": [0, 3],
            "start": time(8),
            "end": time(17),
            "capacity": 2,
            "by": make_user("coordinator"),
            "at": NOW,
            **changed,
        }
    )


def test_a_pattern_of_weekdays_becomes_shifts_with_one_sentence():
    nurse = make_user("nurse")
    assert add(nurse) == 4
    days = [shift.period.lower.date() for shift in Shift.objects.order_by("period")]
    assert days == [MONDAY + timedelta(days=n) for n in (0, 3, 7, 10)]
    assert Entry.objects.filter(action="roster.shifts_added").count() == 1


def test_eight_o_clock_stays_eight_o_clock_when_the_clocks_change():
    # New York went from UTC-4 to UTC-5 on 1 November 2026.
    nurse = make_user("nurse")
    add(nurse, first=date(2026, 10, 26), weekdays=[0])
    starts = list(Shift.objects.order_by("period").values_list("period", flat=True))
    assert [start.lower for start in starts] == [
        datetime(2026, 10, 26, 12, tzinfo=UTC),
        datetime(2026, 11, 2, 13, tzinfo=UTC),
    ]


def test_one_overlap_and_none_is_written():
    nurse = make_user("nurse")
    add(nurse, weeks=1, weekdays=[3])
    with pytest.raises(roster.NotOnTheRoster, match="None of the shifts was written"):
        add(nurse, start=time(16), end=time(20))
    assert Shift.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"start": time(17), "end": time(17)}, "does not end after it begins"),
        ({"weekdays": []}, "No day falls"),
        ({"weeks": 0}, "Up to 26 weeks"),
        ({"weeks": 27}, "Up to 26 weeks"),
        ({"capacity": 0}, "persons at once"),
        ({"capacity": 9}, "persons at once"),
    ],
)
def test_what_cannot_be_is_refused_in_words(changed, words):
    with pytest.raises(roster.NotOnTheRoster, match=words):
        add(make_user("nurse"), **changed)
    assert not Shift.objects.exists()


def test_nobody_but_nurses_and_prescribers_has_shifts():
    with pytest.raises(roster.NotOnTheRoster, match="Only nurses"):
        add(make_user("pharmacist"))


def test_a_nurse_does_not_write_the_roster():
    with pytest.raises(permissions.Denied):
        add(make_user("nurse"), by=make_user("nurse"))


def test_a_shift_that_somebody_counts_on_stays():
    clinic = Clinic()
    booking.book_one(
        course=clinic.course(),
        wish=Wish(start=local(MONDAY, 9), chair=clinic.chairs[0]),
        by=clinic.coordinator,
        at=NOW,
    )
    for who in (clinic.nurse, clinic.prescriber):
        shift = Shift.objects.get(user=who, period__contains=local(MONDAY, 9))
        with pytest.raises(roster.NotOnTheRoster, match="1 treatment counts on"):
            roster.remove_shift(shift=shift, by=clinic.coordinator, at=NOW)
    free = Shift.objects.get(user=clinic.nurse, period__contains=local(MONDAY, 9) + timedelta(1))
    roster.remove_shift(shift=free, by=clinic.coordinator, at=NOW)
    assert not Shift.objects.filter(pk=free.pk).exists()


def test_what_has_begun_stays():
    clinic = Clinic()
    shift = Shift.objects.filter(user=clinic.nurse).earliest("period")
    begun = shift.period.lower
    with pytest.raises(roster.NotOnTheRoster, match="has begun"):
        roster.remove_shift(shift=shift, by=clinic.coordinator, at=begun)
    roster.remove_shift(shift=shift, by=clinic.coordinator, at=begun - timedelta(seconds=1))


def test_a_chair_with_bookings_stays_in_use():
    clinic = Clinic()
    booking.book_one(
        course=clinic.course(),
        wish=Wish(start=local(MONDAY, 9), chair=clinic.chairs[0]),
        by=clinic.coordinator,
        at=NOW,
    )
    administrator = make_user("administrator")
    with pytest.raises(roster.NotOnTheRoster, match="1 treatment to come"):
        roster.set_chair_in_use(chair=clinic.chairs[0], in_use=False, by=administrator, at=NOW)
    roster.set_chair_in_use(chair=clinic.chairs[1], in_use=False, by=administrator, at=NOW)
    assert list(Chair.objects.filter(in_use=True)) == [clinic.chairs[0]]


def test_the_page_keeps_what_was_typed_and_says_why(client_as):
    nurse = make_user("nurse")
    typed = {
        "user": nurse.pk,
        "first": str(MONDAY),
        "weeks": 2,
        "weekdays": ["0"],
        "start": "17:00",
        "end": "08:00",
        "capacity": 2,
    }
    client = client_as("coordinator")
    answer = client.post("/roster/", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "does not end after it begins" in page
    assert 'value="17:00"' in page
    assert client.post("/roster/", {**typed, "start": "08:00", "end": "17:00"}).status_code == 302
    assert Shift.objects.filter(user=nurse).count() == 2


def test_an_administrator_sets_up_a_chair_from_nothing(client_as):
    client = client_as("administrator")
    client.post("/roster/chairs/add/", {"number": 4, "name": ""})
    assert Chair.objects.get().name == "Chair 4"
    again = client.post("/roster/chairs/add/", {"number": 4}, follow=True).content.decode()
    assert "There is a chair 4 already" in again
