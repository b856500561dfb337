"""Antidepressants in a record are shown as seen, and never become trials by themselves."""

from __future__ import annotations

from tests.support.charts import AS_OF, ATC, RXNORM, SUBJECT, chart_of, drug
from tests.unit.guidelines.test_trials import KNOWLEDGE, trial

from evenkeel.core.chart import PartialDate
from evenkeel.core.guidelines.facts.trial_hints import antidepressants_in
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.verdicts.check import check

SERTRALINE, MIRTAZAPINE = "36437", "15996"  # RxNorm ingredients


def seen(*resources, trials=()):
    return antidepressants_in(
        chart_of(*resources), KNOWLEDGE.terminology, KNOWLEDGE.doses, AS_OF, trials
    )


def statement(code, system=RXNORM, *, number=1, status="completed", **more):
    return {
        "resourceType": "MedicationStatement",
        "id": f"s{number}",
        "status": status,
        "subject": SUBJECT,
        "medicationCodeableConcept": {"coding": [{"system": system, "code": code}]},
        **more,
    }


def test_a_statement_tells_its_period_and_its_dose_only_as_written():
    (line,) = seen(
        statement(
            SERTRALINE,
            effectivePeriod={"start": "2025-02", "end": "2025-06-30"},
            dosage=[{"text": "100 mg every morning"}],
        )
    )
    assert (line.drug, line.ref, line.dose_words) == (
        "sertraline", "MedicationStatement/s1", "100 mg every morning",
    )  # fmt: skip
    assert (line.start, line.end) == (PartialDate(2025, 2), PartialDate(2025, 6, 30))
    assert line.is_period
    assert not line.told


def test_an_order_is_no_period_of_taking():
    (line,) = seen(drug(MIRTAZAPINE, authored="2025-03-01"))
    assert line.drug == "mirtazapine"
    assert not line.is_period


def test_other_drugs_and_entries_that_say_nothing_are_left_out():
    assert not seen(drug("4493", ATC))
    assert not seen(statement(SERTRALINE, status="entered-in-error"))
    assert not seen(statement(SERTRALINE, status="not-taken"))
    assert not seen(drug(SERTRALINE, intent="proposal"))
    assert not seen(drug(SERTRALINE, authored="2027-01-01"))
    assert not seen(drug("N06AX27", ATC, display="esketamine"))


def test_a_product_counts_by_its_name_and_a_told_trial_is_said():
    line, other = seen(
        drug("312938", display="Sertraline 100 MG Oral Tablet", authored="2025-01-01"),
        statement("N06AX16", ATC, number=2),
        trials=(trial(drug="Sertraline"),),
    )
    assert (line.drug, line.told) == ("sertraline", True)
    assert (other.drug, other.told) == ("venlafaxine", False)


def test_nothing_seen_is_ever_counted():
    chart = chart_of(
        statement(SERTRALINE, effectivePeriod={"start": "2025-01-01", "end": "2025-06-30"}),
        statement("N06AX16", ATC, number=2),
    )
    facts = check(chart, library=library(), as_of=AS_OF).facts
    assert not facts["failed_adequate_trials"].known
    assert "the record shows" in facts["failed_adequate_trials"].note
