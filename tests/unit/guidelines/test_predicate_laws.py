"""Laws of predicates over random ones: Kleene's, knowing more, and what an outcome says of itself.

The random predicates contain every kind of node; facts are missing, exact or ranges.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.predicates import DAY, FACTS, WORDS, random_predicate, random_samples

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.predicates.evaluate import evaluate
from evenkeel.core.guidelines.predicates.ready import compiled
from evenkeel.core.guidelines.predicates.tree import And, Node, Not, Or, read_predicate
from evenkeel.core.guidelines.terms.dictionary import Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range
from evenkeel.core.guidelines.verdicts.verdicts import Finding, judge_pack
from evenkeel.core.kernel.verdicts import Answer

SAMPLES = random_samples()
seeds = st.integers(0, 2**32).map(Random)
many = settings(max_examples=120)


def value_of(random: Random, name: str):
    """Something known: mostly exact, sometimes a range."""
    values = SAMPLES[name].values
    value = random.choice(values)
    if WORDS[name].kind is Kind.NUMBER and random.random() < 0.4:
        ends = sorted(random.choice(values).low for _ in range(2))
        return Range(*random.choice([ends, (ends[0], None), (None, ends[1])]))
    return value


def some_facts(random: Random) -> Facts:
    known = {
        f.name: Fact(name=f.name, value=value_of(random, f.name))
        for f in FACTS
        if random.random() < 0.6
    }
    return Facts(DAY, known)


def with_one(facts: Facts, name: str, value) -> Facts:
    return Facts(DAY, {**facts.by_name, name: Fact(name=name, value=value)})


def predicate(random: Random) -> Node:
    return read_predicate(random_predicate(random), WORDS)


def asks_whether_known(node: Node) -> bool:
    return "IsKnown(" in repr(node)


@many
@given(random=seeds)
def test_a_compiled_predicate_means_what_the_walk_says(random):
    node = predicate(random)
    ready = compiled(node)
    for _ in range(5):
        facts = some_facts(random)
        assert ready(facts) == evaluate(node, facts)


@many
@given(random=seeds)
def test_kleenes_laws_hold_for_whole_conditions(random):
    a, b, c = (predicate(random) for _ in range(3))
    facts = some_facts(random)

    def same(left: Node, right: Node):
        assert evaluate(left, facts).value is evaluate(right, facts).value

    same(Not(Not(a)), a)
    same(Not(And((a, b))), Or((Not(a), Not(b))))
    same(Not(Or((a, b))), And((Not(a), Not(b))))
    same(And((a, Or((a, b)))), a)
    same(Or((a, And((a, b)))), a)
    same(And((a, b)), And((b, a)))
    same(Or((a, Or((b, c)))), Or((Or((a, b)), c)))
    same(And((a, Or((b, c)))), Or((And((a, b)), And((a, c)))))
    same(And((a, a)), a)


@many
@given(random=seeds)
def test_knowing_one_thing_more_never_changes_what_is_known(random):
    node = predicate(random)
    if asks_whether_known(node):
        return
    facts = some_facts(random)
    before = evaluate(node, facts).value
    absent = [f.name for f in FACTS if f.name not in facts.by_name]
    if before is None or not absent:
        return
    name = random.choice(absent)
    assert evaluate(node, with_one(facts, name, value_of(random, name))).value is before


@many
@given(random=seeds)
def test_a_narrower_range_never_contradicts(random):
    node = predicate(random)
    facts = some_facts(random)
    before = evaluate(node, facts).value
    ranges = [f for f in facts.by_name.values()
              if isinstance(f.value, Range) and f.value.exact is None]  # fmt: skip
    if before is None or not ranges:
        return
    wide = random.choice(ranges)
    low = wide.value.low if wide.value.low is not None else Decimal(-50)
    high = wide.value.high if wide.value.high is not None else Decimal(500)
    inside = sorted(low + (high - low) * random.randint(0, 4) / 4 for _ in range(2))
    assert evaluate(node, with_one(facts, wide.name, Range(*inside))).value is before


@many
@given(random=seeds)
def test_the_deciding_facts_are_enough(random):
    node = predicate(random)
    facts = some_facts(random)
    outcome = evaluate(node, facts)
    if outcome.value is None:
        return
    kept = {n: fact for n, fact in facts.by_name.items() if n in outcome.deciding}
    assert evaluate(node, Facts(DAY, kept)).value is outcome.value


@many
@given(random=seeds)
def test_nothing_but_a_missing_fact_settles_what_is_open(random):
    """Whatever else becomes known, an open outcome stays open; and something is missing."""
    node = predicate(random)
    if asks_whether_known(node):
        return
    facts = some_facts(random)
    outcome = evaluate(node, facts)
    if outcome.value is not None:
        return
    others = [
        f.name for f in FACTS if f.name not in facts.by_name and f.name not in outcome.missing
    ]
    for name in others:
        facts = with_one(facts, name, value_of(random, name))
    assert evaluate(node, facts).value is None


def test_the_generator_makes_ranges_and_every_answer():
    random = Random(6)
    told = {evaluate(predicate(random), some_facts(random)).value for _ in range(200)}
    assert told == {True, False, None}


# -- packs ----------------------------------------------------------------------------


def shipped_facts(random: Random, names: list[str], share: float) -> dict[str, Fact]:
    words = library().dictionary

    def value(name):
        match words[name].kind:
            case Kind.YES_NO:
                return random.random() < 0.3
            case Kind.CHOICE:
                return random.choice(words[name].values)
            case Kind.DAY:
                return DAY
        return Range.exactly(random.choice([0, 1, 2, 18, 43, 65, 91, 120, 141, 151]))

    return {n: Fact(name=n, value=value(n)) for n in names if random.random() < share}


@pytest.mark.parametrize("pack", library().packs.values(), ids=library().packs)
@settings(max_examples=6)
@given(random=seeds)
def test_a_fact_turns_a_verdict_only_through_criteria_that_read_it(pack, random):
    """Whatever was known before: one fact more, and each finding that moves names it."""
    words = library().dictionary
    names = list(dict.fromkeys(name for each in pack.criteria for name in each.facts))
    known = shipped_facts(random, names, random.random())
    added = random.choice(names)
    more = {**known, **shipped_facts(random, [added], 2)}
    before = judge_pack(pack, Facts(DAY, known), words)
    after = judge_pack(pack, Facts(DAY, more), words)
    moved = [
        new
        for old, new in zip(before.criteria, after.criteria, strict=True)
        if old.finding is not new.finding
    ]
    assert all(added in each.criterion.facts for each in moved)
    if after.answer is not before.answer:
        assert moved
    if after.answer is Answer.NO and before.answer is not Answer.NO:
        turned = [each for each in after.deciding if each in moved]
        assert turned
        assert all(each.finding is Finding.NOT_MET for each in turned)
        assert all(added in each.deciding for each in turned)
