"""Facts as a decision keeps them, and facts read back from what was kept.

In: facts, or plain values as JSON knows them. Out: the other. Reading back gives the
same facts, so that the same content judges the same. A kept value that cannot be read
is a fault with its name, never a fact that is silently unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from evenkeel.core.guidelines.terms.dictionary import Dictionary, Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range, Value
from evenkeel.core.kernel.quantities import plain

# How facts were written: 1 named no kind of value, so a day and a choice look alike.
FORMAT = 2
_SAYS_NOTHING = ("", "not in the record")


class UnreadableKept(ValueError):
    """What was kept cannot be read. The message names the fact."""


def worth_keeping(fact: Fact) -> bool:
    """Whether it says more than that nothing was found."""
    told = fact.known or fact.refs or fact.disputed or fact.stale_since or fact.by
    return bool(told) or fact.note not in _SAYS_NOTHING


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Every fact that says something, by name."""
    return {fact.name: fact_as_json(fact) for fact in facts.by_name.values() if worth_keeping(fact)}


def fact_as_json(fact: Fact) -> dict[str, Any]:
    """value and what it stands on; ``kind`` says how the value is to be read."""
    told: dict[str, Any] = {
        "value": value_as_json(fact.value),
        "kind": str(_kind_of(fact.value)) if fact.value is not None else "",
        "origin": fact.origin,
        "refs": list(fact.refs),
        "at": fact.at.isoformat() if fact.at else None,
        "by": fact.by,
        "note": fact.note,
    }
    if fact.disputed:
        told["disputed"] = True
    if fact.stale_since is not None:
        told["stale_since"] = fact.stale_since.isoformat()
    if fact.old_value is not None:
        told["old_value"] = value_as_json(fact.old_value)
        told["old_kind"] = str(_kind_of(fact.old_value))
    return told


def value_as_json(value: Value | None) -> Any:
    """A range as [low, high] in plain digits; a day as ISO."""
    if isinstance(value, Range):
        return [None if end is None else _digits(end) for end in (value.low, value.high)]
    if isinstance(value, date):
        return value.isoformat()
    return value


def facts_from(kept: Mapping[str, Any], as_of: date, dictionary: Dictionary) -> Facts:
    """The facts that were kept, of the edition whose dictionary this is.

    Raises:
        UnreadableKept: a fact that the edition does not know, a value that is not of its
            kind, or a key that is missing.
    """
    facts = Facts(as_of, {name: _fact_from(name, told) for name, told in kept.items()})
    strange = [name for name in facts if not _fits(facts[name], dictionary)]
    if strange:
        raise UnreadableKept(f"{', '.join(strange)}: not as the edition of that day has it")
    return facts


def fitting(facts: Facts, dictionary: Dictionary) -> Facts:
    """Those of the facts that another edition knows under the same name and kind."""
    kept = {name: fact for name, fact in facts.by_name.items() if _fits(fact, dictionary)}
    return Facts(facts.as_of, kept)


def _fits(fact: Fact, dictionary: Dictionary) -> bool:
    if fact.name not in dictionary:
        return False
    return fact.value is None or _kind_of(fact.value) is dictionary[fact.name].kind


def _fact_from(name: str, told: Mapping[str, Any]) -> Fact:
    try:
        return Fact(
            name=name,
            value=_value_from(told["value"], told["kind"]),
            origin=told["origin"],
            refs=tuple(told["refs"]),
            at=_day(told["at"]),
            by=told["by"],
            note=told["note"],
            disputed=bool(told.get("disputed", False)),
            stale_since=_day(told.get("stale_since")),
            old_value=_value_from(told.get("old_value"), told.get("old_kind", "")),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation) as fault:
        raise UnreadableKept(f"{name}: what was kept of it cannot be read ({fault!r})") from fault


def _kind_of(value: Value) -> Kind:
    match value:
        case bool():
            return Kind.YES_NO
        case Range():
            return Kind.NUMBER
        case date():
            return Kind.DAY
        case _:
            return Kind.CHOICE


def _value_from(raw: Any, kind: str) -> Value | None:
    if raw is None:
        return None
    match kind:
        case Kind.YES_NO if isinstance(raw, bool):
            return raw
        case Kind.NUMBER:
            low, high = (None if end is None else Decimal(end) for end in raw)
            return Range(low, high)
        case Kind.DAY:
            return date.fromisoformat(raw)
        case Kind.CHOICE if isinstance(raw, str):
            return raw
    raise ValueError(f"{raw!r} is not of the kind {kind!r}")


def _day(raw: Any) -> date | None:
    return None if raw is None else date.fromisoformat(raw)


def _digits(value: Decimal) -> str:
    return f"-{plain(-value)}" if value < 0 else plain(value)
