"""One transition table for courses and one for treatments; the docs are drawn from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenkeel.core.protocols.states import (
    COURSE_STEPS,
    TREATMENT_STEPS,
    CourseStatus,
    TreatmentStatus,
    course_may_follow,
    page,
    treatment_may_follow,
)

STATES_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "states.md"


def test_the_docs_show_the_tables_as_they_are() -> None:
    assert STATES_PAGE.read_text(encoding="utf-8") == page()


def test_every_state_stands_in_its_table() -> None:
    assert set(COURSE_STEPS) == set(CourseStatus)
    assert set(TREATMENT_STEPS) == set(TreatmentStatus)


@pytest.mark.parametrize(
    ("table", "first"), [(COURSE_STEPS, "planned"), (TREATMENT_STEPS, "booked")]
)
def test_every_state_can_be_reached(table, first) -> None:
    reached, ahead = set(), [first]
    while ahead:
        now = ahead.pop()
        if now not in reached:
            reached.add(now)
            ahead += [step.to for step in table[now]]
    assert reached == set(table)


@pytest.mark.parametrize(
    ("now", "then", "allowed"),
    [
        ("booked", "checked_in", True),
        ("booked", "dosing", False),  # no dose without check-in and go
        ("checked_in", "dosing", False),  # no dose without a go
        ("go", "dosing", True),
        ("dosing", "left", False),  # nobody leaves from under a running dose
        ("dosing", "cancelled", False),  # a dose once begun is never undone by a word
        ("observing", "left", True),
        ("left", "booked", False),
        ("missed", "checked_in", False),
    ],
)
def test_what_may_follow_what_in_a_treatment(now, then, allowed) -> None:
    assert treatment_may_follow(TreatmentStatus(now), TreatmentStatus(then)) is allowed


@pytest.mark.parametrize(
    ("now", "then", "allowed"),
    [
        ("planned", "running", False),
        ("running", "maintenance", False),  # never without a decision
        ("decision_due", "maintenance", True),
        ("stopped", "running", False),
        ("completed", "maintenance", False),
    ],
)
def test_what_may_follow_what_in_a_course(now, then, allowed) -> None:
    assert course_may_follow(CourseStatus(now), CourseStatus(then)) is allowed
