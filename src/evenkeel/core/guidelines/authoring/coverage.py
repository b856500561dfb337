"""What a spec table still lacks, reckoned from the predicates themselves.

Every limit in a predicate wants a case at it and a case one step beyond it, every
choice a case inside and outside, every yes-or-no both answers, every IF a case that
it leaves out, and every criterion a case that is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from evenkeel.core.guidelines.authoring.spec import SpecCase
from evenkeel.core.guidelines.packs.packs import Criterion
from evenkeel.core.guidelines.predicates.tree import (
    And,
    Arithmetic,
    Call,
    Case,
    Compare,
    FactRef,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
)
from evenkeel.core.guidelines.terms.dictionary import Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Range, Value
from evenkeel.core.guidelines.verdicts.verdicts import Finding
from evenkeel.core.kernel.quantities import plain

_MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_BELOW = ("<", ">=", "=", "<>")
_ABOVE = (">", "<=", "=", "<>")


@dataclass(frozen=True, slots=True)
class _Test:
    """One thing that a predicate asks of one fact. op: "" = whether it is yes."""

    fact: str
    op: str = ""
    values: tuple[Value, ...] = ()


def gaps(
    criterion: Criterion, cases: Iterable[SpecCase], dictionary: Dictionary
) -> tuple[str, ...]:
    """What the cases of one criterion leave untried, one line each; () = nothing.

    cases: of any criterion; only those of this one are looked at.
    """
    own = [case for case in cases if case.criterion == criterion.id]
    if not own:
        return ("there is no case",)
    wanting: list[str] = []
    if criterion.facts and not any(
        case.finding in (Finding.UNKNOWN, Finding.JUDGE) for case in own
    ):
        wanting.append("no case is unknown")
    if criterion.applies_when is not None and not any(case.applies is False for case in own):
        wanting.append("no case is one that it does not apply to")
    tests: dict[_Test, None] = {}
    for node in (criterion.applies_when, criterion.require):
        if node is not None:
            tests |= dict.fromkeys(_tests(node))
    for test in tests:
        told = [value for case in own for name, value in case.given if name == test.fact]
        wanting += _lacking(test, told, dictionary[test.fact])
    return tuple(dict.fromkeys(wanting))


def _tests(node: Node) -> Iterator[_Test]:
    match node:
        case FactRef(name):
            yield _Test(name)
        case Not(of):
            yield from _tests(of)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _tests(part)
        case Compare(op, FactRef(name), Literal(value)):
            yield _Test(name, op, (value,))
        case Compare(op, Literal(value), FactRef(name)):
            yield _Test(name, _MIRROR.get(op, op), (value,))
        case OneOf(FactRef(name), values):
            yield _Test(name, "=", values)
        case Compare(_, left, right) | Arithmetic(_, left, right):
            yield from _inside(left)
            yield from _inside(right)
        case Call(_, args):
            for arg in args:
                yield from _inside(arg)
        case Case(whens, otherwise):
            for condition, branch in whens:
                yield from _tests(condition)
                yield from _tests(branch)
            yield from _tests(otherwise)
        case _:
            return


def _inside(node: Node) -> Iterator[_Test]:
    """Conditions inside a reckoning; the bare numbers of it have no limit of their own."""
    if not isinstance(node, FactRef | Literal):
        yield from _tests(node)


def _lacking(test: _Test, told: list[Value], definition: FactDefinition) -> Iterator[str]:
    match definition.kind:
        case Kind.YES_NO:
            for answer, word in ((True, "yes"), (False, "no")):
                if answer not in told:
                    yield f"no case with {test.fact} = {word}"
        case Kind.CHOICE:
            for value in test.values:
                if value not in told:
                    yield f"no case with {test.fact} = {value}"
            if all(value in test.values for value in told) and set(test.values) != set(
                definition.values
            ):
                yield f"no case with {test.fact} outside {', '.join(map(str, test.values))}"
        case Kind.NUMBER:
            exact = {value.exact for value in told if isinstance(value, Range)}
            limits = {value.exact for value in test.values if isinstance(value, Range)}
            for limit in limits:
                if limit is not None:
                    found = {value for value in exact if value is not None}
                    yield from _around(test, limit, found - (limits - {limit}), definition)
        case Kind.DAY:
            return


def _around(
    test: _Test, limit: Decimal, told: set[Decimal], definition: FactDefinition
) -> Iterator[str]:
    """The limit itself, and the nearest value beyond it where the answer turns."""
    if limit not in told:
        yield f"no case with {test.fact} = {plain(limit)}, its limit"
    exponent = limit.normalize().as_tuple().exponent
    step = Decimal(1).scaleb(min(exponent, 0)) if isinstance(exponent, int) else Decimal(1)
    least, most = definition.minimum, definition.maximum
    can_below = least is None or limit - step >= Decimal(str(least))
    can_above = most is None or limit + step <= Decimal(str(most))
    if test.op in _BELOW and can_below and not any(limit - step <= v < limit for v in told):
        yield f"no case with {test.fact} just below {plain(limit)}"
    if test.op in _ABOVE and can_above and not any(limit < v <= limit + step for v in told):
        yield f"no case with {test.fact} just above {plain(limit)}"
