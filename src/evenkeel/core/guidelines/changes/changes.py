"""Which questions to ask first, and what would change a verdict, in words.

In: verdicts and facts. Out: questions in the order worth asking, and sentences. The
sets behind them are searched for in ``settle`` and ``flips``.

The order worth asking: what anybody can be asked, then what must be measured, then what
a clinician must judge; within each, what weighs most in the criteria that wait for it
(a must 4, a should 2, shared among the facts that the criterion still needs; a safeguard
100, for it binds every pack); then the patient before the coordinator, the nurse and
the prescriber.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.changes.flips import Change, Flip, Step, To, flip, stops
from evenkeel.core.guidelines.changes.search import Goal, Options, groups, solve
from evenkeel.core.guidelines.changes.settle import (
    about,
    ask_rank,
    cheapest,
    cuts_in,
    goal_of,
    missing_options,
    out_of_the_way,
    untangled,
    voice,
)
from evenkeel.core.guidelines.changes.words import change_words
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.regions import Cuts
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.terms.values import Fact, Facts, Value
from evenkeel.core.guidelines.verdicts.verdicts import (
    CriterionVerdict,
    Finding,
    PackVerdict,
    counting_in,
    weigh,
)
from evenkeel.core.kernel.verdicts import Answer

_WEIGHT = {"must": 4, "should": 2, "consider": 1, "may": 0}
_SAFEGUARD = 100
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A missing fact worth asking. decides: short names of the packs that wait for it."""

    fact: str
    decides: tuple[str, ...]
    weight: float
    safeguard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What to ask about the open packs and the safeguards.

    fewest: the fewest facts that could settle all of them together, if answers are
        favourable, in the order worth asking. proven: False = at most so many.
    judgements: what a clinician must judge besides, once those are known.
    """

    fewest: tuple[Question, ...]
    judgements: tuple[Question, ...]
    proven: bool


def supposing(facts: Facts, name: str, value: Value) -> Facts:
    """The same facts, with one more known."""
    supposed = Fact(name=name, value=value, origin="answer", at=facts.as_of)
    return Facts(facts.as_of, {**facts.by_name, name: supposed}, facts.problems)


# -- what to ask -----------------------------------------------------------------------


def asking(
    verdicts: Iterable[PackVerdict],
    guarded: Iterable[str],
    facts: Facts,
    dictionary: Dictionary,
) -> Asking:
    """What to ask. guarded: facts that a safeguard waits for, which are always asked."""
    waiting = [each for each in verdicts if each.answer is Answer.UNKNOWN]
    safeguarded = tuple(dict.fromkeys(guarded))
    criteria = [
        criterion
        for verdict in waiting
        for criterion in counting_in(verdict.pack)
        # What refuses already is not turned by an answer to what is missing.
        if weigh(criterion, facts, dictionary)[1] is not Finding.NOT_MET
    ]
    packs = [each.pack for each in waiting]
    heard = [
        goal
        for pack in packs
        for goal in voice(counting_in(pack), facts.as_of, lambda said: said is not None)
    ]
    names, proven = _fewest_of_all(packs, criteria, heard, safeguarded, facts, dictionary)
    chosen = dict.fromkeys((*safeguarded, *names))
    to_judge = {
        name: None
        for verdict in waiting
        for each in _of_finding(verdict, Finding.JUDGE)
        for name in each.missing
        if name not in chosen
    }
    return Asking(
        fewest=_ranked(chosen, waiting, safeguarded, dictionary),
        judgements=_ranked(to_judge, waiting, safeguarded, dictionary),
        proven=proven,
    )


def questions(
    verdicts: Iterable[PackVerdict],
    guarded: Iterable[str],
    facts: Facts,
    dictionary: Dictionary,
) -> tuple[Question, ...]:
    """All of ``asking`` in one row, the judgements last."""
    found = asking(verdicts, guarded, facts, dictionary)
    return (*found.fewest, *found.judgements)


def _fewest_of_all(
    packs: Sequence[Pack],
    criteria: Sequence[Criterion],
    heard: Sequence[Goal],
    safeguarded: Iterable[str],
    facts: Facts,
    dictionary: Dictionary,
) -> tuple[list[str], bool]:
    """The fewest facts for everything together, and whether that is proven.

    heard: goals on whether a pack says anything of the person.
    """
    cuts = cuts_in(criteria, facts)
    options = dict(about(packs, missing_options(criteria, facts, dictionary, cuts)))
    goals = [*(goal_of(each, dictionary, out_of_the_way) for each in criteria), *heard]
    for name in safeguarded:
        options.setdefault(name, cuts.regions(dictionary[name]))
        goals.append(Goal((name,), partial(_is_known, name)))
    names: dict[str, None] = {}
    proven = True
    for group in groups(goals, options):
        found, sure = _of_group(group, facts, options, cuts, dictionary)
        names |= dict.fromkeys(found)
        proven = proven and sure
    return list(names), proven


def _is_known(name: str, facts: Facts) -> bool:
    return facts[name].known


def _of_group(
    group: Sequence[Goal], facts: Facts, options: Options, cuts: Cuts, dictionary: Dictionary
) -> tuple[list[str], bool]:
    """Together where one set of answers does it; else each goal for itself, "at most"."""
    solved = solve(group, facts, options)
    if solved is not None and all(each.settings for each in solved):
        sure = all(each.proven for each in solved) and untangled(solved, cuts)
        return [name for each in solved for name in cheapest(each, dictionary)], sure
    found: list[str] = []
    for goal in group:
        alone = solve([goal], facts, options) or ()
        found += [name for each in alone if each.settings for name in cheapest(each, dictionary)]
    return found, False


def _ranked(
    names: Iterable[str],
    waiting: Sequence[PackVerdict],
    safeguarded: Sequence[str],
    dictionary: Dictionary,
) -> tuple[Question, ...]:
    weight = dict.fromkeys(names, 0.0)
    decides: dict[str, dict[str, None]] = {name: {} for name in weight}
    for name in safeguarded:
        if name in weight:
            weight[name] = float(_SAFEGUARD)
    for verdict in waiting:
        for each in _waiting(verdict):
            needed = [name for name in each.criterion.facts if name in weight]
            for name in needed:
                weight[name] += _WEIGHT[each.criterion.strength] / len(needed)
                decides[name][verdict.pack.short] = None
    place = {name: number for number, name in enumerate(weight)}

    def rank(name: str) -> tuple[int, float, int, int]:
        kind, role = ask_rank(dictionary[name])
        return kind, -weight[name], role, place[name]

    return tuple(
        Question(
            fact=name,
            decides=tuple(decides[name]),
            weight=weight[name],
            safeguard=name in safeguarded,
        )
        for name in sorted(weight, key=rank)
    )


def _waiting(verdict: PackVerdict) -> list[CriterionVerdict]:
    open_ = [
        *_of_finding(verdict, Finding.UNKNOWN),
        *_of_finding(verdict, Finding.JUDGE),
    ]
    # Where nothing else is open, whether any of them applies is.
    return open_ or [each for each in verdict.deciding if each.applies is None]


def _of_finding(verdict: PackVerdict, finding: Finding) -> list[CriterionVerdict]:
    counting = {each.id for each in counting_in(verdict.pack)}
    return [
        each
        for each in verdict.criteria
        if each.criterion.id in counting and each.finding is finding
    ]


# -- what would change it, in words ------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One way in which an answer could turn, told in lines.

    opening: "Yes if", "No longer no if", "Stays no:". every: all lines are needed; else
    each alone does it. facts: how many facts the smallest change has. proven: False =
    smaller changes were not ruled out.
    """

    opening: str
    lines: tuple[str, ...]
    every: bool
    facts: int
    proven: bool = True

    def sentence(self, most: int = _MOST_TOLD) -> str:
        """The turn in one sentence, with so many of its lines."""
        told, more = self.lines[:most], len(self.lines) - most
        joint, last = ("; ", f"; and {more} more") if self.every else (", or ", f", or {more} more")
        doubt = "" if self.proven else " Smaller changes were not ruled out."
        return f"{self.opening} {joint.join(told)}{last if more > 0 else ''}.{doubt}"


def turns(
    verdict: PackVerdict, facts: Facts, dictionary: Dictionary, born: PartialDate | None = None
) -> tuple[Turn, ...]:
    """How a pack's answer could turn: what would clear it, and what would stop it.

    born: for the day on which an age will be reached.
    """
    said = _Said(facts, dictionary, born)
    pack = verdict.pack
    if verdict.silent:
        # Another person would be needed for it to speak.
        return ()
    if verdict.answer is Answer.NO:
        found = flip(pack, To.NOT_NO, facts, dictionary)
        opening = ("No longer no if", "Stays no:")
    elif verdict.answer is Answer.YES:
        found, opening = None, ("", "")
    else:
        found = flip(pack, To.YES, facts, dictionary)
        opening = ("Yes if", "Not yes:")
    told = [] if found is None else [said.clearing(opening[0 if found.possible else 1], found)]
    if verdict.answer is not Answer.NO:
        told += said.stopping(pack, stops(pack, facts, dictionary))
    return tuple(told)


def what_would_change(
    verdict: PackVerdict, facts: Facts, dictionary: Dictionary, born: PartialDate | None = None
) -> str:
    """``turns`` in a sentence or two; "" where no change of one person's facts does it."""
    return " ".join(turn.sentence() for turn in turns(verdict, facts, dictionary, born))


@dataclass(frozen=True, slots=True)
class _Said:
    """Changes as a nurse reads them."""

    facts: Facts
    dictionary: Dictionary
    born: PartialDate | None

    def clearing(self, opening: str, found: Flip) -> Turn:
        lines = tuple(self.step(each) for each in found.steps)
        return Turn(opening=opening, lines=lines, every=True, facts=found.size, proven=found.proven)

    def stopping(self, pack: Pack, found: Sequence[Flip]) -> list[Turn]:
        lines = tuple(dict.fromkeys(self.step(each.steps[0]) for each in found if each.steps))
        if not lines:
            return []
        refuses = any(each.strength == "must" for each in counting_in(pack))
        return [
            Turn(
                opening="No if" if refuses else "For a person to judge if",
                lines=lines,
                every=False,
                facts=found[0].size,
                proven=all(each.proven for each in found),
            )
        ]

    def step(self, step: Step) -> str:
        """One step. Alternatives are told while each is a single fact: more is not read."""
        first, *others = step.alternatives
        short = [each for each in others if len(first) == len(each) == 1]
        return ", or ".join(
            " and ".join(self.change(change) for change in together) for together in (first, *short)
        )

    def change(self, change: Change) -> str:
        """One change: "systolic pressure: 140 mmHg or less (now 148)"."""
        return change_words(change, self.dictionary[change.fact], self.facts.as_of, self.born)
