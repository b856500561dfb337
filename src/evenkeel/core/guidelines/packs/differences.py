"""What changed between two editions, item by item and field by field.

In: two libraries. Out: what was added, removed or changed, in an order that never
depends on chance. Everything that a check stands on is compared: packs, criteria, facts,
definitions of a failed trial, minimum doses, concepts, codes, quantities, safeguards,
topics and conflicts. Two editions with the same content differ in nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import msgspec

from evenkeel.core.guidelines.packs.conflicts import Conflict
from evenkeel.core.guidelines.packs.library import Library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack, asked_fact
from evenkeel.core.kernel.sources import Source
from evenkeel.core.kernel.verdicts import Answer

Item = Mapping[str, str]


class Change(StrEnum):
    """What became of an item."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a changed item; "" where it was or is not said."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One item of one section that is not the same. title: what it says, for a reader."""

    section: str
    id: str
    change: Change
    title: str
    fields: tuple[Field, ...] = ()


def differences(before: Library, after: Library) -> tuple[Difference, ...]:
    """Everything in which two editions differ, by section and id."""
    was, now = _sections(before), _sections(after)
    found = [each for name in was for each in _compared(name, was[name], now[name])]
    # A fact that comes or goes with its concept is told there.
    told = {(each.id, each.change) for each in found if each.section == "concept"}
    return tuple(
        each
        for each in found
        if each.section != "fact"
        or each.change is Change.CHANGED
        or (each.id, each.change) not in told
    )


def files_apart(before: Library, after: Library) -> tuple[str, ...]:
    """Files whose bytes differ, whether or not a check reads what differs in them."""
    was, now = before.held.files, after.held.files
    return tuple(path for path in sorted({*was, *now}) if was.get(path) != now.get(path))


def _compared(
    section: str, was: Mapping[str, Item], now: Mapping[str, Item]
) -> Iterator[Difference]:
    for key in sorted({*was, *now}):
        old, new = was.get(key), now.get(key)
        if old == new:
            continue
        named = new if new is not None else old
        assert named is not None
        title = next(iter(named.values()), "")
        if old is None or new is None:
            change = Change.ADDED if old is None else Change.REMOVED
            yield Difference(section=section, id=key, change=change, title=title)
            continue
        changed = tuple(
            Field(name=name, before=old.get(name, ""), after=new.get(name, ""))
            for name in dict.fromkeys((*old, *new))
            if old.get(name, "") != new.get(name, "")
        )
        # A field that only one program knows, and says nothing, is no change of content.
        if changed:
            yield Difference(
                section=section, id=key, change=Change.CHANGED, title=title, fields=changed
            )


def _sections(content: Library) -> Mapping[str, Mapping[str, Item]]:
    packs = content.packs | content.payers
    words, knowledge = content.terminology, content.knowledge
    codes: dict[str, Item] = {
        f"{match.coding.system}|{match.coding.code}|{match.concept}": {
            "display": match.display, "concept": match.concept, "meaning": match.meaning,
            "match": how,
        }
        for how, index in (("exact", words.exact), ("descendants-by-prefix", words.prefixes))
        for matches in index.values()
        for match in matches
    }  # fmt: skip
    asked = {asked_fact(each.id) for pack in packs.values() for each in pack.criteria}
    return {
        "pack": {each.id: _pack(each) for each in packs.values()},
        "criterion": {
            each.id: _criterion(each, pack, content)
            for pack in packs.values()
            for each in pack.criteria
        },
        "safeguard": _safeguards(content),
        "fact": {
            name: _plain(fact, first="label", but=("name", "unit"))
            for name, fact in content.dictionary.facts.items()
            if name not in asked
        },
        "definition": {
            name: _plain(each, first="title", but=("id",))
            for name, each in knowledge.definitions.items()
        },
        "dose": {
            drug: {table: str(amount) for table, amount in sorted(tables.items())}
            for drug, tables in knowledge.doses.minimum.items()
        },
        "concept": {each.id: _plain(each, first="name") for each in words.concepts.values()},
        "code": codes,
        "quantity": {
            name: {
                "unit": rule.unit, "possible": f"{rule.hard_min} to {rule.hard_max}",
                **{f"as {ucum}": f"accepted {each.accepted}, times {each.factor}, plus "
                                 f"{each.offset}" for ucum, each in sorted(rule.units.items())},
            }
            for name, rule in words.quantities.items()
        },
        "topic": {name: {"label": each.label} for name, each in content.topics.items()},
        "conflict": {each.id: _conflict(each) for each in content.conflicts},
    }  # fmt: skip


_OF_PACK = frozenset({"id", "criteria"})


def _pack(pack: Pack) -> Item:
    return _plain(pack, first="title", but=tuple(_OF_PACK))


def _criterion(criterion: Criterion, pack: Pack, content: Library) -> Item:
    asked = content.dictionary.facts.get(asked_fact(criterion.id))
    told = _plain(
        criterion,
        first="statement",
        but=("id", "applies_when", "require", "facts", "source"),
    )
    question = asked.question if asked is not None and criterion.asked_of else ""
    return {**told, "question": question, "pack": pack.id, **_source(criterion.source)}


def _conflict(conflict: Conflict) -> Item:
    """Its sides by who says them, as a reader of the file would compare them."""
    sides = {
        each.who: f"{each.says} ({', '.join((each.mark, *each.criteria))})"
        for each in conflict.positions
    }
    return {**_plain(conflict, first="title", but=("id", "when", "positions")), **sides}


def _source(source: Source) -> Item:
    return {"source": source.title, "place": source.at, "url": source.url, "mark": source.mark}


def _safeguards(content: Library) -> dict[str, Item]:
    """As they stand in the file: what they mean is known one room further."""
    place = content.held.joinpath("safeguards", "safeguards.toml")
    rows = msgspec.toml.decode(place.read_bytes())["safeguard"]
    return {
        row["id"]: {"label": str(row.get("label", ""))}
        | {key: _text(row[key]) for key in sorted(row) if key not in ("id", "label")}
        for row in rows
    }


def _plain(thing: Any, *, first: str, but: tuple[str, ...] = ()) -> Item:
    """Every field of a dataclass or struct in words, ``first`` leading."""
    if isinstance(thing, msgspec.Struct):
        names = list(thing.__struct_fields__)
    else:
        names = [each.name for each in fields(thing)]
    kept = [first, *(name for name in names if name != first and name not in but)]
    return {name: _text(getattr(thing, name)) for name in kept}


def _text(value: Any) -> str:
    match value:
        case None | () | []:
            return ""
        case bool():
            return "yes" if value else "no"
        case Answer():
            return str(value)
        case frozenset() | set():
            return ", ".join(sorted(_text(each) for each in value))
        case tuple() | list():
            return ", ".join(_text(each) for each in value)
        case Mapping():
            return "; ".join(f"{key}: {_text(each)}" for key, each in sorted(value.items()))
        case msgspec.Struct():
            return "; ".join(
                f"{name}: {_text(getattr(value, name))}" for name in value.__struct_fields__
            )
        case _:
            return str(value)


def as_object(before: Library, after: Library, found: tuple[Difference, ...]) -> dict[str, Any]:
    """The difference as one JSON object."""
    return {
        "from": {"edition": before.edition, "sha256": before.sha256},
        "to": {"edition": after.edition, "sha256": after.sha256},
        "differences": [
            {
                "section": each.section,
                "id": each.id,
                "change": str(each.change),
                "title": each.title,
                "fields": [
                    {"name": field.name, "from": field.before, "to": field.after}
                    for field in each.fields
                ],
            }
            for each in found
        ],
    }
