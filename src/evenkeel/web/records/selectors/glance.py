"""A course at a glance: everything that the course page draws, prints and puts in its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from evenkeel.core.instruments import scale_of
from evenkeel.core.instruments.outcomes import definition_of, fall_percent, judge, relapse
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.protocols.library import protocol
from evenkeel.core.protocols.model import Protocol
from evenkeel.core.protocols.states import CourseStatus
from evenkeel.web.records.models import (
    Assessment,
    AssessmentRequest,
    Course,
    RegisterEntry,
    Task,
    Treatment,
)
from evenkeel.web.records.selectors import courses as find
from evenkeel.web.ui.words import write_number, write_time

SHOWN = ("madrs", "phq9")
REMISSION = {"madrs": "remission-madrs-12", "phq9": "remission-phq9-hedis"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch with one frequency. open: nobody has decided yet."""

    start: datetime
    end: datetime
    words: str
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """A treatment on the axis: given, booked or missed; mg None when nothing is written."""

    at: datetime
    kind: str
    ordinal: int
    mg: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A line on a plot with the words of its definition."""

    total: float
    words: str
    dotted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Where a definition began or ceased to be met."""

    at: datetime
    total: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One scale: its scores, its frozen baseline, what was not answered."""

    instrument: str
    label: str
    who: str
    points: list[find.Score]
    baseline: tuple[datetime, int] | None
    missing: list[datetime]
    definitions: list[Definition]
    flags: list[Flag]
    fall: str

    @property
    def latest(self) -> find.Score | None:
        return self.points[-1] if self.points else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A decision: what, and whether as suggested."""

    at: datetime
    words: str
    how: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: datetime
    words: str
    more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The whole picture, from ``since`` to ``until``."""

    title: str
    since: datetime
    until: datetime
    now: datetime
    phases: list[Phase]
    doses: list[Dose]
    dose_words: str
    lines: list[Line]
    decisions: list[Made]
    decision_due: bool
    events: list[Event]
    given_mg: Decimal
    lifetime_mg: Decimal

    @property
    def given(self) -> int:
        return sum(dose.kind == "given" for dose in self.doses)

    @property
    def measured(self) -> int:
        """How many of the given treatments have an amount in the register."""
        return sum(dose.kind == "given" and dose.mg is not None for dose in self.doses)

    @property
    def unmeasured(self) -> int:
        return self.given - self.measured

    @property
    def said(self) -> str:
        scores = "; ".join(
            f"{line.label} {line.latest.total}" for line in self.lines if line.latest is not None
        )
        return f"{self.title}: {self.given} treatments given; latest {scores or 'scores: none'}"


def glance(course: Course, now: datetime) -> Glance:
    """The course as it stands at ``now``."""
    rules = protocol(course.protocol)
    frozen = find.baselines(course)
    treatments = list(
        course.treatments.exclude(status=Treatment.Status.CANCELLED).order_by("period")
    )
    firsts = [a.at for a in frozen.values()] + [t.period.lower for t in treatments[:1]]
    since = min(firsts, default=now - timedelta(days=14))
    end = course.ended_at or now
    until = max(end + timedelta(days=14), since + timedelta(days=28))
    if since > now:
        since = now - timedelta(days=7)
    scores = [s for s in find.scores(course.patient) if since <= s.at <= now]
    in_course, in_life = find.exposure(course.patient, course)
    made = _made(course)
    return Glance(
        title=rules.title,
        since=since,
        until=until,
        now=now,
        phases=_phases(course, rules, until, now),
        doses=_doses(treatments),
        dose_words=_dose_words(course, rules),
        lines=[_line(name, scores, frozen.get(name), course, now) for name in SHOWN],
        decisions=made,
        decision_due=course.status == CourseStatus.DECISION_DUE,
        events=_events(course, since, now),
        given_mg=in_course,
        lifetime_mg=in_life,
    )


def _dose_words(course: Course, rules: Protocol) -> str:
    amounts = sorted({a for rule in rules.doses for a in rule.amounts})
    if rules.unit == "mg/kg":
        return rules.say_dose(course.dose_mg_per_kg or amounts[0])
    if len(amounts) == 1:
        return rules.say_dose(amounts[0])
    return " or ".join([write_number(a) for a in amounts[:-1]] + [rules.say_dose(amounts[-1])])


def _phases(course: Course, rules: Protocol, until: datetime, now: datetime) -> list[Phase]:
    if course.started_at is None:
        return [Phase(start=now, end=until, words="not begun", open=True)]
    made = [d for d in find.decisions(course) if d.interval_days is not None]
    series = find.frequency_in_series(rules, list(course.treatments.all()))
    words = series.words if series is not None else "series"
    stretches: list[Phase] = []
    start, end = course.started_at, course.ended_at or now
    for decision in made:
        stretches.append(Phase(start=start, end=decision.at, words=words))
        frequency = find.BY_DAYS.get(decision.interval_days or 0)
        start, words = decision.at, frequency.words if frequency else "not said"
    stretches.append(Phase(start=start, end=end, words=words))
    joined: list[Phase] = []
    for stretch in stretches:
        if joined and joined[-1].words == stretch.words:
            joined[-1] = Phase(start=joined[-1].start, end=stretch.end, words=stretch.words)
        else:
            joined.append(stretch)
    if course.ended_at is None:
        words = "to decide" if course.status == CourseStatus.DECISION_DUE else "to come"
        joined.append(Phase(start=now, end=until, words=words, open=True))
    return joined


def _doses(treatments: Sequence[Treatment]) -> list[Dose]:
    """Amounts are the register's; where it has no line, the amount is not known."""
    given = dict(
        RegisterEntry.objects.filter(
            kind=RegisterEntry.Kind.GIVEN, treatment__in=[t.pk for t in treatments]
        )
        .values_list("treatment")
        .annotate(mg=Sum("mg"))
    )
    kinds = {
        Treatment.Status.MISSED: "missed",
        Treatment.Status.BOOKED: "booked",
        Treatment.Status.CHECKED_IN: "booked",
        Treatment.Status.GO: "booked",
    }
    return [
        Dose(
            at=t.period.lower,
            kind=kinds.get(Treatment.Status(t.status), "given"),
            ordinal=t.ordinal,
            mg=given.get(t.pk),
        )
        for t in treatments
    ]


def _line(
    name: str,
    scores: Sequence[find.Score],
    frozen: Assessment | None,
    course: Course,
    now: datetime,
) -> Line:
    scale = scale_of(name)
    points = [s for s in scores if s.instrument == name]
    baseline = int(frozen.total) if frozen is not None and frozen.total is not None else None
    latest = points[-1].total if points else None
    return Line(
        instrument=name,
        label=scale.short,
        who="by the person" if name == "phq9" else "by clinician, total",
        points=points,
        baseline=((frozen.at, baseline) if frozen is not None and baseline is not None else None),
        missing=list(
            AssessmentRequest.objects.filter(
                patient=course.patient,
                instrument=name,
                status=AssessmentRequest.Status.EXPIRED,
                due_at__lte=now,
            ).values_list("due_at", flat=True)
        ),
        definitions=_definitions(name, baseline),
        flags=_flags(name, points, baseline, course),
        fall=_fall(baseline, latest),
    )


def _fall(baseline: int | None, latest: int | None) -> str:
    if baseline is None:
        return "no baseline"
    percent = fall_percent(baseline, latest) if latest is not None else None
    if percent is None:
        return ""
    # Rounded towards zero: 49.6 must not read as 50.
    return f"down {int(percent)}%" if percent >= 0 else f"up {int(-percent)}%"


def _definitions(name: str, baseline: int | None) -> list[Definition]:
    found = []
    remission = definition_of(REMISSION[name])
    if remission.at_most is not None:
        found.append(
            Definition(total=remission.at_most, words=f"remission, {remission.at_most} or less")
        )
    if baseline:
        found.append(
            Definition(total=baseline / 2, words=f"response, half of {baseline}", dotted=True)
        )
    if name == "madrs":
        line = definition_of("relapse-madrs-22").at_least
        if line is not None:
            found.append(Definition(total=line, words=f"relapse line, {line}"))
    return found


def _flags(
    name: str, points: Sequence[find.Score], baseline: int | None, course: Course
) -> list[Flag]:
    """Each time a definition begins to be met, or remission ends."""
    if course.started_at is None:
        return []
    after = [p for p in points if p.at > course.started_at]
    found: list[Flag] = []
    responded = remitted = before = False
    line = definition_of(REMISSION[name]).at_most
    for point in after:
        response = judge("response-50", baseline, point.total).answer is Answer.YES
        remission = judge(REMISSION[name], baseline, point.total).answer is Answer.YES
        words = ""
        if remission and not remitted:
            words = "Remission again" if before else "Remission"
        elif remitted and not remission:
            words = f"Above {line}"
        elif response and not responded:
            words = "Response"
        responded, remitted, before = responded or response, remission, before or remission
        if words:
            found.append(Flag(at=point.at, total=point.total, words=words))
    if name == "madrs" and after:
        by_day = {(p.at - course.started_at).days: p for p in after}
        told = relapse("relapse-madrs-22", sorted((d, p.total) for d, p in by_day.items()))
        # Before the first response there is nothing to relapse from.
        if told is not None and before:
            point = by_day[told.day_confirmed]
            found.append(Flag(at=point.at, total=point.total, words="Relapse"))
    # The patient's own scale shares the course; its flags would only crowd the picture.
    return found if name == "madrs" else []


def _made(course: Course) -> list[Made]:
    how = {"accepted": "as suggested", "otherwise": "otherwise", "stop": "plan to stop"}
    found = []
    for decision in find.decisions(course):
        frequency = find.BY_DAYS.get(decision.interval_days or 0)
        words = frequency.words.removeprefix("every ").capitalize() if frequency else "Stop"
        if frequency is not None and frequency.every_weeks == 1:
            words = "Weekly"
        found.append(
            Made(
                at=decision.at,
                words=words,
                how=how[decision.choice],
                by=decision.by.short_name if decision.by is not None else "",
                reason=decision.reason,
            )
        )
    return found


def _events(course: Course, since: datetime, now: datetime) -> list[Event]:
    """Safety tasks, and treatments missed or cancelled, in order of time."""
    found = [
        Event(
            at=task.opened_at,
            words="Safety task",
            more=(
                f"closed {write_time(task.closed_at)}"
                if task.closed_at is not None
                else "still open"
            ),
        )
        for task in Task.objects.filter(
            patient=course.patient,
            kind=Task.Kind.SAFETY,
            opened_at__gte=since,
            opened_at__lte=now,
        )
    ]
    gone = course.treatments.filter(
        status__in=[Treatment.Status.MISSED, Treatment.Status.CANCELLED]
    )
    found += [
        Event(
            at=t.period.lower,
            words=f"Treatment {t.ordinal} {t.get_status_display()}",
            more=t.cancelled_reason or "no reason written",
        )
        for t in gone
        if since <= t.period.lower <= now
    ]
    return sorted(found, key=lambda event: event.at)
