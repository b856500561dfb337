"""Where each invented person stands, and everything that led there, as rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.rules import rule
from evenkeel.core.protocols.states import CourseStatus as S
from evenkeel.web.records.models import (
    Chair,
    Course,
    CourseBaseline,
    MaintenanceDecision,
    Patient,
    ScreeningDecision,
    Treatment,
)
from evenkeel.web.records.seed import screened
from evenkeel.web.records.seed.calendar import Calendar
from evenkeel.web.records.seed.rows import Rows
from evenkeel.web.records.seed.scores import Trajectory, madrs_row, phq9_row, trajectory
from evenkeel.web.records.seed.treatments import Writer

IV, NASAL = "ketamine-iv-six", "esketamine-us-trd"
SERIES_GAPS = (3, 4)  # days, in turn: Monday and Thursday, say
WHOLE_FOR = timedelta(days=60)  # how far back every detail of a treatment is made
STAGES = {  # how many people stand where
    "referred": 16,
    "screening": 16,
    "declined": 8,
    "consent": 10,
    "planned": 8,
    "booked": 14,
    "running": 34,
    "decision_due": 7,  # the series is over
    "decision_later": 7,  # a maintenance stretch is over
    "weekly": 14,
    "fortnightly": 26,
    "monthly": 26,
    "paused": 4,
    "stopped": 22,
    "completed": 12,
}
INTERVAL = {"weekly": 7, "fortnightly": 14, "monthly": 28}
WITHOUT_COURSE = ("referred", "screening", "declined", "consent")
STOP_REASONS = (
    "No response after the series; the person and I agreed to try something else.",
    "The person moved away; the letter went to the new clinic.",
    "Blood pressure after each dose stayed high; referred back.",
    "The person felt well and wished to stop.",
)


# How many days ago the first dose was, least and most; negative lies ahead.
BEGAN = {
    "referred": (0, 0), "screening": (0, 0), "declined": (3, 25), "consent": (3, 12),
    "planned": (-14, -6), "booked": (-12, -2), "running": (3, 18), "decision_due": (26, 29),
    "decision_later": (62, 150), "weekly": (60, 260), "fortnightly": (110, 820),
    "monthly": (200, 1090), "paused": (90, 400), "stopped": (60, 1000), "completed": (150, 900),
}  # fmt: skip


def began(stage: str, protocol_id: str, today: date, random: Random) -> date:
    """The wished day of a story's first dose."""
    day = today - timedelta(days=random.randint(*BEGAN[stage]))
    short = stage == "decision_due" and protocol_id == IV
    return day + timedelta(days=7) if short else day


@dataclass(kw_only=True)
class Story:
    """One person's way through the clinic. ``began``: the wished day of the first dose,
    or of the decision on screening where there is no course."""

    patient: Patient
    stage: str
    protocol_id: str
    weight_kg: Decimal
    shape: Trajectory
    began: date


@dataclass(kw_only=True)
class Teller:
    """Tells stories into ``rows``."""

    rows: Rows
    writer: Writer
    past: Calendar
    ahead: Calendar
    random: Random
    today: date
    chairs: dict[int, Chair]
    prescribers: list[Any]
    nurses: list[Any]
    courses: list[Course] = field(default_factory=list)

    def tell(self, story: Story) -> None:
        if story.stage in ("declined", "consent"):
            self._decide_screening(story, self._at(story.began))
        if story.stage == "screening":
            by = self.random.choice(self.nurses)
            at = self._at(self.today - timedelta(days=1))
            screened.answer(
                self.rows, story.patient, by=by, at=at, random=self.random,
                share=self.random.choice((0.3, 0.6, 0.85)),
            )  # fmt: skip
        if story.stage in WITHOUT_COURSE:
            return
        began = story.began
        course = self._course(story, began)
        if story.stage == "planned":
            return
        self._treat(story, course, began)

    # -- times --------------------------------------------------------------

    def _at(self, day: date, hour: int = 15) -> datetime:
        moment = time(hour, self.random.randint(0, 59))
        return datetime.combine(day, moment, self.past.zone).astimezone(UTC)

    # -- before the first dose ----------------------------------------------

    def _decide_screening(self, story: Story, at: datetime) -> ScreeningDecision:
        by = self.random.choice(self.prescribers)
        screened.answer(
            self.rows, story.patient, by=by, at=at - timedelta(minutes=40), random=self.random
        )
        return screened.decide(
            story.patient,
            product=protocol(story.protocol_id).product,
            choice="decline" if story.stage == "declined" else "proceed",
            by=by,
            at=at,
        )

    def _course(self, story: Story, began: date) -> Course:
        rules = protocol(story.protocol_id)
        known = min(began, self.today) - timedelta(days=self.random.randint(6, 16))
        decision = self._decide_screening(story, self._at(known))
        again = self.today - timedelta(days=self.random.randint(3, 90))
        if self.today - known > screened.ASKED_AGAIN_AFTER:
            screened.judge_pressure_again(
                self.rows, story.patient, by=decision.by, at=self._at(again)
            )
        nasal = rules.unit == "mg"
        young = story.stage in ("planned", "booked", "running")
        course = Course.objects.create(
            patient=story.patient,
            protocol=rules.id,
            protocol_version=rules.edition,
            product=rules.product,
            indication="trd",
            status=S.PLANNED,
            prescriber=decision.by,
            decision=decision,
            dose_mg=Decimal(56 if young else 84) if nasal else None,
            dose_mg_per_kg=None if nasal else Decimal("0.5"),
            minutes=rules.dose_minutes.value,
            created_at=self._at(known, 16),
        )
        self.rows.told(
            "course.planned",
            f"A course was planned for {story.patient.short_name}: {rules.title}.",
            by=decision.by, at=course.created_at, patient=story.patient, subject=course,
        )  # fmt: skip
        self.courses.append(course)
        return course

    # -- treatments ---------------------------------------------------------

    def _treat(self, story: Story, course: Course, began: date) -> None:
        wished = self._series(story, began)
        booked: list[Treatment] = []
        for day in wished:
            made = self._book(story, course, len(booked) + 1, day, booked[-1] if booked else None)
            if made is not None:
                booked.append(made)
        given = [one for one in booked if one.status == Treatment.Status.LEFT]
        self._status(story, course, given)
        self._score(story, course, given)

    def _series(self, story: Story, began: date) -> list[date]:
        """Wished days: the series, then maintenance to today and one or two ahead."""
        rules = protocol(story.protocol_id)
        count = rules.phases[0].treatments or 6
        days, day = [], began
        for number in range(count):
            days.append(day)
            day += timedelta(days=SERIES_GAPS[number % 2])
        if story.stage in ("booked", "running", "decision_due"):
            return days
        if story.stage == "stopped" and self.random.random() < 0.5:
            return days[: self.random.randint(3, count)]
        last = self.today - timedelta(days=1)
        if story.stage in ("paused", "stopped", "completed"):
            length = timedelta(days=self.random.randint(60, 420))
            last = min(self.today - timedelta(days=20), began + length)
        goes_on = story.stage in INTERVAL
        weeks = 0
        while day <= (last + timedelta(days=15) if goes_on else last):
            days.append(day)
            weeks += 1
            wider = 7 if weeks < 5 else 14 if weeks < 12 else 28
            day += timedelta(days=min(INTERVAL.get(story.stage, 14), wider))
        if goes_on and days[-1] <= self.today:
            days.append(self.today + timedelta(days=self.random.randint(1, INTERVAL[story.stage])))
        return days

    def _book(
        self, story: Story, course: Course, ordinal: int, day: date, before: Treatment | None
    ) -> Treatment | None:
        if before is not None:
            earliest = before.period.lower.astimezone(self.past.zone).date() + timedelta(days=2)
            day = max(day, earliest)
        is_past = day < self.today
        placed = (
            self.past.place(day, latest=self.today - timedelta(days=1))
            if is_past
            else self.ahead.place(day)
        )
        if placed is None:  # the book was full to yesterday; nobody came that week
            return None
        start, number = placed
        nurse = self.nurses[(number - 1) // 2 % len(self.nurses)]
        rules = protocol(course.protocol)
        stay = timedelta(minutes=rules.chair_minutes + rules.turnover_minutes.value)
        treatment = self.rows.add(
            Treatment(
                course=course, patient=story.patient, ordinal=ordinal, chair=self.chairs[number],
                nurse=nurse, nurse_lane=(number - 1) % 2 + 1, prescriber=course.prescriber,
                period=DateTimeTZRange(start, start + stay),
                escort=f"Bo {story.patient.family}", created_at=course.created_at,
            )
        )  # fmt: skip
        if is_past:
            whole = start.date() >= self.today - WHOLE_FOR
            self.writer.attend(treatment, weight_kg=story.weight_kg, whole=whole)
        return treatment

    # -- what followed ------------------------------------------------------

    def _status(self, story: Story, course: Course, given: list[Treatment]) -> None:
        stage = story.stage
        status = {
            "booked": S.BOOKED, "running": S.RUNNING, "decision_due": S.DECISION_DUE,
            "decision_later": S.DECISION_DUE,
            "paused": S.PAUSED, "stopped": S.STOPPED, "completed": S.COMPLETED,
        }.get(stage, S.MAINTENANCE)  # fmt: skip
        if given:
            course.started_at = given[0].period.lower
        elif stage != "booked":
            status = S.BOOKED
        course.status = status
        course.interval_days = 14 if stage == "decision_later" else INTERVAL.get(stage)
        if stage in ("stopped", "completed") and given:
            course.ended_at = given[-1].period.upper + timedelta(days=5)
            course.end_reason = (
                self.random.choice(STOP_REASONS)
                if stage == "stopped"
                else "Well; the plan is done."
            )
            self.rows.told(
                f"course.{status}", f"The course of {story.patient.short_name} was {status}.",
                by=course.prescriber, at=course.ended_at, patient=story.patient, subject=course,
                reason=course.end_reason,
            )  # fmt: skip

    def _score(self, story: Story, course: Course, given: list[Treatment]) -> None:
        shape, random = story.shape, self.random
        first = given[0].period.lower if given else self._at(self.today)
        last = course.ended_at or self._at(self.today - timedelta(days=1), 9)

        def phq9(at: datetime) -> Any:
            week = (at - first).total_seconds() / 604800
            total = shape.at_week(shape.phq9, week, 27, random)
            return self.rows.add(
                phq9_row(patient=story.patient, course=course, total=total, at=at, random=random)
            )

        def madrs(at: datetime) -> Any:
            week = (at - first).total_seconds() / 604800
            total = shape.at_week(shape.madrs, week, 60, random)
            by = course.prescriber
            self.rows.told(
                "rating.recorded", f"{by.short_name} recorded the MADRS of "
                f"{story.patient.short_name}.", by=by, at=at, patient=story.patient,
            )  # fmt: skip
            return self.rows.add(
                madrs_row(patient=story.patient, course=course, total=total, at=at, by=by)
            )

        before = min(first, self._at(self.today)) - timedelta(days=random.randint(1, 6))
        baselines = {"phq9": phq9(before), "madrs": madrs(before + timedelta(hours=2))}
        if not given:
            return
        for instrument, row in baselines.items():
            self.rows.add(
                CourseBaseline(course=course, instrument=instrument, assessment=row, at=first,
                               recorded_at=first, by=given[0].nurse)
            )  # fmt: skip
        series = protocol(course.protocol).phases[0].treatments or 6
        for number, treatment in enumerate(given, 1):
            due = treatment.period.upper + timedelta(hours=26)
            asked = number % 2 == 0 if number <= series else True
            if asked and due < last and random.random() < 0.86:
                phq9(due)
            rated = number == series or (number > series and number % 4 == 0)
            if rated and due < last:
                madrs(due + timedelta(hours=3))
        if story.stage == "decision_later":
            madrs(self._at(self.today - timedelta(days=2)))
        if len(given) >= series and story.stage not in ("running", "decision_due"):
            self._decisions(story, course, given, series)

    def _decisions(self, story: Story, course: Course, given: list[Treatment], series: int) -> None:
        """The clinician's decisions: at the end of the series, then where the gap changed."""
        known: int | None = None
        for before, after in zip(given[series - 1 :], given[series:], strict=False):
            days = (after.period.lower - before.period.lower).days
            interval = 7 if days < 10 else 14 if days < 21 else 28
            if interval == known:
                continue
            known = interval
            self._decision(story, course, before.period.upper + timedelta(days=2), interval)
        if course.status == S.STOPPED and course.ended_at is not None:
            self._decision(story, course, course.ended_at, None)

    def _decision(self, story: Story, course: Course, at: datetime, interval: int | None) -> None:
        lead = rule(protocol(course.protocol).rules[0])
        by = course.prescriber
        choice = "stop" if interval is None else "accepted"
        row = self.rows.add(
            MaintenanceDecision(
                course=course, rule=lead.id, rule_version=str(lead.version),
                inputs={"week": (at - course.started_at).days // 7 if course.started_at else None,
                        "current": None, "used": [], "judged": []},
                suggestion={"rule": lead.id, "version": lead.version, "others": []},
                choice=choice, interval_days=interval,
                reason=course.end_reason if interval is None else "",
                at=at, recorded_at=at, by=by,
            )
        )  # fmt: skip
        words = "to stop" if interval is None else f"every {interval // 7} weeks"
        self.rows.told(
            "course.decided",
            f"{by.short_name} decided on the course of {story.patient.short_name}: {words}.",
            by=by, at=at, patient=story.patient, subject=row, reason=row.reason,
        )  # fmt: skip


def shape_for(stage: str, random: Random) -> Trajectory:
    """People in maintenance are those whom it helped."""
    if stage in INTERVAL or stage in ("completed", "decision_later"):
        return trajectory(random, random.choice(("remission", "response")))
    if stage == "stopped":
        return trajectory(random, random.choice(("none", "partial", "response")))
    return trajectory(random)
