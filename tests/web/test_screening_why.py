"""The screening page says why, how few answers could settle a pack, and what would change it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse
from tests.support.referrals import PATIENT, as_json, bundle

from evenkeel.core.kernel.verdicts import Answer
from evenkeel.web.clinic import screening_why
from evenkeel.web.records.models import Patient
from evenkeel.web.records.selectors.screening import one_pack, screening_of
from evenkeel.web.records.services import referrals, screening

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@pytest.fixture
def patient(user_of) -> Patient:
    raw = as_json(bundle(patient=PATIENT))
    return referrals.receive(
        raw=raw, by=user_of("coordinator"), via=referrals.Via.UPLOAD, at=NOW
    ).patient


def tell(patient, by, **facts):
    for name, value in facts.items():
        screening.answer_fact(
            patient=patient, name=name, value=value, by=by, at=NOW, said_by="clinician"
        )


def card_of_pack(patient, pack):
    seen = one_pack(patient, pack, as_of=TODAY)
    return screening_why.cards(seen)[0]


def test_answering_the_fewest_facts_settles_a_pack(patient, user_of):
    """The facts that the page names are enough."""
    seen = one_pack(patient, "apa-2017", as_of=TODAY)
    assert seen.check.packs[0].answer is Answer.UNKNOWN
    named = seen.settlings[0].clears.facts
    assert len(named) == 3
    assert seen.settlings[0].stops is None
    # A should that is not met leaves it to a person; the pack is no longer open.
    tell(patient, user_of("prescriber"), **dict.fromkeys(named, False))
    assert one_pack(patient, "apa-2017", as_of=TODAY).check.packs[0].answer is Answer.JUDGE


def test_a_no_says_why_not_with_origin_and_age_and_that_it_stays(patient, user_of):
    tell(patient, user_of("prescriber"), history_intracerebral_haemorrhage=True)
    card = card_of_pack(patient, "esketamine-us")
    assert card["title"] == "Why not"
    assert [one["id"] for one in card["criteria"]] == ["SPVUS-008"]
    fact = card["criteria"][0]["facts"][0]
    assert (fact["held"], fact["age"]) == ("Yes", "today")
    assert "24 Nov 2026" in fact["origin"]
    assert card["turns"][0]["opening"] == "Stays no"
    assert card["turns"][0]["lines"] == (
        "bleed inside the brain, ever: yes, would have to be no, and that cannot change",
    )


def test_an_open_pack_tells_three_counts_and_no_more_than_it_knows(patient):
    texts = [line["text"] for line in card_of_pack(patient, "esketamine-us")["settling"]]
    assert texts[0].endswith("answers could clear it, if all are favourable.")
    assert texts[1] == "1 answer could already make it no."
    assert texts[2].endswith("answers settle it, whatever they are.")


def test_the_strip_counts_what_settles_all_open_packs_together(patient):
    seen = screening_of(patient, as_of=TODAY)
    apart = sum(len(each.clears.facts) for each in seen.settlings if each and each.clears)
    assert seen.asking.proven
    assert 0 < len(seen.asking.fewest) < apart
    assert seen.asking.fewest[0].safeguard


def test_both_pages_show_it(patient, client_as):
    client = client_as("prescriber")
    page = client.get(reverse("clinic:screening", args=[patient.number])).content.decode()
    assert page.count('class="why-card ') == 4
    assert "at best" in page
    assert "What would change it" in page
    pack = client.get(reverse("clinic:screening_pack", args=[patient.number, "esketamine-us"]))
    assert "whatever they are" in pack.content.decode()
