"""The history of antidepressants of one person: the table, the stage, the record, the changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.facts.answers import read_trials
from evenkeel.core.guidelines.facts.of_trials import episode_of, stage_of
from evenkeel.core.guidelines.facts.trial_hints import SeenDrug, antidepressants_in
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.trials.history import Episode, Trial
from evenkeel.core.guidelines.trials.sets import TrialTable, judge_all
from evenkeel.core.guidelines.trials.staging import Stage, StagingMethod
from evenkeel.core.guidelines.verdicts.check import Check
from evenkeel.web.records.models import FactAnswer, Patient
from evenkeel.web.records.selectors.facts import check_of, exact
from evenkeel.web.records.selectors.patients import chart_of
from evenkeel.web.records.selectors.screening import answers_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of the list. before, after: None where a trial was added or removed."""

    row: FactAnswer
    before: Trial | None
    after: Trial | None

    @property
    def words(self) -> str:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialHistory:
    """Everything that the page of trials tells.

    raw: the trials as they are kept, in the order of the list; seen: antidepressants of
    the record; ect: the days of electroconvulsive therapy in the record; stage: None
    where the content has no method.
    """

    patient: Patient
    content: Library
    check: Check
    table: TrialTable
    raw: tuple[Mapping[str, Any], ...]
    seen: tuple[SeenDrug, ...]
    episode: Episode | None
    ect: tuple[date, ...]
    method: StagingMethod | None
    stage: Stage | None
    changes: tuple[Change, ...]

    @property
    def as_of(self) -> date:
        return self.table.as_of


def trial_history_of(patient: Patient, *, as_of: date) -> TrialHistory:
    """The history as it is known on one day."""
    content, chart = library(), chart_of(patient)
    knowledge = content.knowledge
    result = check_of(patient, as_of=as_of, packs=[])
    rows = answers_to(patient, TRIALS)
    raw = tuple(rows[0].value or []) if rows else ()
    trials = read_trials(exact(list(raw)), [])
    episode = episode_of(result.facts, as_of)
    method = knowledge.staging
    return TrialHistory(
        patient=patient,
        content=content,
        check=result,
        table=judge_all(
            trials, knowledge.definitions, knowledge.doses, as_of, episode=episode
        ),
        raw=raw,
        seen=antidepressants_in(chart, knowledge.terminology, knowledge.doses, as_of, trials),
        episode=episode,
        ect=_days_of_ect(chart, content, as_of),
        method=method,
        stage=stage_of(result.facts, as_of, method) if method is not None else None,
        changes=_changes(rows),
    )  # fmt: skip


def _days_of_ect(chart: Any, content: Library, as_of: date) -> tuple[date, ...]:
    """Days on which the record says that ECT was given; a month or a year is no day."""
    days = []
    for entry in chart.procedures:
        if not entry.usable or entry.status not in ("completed", "in-progress", "stopped"):
            continue
        concepts = {match.concept for match in content.terminology.matches_of(entry.code)}
        if "electroconvulsive_therapy" not in concepts or entry.at is None:
            continue
        at = entry.at
        day = at.date() if isinstance(at, datetime) else at.earliest if _exact(at) else None
        if day is not None and day <= as_of:
            days.append(day)
    return tuple(sorted(set(days)))


def _exact(when: PartialDate) -> bool:
    return when.is_exact


def _changes(rows: list[FactAnswer]) -> tuple[Change, ...]:
    """What each answer changed, the newest first."""
    told: list[Change] = []
    before: list[Any] = []
    for row in reversed(rows):
        now = list(row.value or [])
        gone = [each for each in before if each not in now]
        come = [each for each in now if each not in before]
        while gone or come:
            old = gone.pop(0) if gone else None
            new = come.pop(0) if come else None
            told.append(Change(row=row, before=_trial(old), after=_trial(new)))
        before = now
    return tuple(reversed(told))


def _trial(raw: Any) -> Trial | None:
    if raw is None:
        return None
    read = read_trials(exact([raw]), [])
    return read[0] if read else None
