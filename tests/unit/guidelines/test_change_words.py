"""What would change a verdict, as a nurse reads it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from tests.support.packs import planted

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.changes.changes import what_would_change
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range
from evenkeel.core.guidelines.verdicts.verdicts import judge_pack

DAY = date(2026, 11, 29)


def told(rules, born=None, **values) -> str:
    facts = {
        name: Fact(name=name, value=Range.exactly(value) if type(value) is int else value)
        for name, value in values.items()
    }
    known, words = Facts(DAY, facts), library().dictionary
    return what_would_change(judge_pack(planted(*rules), known, words), known, words, born)


ONE = [
    ("systolic_bp <= 140", {"systolic_bp": 148},
     "systolic pressure: 140 mmHg or less (now 148)"),
    ("systolic_bp < 140", {"systolic_bp": 140},
     "systolic pressure: less than 140 mmHg (now 140)"),
    ("systolic_bp BETWEEN 90 AND 140", {"systolic_bp": 80},
     "systolic pressure: 90 to 140 mmHg (now 80)"),
    ("failed_adequate_trials >= 2", {"failed_adequate_trials": 1},
     "adequate antidepressant trials failed: 2 or more (now 1, so 1 more)"),
    ("recent_cardiovascular_event_days > 42", {"recent_cardiovascular_event_days": 40},
     "days since the last acute heart event: 43 days or more, on 2 Dec 2026 (now 40)"),
    ("NOT pregnant", {"pregnant": True}, "pregnant now: no (now yes)"),
    ("setting = 'outpatient'", {"setting": "home"}, "setting: outpatient (now home)"),
    ("product <> 'racemic_nasal_compounded'", {"product": "racemic_nasal_compounded"},
     "product and route: esketamine nasal (now compounded nasal ketamine)"),
    ("dose_mg IN (56, 84)", {"dose_mg": 80}, "dose: 84 mg (now 80)"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "values", "words"), ONE, ids=[words for *_, words in ONE])
def test_one_change(rule, values, words):
    assert told([("", rule)], **values) == f"No longer no if {words}."


def test_an_age_is_reached_on_a_birthday():
    rule = [("", "age_years >= 18")]
    assert told(rule, PartialDate(2009, 3, 12), age_years=17) == (
        "No longer no if age: 18 years or more, on 12 Mar 2027 (now 17)."
    )
    assert told(rule, PartialDate(2009, 3), age_years=17) == (
        "No longer no if age: 18 years or more, in time (now 17)."
    )
    assert "on 1 Mar 2030" in told(
        [("", "age_years >= 18")], PartialDate(2012, 2, 29), age_years=14
    )


STAYS = [
    ("age_years < 65", {"age_years": 67}, "age: 67 years, would have to be 64 years or less"),
    ("NOT history_intracerebral_haemorrhage", {"history_intracerebral_haemorrhage": True},
     "bleed inside the brain, ever: yes, would have to be no"),
    ("sex = 'female'", {"sex": "male"}, "sex in the record: male, would have to be female"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "values", "words"), STAYS, ids=[words for *_, words in STAYS])
def test_what_cannot_change_is_said_to_be_so(rule, values, words):
    assert told([("", rule)], **values) == f"Stays no: {words}, and that cannot change."


def test_another_indication_is_another_question():
    said = told([("", "indication = 'trd'")], indication="ptsd")
    assert said == (
        "Stays no: indication: PTSD; it would have to be treatment-resistant depression, "
        "and that is another question."
    )


def test_what_can_change_is_told_before_what_cannot():
    rules = [("", "age_years < 65 OR systolic_bp <= 150")]
    assert told(rules, age_years=70, systolic_bp=160) == (
        "No longer no if systolic pressure: 150 mmHg or less (now 160)."
    )


def test_several_facts_are_told_together_and_alternatives_apart():
    assert told([("", "ssri OR snri")], ssri=False, snri=False) in (
        "No longer no if SSRI: yes (now no), or SNRI: yes (now no).",
    )
    both = told(
        [("", "systolic_bp <= 140 AND diastolic_bp <= 90")], systolic_bp=150, diastolic_bp=95
    )
    assert "systolic pressure: 140 mmHg or less (now 150) and diastolic pressure: 90 mmHg" in both


def test_an_open_pack_tells_both_ways():
    assert told([("", "NOT pregnant"), ("", "systolic_bp <= 140")], systolic_bp=130) == (
        "Yes if pregnant now: no. "
        "No if pregnant now: yes, or systolic pressure: more than 140 mmHg (now 130)."
    )


def test_a_yes_tells_what_would_stop_it():
    assert told([("", "systolic_bp <= 140")], systolic_bp=130) == (
        "No if systolic pressure: more than 140 mmHg (now 130)."
    )


def test_a_judgement_is_told_as_an_answer_of_whom_it_is_asked():
    rules = [("", "NOT raised_pressure_serious_risk")]
    assert told(rules) == (
        "Yes if a rise of pressure would be a serious risk: no. "
        "No if a rise of pressure would be a serious risk: yes."
    )


def test_a_range_of_two_counts_is_narrowed():
    facts = Facts(DAY, {"failed_adequate_trials": Fact(
        name="failed_adequate_trials", value=Range(Decimal(1), Decimal(2)))})  # fmt: skip
    words = library().dictionary
    verdict = judge_pack(planted(("", "failed_adequate_trials >= 2")), facts, words)
    assert what_would_change(verdict, facts, words) == (
        "Yes if adequate antidepressant trials failed: 2 or more (now 1 to 2). "
        "No if adequate antidepressant trials failed: 1 or less (now 1 to 2)."
    )


def test_a_name_keeps_its_capitals_inside_a_sentence():
    said = told([("", "child_pugh_class <> 'C'")], child_pugh_class="C")
    assert said == "No longer no if Child-Pugh class: none or A or B (now C)."
