"""Facts of one person: derived from the record, completed by answers.

In: a chart, answers, trials and a day. Out: every fact that can be known, with
origin, entries and age. What is not in the record is unknown, never absent; a
refuted entry makes absent only what it names; old values are unknown again and
say since when; two sources that disagree make a fact disputed, and a disputed
fact is unknown until somebody who may settles it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from evenkeel.core.chart import Chart, Problem
from evenkeel.core.guidelines.facts.computed import FUNCTIONS
from evenkeel.core.guidelines.facts.evidence import Evidence, gather
from evenkeel.core.guidelines.facts.quantities import measure
from evenkeel.core.guidelines.facts.recorded import from_evidence, from_quantity
from evenkeel.core.guidelines.facts.working import Knowledge, Work, say_day
from evenkeel.core.guidelines.terms.dictionary import (
    Dictionary,
    FactDefinition,
    Kind,
    is_stale,
)
from evenkeel.core.guidelines.terms.terminology import Terminology
from evenkeel.core.guidelines.terms.values import Answer, Fact, Facts
from evenkeel.core.guidelines.trials.doubts import doubtful
from evenkeel.core.guidelines.trials.history import Trial


def derive_facts(
    chart: Chart,
    *,
    knowledge: Knowledge,
    as_of: date,
    answers: Iterable[Answer] = (),
    trials: Sequence[Trial] = (),
    trials_path: str = "antidepressant_trials",
) -> Facts:
    """All facts of one person on one day. Later answers supersede earlier ones."""
    evidence, problems = gather(chart, knowledge.terminology, knowledge.dictionary, as_of)
    measured, more = measure(chart, knowledge.terminology, as_of)
    kept, doubts = doubtful(trials, as_of, trials_path)
    by_concept: dict[str, list[Evidence]] = {}
    for piece in evidence:
        by_concept.setdefault(piece.concept, []).append(piece)
    work = Work(
        chart=chart,
        terminology=knowledge.terminology,
        dictionary=knowledge.dictionary,
        as_of=as_of,
        evidence=by_concept,
        measured=measured,
        answers={answer.name: answer for answer in answers},
        trials=tuple(kept),
        problems=[*problems, *more, *doubts],
    )
    for name in _children_first(knowledge.terminology, knowledge.dictionary):
        work.facts[name] = _with_answer(work, knowledge.dictionary[name], _derived(work, name))
    _spread_denials(work)
    for definition in knowledge.dictionary.facts.values():
        if definition.derive in FUNCTIONS:
            computed = FUNCTIONS[definition.derive](work, definition, knowledge)
            work.facts[definition.name] = _with_answer(work, definition, computed)
    return Facts(as_of, work.facts, tuple(work.problems))


def _children_first(terminology: Terminology, dictionary: Dictionary) -> list[str]:
    size = {name: len(closure) for name, closure in terminology.closures.items()}
    named = [name for name in dictionary.facts if dictionary[name].derive not in FUNCTIONS]
    return sorted(named, key=lambda name: size.get(name, 0))


def _derived(work: Work, name: str) -> Fact:
    definition = work.dictionary[name]
    if definition.derive == "quantity":
        return from_quantity(work, definition)
    if definition.derive in ("concept", "drug", "allergy"):
        return from_evidence(work, definition)
    return Fact(name=name, note="not in the record")


def _with_answer(work: Work, definition: FactDefinition, derived: Fact) -> Fact:
    """Join what the record says with what a person answered."""
    answer = work.answers.get(definition.name)
    if answer is None or answer.value is None:
        return derived
    if is_stale(definition, answer.at, work.as_of):
        if derived.known:
            return derived
        return replace(
            derived, stale_since=answer.at, note=f"the answer of {say_day(answer.at)} is too old"
        )
    said = Fact(
        name=definition.name,
        value=answer.value,
        origin="answer",
        at=answer.at,
        by=answer.by,
        refs=derived.refs,
    )
    if not derived.known or derived.value == answer.value or answer.settles:
        return said if not derived.known or answer.settles else replace(derived, by=answer.by)
    if definition.kind is Kind.NUMBER or definition.kind is Kind.DAY:
        newer = answer.at is None or derived.at is None or answer.at >= derived.at
        return said if newer else derived
    work.problems.append(
        Problem(
            severity="warning",
            path=definition.name,
            text=f"{definition.label}: the record ({', '.join(derived.refs)}) and the answer "
            "disagree; it counts as not known until it is settled",
        )
    )
    return Fact(
        name=definition.name,
        refs=derived.refs,
        disputed=True,
        origin="",
        at=answer.at,
        note="the record and the answer disagree",
    )


def _spread_denials(work: Work) -> None:
    """A thing answered to be absent has no kinds: its parts are absent too."""
    for name in sorted(work.terminology.closures, key=lambda n: -len(work.terminology.closures[n])):
        whole = work.facts.get(name)
        if whole is None or whole.value is not False:
            continue
        for part in work.terminology.concepts[name].includes:
            fact = work.facts.get(part)
            if fact is not None and not fact.known and not fact.disputed:
                work.facts[part] = replace(whole, name=part)
