"""The safeguards of screening lock the day gate until somebody has asked."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.support.day import NOW, make_day, to_gate

from evenkeel.core.monitoring.conditions import Standing
from evenkeel.core.safeguards import safeguards
from evenkeel.web.records.models import FactAnswer
from evenkeel.web.records.selectors import timeline

pytestmark = pytest.mark.django_db


def line(day):
    gate = timeline.gate_of(day.treatment, timeline.state_of(day.treatment, NOW))
    return next(c for c in gate.conditions if c.key == "safeguards")


def say(day, fact, value):
    FactAnswer.objects.create(
        patient=day.patient, name=fact, value=value, said_by="clinician", at=NOW, by=day.prescriber
    )


def test_not_in_the_record_locks_dosing_and_answers_open_it() -> None:
    day = make_day()
    to_gate(day)
    asked = line(day)
    assert asked.standing is Standing.UNKNOWN
    assert not asked.may_override
    for each in safeguards():
        say(day, each.fact, each.safe_when)
    assert line(day).standing is Standing.MET


def test_a_known_danger_whose_source_was_not_read_needs_a_prescriber_in_writing() -> None:
    day = make_day()
    to_gate(day)
    for each in safeguards():
        say(day, each.fact, each.safe_when)
    first = next(each for each in safeguards() if not each.stops)
    say(day, first.fact, not first.safe_when)
    held = line(day)
    assert held.standing is Standing.JUDGE
    assert held.may_override
    assert first.label in held.reason


def test_the_gate_shows_the_way_to_screening(client_as) -> None:
    day = make_day(now=timezone.now())
    to_gate(day)
    page = client_as(day.nurse).get(reverse("clinic:gate", args=[day.treatment.pk]))
    assert page.status_code == 200
    assert "Open screening" in page.content.decode()
