"""What a course and a treatment may be, and what may follow what.

One table for each. Services ask ``may_follow`` before they write a status, and
``docs/reference/states.md`` is drawn from the same tables, so the picture
cannot drift from the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CourseStatus(StrEnum):
    """Where a course of treatment stands."""

    PLANNED = "planned"
    BOOKED = "booked"
    RUNNING = "running"
    DECISION_DUE = "decision_due"
    MAINTENANCE = "maintenance"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"

    @property
    def words(self) -> str:
        return "decision due" if self is CourseStatus.DECISION_DUE else self.value


class TreatmentStatus(StrEnum):
    """Where one booked treatment stands."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    GO = "go"
    DOSING = "dosing"
    OBSERVING = "observing"
    LEFT = "left"
    CANCELLED = "cancelled"
    MISSED = "missed"

    @property
    def words(self) -> str:
        return "checked in" if self is TreatmentStatus.CHECKED_IN else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One allowed change: to what, and by which act in the clinic's words."""

    to: str
    act: str


_C = CourseStatus
COURSE_STEPS: Mapping[str, tuple[Step, ...]] = {
    _C.PLANNED: (
        Step(to=_C.BOOKED, act="the series is booked"),
        Step(to=_C.STOPPED, act="stopped before it began"),
    ),
    _C.BOOKED: (
        Step(to=_C.RUNNING, act="the first dose is given"),
        Step(to=_C.PLANNED, act="every booking is cancelled"),
        Step(to=_C.PAUSED, act="paused"),
        Step(to=_C.STOPPED, act="stopped before it began"),
    ),
    _C.RUNNING: (
        Step(to=_C.DECISION_DUE, act="the last booked treatment of the phase is over"),
        Step(to=_C.PAUSED, act="paused"),
        Step(to=_C.STOPPED, act="stopped"),
    ),
    _C.DECISION_DUE: (
        Step(to=_C.MAINTENANCE, act="the decision is to go on"),
        Step(to=_C.STOPPED, act="the decision is to stop"),
        Step(to=_C.COMPLETED, act="the decision is that the course is complete"),
        Step(to=_C.PAUSED, act="paused"),
    ),
    _C.MAINTENANCE: (
        Step(to=_C.DECISION_DUE, act="the next decision falls due"),
        Step(to=_C.PAUSED, act="paused"),
        Step(to=_C.STOPPED, act="stopped"),
        Step(to=_C.COMPLETED, act="completed"),
    ),
    _C.PAUSED: (
        Step(to=_C.BOOKED, act="resumed before the first dose"),
        Step(to=_C.RUNNING, act="resumed within the series"),
        Step(to=_C.DECISION_DUE, act="resumed at a decision"),
        Step(to=_C.MAINTENANCE, act="resumed in maintenance"),
        Step(to=_C.STOPPED, act="stopped"),
    ),
    _C.STOPPED: (),
    _C.COMPLETED: (),
}

_T = TreatmentStatus
TREATMENT_STEPS: Mapping[str, tuple[Step, ...]] = {
    _T.BOOKED: (
        Step(to=_T.CHECKED_IN, act="the person arrives"),
        Step(to=_T.CANCELLED, act="cancelled with a reason"),
        Step(to=_T.MISSED, act="the person did not come"),
    ),
    _T.CHECKED_IN: (
        Step(to=_T.GO, act="the gate says go, or is overridden"),
        Step(to=_T.CANCELLED, act="sent home before the dose"),
    ),
    _T.GO: (
        Step(to=_T.DOSING, act="the dose begins"),
        Step(to=_T.CHECKED_IN, act="the go runs out"),
        Step(to=_T.CANCELLED, act="sent home before the dose"),
    ),
    _T.DOSING: (Step(to=_T.OBSERVING, act="the dose ends or is stopped"),),
    _T.OBSERVING: (
        Step(to=_T.DOSING, act="a paused dose goes on"),
        Step(to=_T.LEFT, act="the person leaves"),
    ),
    _T.LEFT: (),
    _T.CANCELLED: (),
    _T.MISSED: (),
}


def course_may_follow(now: CourseStatus, then: CourseStatus) -> bool:
    """May a course that is ``now`` become ``then``?"""
    return any(step.to == then for step in COURSE_STEPS[now])


def treatment_may_follow(now: TreatmentStatus, then: TreatmentStatus) -> bool:
    """May a treatment that is ``now`` become ``then``?"""
    return any(step.to == then for step in TREATMENT_STEPS[now])


def drawn(table: Mapping[str, tuple[Step, ...]], first: str) -> str:
    """The table as a mermaid state diagram, states in the order of the table."""
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for now, steps in table.items():
        lines += [f"    {now} --> {step.to}: {step.act}" for step in steps]
        if not steps:
            lines.append(f"    {now} --> [*]")
    return "\n".join(lines)


def page() -> str:
    """The whole of ``docs/reference/states.md``."""
    parts = [
        "# States",
        "",
        "Drawn from the tables in `src/evenkeel/core/protocols/states.py` by",
        "`python -m evenkeel.core.protocols.states`; a test compares the two.",
        "",
        "## A course",
        "",
        "```mermaid",
        drawn(COURSE_STEPS, CourseStatus.PLANNED),
        "```",
        "",
        "## A treatment",
        "",
        "```mermaid",
        drawn(TREATMENT_STEPS, TreatmentStatus.BOOKED),
        "```",
        "",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
