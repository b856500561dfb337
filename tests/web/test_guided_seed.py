"""The demo's people who show guidelines at work: each shows what it is there for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.people import make_user
from tests.support.referrals import SAMPLES

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.protocols.library import protocol
from evenkeel.web.records.models import EditionEffect, Patient, ScreeningDecision
from evenkeel.web.records.seed import guided, live
from evenkeel.web.records.selectors.editions import explain_again
from evenkeel.web.records.selectors.facts import check_of
from evenkeel.web.records.services import edition_reviews, referrals

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)


@pytest.fixture
def patient() -> Patient:
    raw = (SAMPLES / "referrals" / "01-depression-1.json").read_bytes()
    by = make_user("coordinator")
    return referrals.receive(raw=raw, by=by, via=referrals.Via.UPLOAD, at=NOW).patient


def test_the_history_is_one_that_definitions_count_differently(patient):
    guided.history(patient, by=make_user("prescriber"), at=NOW)
    facts = check_of(patient, as_of=NOW.date()).facts
    atrq, pearl = (facts[name].value for name in ("failed_trials_atrq", "failed_trials_eu_pearl"))
    # MGH-ATRQ takes mirtazapine at 15 mg (its table) and wants 150 mg of venlafaxine.
    assert (atrq.low, atrq.high) == (2, 2)
    assert (pearl.low, pearl.high) != (2, 2)


def test_the_older_decision_is_one_that_the_newer_edition_moves(patient):
    guided.decided_before(patient, by=make_user("prescriber"), at=NOW)
    made = ScreeningDecision.objects.get()
    before = guided.edition_before()
    assert before is not None
    assert (made.content_sha256, made.verdict) == (before.sha256, "judge")
    assert made.content_sha256 != library().sha256
    while edition_reviews.look(at=NOW):
        pass
    moved = EditionEffect.objects.get()
    assert (moved.patient, moved.before, moved.after) == (patient, "judge", "yes")
    assert [each["id"] for each in moved.criteria] == ["CPAIN-009"]
    assert explain_again(made).is_identical


def test_the_packet_is_issued(patient):
    guided.packet(patient, by=make_user("coordinator"), at=NOW)
    issued = patient.packets.get()
    assert issued.payer_pack == guided.PAYER
    assert bytes(issued.pdf).startswith(b"%PDF-")


@pytest.mark.parametrize("scene", live.SCENES, ids=lambda scene: f"chair {scene.chair}")
def test_people_in_chairs_are_booked_for_as_long_as_their_protocol_says(scene):
    """So that the picture of the day draws the turnover of the content, not an hour and more."""
    rules = protocol({"racemic_iv": "ketamine-iv-six"}.get(scene.product, "esketamine-us-trd"))
    booked = live._booked_for(scene, NOW + timedelta(minutes=3))
    minutes = (booked.upper - booked.lower).total_seconds() / 60
    assert minutes == rules.dose_minutes.value + rules.observation_minutes.value + 15
    assert booked.upper > NOW  # nobody sits there beyond the booking
    assert booked.lower.minute % 5 == 0


def test_a_stranger_is_told_whom_to_look_up_and_for_what(patient):
    assert guided.shown() == []
    guided.history(patient, by=make_user("prescriber"), at=NOW)
    guided.packet(patient, by=make_user("coordinator"), at=NOW)
    told = guided.shown()
    assert [(one["number"], one["name"]) for one in told] == [
        (patient.number, patient.full_name)
    ] * 2
    assert "trials" in told[0]["what"]
    assert "packet" in told[1]["what"]
