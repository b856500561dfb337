"""What would change a verdict, and the fewest questions that could settle it.

In: verdicts and facts. Out: words. A change is found by trying: each missing or
deciding yes-or-no fact is set to either answer and the criterion judged again.
Numbers are told by the criterion's own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from evenkeel.core.guidelines.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.packs import Criterion
from evenkeel.core.guidelines.values import Fact, Facts, Value
from evenkeel.core.guidelines.verdicts import (
    CriterionVerdict,
    Finding,
    PackVerdict,
    judge_criterion,
)
from evenkeel.core.kernel.verdicts import Answer

CLEARS = (Finding.MET, Finding.NOT_APPLICABLE)
_WEIGHT = {"must": 4, "should": 2, "consider": 1, "may": 0}
_SAFEGUARD = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A missing fact worth asking. decides: short names of the packs that wait for it."""

    fact: str
    decides: tuple[str, ...]
    weight: float
    safeguard: bool


def supposing(facts: Facts, name: str, value: Value) -> Facts:
    """The same facts, with one more known."""
    supposed = Fact(name=name, value=value, origin="answer", at=facts.as_of)
    return Facts(facts.as_of, {**facts.by_name, name: supposed}, facts.problems)


def clearing_answer(
    criterion: Criterion, name: str, facts: Facts, dictionary: Dictionary
) -> bool | None:
    """The answer to one yes-or-no fact after which a criterion is no longer in the way.

    None: neither answer does it alone, or both do.
    """
    if dictionary[name].kind is not Kind.YES_NO:
        return None
    clears = [
        answer
        for answer in (True, False)
        if judge_criterion(criterion, supposing(facts, name, answer), dictionary).finding in CLEARS
    ]
    return clears[0] if len(clears) == 1 else None


def questions(
    verdicts: Iterable[PackVerdict],
    guarded: Iterable[str],
    facts: Facts,
    dictionary: Dictionary,
) -> tuple[Question, ...]:
    """The fewest facts that could settle the open packs and the safeguards, best first.

    guarded: facts that a safeguard waits for.
    """
    weight: dict[str, float] = dict.fromkeys(guarded, float(_SAFEGUARD))
    safeguarded = set(weight)
    decides: dict[str, dict[str, None]] = {name: {} for name in weight}
    for verdict in verdicts:
        if verdict.answer is not Answer.UNKNOWN:
            continue
        for each in _open(verdict):
            needed = fewest(each, facts, dictionary)
            for name in needed:
                share = _WEIGHT[each.criterion.strength] / len(needed)
                weight[name] = weight.get(name, 0.0) + share
                decides.setdefault(name, {})[verdict.pack.short] = None
    order = list(weight)
    ranked = sorted(weight, key=lambda n: (dictionary[n].judgement, -weight[n], order.index(n)))
    return tuple(
        Question(
            fact=name,
            decides=tuple(decides[name]),
            weight=weight[name],
            safeguard=name in safeguarded,
        )
        for name in ranked
    )


def fewest(verdict: CriterionVerdict, facts: Facts, dictionary: Dictionary) -> tuple[str, ...]:
    """The fewest of a criterion's missing facts that could clear it, if answers are favourable.

    One fact that does it alone; otherwise facts are taken one by one, each with the
    answer that leaves least open; a number or a choice always has to be asked.
    """
    # What the treatment is for, and where, decides first whether a criterion applies.
    choices = [name for name in verdict.missing if dictionary[name].kind is Kind.CHOICE]
    if verdict.applies is None and choices:
        return (choices[0],)
    for name in verdict.missing:
        if clearing_answer(verdict.criterion, name, facts, dictionary) is not None:
            return (name,)
    asked: list[str] = []
    supposed = facts
    left = verdict.missing
    while left:
        best: tuple[int, str, Value | None] | None = None
        for name in left:
            if dictionary[name].kind is not Kind.YES_NO:
                continue
            for value in (False, True):
                tried = supposing(supposed, name, value)
                after = judge_criterion(verdict.criterion, tried, dictionary)
                if after.finding is Finding.NOT_MET:
                    continue
                open_still = 0 if after.finding in CLEARS else len(after.missing)
                if best is None or open_still < best[0]:
                    best = (open_still, name, value)
        if best is None or best[2] is None:
            return tuple(dict.fromkeys((*asked, *left)))
        asked.append(best[1])
        supposed = supposing(supposed, best[1], best[2])
        after = judge_criterion(verdict.criterion, supposed, dictionary)
        left = () if after.finding in CLEARS else after.missing
        left = tuple(name for name in left if name not in asked)
    return tuple(asked)


def what_would_change(verdict: PackVerdict, facts: Facts, dictionary: Dictionary) -> str:
    """The smallest changes that would turn a pack's answer, in words."""
    match verdict.answer:
        case Answer.NO:
            return "Not no any more if " + _listed(
                _change(each, facts, dictionary) for each in verdict.deciding
            )
        case Answer.UNKNOWN:
            return "Yes only if " + _listed(
                _change(each, facts, dictionary) for each in _open(verdict)
            )
        case Answer.JUDGE:
            return "Yes or no by judgement: " + _listed(
                dictionary[each.missing[0]].label if each.missing else each.criterion.statement
                for each in verdict.deciding
            )
        case _:
            return "Unknown again when a fact goes out of date; no if a new one stands in the way."


def _open(verdict: PackVerdict) -> list[CriterionVerdict]:
    waiting = (Finding.UNKNOWN, Finding.JUDGE)
    return [each for each in verdict.criteria if each.criterion.counts and each.finding in waiting]


def _change(verdict: CriterionVerdict, facts: Facts, dictionary: Dictionary) -> str:
    names = verdict.missing or verdict.deciding
    choices = [name for name in verdict.missing if dictionary[name].kind is Kind.CHOICE]
    if verdict.applies is None and choices:
        return f"{_short(dictionary[choices[0]])} is known"
    for name in names:
        answer = clearing_answer(verdict.criterion, name, facts, dictionary)
        if answer is not None:
            return f"{_short(dictionary[name])}: {'yes' if answer else 'no'}"
    if len(names) > 1:
        together = facts
        wanted = [_wanted(verdict.criterion, name, names, facts, dictionary) for name in names]
        if all(answer is not None for answer in wanted):
            for name, answer in zip(names, wanted, strict=True):
                assert answer is not None
                together = supposing(together, name, answer)
            if judge_criterion(verdict.criterion, together, dictionary).finding in CLEARS:
                return ", ".join(
                    f"{_short(dictionary[name])}: {'yes' if answer else 'no'}"
                    for name, answer in zip(names, wanted, strict=True)
                )
    statement = verdict.criterion.statement.rstrip(".")
    return statement[:1].lower() + statement[1:] if statement[1:2].islower() else statement


def _wanted(
    criterion: Criterion, name: str, names: tuple[str, ...], facts: Facts, dictionary: Dictionary
) -> bool | None:
    """The answer that helps once all the others are given their helping answer too."""
    others = [other for other in names if other != name and dictionary[other].kind is Kind.YES_NO]
    if dictionary[name].kind is not Kind.YES_NO:
        return None
    for rest in (False, True):
        supposed = facts
        for other in others:
            supposed = supposing(supposed, other, rest)
        answer = clearing_answer(criterion, name, supposed, dictionary)
        if answer is not None:
            return answer
    return None


def _short(definition: FactDefinition) -> str:
    """A label inside a sentence; what begins with a capital word stays as it is."""
    label = definition.label
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _listed(words: Iterable[str]) -> str:
    told = list(dict.fromkeys(words))
    shown, rest = told[:3], len(told) - 3
    more = f"; and {rest} more" if rest > 0 else ""
    return "; ".join(shown) + more + "."


def without(facts: Facts, names: Iterable[str]) -> Facts:
    """The same facts with some not known: for asking what a verdict stands on."""
    gone = {name: replace(facts[name], value=None, note="left out") for name in names}
    return Facts(facts.as_of, {**facts.by_name, **gone}, facts.problems)
