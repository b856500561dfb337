"""The chain vouches for the rows that it names: charted values cannot be edited in silence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from tests.support.people import make_user

from evenkeel.web.ledger import append as ledger
from evenkeel.web.ledger import seals
from evenkeel.web.ledger.verify import examine
from evenkeel.web.records.append_only import TABLES
from evenkeel.web.records.models import FactAnswer, Patient

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def examined():
    with connection.cursor() as cursor:
        return examine(cursor)


def answered(value: object) -> FactAnswer:
    with transaction.atomic():
        nurse = make_user("nurse")
        patient = Patient.objects.create(family="Sampleton", given="Juniper")
        row = FactAnswer.objects.create(
            patient=patient, name="pregnant", value=value, said_by="patient", by=nurse, at=AT
        )
        ledger.append("fact.answered", sentence="…", by=nurse, at=AT, patient=patient, subject=row)
    return row


def behind_the_back(table: str, sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql, parameters)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_an_untouched_row_is_vouched_for():
    answered(True)
    answered(None)
    assert examined().whole


def test_a_changed_value_is_found_at_its_entry():
    answered(True)
    second = answered(False)
    behind_the_back(
        "records_factanswer",
        "UPDATE records_factanswer SET value = 'true' WHERE id = %s",
        second.pk,
    )
    found = examined()
    assert found.broken_at == 2
    assert "was changed" in found.because


def test_a_deleted_row_is_found_at_its_entry():
    first = answered(True)
    behind_the_back("records_factanswer", "DELETE FROM records_factanswer WHERE id = %s", first.pk)
    found = examined()
    assert found.broken_at == 1
    assert "is gone" in found.because


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE records_factanswer SET note = 'x' WHERE id = %s",
        "DELETE FROM records_factanswer WHERE id = %s",
    ],
)
def test_a_closed_set_is_found_when_one_row_of_it_changes(sql):
    rows = [answered(True) for _ in range(3)]
    patient = rows[1].patient
    with transaction.atomic():
        sealed = seals.seal_of_set(FactAnswer, "patient_id", patient.pk)
        ledger.append("test.closed", sentence="closed", by=None, at=AT, data=sealed)
    assert examined().whole
    # The row's own seal is put aside here, to see that the set's seal stands by itself.
    behind_the_back("records_factanswer", sql, rows[1].pk)
    with connection.cursor() as cursor:
        broken = list(seals._broken_sets(cursor))
    assert [b.seq for b in broken] == [4]


def test_rows_that_come_after_the_closing_do_not_break_it():
    first = answered(True)
    with transaction.atomic():
        sealed = seals.seal_of_set(FactAnswer, "patient_id", first.patient_id)
        ledger.append("test.closed", sentence="closed", by=None, at=AT, data=sealed)
    FactAnswer.objects.create(
        patient_id=first.patient_id, name="x", value=1, said_by="patient", by=first.by, at=AT
    )
    assert examined().whole


def test_a_table_that_may_change_is_not_sealed():
    patient = Patient.objects.create(family="Sampleton")
    assert seals.seal_of_row(patient) == {}
    with pytest.raises(ValueError, match="may change"):
        seals.seal_of_set(Patient, "id", patient.pk)


def test_every_table_that_only_grows_exists_and_is_sealed():
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
    assert set(TABLES) <= existing
    assert set(TABLES) <= seals.TABLES
