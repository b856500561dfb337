"""What the screening page shows: facts with origin and age, questions, packs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from evenkeel.core.guidelines.bites import Bite, bites
from evenkeel.core.guidelines.changes import Question, questions, what_would_change
from evenkeel.core.guidelines.check import Check
from evenkeel.core.guidelines.library import Library, library
from evenkeel.core.guidelines.rows import Row, rows
from evenkeel.core.guidelines.values import Fact
from evenkeel.core.guidelines.verdicts import PackVerdict
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.safeguards import SafeguardVerdict, judge_all
from evenkeel.web.records.models import FactAnswer, Patient, ScreeningDecision
from evenkeel.web.records.selectors.facts import check_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """One person on one day, packs side by side. bites: conflicts that matter to them."""

    patient: Patient
    check: Check
    content: Library
    guards: tuple[SafeguardVerdict, ...]
    questions: tuple[Question, ...]
    rows: tuple[Row, ...]
    changes: tuple[str, ...]
    bites: tuple[Bite, ...]
    decision: ScreeningDecision | None

    @property
    def open_packs(self) -> int:
        return sum(each.answer is Answer.UNKNOWN for each in _in_play(self.check))

    @property
    def open_guards(self) -> int:
        return sum(each.verdict.answer is not Answer.YES for each in self.guards)

    def fact(self, name: str) -> Fact:
        return self.check.facts[name]


def screening_of(patient: Patient, *, as_of: date, everything: bool = False) -> Screening:
    """Everything that the page tells."""
    content = library()
    result = check_of(patient, as_of=as_of)
    guards = judge_all(result.facts)
    waiting = [
        each.safeguard.fact
        for each in guards
        if each.verdict.answer in (Answer.UNKNOWN, Answer.JUDGE)
    ]
    return Screening(
        patient=patient,
        check=result,
        content=content,
        guards=guards,
        questions=questions(_in_play(result), waiting, result.facts, content.dictionary),
        rows=rows(result.packs, result.facts, content, everything=everything),
        changes=tuple(
            what_would_change(each, result.facts, content.dictionary) for each in result.packs
        ),
        bites=bites(
            content.conflicts,
            content.packs.values(),
            result.facts,
            content.dictionary,
            shown=[each.pack.id for each in result.packs],
        ),
        decision=latest_decision(patient),
    )


def _in_play(result: Check) -> list[PackVerdict]:
    """The packs of the product that is asked for; all of them while none is named."""
    product = result.facts["product"].value
    return [each for each in result.packs if product is None or product in each.pack.products]


def latest_decision(patient: Patient) -> ScreeningDecision | None:
    return patient.decisions.select_related("by").order_by("-at", "-pk").first()


def answers_to(patient: Patient, name: str) -> list[FactAnswer]:
    """All answers to one fact, the latest first."""
    return list(patient.fact_answers.filter(name=name).select_related("by").order_by("-pk"))
