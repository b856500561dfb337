"""What must not be lost: a judgement told by itself, an old heart attack, a death."""

from __future__ import annotations

import json
from datetime import date

import pytest
from tests.support.charts import AS_OF, checked, condition, person, verdict

from evenkeel.core.guidelines.facts.answers import read_facts_file
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.verdicts.check import check
from evenkeel.edges.fhir import reading


@pytest.mark.parametrize(
    ("criterion", "facts", "finding"),
    [
        ("CPAIN-004", {"poorly_controlled_cardiovascular_disease": True}, "not_met"),
        ("CPAIN-004", {"poorly_controlled_cardiovascular_disease": False}, "met"),
        ("CPAIN-004", {"cardiovascular_or_cerebrovascular_condition": False}, "met"),
        ("CPAIN-004", {"cardiovascular_or_cerebrovascular_condition": True}, "judge"),
        ("CPAIN-004", {}, "unknown"),
        (
            "LT-002",
            {"raised_pressure_serious_risk": False, "hypersensitivity_ketamine": False},
            "met",
        ),
        ("LT-002", {"raised_pressure_serious_risk": False}, "unknown"),
        ("LT-002", {"hypersensitivity_ketamine": False}, "judge"),
        ("LT-002", {"history_intracerebral_haemorrhage": True}, "not_met"),
        ("APAIN-002", {"poorly_controlled_cardiovascular_disease": True}, "not_met"),
        ("PROT-012", {"lorazepam_equivalent_mg_per_day": 3.1}, "not_met"),
        ("PROT-012", {"lorazepam_equivalent_mg_per_day": 3}, "unknown"),
        ("DDI-009", {"diazepam_equivalent_mg_per_day": 8.1}, "not_met"),
        ("DDI-009", {"diazepam_equivalent_mg_per_day": 8}, "not_applicable"),
        ("DDI-009", {"benzodiazepine": False}, "not_applicable"),
        ("DDI-009", {"benzodiazepine": True}, "unknown"),
    ],
)
def test_a_judgement_or_dose_told_by_itself_counts(criterion, facts, finding):
    found = verdict(checked(**facts), criterion)
    assert str(found.finding) == finding, found.reason


@pytest.mark.parametrize(
    ("criterion", "facts", "applies"),
    [
        ("SPVEU-012", {"arrhythmia_uncontrolled": True}, True),
        ("SPVEU-012", {"arrhythmia": True, "arrhythmia_uncontrolled": False}, None),
        ("SPVEU-013", {"valve_disease_significant": True}, True),
        ("SPVEU-013", {"nyha_class": "III"}, True),
        ("SPVEU-013", {"nyha_class": "II"}, None),
        ("SPVEU-013", {"myocardial_infarction_recent": True}, True),
        ("SPVEU-013", {"myocardial_infarction_recent": False}, None),
    ],
)
def test_what_a_person_told_flags_without_a_diagnosis_in_the_record(criterion, facts, applies):
    assert verdict(checked(**facts), criterion).applies is applies


@pytest.mark.parametrize("clinical", ["active", "inactive", "resolved"])
def test_a_code_of_a_fresh_heart_attack_is_history_for_ever(clinical):
    entry = condition("I21.4", clinical=clinical, onsetDateTime="2015-01-01")
    found = verdict(checked(entry), "SPVEU-013")
    assert found.applies is True
    assert "Condition/c1" in found.refs


def test_a_refuted_heart_attack_is_none():
    assert verdict(checked(condition("I21.4", verification="refuted")), "SPVEU-013").applies is None


def _asked(**patient):
    entries = [{"resource": person(**patient)}]
    raw = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    chart = reading.read(raw.encode(), today=AS_OF, may_be_dead=True).chart
    return check(chart, library=library(), as_of=AS_OF)


@pytest.mark.parametrize(
    "told",
    [
        {"deceasedBoolean": True},
        {"deceasedDateTime": "2026-11-01"},
        {"deceasedDateTime": "2005"},
    ],
)
def test_every_pack_says_no_to_somebody_who_has_died(told):
    found = _asked(**told)
    assert {str(pack.answer) for pack in found.packs} == {"no"}
    (problem,) = [each for each in found.problems if each.severity == "error"]
    assert problem.path.startswith("Bundle.entry[0].resource.deceased")


def test_the_living_are_judged_by_the_criteria():
    found = _asked(deceasedBoolean=False)
    assert "no" not in {str(pack.answer) for pack in found.packs}
    assert not found.problems


def test_a_history_of_trials_may_be_told_as_not_known():
    told = read_facts_file(
        '{"antidepressant_trials": null}', library().dictionary, date(2026, 11, 1)
    )
    assert told.trials == ()
