"""The environment that a command on this machine runs in.

With DATABASE_URL set, nothing is started: the operator has said where the
records are. Without it, this is a demo on the embedded server in ``var/``, with keys
made on first use and kept in 0600 files.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from evenkeel.runtime import places
from evenkeel.runtime.postgres import Postgres, PostgresTrouble
from evenkeel.runtime.roles import APP

SETTINGS = "evenkeel.web.config.settings"


def kept_secret(path: Path) -> str:
    """The secret in this 0600 file, made on first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        places.write_private(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8")


def demo_environment(var: Path) -> dict[str, str]:
    """Settings of a demo in ``var``; what the caller has set in os.environ wins."""
    return {
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "EVENKEEL_ENV": "demo",
        "EVENKEEL_CLINIC_NAME": "Saltmarsh clinic",
        "EVENKEEL_CLINIC_PHONE": "555 0142",  # a number that belongs to nobody
        "EVENKEEL_CLINIC_HOURS": "Monday to Friday, 08:00 to 17:00",
        "EVENKEEL_VAR": str(var),
        "EVENKEEL_SECRET_KEY": kept_secret(var / "keys" / "secret"),
        "EVENKEEL_FIELD_KEY": kept_secret(var / "keys" / "field"),
    }


def postgres(var: Path) -> Postgres:
    """The demo's server."""
    return Postgres(home=var / "postgres")


def app_password(var: Path) -> str:
    return kept_secret(var / "keys" / "app-role")


@contextmanager
def prepared(*, as_owner: bool = False) -> Iterator[None]:
    """Set os.environ for Django and hold the database that it names.

    as_owner: connect as the role that may migrate, not as the application.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    os.environ.setdefault("EVENKEEL_DB_POOL", "0")
    if os.environ.get("DATABASE_URL"):
        if as_owner and os.environ.get("EVENKEEL_OWNER_URL"):
            os.environ["DATABASE_URL"] = os.environ["EVENKEEL_OWNER_URL"]
        yield
        return
    if os.environ.get("EVENKEEL_ENV", "demo") == "production":
        yield  # the settings refuse, and name what is missing
        return
    var = places.var_folder()
    for name, value in demo_environment(var).items():
        os.environ.setdefault(name, value)
    with postgres(var) as server:
        os.environ["DATABASE_URL"] = (
            server.url() if as_owner else server.url(user=APP, password=app_password(var))
        )
        yield


@contextmanager
def records() -> Iterator[None]:
    """Django ready and its records within reach; else one line a fault, and exit 2.

    Exit 1 says something about the records. Records that cannot be asked say nothing.
    """
    from django.core.exceptions import ImproperlyConfigured
    from django.db import InterfaceError, OperationalError

    try:
        with prepared():
            _ask_for_records()
            yield
    except ImproperlyConfigured as fault:
        _stop(str(fault))
    except PostgresTrouble as fault:
        _stop(f"The database of the demo does not start: {fault}")
    except (OperationalError, InterfaceError) as fault:
        said = str(fault).strip().splitlines()
        _stop(
            f"The database cannot be reached ({said[0] if said else 'no reason given'}). "
            "Start `make demo`, or set DATABASE_URL to the clinic's PostgreSQL, and call again."
        )


def _ask_for_records() -> None:
    import django

    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ledger_head')")
        row = cursor.fetchone()
    if row is None or row[0] is None:
        _stop(
            "The database holds no records of Evenkeel. Run `evenkeel db migrate` first, "
            "or name the right database in DATABASE_URL."
        )


def _stop(words: str) -> NoReturn:
    for line in words.splitlines():
        click.echo(line.strip(), err=True)
    raise SystemExit(2)
