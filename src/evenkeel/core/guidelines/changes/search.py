"""The fewest facts whose values bring goals about: an exact search.

In: goals over facts, and for each fact the regions that it may be given. Out: every
smallest set of facts, with regions, after which all goals hold.

Goals that share no such fact are solved apart. Within a group the search takes the
first goal that does not hold yet: any solution must set one more of its facts. It
deepens by one fact at a time, so that the first solutions found are smallest. The work
has a limit, counted in goals asked; beyond it the answer says that it is not proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evenkeel.core.guidelines.predicates.regions import Region
from evenkeel.core.guidelines.terms.values import Fact, Facts, Value

MOST_ASKED = 20_000
Options = Mapping[str, tuple[Region, ...]]
Setting = dict[str, Region]


@dataclass(frozen=True, slots=True)
class Goal:
    """facts: all that it reads. holds: whether it is reached."""

    facts: tuple[str, ...]
    holds: Callable[[Facts], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One group of goals.

    settings: all smallest ones, each a region per fact; empty = there is none.
    proven: False when the limit was hit; then one setting is given that works and may
        not be smallest, or none was found.
    """

    goals: tuple[Goal, ...]
    settings: tuple[Setting, ...]
    proven: bool = True


class LimitHit(Exception):
    """More goals were asked than the work may take."""


@dataclass(slots=True)
class Board:
    """Facts that can be set and taken back. left: goals that may still be asked."""

    facts: Facts
    left: int
    before: Mapping[str, Fact] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Facts) -> Board:
        return cls(Facts(facts.as_of, dict(facts.by_name)), MOST_ASKED, facts.by_name)

    def set(self, name: str, value: Value) -> None:
        at = self.facts.as_of
        self.facts.by_name[name] = Fact(name=name, value=value, origin="answer", at=at)

    def take_back(self, name: str) -> None:
        before = self.before.get(name)
        if before is None:
            self.facts.by_name.pop(name, None)
        else:
            self.facts.by_name[name] = before

    def holds(self, goal: Goal) -> bool:
        self.left -= 1
        if self.left < 0:
            raise LimitHit
        return goal.holds(self.facts)

    def holds_with(self, goals: Sequence[Goal], setting: Mapping[str, Value]) -> bool:
        """Whether all goals hold once these facts are set."""
        for name, value in setting.items():
            self.set(name, value)
        try:
            return all(goal.holds(self.facts) for goal in goals)
        finally:
            for name in setting:
                self.take_back(name)


def solve(goals: Sequence[Goal], facts: Facts, options: Options) -> tuple[Solved, ...] | None:
    """The smallest settings of each group that does not hold yet.

    None: some group cannot be brought about, and that is proven.
    """
    solved: list[Solved] = []
    for group in groups(goals, options):
        if all(goal.holds(facts) for goal in group):
            continue
        found = _smallest(group, facts, options)
        if found.proven and not found.settings:
            return None
        solved.append(found)
    return tuple(solved)


def groups(goals: Sequence[Goal], options: Options) -> list[tuple[Goal, ...]]:
    """Goals that hang together by facts that may be set, in their order."""
    made: list[tuple[set[str], list[Goal]]] = []
    for goal in goals:
        names = {name for name in goal.facts if name in options}
        apart = [each for each in made if each[0].isdisjoint(names)]
        together = [each for each in made if not each[0].isdisjoint(names)]
        names = names.union(*(each[0] for each in together))
        made = [*apart, (names, [g for each in together for g in each[1]] + [goal])]
    return [tuple(each[1]) for each in made]


def _smallest(goals: tuple[Goal, ...], facts: Facts, options: Options) -> Solved:
    names = {name for goal in goals for name in goal.facts if name in options}
    board = Board.of(facts)
    try:
        for size in range(1, len(names) + 1):
            found = tuple(_grow(goals, board, options, size, {}, frozenset()))
            if found:
                return Solved(goals=goals, settings=_each_once(found))
        return Solved(goals=goals, settings=())
    except LimitHit:
        board = Board.of(facts)
        try:
            some = next(_grow(goals, board, options, len(names), {}, frozenset()), None)
        except LimitHit:
            some = None
        settings = () if some is None else (_pared(some, goals, facts),)
        return Solved(goals=goals, settings=settings, proven=False)


def _grow(
    goals: tuple[Goal, ...],
    board: Board,
    options: Options,
    room: int,
    chosen: Setting,
    barred: frozenset[str],
) -> Iterator[Setting]:
    """Settings of at most so many more facts, without the barred ones."""
    failing = [goal for goal in goals if not board.holds(goal)]
    if not failing:
        yield dict(chosen)
        return
    if room < _apart(failing, options, barred.union(chosen)):
        return
    for name in dict.fromkeys(failing[0].facts):
        if name in chosen or name in barred or not options.get(name):
            continue
        for region in options[name]:
            board.set(name, region.sample)
            chosen[name] = region
            yield from _grow(goals, board, options, room - 1, chosen, barred)
        del chosen[name]
        board.take_back(name)
        # From here on only solutions without this fact: the others were all found.
        barred |= {name}


def _apart(failing: list[Goal], options: Options, spent: frozenset[str]) -> int:
    """So many facts at least are still needed: goals that share none need one each."""
    taken: set[str] = set()
    count = 0
    for goal in failing:
        names = {name for name in goal.facts if name in options and name not in spent}
        if not names:
            return len(options) + 1
        if names.isdisjoint(taken):
            taken |= names
            count += 1
    return count


def _each_once(found: tuple[Setting, ...]) -> tuple[Setting, ...]:
    """A goal that holds early leaves room that is not used: only the smallest stay."""
    least = min(len(each) for each in found)
    return tuple(each for each in found if len(each) == least)


def _pared(setting: Setting, goals: tuple[Goal, ...], facts: Facts) -> Setting:
    """The same setting without facts that turn out not to be needed."""
    board = Board.of(facts)
    kept = dict(setting)
    for name in setting:
        fewer = {other: region.sample for other, region in kept.items() if other != name}
        if board.holds_with(goals, fewer):
            del kept[name]
    return kept
