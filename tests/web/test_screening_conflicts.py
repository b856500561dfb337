"""Conflicts on the screening page: only those that bite this person, with both sides."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse
from tests.support.referrals import PATIENT, WEIGHT, as_json, bundle

from evenkeel.web.records.models import Patient
from evenkeel.web.records.selectors.screening import screening_of
from evenkeel.web.records.services import referrals, screening

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TODAY = date(2026, 11, 24)


@pytest.fixture
def patient(user_of) -> Patient:
    raw = as_json(bundle(WEIGHT, patient=PATIENT))
    coordinator = user_of("coordinator")
    return referrals.receive(raw=raw, by=coordinator, via=referrals.Via.UPLOAD, at=NOW).patient


def tell(patient, by, **facts):
    for name, value in facts.items():
        screening.answer_fact(
            patient=patient, name=name, value=value, by=by, at=NOW, said_by="clinician"
        )


def shown(client_as, patient) -> str:
    """The part of the page about conflicts, as text."""
    page = client_as("prescriber").get(reverse("clinic:screening", args=[patient.number]))
    assert page.status_code == 200
    _, _, part = page.content.decode().partition('<div class="biting"')
    part, _, _ = part.partition('id="decide"')
    assert part
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_both_sides_stand_beside_each_other_with_the_value_that_parts_them(
    patient, user_of, client_as
):
    tell(patient, user_of("prescriber"), psychosis_current=False, psychosis_history=True)
    told = shown(client_as, patient)
    for part in ("Where guidelines part over this person", "Psychosis, now or ever: yes",
                 "US pain societies", "no active psychosis", "US esketamine label",
                 "a prescriber must weigh a psychosis, past ones too", "SPVUS-014",
                 "Could leave one side alone: Product"):  # fmt: skip
        assert part in told, part
    page = client_as("prescriber").get(reverse("clinic:screening", args=[patient.number]))
    rows = re.findall(r'<tr class="differ"><th scope="row">([^<]+)<', page.content.decode())
    assert rows == ["Psychosis"]


def test_once_a_product_is_named_the_other_side_falls_away(patient, user_of, client_as):
    prescriber = user_of("prescriber")
    tell(patient, prescriber, psychosis_current=False, psychosis_history=True)
    tell(patient, prescriber, product="esketamine_nasal", indication="trd")
    assert "Psychosis" not in shown(client_as, patient)


def test_what_is_missing_is_named_and_leads_to_its_question(patient, client_as):
    told = shown(client_as, patient)
    assert "on which guidelines may part over this person, once more is known" in told
    page = client_as("prescriber").get(reverse("clinic:screening", args=[patient.number]))
    address = reverse("clinic:screening_fact", args=[patient.number, "systolic_bp"])
    assert address in page.content.decode()


def test_the_page_asks_the_core_about_the_packs_that_it_shows(patient):
    seen = screening_of(patient, as_of=TODAY)
    packs = {pack.id for bite in seen.bites for side in bite.sides for pack in side.packs}
    shown_or_of_no_country = {each.pack.id for each in seen.check.packs} | {
        pack.id for pack in seen.content.packs.values() if pack.jurisdiction == "international"
    }
    assert packs <= shown_or_of_no_country
