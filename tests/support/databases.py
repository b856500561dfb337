"""A database per test process, cloned from a template that is migrated once.

The template's name carries a hash of every migration, so an unchanged schema costs
nothing on the next run. Tests that commit get a clone of their own, because the
tables that only grow refuse to be emptied.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from evenkeel.runtime import roles, surroundings
from evenkeel.runtime.postgres import Postgres

SOURCES = Path(__file__).resolve().parents[2] / "src" / "evenkeel"
VAR = Path(os.environ["EVENKEEL_VAR"])
_numbers = itertools.count(1)


class TestServer:
    """The server that tests use, and the databases made on it by this process."""

    __test__ = False  # pytest would take it for a test by its name

    def __init__(self, owner_url: str, *, ours: bool) -> None:
        self.owner_url = owner_url
        self.ours = ours
        self.app_password = surroundings.app_password(VAR)

    def url(self, database: str, *, app: bool = False) -> str:
        """An address of one database, as its owner or as the application."""
        parts: dict[str, Any] = {"dbname": database}
        if app:
            parts |= {"user": roles.APP, "password": self.app_password}
        return make_conninfo(self.owner_url, **parts)

    @contextmanager
    def locked(self) -> Iterator[psycopg.Connection]:
        """One process at a time makes or clones the template."""
        VAR.mkdir(parents=True, exist_ok=True)
        with (VAR / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                yield connection

    def clone(self) -> str:
        """A new database with the whole schema; ``drop`` it after use."""
        name = f"evenkeel_test_{os.getpid()}_{next(_numbers)}"
        with self.locked() as connection:
            template = self._template(connection)
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _template(self, connection: psycopg.Connection) -> str:
        template = f"evenkeel_template_{_fingerprint()}"
        names = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        if template not in names:
            for old in names:
                if old.startswith("evenkeel_template_") or (self.ours and _orphaned(old)):
                    connection.execute(f"DROP DATABASE IF EXISTS {old} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {template}_new")
            with pointed_at(self.url(f"{template}_new")):
                call_command("migrate", verbosity=0, interactive=False)
            roles.grant(self.url(f"{template}_new"), password=self.app_password)
            connection.execute(f"ALTER DATABASE {template}_new RENAME TO {template}")
        elif not _role_works(self.url(template, app=True)):
            roles.grant(self.url(template), password=self.app_password)
        return template


def _role_works(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _orphaned(database: str) -> bool:
    """Left by a test process that was killed."""
    prefix, _, rest = database.partition("evenkeel_test_")
    return not prefix and bool(rest) and not psutil.pid_exists(int(rest.split("_")[0]))


def _fingerprint() -> str:
    digest = hashlib.sha256()
    files = [
        *SOURCES.glob("web/*/migrations/*.py"),
        *SOURCES.glob("web/*/sql/*.sql"),
        SOURCES / "web/records/append_only.py",
        SOURCES / "runtime/roles.py",
        SOURCES.parents[1] / "requirements/base.lock",
    ]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def point_django_at(url: str) -> None:
    """Every later connection of this process, in any thread, goes to this database."""
    parts = conninfo_to_dict(url)
    connections.close_all()
    target = connections.settings["default"]
    target["NAME"] = parts["dbname"]
    target["USER"] = parts.get("user", "")
    target["PASSWORD"] = parts.get("password", "")
    target["HOST"] = parts.get("host", "")
    target["PORT"] = str(parts.get("port", ""))
    settings.DATABASES["default"].update(target)
    for alias in connections:
        connections[alias].settings_dict.update(target)


def django_url() -> str:
    """Where Django is pointed now."""
    now = connections.settings["default"]
    return make_conninfo(
        "", dbname=now["NAME"], user=now["USER"], password=now["PASSWORD"],
        host=now["HOST"], port=now["PORT"] or None,
    )  # fmt: skip


@contextmanager
def pointed_at(url: str) -> Iterator[None]:
    before = django_url()
    point_django_at(url)
    try:
        yield
    finally:
        point_django_at(before)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """The running server. It stops when the last test process lets go of it."""
    external = os.environ.get("EVENKEEL_TEST_DATABASE_URL")
    if external:
        yield TestServer(external, ours=False)
        return
    with Postgres(home=VAR / "postgres", durable=False, max_connections=300) as server:
        yield TestServer(server.url("postgres"), ours=True)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, postgres_server: TestServer
) -> Iterator[None]:
    """In place of pytest-django's: clone the template for this process."""
    with django_db_blocker.unblock():
        name = postgres_server.clone()
        point_django_at(postgres_server.url(name))
        _clones_for_committing_tests(postgres_server)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        postgres_server.drop(name)


def _clones_for_committing_tests(server: TestServer) -> None:
    """Tests marked ``django_db(transaction=True)`` work in a clone and throw it away."""
    clones: list[tuple[str, str]] = []

    def setup(cls: type) -> None:
        clones.append((django_url(), name := server.clone()))
        point_django_at(server.url(name))

    def teardown(self: Any) -> None:
        before, name = clones.pop()
        point_django_at(before)
        server.drop(name)

    TransactionTestCase._fixture_setup = classmethod(setup)
    TransactionTestCase._fixture_teardown = teardown


@pytest.fixture(scope="module")
def fresh_database(
    django_db_setup: None, django_db_blocker: Any, postgres_server: TestServer
) -> Iterator[str]:
    """A database for one module whose tests commit; Django is pointed at it. Gives its name."""
    with django_db_blocker.unblock():
        name = postgres_server.clone()
        with pointed_at(postgres_server.url(name)):
            yield name
        postgres_server.drop(name)


@pytest.fixture
def app_connection(db: None, postgres_server: TestServer) -> Iterator[psycopg.Connection]:
    """A connection as the application's role, to the database that Django is pointed at.

    It sees what is committed, so the point is what the role may do, not which rows are there.
    """
    name = connections.settings["default"]["NAME"]
    with psycopg.connect(postgres_server.url(name, app=True), autocommit=True) as connection:
        yield connection


@pytest.fixture
def as_application(fresh_database: str, postgres_server: TestServer) -> Iterator[None]:
    """Django itself connects as the application's role, on the module's fresh database."""
    with pointed_at(postgres_server.url(fresh_database, app=True)):
        yield
