"""All packs for one person on one day: the answer behind ``evenkeel check``.

In: a chart, what was told, a day, packs. Out: facts, verdicts and problems, and
the same as the plain object that the contract fixes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from evenkeel.core.chart import Chart, Person, Problem
from evenkeel.core.guidelines.facts.answers import unknown_drugs
from evenkeel.core.guidelines.facts.derive import derive_facts
from evenkeel.core.guidelines.facts.evidence import earliest
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.terms.values import Answer, Facts
from evenkeel.core.guidelines.trials.rules import Trial
from evenkeel.core.guidelines.verdicts.verdicts import CriterionVerdict, PackVerdict, judge_pack
from evenkeel.core.kernel.verdicts import Answer as PackAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Everything that was concluded about one person."""

    subject: str
    facts: Facts
    packs: tuple[PackVerdict, ...]
    problems: tuple[Problem, ...]
    edition: str
    sha256: str
    died: bool = False


def check(
    chart: Chart,
    *,
    library: Library,
    as_of: date,
    answers: Iterable[Answer] = (),
    trials: Sequence[Trial] = (),
    packs: Iterable[str] | None = None,
) -> Check:
    """Verdicts of the named packs, or of all.

    Nobody who had died by that day is treated: every pack then says no, whatever
    its criteria say.
    """
    facts = derive_facts(
        chart, knowledge=library.knowledge, as_of=as_of, answers=answers, trials=trials
    )
    wanted = list(library.packs) if packs is None else list(packs)
    known = set(library.terminology.drug_names)
    strange = [
        Problem(
            severity="warning",
            path=f"antidepressant_trials[{number}].drug",
            text=f"{trials[number].drug} is not a drug that is known here: "
            "whether its trial was adequate is not known",
        )
        for number in unknown_drugs(tuple(trials), library.knowledge.doses, known)
    ]
    died = _has_died(chart.person, as_of)
    return Check(
        subject=chart.person.ref,
        facts=facts,
        packs=judge_facts(facts, library=library, packs=wanted, died=died),
        problems=(*chart.problems, *facts.problems, *strange),
        edition=library.edition,
        sha256=library.sha256,
        died=died,
    )


def judge_facts(
    facts: Facts, *, library: Library, packs: Iterable[str], died: bool
) -> tuple[PackVerdict, ...]:
    """Verdicts of the named packs on facts that are known already."""
    judged = [judge_pack(library.packs[name], facts, library.dictionary) for name in packs]
    if died:
        judged = [replace(verdict, answer=PackAnswer.NO, deciding=()) for verdict in judged]
    return tuple(judged)


def _has_died(person: Person, as_of: date) -> bool:
    return person.deceased and (person.died is None or earliest(person.died) <= as_of)


def as_object(result: Check, library: Library) -> dict[str, Any]:
    """The JSON object of the contract."""
    return {
        "subject": result.subject,
        "as_of": result.facts.as_of.isoformat(),
        "content": {"edition": result.edition, "sha256": result.sha256},
        "packs": packs_as_object(result.packs, library),
        "problems": [
            {"severity": problem.severity, "path": problem.path, "text": problem.text}
            for problem in dict.fromkeys(result.problems)
        ],
    }


def packs_as_object(verdicts: Iterable[PackVerdict], library: Library) -> list[dict[str, Any]]:
    """The ``packs`` of the contract; a decision keeps them so."""
    return [
        {
            "pack": verdict.pack.id,
            "edition": verdict.pack.edition,
            "verdict": str(verdict.answer),
            "missing": _asked(verdict.missing, library),
            "criteria": [_criterion(each, library) for each in verdict.criteria],
        }
        for verdict in verdicts
    ]


def _criterion(verdict: CriterionVerdict, library: Library) -> dict[str, Any]:
    return {
        "id": verdict.criterion.id,
        "strength": verdict.criterion.strength,
        "applies": verdict.applies,
        "verdict": str(verdict.finding),
        "reason": verdict.reason,
        "missing": _asked(verdict.missing, library),
        "from": list(verdict.refs),
    }


def _asked(names: Iterable[str], library: Library) -> list[str]:
    """Missing facts, each followed by what would be asked instead of it."""
    told: dict[str, None] = {}
    for name in names:
        told[name] = None
        if library.dictionary[name].asked_as:
            told[library.dictionary[name].asked_as] = None
    return list(told)
