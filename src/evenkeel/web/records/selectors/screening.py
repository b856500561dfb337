"""What the screening page shows: facts with origin and age, questions, packs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from evenkeel.core.guidelines.changes.changes import Asking, Question, Turn, asking, turns
from evenkeel.core.guidelines.changes.settle import Settling, at_best, settle
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.terms.values import Fact
from evenkeel.core.guidelines.verdicts.bites import Bite, bites
from evenkeel.core.guidelines.verdicts.check import Check
from evenkeel.core.guidelines.verdicts.rows import Row, rows
from evenkeel.core.guidelines.verdicts.verdicts import PackVerdict
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.safeguards import SafeguardVerdict, judge_all
from evenkeel.web.records.models import FactAnswer, Patient, ScreeningDecision
from evenkeel.web.records.selectors.facts import check_of
from evenkeel.web.records.selectors.patients import birth_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """One person on one day, packs side by side. bites: conflicts that matter to them.

    settlings: of each open pack the fewest facts that could settle it. turns: how each
    pack's answer could turn.
    """

    patient: Patient
    check: Check
    content: Library
    guards: tuple[SafeguardVerdict, ...]
    asking: Asking
    rows: tuple[Row, ...]
    settlings: tuple[Settling | None, ...]
    turns: tuple[tuple[Turn, ...], ...]
    bites: tuple[Bite, ...]
    decision: ScreeningDecision | None

    @property
    def questions(self) -> tuple[Question, ...]:
        return (*self.asking.fewest, *self.asking.judgements)

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
        asking=asking(_in_play(result), waiting, result.facts, content.dictionary),
        rows=rows(result.packs, result.facts, content, everything=everything),
        settlings=tuple(
            at_best(each.pack, result.facts, content.dictionary)
            if each.answer is Answer.UNKNOWN
            else None
            for each in result.packs
        ),
        turns=tuple(
            turns(each, result.facts, content.dictionary, birth_of(patient))
            for each in result.packs
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


def one_pack(patient: Patient, pack: str, *, as_of: date) -> Screening:
    """One pack for one person, with all three counts of what could settle it."""
    content = library()
    result = check_of(patient, as_of=as_of, packs=[pack])
    verdict, facts = result.packs[0], result.facts
    is_open = verdict.answer is Answer.UNKNOWN
    return Screening(
        patient=patient,
        check=result,
        content=content,
        guards=(),
        asking=Asking(fewest=(), judgements=(), proven=True),
        rows=(),
        settlings=(settle(verdict.pack, facts, content.dictionary) if is_open else None,),
        turns=(turns(verdict, facts, content.dictionary, birth_of(patient)),),
        bites=(),
        decision=None,
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
