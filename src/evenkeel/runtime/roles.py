"""The application's database role and what it may touch.

The owner migrates; the application, the gateway and the worker connect as
``evenkeel_app``, which can add to the tables that only grow and can neither change
nor empty them. Run after every migration; running it twice changes nothing.
"""

from __future__ import annotations

import time

import psycopg
from psycopg import sql

APP = "evenkeel_app"
# What two runs at the same moment may trip over; the second try finds the work done.
_RACES = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateObject,
    psycopg.errors.InternalError_,  # "tuple concurrently updated"
)


def grant(owner_url: str, *, password: str, role: str = APP) -> None:
    """Create or update the role and give it exactly the rights it needs."""
    for _ in range(20):
        try:
            with psycopg.connect(owner_url) as connection:
                _grant(connection, password=password, role=role)
        except _RACES:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(
        f"The rights of {role} could not be set: another process kept changing them. Try again."
    )


def _grant(connection: psycopg.Connection, *, password: str, role: str) -> None:
    from evenkeel.web.records.append_only import LEDGER_TABLES, READ_ONLY_TABLES, TABLES

    name = sql.Identifier(role)
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL(
            "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}"
        ).format(verb, name, sql.Literal(password))
    )
    for statement in (
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
        "REVOKE ALL ON django_migrations FROM {role}",
        "GRANT SELECT ON django_migrations TO {role}",
    ):
        connection.execute(sql.SQL(statement).format(role=name))
    for table in (*TABLES, *LEDGER_TABLES):
        connection.execute(
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                sql.Identifier(table), name
            )
        )
    for table in READ_ONLY_TABLES:
        connection.execute(
            sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                sql.Identifier(table), name
            )
        )
