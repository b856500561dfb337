"""A label asks for adequate trials and names no dose, no weeks and no percentage.

In: a trial and what the published rules make of it. Out: what the label can say of
it: yes or no only where every rule agrees, within what the label looks at.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from evenkeel.core.guidelines.trials.definitions import TrialDefinition
from evenkeel.core.guidelines.trials.doses import DoseTable
from evenkeel.core.guidelines.trials.history import Episode, Trial, in_episode, weeks_of
from evenkeel.core.guidelines.trials.judgements import Part, TrialJudgement, all_of


def judge_by_label(
    trial: Trial,
    definition: TrialDefinition,
    doses: DoseTable,
    as_of: date,
    episode: Episode | None,
    rules: Sequence[TrialJudgement],
) -> TrialJudgement:
    """A label asks for adequate trials and gives no number: the rules bound its answer."""
    scope: list[Part] = []
    if definition.current_episode:
        scope.append(_episode_part(trial, episode))
    if definition.oral_only:
        scope.append(_route_part(trial, definition, doses))
    answers = {rule.binds for rule in rules}
    if not rules or len(answers) > 1 or None in answers:
        agreed: bool | None = None
        words = "it names no dose and no weeks, and the published rules part or leave it open"
    else:
        agreed = answers.pop()
        words = "every published rule " + ("counts it" if agreed else "leaves it out")
    parts = [*scope, Part(about="rules", holds=agreed, words=words)]
    return TrialJudgement(
        trial=trial,
        definition=definition.id,
        adequate=None if agreed is None else _unanimous([rule.adequate for rule in rules]),
        failed=None if agreed is None else _unanimous([rule.failed for rule in rules]),
        in_scope=all_of([part.holds for part in parts]),
        why="; ".join([p.words for p in parts if p.holds is False]
                      or [p.words for p in parts if p.holds is None]
                      or [words]),
        parts=tuple(parts),
        weeks=weeks_of(trial, as_of),
    )  # fmt: skip


def _unanimous(answers: Sequence[bool | None]) -> bool | None:
    return answers[0] if answers and all(each is answers[0] for each in answers) else None


def _episode_part(trial: Trial, episode: Episode | None) -> Part:
    inside = in_episode(trial, episode)
    if inside and episode is None and not trial.episode:
        words = "when the episode began is not known; it counts as one of this episode"
    else:
        words = {
            True: "in this episode",
            False: "it belongs to an earlier episode",
            None: "whether it belongs to this episode is not known",
        }[inside]
    return Part(about="episode", holds=inside, words=words)


def _route_part(trial: Trial, definition: TrialDefinition, doses: DoseTable) -> Part:
    name = doses.ingredient(trial.drug)
    if name not in definition.not_oral:
        return Part(about="route", holds=True, words="by mouth")
    if "oral" in trial.drug.lower():
        return Part(about="route", holds=True, words="by mouth")
    known = any(word in trial.drug.lower() for word in ("patch", "transdermal", "nasal"))
    words = "it is not taken by mouth" if known else "whether it was taken by mouth is not known"
    return Part(about="route", holds=False if known else None, words=words)
