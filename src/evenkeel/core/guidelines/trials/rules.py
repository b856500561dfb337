"""Antidepressant trials: was each adequate, and did it fail, under each definition?

In: one trial as a person told it. Out: what one definition makes of it, with the
reason for every part. What is not known widens the answer; it never counts as a
failure and never as a success. Counting over many trials is in ``trial_sets``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.definitions import TrialDefinition, load_definitions
from evenkeel.core.guidelines.trials.doses import DoseTable, Threshold, load_doses
from evenkeel.core.guidelines.trials.history import (
    DoseStep,
    Episode,
    Stopped,
    Trial,
    longest,
    stretches,
    weeks_of,
    weeks_where,
    weeks_words,
)
from evenkeel.core.guidelines.trials.judgements import Part, TrialJudgement, all_of
from evenkeel.core.guidelines.trials.labels import judge_by_label
from evenkeel.core.kernel.quantities import plain
from evenkeel.core.kernel.sources import Mark

__all__ = [
    "DoseStep",
    "DoseTable",
    "Episode",
    "Part",
    "Trial",
    "TrialDefinition",
    "TrialJudgement",
    "improvement_words",
    "judge",
    "load_definitions",
    "load_doses",
    "weeks_of",
]


def judge(
    trial: Trial,
    definition: TrialDefinition,
    doses: DoseTable,
    as_of: date,
    *,
    episode: Episode | None = None,
    rules: Sequence[TrialJudgement] = (),
) -> TrialJudgement:
    """Whether one trial was adequate and failed under one definition.

    episode: when the present episode began, for definitions that count only its trials.
    rules: for a label, what the rules make of the same trial.
    """
    if definition.kind == "label":
        return judge_by_label(trial, definition, doses, as_of, episode, rules)
    assert definition.minimum_weeks is not None
    threshold = doses.threshold(trial.drug, definition.dose_column)
    times = stretches(trial, as_of)
    weeks = weeks_where(times, lambda _: True)
    enough = threshold.enough if threshold is not None else _nobody_knows
    at_dose = weeks_where(times, enough)
    parts = [
        _dose_part(trial, threshold, doses),
        timed := _time_part(trial, definition, weeks, at_dose, threshold),
        _taken_part(trial),
        response := _response_part(trial, definition),
    ]
    adequate = all_of([part.holds for part in parts[:3]])
    run = longest(times, lambda dose: enough(dose) is True)
    long_enough = run is not None and (run[1] - run[0]).days >= definition.minimum_weeks * 7
    failed = response.holds
    rests_on = _mark_of_dose(trial, definition, threshold, doses)
    if timed.about == "time_at_dose" and timed.holds is False:
        seen = doses.threshold(trial.drug, "mcmaster")
        at_seen = weeks_where(times, seen.enough if seen is not None else _nobody_knows)
        short = at_least(at_seen, Decimal(definition.minimum_weeks)) is False
        rests_on = Mark.SEEN if short else Mark.KNOWN_VERIFY
    return TrialJudgement(
        trial=trial,
        definition=definition.id,
        adequate=adequate,
        failed=failed,
        partial=_is_partial(trial, definition),
        why=_why(parts, trial, weeks),
        parts=tuple(parts),
        weeks=weeks,
        weeks_at_dose=at_dose,
        stretch=run if long_enough else None,
        rests_on=rests_on,
    )


def _nobody_knows(_: Decimal | None) -> bool | None:
    return None


def _dose_part(trial: Trial, threshold: Threshold | None, doses: DoseTable) -> Part:
    """Whether an adequate dose was ever reached."""
    dose = trial.highest_mg
    if threshold is None:
        if not doses.drug_row(trial.drug):
            words = f"no minimum dose is published here for {trial.drug}"
        else:
            words = f"this definition's table gives no minimum dose for {trial.drug}"
        return Part(about="dose", holds=None, words=words)
    if dose is None:
        return Part(about="dose", holds=None, words=f"the dose is not known ({threshold.words} "
                    "a day asked)")  # fmt: skip
    holds = threshold.enough(dose)
    said = f"{plain(dose)} mg a day"
    if holds:
        words = f"{said} is enough ({threshold.words} asked)"
    elif holds is False:
        words = f"{said} is too low: {threshold.words} is asked"
    else:
        words = f"tables part on {said}: {threshold.table_words}"
    if holds is False and any(step.dose_mg_per_day is None for step in trial.steps):
        return Part(about="dose", holds=None, words=f"{words}; one dose of it is not known")
    return Part(about="dose", holds=holds, words=words)


def _time_part(
    trial: Trial,
    definition: TrialDefinition,
    weeks: Range,
    at_dose: Range,
    threshold: Threshold | None,
) -> Part:
    """Whether the trial was long enough, at a dose that is enough."""
    asked = Decimal(definition.minimum_weeks or 0)
    whole, at_that_dose = at_least(weeks, asked), at_least(at_dose, asked)
    wanted = f"{definition.minimum_weeks} weeks"
    if whole is False:
        words = f"{weeks_words(weeks)} is shorter than the {wanted} asked"
        if definition.short_with_clear_failure:
            if trial.clear_non_response:
                words += ", but it clearly did not work: a clinician judges whether it counts"
                return Part(about="time", holds=None, words=words)
            words += ", and nobody wrote down that it clearly did not work"
        if trial.stopped_because == Stopped.SIDE_EFFECTS:
            words += "; stopping for side effects is no failure to help"
        return Part(about="time", holds=False, words=words)
    reached = threshold is None or threshold.enough(trial.highest_mg) is not False
    if trial.steps and reached and (whole or at_that_dose is False):
        dose = f"{threshold.words} a day or more" if threshold is not None else "an adequate dose"
        if at_that_dose:
            words = f"{weeks_words(at_dose)} at {dose} ({wanted} asked)"
        elif at_that_dose is False:
            words = f"only {weeks_words(at_dose)} of {weeks_words(weeks)} at {dose}: {wanted} asked"
        elif threshold is not None and threshold.enough(trial.highest_mg) is None:
            words = f"the table that is followed decides whether {wanted} of it were enough"
        else:
            words = f"not sure that {wanted} of {weeks_words(weeks)} were at {dose}"
        return Part(about="time_at_dose", holds=at_that_dose, words=words)
    if whole:
        return Part(about="time", holds=True, words=f"{weeks_words(weeks)} ({wanted} asked)")
    if weeks.high is None and not weeks.low:
        return Part(about="time", holds=None, words="how long it lasted is not known")
    words = f"{weeks_words(weeks)}: not sure that it was {wanted}"
    return Part(about="time", holds=None, words=words)


def at_least(value: Range, minimum: Decimal) -> bool | None:
    """Whether a range surely reaches a minimum; None = it may."""
    if value.low is not None and value.low >= minimum:
        return True
    return False if value.high is not None and value.high < minimum else None


def _taken_part(trial: Trial) -> Part:
    words = {
        True: "taken as agreed",
        False: "it was not taken as agreed",
        None: "whether it was taken as agreed is not known",
    }[trial.adherent]
    return Part(about="taken", holds=trial.adherent, words=words)


def _response_part(trial: Trial, definition: TrialDefinition) -> Part:
    """Whether it failed to help, by the definition's percentage."""
    assert definition.failed_below_percent is not None
    failed = trial.better_below(definition.failed_below_percent)
    said = improvement_words(trial)
    if failed is None:
        words = "how much better it made the person is not known"
        if said:
            words = f"{said}: not sure on which side of {definition.failed_below_percent}% it lies"
    elif failed:
        words = f"{said}, under {definition.failed_below_percent}%"
    elif _is_partial(trial, definition):
        words = f"{said} is a partial response, kept apart from no response"
    else:
        words = f"{said} is no failure: that is under {definition.failed_below_percent}%"
    return Part(about="response", holds=failed, words=words)


def _is_partial(trial: Trial, definition: TrialDefinition) -> bool | None:
    if definition.partial_below_percent is None or definition.failed_below_percent is None:
        return False
    failed = trial.better_below(definition.failed_below_percent)
    below = trial.better_below(definition.partial_below_percent)
    return all_of((None if failed is None else not failed, below))


def improvement_words(trial: Trial) -> str:
    """ "10% better", "10% worse", "under 25% better", "" when nothing is known."""
    value = trial.improvement_percent
    if value is not None:
        return f"{plain(abs(value))}% worse" if value < 0 else f"{plain(value)}% better"
    return {
        "under_25": "under 25% better",
        "25_to_49": "25 to 49% better",
        "50_or_more": "50% better or more",
    }.get(trial.improvement_band, "")


def _why(parts: Sequence[Part], trial: Trial, weeks: Range) -> str:
    """The parts that decided: those that fail, else those not known, else all in short."""
    failing = [part.words for part in parts if part.holds is False]
    open_ = [part.words for part in parts if part.holds is None]
    if failing or open_:
        return "; ".join(failing or open_)
    dose = trial.highest_mg
    assert dose is not None
    return f"{weeks_words(weeks)}, {plain(dose)} mg a day, {improvement_words(trial)}"


def _mark_of_dose(
    trial: Trial, definition: TrialDefinition, threshold: Threshold | None, doses: DoseTable
) -> Mark:
    """How the number was read that a dose was found too low by, or enough."""
    dose = trial.highest_mg
    if dose is None or threshold is None:
        return Mark.KNOWN_VERIFY
    name = doses.ingredient(trial.drug)
    for each in definition.example:
        if each.drug == name and each.adequate == bool(threshold.enough(dose)):
            as_good = dose >= each.mg_per_day if each.adequate else dose <= each.mg_per_day
            if as_good:
                return Mark.SEEN
    if threshold.enough(dose) is False and doses.seen_too_low(trial.drug, dose):
        return Mark.SEEN
    return Mark.SEEN if set(threshold.tables) == {"mcmaster"} else Mark.KNOWN_VERIFY
