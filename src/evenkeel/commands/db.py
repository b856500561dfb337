"""Migrate the database and give the application's role its rights."""

from __future__ import annotations

import os

import click

from evenkeel.runtime import places, roles, surroundings
from evenkeel.runtime.migrate import migrate_and_grant


@click.group()
def command() -> None:
    """Migrate the database and set its roles.

    \b
    Example:
      evenkeel db migrate
    """


@command.command()
def migrate() -> None:
    """Bring the schema up to date, then set the rights of the application's role.

    Connects with EVENKEEL_OWNER_URL where it is set, else with DATABASE_URL. The
    application's role gets the password in EVENKEEL_APP_PASSWORD.
    """
    with surroundings.prepared(as_owner=True):
        owner_url = os.environ["DATABASE_URL"]
        password = os.environ.get("EVENKEEL_APP_PASSWORD", "")
        if not password:
            password = surroundings.app_password(places.var_folder())
        migrate_and_grant(owner_url, password=password)
    click.echo(f"The schema is up to date; {roles.APP} has its rights.", err=True)
