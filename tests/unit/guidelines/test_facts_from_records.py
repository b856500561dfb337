"""Facts from records: what counts, what does not, and what stays unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.support.charts import (
    ATC,
    CM,
    LOINC,
    SNOMED,
    WHO,
    allergy,
    checked,
    condition,
    drug,
    measured,
    pressure,
    verdict,
)

from evenkeel.core.guidelines.terms.values import Range


def fact(result, name):
    return result.facts[name]


def value(name, *resources, birth="1981-02-03", **facts):
    return checked(*resources, birth=birth, **facts).facts[name].value


@pytest.mark.parametrize(
    ("clinical", "verification", "expected"),
    [
        ("active", "confirmed", True),
        ("recurrence", "confirmed", True),
        ("", "", True),
        ("active", "", True),
        ("resolved", "confirmed", None),
        ("inactive", "confirmed", None),
        ("remission", "confirmed", None),
        ("active", "provisional", None),
        ("active", "differential", None),
        ("active", "unconfirmed", None),
        ("active", "refuted", None),  # one kind of psychosis: others stay open
        ("", "entered-in-error", None),
    ],
)
def test_a_fact_about_now_follows_the_statuses(clinical, verification, expected):
    entry = condition("F23", clinical=clinical, verification=verification)
    assert value("psychosis_current", entry) is expected


@pytest.mark.parametrize("clinical", ["active", "resolved", "inactive", "remission"])
def test_a_fact_about_ever_counts_the_past(clinical):
    assert value("psychosis_history", condition("F23", clinical=clinical)) is True
    assert value("history_intracerebral_haemorrhage", condition("I61.9", clinical=clinical)) is True


@pytest.mark.parametrize(
    ("code", "system", "name", "expected"),
    [
        ("F29", CM, "psychosis_current", False),  # names psychosis as a whole
        ("F23", CM, "psychosis_current", None),
        ("233985008", SNOMED, "aneurysmal_vascular_disease", None),  # one site
        ("432119003", SNOMED, "aneurysmal_vascular_disease", False),  # any site
        ("Q28.2", CM, "arteriovenous_malformation", None),
        ("24551003", SNOMED, "arteriovenous_malformation", False),
        ("I61.9", CM, "history_intracerebral_haemorrhage", False),
        ("I50.9", CM, "heart_failure", False),
        ("I50.9", CM, "cardiovascular_or_cerebrovascular_condition", None),
    ],
)
def test_a_refuted_entry_rules_out_only_what_it_names(code, system, name, expected):
    assert value(name, condition(code, system, verification="refuted")) is expected


@pytest.mark.parametrize(
    ("code", "system", "name"),
    [
        ("I71.40", CM, "aneurysmal_vascular_disease"),
        ("I71.4", WHO, "aneurysmal_vascular_disease"),
        ("I72.3", CM, "aneurysmal_vascular_disease"),
        ("I60.2", CM, "aneurysmal_vascular_disease"),
        ("Q28.2", CM, "arteriovenous_malformation"),
        ("I61.3", CM, "history_intracerebral_haemorrhage"),
        ("I69.151", CM, "history_intracerebral_haemorrhage"),
        ("I10", CM, "cardiovascular_or_cerebrovascular_condition"),
        ("I25.2", CM, "cardiovascular_or_cerebrovascular_condition"),
        ("Z86.73", CM, "cardiovascular_or_cerebrovascular_condition"),
        ("F33.3", CM, "psychosis_current"),
        ("F10.20", CM, "substance_use_disorder"),
        ("F10.20", CM, "cns_depressant"),
        ("K70.30", CM, "hepatic_disease"),
        ("G93.2", CM, "raised_intracranial_pressure"),
        ("H40.1131", CM, "raised_intraocular_pressure"),
        ("G47.33", CM, "sleep_apnoea"),
        ("J44.9", CM, "copd"),
    ],
)
def test_a_code_reaches_its_concept_through_prefixes_and_unions(code, system, name):
    found = fact(checked(condition(code, system)), name)
    assert found.value is True
    assert found.refs == ("Condition/c1",)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("F10.21", "substance_use_disorder"),  # in remission
        ("F17.210", "substance_use_disorder"),  # nicotine
        ("Z86.79", "cardiovascular_or_cerebrovascular_condition"),  # may hide anything: ask
        ("Z82.49", "aneurysmal_vascular_disease"),  # the family is not the patient
        ("I62.00", "history_intracerebral_haemorrhage"),  # subdural
        ("Z86.73", "history_intracerebral_haemorrhage"),
        ("I77.0", "arteriovenous_malformation"),  # acquired fistula
        ("G91.2", "raised_intracranial_pressure"),
        ("O80", "pregnant"),  # delivered
    ],
)
def test_a_code_that_is_near_but_not_it_leaves_the_fact_unknown(code, name):
    assert value(name, condition(code)) is None


def test_a_code_of_one_system_means_nothing_in_another():
    assert value("heart_failure", condition("I50.22", SNOMED)) is None


def test_nothing_in_the_record_is_never_absent():
    result = checked(birth=None)
    known = [each.name for each in result.facts.known()]
    assert known == ["sex"]


@pytest.mark.parametrize(
    ("status", "intent", "expected"),
    [
        ("active", "order", True),
        ("stopped", "order", None),
        ("completed", "order", None),
        ("cancelled", "order", None),
        ("on-hold", "order", None),
        ("draft", "order", None),
        ("entered-in-error", "order", None),
        ("active", "plan", None),
        ("active", "proposal", None),
    ],
)
def test_only_what_is_ordered_and_active_is_taken_now(status, intent, expected):
    assert value("oral_antidepressant", drug("36437", status=status, intent=intent)) is expected


def test_an_order_not_to_give_a_drug_is_not_its_use():
    assert value("benzodiazepine", drug("6470", doNotPerform=True)) is None


@pytest.mark.parametrize(
    ("entry", "name", "expected"),
    [
        (drug("6470"), "cns_depressant", True),
        (drug("N05BA06", ATC), "benzodiazepine", True),
        (drug("N06AX27", ATC), "oral_antidepressant", None),  # esketamine
        (drug("N05AN01", ATC), "antipsychotic", None),  # lithium
        (drug("310385", display="fluoxetine 20 MG Oral Tablet"), "ssri", True),
        (
            drug("313580", display="24 HR venlafaxine 75 MG Extended Release Oral Capsule"),
            "snri",
            True,
        ),
        (
            drug(
                "856987", display="acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet"
            ),
            "opioid",
            True,
        ),
        (drug("", text="lorazepam 1 mg at night"), "benzodiazepine", None),  # words only: ask
        (drug("6470", authored="2024-01-01"), "benzodiazepine", None),  # too old
        (drug("6130"), "hypersensitivity_ketamine", None),  # use is not allergy
    ],
)
def test_drugs_are_known_by_code_and_by_the_name_of_the_product(entry, name, expected):
    assert value(name, entry) is expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (allergy("6130"), True),
        (allergy("2119365"), True),
        (allergy("373464007", SNOMED), True),
        (allergy("6130", verification="refuted"), False),
        (allergy("6130", verification="unconfirmed"), None),
        (allergy("6130", clinical="resolved"), None),
        (allergy("6130", type="intolerance"), None),
        (allergy("7980"), None),  # penicillin
    ],
)
def test_an_allergy_counts_by_its_statuses(entry, expected):
    assert value("hypersensitivity_ketamine", entry) is expected


@pytest.mark.parametrize(
    ("birth", "low", "high"),
    [
        ("2008-11-01", 18, 18),
        ("2008-11-02", 17, 17),
        ("2008-11", 17, 18),
        ("2008", 17, 18),
        ("1904-02-29", 122, 122),
    ],
)
def test_an_age_is_as_exact_as_the_date_of_birth(birth, low, high):
    assert value("age_years", birth=birth) == Range(Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("entry", "systolic"),
    [
        (pressure(140, 90), Decimal(140)),
        (pressure(18.7, 12, unit="kPa"), Decimal("18.7") * Decimal("7.50061683")),
        (pressure(120, 80, at="2026-10-25T08:00:00Z"), Decimal(120)),  # a week
        (pressure(120, 80, at="2026-10-24T08:00:00Z"), None),  # eight days
        (pressure(120, 80, status="preliminary"), None),
        (pressure(1400, 90), None),
        (pressure(90, 120), None),  # the wrong way round
        (pressure(140, 90, unit="[psi]"), None),
        (pressure(120, 80, at="2026-11-02T08:00:00Z"), None),  # tomorrow
    ],
)
def test_a_pressure_is_used_when_it_can_be_and_is_fresh(entry, systolic):
    found = value("systolic_bp", entry)
    assert found == (None if systolic is None else Range.exactly(systolic))


def test_an_impossible_part_spoils_the_reading_and_names_its_place():
    result = checked(pressure(120, 900))
    assert fact(result, "systolic_bp").value is None
    assert any("component[1]" in problem.path for problem in result.problems)


@pytest.mark.parametrize(
    ("number", "unit", "kg"),
    [
        (70, "kg", Decimal(70)),
        (154, "[lb_av]", Decimal("154") * Decimal("0.45359237")),
        (70000, "g", Decimal(70)),
        (7, "kg", None),
        (70, "stone", None),
    ],
)
def test_a_weight_is_converted_or_refused(number, unit, kg):
    found = value("body_weight", measured("29463-7", number, unit))
    assert found == (None if kg is None else Range.exactly(kg))


def test_two_weights_of_one_day_that_differ_are_disputed_and_two_alike_are_not():
    apart = checked(
        measured("29463-7", 70, "kg", at="2026-11-01T08:00:00Z"),
        measured("29463-7", 154, "kg", at="2026-11-01T09:00:00Z", number=2),
    )
    assert fact(apart, "body_weight").disputed
    assert any("measure again" in problem.text for problem in apart.problems)
    alike = checked(
        measured("29463-7", 70, "kg", at="2026-11-01T08:00:00Z"),
        measured("29463-7", 71, "kg", at="2026-11-01T09:00:00Z", number=2),
    )
    assert fact(alike, "body_weight").value == Range.exactly(71)


@pytest.mark.parametrize(
    ("cm", "expected"), [(170, Decimal("24.2")), (141.4, Decimal("35.0")), (142, Decimal("34.7"))]
)
def test_the_mass_index_is_reckoned_from_weight_and_height(cm, expected):
    found = value("bmi", measured("29463-7", 70, "kg"), measured("8302-2", cm, "cm", number=2))
    assert found == Range.exactly(expected)


@pytest.mark.parametrize(
    ("when", "days"),
    [("2026-09-20", 42), ("2026-09-19", 43), ("2026-10-31", 1)],
)
def test_days_since_a_heart_attack_are_counted_from_its_onset(when, days):
    entry = condition("I21.4", onsetDateTime=when)
    assert value("recent_cardiovascular_event_days", entry) == Range.exactly(days)


def test_a_heart_attack_without_a_date_asks_for_it():
    result = checked(condition("I21.4"))
    assert fact(result, "recent_cardiovascular_event_days").value is None
    assert "ask when" in fact(result, "recent_cardiovascular_event_days").note


@pytest.mark.parametrize(
    ("onset", "expected"), [("2026-01-05", True), ("2026-01-04", None), (None, None)]
)
def test_a_pregnancy_code_expires_after_about_ten_months(onset, expected):
    more = {"onsetDateTime": onset} if onset else {}
    assert value("pregnant", condition("Z34.02", **more)) is expected


def pregnancy_test(code: str, at: str = "2026-10-30T08:00:00Z"):
    entry = measured("2106-3", 1, "1", at=at)
    del entry["valueQuantity"]
    entry["valueCodeableConcept"] = {"coding": [{"system": SNOMED, "code": code}]}
    return entry


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (pregnancy_test("10828004"), True),
        (pregnancy_test("260385009"), False),
        (pregnancy_test("260385009", at="2026-10-24T08:00:00Z"), None),  # eight days
        (pregnancy_test("419984006"), None),  # inconclusive
    ],
)
def test_a_pregnancy_test_says_so_while_it_is_fresh(entry, expected):
    assert value("pregnant", entry) is expected


def test_a_union_answered_to_be_absent_has_no_kinds():
    result = checked(cardiovascular_or_cerebrovascular_condition=False)
    assert fact(result, "heart_failure").value is False
    assert fact(result, "aneurysm_intracranial").value is False


def test_a_kind_answered_to_be_there_makes_the_whole():
    assert value("aneurysmal_vascular_disease", aneurysm_abdominal_aorta=True) is True


def test_a_record_and_an_answer_that_disagree_are_disputed_not_averaged():
    result = checked(condition("I71.40"), aneurysmal_vascular_disease=False)
    found = fact(result, "aneurysmal_vascular_disease")
    assert (found.value, found.disputed) == (None, True)
    assert any(problem.path == "aneurysmal_vascular_disease" for problem in result.problems)
    assert str(verdict(result, "SPVUS-006").finding) == "unknown"


def test_nyha_class_is_read_from_a_finding():
    entry = {
        "resourceType": "Observation",
        "id": "n",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-10-01",
        "code": {"coding": [{"system": LOINC, "code": "88020-3"}]},
        "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": "420913000"}]},
    }
    assert value("nyha_class", entry) == "III"


def test_an_encounter_that_is_over_says_nothing_of_the_setting():
    def seen(status):
        return {
            "resourceType": "Encounter",
            "id": "e",
            "status": status,
            "subject": {"reference": "Patient/p1"},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        }

    assert value("setting", seen("in-progress")) == "inpatient"
    assert value("setting", seen("finished")) is None


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["F33.1"], "moderate"),
        (["F32.2"], "severe"),
        (["F33.3"], "severe_psychotic"),
        (["F33.9"], None),
        (["F33.0", "F33.2"], None),  # two that differ: ask
    ],
)
def test_the_severity_of_an_episode_is_what_its_one_code_names(codes, expected):
    entries = [condition(code, number=number) for number, code in enumerate(codes, 1)]
    assert value("episode_severity", *entries) == expected
