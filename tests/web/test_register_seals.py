"""The lines of the controlled-drug register cannot be edited in silence."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from tests.support.day import NOW, make_day, new_id, to_dose

from evenkeel.core.kernel.verdicts import yes
from evenkeel.web.ledger.models import Entry
from evenkeel.web.ledger.verify import examine
from evenkeel.web.records.models import RegisterEntry
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.services import under_way

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_stands_in_the_way(monkeypatch):
    monkeypatch.setattr(timeline, "_safeguards", lambda *_: yes("none stands in the way"))


def examined():
    with connection.cursor() as cursor:
        return examine(cursor)


def behind_the_back(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE records_registerentry DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE records_registerentry ENABLE TRIGGER USER")


def end(day) -> None:
    at = NOW + timedelta(minutes=28)
    under_way.end_dose(
        treatment=day.treatment, given_mg=Decimal(20), reason="nausea", by=day.nurse, at=at,
        now=at, client=new_id(),
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "action"), [("drawn", "dose.started"), ("given", "dose.stopped")])
def test_a_line_of_an_infusion_that_was_changed_is_found_at_its_entry(kind, action):
    day = make_day()
    to_dose(day)
    end(day)
    assert examined().whole
    behind_the_back(f"UPDATE records_registerentry SET mg = mg + 1 WHERE kind = '{kind}'")
    found = examined()
    assert found.broken_at == Entry.objects.get(action=action).seq
    assert "records_registerentry" in found.because


def test_a_line_of_a_spray_that_was_deleted_is_found():
    day = make_day("esketamine_nasal")
    to_dose(day)
    assert examined().whole
    assert RegisterEntry.objects.filter(kind="given").exists()
    behind_the_back("DELETE FROM records_registerentry WHERE kind = 'given'")
    assert examined().broken_at == Entry.objects.get(action="dose.device_given").seq
