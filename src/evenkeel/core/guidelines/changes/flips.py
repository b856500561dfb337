"""The smallest changes that flip a pack's verdict.

In: a pack, facts, and where the answer should go. Out: steps, all of which are needed,
each with alternatives that do the same; an alternative is one fact or several together.
Smallest is: the fewest facts, then what can be asked before what must be judged, then
the nearest number.

What cannot be changed is left out where anything else will do, and said as such where
nothing else will: what was ever so stays so; what a fact's ``changes`` in the dictionary
calls "never" or "given" (the person, the question that is asked) is not to be bent to a
rule; what passes by "time" or "grows" only goes up. A missing fact can still turn out
to be anything.

Every change is a region of ``regions``, widened as far as the flip holds, so that any
value that the words allow flips the pack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import product

from evenkeel.core.guidelines.changes.search import Board, Goal, Options, Setting, Solved, solve
from evenkeel.core.guidelines.changes.settle import (
    about,
    ask_rank,
    cuts_in,
    goal_of,
    untangled,
    voice,
)
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.regions import Region
from evenkeel.core.guidelines.terms.dictionary import About, Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Facts, Range, Value
from evenkeel.core.guidelines.verdicts.verdicts import Finding, counting_in

_MOST_ALTERNATIVES = 3


class To(StrEnum):
    """Where an answer should go."""

    YES = "yes"
    NOT_NO = "not no"


class Way(StrEnum):
    """How a fact becomes another: an answer tells it, somebody changes it, time does, or not."""

    ANSWER = "answer"
    CHANGE = "change"
    TIME = "time"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact into a region. now: what it is today; None = not known.

    run: neighbouring regions, any value of which will do.
    """

    fact: str
    now: Value | None
    run: tuple[Region, ...]
    way: Way


Together = tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One needed step: any of its alternatives does it. criteria: those that turn by it."""

    alternatives: tuple[Together, ...]
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """All steps are needed. proven: False = smaller changes were not ruled out."""

    steps: tuple[Step, ...]
    proven: bool

    @property
    def possible(self) -> bool:
        """Whether nothing in it would have to change that cannot."""
        return all(
            change.way is not Way.CANNOT for step in self.steps for change in step.alternatives[0]
        )

    @property
    def size(self) -> int:
        """How many facts."""
        return sum(len(step.alternatives[0]) for step in self.steps)


def flip(pack: Pack, to: To, facts: Facts, dictionary: Dictionary) -> Flip | None:
    """The smallest changes after which a pack says yes, or no longer no; None = none do."""
    criteria = counting_in(pack)
    wanted = _is_clear if to is To.YES else _does_not_refuse
    goals = [goal_of(each, dictionary, wanted) for each in criteria]
    if to is To.YES:
        goals += voice(criteria, facts.as_of, lambda said: said is True)
    return _flip(pack, criteria, goals, facts, dictionary)


def stops(pack: Pack, facts: Facts, dictionary: Dictionary) -> tuple[Flip, ...]:
    """For each criterion that could refuse, the smallest change by which it would.

    A must that is not met says no; where a pack has none, a should sends it to judgement.
    The smallest come first.
    """
    criteria = counting_in(pack)
    musts = [each for each in criteria if each.strength == "must"]
    found = []
    for each in musts or criteria:
        goal = goal_of(each, dictionary, lambda _, finding: finding is Finding.NOT_MET)
        one = _flip(pack, [each], [goal], facts, dictionary)
        if one is not None and one.possible:
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.size))


def _is_clear(_: Criterion, finding: Finding) -> bool:
    return finding in (Finding.MET, Finding.NOT_APPLICABLE)


def _does_not_refuse(criterion: Criterion, finding: Finding) -> bool:
    return finding is not Finding.NOT_MET or criterion.strength != "must"


def _flip(
    pack: Pack,
    criteria: Sequence[Criterion],
    goals: Sequence[Goal],
    facts: Facts,
    dictionary: Dictionary,
) -> Flip | None:
    cuts = cuts_in(criteria, facts)
    names = dict.fromkeys(name for each in criteria for name in each.facts)
    of_all = {name: cuts.regions(dictionary[name]) for name in names}
    for only_possible in (True, False):
        options = {
            name: tuple(
                region
                for region in regions
                if _way(dictionary[name], facts[name].value, region, only_possible) is not None
            )
            for name, regions in of_all.items()
        }
        options = {name: regions for name, regions in options.items() if regions}
        options = dict(about([pack], options))
        solved = solve(goals, facts, options)
        if solved is not None and all(group.settings for group in solved):
            steps = tuple(_step(group, facts, options, dictionary, criteria) for group in solved)
            proven = all(group.proven for group in solved) and untangled(solved, cuts)
            return Flip(steps=steps, proven=proven)
    return None


def _way(
    definition: FactDefinition, now: Value | None, region: Region, only_possible: bool
) -> Way | None:
    """How a fact gets into a region; None where it already lies there, or cannot get there."""
    if now is None:
        return Way.ANSWER
    if isinstance(now, Range):
        if region.meets(now):
            return Way.ANSWER if now.exact is None and region.clipped(now) is not None else None
    elif region.holds(now):
        return None
    way = _change_of(definition, now, region)
    return None if only_possible and way is Way.CANNOT else way


def _change_of(definition: FactDefinition, now: Value, region: Region) -> Way:
    if definition.changes in ("never", "given"):
        return Way.CANNOT
    if definition.about is About.EVER and now is True:
        return Way.CANNOT
    if definition.changes in ("time", "grows") and isinstance(now, Range):
        if now.high is None or (region.low is not None and region.low >= now.high):
            return Way.TIME if definition.changes == "time" else Way.CHANGE
        return Way.CANNOT
    return Way.CHANGE


# -- from what was found to what is told ---------------------------------------------


def _step(
    group: Solved,
    facts: Facts,
    options: Options,
    dictionary: Dictionary,
    criteria: Sequence[Criterion],
) -> Step:
    """The nearest setting of each set of facts, the best few sets first."""
    by_names: dict[frozenset[str], Setting] = {}

    def dearness(setting: Setting) -> tuple[object, ...]:
        ways = [
            _way(dictionary[name], facts[name].value, region, False)
            for name, region in setting.items()
        ]
        return (
            sum(way is Way.CANNOT for way in ways),
            sorted(ask_rank(dictionary[name]) for name in setting),
            sum(_distance(facts[name].value, region) for name, region in setting.items()),
        )

    for setting in sorted(group.settings, key=dearness):
        by_names.setdefault(frozenset(setting), setting)
    least = min(
        sum(_way(dictionary[n], facts[n].value, r, False) is Way.CANNOT for n, r in each.items())
        for each in by_names.values()
    )
    told: list[Together] = []
    for setting in list(by_names.values())[:_MOST_ALTERNATIVES]:
        runs = _widened(setting, group.goals, facts, options, dictionary)
        changes = tuple(
            Change(
                fact=name,
                now=facts[name].value,
                run=run,
                way=_way(dictionary[name], facts[name].value, setting[name], False) or Way.ANSWER,
            )
            for name, run in runs.items()
        )
        if not told or sum(each.way is Way.CANNOT for each in changes) == least:
            told.append(changes)
    names = {name for setting in by_names.values() for name in setting}
    turned = tuple(each.id for each in criteria if not names.isdisjoint(each.facts))
    return Step(alternatives=tuple(told), criteria=turned)


def _distance(now: Value | None, region: Region) -> Decimal:
    """How far a number has to go, as a share of what it is."""
    if not isinstance(now, Range):
        return Decimal(0)
    near = now.exact if now.exact is not None else now.low or now.high or Decimal(0)
    return region.distance(now) / max(abs(near), Decimal(1))


def _widened(
    setting: Setting,
    goals: tuple[Goal, ...],
    facts: Facts,
    options: Options,
    dictionary: Dictionary,
) -> Mapping[str, tuple[Region, ...]]:
    """Each region with the neighbours that do as well, whatever the others are given."""
    board = Board.of(facts)
    runs: dict[str, list[Region]] = {name: [region] for name, region in setting.items()}

    def does(name: str, region: Region) -> bool:
        others = [[(other, r.sample) for r in run] for other, run in runs.items() if other != name]
        return all(
            board.holds_with(goals, {**dict(rest), name: region.sample})
            for rest in product(*others)
        )

    for name, run in runs.items():
        definition = dictionary[name]
        for region in options[name] if definition.kind is not Kind.YES_NO else ():
            if region not in run and definition.kind is Kind.CHOICE and does(name, region):
                run.append(region)
        if definition.kind in (Kind.NUMBER, Kind.DAY):
            _stretch(run, options[name], definition, partial(does, name))
    return {name: tuple(run) for name, run in runs.items()}


def _stretch(
    run: list[Region],
    regions: Sequence[Region],
    definition: FactDefinition,
    does: Callable[[Region], bool],
) -> None:
    place = regions.index(run[0])
    for region in regions[place + 1 :]:
        if not _touch(run[-1], region, definition) or not does(region):
            break
        run.append(region)
    for region in reversed(regions[:place]):
        if not _touch(region, run[0], definition) or not does(region):
            break
        run.insert(0, region)


def _touch(lower: Region, upper: Region, definition: FactDefinition) -> bool:
    if lower.high is None or upper.low is None:
        return False
    if definition.whole or definition.kind is Kind.DAY:
        return upper.low - lower.high == 1
    return upper.low == lower.high and (upper.low_in or lower.high_in)


def values_of(together: Iterable[Change]) -> dict[str, Value]:
    """One value for each changed fact, as its words allow: for judging the pack again."""
    return {change.fact: change.run[0].sample for change in together}
