"""Verdicts of criteria and packs, with why and what is missing.

A criterion: met, not_met, unknown, judge or not_applicable. A pack: yes, no,
unknown or judge, from the criteria that count at screening:

- a ``must`` that is not met makes no;
- otherwise a ``must`` or ``should`` that is unknown makes unknown, and so does not
  knowing whether any of them applies;
- otherwise, when none of them applies, judge: the pack says nothing of this person,
  and its silence is no yes;
- otherwise a judgement to be made, or a ``should`` that is not met, makes judge:
  a prescriber may go on, with a reason;
- otherwise yes. ``consider``, ``may``, advice, other stages and sources marked
  known-verify never decide. A pack without a criterion for screening is judged by
  all that bind at its own stages.

A criterion that is not in force on the day applies to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from evenkeel.core.guidelines.facts.working import say_day
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.evaluate import Outcome
from evenkeel.core.guidelines.predicates.ready import ask
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range
from evenkeel.core.kernel.verdicts import Answer


class Finding(StrEnum):
    """The verdict of one criterion."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    JUDGE = "judge"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionVerdict:
    """applies: None = not known. deciding: facts that made the finding.

    Words and entries are put together when they are asked for: a search weighs
    thousands of verdicts that nobody reads.
    """

    criterion: Criterion
    applies: bool | None
    finding: Finding
    missing: tuple[str, ...] = ()
    deciding: tuple[str, ...] = ()
    role: str = ""
    facts: Facts = field(repr=False, compare=False)
    dictionary: Dictionary = field(repr=False, compare=False)

    @property
    def reason(self) -> str:
        """Why, in words."""
        return _reason(self)

    @property
    def refs(self) -> tuple[str, ...]:
        """The entries of the record that it stands on."""
        names = (*self.deciding, *self.missing)
        return tuple(dict.fromkeys(ref for name in names for ref in self.facts[name].refs))


@dataclass(frozen=True, slots=True, kw_only=True)
class PackVerdict:
    """answer with the criteria that made it; missing in the order worth asking."""

    pack: Pack
    answer: Answer
    criteria: tuple[CriterionVerdict, ...]
    deciding: tuple[CriterionVerdict, ...]
    missing: tuple[str, ...]

    @property
    def silent(self) -> bool:
        """Whether a person must judge because the pack says nothing of this one."""
        apply = (each.applies for each in self.deciding)
        return self.answer is Answer.JUDGE and not any(apply)


# After "it".
SILENT = "says nothing of this person: none of the criteria that could decide applies"
_HOLDS = Outcome(True)
_NEVER = Outcome(False)


def out_of_force(criterion: Criterion, day: date) -> str:
    """Why a criterion says nothing on that day."""
    if criterion.since is not None and day < criterion.since:
        return f"not yet in force on {say_day(day)}: it begins on {say_day(criterion.since)}"
    return f"no longer in force on {say_day(day)}: it ended on {say_day(criterion.until)}"


def weigh(
    criterion: Criterion, facts: Facts, dictionary: Dictionary
) -> tuple[bool | None, Finding, Outcome]:
    """Whether a criterion applies, its finding, and the facts that it stands on."""
    applies = _applies(criterion, facts)
    if applies.value is False:
        return False, Finding.NOT_APPLICABLE, applies
    if criterion.require is None:
        return applies.value, Finding.MET if applies.value else Finding.UNKNOWN, applies
    required = ask(criterion.require, facts)
    if required.value is True:
        return applies.value, Finding.MET, required
    if applies.value is None:
        # What a person must judge is asked only once it is known to apply.
        later = [name for name in required.missing if not dictionary[name].judgement]
        missing = tuple(dict.fromkeys((*applies.missing, *later)))
        joined = Outcome(None, (*applies.deciding, *required.deciding), missing)
        return None, Finding.UNKNOWN, joined
    if required.value is False:
        shown = Outcome(False, tuple(dict.fromkeys((*applies.deciding, *required.deciding))))
        return True, Finding.NOT_MET, shown
    judged = all(dictionary[name].judgement for name in required.missing)
    finding = Finding.JUDGE if judged and required.missing else Finding.UNKNOWN
    return True, finding, Outcome(None, (*applies.deciding, *required.deciding), required.missing)


def _applies(criterion: Criterion, facts: Facts) -> Outcome:
    if not criterion.in_force(facts.as_of):
        return _NEVER
    return ask(criterion.applies_when, facts) if criterion.applies_when else _HOLDS


def speaks(criteria: Iterable[Criterion], facts: Facts) -> bool | None:
    """Whether any of these criteria applies to the person; None = not known."""
    told = [_applies(each, facts).value for each in criteria]
    return True if True in told else None if None in told else False


def judge_criterion(criterion: Criterion, facts: Facts, dictionary: Dictionary) -> CriterionVerdict:
    """One criterion for one person."""
    applies, finding, outcome = weigh(criterion, facts, dictionary)
    deciding = outcome.deciding
    if len(deciding) > 1:
        deciding = tuple(dict.fromkeys(deciding))
    missing = outcome.missing if finding in (Finding.UNKNOWN, Finding.JUDGE) else ()
    return CriterionVerdict(
        criterion=criterion,
        applies=applies,
        finding=finding,
        missing=missing,
        deciding=deciding,
        role=dictionary[missing[0]].asked_of if finding is Finding.JUDGE else "",
        facts=facts,
        dictionary=dictionary,
    )


def _reason(verdict: CriterionVerdict) -> str:
    criterion, finding = verdict.criterion, verdict.finding
    facts, dictionary = verdict.facts, verdict.dictionary
    if not criterion.in_force(facts.as_of):
        return out_of_force(criterion, facts.as_of)
    if finding is Finding.JUDGE:
        return f"a {verdict.role} must judge: {dictionary[verdict.missing[0]].question}"
    names = verdict.missing or verdict.deciding
    said = "; ".join(fact_words(facts[name], dictionary[name]) for name in names)
    if finding is Finding.UNKNOWN:
        return f"not known: {said}" if said else "not known"
    if finding is Finding.NOT_APPLICABLE:
        return f"does not apply: {said}" if said else "does not apply"
    if finding is Finding.MET and criterion.require is None:
        return f"{criterion.statement} ({said})" if said else criterion.statement
    return said or criterion.statement


def fact_words(fact: Fact, definition: FactDefinition) -> str:
    """A fact in one phrase: label, value, or why there is none."""
    if fact.value is None:
        return f"{definition.label} ({fact.note or 'not in the record'})"
    return f"{definition.label}: {value_words(fact.value, definition)}"


def value_words(value: object, definition: FactDefinition) -> str:
    """A value with its unit, as a reader would say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Range):
        unit = UNIT_WORDS.get(definition.unit_words, definition.unit_words)
        return f"{_rounded(value)} {unit}".rstrip()
    if definition.kind is Kind.CHOICE:
        return choice_words(str(value))
    return str(value)


def choice_words(value: str) -> str:
    """A choice of the dictionary as people say it: "trd" is treatment-resistant depression."""
    return CHOICE_WORDS.get(value, value.replace("_", " "))


def _rounded(value: Range) -> Range:
    """Two decimals are enough to read; comparisons use every digit."""
    low, high = (None if end is None else round(end, 2) for end in (value.low, value.high))
    return Range(low, high)


CHOICE_WORDS = {
    "trd": "treatment-resistant depression",
    "mdd": "major depression",
    "mdd_suicidality": "major depression with suicidal thoughts",
    "ptsd": "PTSD",
    "ocd": "OCD",
    "crps": "complex regional pain syndrome",
    "esketamine_iv": "esketamine IV",
    "esketamine_sc": "esketamine under the skin",
    "racemic_iv": "ketamine IV",
    "racemic_im": "ketamine IM",
    "racemic_sc": "ketamine under the skin",
    "racemic_oral": "ketamine by mouth",
    "racemic_sublingual": "ketamine under the tongue",
    "racemic_nasal_compounded": "compounded nasal ketamine",
    "us": "United States",
    "eu": "European Union",
    "england_nhs": "NHS in England",
    "uk_other": "elsewhere in the United Kingdom",
    "australia_nsw": "New South Wales",
    "australia_tasmania": "Tasmania",
    "australia_other": "elsewhere in Australia",
    "new_zealand": "New Zealand",
    "canada_bc": "British Columbia",
    "canada_ab": "Alberta",
    "canada_other": "elsewhere in Canada",
    "philippines": "Philippines",
}
UNIT_WORDS = {
    "mm[Hg]": "mmHg", "a": "years", "mo": "months", "wk": "weeks", "d": "days", "{score}": "",
    "kg/m2": "kg/m²",
}  # fmt: skip

_WEIGHT = {"must": 4, "should": 2, "consider": 1, "may": 0}


def counting_in(pack: Pack) -> tuple[Criterion, ...]:
    """The criteria that make a pack's answer.

    A pack that says nothing at screening must not say yes by its silence: all that
    bind at their own stages make its answer then.
    """
    at_screening = tuple(each for each in pack.criteria if each.counts)
    return at_screening or tuple(each for each in pack.criteria if each.binds)


def judge_pack(pack: Pack, facts: Facts, dictionary: Dictionary) -> PackVerdict:
    """All criteria of a pack, and what they make together."""
    verdicts = tuple(judge_criterion(each, facts, dictionary) for each in pack.criteria)
    at_screening = [verdict for verdict in verdicts if verdict.criterion.counts]
    # As ``counting_in`` has it, without going through the criteria twice.
    counting = at_screening or [verdict for verdict in verdicts if verdict.criterion.binds]
    speaks_surely = any(each.applies for each in counting)
    refused = [
        v for v in counting if v.finding is Finding.NOT_MET and v.criterion.strength == "must"
    ]
    waiting = [v for v in counting if v.finding is Finding.UNKNOWN]
    if not waiting and not speaks_surely:
        # Met if they apply at all, and nothing else is known to apply.
        waiting = [v for v in counting if v.applies is None]
    to_judge = [v for v in counting if v.finding is Finding.JUDGE or v.finding is Finding.NOT_MET]
    if refused:
        answer, deciding = Answer.NO, refused
    elif waiting:
        answer, deciding = Answer.UNKNOWN, waiting
    elif not speaks_surely:
        answer, deciding = Answer.JUDGE, counting
    elif to_judge:
        answer, deciding = Answer.JUDGE, to_judge
    else:
        answer, deciding = Answer.YES, [v for v in counting if v.finding is Finding.MET]
    return PackVerdict(
        pack=pack,
        answer=answer,
        criteria=verdicts,
        deciding=tuple(deciding),
        missing=_worth_asking(waiting, facts),
    )


def _worth_asking(waiting: list[CriterionVerdict], facts: Facts) -> tuple[str, ...]:
    """Missing facts, those that could settle most of the strongest criteria first."""
    weight: dict[str, float] = {}
    for verdict in waiting:
        names = verdict.missing or _applies(verdict.criterion, facts).missing
        for name in names:
            share = _WEIGHT[verdict.criterion.strength] / len(names)
            weight[name] = weight.get(name, 0) + share
    order = list(weight)
    return tuple(sorted(weight, key=lambda name: (-weight[name], order.index(name))))
