"""What a decision keeps reads back as the same facts, and is judged the same."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.core.guidelines.facts.answers import read_facts_file
from evenkeel.core.guidelines.facts.kept import UnreadableKept, facts_as_json, facts_from, fitting
from evenkeel.core.guidelines.packs.editions import find
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.dictionary import FactDefinition, Kind
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range, Value
from evenkeel.core.guidelines.verdicts.check import as_object, check, judge_facts, packs_as_object
from evenkeel.core.guidelines.verdicts.effects import effects, moved, parted
from evenkeel.edges.fhir import reading

CASES = sorted((Path(__file__).resolve().parents[2] / "data" / "vignettes" / "cases").iterdir())
AS_OF = date(2026, 11, 1)
WORDS = library().dictionary


def through_json(facts: Facts) -> Facts:
    return facts_from(json.loads(json.dumps(facts_as_json(facts))), facts.as_of, WORDS)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_vignette_is_judged_the_same_from_what_was_kept(case):
    chart = reading.read((case / "bundle.json").read_bytes(), today=AS_OF, may_be_dead=True).chart
    told = case / "facts.json"
    answers = read_facts_file(told.read_text(), WORDS, AS_OF) if told.exists() else None
    made = check(
        chart, library=library(), as_of=AS_OF,
        answers=answers.answers if answers else (), trials=answers.trials if answers else (),
    )  # fmt: skip
    again = judge_facts(
        through_json(made.facts), library=library(), packs=library().packs, died=made.died
    )
    # Word for word: reasons and missing facts too.
    assert packs_as_object(again, library()) == as_object(made, library())["packs"]
    assert parted(as_object(made, library())["packs"], packs_as_object(again, library())) == ()


def values(definition: FactDefinition) -> st.SearchStrategy[Value | None]:
    ends = st.decimals(-1000, 1000, places=3)
    ranges = st.tuples(ends, ends).map(lambda pair: Range(*sorted(pair)))
    open_ended = ends.map(lambda end: Range(end, None)) | ends.map(lambda end: Range(None, end))
    match definition.kind:
        case Kind.YES_NO:
            known: st.SearchStrategy[Value] = st.booleans()
        case Kind.NUMBER:
            known = ranges | open_ended | ends.map(Range.exactly)
        case Kind.DAY:
            known = st.dates(date(1950, 1, 1), date(2026, 11, 1))
        case Kind.CHOICE:
            known = st.sampled_from(definition.values)
    return st.none() | known


@st.composite
def some_facts(draw: st.DrawFn) -> Facts:
    names = draw(st.lists(st.sampled_from(sorted(WORDS.facts)), unique=True, max_size=12))
    return Facts(
        AS_OF,
        {
            name: Fact(
                name=name,
                value=draw(values(WORDS[name])),
                refs=tuple(draw(st.lists(st.sampled_from(["Condition/1", "Observation/2"])))),
                origin=draw(st.sampled_from(["", "record", "answer", "computed"])),
                at=draw(st.none() | st.dates()),
                by=draw(st.sampled_from(["", "by a clinician"])),
                note=draw(st.sampled_from(["", "not in the record", "suspected only"])),
                stale_since=draw(st.none() | st.dates()),
                disputed=draw(st.booleans()),
            )
            for name in names
        },
    )


@settings(max_examples=50)
@given(some_facts())
def test_any_facts_read_back_as_they_were_kept(facts):
    back = through_json(facts)
    for name in facts:
        was, now = facts[name], back[name]
        if name in back.by_name:
            assert now == was
        else:
            # Only what says nothing is not kept, and reads as a fact that was never found.
            assert (was.value, was.refs, was.disputed, was.stale_since) == (None, (), False, None)
            assert was.note in ("", now.note)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"value": "maybe", "kind": "yes_no"}, "pregnant"),
        ({"value": True, "kind": "number"}, "pregnant"),
        ({"value": ["1", "x"], "kind": "number"}, "pregnant"),
        ({"value": "2026-13-01", "kind": "day"}, "pregnant"),
        ({"value": "2026-01-01", "kind": "day"}, "not as the edition"),
        ({"value": True}, "pregnant"),
    ],
)
def test_a_kept_fact_that_cannot_be_is_a_named_fault(told, words):
    whole = {"origin": "", "refs": [], "at": None, "by": "", "note": ""} | told
    with pytest.raises(UnreadableKept, match=words):
        facts_from({"pregnant": whole}, AS_OF, WORDS)


def test_facts_that_another_edition_does_not_know_are_left_out_not_guessed():
    strange = Fact(name="pregnant", value=Range.exactly(Decimal(1)))
    facts = Facts(AS_OF, {"pregnant": strange, "no_such": Fact(name="no_such", value=True)})
    assert list(fitting(facts, WORDS)) == []


@settings(max_examples=20)
@given(some_facts())
def test_the_same_content_moves_no_verdict(facts):
    made = judge_facts(facts, library=library(), packs=library().packs, died=False)
    again = judge_facts(facts, library=library(), packs=library().packs, died=False)
    assert effects(made, again, library().packs) == ()
    assert all(moved(a.criteria, b.criteria) == () for a, b in zip(made, again, strict=True))


def test_a_pack_that_is_gone_is_told_to_those_whose_decision_stood_on_it():
    facts = Facts(AS_OF, {})
    old = find("2026-11-24")
    was = judge_facts(facts, library=old, packs=["apa-2017", "nice-ta854"], died=False)
    now = was[1:]
    assert effects(was, now) == ()
    (gone,) = effects(was, now, ["apa-2017"])
    assert (gone.pack, gone.after) == ("apa-2017", "not there")
