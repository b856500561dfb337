"""The fewest facts and the smallest changes, beside trying everything.

Small random packs over a few facts. What is told is judged again, and nothing smaller is
found by trying every set of facts with every value of a grid that knows no regions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import combinations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.guidelines.changes.flips import To, flip, stops
from evenkeel.core.guidelines.changes.settle import settle
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Criterion, Pack
from evenkeel.core.guidelines.predicates.tree import facts_in, read_predicate
from evenkeel.core.guidelines.terms.dictionary import About, Dictionary, FactDefinition, Kind
from evenkeel.core.guidelines.terms.units import ONE
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range
from evenkeel.core.guidelines.verdicts.verdicts import judge_pack
from evenkeel.core.kernel.verdicts import Answer

DAY = date(2026, 11, 29)


def fact(name, kind, **more):
    return FactDefinition(
        name=name, kind=kind, label=name, question=f"{name}?", asked_of="nurse", unit=ONE, **more
    )


WORDS = Dictionary(
    {
        each.name: each
        for each in (
            fact("p", Kind.YES_NO),
            fact("q", Kind.YES_NO),
            fact("ever", Kind.YES_NO, about=About.EVER),
            fact("inborn", Kind.YES_NO, changes="never"),
            fact("judged", Kind.YES_NO, judgement=True),
            fact("x", Kind.NUMBER),
            fact("count", Kind.NUMBER, whole=True, minimum=0.0, maximum=9.0, changes="grows"),
            fact("age", Kind.NUMBER, whole=True, minimum=0.0, changes="time"),
            fact("c", Kind.CHOICE, values=("red", "green", "blue", "grey")),
        )
    },
    frozenset(),
)
# Every half between and around the limits below, and every whole number for counts.
GRID = {
    "x": [Range.exactly(str(n / 2)) for n in range(-2, 10)],
    "count": [Range.exactly(n) for n in range(6)],
    "age": [Range.exactly(n) for n in range(6)],
    "c": ["red", "green", "blue", "grey"],
}


def grid(name):
    return GRID.get(name, [False, True])


def condition(random: Random, names: list[str], depth: int = 2) -> str:
    if depth == 0 or random.random() < 0.35:
        name = random.choice(names)
        match WORDS[name].kind:
            case Kind.YES_NO:
                return random.choice([name, f"NOT {name}"])
            case Kind.CHOICE:
                return random.choice([f"{name} = 'red'", f"{name} IN ('red', 'green')",
                                      f"{name} <> 'blue'"])  # fmt: skip
        op = random.choice(["=", "<>", "<", "<=", ">", ">="])
        return f"{name} {op} {random.randint(1, 3)}"
    parts = [condition(random, names, depth - 1) for _ in range(3)]
    if random.random() < 0.15:
        return f"(CASE WHEN {parts[0]} THEN {parts[1]} ELSE {parts[2]} END)"
    if random.random() < 0.12:
        name = random.choice(names)
        return f"({name} IS NULL OR {parts[0]})"
    return f"({parts[0]} {random.choice(['AND', 'OR'])} {parts[1]})"


@cache
def likeness() -> Pack:
    return library().packs["esketamine-us"]


def pack_of(rules: list[tuple[str, str, str]]) -> Pack:
    """strength, applies_when and require of each criterion."""
    criteria: list[Criterion] = []
    for number, (strength, when, want) in enumerate(rules, 1):
        applies = read_predicate(when, WORDS) if when else None
        require = read_predicate(want, WORDS)
        names = (*(facts_in(applies) if applies else ()), *facts_in(require))
        criteria.append(
            replace(
                likeness().criteria[0], id=f"X-{number}", strength=strength, since=None,
                until=None, applies_when=applies, require=require, applies_text=when,
                require_text=want, facts=tuple(dict.fromkeys(names)),
            )
        )  # fmt: skip
    return replace(likeness(), criteria=tuple(criteria), indications=(), products=())


def random_pack(random: Random) -> Pack:
    names = random.sample(sorted(WORDS.facts), 4)
    return pack_of(
        [
            (
                random.choice(["must", "must", "should"]),
                condition(random, names, 1) if random.random() < 0.4 else "",
                condition(random, names),
            )
            for _ in range(random.randint(1, 3))
        ]
    )


def names_of(pack: Pack) -> list[str]:
    return list(dict.fromkeys(name for each in pack.criteria for name in each.facts))


def known(values: dict) -> Facts:
    return Facts(DAY, {name: Fact(name=name, value=value) for name, value in values.items()})


def some_known(random: Random, pack: Pack, share: float) -> dict:
    return {n: random.choice(grid(n)) for n in names_of(pack) if random.random() < share}


def answer(pack: Pack, values: dict) -> Answer:
    return judge_pack(pack, known(values), WORDS).answer


def smallest(names, tries) -> int | None:
    """How many of the names are needed until ``tries`` says that a set of them does it."""
    for size in range(len(names) + 1):
        if any(tries(chosen) for chosen in combinations(names, size)):
            return size
    return None


def answers_to(names):
    return (dict(zip(names, values, strict=True)) for values in product(*map(grid, names)))


def size_of(fewest) -> int | None:
    return None if fewest is None else len(fewest.facts)


seeds = st.integers(0, 2**32).map(Random)
some = settings(max_examples=60)


@some
@given(random=seeds)
def test_no_smaller_set_of_missing_facts_settles_a_pack(random):
    pack = random_pack(random)
    held = some_known(random, pack, 0.3)
    if answer(pack, held) is not Answer.UNKNOWN:
        return
    found = settle(pack, known(held), WORDS)
    missing = [name for name in names_of(pack) if name not in held]

    def can_be(*wanted):
        return lambda chosen: any(
            answer(pack, held | told) in wanted for told in answers_to(chosen)
        )

    def surely(chosen):
        return all(answer(pack, held | told) is not Answer.UNKNOWN for told in answers_to(chosen))

    assert size_of(found.clears) == smallest(missing, can_be(Answer.YES, Answer.JUDGE))
    assert size_of(found.stops) == smallest(missing, can_be(Answer.NO))
    assert size_of(found.surely) == smallest(missing, surely)
    for fewest, does in ((found.clears, can_be(Answer.YES, Answer.JUDGE)),
                         (found.stops, can_be(Answer.NO)), (found.surely, surely)):  # fmt: skip
        assert fewest is None or (fewest.proven and does(fewest.facts))


def may_become(name: str, now, then) -> bool:
    """The rules of change, written a second time."""
    if now is None:
        return True
    match name:
        case "inborn":
            return False
        case "ever":
            return then is True
        case "count" | "age":
            return then.low > now.low
    return then != now


def changes_to(names, held):
    """Every way in which these facts, and no others, can become something else."""
    for told in answers_to(names):
        if all(told[n] != held.get(n) and may_become(n, held.get(n), told[n]) for n in names):
            yield told


@some
@given(random=seeds, to=st.sampled_from([To.YES, To.NOT_NO]))
def test_a_told_change_flips_the_pack_and_no_smaller_one_does(random, to):
    pack = random_pack(random)
    held = some_known(random, pack, 0.8)
    now = answer(pack, held)
    wanted = {Answer.YES} if to is To.YES else set(Answer) - {Answer.NO}
    if now in wanted:
        return
    found = flip(pack, to, known(held), WORDS)
    least = smallest(
        names_of(pack),
        lambda chosen: any(answer(pack, held | t) in wanted for t in changes_to(chosen, held)),
    )
    if least is None:
        assert found is None or not found.possible
    else:
        assert found.possible
        assert found.size == least
    if found is None:
        return
    assert found.proven
    for together in product(*(step.alternatives for step in found.steps)):
        told = [change for changes in together for change in changes]
        for values in product(*([region.sample for region in change.run] for change in told)):
            turned = held | {c.fact: v for c, v in zip(told, values, strict=True)}
            assert answer(pack, turned) in wanted


@some
@given(random=seeds)
def test_what_would_stop_a_pack_is_told_for_each_criterion_that_could(random):
    pack = random_pack(random)
    held = some_known(random, pack, 0.8)
    if answer(pack, held) is Answer.NO or all(c.strength != "must" for c in pack.criteria):
        return
    found = stops(pack, known(held), WORDS)
    least = smallest(
        names_of(pack),
        lambda chosen: any(answer(pack, held | t) is Answer.NO for t in changes_to(chosen, held)),
    )
    assert (found[0].size if found else None) == least
    for one in found:
        for together in one.steps[0].alternatives:
            turned = held | {change.fact: change.run[0].sample for change in together}
            assert answer(pack, turned) is Answer.NO


def test_the_random_packs_reach_every_case():
    random = Random(3)
    told = []
    for _ in range(150):
        pack = random_pack(random)
        told.append(answer(pack, some_known(random, pack, 0.5)))
    assert set(told) == set(Answer)


# -- chosen cases ------------------------------------------------------------------------


def test_two_criteria_that_share_a_fact_are_settled_by_it_together():
    pack = pack_of([("must", "", "p OR q"), ("must", "", "p OR NOT inborn")])
    found = settle(pack, known({}), WORDS)
    assert found.clears.facts == ("p",)
    assert len(found.stops.facts) == 2
    assert found.least.facts == ("p",)
    assert set(found.surely.facts) == {"p", "q", "inborn"}


def test_a_judgement_is_asked_last_and_does_not_keep_a_pack_open():
    pack = pack_of([("must", "", "judged"), ("must", "", "p")])
    found = settle(pack, known({}), WORDS)
    assert found.clears.facts == ("p",)
    assert found.surely.facts == ("p",)


@pytest.mark.parametrize(("low", "high", "clears", "refuses"), [(1, 2, 1, 1), (0, 9, 1, 1)])
def test_a_range_that_straddles_a_limit_is_settled_from_within(low, high, clears, refuses):
    pack = pack_of([("must", "", "count >= 2")])
    facts = Facts(DAY, {"count": Fact(name="count", value=Range(Decimal(low), Decimal(high)))})
    found = settle(pack, facts, WORDS)
    assert (size_of(found.clears), size_of(found.stops)) == (clears, refuses)


def test_a_range_is_not_settled_from_outside():
    """One or two failed trials cannot turn out to be three."""
    pack = pack_of([("must", "", "count >= 3 OR p"), ("must", "", "count = 1 OR q")])
    facts = Facts(DAY, {"count": Fact(name="count", value=Range(Decimal(1), Decimal(2)))})
    found = settle(pack, facts, WORDS)
    assert set(found.clears.facts) == {"count", "p"}
    assert set(found.surely.facts) == {"count", "p", "q"}


def test_when_the_work_is_too_much_it_says_at_most(monkeypatch):
    monkeypatch.setattr("evenkeel.core.guidelines.changes.search.MOST_ASKED", 3)
    pack = pack_of([("must", "", "p AND q AND ever AND inborn")])
    found = settle(pack, known({}), WORDS)
    assert found.clears is None or not found.clears.proven
    assert found.surely is None or not found.surely.proven


def test_a_criterion_out_of_force_neither_stops_nor_waits():
    pack = pack_of([("must", "", "p"), ("must", "", "q")])
    gone = replace(pack.criteria[0], until=date(2026, 1, 1))
    pack = replace(pack, criteria=(gone, pack.criteria[1]))
    assert settle(pack, known({}), WORDS).clears.facts == ("q",)
    assert [each.steps[0].criteria for each in stops(pack, known({}), WORDS)] == [("X-2",)]
