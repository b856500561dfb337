"""Predicates made ready to be asked many times, with the meaning of the tree walk.

In: a predicate. Out: a function of the facts that gives the same outcome as
``evaluate``: value, deciding and missing facts, in the same order. A search for what
would change a verdict asks the same predicate some thousand times.

Facts, comparisons with a plain value, lists, NOT, AND, OR and CASE become functions,
most of whose outcomes are made beforehand; everything rarer is walked.
"""

from __future__ import annotations

from collections.abc import Callable

from evenkeel.core.guidelines.predicates.evaluate import Outcome, compare_values, evaluate
from evenkeel.core.guidelines.predicates.tree import (
    And,
    Case,
    Compare,
    FactRef,
    IsKnown,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
)
from evenkeel.core.guidelines.terms.values import Facts, Value

Ask = Callable[[Facts], Outcome]

# A predicate is known by its identity: its content would take longer to hash than to walk.
_READY: dict[int, tuple[Node, Ask]] = {}
_MOST = 4096


def ask(node: Node, facts: Facts) -> Outcome:
    """What ``evaluate`` says, sooner."""
    ready = _READY.get(id(node))
    if ready is None or ready[0] is not node:
        ready = (node, compiled(node))
        if len(_READY) >= _MOST:
            _READY.clear()
        _READY[id(node)] = ready
    return ready[1](facts)


def compiled(node: Node) -> Ask:
    """The predicate as a function of the facts."""
    match node:
        case And(parts):
            return _joined([compiled(part) for part in parts], settled_by=False)
        case Or(parts):
            return _joined([compiled(part) for part in parts], settled_by=True)
        case Not(of):
            return _not(compiled(of))
        case FactRef(name):
            return _of_fact(name, lambda value: value if isinstance(value, bool) else None)
        case IsKnown(name):
            return _is_known(name)
        case Compare(op, FactRef(name), Literal(limit)):
            return _of_fact(name, _against(op, limit))
        case OneOf(FactRef(name), values):
            return _of_fact(name, _among(values))
        case Literal(bool() as value):
            return _always(Outcome(value))
        case Case(whens, otherwise):
            arms = [(compiled(condition), compiled(value)) for condition, value in whens]
            return _by_case(arms, compiled(otherwise))
    return lambda facts: evaluate(node, facts)


def _of_fact(name: str, says: Callable[[Value], bool | None]) -> Ask:
    """A condition on one fact: four outcomes are all there are."""
    yes, no = Outcome(True, (name,)), Outcome(False, (name,))
    absent, straddling = Outcome(None, (), (name,)), Outcome(None, (name,), (name,))

    def of_fact(facts: Facts) -> Outcome:
        fact = facts.by_name.get(name)
        if fact is None or fact.value is None:
            return absent
        said = says(fact.value)
        return straddling if said is None else yes if said else no

    return of_fact


def _is_known(name: str) -> Ask:
    yes, no = Outcome(True, (name,)), Outcome(False, (name,))

    def is_known(facts: Facts) -> Outcome:
        fact = facts.by_name.get(name)
        return no if fact is None or fact.value is None else yes

    return is_known


def _against(op: str, limit: Value) -> Callable[[Value], bool | None]:
    if isinstance(limit, str | bool):
        return {"=": lambda value: value == limit, "<>": lambda value: value != limit}[op]
    return lambda value: compare_values(op, value, limit)


def _among(values: tuple[Value, ...]) -> Callable[[Value], bool | None]:
    words = frozenset(value for value in values if isinstance(value, str))
    if len(words) == len(set(values)):
        return lambda value: value in words

    def among(value: Value) -> bool | None:
        answers = [compare_values("=", value, each) for each in values]
        return True if True in answers else (None if None in answers else False)

    return among


def _not(inner: Ask) -> Ask:
    turned: dict[int, tuple[Outcome, Outcome]] = {}

    def negation(facts: Facts) -> Outcome:
        outcome = inner(facts)
        if outcome.value is None:
            return outcome
        # The inner function mostly gives one of few ready outcomes; each is turned once.
        kept = turned.get(id(outcome))
        if kept is not None and kept[0] is outcome:
            return kept[1]
        made = Outcome(not outcome.value, outcome.deciding, outcome.missing)
        if len(turned) < 8:
            turned[id(outcome)] = (outcome, made)
        return made

    return negation


def _always(outcome: Outcome) -> Ask:
    return lambda facts: outcome


def _by_case(arms: list[tuple[Ask, Ask]], otherwise: Ask) -> Ask:
    """A CASE of conditions. Where a condition is open, arms that all agree still settle it."""

    def by_case(facts: Facts) -> Outcome:
        used: tuple[str, ...] = ()
        for place, (condition, arm) in enumerate(arms):
            met = condition(facts)
            used = _union(used, met.deciding)
            if met.value is True:
                return _through(used, arm(facts))
            if met.value is None:
                later = [arm(facts) for _, arm in arms[place:]]
                later.append(otherwise(facts))
                values = {each.value for each in later}
                if len(values) == 1 and None not in values:
                    return Outcome(values.pop(), _union(used, *(each.deciding for each in later)))
                missing = _union(met.missing, *(each.missing for each in later))
                return Outcome(None, used, missing or used)
        return _through(used, otherwise(facts))

    return by_case


def _through(used: tuple[str, ...], arm: Outcome) -> Outcome:
    used = _union(used, arm.deciding)
    return Outcome(arm.value, used, () if arm.value is not None else arm.missing or used)


def _union(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for group in groups for name in group]))


def _joined(parts: list[Ask], *, settled_by: bool) -> Ask:
    def joined(facts: Facts) -> Outcome:
        outcomes = [part(facts) for part in parts]
        values = [each.value for each in outcomes]
        if settled_by in values:
            settling = [each for each in outcomes if each.value is settled_by]
            return settling[0] if len(settling) == 1 else Outcome(settled_by, _names(settling))
        if None not in values:
            return Outcome(not settled_by, _names(outcomes))
        missing = {name: None for each in outcomes if each.value is None for name in each.missing}
        return Outcome(None, _names(outcomes), tuple(missing))

    return joined


def _names(outcomes: list[Outcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for each in outcomes for name in each.deciding]))
