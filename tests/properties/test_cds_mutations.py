"""Whatever happens to a request on its way: cards or faults, and never a silent nothing.

The property that protects a person: as long as an order says esketamine, damage to the
record may change the cards and never empties them.
"""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.properties.test_fhir_mutations import ODD, places
from tests.support.cds import SERVICE_OF, order, sample

from evenkeel.core.chart import Refused
from evenkeel.core.guidelines.packs.library import library
from evenkeel.edges.cds import answers, asked
from evenkeel.edges.cds.cards import Card
from evenkeel.edges.cds.offered import SERVICES

TODAY = date(2026, 11, 24)
OWN = [sample(f"own-0{number}") for number in range(1, 10)]
ORDERED = [each for each in OWN if each["hook"] != "patient-view" and "05" not in
           each["hookInstance"][-2:]]  # fmt: skip


def outcome(told: Any, hook: str) -> list[Card] | Refused:
    service = SERVICES[SERVICE_OF[hook]]
    cards: list[Card] | Refused
    try:
        request = asked.read(json.dumps(told).encode(), service)
        cards = answers.answer(request, service, request.prefetch, library(), TODAY)
    except Refused as refusal:
        cards = refusal
    if isinstance(cards, Refused):
        assert cards.faults
        assert all(fault.words and fault.code for fault in cards.faults)
        return cards
    for card in cards:
        sent = json.loads(json.dumps(card.content))
        assert 0 < len(sent["summary"]) < 140
        assert sent["indicator"] in ("info", "warning", "critical")
        assert sent["source"]["label"]
        assert sent["detail"]
    return cards


@st.composite
def damage(draw: st.DrawFn, value: Any, within: Any) -> Any:
    """Up to four places of ``within``, a part of ``value``, made odd."""
    for _ in range(draw(st.integers(1, 4))):
        found = places(within)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        act = draw(st.sampled_from(["replace", "remove", "repeat", "wrap"]))
        if act == "replace":
            container[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif act == "remove":
            del container[key]
        elif act == "repeat" and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        else:
            container[key] = [container[key]]
    return value


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_request_gives_cards_or_named_faults(data):
    told = copy.deepcopy(data.draw(st.sampled_from(OWN)))
    hook = told["hook"]
    outcome(data.draw(damage(told, told)), hook)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_record_never_empties_the_answer_to_an_order(data):
    told = copy.deepcopy(data.draw(st.sampled_from(ORDERED)))
    told = data.draw(damage(told, told["prefetch"]))
    got = outcome(told, told["hook"])
    if isinstance(got, list):
        assert got, "an order of ketamine was answered with nothing"
        assert any(card.matter in ("missing", "person") for card in got)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_beside_the_drugs_name_never_hides_the_order(data):
    """Only the concept stays whole; everything else of the order may be odd."""
    told = sample("own-02")
    draft = order(told)
    concept = copy.deepcopy(draft["medicationCodeableConcept"])
    data.draw(damage(told, draft))
    draft["medicationCodeableConcept"] = concept
    assume(draft.get("resourceType") == "MedicationRequest")
    assume(draft.get("doNotPerform") is not True)
    assume(draft.get("status") != "entered-in-error")
    got = outcome(told, "order-sign")
    if isinstance(got, list):
        assert got


def rank(cards: list[Card] | Refused) -> int:
    assert isinstance(cards, list)
    return max(("info", "warning", "critical").index(card.indicator) for card in cards)


@settings(max_examples=40, deadline=None)
@given(keys=st.sets(st.sampled_from(["conditions", "observations", "medications", "allergies"])))
def test_less_of_a_record_is_never_more_reassuring(keys):
    """What does not come is named as a gap: the answer stays at least a warning."""
    told = sample("own-09")
    for key in keys:
        del told["prefetch"][key]
    cards = outcome(told, "order-sign")
    assert isinstance(cards, list)
    (gaps,) = [card for card in cards if card.matter == "missing"]
    for key in keys:
        assert f"`{key}`): not sent" in gaps.content["detail"]
    assert not keys or gaps.indicator == "warning"
    assert rank(cards) >= 1
