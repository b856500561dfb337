"""Bring the demo's database up to date; a process of its own, as the owner role.

stdout: lines of progress, then one line of JSON with the accounts and the token.
Passwords and the token are new on each run and are kept nowhere but in
var/demo.json, which goes when the demo stops.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from evenkeel.runtime import surroundings
from evenkeel.runtime.migrate import migrate_and_grant

TOKEN_NAME = "demo"


def say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    from evenkeel.web.records import seed

    var = Path(os.environ["EVENKEEL_VAR"])
    say("Bringing the schema up to date")
    owner_url, password = os.environ["DATABASE_URL"], surroundings.app_password(var)
    migrate_and_grant(owner_url, password=password)
    if seed.is_half_made():
        say("Making up the clinic was cut short last time; it begins anew")
        empty(owner_url)
        migrate_and_grant(owner_url, password=password)
    call_command("collectstatic", interactive=False, verbosity=0)
    if seed.is_needed():
        say("Making up a clinic: people, courses and years of history (once)")
        seed.plant(say=say)
    seed.today(say=say)
    say("Making new sign-ins")
    told = {"api_token": new_token(), "accounts": new_sign_ins(), "people": seed.shown_people()}
    print(json.dumps(told), flush=True)


def empty(owner_url: str) -> None:
    """Drop everything. Only for a synthetic clinic that was never whole."""
    import psycopg
    from django.db import connections

    connections.close_all()
    with psycopg.connect(owner_url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def new_sign_ins() -> list[dict[str, str]]:
    """A fresh password for each account that the demo shows."""
    from axes.utils import reset
    from django.utils import timezone

    from evenkeel.web.accounts.models import User
    from evenkeel.web.records import seed

    reset()  # yesterday's mistyped passwords lock nobody out today
    accounts = []
    for username in seed.SHOWN_ACCOUNTS:
        user = User.objects.get(username=username)
        password = f"{secrets.token_hex(3)}-{secrets.token_hex(3)}-{secrets.token_hex(3)}"
        user.set_password(password)
        user.last_login = user.last_login or timezone.now()
        user.save(update_fields=["password", "last_login"])
        accounts.append({"role": str(user.role), "user": username, "password": password})
    return accounts


def new_token() -> str:
    """A token for POST /fhir; those of earlier runs end."""
    from django.utils import timezone

    from evenkeel.web.accounts.models import ApiToken, User
    from evenkeel.web.records import seed

    for old in ApiToken.objects.filter(name=TOKEN_NAME, revoked_at__isnull=True):
        old.revoke(timezone.now())
    _, text = ApiToken.issue(name=TOKEN_NAME, user=User.objects.get(username=seed.TOKEN_ACCOUNT))
    return text


def accounts_table(told: dict[str, Any]) -> list[str]:
    """The sign-ins as lines of a table for the terminal."""
    rows = [("role", "user", "password")]
    rows += [(one["role"], one["user"], one["password"]) for one in told["accounts"]]
    return _columns(rows)


def people_table(told: dict[str, Any]) -> list[str]:
    """Whom to look up first, and for what; empty where none of them is in the records."""
    return _columns([(one["number"], one["name"], one["what"]) for one in told["people"]])


def _columns(rows: list[tuple[str, str, str]]) -> list[str]:
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
