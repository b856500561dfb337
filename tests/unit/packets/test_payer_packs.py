"""What payers ask stands apart from what guidelines say, and calls itself an example."""

from __future__ import annotations

import tomllib

import pytest
from tests.support.charts import AS_OF, checked

from evenkeel.core.guidelines.authoring.coverage import gaps
from evenkeel.core.guidelines.authoring.spec import disagreement, judge_case, load_spec
from evenkeel.core.guidelines.packs import packs as packs_module
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import load_packs
from evenkeel.core.guidelines.terms.dictionary import load_dictionary
from evenkeel.core.guidelines.terms.terminology import load_terminology
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.verdicts.check import as_object
from evenkeel.core.guidelines.verdicts.verdicts import judge_pack
from evenkeel.core.instruments import scale_of
from evenkeel.core.kernel.content import ContentFault, content
from evenkeel.core.kernel.sources import Mark, Status
from evenkeel.core.kernel.verdicts import Answer

PAYERS = library().payers


def test_there_are_payer_packs_and_none_stands_among_the_guidelines():
    assert len(PAYERS) >= 2
    assert not set(PAYERS) & set(library().packs)
    assert not any(pack.is_payers for pack in library().packs.values())
    assert {pack.packet.request for pack in PAYERS.values()} == {"first", "again"}


def test_a_payers_criterion_is_none_of_those_that_were_collected():
    told = tomllib.loads(content("coverage.toml").read_text(encoding="utf-8"))
    carried = {*told["encoded"], *told["advice"], *told["asked"]}
    assert not carried & {each.id for pack in PAYERS.values() for each in pack.criteria}


@pytest.mark.parametrize("pack", PAYERS.values(), ids=list(PAYERS))
def test_a_shipped_payer_pack_says_that_it_is_nobodys_policy(pack):
    assert pack.illustrative
    assert pack.status is Status.DRAFT
    assert "(illustrative)" in pack.title
    assert "Not the policy of any payer" in pack.title
    assert "no payer" in pack.publisher
    assert not pack.shown
    assert all(each.source.mark is Mark.JUDGEMENT for each in pack.criteria)
    assert all(parameter.why for parameter in pack.parameters)


@pytest.mark.parametrize("pack", PAYERS.values(), ids=list(PAYERS))
def test_what_a_payer_pack_names_is_known(pack):
    for name in pack.packet.scores:
        assert scale_of(name).id == name
    for name in pack.packet.diagnosis:
        assert name in library().dictionary
    assert judge_pack(pack, Facts(AS_OF, {}), library().dictionary).answer is Answer.UNKNOWN


def test_a_check_of_all_packs_asks_no_payers_pack():
    told = as_object(checked(indication="trd"), library())
    assert "pay" not in " ".join(pack["pack"] for pack in told["packs"])
    assert "PAY" not in str(told["packs"])


@pytest.mark.parametrize("name", list(PAYERS))
def test_the_engine_agrees_with_every_row_of_the_spec_table(name):
    criteria = {each.id: each for each in PAYERS[name].criteria}
    cases = load_spec(name)
    wrong = [
        f"line {case.line}: {case.criterion}: {differs}"
        for case in cases
        if (differs := disagreement(
            case, judge_case(case, criteria[case.criterion], library().dictionary)
        ))
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    wanting = [
        f"{each.id}: {gap}"
        for each in criteria.values()
        for gap in gaps(each, cases, library().dictionary)
    ]
    assert not wanting, "\n".join(wanting)


PACK = """id = "x"
title = "X"
short = "X"
subtitle = "x"
publisher = "x"
edition = "1"
jurisdiction = "us"
products = []
indications = []
order = 1
{head}
{packet}
{parameter}
[[criterion]]
id = "X-1"
topic = "age"
stage = "screening"
statement = "Older than {{adult}}."
strength = "must"
require = "age_years >= {{adult}}"
place = "p"
url = "u"
mark = "{mark}"
edition = "1"
"""
PARTS = {
    "head": 'kind = "payer"\nillustrative = true',
    "packet": '[packet]\nrequest = "first"\ndiagnosis = []\nscores = []\nparts = []',
    "parameter": '[[parameter]]\nname = "adult"\nvalue = 21\nunit = "years"\nwhy = "w"',
    "mark": "judgement",
}


def loaded(tmp_path, monkeypatch, **parts):
    (tmp_path / "x.toml").write_text(PACK.format(**PARTS | parts))
    monkeypatch.setattr(packs_module, "content", lambda *_, **__: tmp_path)
    return load_packs(load_dictionary(load_terminology()))["x"]


def test_a_number_that_a_site_changes_moves_sentence_and_predicate_together(tmp_path, monkeypatch):
    criterion = loaded(tmp_path, monkeypatch).criteria[0]
    assert criterion.statement == "Older than 21."
    assert criterion.require_text == "age_years >= 21"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"parameter": ""}, "there is no parameter adult"),
        ({"packet": ""}, "a payer pack has its [packet]"),
        ({"head": ""}, "only a payer pack has one"),
        ({"head": "illustrative = true", "packet": ""}, "only a payer pack is illustrative"),
        ({"head": PARTS["head"] + "\nshown = true"}, "never shown beside guidelines"),
        ({"mark": "seen"}, 'every mark is "judgement"'),
        (
            {"packet": PARTS["packet"].replace("diagnosis = []", 'diagnosis = ["pregnnt"]')},
            "the nearest is pregnant",
        ),
    ],
)
def test_a_payer_pack_that_pretends_or_points_nowhere_is_refused(
    tmp_path, monkeypatch, parts, words
):
    with pytest.raises(ContentFault) as refused:
        loaded(tmp_path, monkeypatch, **parts)
    assert words in str(refused.value)
