"""The trial history of a packet: each trial under each published definition."""

from __future__ import annotations

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.facts.working import say_day
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.trials.history import Trial
from evenkeel.core.guidelines.trials.rules import improvement_words
from evenkeel.core.guidelines.trials.sets import TrialTable
from evenkeel.core.kernel.quantities import plain
from evenkeel.core.packets.model import Missing, TrialPart, TrialRow

_COUNTS = {True: "counts", False: "does not count", None: "not known"}
_TAKEN = {True: "taken as agreed", False: "not taken as agreed", None: "adherence not known"}
_STOPPED = {
    "no_effect": "stopped: no effect",
    "too_little_effect": "stopped: too little effect",
    "side_effects": "stopped: side effects",
    "improved": "stopped: improved",
    "other": "stopped for another reason",
}
UNSAID = "not known"


def trial_part(table: TrialTable, told_by: str) -> TrialPart:
    """told_by: who listed the trials, and when; the origin of every row."""
    shorts = {each.id: each.short for each in table.definitions}
    gaps = [
        Missing(
            what=f"Trial of {gap.drug}",
            why="not told, and a definition needs it",
            ask=gap.question,
            of=gap.asked_of,
            fact=TRIALS,
        )
        for gap in table.missing
    ]
    if not table.trials:
        gaps = [
            Missing(
                what="Antidepressant trials",
                why="none is listed",
                ask="Which antidepressants were taken, at which dose, from when to when, "
                "and with what effect?",
                of="prescriber",
                fact=TRIALS,
            )
        ]
    return TrialPart(
        origin=told_by,
        rows=tuple(
            TrialRow(
                drug=trial.drug,
                dose=_dose(trial),
                dates=_dates(trial),
                response=improvement_words(trial) or "outcome not known",
                adherence=_TAKEN[trial.adherent],
                alongside=_alongside(trial),
                judged=tuple(
                    (shorts[each.definition], _COUNTS[each.counts], each.why) for each in row
                ),
            )
            for trial, row in zip(table.trials, table.rows, strict=True)
        ),
        counts=tuple(
            (
                each.title,
                str(table.counts[each.id]),
                f"{each.source}; {each.mark.words}; {each.status}",
            )
            for each in table.definitions
        ),
        parting=table.parting,
        missing=tuple(gaps),
    )


def _dose(trial: Trial) -> str:
    mg = trial.highest_mg
    if mg is None:
        return "dose not known"
    return f"{'up to ' if len(trial.steps) > 1 else ''}{plain(mg)} mg a day"


def _dates(trial: Trial) -> str:
    start = _day(trial.start)
    end = "still taken" if trial.ongoing and trial.end is None else _day(trial.end)
    return "dates not known" if start == end == UNSAID else f"{start} to {end}"


def _day(day: PartialDate | None) -> str:
    if day is None:
        return UNSAID
    return say_day(day.earliest) if day.is_exact else str(day)


def _alongside(trial: Trial) -> str:
    parts = [f"with {trial.augmentation}" if trial.augmentation else ""]
    if not trial.augmentation and trial.augmented:
        parts = ["augmented"]
    parts.append(_STOPPED.get(trial.stopped_because, ""))
    return "; ".join(part for part in parts if part)
