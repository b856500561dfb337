"""The content that is shipped: whole, strict, and honest about what nobody knows."""

from __future__ import annotations

import csv
import tomllib

import pytest
from tests.support.charts import AS_OF, checked

from evenkeel.core.guidelines.packs import packs as packs_module
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import load_packs
from evenkeel.core.guidelines.terms.dictionary import load_dictionary
from evenkeel.core.guidelines.terms.terminology import load_terminology
from evenkeel.core.guidelines.terms.values import Facts
from evenkeel.core.guidelines.verdicts.verdicts import Finding, judge_criterion, judge_pack
from evenkeel.core.kernel.content import ContentFault, content
from evenkeel.core.kernel.sources import Mark
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.core.safeguards import safeguards

CRITERIA = [each for pack in library().packs.values() for each in pack.criteria]
NOTHING = Facts(AS_OF, {})


def test_every_criterion_that_was_collected_is_accounted_for_once():
    told = tomllib.loads(content("coverage.toml").read_text(encoding="utf-8"))
    carried = told["encoded"] + told["advice"] + told["asked"]
    assert len(carried) == len(set(carried))
    assert sorted(carried) == sorted(each.id for each in CRITERIA)
    assert len(carried) + len(told["left_out"]) == 275
    by_way = {
        "asked": {each.id for each in CRITERIA if each.asked_of},
        "advice": {each.id for each in CRITERIA if each.require is None},
    }
    assert by_way["asked"] == set(told["asked"])
    assert by_way["advice"] == set(told["advice"])


def test_the_packs_that_are_shown_side_by_side():
    shown = [pack for pack in library().packs.values() if pack.shown]
    assert [pack.id for pack in shown] == [
        "esketamine-us",
        "esketamine-eu",
        "apa-2017",
        "asra-2018-chronic-pain",
    ]
    assert sum(len(pack.criteria) for pack in shown) >= 100


@pytest.mark.parametrize("criterion", CRITERIA, ids=[each.id for each in CRITERIA])
def test_with_no_facts_nothing_is_met_but_advice_that_always_holds(criterion):
    found = judge_criterion(criterion, NOTHING, library().dictionary)
    if criterion.require is None and criterion.applies_when is None:
        assert found.finding is Finding.MET
    else:
        assert found.finding in (Finding.UNKNOWN, Finding.JUDGE)
        assert found.missing
        assert found.reason


@pytest.mark.parametrize("pack", library().packs.values(), ids=list(library().packs))
def test_no_pack_says_yes_when_nothing_is_known(pack):
    found = judge_pack(pack, NOTHING, library().dictionary)
    assert found.answer is Answer.UNKNOWN


def test_a_source_that_was_not_read_well_binds_nobody():
    weak = [each for each in CRITERIA if each.source.mark is Mark.KNOWN_VERIFY]
    assert weak
    assert not any(each.counts for each in weak)


def test_no_safeguard_stops_by_itself_before_its_source_was_read():
    assert safeguards()
    for each in safeguards():
        assert each.fact in library().dictionary
        assert each.stops == (each.source.mark is Mark.SEEN)
        assert each.source.url


def test_every_question_is_a_question_and_every_criterion_a_sentence():
    for fact in library().dictionary.facts.values():
        assert fact.question.endswith("?"), fact.name
        assert fact.label, fact.name
    for each in CRITERIA:
        assert each.statement.endswith("."), each.id
        assert each.source.at, each.id
        assert each.source.url, each.id


def test_the_terminology_keeps_its_notice():
    notice = content("terminology", "NOTICE.md").read_text(encoding="utf-8")
    for words in ("LOINC", "loinc.org/license", "SNOMED", "RxNorm", "ATC"):
        assert words in notice


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

[[criterion]]
id = "X-1"
topic = "age"
stage = "screening"
statement = "X."
strength = "must"
{line}
place = "p"
url = "u"
mark = "seen"
edition = "1"
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('require = "pregnnt"', "x.toml:13: X-1: there is no fact pregnnt"),
        ('require = "pregnnt"', "nearest right name is pregnant"),
        ('require = "systolic_bp > body_weight"', "units differ"),
        ('requires = "pregnant"', "unknown field `requires`"),
        ('require = "pregnant"\nadvice = true', "exactly one of"),
        ("", "exactly one of"),
        ('asked_of = "prescriber"', "needs a question"),
        ('asked_of = "doctor"\nquestion = "Q?"', "Invalid enum value"),
        ('applies_when = "age_years"\nadvice = true', "is a number"),
    ],
)
def test_content_that_must_not_be_used_stops_loading_with_its_place(
    tmp_path, monkeypatch, line, words
):
    (tmp_path / "x.toml").write_text(PACK.format(line=line))
    monkeypatch.setattr(packs_module, "content", lambda *_, **__: tmp_path)
    with pytest.raises(ContentFault) as refused:
        load_packs(load_dictionary(load_terminology()))
    assert words in str(refused.value)


def test_a_fact_that_is_added_never_turns_one_settled_finding_into_another():
    """Kleene's logic is monotonic: what was settled stays, whatever else becomes known."""
    words = library().dictionary
    some = checked(indication="trd", pregnant=False, child_pugh_class="A").facts
    more = checked(
        indication="trd",
        pregnant=False,
        child_pugh_class="A",
        psychosis_history=True,
        aneurysmal_vascular_disease=False,
        failed_adequate_trials=3,
        lactating=True,
    ).facts
    settled = (Finding.MET, Finding.NOT_MET, Finding.NOT_APPLICABLE)
    for each in CRITERIA:
        if "IS NOT NULL" in each.require_text + each.applies_text:
            continue
        before = judge_criterion(each, some, words).finding
        if before in settled:
            assert judge_criterion(each, more, words).finding is before, each.id


def test_the_fingerprint_names_the_content():
    assert len(library().sha256) == 64


def test_the_ask_codes_are_codes_of_the_table():
    with content("terminology", "codes.csv").open(encoding="utf-8", newline="") as table:
        codes = {row["code"] for row in csv.DictReader(table)}
    assert library().dictionary.ask_codes <= codes
