"""Pages about editions in a real browser: whom a change moves, and a decision explained again."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import transaction
from playwright.sync_api import expect
from tests.support.browsers import fits
from tests.support.editions import stricter
from tests.support.people import make_user
from tests.support.referrals import SAMPLES

from evenkeel.web.records.models import Course, EditionReview, Patient, ScreeningDecision
from evenkeel.web.records.services import edition_reviews as reviews
from evenkeel.web.records.services import referrals, screening
from evenkeel.web.records.services.editions import keep_edition

pytestmark = pytest.mark.browser
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
FILES = ("01-depression-1.json", "04-ptsd-2.json")


def make_change(monkeypatch) -> Patient:
    """Two patients, one decided and planned under a stricter edition; then today's came."""
    old, prescriber = stricter(), make_user("prescriber")
    made_before = ScreeningDecision.objects.filter(content_sha256=old.sha256).first()
    if made_before is not None:  # one database serves every test of this file
        return made_before.patient
    patients = [
        referrals.receive(
            raw=(SAMPLES / "referrals" / name).read_bytes(), by=prescriber,
            via=referrals.Via.UPLOAD, at=NOW,
        ).patient
        for name in FILES
    ]  # fmt: skip
    patient = patients[0]
    with monkeypatch.context() as then, transaction.atomic():
        then.setattr(screening, "library", lambda: old)
        keep_edition(old, by=None, at=NOW)
        made = screening.decide(
            patient=patient, pack="apa-2017", product="racemic_iv", indication="trd",
            choice="proceed", reason="Known to this clinic for years.", by=prescriber, at=NOW,
        )  # fmt: skip
    Course.objects.create(
        patient=patient, protocol="ketamine-iv-six", protocol_version="1", status="planned",
        product="racemic_iv", indication="trd", prescriber=prescriber, decision=made,
        dose_mg_per_kg="0.5",
    )  # fmt: skip
    EditionReview.objects.create(
        to_edition=old.edition, to_sha256=old.sha256, started_at=NOW, finished_at=NOW
    )
    while reviews.look(at=NOW):
        pass
    return patient


def test_before_any_change_the_page_says_what_will_be_there(page, sign_in, axe, shot):
    sign_in(page, "nurse")
    page.goto("/patients/")
    page.get_by_role("link", name="Guideline changes").click()
    page.get_by_text("No change yet").wait_for()
    axe(page)
    shot(page, "editions-empty")


def test_a_change_lists_whom_it_moves_and_each_decision_can_be_explained(
    page, sign_in, axe, shot, monkeypatch
):
    patient = make_change(monkeypatch)
    sign_in(page, "prescriber")
    page.goto("/editions/")
    page.get_by_role("heading", name="When the guidelines changed").wait_for()
    expect(page.get_by_text("STRICT-001").first).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Explain the decision").click()
    page.get_by_role("heading", name="The decision, explained again").wait_for()
    expect(page.get_by_text("Identical")).to_be_visible()
    expect(page.get_by_text("STRICT-001").first).to_be_visible()
    axe(page)
    page.get_by_role("link", name="As it was made").click()
    page.get_by_role("link", name="Explain it again").wait_for()
    expect(page).to_have_url(re.compile(patient.number))


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (820, "light"), (390, "dark")])
def test_the_pages_hold_at_every_width_and_theme(
    width, theme, new_page, sign_in, axe, shot, monkeypatch
):
    patient = make_change(monkeypatch)
    made = patient.decisions.get()
    page = new_page(width=width, height=3000, color_scheme=theme)
    sign_in(page, "prescriber")
    again = f"/patients/{patient.number}/screening/decisions/{made.pk}/again/"
    for name, address in (("editions", "/editions/"), ("again", again)):
        page.goto(address)
        axe(page)
        page.evaluate(
            "document.querySelectorAll('details.moved-section').forEach(part => part.open = true)"
        )
        fits(page)
        shot(page, f"{name}-{width}-{theme}")
