"""What the application's database role may and may not do."""

from __future__ import annotations

import psycopg
import pytest

from evenkeel.web.records.append_only import LEDGER_TABLES, READ_ONLY_TABLES, TABLES

GROWING = (*TABLES, *LEDGER_TABLES)


@pytest.mark.parametrize("table", [*GROWING, *READ_ONLY_TABLES])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_cannot_remove_from_a_table_that_only_grows(app_connection, table, act):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute(act.format(table))


@pytest.mark.parametrize("table", [*GROWING, *READ_ONLY_TABLES])
def test_the_application_cannot_change_a_table_that_only_grows(app_connection, table):
    column = app_connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s LIMIT 1", [table]
    ).fetchone()[0]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute(f"UPDATE {table} SET {column} = {column}")


def test_the_application_can_read_the_ledger_and_work_on_ordinary_tables(app_connection):
    for table in GROWING:
        app_connection.execute(f"SELECT count(*) FROM {table}")
    app_connection.execute("UPDATE records_patient SET id = id")


@pytest.mark.parametrize(
    "act",
    [
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_chain ON ledger_entry",
        "CREATE TABLE mine (n int)",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_the_application_cannot_disarm_the_ledger(app_connection, act):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_connection.execute(act)


@pytest.mark.django_db(transaction=True)
def test_a_test_that_commits_leaves_the_next_one_an_empty_ledger():
    from django.db import connection, transaction
    from django.utils import timezone

    from evenkeel.web.ledger import append as ledger
    from evenkeel.web.ledger.verify import walk

    with transaction.atomic():
        ledger.append("test.done", sentence="A test was done.", by=None, at=timezone.now())
    with connection.cursor() as cursor:
        found = walk(cursor)
    assert found.whole
    assert found.walked == 1
