"""Facts that stand on the history of antidepressants: counts, lengths, the Maudsley stage.

Each function takes the state of one derivation and the definition of its fact. The
dictionary names it in ``derive``; ``computed`` joins them with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from evenkeel.core.guidelines.facts.working import Knowledge, Work, say_day
from evenkeel.core.guidelines.terms.dictionary import FactDefinition
from evenkeel.core.guidelines.terms.values import Fact, Range
from evenkeel.core.guidelines.trials.history import Episode, weeks_of
from evenkeel.core.guidelines.trials.sets import count_all
from evenkeel.core.guidelines.trials.staging import Stage, StagingMethod, stage
from evenkeel.core.kernel.quantities import plain


def _failed_trials(work: Work, definition: FactDefinition, knowledge: Knowledge) -> Fact:
    """Drugs that failed an adequate trial, under the definition in the fact's note, or all."""
    if not work.trials:
        tried = [
            piece.words for piece in work.evidence.get("ssri", []) + work.evidence.get("snri", [])
        ]
        told = f"; the record shows {', '.join(dict.fromkeys(tried))}" if tried else ""
        return Fact(
            name=definition.name,
            note=f"dose, dates and response of the trials are not in the record{told}",
        )
    if work.trial_counts is None:
        work.trial_counts = count_all(
            work.trials, knowledge.definitions, knowledge.doses, work.as_of,
            episode=episode_of(work.facts, work.as_of),
        )  # fmt: skip
    counts, whichever = work.trial_counts
    known = knowledge.definitions
    value = counts[definition.note] if definition.note in known else whichever
    note = f"computed from {len(work.trials)} trials"
    by_rule = {key: each for key, each in counts.items() if known[key].kind == "rule"}
    if definition.note not in by_rule and len({str(each) for each in by_rule.values()}) > 1:
        note += "; definitions disagree: " + ", ".join(
            f"{each} by {known[key].title}" for key, each in by_rule.items()
        )
    return Fact(name=definition.name, value=value, origin="computed", at=work.as_of, note=note)


def _shortest_trial(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
    if not work.trials:
        return Fact(name=definition.name, note="the trials are not in the record")
    spans = [weeks_of(trial, work.as_of) for trial in work.trials]
    lows = [span.low for span in spans if span.low is not None]
    highs = [span.high for span in spans if span.high is not None]
    value = Range(min(lows), min(highs) if highs else None)
    return Fact(name=definition.name, value=value, origin="computed", at=work.as_of)


def _trials_complete(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
    if not work.trials:
        return Fact(name=definition.name, note="the trials are not in the record")
    complete = all(
        trial.start is not None
        and (trial.end is not None or trial.ongoing)
        and None not in (trial.highest_mg, trial.adherent)
        and (trial.improvement_percent is not None or bool(trial.improvement_band))
        for trial in work.trials
    )
    return Fact(name=definition.name, value=complete, origin="computed", at=work.as_of)


def _augmentation_tried(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """Whether anything was added to an antidepressant, as the trials tell it.

    A drug in the record that is used for augmentation may have been given for something
    else: it makes a question, never an answer.
    """
    told = [trial.was_augmented for trial in work.trials]
    if True in told:
        names = {trial.augmentation for trial in work.trials if trial.augmentation}
        return Fact(name=definition.name, value=True, origin="computed", at=work.as_of,
                    note=", ".join(sorted(names)))  # fmt: skip
    if told and None not in told:
        return Fact(name=definition.name, value=False, origin="computed", at=work.as_of)
    seen = dict.fromkeys(piece.words for piece in work.evidence.get("augmentation_agent", []))
    note = "not in the record"
    if seen:
        note = f"the record shows {', '.join(seen)}: ask whether it went with an antidepressant"
    return Fact(name=definition.name, note=note)


def _episode_months(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """Whole months since the episode began, where its first day is known."""
    began = work.facts.get("current_episode_began")
    if began is None or not isinstance(began.value, date):
        return Fact(name=definition.name, note="not in the record")
    if began.value > work.as_of:
        return Fact(name=definition.name, note=f"an episode cannot begin on {began.value}")
    months = whole_months(began.value, work.as_of)
    return Fact(name=definition.name, value=Range.exactly(months), origin="computed",
                at=work.as_of, by=began.by,
                note=f"began on {say_day(began.value)}")  # fmt: skip


def whole_months(start: date, end: date) -> int:
    """Whole months from one day to a later one."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def months_before(day: date, months: int) -> date:
    """The same day of the month, so many months earlier, or the last day of a shorter one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if year < 1:
        return date.min
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    return date(year, month + 1, 28)


def episode_of(facts: Mapping[str, Fact], as_of: date) -> Episode | None:
    """When the present episode began; None when nobody said.

    A length in months is a whole number of months gone by, so the episode began within a month.
    """
    began = facts.get("current_episode_began")
    if began is not None and isinstance(began.value, date):
        return Episode(began=(began.value, began.value))
    length = facts.get("current_episode_months")
    if length is None or not isinstance(length.value, Range):
        return None
    at, low, high = length.at or as_of, length.value.low, length.value.high
    if low is None:
        return None
    latest = months_before(at, int(low))
    earliest = months_before(at, int(high) + 1) if high is not None else date.min
    return Episode(began=(earliest, latest))


def stage_of(facts: Mapping[str, Fact], as_of: date, method: StagingMethod) -> Stage:
    """The Maudsley stage of one person. A length told months ago has grown since."""
    known = {name: fact.value for name, fact in facts.items()}
    length = facts.get("current_episode_months")
    if length is not None and isinstance(length.value, Range) and length.at is not None:
        grown = max(whole_months(length.at, as_of), 0)
        ends = [None if end is None else end + grown for end in (length.value.low,
                                                                 length.value.high)]  # fmt: skip
        known["current_episode_months"] = Range(ends[0], ends[1])
    return stage(known, method)


def _staged(work: Work, method: StagingMethod | None) -> tuple[Stage | None, str]:
    """The stage, or None with the reason why there is none yet."""
    if method is None:
        return None, "this edition has no staging method"
    made = stage_of(work.facts, work.as_of, method)
    failed = work.facts["failed_adequate_trials"].value
    if isinstance(failed, Range) and failed.high is not None and failed.high < 1:
        return None, "no adequate trial has failed: the method begins with one"
    open_ = ", ".join(each.label.lower() for each in made.missing)
    if len(made.missing) == len(made.parts):
        return None, f"not known: {open_}"
    parts = " + ".join(f"{part.score}" for part in made.parts)
    return made, f"{parts}; not known: {open_}" if open_ else parts


def _maudsley_total(work: Work, definition: FactDefinition, knowledge: Knowledge) -> Fact:
    made, note = _staged(work, knowledge.staging)
    if made is None:
        return Fact(name=definition.name, note=note)
    return Fact(name=definition.name, value=made.total, origin="computed", at=work.as_of, note=note)


def _maudsley_band(work: Work, definition: FactDefinition, knowledge: Knowledge) -> Fact:
    made, note = _staged(work, knowledge.staging)
    if made is None:
        return Fact(name=definition.name, note=note)
    if made.band is None:
        low, high = made.total.low or Decimal(0), made.total.high or Decimal(0)
        total = f"the total is {plain(low)} to {plain(high)}"
        return Fact(name=definition.name, note=f"{total}; {note}")
    return Fact(name=definition.name, value=made.band, origin="computed", at=work.as_of, note=note)


TRIAL_FUNCTIONS: dict[str, Callable[[Work, FactDefinition, Knowledge], Fact]] = {
    "episode_months": _episode_months,
    "failed_trials": _failed_trials,
    "shortest_trial": _shortest_trial,
    "trials_complete": _trials_complete,
    "augmentation_tried": _augmentation_tried,
    "maudsley_total": _maudsley_total,
    "maudsley_band": _maudsley_band,
}
