"""What a good answer to each of our own requests holds, by content and not by wording.

Expected are criterion ids, values and times: from the table that came with the samples
and from the requests themselves, read by a person.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from tests.support import cds
from tests.support.cds import SAMPLES, ask, criteria, matter, sample, told_by, without_uuids

pytestmark = pytest.mark.django_db
OWN = sorted(path.name[:6] for path in SAMPLES.glob("own-*.json"))


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: cds.TODAY)


@pytest.fixture(autouse=True)
def a_client() -> Any:
    return cds.client()


def cards_of(start: str) -> list[Any]:
    answer = ask(sample(start))
    assert answer.status_code == 200, answer.content
    return answer.json()["cards"]


def by_matter(cards: list[Any]) -> dict[str, Any]:
    named = {matter(card): card for card in cards}
    assert len(named) == len(cards), "one card for each matter"
    return named


# -- one by one ------------------------------------------------------------------------


def test_01_one_card_says_what_is_known_and_missing_and_recommends_nothing():
    (card,) = cards_of("own-01")
    text = card["detail"]
    assert card["indicator"] == "info"
    assert "Major depressive disorder, recurrent severe" in text
    assert "146/92 mmHg, 20 Oct 2026 09:00 UTC-04:00" in text
    assert "too old" in text
    for missing in ("Aneurysm of an artery", "Allergies", "Active drugs"):
        assert missing in text
    assert "recommends nothing" in text
    assert not re.search(r"\b(should|can) be (treated|given|started)|eligible", text)
    assert "suggestions" not in card


def test_02_the_pressure_its_time_and_criterion_stand_on_a_warning_with_reasons_to_override():
    cards = cards_of("own-02")
    card = by_matter(cards)["pressure"]
    assert cards[0] is card
    assert card["indicator"] == "warning"
    assert "168/104" in card["summary"]
    assert "24 Nov 2026 08:30 UTC-05:00" in card["detail"]
    assert {"SPVUS-011", "SPVEU-009"} <= criteria(card)
    assert card["source"]["url"].startswith("http")
    assert card["overrideReasons"]
    assert all(reason["display"] for reason in card["overrideReasons"])
    # Born 1981: the European rule for 65 and older does not speak of her.
    assert "SPVEU-010" not in criteria(card)


@pytest.mark.parametrize(("days", "fresh"), [(0, True), (7, True), (8, False)])
def test_02_a_week_later_the_pressure_is_no_fact_and_still_not_passed_over(
    days, fresh, monkeypatch
):
    # The content keeps a pressure for 7 days.
    later = cds.TODAY + timedelta(days=days)
    monkeypatch.setattr("evenkeel.edges.cds.views.timezone.now", lambda: later)
    answer = ask(sample("own-02"), now=later).json()["cards"]
    card = by_matter(answer)["pressure"]
    assert "SPVUS-011" in criteria(card)
    assert "24 Nov 2026 08:30 UTC-05:00" in card["detail"]
    assert card["indicator"] == "warning"
    assert ("too old" in card["summary"]) is not fresh
    assert ("If the pressure is still as it was" in card["detail"]) is not fresh
    assert ("measure again" in card["detail"]) is (days > 0)


def test_03_an_order_without_any_data_is_never_answered_with_nothing():
    (card,) = cards_of("own-03")
    assert card["indicator"] == "warning"
    for key in ("patient", "conditions", "medications", "allergies", "observations"):
        assert f"`{key}`): not sent" in card["detail"]
    assert "Aneurysm of an artery" in card["detail"]
    assert "not known to be absent" in card["detail"]


def test_04_a_contraindication_is_critical_and_offers_to_take_the_order_back():
    cards = cards_of("own-04")
    card = cards[0]
    assert card["indicator"] == "critical"
    assert "Abdominal aortic aneurysm" in card["summary"]
    assert "contraindication" in card["summary"]
    assert {"SPVUS-006", "SPVEU-008"} <= criteria(card)
    assert "s4 Contraindications" in card["source"]["label"]
    (suggestion,) = card["suggestions"]
    assert card["selectionBehavior"] in ("any", "at-most-one")
    assert suggestion["actions"] == [
        {"type": "delete", "description": suggestion["label"], "resourceId": "MedicationRequest/m1"}
    ]


def test_05_another_drug_is_answered_with_no_card():
    assert cards_of("own-05") == []


def test_06_the_selected_order_is_judged_beside_the_other_draft_and_the_active_drugs():
    cards = cards_of("own-06")
    all_text = told_by(cards)
    pressure = by_matter([c for c in cards if matter(c) != "interactions"])["pressure"]
    assert "148/88" in pressure["summary"]
    assert "24 Nov 2026 09:10 UTC-05:00" in pressure["detail"]
    assert criteria(pressure) == {"SPVUS-011"}
    # 148/88 at 71: the European limit of 150/90 is said, and said not to be reached.
    assert "SPVEU-010, Esketamine, EU label (European Union; not reached" in pressure["detail"]
    interactions = {frozenset(criteria(c)): c for c in cards if matter(c) == "interactions"}
    assert "tranylcypromine" in interactions[frozenset({"SPVUS-018"})]["detail"]
    assert "midazolam" in interactions[frozenset({"SPVUS-016"})]["detail"]
    assert {card["indicator"] for card in interactions.values()} == {"warning"}
    (dose,) = [card for card in cards if matter(card) == "start_dose"]
    assert criteria(dose) == {"SPVEU-005", "SPVUS-031"}
    for said in ("84 mg", "71 years", "28 mg on day 1", "56 mg", "C07", "2019-2023 labels"):
        assert said in dose["detail"], said
    assert "suggestions" not in all_text
    assert "critical" not in {card["indicator"] for card in cards}
    assert all("MedicationRequest/m6a" in card["detail"] for card in cards)


def test_07_withdrawn_and_stale_entries_count_for_nothing_and_ketamine_is_not_the_nasal_spray():
    cards = cards_of("own-07")
    text = told_by(cards)
    assert "SPVUS" not in text
    assert "SPVEU" not in text
    assert "118/74 mmHg, 15 Sep 2025" in text
    assert "too old" in text
    assert "fresh one" in text
    assert "162" not in text
    assert "Weight: not in the record" in text
    assert "hypertension (Condition/c3): recorded as resolved" in text.replace("\\\\", "").replace(
        "(primary) ", ""
    )
    for absent in ("chizophreni", "orazepam", "ortic aneurysm"):
        assert absent not in text, absent
    assert "Aneurysm of an artery" in text  # as a question
    assert {card["indicator"] for card in cards} == {"warning"}


def test_08_the_ingredient_tells_the_drug_and_seventeen_is_too_young():
    cards = cards_of("own-08")
    first, rest = cards[0], told_by(cards[1:])
    assert "SPVUS-001" in criteria(first)
    assert "17 years" in first["summary"]
    assert "ingredient" in first["detail"]
    assert "`conditions`): sent as null" in rest
    assert "`observations`): the sender's FHIR server answered with an error (timeout)" in rest
    assert "no contraindication" not in told_by(cards).lower()


def test_09_two_ketamine_orders_a_pregnancy_and_a_suspected_allergy():
    cards = cards_of("own-09")
    named = by_matter(cards)
    text = told_by(cards)
    assert {"SPVUS-021", "CPAIN-005"} <= criteria(named["pregnancy"])
    assert "20 Oct 2026" in named["pregnancy"]["detail"]
    allergy = named["allergy"]
    assert "SPVUS-009" in criteria(allergy)
    assert "unconfirmed" in allergy["summary"]
    assert "before treatment" in allergy["summary"]
    assert allergy["indicator"] == "warning"
    assert {"FDA-001", "APA-014"} <= criteria(named["home_use"])
    both = named["two_products"]["detail"]
    assert "MedicationRequest/m9a" in both
    assert "MedicationRequest/m9b" in both
    assert "by its text only, for a person to confirm" in both
    assert "roup therapy" not in text
    assert "124/78" not in text
    assert "pressure" not in named
    assert "systemActions" not in text


# -- all of them -----------------------------------------------------------------------


@pytest.mark.parametrize("start", OWN)
def test_every_card_keeps_to_the_form_of_the_specification(start):
    answer = ask(sample(start)).json()
    assert set(answer) == {"cards"}
    uuids = [card["uuid"] for card in answer["cards"]]
    assert len(set(uuids)) == len(uuids)
    order = [("critical", "warning", "info").index(c["indicator"]) for c in answer["cards"]]
    assert order == sorted(order), "the most urgent first"
    for card in answer["cards"]:
        assert 0 < len(card["summary"]) < 140
        assert card["source"]["label"]
        assert card["source"]["topic"]["code"] == matter(card)
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        for link in card.get("links", []):
            assert link["type"] == "absolute"
            assert link["url"].startswith(("https://", "http://"))


@pytest.mark.parametrize("start", OWN)
def test_nothing_of_the_person_is_in_sources_links_or_the_log(start, caplog):
    from evenkeel.web.records.models import CdsCard

    sent = sample(start)
    with caplog.at_level("DEBUG"):
        cards = ask(sent).json()["cards"]
    patient = sent["prefetch"].get("patient", {})
    private = [patient.get("birthDate"), sent["context"]["patientId"]]
    for name in patient.get("name", []):
        private += [name["family"], *name["given"]]
    places = [told_by([card["source"], card.get("links", [])]) for card in cards]
    places += [told_by(card["summary"]) for card in cards]
    kept = list(CdsCard.objects.values("matter", "criteria", "indicator", "service"))
    assert len(kept) == len(cards)
    for word in filter(None, private):
        for place in [*places, *caplog.messages, json.dumps(kept)]:
            assert not re.search(rf"\b{re.escape(word)}\b", place), word


@pytest.mark.parametrize("start", OWN)
def test_the_same_request_again_gives_the_same_cards_but_for_uuids(start):
    first, again = (ask(sample(start)).json() for _ in range(2))
    assert without_uuids(first) == without_uuids(again)
    ids = [{card["uuid"] for card in answer["cards"]} for answer in (first, again)]
    assert not ids[0] & ids[1]


# -- samples of the specification --------------------------------------------------------

# Files that hold a whole request, with what must come of them.
REQUESTS = {
    "current-02": (200, "patient-view"),
    "quickstart-request": (200, "patient-view"),
    "examples-01": (400, "order-sign"),
    "examples-03": (200, "order-select"),
}
# Contexts alone, put into a request of their hook.
CONTEXTS = {
    "order-select-01": (200, "order-select"),
    "order-sign-01": (200, "order-sign"),
    "hook-order-select-context-dstu2": (400, "order-select"),
    "hook-order-sign-context-dstu2": (400, "order-sign"),
    "hook-order-select-context-stu3": (200, "order-select"),
    "hook-order-sign-context-stu3": (200, "order-sign"),
    "hook-patient-view-context-practitioner": (200, "patient-view"),
    "hook-patient-view-context-with-encounter": (200, "patient-view"),
}


@pytest.mark.parametrize("start", [*REQUESTS, *CONTEXTS])
def test_the_specifications_own_examples_are_answered_or_refused_by_name(start):
    told = sample(start)
    status, hook = {**REQUESTS, **CONTEXTS}[start]
    if start in CONTEXTS:
        inside = told.get("context", told)
        told = {"hook": hook, "hookInstance": sample("own-01")["hookInstance"], "context": inside}
    answer = ask(told, service=cds.SERVICE_OF[hook])
    assert answer.status_code == status, answer.content
    if status == 200:
        assert isinstance(answer.json()["cards"], list)
        if hook == "patient-view":  # none of the keys that were asked for came
            assert "not received" in answer.json()["cards"][0]["summary"]
    else:
        assert answer.json()["issue"][0]["expression"]


@pytest.mark.parametrize("service", cds.SERVICE_OF.values())
def test_no_example_crashes_any_service(service):
    for path in SAMPLES.glob("*.json"):
        for tail in ("", "/feedback"):
            answer = ask(path.read_bytes(), service=service, tail=tail)
            assert answer.status_code in (200, 400, 404), (path.name, tail, answer.content)
            if answer.status_code != 200:
                assert answer.json()["issue"][0]["diagnostics"]
