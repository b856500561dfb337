"""What the sample referrals say, as MANIFEST and faults.csv of the samples tell it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.support import referrals
from tests.support.referrals import TODAY, WEIGHT, bundle, changed
from tests.unit.test_fhir_faults import taken

from evenkeel.core.chart import Coding, PartialDate, Refused
from evenkeel.core.guidelines.facts.derive import derive_facts
from evenkeel.core.guidelines.packs.library import library
from evenkeel.edges.fhir import text
from evenkeel.edges.fhir.reading import read

DEAD = {"02-depression-2.json", "03-ptsd-1.json", "10-myocardial-infarction.json"}


def chart(name: str):
    return taken(referrals.faulty(name)).chart


@pytest.mark.parametrize("path", referrals.every_referral(), ids=lambda p: p.name)
def test_every_referral_of_the_living_is_kept_whole_and_the_dead_are_refused(path):
    raw = path.read_bytes()
    if path.name in DEAD:
        with pytest.raises(Refused, match="has died"):
            read(raw, today=TODAY)
        return
    reading = read(raw, today=TODAY)
    entries = json.loads(raw, parse_float=Decimal)["entry"]
    assert len(reading.kept) == len(entries)
    for kept, entry in zip(reading.kept, entries, strict=True):
        assert json.loads(kept.json, parse_float=Decimal) == entry["resource"]


def test_digits_are_kept_as_they_were_written():
    raw = referrals.as_json(bundle(WEIGHT)).replace(b'"value": 70', b'"value": 70.50')
    reading = taken(raw)
    assert '"value":70.50' in reading.kept[1].json
    assert str(reading.chart.observations[0].quantity.value) == "70.50"


def test_the_order_of_keys_and_spaces_does_not_change_the_content():
    value = bundle(WEIGHT)
    other = {name: value[name] for name in reversed(value)}
    assert taken(value).content_sha256 == taken(json.dumps(other, indent=3).encode()).content_sha256
    heavier = bundle(changed(WEIGHT, valueQuantity={"value": 71}))
    assert taken(value).content_sha256 != taken(heavier).content_sha256


def test_text_written_back_is_the_value_that_was_read():
    for path in referrals.every_referral()[:3]:
        value = text.read(path.read_bytes())
        assert text.read(text.write(value).encode()) == value


def test_an_impossible_pressure_makes_the_whole_reading_unusable():
    (reading,) = chart("11").observations
    assert not reading.usable
    assert "1400 mm[Hg] cannot be" in reading.unusable_because


@pytest.mark.parametrize(
    ("kg", "usable"), [("19.99", False), ("20", True), ("400", True), ("400.1", False)]
)
def test_a_weight_is_possible_within_the_hard_limits_of_units_csv(kg, usable):
    weight = changed(WEIGHT, valueQuantity=WEIGHT["valueQuantity"] | {"value": 0})
    raw = referrals.as_json(bundle(weight)).replace(b'"value": 0', f'"value": {kg}'.encode())
    assert taken(raw).chart.observations[0].usable is usable


def test_swapped_pressures_are_no_fact():
    swapped = referrals.faulty("26").replace(b"8462-4", b"x").replace(b"8480-6", b"8462-4")
    (reading,) = taken(swapped.replace(b'"x"', b'"8480-6"')).chart.observations
    assert not reading.usable
    assert chart("26").observations[0].usable


def test_a_unit_without_code_is_not_understood():
    (weight,) = chart("12").observations
    assert not weight.usable
    assert (weight.quantity.unit, weight.quantity.coded) == ("stone", False)


def test_a_weight_in_pounds_is_usable_as_written():
    (weight,) = chart("13").observations
    assert weight.usable
    assert (weight.quantity.value, weight.quantity.unit) == (Decimal("154.3"), "[lb_av]")


def test_what_was_entered_in_error_is_kept_and_never_usable():
    told = chart("16")
    assert [c.usable for c in told.conditions] == [True, False]
    assert told.observations[0].unusable_because == "entered in error"


def test_the_drug_in_a_contained_medication_is_the_drug_of_the_order():
    (order,) = chart("20").medications
    assert order.code.codings[0].code == "36437"
    assert (order.dose_text, order.status, order.usable) == ("100 mg once a day", "active", True)


def test_the_drug_in_a_medication_entry_is_the_drug_of_the_statement():
    told = taken(referrals.referral("18")).chart.medications
    assert "nastrozole" in told[0].code.words
    assert [drug.kind for drug in told] == ["statement", "statement"]


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SERTRALINE = {"coding": [{"system": RXNORM, "code": "36437", "display": "sertraline"}]}
OWN = {"coding": [{"system": "https://catalogue.example", "code": "A1", "display": "Tab A1"}]}
UNNAMED = {"resourceType": "Medication", "id": "a"}


def order_of(*medications):
    """An order of the first contained medication."""
    return {
        "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
        "subject": {"reference": referrals.PATIENT_URL}, "authoredOn": "2026-10-01",
        "contained": list(medications), "medicationReference": {"reference": "#a"},
    }  # fmt: skip


def drug(*medications):
    (order,) = taken(bundle(order_of(*medications))).chart.medications
    assert order.usable
    return [coding.code for coding in order.code.codings], order.code.words


@pytest.mark.parametrize(
    ("ingredients", "own", "told"),
    [
        ([{"itemCodeableConcept": SERTRALINE}], {}, (["36437"], "sertraline")),
        ([{"itemCodeableConcept": {"text": "sertraline"}}], {}, ([], "sertraline")),
        # The product's own name stays first; what is in it says which drug it is.
        ([{"itemCodeableConcept": SERTRALINE}], {"code": OWN}, (["A1", "36437"], "Tab A1")),
        ([{"itemCodeableConcept": SERTRALINE, "isActive": False}], {"code": OWN},
         (["A1"], "Tab A1")),
        ([{"itemCodeableConcept": SERTRALINE, "isActive": True}], {}, (["36437"], "sertraline")),
        ([{"itemReference": {"reference": "#b"}}], {}, (["36437"], "sertraline")),
        ([{"itemReference": {"display": "something"}}], {}, ([], "without a name")),
    ],
)  # fmt: skip
def test_a_product_is_the_drug_that_is_in_it(ingredients, own, told):
    inner = {"resourceType": "Medication", "id": "b", "code": SERTRALINE}
    assert drug({**UNNAMED, **own, "ingredient": ingredients}, inner) == told


def test_products_that_point_at_each_other_are_read_once():
    """Forty layers of two that both hold both of the next: two to the fortieth ways down."""
    layers = [[f"l{n}a", f"l{n}b"] for n in range(40)]
    made = []
    for here, below in zip(layers, [*layers[1:], ["a", "z"]], strict=True):
        held = [{"itemReference": {"reference": f"#{each}"}} for each in below]
        made += [{"resourceType": "Medication", "id": each, "ingredient": held} for each in here]
    first = {**UNNAMED, "ingredient": [{"itemReference": {"reference": "#l0a"}}]}
    last = {"resourceType": "Medication", "id": "z", "code": SERTRALINE}
    assert drug(first, *made, last) == (["36437"], "sertraline")


def test_a_drug_known_by_its_ingredient_is_a_fact():
    given = order_of({**UNNAMED, "code": OWN, "ingredient": [{"itemCodeableConcept": SERTRALINE}]})
    chart = taken(bundle(given)).chart
    facts = derive_facts(chart, knowledge=library().knowledge, as_of=TODAY)
    assert facts["ssri"].value is True
    assert facts["ssri"].refs == ("MedicationRequest/m",)


def test_partial_dates_stay_partial():
    told = chart("24")
    assert told.person.birth == PartialDate(1981)
    assert told.conditions[0].onset == PartialDate(2019, 7)


def test_a_time_is_kept_as_the_same_moment_in_utc():
    assert chart("26").observations[0].at == datetime(2026, 10, 20, 13, tzinfo=UTC)


def test_a_bound_keeps_its_comparator():
    assert chart("27").observations[0].quantity.comparator == ">"


def test_an_order_not_to_give_says_so():
    assert chart("28").medications[0].do_not_perform


def test_a_missing_value_has_its_reason():
    (weight,) = chart("29").observations
    assert (weight.quantity, weight.absent_because) == (None, "asked-declined")


def test_refuted_is_told_apart_from_absent():
    told = chart("30")
    assert [c.verification for c in told.conditions] == ["confirmed", "refuted"]
    assert told.allergies[0].verification == "refuted"
    assert told.allergies[0].usable


def test_what_lies_in_the_future_or_before_birth_is_never_a_fact():
    future = changed(WEIGHT, effectiveDateTime="2026-11-26")
    before = changed(WEIGHT, id="o2", effectiveDateTime="1980")
    today = changed(WEIGHT, id="o3", effectiveDateTime="2026-11-24")
    told = taken(bundle(future, before, today)).chart.observations
    assert [o.usable for o in told] == [False, False, True]


def test_an_end_beside_an_active_status_is_a_question():
    condition = json.loads(referrals.faulty("24"))["entry"][1]["resource"]
    ended = changed(
        condition,
        subject={"reference": referrals.PATIENT_URL},
        abatementDateTime="2020-01-01",
    )
    (told,) = taken(bundle(ended)).chart.conditions
    assert not told.usable
    assert told.has_abated


def test_fluoxetine_is_active_once_in_the_first_referral():
    orders = taken(referrals.referral("01")).chart.medications
    active = [order for order in orders if order.status == "active"]
    assert [order.code.codings[0].code for order in active] == ["406022"]


def test_the_latest_pressure_of_the_first_referral():
    # MANIFEST-fhir: 113/73 on 2020-09-05, in the record with the diastolic part first.
    panels = [
        o
        for o in taken(referrals.referral("01")).chart.observations
        if o.code.codings[0].code in ("55284-4", "85354-9")
    ]
    latest = max(panels, key=lambda o: o.at)
    values = {part.code.codings[0].code: round(part.quantity.value) for part in latest.components}
    assert values == {"8480-6": 113, "8462-4": 73}
    assert latest.at.date().isoformat() == "2020-09-05"


def test_the_person_is_named_by_the_official_name():
    names = [
        {"use": "old", "family": "Before"},
        {"use": "nickname", "given": ["Nono"]},
        {"use": "official", "family": "Exampleby", "given": ["Nora", "Jane"]},
    ]
    person = taken(bundle(patient=changed(referrals.PATIENT, name=names))).chart.person
    assert (person.family, person.given) == ("Exampleby", "Nora Jane")


def test_an_old_or_temporary_identifier_does_not_say_who_somebody_is():
    identifiers = [
        {"use": "old", "system": "urn:a", "value": "1"},
        {"use": "temp", "system": "urn:a", "value": "2"},
        {"system": "urn:a", "value": "3"},
        {"value": "4"},
    ]
    reading = taken(bundle(patient=changed(referrals.PATIENT, identifier=identifiers)))
    assert reading.identifiers == (("urn:a", "3"),)


def test_a_coding_keeps_system_code_and_words():
    assert chart("23").conditions[0].code.codings == (
        Coding(
            "http://hl7.org/fhir/sid/icd-10-cm",
            "F33.2",
            "Major depressive disorder, recurrent severe without psychotic features",
        ),
    )


@pytest.mark.parametrize(("status", "usable"), [("completed", True), ("not-done", False)])
def test_a_procedure_that_was_not_done_is_no_fact(status, usable):
    procedure = {
        "resourceType": "Procedure",
        "status": status,
        "code": {"text": "bladder scan"},
        "subject": {"reference": referrals.PATIENT_URL},
    }
    assert taken(bundle(procedure)).chart.procedures[0].usable is usable


@pytest.mark.parametrize(("systolic", "usable"), [(81, False), (82, True), (83, True)])
def test_a_systolic_pressure_may_not_lie_below_the_diastolic(systolic, usable):
    raw = referrals.faulty("26").replace(b'"value": 128', f'"value": {systolic}'.encode())
    assert taken(raw).chart.observations[0].usable is usable


def test_a_record_of_somebody_dead_can_be_looked_at_and_says_so():
    # MANIFEST-fhir: died in 1968 at 29, one observation after death.
    reading = read(referrals.referral("10"), today=TODAY, may_be_dead=True)
    person, problems = reading.chart.person, reading.chart.problems
    assert person.deceased
    assert [p.path for p in problems if p.severity == "error"] == [
        "Bundle.entry[0].resource.deceasedDateTime"
    ]
    after = [p for p in problems if "after the person's death" in p.text]
    assert len(after) >= 1


def test_on_a_day_before_their_death_somebody_was_alive():
    reading = read(referrals.referral("10"), today=date(1967, 6, 1), may_be_dead=True)
    assert not reading.chart.person.deceased
    assert not [p for p in reading.chart.problems if p.severity == "error"]
