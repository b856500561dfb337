"""Which conflicts matter to this person: where two guidelines in play part over them.

In: conflicts, packs, facts. Out: bites, each with its sides and a reason in words.

**In play** is a position whose pack (1) is shown on the page, or speaks for no one country,
as a trial or a definition does; (2) names the person's product and indication, or names
none, or the person's is not known; (3) speaks for the person's country, or for none, or
the person's is not known. A position may be narrower than its pack. A conflict never
bites because of a pack that is not in play.

A conflict that compares **rules** bites when criteria of two positions apply: they ask
different things of everybody. One that compares **answers** bites when the positions'
findings differ for this person: 148/88 at 70 is over one limit and within another.
Where a fact is missing every value that it could have is tried (``regions``): if the
sides part for one of them the conflict *may* bite, and is silent otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product as combinations
from math import prod

from evenkeel.core.guidelines.packs.conflicts import Conflict, Position
from evenkeel.core.guidelines.packs.jurisdictions import EVERYWHERE, speaks_for
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.evaluate import Outcome, evaluate
from evenkeel.core.guidelines.predicates.regions import Region, cuts_of
from evenkeel.core.guidelines.predicates.tree import And, Node, facts_in
from evenkeel.core.guidelines.terms.dictionary import Dictionary
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range, Value
from evenkeel.core.guidelines.verdicts.verdicts import fact_words

_CHOSEN = ("indication", "product", "jurisdiction")
_MOST_TRIED = 1000


class Stance(StrEnum):
    """What one side makes of this person, the weightiest first."""

    AGAINST = "against"
    ASKS = "asks"
    SPEAKS = "speaks"
    UNKNOWN = "unknown"
    CLEAR = "clear"
    SILENT = "silent"


_WEIGHT = list(Stance)
_ANSWERS = (Stance.AGAINST, Stance.ASKS, Stance.CLEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One position with what it makes of this person.

    criteria: those in play. deciding, missing: facts behind the stance.
    """

    position: Position
    packs: tuple[Pack, ...]
    criteria: tuple[Criterion, ...]
    stance: Stance
    deciding: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def words(self) -> str:
        """The stance as a reader would say it."""
        match self.stance:
            case Stance.AGAINST:
                return self.position.against or "not met"
            case Stance.ASKS:
                return self.position.asks or "a person must judge"
            case Stance.CLEAR:
                return self.position.clear or "nothing in the way"
            case Stance.UNKNOWN:
                return f"not known yet ({_first_small(self.position.says).rstrip('.')})"
        return _first_small(self.position.says)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bite:
    """A conflict that matters to this person, or may.

    certain: False while a missing fact decides. missing: those facts, judgements left out.
    open: of indication, product and jurisdiction those not known, whose answer could end it
        or leave one side alone.
    """

    conflict: Conflict
    certain: bool
    sides: tuple[Side, ...]
    reason: str
    missing: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def at_screening(self) -> bool:
        """Whether it weighs now; otherwise it waits for the day, the dose or later."""
        return any(each.stage == "screening" for side in self.sides for each in side.criteria)


def bites(
    conflicts: Iterable[Conflict],
    packs: Iterable[Pack],
    facts: Facts,
    dictionary: Dictionary,
    *,
    shown: Collection[str] | None = None,
) -> tuple[Bite, ...]:
    """The conflicts that bite this person, the certain ones first.

    packs: all there are. shown: ids of those that the page shows; None = ``Pack.shown``.
    """
    playing = {
        criterion.id: (criterion, pack, pack.shown if shown is None else pack.id in shown)
        for pack in packs
        if in_play(pack, facts)
        for criterion in pack.criteria
        if criterion.in_force(facts.as_of)
    }
    found = [bite for each in conflicts if (bite := _bite(each, playing, facts, dictionary))]
    return tuple(sorted(found, key=lambda bite: (not bite.certain, not bite.at_screening)))


def in_play(pack: Pack, facts: Facts) -> bool:
    """Whether a pack may speak about this person: product, indication and country."""
    return _fits(pack.products, pack.indications, pack.jurisdiction, facts)


def _fits(products: Sequence[str], indications: Sequence[str], country: str, facts: Facts) -> bool:
    product, indication, where = (
        facts[name].value for name in ("product", "indication", "jurisdiction")
    )
    return (
        (product is None or not products or product in products)
        and (indication is None or not indications or indication in indications)
        and speaks_for(country, where if isinstance(where, str) else None)
    )


# By criterion: the criterion, its pack, and whether the page shows the pack.
_Playing = dict[str, tuple[Criterion, Pack, bool]]


def _bite(
    conflict: Conflict, playing: _Playing, facts: Facts, dictionary: Dictionary
) -> Bite | None:
    if conflict.never:
        return None
    when = Outcome(True) if conflict.when is None else evaluate(conflict.when, facts)
    if when.value is False:
        return None
    sides = tuple(
        side
        for position in conflict.positions
        if (side := _side(position, conflict, playing, facts)) is not None
        and side.stance is not Stance.SILENT
    )
    if len(sides) < 2:
        return None
    certain = True
    if conflict.compares == "rules":
        certain = sum(side.stance is Stance.SPEAKS for side in sides) > 1
    elif len({side.stance for side in sides} & set(_ANSWERS)) < 2:
        certain = False
        is_open = any(side.stance is Stance.UNKNOWN for side in sides)
        if not (is_open and _could_part(conflict, playing, facts, dictionary, sides)):
            return None
    certain = certain and when.value is True
    if certain:
        sides = tuple(side for side in sides if side.stance is not Stance.UNKNOWN)
    missing = dict.fromkeys((*when.missing, *(name for side in sides for name in side.missing)))
    return Bite(
        conflict=conflict,
        certain=certain,
        sides=sides,
        reason=_reason(sides, facts, dictionary),
        missing=tuple(n for n in missing if not dictionary[n].judgement and n not in _CHOSEN),
        open=_union(((n for n in when.missing if n in _CHOSEN), _open(sides, facts))),
    )


def _side(position: Position, conflict: Conflict, playing: _Playing, facts: Facts) -> Side | None:
    """A position as it stands for this person; None when none of its criteria is in play."""
    if not _fits(position.products, position.indications, position.country, facts):
        return None
    no_country = position.country in EVERYWHERE
    mine = [
        (criterion, pack)
        for name in position.criteria
        if name in playing
        for criterion, pack, is_shown in (playing[name],)
        if is_shown or (no_country and pack.jurisdiction in EVERYWHERE)
    ]
    if not mine:
        return None
    stances = [(_stance(criterion, conflict, facts), criterion, pack) for criterion, pack in mine]
    stance = min((found[0] for found, _, _ in stances), key=_WEIGHT.index)
    weighing = [(found, c, p) for found, c, p in stances if found[0] is stance]
    return Side(
        position=position,
        packs=tuple({pack.id: pack for _, _, pack in weighing}.values()),
        criteria=tuple(criterion for _, criterion, _ in weighing),
        stance=stance,
        deciding=_union(found[1] for found, _, _ in weighing),
        missing=_union(found[2] for found, _, _ in weighing),
    )


_Found = tuple[Stance, tuple[str, ...], tuple[str, ...]]


def _stance(criterion: Criterion, conflict: Conflict, facts: Facts) -> _Found:
    about = set(conflict.about)
    deciding: tuple[str, ...] = ()
    if criterion.applies_when is not None:
        applies = evaluate(criterion.applies_when, facts)
        deciding = applies.deciding
        if applies.value is None:
            return Stance.UNKNOWN, deciding, applies.missing
        if applies.value is False:
            return _not_reached(criterion.applies_when, conflict, deciding, facts)
    if conflict.compares == "rules":
        return Stance.SPEAKS, deciding, ()
    if criterion.require is None:
        return Stance.CLEAR, deciding, ()  # advice never stands in the way
    required = evaluate(_disputed(criterion.require, about), facts)
    both = _union((deciding, required.deciding))
    if required.value is None and criterion.asked_of:
        return Stance.ASKS, both, ()
    if required.value is None:
        return Stance.UNKNOWN, both, required.missing
    return (Stance.CLEAR if required.value else Stance.AGAINST), both, ()


def _not_reached(
    applies: Node, conflict: Conflict, deciding: tuple[str, ...], facts: Facts
) -> _Found:
    """A criterion that does not apply: an answer if only what they part over keeps it away.

    A rule from 65 that a pressure does not reach clears people from 65. To others it has
    nothing to say, and while the age is not known it is not known whether it has.
    """
    parts = applies.parts if isinstance(applies, And) else (applies,)
    rest = tuple(part for part in parts if set(conflict.about).isdisjoint(facts_in(part)))
    if conflict.compares == "rules" or len(rest) == len(parts):
        return Stance.SILENT, deciding, ()
    others = evaluate(And(rest), facts) if rest else Outcome(True)
    if others.value is None:
        return Stance.UNKNOWN, deciding, others.missing
    return (Stance.CLEAR if others.value else Stance.SILENT), deciding, ()


def _disputed(node: Node, about: set[str]) -> Node:
    """Of what is required together, only what reads a fact that the conflict is about.

    All of it where nothing does: the IF part reads it then.
    """
    parts = node.parts if isinstance(node, And) else (node,)
    kept = tuple(part for part in parts if not about.isdisjoint(facts_in(part)))
    if not kept:
        return node
    return kept[0] if len(kept) == 1 else And(kept)


def _could_part(
    conflict: Conflict,
    playing: _Playing,
    facts: Facts,
    dictionary: Dictionary,
    sides: tuple[Side, ...],
) -> bool:
    """Whether the sides part for any values of the missing facts; True if too many to try."""
    names = [
        name for name in _union(side.missing for side in sides) if not dictionary[name].judgement
    ]
    nodes = [
        node
        for side in sides
        for criterion in side.criteria
        for node in (criterion.applies_when, criterion.require)
        if node is not None
    ]
    cuts = cuts_of(nodes, facts.as_of)
    samples = [tuple(_possible(facts[name], cuts.regions(dictionary[name]))) for name in names]
    if prod(len(each) for each in samples) > _MOST_TRIED or cuts.tangled.intersection(names):
        return True
    for values in combinations(*samples):
        told = {
            name: Fact(name=name, value=value) for name, value in zip(names, values, strict=True)
        }
        tried = Facts(facts.as_of, {**facts.by_name, **told})
        stances = {
            side.stance
            for position in conflict.positions
            if (side := _side(position, conflict, playing, tried)) is not None
        }
        if len(stances & set(_ANSWERS)) > 1:
            return True
    return False


def _possible(fact: Fact, regions: Iterable[Region]) -> Iterator[Value]:
    """One value of each region that the fact could still lie in."""
    for region in regions:
        if isinstance(fact.value, Range) and not region.meets(fact.value):
            continue
        yield region.sample


def _open(sides: tuple[Side, ...], facts: Facts) -> tuple[str, ...]:
    """Which of the chosen facts, once known, could leave one side alone."""
    countries = {side.position.country for side in sides} - set(EVERYWHERE)
    products = {side.position.products or _all(p.products for p in side.packs) for side in sides}
    aims = {side.position.indications or _all(p.indications for p in side.packs) for side in sides}
    differ = {
        "jurisdiction": len(countries) > 1,
        "product": len(products) > 1,
        "indication": len(aims) > 1,
    }
    return tuple(name for name in differ if differ[name] and not facts[name].known)


def _all(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for group in groups for name in group}))


def _reason(sides: tuple[Side, ...], facts: Facts, dictionary: Dictionary) -> str:
    """The values that decide, then what each side makes of them."""
    deciding = [name for name in _union(side.deciding for side in sides)
                if name not in _CHOSEN and facts[name].known]  # fmt: skip
    values = "; ".join(fact_words(facts[name], dictionary[name]) for name in deciding)
    told = "; ".join(f"{side.position.who}: {side.words.rstrip('.')}" for side in sides)
    return f"{values}. {told}." if values else f"{told}."


def _first_small(says: str) -> str:
    """A sentence as a part of another; abbreviations keep their capitals."""
    keeps = says[:2].isalpha() and says[:2].isupper()
    return says if keeps else says[:1].lower() + says[1:]


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))
