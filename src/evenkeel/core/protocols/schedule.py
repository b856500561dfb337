"""The dates of a series: local clinic times, correct across clock changes.

In: a phase, its first day, weekdays, a time of day, the clinic's zone and the
days it is closed. Out: proposals in order. A closed day is never moved from in
silence: every proposal lists the closed days it had to pass over. Whether a
chair is free is decided elsewhere (``slots``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from evenkeel.core.protocols.model import Frequency, Phase, Protocol

# No series reaches further than this; it stops the search when every day is closed.
_FURTHEST = timedelta(days=366 * 2)

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class ScheduleFault(ValueError):
    """A series that cannot be laid out as asked; the words say what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """One treatment of a series, not yet booked.

    number: 1 is the first of the series.
    starts_at: aware, UTC.
    local: the same instant in the clinic's zone.
    passed_over: closed days the pattern would have used before this one.
    outside_window: whether the day lies beyond the window of the phase.
    """

    number: int
    starts_at: datetime
    local: datetime
    passed_over: tuple[date, ...]
    outside_window: bool


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant a clinic clock shows ``at`` on ``day``, aware UTC.

    Raises:
        ScheduleFault: the clocks skip that time, or show it twice.
    """
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    first = wall.replace(tzinfo=zone)
    back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if back != wall:
        raise ScheduleFault(
            f"{at:%H:%M} does not exist on {_say(day)} in {zone.key}: the clocks go forward over "
            "it. Choose another time for that day."
        )
    if first.utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset():
        raise ScheduleFault(
            f"{at:%H:%M} comes twice on {_say(day)} in {zone.key}: the clocks go back over it. "
            "Choose another time for that day."
        )
    return first.astimezone(UTC)


def _say(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def check_weekdays(weekdays: Sequence[int], frequency: Frequency, min_gap_days: int) -> None:
    """Weekdays (0 is Monday) that fit the frequency and keep the gap, all week round.

    Raises:
        ScheduleFault: too many or too few days, or two of them too close.
    """
    days = sorted(set(weekdays))
    if any(day not in range(7) for day in days):
        raise ScheduleFault("A weekday is a number from 0 (Monday) to 6 (Sunday).")
    needed = frequency.per_week
    if len(days) != needed:
        noun = "day" if needed == 1 else "days"
        raise ScheduleFault(
            f"{frequency.words.capitalize()} needs {needed} {noun} of the week; "
            f"{len(days)} chosen. Choose exactly {needed}."
        )
    if needed == 1:
        return
    around = [*days, days[0] + 7]
    for first, second in pairwise(around):
        if second - first < min_gap_days:
            raise ScheduleFault(
                f"{_DAYS[first % 7]} and {_DAYS[second % 7]} are {second - first} day apart. This "
                f"protocol keeps {min_gap_days} days from one treatment to the next. Choose days "
                "further apart."
            )


def schedule(
    protocol: Protocol,
    phase: Phase,
    *,
    frequency: Frequency,
    start: date,
    weekdays: Sequence[int],
    at: time,
    zone: ZoneInfo,
    closed: Iterable[date] = (),
    count: int | None = None,
    numbered_from: int = 1,
    after: date | None = None,
) -> tuple[Proposed, ...]:
    """Propose the treatments of one phase.

    start: no treatment lies before it; the first chosen weekday on or after it
        is the first treatment.
    count: how many; the phase's own number when None.
    after: day of the last treatment already booked; the gap is kept from it.

    Raises:
        ScheduleFault: the frequency is not one of the phase, the weekdays do
            not fit, no number is known, or a local time does not exist.
    """
    if frequency not in phase.frequencies:
        allowed = " or ".join(item.words for item in phase.frequencies)
        raise ScheduleFault(
            f"{phase.title} of {protocol.title} is given {allowed}, not {frequency.words}. "
            "Choose one of those."
        )
    gap = protocol.min_gap_days.value
    check_weekdays(weekdays, frequency, gap)
    wanted = count if count is not None else phase.treatments
    if wanted is None or wanted < 1:
        raise ScheduleFault(f"{phase.title} is open-ended: say how many treatments to propose.")
    return _walk(
        start, sorted(set(weekdays)), frequency, gap, wanted,
        at=at, zone=zone, closed=frozenset(closed), window=phase.window_days,
        numbered_from=numbered_from, after=after,
    )  # fmt: skip


def _walk(
    start: date,
    weekdays: list[int],
    frequency: Frequency,
    gap: int,
    wanted: int,
    *,
    at: time,
    zone: ZoneInfo,
    closed: frozenset[date],
    window: int | None,
    numbered_from: int,
    after: date | None,
) -> tuple[Proposed, ...]:
    stride = timedelta(weeks=frequency.every_weeks)
    found: list[Proposed] = []
    passed: list[date] = []
    day, last, due = start, after, start
    while len(found) < wanted:
        if day - start > _FURTHEST:
            raise ScheduleFault(
                "No open day was found in two years: the clinic's closed days leave none of the "
                "chosen weekdays. Choose other weekdays."
            )
        fits = day.weekday() in weekdays and day >= due
        if fits and last is not None and (day - last).days < gap:
            fits = False
        if fits and day in closed:
            passed.append(day)
        elif fits:
            starts_at = local_instant(day, at, zone)
            first = found[0].local.date() if found else day
            found.append(
                Proposed(
                    number=numbered_from + len(found),
                    starts_at=starts_at,
                    local=starts_at.astimezone(zone),
                    passed_over=tuple(passed),
                    outside_window=window is not None and (day - first).days + 1 > window,
                )
            )
            passed, last = [], day
            # Weekly and rarer keep their rhythm from the day just used.
            due = day + stride if frequency.per_week == 1 else day
        day += timedelta(days=1)
    return tuple(found)
