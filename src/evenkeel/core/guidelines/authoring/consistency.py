"""Criteria of one pack that contradict each other.

In: a pack. Out: each pair of criteria that both apply to some person whom neither
forbids alone, and that no such person can meet together.

Two readings are tried, and either counts:

- the person is given by everything that the IF parts read: among such persons each
  criterion can be met, yet not both;
- the person is given only by what IF parts read and no requirement does: so that
  "if pregnant: not pregnant", which says that the pregnant are out, is held to have
  room, and still clashes with a criterion that demands what it forbids.

Values are tried by region (``regions``), so that for facts that are not tangled the
answer is a proof; ``certain`` says whether it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.evaluate import evaluate
from evenkeel.core.guidelines.predicates.regions import Cuts, Region, cuts_of
from evenkeel.core.guidelines.predicates.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Compare,
    FactRef,
    IsKnown,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
    facts_in,
)
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.terms.values import Fact, Facts, Value
from evenkeel.core.guidelines.verdicts.verdicts import value_words

_YES = Literal(True)
# DAYS_SINCE counts back from a day; any day will do, since only differences matter.
_SOME_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two criteria that cannot both be met.

    person: facts of somebody to whom both apply; empty where they clash for everybody.
    certain: False where facts are compared with each other and trying proves nothing.
    words: one sentence for an author.
    """

    first: str
    second: str
    person: tuple[tuple[str, Value], ...]
    certain: bool
    words: str


def contradictions(pack: Pack, dictionary: Dictionary) -> tuple[Contradiction, ...]:
    """Pairs of must and should criteria of one pack that contradict, in its order."""
    weighed = [each for each in pack.criteria if _weighs(each)]
    found = []
    for first, second in combinations(weighed, 2):
        if set(first.facts).isdisjoint(second.facts) or not _meet(first, second):
            continue
        clash = _clash(first, second, dictionary)
        if clash is not None:
            found.append(clash)
    return tuple(found)


def _weighs(criterion: Criterion) -> bool:
    return criterion.require is not None and criterion.strength in ("must", "should")


def _meet(first: Criterion, second: Criterion) -> bool:
    """Whether there is a day on which both are in force."""
    since = max(first.since or date.min, second.since or date.min)
    return since <= min(first.until or date.max, second.until or date.max)


def _clash(first: Criterion, second: Criterion, dictionary: Dictionary) -> Contradiction | None:
    applies = [_known(each.applies_when) if each.applies_when else _YES for each in (first, second)]
    wants = [_known(each.require) for each in (first, second) if each.require is not None]
    cuts = cuts_of([*applies, *wants], _SOME_DAY)
    persons = _Persons(dictionary, cuts)
    ifs = tuple(dict.fromkeys(name for node in applies for name in facts_in(node)))
    wanted = {name for node in wants for name in facts_in(node)}
    both_apply = And(tuple(applies))
    either_way = [Or((Not(a), r)) for a, r in zip(applies, wants, strict=True)]
    readings = (
        (ifs, [And((both_apply, node)) for node in wants]),
        (tuple(name for name in ifs if name not in wanted), either_way),
    )
    for given, met in readings:
        for person in persons.all_of(given, both_apply):
            apart = all(persons.exists(node, person) for node in met)
            if apart and not persons.exists(And(tuple(met)), person):
                certain = cuts.tangled.isdisjoint((*ifs, *wanted))
                return _told(first, second, person, certain, dictionary)
    return None


def _told(
    first: Criterion,
    second: Criterion,
    person: dict[str, Value],
    certain: bool,
    dictionary: Dictionary,
) -> Contradiction:
    who = ", ".join(
        f"{dictionary[name].label} {value_words(value, dictionary[name])}"
        for name, value in person.items()
    )
    can = "cannot both be met" if certain else "were not found to be met together"
    return Contradiction(
        first=first.id,
        second=second.id,
        person=tuple(person.items()),
        certain=certain,
        words=f"{first.id} and {second.id} {can}" + (f" for a person with {who}" if who else ""),
    )


@dataclass(frozen=True, slots=True)
class _Persons:
    """People about whom everything is known that the predicates read."""

    dictionary: Dictionary
    cuts: Cuts

    def all_of(self, names: tuple[str, ...], such_that: Node) -> Iterator[dict[str, Value]]:
        """Every kind of person by these facts for whom a condition can still hold."""
        for person in self._grow(names, {}, such_that):
            if self.exists(such_that, person):
                yield person

    def exists(self, node: Node, given: dict[str, Value]) -> bool:
        """Whether somebody with the given facts satisfies a condition."""
        names = tuple(name for name in facts_in(node) if name not in given)
        return any(_outcome(node, person) is True for person in self._grow(names, given, node))

    def _grow(
        self, names: tuple[str, ...], given: dict[str, Value], such_that: Node
    ) -> Iterator[dict[str, Value]]:
        """Assignments to the names, left off where the condition is already false."""
        if _outcome(such_that, given) is False:
            return
        if not names:
            yield given
            return
        for region in self._regions(names[0]):
            yield from self._grow(names[1:], {**given, names[0]: region.sample}, such_that)

    def _regions(self, name: str) -> tuple[Region, ...]:
        return self.cuts.regions(self.dictionary[name])


def _outcome(node: Node, person: dict[str, Value]) -> bool | None:
    facts = {name: Fact(name=name, value=value) for name, value in person.items()}
    return evaluate(node, Facts(_SOME_DAY, facts)).value


def _known(node: Node | None) -> Node:
    """The predicate as it reads for a person about whom everything is known."""
    assert node is not None
    return _mapped(node, lambda at: _YES if isinstance(at, IsKnown) else at)


def _mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    def all_of(parts: Iterable[Node]) -> tuple[Node, ...]:
        return tuple(_mapped(part, change) for part in parts)

    match node:
        case And(parts):
            made: Node = And(all_of(parts))
        case Or(parts):
            made = Or(all_of(parts))
        case Not(of):
            made = Not(_mapped(of, change))
        case Compare(op, left, right):
            made = Compare(op, _mapped(left, change), _mapped(right, change))
        case OneOf(left, values):
            made = OneOf(_mapped(left, change), values)
        case Arithmetic(op, left, right):
            made = Arithmetic(op, _mapped(left, change), _mapped(right, change))
        case Call(name, args):
            made = Call(name, all_of(args))
        case Case(whens, otherwise):
            pairs = tuple((_mapped(c, change), _mapped(v, change)) for c, v in whens)
            made = Case(pairs, _mapped(otherwise, change))
        case FactRef() | Literal() | IsKnown():
            made = node
    return change(made)
