"""A pack that says nothing of a person never says yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.packs import planted

from evenkeel.commands.check import command
from evenkeel.core.guidelines.changes.changes import asking, what_would_change
from evenkeel.core.guidelines.changes.settle import settle
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Fact, Facts
from evenkeel.core.guidelines.verdicts.verdicts import Finding, judge_pack
from evenkeel.core.kernel.verdicts import Answer

DAY = date(2026, 11, 29)
WORDS = library().dictionary
NICE = library().packs["nice-ta854"]
NAMES = ("pregnant", "lamotrigine", "lithium", "rifampicin")


def known(**values):
    return Facts(DAY, {name: Fact(name=name, value=value) for name, value in values.items()})


def judged(pack, **values):
    return judge_pack(pack, known(**values), WORDS)


@pytest.mark.parametrize(
    ("values", "answer", "deciding", "missing"),
    [
        ({"jurisdiction": "england_nhs", "started_before_guidance": True}, "yes", True, ()),
        ({"jurisdiction": "england_nhs", "started_before_guidance": False}, "no", True, ()),
        ({"jurisdiction": "england_nhs"}, "unknown", True, ("started_before_guidance",)),
        # Elsewhere NICE says nothing, whatever the rest is.
        ({"jurisdiction": "us", "started_before_guidance": True}, "judge", False, ()),
        ({"jurisdiction": "us"}, "judge", False, ()),
        # Met if it applies at all: that does not make a yes while nobody knows where.
        ({"started_before_guidance": True}, "unknown", None, ("jurisdiction",)),
    ],
)
def test_nice_speaks_of_those_in_england_alone(values, answer, deciding, missing):
    found = judged(NICE, **values)
    assert (found.answer, found.missing) == (answer, missing)
    assert [(each.criterion.id, each.applies) for each in found.deciding] == [
        ("NICE-001", deciding)
    ]
    assert found.silent == (answer == "judge")
    assert "?" not in found.deciding[0].reason


def test_one_criterion_that_applies_gives_the_pack_its_voice():
    pack = planted(("pregnant", "NOT lithium"), ("lamotrigine", "NOT lithium"))
    silent = judged(pack, pregnant=False, lamotrigine=False)
    assert (silent.answer, silent.silent, len(silent.deciding)) == (Answer.JUDGE, True, 2)
    spoken = judged(pack, pregnant=False, lamotrigine=True, lithium=False)
    assert (spoken.answer, spoken.silent) == (Answer.YES, False)
    assert [each.criterion.id for each in spoken.deciding] == ["X-2"]


def test_a_judgement_to_be_made_is_not_silence():
    should = planted(("pregnant", "NOT lithium"))
    should = replace(should, criteria=(replace(should.criteria[0], strength="should"),))
    found = judged(should, pregnant=True, lithium=True)
    assert (found.answer, found.silent) == (Answer.JUDGE, False)


def test_a_pack_of_advice_alone_says_nothing():
    pack = planted(("", "NOT lithium"))
    advice = replace(pack.criteria[0], require=None, require_text="")
    found = judge_pack(replace(pack, criteria=(advice,)), known(), WORDS)
    assert (found.answer, found.silent, found.deciding) == (Answer.JUDGE, True, ())


def test_whether_a_pack_speaks_is_asked_when_only_that_is_open():
    facts = known(started_before_guidance=True)
    verdict = judge_pack(NICE, facts, WORDS)
    (question,) = asking([verdict], [], facts, WORDS).fewest
    assert (question.fact, question.weight) == ("jurisdiction", 4)
    assert question.decides == ("NICE TA854",)
    settling = settle(NICE, facts, WORDS)
    assert settling.clears.facts == settling.surely.facts == ("jurisdiction",)
    assert settling.stops is None


def test_nobody_is_told_to_become_somebody_else():
    for where, said in (("us", False), ("england_nhs", True)):
        facts = known(jurisdiction=where, started_before_guidance=False)
        assert bool(what_would_change(judge_pack(NICE, facts, WORDS), facts, WORDS)) == said


def test_a_check_says_in_words_that_a_pack_says_nothing(tmp_path):
    answers = tmp_path / "facts.json"
    answers.write_text('{"indication": "trd", "product": "racemic_iv"}', encoding="utf-8")
    case = "tests/data/vignettes/cases/nothing-but-a-patient/bundle.json"
    told = CliRunner().invoke(
        command,
        [case, "--facts", str(answers), "--as-of", "2026-11-01", "--pack", "va-dod"],
    )
    assert told.exit_code == 0
    assert "judge\n  a prescriber must judge: it says nothing of this person" in told.stdout
    assert "does not apply: Indication: treatment-resistant depression" in told.stdout


def rule(random: Random) -> tuple[str, str]:
    def part() -> str:
        name = random.choice(NAMES)
        return random.choice([name, f"NOT {name}"])

    def either() -> str:
        return random.choice([part(), f"({part()} AND {part()})", f"({part()} OR {part()})"])

    return random.choice(["", either(), either(), either()]), either()


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_yes_rests_on_a_criterion_that_applies_and_stands_whatever_becomes_known(seed):
    random = Random(seed)
    pack = planted(*(rule(random) for _ in range(random.randint(1, 3))))
    held = {name: random.random() < 0.4 for name in NAMES if random.random() < 0.6}
    more = {name: random.random() < 0.4 for name in NAMES} | held
    before, after = judged(pack, **held), judged(pack, **more)
    if before.answer is Answer.YES:
        assert any(each.applies and each.finding is Finding.MET for each in before.deciding)
    if before.answer is not Answer.UNKNOWN:
        assert after.answer is before.answer
    assert after.answer is not Answer.UNKNOWN
    assert after.silent == all(each.applies is False for each in after.criteria)
