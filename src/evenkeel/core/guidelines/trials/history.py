"""One antidepressant trial as it was told, and how long it lasted at which dose.

In: a drug, doses, dates that may be a year or a month, what came of it. Out:
lengths as ranges. Nothing here knows a definition of adequacy; which dose is
enough is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.terms.values import Range


class Stopped(StrEnum):
    """Why a trial ended."""

    NO_EFFECT = "no_effect"
    TOO_LITTLE = "too_little_effect"
    SIDE_EFFECTS = "side_effects"
    IMPROVED = "improved"
    OTHER = "other"


class Better(StrEnum):
    """How much better, where no number was told. Bounds: MGH-ATRQ, Desseilles 2011."""

    UNDER_25 = "under_25"
    FROM_25_TO_49 = "25_to_49"
    FROM_50 = "50_or_more"


# Each band as [from, below) per cent.
_BANDS: dict[str, tuple[int | None, int | None]] = {
    Better.UNDER_25: (None, 25),
    Better.FROM_25_TO_49: (25, 50),
    Better.FROM_50: (50, None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStep:
    """One dose within a trial, mg per day; None = not known."""

    dose_mg_per_day: Decimal | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One course of one antidepressant.

    dose_mg_per_day: the highest dose, where no steps were told.
    steps: the doses one after the other; empty = one dose throughout.
    ongoing: it is still being taken. end: None with ongoing False = the end is not known.
    adherent, improvement_percent, augmented, clear_non_response: None = not known.
    improvement_band: a ``Better``, where no number was told; "" = not known.
    stopped_because: a ``Stopped``; "" = not known.
    episode: "current", "earlier", or "" when nobody said.
    clear_non_response: somebody saw clearly that it did not work, though it was short.
    """

    drug: str
    dose_mg_per_day: Decimal | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    improvement_percent: Decimal | None = None
    adherent: bool | None = None
    augmentation: str = ""
    steps: tuple[DoseStep, ...] = ()
    improvement_band: str = ""
    augmented: bool | None = None
    stopped_because: str = ""
    episode: str = ""
    clear_non_response: bool | None = None

    @property
    def highest_mg(self) -> Decimal | None:
        """The highest dose that is known, mg per day."""
        known = [step.dose_mg_per_day for step in self.steps if step.dose_mg_per_day is not None]
        return max(known) if known else self.dose_mg_per_day

    @property
    def was_augmented(self) -> bool | None:
        return True if self.augmentation else self.augmented

    def better_below(self, percent: int) -> bool | None:
        """Whether the improvement was below ``percent``; None = not known."""
        if self.improvement_percent is not None:
            return self.improvement_percent < percent
        low, below = _BANDS.get(self.improvement_band, (None, None))
        if below is not None and below <= percent:
            return True
        return False if low is not None and low >= percent else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time at one dose. Each end is the earliest and the latest day that it can be."""

    dose_mg_per_day: Decimal | None
    first: tuple[date | None, date | None]
    last: tuple[date, date]
    follows_on: bool = True

    @property
    def surest(self) -> tuple[date, date] | None:
        """From the latest first day to the earliest last day; None = perhaps no day at all."""
        start, end = self.first[1], self.last[0]
        return (start, end) if start is not None and start <= end else None


@lru_cache(maxsize=256)  # every definition asks for the same ones
def stretches(trial: Trial, as_of: date) -> tuple[Stretch, ...]:
    """The doses of a trial with the days they can have lasted, none beyond ``as_of``."""
    steps = trial.steps or (DoseStep(dose_mg_per_day=trial.dose_mg_per_day),)
    made: list[Stretch] = []
    for place, step in enumerate(steps):
        start = step.start or (trial.start if place == 0 else None)
        first: tuple[date | None, date | None] = (None, None)
        if start is not None:
            first = (start.earliest, start.latest)
        elif place > 0:
            first = made[-1].last
        following = steps[place + 1].start if place + 1 < len(steps) else None
        last = _last_day(trial, step, following, first, as_of, is_last=place + 1 == len(steps))
        made.append(
            Stretch(
                dose_mg_per_day=step.dose_mg_per_day,
                first=first,
                last=(min(last[0], as_of), min(last[1], as_of)),
                follows_on=place == 0 or _joined(steps[place - 1], step),
            )
        )
    return tuple(made)


def _last_day(
    trial: Trial,
    step: DoseStep,
    following: PartialDate | None,
    first: tuple[date | None, date | None],
    as_of: date,
    *,
    is_last: bool,
) -> tuple[date, date]:
    end = step.end or following or (trial.end if is_last else None)
    if end is not None:
        return end.earliest, end.latest
    if is_last and trial.ongoing:
        return as_of, as_of
    whole = trial.end.latest if trial.end is not None else as_of
    return first[0] or date.min, whole


def _joined(before: DoseStep, after: DoseStep) -> bool:
    """Whether one dose surely follows on the other without a pause."""
    if before.end is None or after.start is None:
        return True
    return after.start.latest <= before.end.earliest + timedelta(days=1)


def _may_join(before: Stretch, after: Stretch) -> bool:
    return after.first[0] is None or after.first[0] <= before.last[1] + timedelta(days=1)


def weeks_of(trial: Trial, as_of: date) -> Range:
    """How long a trial lasted: at least, and at most."""
    return weeks_where(stretches(trial, as_of), lambda _: True)


def weeks_where(parts: Sequence[Stretch], enough: Callable[[Decimal | None], bool | None]) -> Range:
    """The longest unbroken time at a dose that is enough: surely, and at most, in weeks.

    enough: whether a dose is; None = not known.
    """
    sure = longest(parts, lambda dose: enough(dose) is True)
    days = (sure[1] - sure[0]).days if sure is not None else 0
    low = Decimal(max(days, 0)) / 7
    most = Decimal(0)
    start: date | None = None
    running, previous = False, None
    for part in parts:
        if enough(part.dose_mg_per_day) is False:
            running = False
        else:
            if not running or previous is None or not _may_join(previous, part):
                start, running = part.first[0], True
            if start is None:
                return Range(low, None)
            most = max(most, Decimal(max((part.last[1] - start).days, 0)) / 7)
        previous = part
    return Range(low, max(most, low))


def longest(
    parts: Sequence[Stretch], enough: Callable[[Decimal | None], bool]
) -> tuple[date, date] | None:
    """The longest run of days that were surely at a dose that is enough."""
    best: tuple[date, date] | None = None
    start: date | None = None
    for part in parts:
        if not enough(part.dose_mg_per_day):
            start = None
            continue
        if start is None or not part.follows_on:
            start = part.first[1]
        if start is None or part.last[0] < start:
            continue
        if best is None or part.last[0] - start > best[1] - best[0]:
            best = (start, part.last[0])
    return best


def weeks_words(weeks: Range) -> str:
    """ "9 weeks", "3 weeks 6 days", "4 to 8 weeks", "at least 4 weeks", "a time not known"."""
    if weeks.low is None or (weeks.high is None and not weeks.low):
        return "a time that is not known"
    if weeks.high is None:
        return f"at least {_plural(int(weeks.low), 'week')}"
    if weeks.exact is not None:
        return _weeks_and_days(weeks.exact)
    return f"{_weeks_and_days(weeks.low)} to {_weeks_and_days(weeks.high)}"


def _weeks_and_days(weeks: Decimal) -> str:
    days = round(weeks * 7)
    whole, rest = divmod(days, 7)
    parts = [_plural(whole, "week")] if whole else []
    if rest or not whole:
        parts.append(_plural(rest, "day"))
    return " ".join(parts)


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """The present episode: the first and the last day on which it can have begun."""

    began: tuple[date, date]


def in_episode(trial: Trial, episode: Episode | None) -> bool | None:
    """Whether a trial belongs to the present episode; None = it cannot be told.

    Where nobody said when the episode began, a trial that was told counts as one of
    this episode, because that is what the question asks for.
    """
    if trial.episode:
        return trial.episode == "current"
    if episode is None:
        return True
    if trial.start is not None and trial.start.earliest >= episode.began[1]:
        return True
    if trial.end is not None and trial.end.latest < episode.began[0]:
        return False
    return None
