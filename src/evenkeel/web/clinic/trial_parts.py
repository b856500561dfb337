"""The parts of the page of trials, as plain keys for its template.

In: a ``TrialHistory``. Out: dictionaries of words. Nothing is decided here.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from evenkeel.core.guidelines.facts.trial_hints import SeenDrug
from evenkeel.core.guidelines.trials.history import Trial, weeks_of, weeks_words
from evenkeel.core.guidelines.trials.judgements import TrialJudgement
from evenkeel.core.guidelines.trials.sets import Open, trial_words
from evenkeel.core.guidelines.trials.staging import Scored
from evenkeel.core.kernel.sources import Mark
from evenkeel.core.packets.words import short_ref
from evenkeel.web.clinic.plots.trials import came_of, day_words, dose_words, short_words
from evenkeel.web.records.selectors.trials import TrialHistory

STATE = {True: "yes", False: "na", None: "unknown"}
WORDS = {True: "Counts", False: "Does not count", None: "Not settled"}
STOPPED = {
    "no_effect": "it did not work",
    "too_little_effect": "it worked too little",
    "side_effects": "side effects",
    "improved": "better, no longer needed",
    "other": "another reason",
}
EPISODES = {"current": "this episode", "earlier": "an earlier episode"}


def counts(history: TrialHistory) -> list[dict[str, Any]]:
    """Failed adequate trials under each definition, with what it asks and leaves open."""
    return [
        {
            "definition": each,
            "count": str(history.table.counts[each.id]) if history.table.trials else "not known",
            "settled": bool(history.table.trials)
            and history.table.counts[each.id].exact is not None,
            "mark": each.mark.words,
        }
        for each in history.table.definitions
    ]


def trial_lines(history: TrialHistory) -> list[dict[str, Any]]:
    """One line per trial that is kept, with a cell per definition."""
    table, made = history.table, []
    for place, trial, row in zip(table.places, table.trials, table.rows, strict=True):
        made.append(
            {
                "place": place,
                "trial": trial,
                "name": trial.drug[:1].upper() + trial.drug[1:],
                "dose": dose_words(trial),
                "days": days_words(trial),
                "weeks": weeks_words(weeks_of(trial, table.as_of)) if trial.start else "",
                "came": came_of(trial),
                "more": _more(trial),
                "cells": [cell(each) | {"title": definition.short}
                          for each, definition in zip(row, table.definitions, strict=True)],
            }
        )  # fmt: skip
    return made


def cell(judged: TrialJudgement) -> dict[str, Any]:
    """What one definition makes of one trial: shape, words, and why."""
    words = WORDS[judged.counts]
    if judged.counts is False and judged.partial:
        words = "Partial response"
    doubt = ""
    if judged.rests_on is Mark.KNOWN_VERIFY and any(
        part.about in ("dose", "time_at_dose") and part.holds is not None for part in judged.parts
    ):
        doubt = "Dose from general knowledge: verify."
    return {"state": STATE[judged.counts], "words": words, "short": short_words(judged),
            "why": judged.why, "doubt": doubt}  # fmt: skip


def days_words(trial: Trial) -> str:
    """ "6 Jan 2025 to 10 Apr 2025", "Aug 2026, still taken", "dates not known"."""
    if trial.start is None and trial.end is None and not trial.ongoing:
        return "dates not known"
    if trial.ongoing:
        return f"{day_words(trial.start)}, still taken"
    return f"{day_words(trial.start)} to {day_words(trial.end)}"


def _more(trial: Trial) -> list[str]:
    """What else was told, in words."""
    said = []
    if trial.adherent is not None:
        said.append("taken as agreed" if trial.adherent else "not taken as agreed")
    if trial.stopped_because:
        said.append(f"ended: {STOPPED[trial.stopped_because]}")
    if trial.episode:
        said.append(EPISODES[trial.episode])
    if trial.clear_non_response:
        said.append("clearly did not work")
    if trial.was_augmented is False:
        said.append("nothing added")
    return said


def missing(history: TrialHistory) -> list[dict[str, Any]]:
    """Per trial what to ask, of whom, and where to answer."""
    table = history.table
    asked: dict[int, list[Open]] = {}
    for gap in table.missing:
        asked.setdefault(gap.place, []).append(gap)
    names = dict(zip(table.places, table.trials, strict=True))
    return [
        {
            "drug": gaps[0].drug[:1].upper() + gaps[0].drug[1:],
            "days": days_words(names[place]),
            "questions": gaps,
            "href": reverse("clinic:trial_correct", args=[history.patient.number, place]),
        }
        for place, gaps in asked.items()
    ]


def stage_lines(history: TrialHistory) -> dict[str, Any] | None:
    """The Maudsley stage with its parts; None where the content has no method."""
    made, method = history.stage, history.method
    if made is None or method is None:
        return None
    fact = history.check.facts["maudsley_total"]
    band = history.check.facts["maudsley_band"]
    return {
        "method": method,
        "mark": method.mark.words,
        "known": fact.known,
        "why_not": "" if fact.known else fact.note,
        "total": str(made.total) if fact.known else "",
        "band": band.value if band.known else "",
        "bands": ", ".join(f"{each.id} {each.low} to {each.high}" for each in method.band),
        "parts": [_stage_line(history, part) for part in made.parts],
        "missing": ", ".join(_inside(each.label) for each in made.missing),
    }


def _inside(label: str) -> str:
    """A label inside a sentence; "ECT" stays as it is."""
    return label if label.isupper() else label[:1].lower() + label[1:]


def _stage_line(history: TrialHistory, part: Scored) -> dict[str, Any]:
    fact = part.dimension.fact
    href = reverse("clinic:screening_fact", args=[history.patient.number, fact])
    return {
        "label": part.dimension.label,
        "score": str(part.score),
        "known": part.known,
        "words": part.words,
        "note": part.dimension.note,
        "source": part.dimension.source,
        "mark": part.dimension.mark.words,
        "told": history.check.facts[fact].note,
        # The count is told trial by trial, not as a number.
        "href": "#trials" if fact == "failed_adequate_trials" else href,
        "act": "See" if fact == "failed_adequate_trials" else "Correct" if part.known else "Answer",
    }


def seen_lines(history: TrialHistory) -> list[dict[str, Any]]:
    """Antidepressants of the record, each with the way to make a trial of it."""
    add = reverse("clinic:trial_add", args=[history.patient.number])
    return [seen_line(each) | {"href": f"{add}?seen={place}"}
            for place, each in enumerate(history.seen)]  # fmt: skip


_KINDS = {
    "statement": "written as taken or handed out",
    "request": "ordered",
    "administration": "given",
}


def seen_line(seen: SeenDrug) -> dict[str, Any]:
    days = ""
    if seen.start is not None:
        days = day_words(seen.start)
        days += f" to {day_words(seen.end)}" if seen.end is not None else ""
    return {
        "drug": seen.drug[:1].upper() + seen.drug[1:],
        "words": seen.words,
        "kind": _KINDS.get(seen.kind, seen.kind),
        "days": days or "day not in the record",
        "dose": seen.dose_words or "dose not in the record",
        "ref": short_ref(seen.ref),
        "told": seen.told,
    }


def change_lines(history: TrialHistory) -> list[dict[str, Any]]:
    """Every change of the list; what was corrected or removed is struck through."""
    as_of = history.as_of
    return [
        {
            "row": change.row,
            "words": change.words,
            "before": _told(change.before, history) if change.before else "",
            "after": _told(change.after, history) if change.after else "",
            "as_of": as_of,
        }
        for change in history.changes
    ]


def _told(trial: Trial, history: TrialHistory) -> str:
    days = days_words(trial)
    more = "".join(f", {each}" for each in _more(trial))
    return f"{trial_words(trial, history.as_of)} ({days}), {came_of(trial)}{more}"
