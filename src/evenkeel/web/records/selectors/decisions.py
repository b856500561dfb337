"""What the maintenance rules say about a course now, and which decisions are due."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from evenkeel.core.instruments.outcomes import Kind as Outcome
from evenkeel.core.instruments.outcomes import for_scale, judge, relapse
from evenkeel.core.kernel.verdicts import Verdict
from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.maintenance import (
    Rating,
    Standing,
    Suggestion,
    Told,
    disagree,
    suggest,
)
from evenkeel.core.protocols.rules import rule
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.records.models import Assessment, Course, MaintenanceDecision
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.ui.words import clinic_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Everything on the decision card.

    lead: the first rule of the protocol that has a suggestion, else the first.
    others: what the other rules of the protocol say.
    judged: response and remission of the latest MADRS and PHQ-9, each under its definition.
    """

    standing: Standing
    lead: Told | None
    others: tuple[Told, ...]
    disagree: bool
    judged: tuple[tuple[str, Verdict], ...]
    mark: str

    @property
    def suggestion(self) -> Suggestion | None:
        return self.lead if isinstance(self.lead, Suggestion) else None


def local_day(moment: datetime) -> date:
    return moment.astimezone(clinic_zone()).date()


def _series_ended_on(course: Course, made: Sequence[MaintenanceDecision]) -> date | None:
    """Day of the last treatment of the first phase, once no more of it is to come."""
    done = find.given(course)
    planned = protocol(course.protocol).phases[0].treatments
    if planned is not None and len(done) >= planned:
        return local_day(done[planned - 1].period.lower)
    if course.status in {CourseStatus.PLANNED, CourseStatus.BOOKED, CourseStatus.RUNNING}:
        return None
    before = [t for t in done if not made or t.period.lower <= made[0].at]
    return local_day(before[-1].period.lower) if before else None


def _last_change(made: Sequence[MaintenanceDecision]) -> date | None:
    days, changed = None, None
    for decision in made:
        if decision.interval_days is not None and decision.interval_days != days:
            days, changed = decision.interval_days, local_day(decision.at)
    return changed


def _relapsed(scores: Sequence[find.Score], since: date | None) -> bool | None:
    """By MADRS after the series, under SUSTAIN-1's definition; None without a MADRS since."""
    if since is None:
        return None
    series = [(s.at, s.total) for s in scores if s.instrument == "madrs"]
    after = [
        ((local_day(at) - since).days, total) for at, total in series if local_day(at) >= since
    ]
    # One total a day: the last one of a day stands for it.
    by_day = sorted(dict(after).items())
    return relapse("relapse-madrs-22", by_day) is not None if by_day else None


def standing_of(course: Course, now: datetime) -> Standing:
    """Where the course stands, as the rules ask for it."""
    scores = [s for s in find.scores(course.patient) if s.at <= now]
    made = find.decisions(course)
    ended = _series_ended_on(course, made)
    return Standing(
        now=now,
        today=local_day(now),
        first_dose_on=local_day(course.started_at) if course.started_at is not None else None,
        series_ended_on=ended,
        current=find.current_frequency(course),
        last_change_on=_last_change(made),
        ratings=tuple(
            Rating(
                instrument=s.instrument,
                label=s.label,
                score=s.total,
                taken_at=s.at,
                by=s.by,
                self_report=s.self_report,
            )
            for s in scores
        ),
        relapsed=_relapsed(scores, ended),
    )


def judged_now(
    scores: Sequence[find.Score], baselines: dict[str, Assessment]
) -> tuple[tuple[str, Verdict], ...]:
    """Response and remission of the latest score of each scale, each under its name."""
    latest = {s.instrument: s for s in scores}
    found: list[tuple[str, Verdict]] = []
    for instrument in ("madrs", "phq9"):
        score, frozen = latest.get(instrument), baselines.get(instrument)
        baseline = int(frozen.total) if frozen is not None and frozen.total is not None else None
        for definition in for_scale(instrument):
            if definition.kind in {Outcome.RESPONSE, Outcome.REMISSION}:
                found.append(
                    (instrument, judge(definition, baseline, score.total if score else None))
                )
    return tuple(found)


def outlook(course: Course, now: datetime) -> Outlook:
    """Ask every rule of the protocol about the course."""
    standing = standing_of(course, now)
    told = [suggest(rule(rule_id), standing) for rule_id in protocol(course.protocol).rules]
    lead = next((t for t in told if isinstance(t, Suggestion)), told[0] if told else None)
    scores = [s for s in find.scores(course.patient) if s.at <= now]
    return Outlook(
        standing=standing,
        lead=lead,
        others=tuple(t for t in told if t is not lead),
        disagree=disagree(told),
        judged=judged_now(scores, find.baselines(course)),
        mark=_mark(lead),
    )


def _mark(told: Told | None) -> str:
    """A short mark of what a screen showed; the ages are left out, since they run on."""
    if told is None:
        return "none"
    said = (
        [*told.options, str(told.hold_weeks), *(f"{i.name}={i.value}" for i in told.inputs)]
        if isinstance(told, Suggestion)
        else [told.why]
    )
    text = "|".join([told.rule.id, str(told.rule.version), *said])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def due(now: datetime | None = None) -> QuerySet[Course]:
    """Courses on which a decision is due, the longest-waiting first."""
    return (
        Course.objects.filter(status=CourseStatus.DECISION_DUE)
        .select_related("patient", "prescriber")
        .order_by("started_at", "pk")
    )


def first_check_by(decided_at: datetime, before: int | None, after: int | None) -> date | None:
    """After a wider spacing the first check is within 2 weeks (a proposal of this project)."""
    if before is None or after is None or after <= before:
        return None
    return local_day(decided_at) + timedelta(days=14)
