"""The fewest missing facts that could settle a pack, and which to ask first.

Three counts are told, because they answer three questions:

- ``clears``: the fewest missing facts for which some answers make the pack say yes, or
  leave it to a person's judgement. "At best so many answers."
- ``stops``: the fewest for which some answers make it say no.
- ``surely``: the fewest that settle it whatever the answers are.

The fewest that *could settle* it is the smaller of the first two. A pack is settled
when it is no longer unknown: one that turns out to say nothing of the person is settled
too. A fact is missing when it is not known, or known only as a range that straddles a
limit; answers are then taken from within that range. What is treated, and with what, is
supposed to be something that the pack is about: a pack is not settled by asking it about
something else; only ``surely`` allows for every answer. Facts are taken one by one as the
dictionary has them: that one number is worked out from others (a body mass from a
weight) is not used.

All three are exact over the regions of ``regions``; where the limit of the work was
hit, or numbers are compared with each other, ``proven`` is False and the count means
"at most".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from evenkeel.core.guidelines.changes.search import (
    Board,
    Goal,
    LimitHit,
    Options,
    Solved,
    groups,
    solve,
)
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.regions import Cuts, Region, cuts_of
from evenkeel.core.guidelines.predicates.tree import facts_in
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition
from evenkeel.core.guidelines.terms.values import Facts, Range
from evenkeel.core.guidelines.verdicts.verdicts import Finding, counting_in, speaks, weigh


@dataclass(frozen=True, slots=True, kw_only=True)
class Fewest:
    """A smallest set of facts, in the order worth asking. proven: False = "at most"."""

    facts: tuple[str, ...]
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What could settle one pack. None: no answers do it."""

    clears: Fewest | None
    stops: Fewest | None
    surely: Fewest | None

    @property
    def least(self) -> Fewest | None:
        """The fewest that could settle it, either way."""
        both = [each for each in (self.clears, self.stops) if each is not None]
        return min(both, key=lambda each: len(each.facts), default=None)


def settle(pack: Pack, facts: Facts, dictionary: Dictionary) -> Settling:
    """What could settle a pack that is unknown."""
    counting = counting_in(pack)
    cuts = cuts_in(counting, facts)
    options = missing_options(counting, facts, dictionary, cuts)
    fitting = about([pack], options)
    return Settling(
        clears=_clearing(counting, facts, dictionary, cuts, fitting),
        stops=_stopping(counting, facts, dictionary, cuts, fitting),
        surely=_surely(counting, facts, dictionary, cuts, options),
    )


def at_best(pack: Pack, facts: Facts, dictionary: Dictionary) -> Settling:
    """Without the dearest of the three counts: ``surely`` is left out."""
    counting = counting_in(pack)
    cuts = cuts_in(counting, facts)
    fitting = about([pack], missing_options(counting, facts, dictionary, cuts))
    return Settling(
        clears=_clearing(counting, facts, dictionary, cuts, fitting),
        stops=_stopping(counting, facts, dictionary, cuts, fitting),
        surely=None,
    )


def about(packs: Sequence[Pack], options: Options) -> Options:
    """The options, with indication and product among what all of the packs are about.

    Where they have nothing in common, what any of them is about.
    """
    fitting = dict(options)
    for name, of_pack in (("indication", "indications"), ("product", "products")):
        scopes = [set(getattr(pack, of_pack)) for pack in packs if getattr(pack, of_pack)]
        if name not in options or not scopes:
            continue
        scope = set.intersection(*scopes) or set.union(*scopes)
        narrowed = tuple(
            Region(inside[0], values=inside)
            for region in options[name]
            if (inside := tuple(value for value in region.values if value in scope))
        )
        fitting[name] = narrowed or options[name]
    return fitting


# -- what may be answered ------------------------------------------------------------


def cuts_in(criteria: Iterable[Criterion], facts: Facts) -> Cuts:
    """Where these criteria cut the facts that they read."""
    nodes = [
        node
        for each in criteria
        for node in (each.applies_when, each.require)
        if node is not None
    ]  # fmt: skip
    return cuts_of(nodes, facts.as_of)


def missing_options(
    criteria: Iterable[Criterion], facts: Facts, dictionary: Dictionary, cuts: Cuts
) -> Options:
    """For each missing fact that they read, the regions that an answer can lie in."""
    options: dict[str, tuple[Region, ...]] = {}
    for name in dict.fromkeys(name for each in criteria for name in each.facts):
        held = facts[name].value
        if held is None:
            options[name] = cuts.regions(dictionary[name])
        elif isinstance(held, Range) and held.exact is None:
            parts = [region.clipped(held) for region in cuts.regions(dictionary[name])]
            within = tuple(part for part in parts if part is not None)
            if len(within) > 1:
                options[name] = within
    return options


def ask_rank(definition: FactDefinition) -> tuple[int, int]:
    """How dear a question is: what anybody can be asked, then a test, then a judgement.

    Within each, the patient before the coordinator, the nurse, the others, the prescriber.
    """
    is_test = definition.derive in ("quantity", "pregnancy_test")
    kind = 2 if definition.judgement else 1 if is_test else 0
    return kind, _ROLES.index(definition.asked_of)


_ROLES = ("patient", "coordinator", "nurse", "pharmacist", "administrator", "prescriber")


# -- the three counts ----------------------------------------------------------------


def _clearing(
    criteria: Sequence[Criterion],
    facts: Facts,
    dictionary: Dictionary,
    cuts: Cuts,
    options: Options,
) -> Fewest | None:
    """The fewest answers after which none of them is unknown and no must is not met."""
    goals = [goal_of(each, dictionary, out_of_the_way) for each in criteria]
    goals += voice(criteria, facts.as_of, lambda said: said is not None)
    return _fewest(solve(goals, facts, options), cuts, dictionary)


def out_of_the_way(criterion: Criterion, finding: Finding) -> bool:
    """Whether a criterion neither waits for facts nor refuses."""
    refuses = finding is Finding.NOT_MET and criterion.strength == "must"
    return finding is not Finding.UNKNOWN and not refuses


def _stopping(
    criteria: Sequence[Criterion],
    facts: Facts,
    dictionary: Dictionary,
    cuts: Cuts,
    options: Options,
) -> Fewest | None:
    """One must that is not met makes the whole pack say no: the nearest of them."""
    found: list[Fewest] = []
    for each in criteria:
        if each.strength == "must":
            goal = goal_of(each, dictionary, lambda _, finding: finding is Finding.NOT_MET)
            fewest = _fewest(solve([goal], facts, options), cuts, dictionary)
            if fewest is not None:
                found.append(fewest)
    return min(found, key=lambda one: _dearness(one.facts, dictionary), default=None)


def goal_of(
    criterion: Criterion, dictionary: Dictionary, wanted: Callable[[Criterion, Finding], bool]
) -> Goal:
    """The goal that a criterion's finding is a wanted one."""
    return Goal(
        criterion.facts,
        lambda facts: wanted(criterion, weigh(criterion, facts, dictionary)[1]),
    )


def voice(
    criteria: Sequence[Criterion], day: date, wanted: Callable[[bool | None], bool]
) -> tuple[Goal, ...]:
    """A goal on whether any of them applies; none is needed where one always does."""
    if any(each.applies_when is None and each.in_force(day) for each in criteria):
        return ()
    names = [n for each in criteria if each.applies_when for n in facts_in(each.applies_when)]
    return (Goal(tuple(dict.fromkeys(names)), lambda facts: wanted(speaks(criteria, facts))),)


def _fewest(solved: tuple[Solved, ...] | None, cuts: Cuts, dictionary: Dictionary) -> Fewest | None:
    """One set out of all smallest ones: that which is cheapest to ask."""
    if solved is None:
        return None
    names: list[str] = []
    for group in solved:
        if not group.settings:
            return None
        names += cheapest(group, dictionary)
    return Fewest(
        facts=tuple(sorted(names, key=lambda name: ask_rank(dictionary[name]))),
        proven=all(group.proven for group in solved) and untangled(solved, cuts),
    )


def cheapest(group: Solved, dictionary: Dictionary) -> tuple[str, ...]:
    """Of all smallest sets of facts the one that is cheapest to ask."""
    return min(
        (tuple(each) for each in group.settings), key=lambda each: _dearness(each, dictionary)
    )


def untangled(solved: Iterable[Solved], cuts: Cuts) -> bool:
    """Whether trying regions proved what was found."""
    return all(cuts.tangled.isdisjoint(goal.facts) for each in solved for goal in each.goals)


def _dearness(names: tuple[str, ...], dictionary: Dictionary) -> tuple[int, list[tuple[int, int]]]:
    return len(names), sorted((ask_rank(dictionary[name]) for name in names), reverse=True)


# -- whatever the answers are --------------------------------------------------------


def _surely(
    criteria: Sequence[Criterion],
    facts: Facts,
    dictionary: Dictionary,
    cuts: Cuts,
    options: Options,
) -> Fewest | None:
    """The fewest facts all of whose answers settle the pack.

    The worst answers keep some criterion unknown and refuse none. Groups of criteria
    that share no missing fact are independent: each needs a set of its own, unless
    the answers of one group always refuse.
    """
    voiced = bool(voice(criteria, facts.as_of, bool))
    grouped = [tuple(criteria)] if voiced else _grouped(criteria, options)
    parts = [_Group(group, dictionary, voiced) for group in grouped]
    names: list[str] | None = []
    always: list[tuple[str, ...]] = []
    try:
        for part in parts:
            board = Board.of(facts)
            needed = _needed(part, part.may_stay_unknown, board, options, cuts)
            names = None if needed is None or names is None else [*names, *needed]
            refusing = _needed(part, part.may_pass, board, options, cuts)
            if refusing:
                always.append(refusing)
        proven = all(cuts.tangled.isdisjoint(each.facts) for each in criteria)
    except LimitHit:
        names, proven = [name for part in parts for name in part.names(options)], False
    sets = [*always, *([tuple(names)] if names else [])]
    best = min(sets, key=lambda each: _dearness(each, dictionary), default=None)
    if best is None:
        return None
    return Fewest(
        facts=tuple(sorted(best, key=lambda name: ask_rank(dictionary[name]))), proven=proven
    )


def _grouped(criteria: Sequence[Criterion], options: Options) -> list[tuple[Criterion, ...]]:
    of_goal = {Goal(each.facts, lambda _: True): each for each in criteria}
    return [tuple(of_goal[goal] for goal in group) for group in groups([*of_goal], options)]


@dataclass(frozen=True, slots=True)
class _Group:
    """Criteria that share missing facts, as the worst answers see them.

    voiced: they are all that the pack has, and whether any of them applies is open too.
    """

    criteria: tuple[Criterion, ...]
    dictionary: Dictionary
    voiced: bool

    def names(self, options: Options) -> tuple[str, ...]:
        return tuple(dict.fromkeys(n for each in self.criteria for n in each.facts if n in options))

    def may_pass(self, facts: Facts) -> bool:
        return not any(
            each.strength == "must" and weigh(each, facts, self.dictionary)[1] is Finding.NOT_MET
            for each in self.criteria
        )

    def may_stay_unknown(self, facts: Facts) -> bool:
        findings = [
            (each.strength, weigh(each, facts, self.dictionary)[1]) for each in self.criteria
        ]
        refused = ("must", Finding.NOT_MET) in findings
        if refused or any(finding is Finding.UNKNOWN for _, finding in findings):
            return not refused
        return self.voiced and speaks(self.criteria, facts) is None


def _needed(
    group: _Group,
    worst: Callable[[Facts], bool],
    board: Board,
    options: Options,
    cuts: Cuts,
) -> tuple[str, ...] | None:
    """The fewest facts after which no answers are as bad as the worst; None = none do."""
    names = group.names(options)
    # A judgement that chooses the arm of a CASE may, once made, bring up new questions.
    unsettling = cuts.presence | {n for n in cuts.switches if group.dictionary[n].judgement}
    trial = _Trial(Goal((), worst), board, options, frozenset(unsettling))
    if trial.can_be_bad(names):
        return None
    first: tuple[str, ...] = ()
    if unsettling.isdisjoint(names):
        # Knowing more never unsettles here, so a fact without which all others are not
        # enough is in every set.
        first = tuple(
            name for name in names if trial.can_be_bad(tuple(n for n in names if n != name))
        )
    rest = tuple(name for name in names if name not in first)
    for size in range(len(rest) + 1):
        sets = [(*first, *more) for more in combinations(rest, size)]
        enough = [each for each in sets if not trial.can_be_bad(each)]
        if enough:
            return min(enough, key=lambda each: _dearness(each, group.dictionary))
    return None


@dataclass(frozen=True, slots=True)
class _Trial:
    """Whether some answers to some facts are as bad as can be."""

    worst: Goal
    board: Board
    options: Options
    unsettling: frozenset[str]

    def can_be_bad(self, names: tuple[str, ...]) -> bool:
        """The unsettling facts come first.

        Once they are set, knowing more never makes a good answer bad again.
        """
        return self._try(tuple(sorted(names, key=lambda name: name not in self.unsettling)))

    def _try(self, names: tuple[str, ...]) -> bool:
        if self.unsettling.isdisjoint(names):
            if not self.board.holds(self.worst):
                return False
            if not names:
                return True
        try:
            for region in self.options[names[0]]:
                self.board.set(names[0], region.sample)
                if self._try(names[1:]):
                    return True
        finally:
            self.board.take_back(names[0])
        return False
