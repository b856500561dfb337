"""Trials that cannot be, stand twice or overlap: named, and never repaired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from evenkeel.core.chart import Problem
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.history import Trial, stretches, weeks_words


def doubtful(trials: Sequence[Trial], as_of: date, place: str) -> tuple[list[Trial], list[Problem]]:
    """Trials without exact duplicates and without what cannot be, and what was wrong."""
    kept, problems, _ = without_doubtful(trials, as_of, place)
    return kept, problems


def without_doubtful(
    trials: Sequence[Trial], as_of: date, place: str
) -> tuple[list[Trial], list[Problem], list[int]]:
    """As ``doubtful``, with the place that each kept trial had in the list."""
    kept: list[Trial] = []
    places: list[int] = []
    problems: list[Problem] = []
    for number, trial in enumerate(trials):
        path = f"{place}[{number}]"

        def say(severity: str, text: str, path: str = path) -> None:
            problems.append(Problem(severity=severity, path=path, text=text))

        if any(_same(trial, other) for other in kept):
            say("warning", f"the same trial of {trial.drug} stands here twice: counted once")
            continue
        if trial.start and trial.start.earliest > as_of:
            say("warning", f"this trial of {trial.drug} starts after {as_of}: not counted")
            continue
        if trial.start and trial.end and trial.end.latest < trial.start.earliest:
            say(
                "error", f"this trial of {trial.drug} ends before it starts: its dates are not used"
            )
            trial = replace(trial, start=None, end=None, ongoing=False, steps=())
        elif fault := _steps_that_cannot_be(trial, as_of):
            say("error", f"the doses of this trial of {trial.drug} {fault}: they are not used")
            trial = replace(trial, steps=(), dose_mg_per_day=None)
        for other in kept:
            said = _beside(other, trial, as_of)
            if said:
                say("warning", said)
                break
        kept.append(trial)
        places.append(number)
    return kept, problems, places


def _same(a: Trial, b: Trial) -> bool:
    return replace(a, drug=_plain(a.drug)) == replace(b, drug=_plain(b.drug))


def _plain(drug: str) -> str:
    return " ".join(drug.lower().split())


def _steps_that_cannot_be(trial: Trial, as_of: date) -> str:
    parts = stretches(trial, as_of)
    for before, after in zip(trial.steps, trial.steps[1:], strict=False):
        if before.start and after.start and after.start.latest < before.start.earliest:
            return "are not in the order of their dates"
    for step, part in zip(trial.steps, parts, strict=False):
        if step.start and step.end and step.end.latest < step.start.earliest:
            return "end before they start"
        if trial.start and step.end and step.end.latest < trial.start.earliest:
            return "end before the trial starts"
        if trial.end and step.start and step.start.earliest > trial.end.latest:
            return "start after the trial ended"
        if part.first[0] is not None and part.first[0] > as_of:
            return f"start after {as_of}"
    return ""


# An overlap longer than this is said; this project's choice, only words depend on it.
_CROSSING_DAYS = 28


def _beside(other: Trial, trial: Trial, as_of: date) -> str:
    """What is worth saying of two trials whose times meet; "" for nothing."""
    if other.start is None or trial.start is None:
        return ""
    same = _plain(other.drug) == _plain(trial.drug)
    ends = [each.end.latest if each.end else as_of for each in (other, trial)]
    if other.start.earliest <= ends[1] and trial.start.earliest <= ends[0]:
        if same:
            return f"two trials of {trial.drug} overlap: the drug counts once"
        if not (other.start.is_exact and trial.start.is_exact):
            return ""
        first = max(other.start.latest, trial.start.latest)
        last = min(each.end.earliest if each.end else (as_of if each.ongoing else first)
                   for each in (other, trial))  # fmt: skip
        if (last - first).days > _CROSSING_DAYS:
            return (
                f"{trial.drug} and {other.drug} were taken together for "
                f"{weeks_words(Range.exactly(Decimal((last - first).days) / 7))}: each is judged "
                "by itself; no definition that was read says how a combination counts"
            )
    return ""
