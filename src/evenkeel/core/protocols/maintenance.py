"""Maintenance rules: a published rule, read as data, answers with a suggestion or a refusal.

In: the rule, where the course stands, the ratings there are. Out: how often the
rule would treat, with the inputs it used and their ages; or why it will not say.
It never decides and never books. A self-report never stands in for the scale a
rule names, and a rating older than the rule allows counts as missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from evenkeel.core.instruments.catalogue import scale_of
from evenkeel.core.kernel.sources import Source, Status
from evenkeel.core.protocols.model import Frequency


class Kind(StrEnum):
    """What a rule looks at: a score, or how many weeks have gone by."""

    BY_SCORE = "by_score"
    BY_WEEK = "by_week"


class Why(StrEnum):
    """The named refusals."""

    NOT_BEGUN = "not_begun"
    BEFORE_WEEK = "before_week"
    FREQUENCY_UNKNOWN = "frequency_unknown"
    FREQUENCY_NOT_COVERED = "frequency_not_covered"
    RATING_MISSING = "rating_missing"
    SELF_REPORT = "self_report"
    RATING_STALE = "rating_stale"
    RATING_IMPOSSIBLE = "rating_impossible"
    NOT_A_FIXED_POINT = "not_a_fixed_point"
    AFTER_LAST_WEEK = "after_last_week"
    RELAPSE_UNKNOWN = "relapse_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """At this frequency, with a score from ``low`` to ``high`` (both included)."""

    current: Frequency
    low: int
    high: int
    options: tuple[Frequency, ...]
    by_judgement: bool
    hold_weeks: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """From the start of week ``from_week`` to before ``until_week`` (None: open)."""

    from_week: int
    until_week: int | None
    options: tuple[Frequency, ...]
    by_judgement: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One published rule in one version.

    instruments: ratings it accepts, the first that is there and fresh is used;
        a rule by score names exactly one.
    clinician_rated: whether a self-report is refused.
    least_days_between: changes only at fixed points this many days apart.
    on_relapse: frequency to go back to; None when the rule says nothing.
    caveat: what the evidence does not say; shown with every suggestion.
    """

    id: str
    version: int
    title: str
    kind: Kind
    status: Status
    source: Source
    text: str
    caveat: str
    instruments: tuple[str, ...]
    clinician_rated: bool
    counted_from: str
    from_week: int
    max_age_days: int
    least_days_between: int | None
    fixed_points_source: Source | None
    on_relapse: Frequency | None
    score_rows: tuple[ScoreRow, ...]
    week_rows: tuple[WeekRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One complete rating. label: as a screen names the scale; by: who rated."""

    instrument: str
    label: str
    score: int
    taken_at: datetime
    by: str
    self_report: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a course stands at ``now``; dates are the clinic's.

    series_ended_on: day of the last treatment of the first phase.
    last_change_on: when the frequency last changed.
    relapsed: None when it cannot be told.
    """

    now: datetime
    today: date
    first_dose_on: date | None
    series_ended_on: date | None
    current: Frequency | None
    last_change_on: date | None
    ratings: tuple[Rating, ...]
    relapsed: bool | None = None

    @property
    def week(self) -> int | None:
        """Whole weeks since the first dose."""
        return None if self.first_dose_on is None else (self.today - self.first_dose_on).days // 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One thing the rule used, in words, with its value and age."""

    name: str
    value: str
    age: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the rule would do. Several options, or ``by_judgement``: a person chooses."""

    rule: Rule
    current: Frequency
    options: tuple[Frequency, ...]
    by_judgement: bool
    hold_weeks: int | None
    inputs: tuple[Input, ...]

    @property
    def words(self) -> str:
        """As a headline: "Stay at every 2 weeks", "Change to every week for 4 weeks"."""
        said = " or ".join(option.words for option in self.options)
        verb = "Stay at" if self.options == (self.current,) else "Change to"
        if len(self.options) > 1 and self.current in self.options:
            others = " or ".join(o.words for o in self.options if o is not self.current)
            return f"Stay at {self.current.words}, or {others}"
        held = f" for the next {self.hold_weeks} weeks" if self.hold_weeks else ""
        return f"{verb} {said}{held}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why the rule will not say, and which rating would let it.

    rating: id of the instrument to record now; empty when no rating would help.
    """

    rule: Rule
    why: Why
    reason: str
    rating: str


Told = Suggestion | Refused


def suggest(rule: Rule, standing: Standing) -> Told:
    """Ask one rule about one course."""

    def refused(why: Why, reason: str, rating: str = "") -> Refused:
        return Refused(rule=rule, why=why, reason=reason, rating=rating)

    week = standing.week
    if week is None:
        return refused(Why.NOT_BEGUN, "No dose has been given yet in this course.")
    if week < rule.from_week:
        return refused(
            Why.BEFORE_WEEK,
            f"{rule.title} speaks from week {rule.from_week} of the course; this is week {week}.",
        )
    current = standing.current
    if current is None:
        return refused(
            Why.FREQUENCY_UNKNOWN, "The record does not say how often treatments are given now."
        )
    if rule.kind is Kind.BY_SCORE and not any(row.current is current for row in rule.score_rows):
        return refused(
            Why.FREQUENCY_NOT_COVERED, f"{rule.title} says nothing about {current.words}."
        )
    rating = _rating(rule, standing)
    if isinstance(rating, Refused):
        return rating
    held = _between_points(rule, standing)
    if held is not None:
        return refused(Why.NOT_A_FIXED_POINT, held)
    used = (
        Input(
            name=f"{rating.label} by {rating.by}",
            value=str(rating.score),
            age=say_age(standing.now - rating.taken_at),
        ),
    )
    if rule.kind is Kind.BY_SCORE:
        return _by_score(rule, current, rating, week, (*used, *_lately(rating, standing)))
    return _by_week(rule, current, standing, used)


def _rating(rule: Rule, standing: Standing) -> Rating | Refused:
    named = rule.instruments[0]

    def refused(why: Why, reason: str) -> Refused:
        return Refused(rule=rule, why=why, reason=reason, rating=named)

    ratings = sorted(standing.ratings, key=lambda item: item.taken_at)
    if any(item.taken_at > standing.now for item in ratings):
        return refused(
            Why.RATING_IMPOSSIBLE, "A rating bears a time that has not come yet. Correct it first."
        )
    usable = [r for r in ratings if r.instrument in rule.instruments]
    if rule.clinician_rated:
        by_patient = [r for r in ratings if r.self_report]
        usable = [r for r in usable if not r.self_report]
        if not usable and by_patient:
            return refused(
                Why.SELF_REPORT,
                f"{by_patient[-1].label} is the person's own report. {rule.title} is about a "
                f"rating by a clinician on {_scale(named)}, and the two cannot be exchanged. "
                f"Record {_scale(named)}.",
            )
    if not usable:
        return refused(
            Why.RATING_MISSING, f"There is no {_names(rule)} rating. Record one, then ask again."
        )
    longest = timedelta(days=rule.max_age_days)
    fresh = [r for r in usable if standing.now - r.taken_at <= longest]
    if not fresh:
        last = usable[-1]
        return refused(
            Why.RATING_STALE,
            f"The last {last.label} is {say_age(standing.now - last.taken_at)}; this rule uses "
            f"none older than {rule.max_age_days} days. Record {_scale(named)} again.",
        )
    first_named = [r for name in rule.instruments for r in reversed(fresh) if r.instrument == name]
    return first_named[0]


def _scale(instrument: str) -> str:
    return scale_of(instrument).short


def _lately(rating: Rating, standing: Standing) -> tuple[Input, ...]:
    """The same scale over the last 4 weeks: a reader sees whether it wavers."""
    since = standing.now - timedelta(weeks=4)
    same = [r for r in standing.ratings if r.instrument == rating.instrument]
    scores = [r.score for r in sorted(same, key=lambda r: r.taken_at) if r.taken_at >= since]
    if len(scores) < 2:
        return ()
    said = ", ".join(str(score) for score in scores)
    return (Input(name=f"{rating.label} in the last 4 weeks", value=said, age=""),)


def _names(rule: Rule) -> str:
    return " or ".join(_scale(name) for name in rule.instruments)


def _between_points(rule: Rule, standing: Standing) -> str | None:
    if rule.least_days_between is None or standing.last_change_on is None:
        return None
    gone = (standing.today - standing.last_change_on).days
    if gone >= rule.least_days_between:
        return None
    due = standing.last_change_on + timedelta(days=rule.least_days_between)
    return (
        f"The frequency last changed {gone} {'day' if gone == 1 else 'days'} ago. {rule.title} "
        f"changes it only at fixed points {rule.least_days_between} days apart; the next is "
        f"{due.day} {due:%b %Y}."
    )


def _by_score(
    rule: Rule, current: Frequency, rating: Rating, week: int, used: tuple[Input, ...]
) -> Told:
    for row in rule.score_rows:
        if row.current is current and row.low <= rating.score <= row.high:
            return Suggestion(
                rule=rule,
                current=current,
                options=row.options,
                by_judgement=row.by_judgement,
                hold_weeks=row.hold_weeks,
                inputs=(
                    *used,
                    Input(
                        name=f"At least week {rule.from_week} of the course",
                        value="yes",
                        age=f"week {week}",
                    ),
                    Input(name="Given now", value=current.words, age=""),
                ),
            )
    return Refused(
        rule=rule,
        why=Why.RATING_IMPOSSIBLE,
        reason=f"{rating.label} {rating.score} is not a possible total. Correct it first.",
        rating=rule.instruments[0],
    )


def _by_week(rule: Rule, current: Frequency, standing: Standing, used: tuple[Input, ...]) -> Told:
    anchor = standing.first_dose_on if rule.counted_from == "course" else standing.series_ended_on
    if anchor is None:
        return Refused(
            rule=rule,
            why=Why.NOT_BEGUN,
            reason="The series has not ended yet, and this rule counts from its end.",
            rating="",
        )
    week = (standing.today - anchor).days // 7
    counted = Input(
        name="Weeks since the first dose"
        if rule.counted_from == "course"
        else "Weeks since the series ended",
        value=str(week),
        age="",
    )
    if rule.on_relapse is not None and standing.relapsed is None:
        return Refused(
            rule=rule,
            why=Why.RELAPSE_UNKNOWN,
            reason="It cannot be told whether there was a relapse, and this rule turns on it. "
            f"Record {_scale(rule.instruments[0])}.",
            rating=rule.instruments[0],
        )
    if rule.on_relapse is not None and standing.relapsed:
        options: tuple[Frequency, ...] = (rule.on_relapse,)
        by_judgement = True
    else:
        row = next(
            (
                r
                for r in rule.week_rows
                if r.from_week <= week and (r.until_week is None or week < r.until_week)
            ),
            None,
        )
        if row is None:
            return Refused(
                rule=rule,
                why=Why.AFTER_LAST_WEEK,
                reason=f"{rule.title} says nothing about week {week}.",
                rating="",
            )
        options, by_judgement = row.options, row.by_judgement
    relapse = (
        ()
        if rule.on_relapse is None
        else (Input(name="Relapse", value="yes" if standing.relapsed else "no", age=""),)
    )
    return Suggestion(
        rule=rule,
        current=current,
        options=options,
        by_judgement=by_judgement,
        hold_weeks=None,
        inputs=(*used, counted, *relapse, Input(name="Given now", value=current.words, age="")),
    )


def disagree(told: Sequence[Told]) -> bool:
    """Whether two of these suggestions share no option, or differ in their first."""
    said = [item for item in told if isinstance(item, Suggestion)]
    return len({item.options for item in said}) > 1


def say_age(age: timedelta) -> str:
    """An age in words: "today" never hides hours; days are whole, rounded down."""
    hours = int(age.total_seconds() // 3600)
    if hours < 24:
        return f"{hours} h old" if hours >= 1 else "under 1 h old"
    days, rest = divmod(hours, 24)
    # At the edge of what a rule allows, the hours decide, so they are told.
    more = f" {rest} h" if rest and days >= 7 else ""
    return f"{days} {'day' if days == 1 else 'days'}{more} old"
