"""Where guidelines part: positions with their criteria, and what this system does about it.

Read from content/guidelines/conflicts.toml. A conflict has positions; each tells who
says it, what, how that was read, and which criteria carry it. Some positions have no
criterion (a claim, a trial): they are told and never weigh. Whether a conflict matters
to a person is decided in ``bites``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from typing import Literal as Choice

import msgspec

from evenkeel.core.guidelines.packs.jurisdictions import JURISDICTION_WORDS
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.tree import Node, PredicateFault, facts_in, read_predicate
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.kernel.content import ContentFault, content, read_toml
from evenkeel.core.kernel.sources import Mark, Status

Compares = Choice["answers", "rules"]
Does = Choice["switch", "strictest", "person", "shown"]

DOES_WORDS: dict[Does, str] = {
    "switch": "The choice of product, country or pack settles it",
    "strictest": "The strictest is taken until somebody decides otherwise",
    "person": "A person decides, in writing",
    "shown": "All sides are shown, none is chosen",
}


class _Position(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One [[conflict.position]]."""

    who: str
    says: str
    mark: Mark
    country: str
    criteria: list[str] = []
    products: list[str] = []
    indications: list[str] = []
    asks: str = ""
    against: str = ""
    clear: str = ""


class _Conflict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One [[conflict]]."""

    id: str
    title: str
    topics: list[str]
    does: Does
    engine: str
    compares: Compares = "rules"
    about: list[str] = []
    when: str = ""
    never: str = ""
    status: Status = Status.DRAFT
    position: list[_Position]


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    conflict: list[_Conflict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One side. country: a key of JURISDICTION_WORDS.

    products, indications: narrower than the pack's; () = as the pack.
    asks, against, clear: what to say when its criteria ask a person, are not met, or
    stand in nobody's way; "" = general words.
    """

    who: str
    says: str
    mark: Mark
    country: str
    criteria: tuple[str, ...]
    products: tuple[str, ...]
    indications: tuple[str, ...]
    asks: str
    against: str
    clear: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A place where guidelines part. topics: rows of the table that it touches.

    compares: "answers" where the same person gets different findings, "rules" where
        what is asked differs for everybody to whom both apply.
    about: the facts over which they part; of a criterion that asks for more, only the
        parts that read one of these count.
    when: only for people of whom this is true; None = for all.
    never: why it cannot bite one patient; "" where it can.
    does, engine: what this system does about it.
    """

    id: str
    title: str
    topics: tuple[str, ...]
    does: Does
    engine: str
    compares: Compares
    about: tuple[str, ...]
    when: Node | None
    when_text: str
    never: str
    status: Status
    positions: tuple[Position, ...]

    @property
    def summary(self) -> str:
        """All sides in one line, for a row of a table."""
        return " ".join(f"{each.who}: {each.says}" for each in self.positions)

    def names(self, criterion_id: str) -> bool:
        return any(criterion_id in position.criteria for position in self.positions)


def load_conflicts(
    packs: Mapping[str, Pack],
    topics: Iterable[str],
    dictionary: Dictionary,
    root: Traversable | None = None,
) -> tuple[Conflict, ...]:
    """Read and check all conflicts; () of an edition that kept none in this form.

    Raises:
        ContentFault: an unknown criterion, fact, topic or country, with the nearest right
            name; a conflict without two sides, or that could never be told to bite.
    """
    criteria = {each.id: each for pack in packs.values() for each in pack.criteria}
    known_topics = tuple(topics)
    place = content("guidelines", "conflicts.toml", root=root)
    if not place.is_file():
        return ()
    read = read_toml(place, _File)
    made: dict[str, Conflict] = {}
    for row in read.conflict:
        if row.id in made:
            raise ContentFault(f"conflicts.toml: {row.id} is defined twice")
        made[row.id] = _conflict(row, criteria, known_topics, dictionary)
    return tuple(made.values())


def _conflict(
    row: _Conflict, criteria: dict[str, Criterion], topics: tuple[str, ...], dictionary: Dictionary
) -> Conflict:
    where = f"conflicts.toml: {row.id}"
    for name in row.topics:
        _known(name, topics, where, "topic")
    for name in row.about:
        _known(name, dictionary.facts, where, "fact")
    if len(row.position) < 2:
        raise ContentFault(f"{where}: a conflict has two positions or more")
    for position in row.position:
        _check_position(position, f"{where}: {position.who}", criteria, dictionary)
    listed = [name for position in row.position for name in position.criteria]
    twice = sorted({name for name in listed if listed.count(name) > 1})
    if twice:
        raise ContentFault(f"{where}: {', '.join(twice)} stands on two sides")
    sides = sum(bool(position.criteria) for position in row.position)
    if not row.never and sides < 2:
        raise ContentFault(
            f"{where}: only {sides} of its positions has criteria, so that it could never bite; "
            "add the missing ones or say in `never` why not"
        )
    if row.compares == "answers":
        _check_about(row, [criteria[name] for name in listed], where)
    try:
        when = read_predicate(row.when, dictionary) if row.when else None
    except PredicateFault as fault:
        raise ContentFault(f"{where}: when: {fault}") from fault
    return Conflict(
        id=row.id,
        title=row.title,
        topics=tuple(row.topics),
        does=row.does,
        engine=row.engine,
        compares=row.compares,
        about=tuple(row.about),
        when=when,
        when_text=row.when,
        never=row.never,
        status=row.status,
        positions=tuple(
            Position(
                who=each.who,
                says=each.says,
                mark=each.mark,
                country=each.country,
                criteria=tuple(each.criteria),
                products=tuple(each.products),
                indications=tuple(each.indications),
                asks=each.asks,
                against=each.against,
                clear=each.clear,
            )
            for each in row.position
        ),
    )


def _check_position(
    position: _Position, where: str, criteria: dict[str, Criterion], dictionary: Dictionary
) -> None:
    for name in position.criteria:
        _known(name, criteria, where, "criterion")
    _known(position.country, JURISDICTION_WORDS, where, "country")
    for fact, values in (("product", position.products), ("indication", position.indications)):
        for value in values:
            _known(value, dictionary[fact].values, where, fact)


def _check_about(row: _Conflict, listed: list[Criterion], where: str) -> None:
    """Where answers are compared, each criterion must read what they part over."""
    if not row.about:
        raise ContentFault(f"{where}: comparing answers needs `about`: over which facts?")
    for criterion in listed:
        nodes = [node for node in (criterion.applies_when, criterion.require) if node is not None]
        read = {name for node in nodes for name in facts_in(node)}
        if criterion.require is not None and read.isdisjoint(row.about):
            raise ContentFault(
                f"{where}: {criterion.id} reads none of {', '.join(row.about)}; "
                f"it reads {', '.join(sorted(read))}"
            )


def _known(name: str, known: Iterable[str], where: str, what: str) -> None:
    by_small = {each.lower(): each for each in known}
    if by_small.get(name.lower()) == name:
        return
    close = get_close_matches(name.lower(), by_small, n=1, cutoff=0.4)
    nearest = f"; the nearest right name is {by_small[close[0]]}" if close else ""
    raise ContentFault(f"{where}: there is no {what} {name!r}{nearest}")
