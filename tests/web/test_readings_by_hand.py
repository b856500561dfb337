"""What a nurse measures by hand, through the same door as the monitors."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tests.support.floor import Floor
from tests.support.people import make_user

from evenkeel.web.ledger.models import Entry
from evenkeel.web.records.models import Reading, TreatmentEvent
from evenkeel.web.records.permissions import Denied
from evenkeel.web.records.services.readings import NotAReading, record_by_hand

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 15, 15, tzinfo=UTC)


@pytest.fixture
def floor() -> Floor:
    return Floor()


def chart(floor: Floor, treatment, client=None, by=None, at=NOW, **values: str) -> list[Reading]:
    return record_by_hand(
        treatment=treatment,
        values={sign: Decimal(value) for sign, value in values.items()},
        at=at,
        now=NOW,
        by=by or floor.nurse,
        client=client or uuid.uuid4(),
    )


def test_a_pressure_is_two_rows_of_one_group_with_its_entry(floor: Floor) -> None:
    treatment = floor.treat(at=NOW - timedelta(hours=1))
    rows = chart(floor, treatment, systolic_bp="132", diastolic_bp="84")
    assert [(r.sign, r.value, r.unit) for r in rows] == [
        ("systolic_bp", 132, "mm[Hg]"),
        ("diastolic_bp", 84, "mm[Hg]"),
    ]
    assert rows[0].group == rows[1].group != ""
    entry = Entry.objects.get(action="reading.charted")
    assert entry.sentence == (
        "N. Ashdown charted systolic pressure, diastolic pressure of Nora E. by hand."
    )
    assert entry.patient_id == treatment.patient_id


def test_the_same_tap_again_is_no_second_reading(floor: Floor) -> None:
    treatment, client = floor.treat(at=NOW - timedelta(hours=1)), uuid.uuid4()
    first = chart(floor, treatment, client, spo2="97")
    assert chart(floor, treatment, client, spo2="97") == first
    assert Reading.objects.count() == Entry.objects.filter(action="reading.charted").count() == 1


def test_beyond_a_limit_raises_the_alarm(floor: Floor) -> None:
    chart(floor, floor.treat(at=NOW - timedelta(hours=1)), systolic_bp="186", diastolic_bp="101")
    event = TreatmentEvent.objects.get(kind="alarm_raised")
    assert (event.data["value"], event.data["limit"]) == ("186/101", "180/110")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"spo2": "101"}, "which no person has"),
        ({"spo2": "29"}, "which no person has"),
        ({"systolic_bp": "84", "diastolic_bp": "132"}, "swapped"),
        ({"systolic_bp": "120"}, "both numbers"),
        ({"body_weight": "70"}, "not a sign"),
        ({}, "No value"),
    ],
)
def test_what_cannot_be_is_refused_with_words_and_nothing_is_written(floor, values, words) -> None:
    with pytest.raises(NotAReading, match=words):
        chart(floor, floor.treat(at=NOW - timedelta(hours=1)), **values)
    assert Reading.objects.count() == 0


@pytest.mark.parametrize(("ahead_s", "taken"), [(0, True), (1, False)])
def test_not_before_it_was_measured(floor: Floor, ahead_s: int, taken: bool) -> None:
    treatment = floor.treat(at=NOW - timedelta(hours=1))
    at = NOW + timedelta(seconds=ahead_s)
    if taken:
        assert chart(floor, treatment, at=at, spo2="97")
    else:
        with pytest.raises(NotAReading, match="still to come"):
            chart(floor, treatment, at=at, spo2="97")


def test_nobody_in_the_chair_no_reading(floor: Floor) -> None:
    with pytest.raises(NotAReading, match="Check in first"):
        chart(floor, floor.treat(at=NOW, status="booked"), spo2="97")


def test_only_who_may_chart(floor: Floor) -> None:
    treatment = floor.treat(at=NOW - timedelta(hours=1))
    with pytest.raises(Denied):
        chart(floor, treatment, by=make_user("coordinator"), spo2="97")
