"""The next free slot against a search that shares no code with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.protocols.slots import (
    Blocked,
    Duty,
    Floor,
    Need,
    Slot,
    Span,
    Taken,
    check,
    free_slots,
    uncovered,
)

DAY = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)
NURSES, CHAIRS, PEOPLE = (11, 12), (1, 2, 3), (101, 102, 103, 104)


def span(start: int, minutes: int) -> Span:
    begin = DAY + timedelta(minutes=start)
    return Span(start=begin, end=begin + timedelta(minutes=minutes))


quarter = st.integers(0, 40).map(lambda n: 15 * n)
duties = st.builds(
    lambda person, start, minutes, lanes: Duty(
        person=person, span=span(start, minutes), lanes=lanes
    ),
    person=st.sampled_from(NURSES),
    start=quarter,
    minutes=st.integers(30, 600),
    lanes=st.integers(0, 3),
)
takens = st.builds(
    lambda chair, patient, nurse, lane, start, minutes: Taken(
        chair=chair, patient=patient, nurse=nurse, lane=lane, held=span(start, minutes)
    ),
    chair=st.sampled_from(CHAIRS),
    patient=st.sampled_from(PEOPLE),
    nurse=st.sampled_from(NURSES),
    lane=st.integers(1, 3),
    start=quarter,
    minutes=st.integers(15, 180),
)
floors = st.builds(
    Floor,
    chairs=st.just(CHAIRS),
    nurses=st.lists(duties, max_size=3),
    prescribers=st.lists(duties, max_size=3),
    taken=st.lists(takens, max_size=8),
)
needs = st.builds(
    Need,
    patient=st.sampled_from(PEOPLE),
    care_minutes=st.sampled_from([30, 100, 135]),
    turnover_minutes=st.sampled_from([0, 15]),
    prescriber=st.booleans(),
)


def free_by_minutes(floor: Floor, need: Need, start: datetime) -> bool:
    """Minute by minute, with no notion of a span: is everything there all the time?"""
    care = [start + timedelta(minutes=n) for n in range(need.care_minutes)]
    held = [start + timedelta(minutes=n) for n in range(need.care_minutes + need.turnover_minutes)]

    def busy(t: Taken) -> bool:
        return any(t.held.start <= minute < t.held.end for minute in held)

    if any(t.patient == need.patient and busy(t) for t in floor.taken):
        return False
    if need.prescriber and not all(
        any(d.span.start <= m < d.span.end for d in floor.prescribers) for m in care
    ):
        return False
    if not any(not any(t.chair == c and busy(t) for t in floor.taken) for c in floor.chairs):
        return False
    return any(
        all(d.span.start <= m < d.span.end for m in care)
        and any(
            not any(t.nurse == d.person and t.lane == lane and busy(t) for t in floor.taken)
            for lane in range(1, d.lanes + 1)
        )
        for d in floor.nurses
    )


@settings(max_examples=150, deadline=None)
@given(floor=floors, need=needs, after=st.integers(0, 500))
def test_the_first_free_slot_is_the_first_that_a_search_by_minutes_finds(floor, need, after):
    begin, until = DAY + timedelta(minutes=after), DAY + timedelta(hours=11)
    found = free_slots(floor, need, after=begin, until=until, most=1)
    starts = (DAY + timedelta(minutes=15 * n) for n in range(44))
    expected = next((s for s in starts if s >= begin and free_by_minutes(floor, need, s)), None)
    assert (found[0].start if found else None) == expected


@settings(max_examples=100, deadline=None)
@given(floor=floors, need=needs, at=quarter)
def test_a_slot_that_is_offered_collides_with_nothing(floor, need, at):
    slot = check(floor, need, DAY + timedelta(minutes=at))
    if isinstance(slot, Slot):
        held = need.held(slot.start)
        for taken in floor.taken:
            if taken.held.overlaps(held):
                assert taken.chair != slot.chair
                assert taken.patient != need.patient
                assert (taken.nurse, taken.lane) != (slot.nurse, slot.lane)


def everyone(**more) -> Floor:
    asked = {
        "chairs": (1,),
        "nurses": [Duty(person=11, span=span(0, 600), lanes=2)],
        "prescribers": [Duty(person=21, span=span(0, 285)), Duty(person=22, span=span(330, 270))],
        "taken": [],
    }
    return Floor(**(asked | more))


IV = Need(patient=101, care_minutes=100, turnover_minutes=15, prescriber=True)


@pytest.mark.parametrize(
    ("minute", "free"),
    # Nobody prescribes from minute 285 to 330; the care lasts 100 minutes.
    [(185, True), (186, False), (285, False), (329, False), (330, True)],
)
def test_a_prescriber_is_on_site_from_the_first_minute_to_the_last(minute, free):
    told = check(everyone(), IV, DAY + timedelta(minutes=minute))
    assert isinstance(told, Slot) is free
    if not free:
        assert told is Blocked.PRESCRIBER


@pytest.mark.parametrize(("minute", "free"), [(114, False), (115, True)])
def test_a_chair_is_free_at_the_minute_its_turnover_ends(minute, free):
    floor = everyone(taken=[Taken(chair=1, patient=102, nurse=11, lane=1, held=span(0, 115))])
    told = check(floor, IV, DAY + timedelta(minutes=minute))
    assert isinstance(told, Slot) is free
    if not free:
        assert told is Blocked.CHAIR


@pytest.mark.parametrize(("lanes", "free"), [(1, False), (2, True)])
def test_a_nurse_looks_after_as_many_as_the_site_allows(lanes, free):
    floor = everyone(
        chairs=(1, 2),
        nurses=[Duty(person=11, span=span(0, 600), lanes=lanes)],
        taken=[Taken(chair=1, patient=102, nurse=11, lane=1, held=span(0, 115))],
    )
    told = check(floor, IV, DAY)
    assert isinstance(told, Slot) is free
    if free:
        assert (told.chair, told.lane) == (2, 2)
    else:
        assert told is Blocked.NURSE_FULL


def test_no_nurse_on_duty_is_told_apart_from_all_nurses_full():
    assert check(everyone(nurses=[]), IV, DAY) is Blocked.NURSE_ABSENT


def test_one_person_is_in_one_chair():
    floor = everyone(
        chairs=(1, 2), taken=[Taken(chair=1, patient=101, nurse=11, lane=1, held=span(0, 115))]
    )
    assert check(floor, IV, DAY) is Blocked.PERSON


def test_two_prescribers_in_turn_leave_the_gap_between_them():
    assert uncovered(span(0, 600), everyone().prescribers) == [span(285, 45)]
