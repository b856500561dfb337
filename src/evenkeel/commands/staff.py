"""Open an account from a terminal: how a new clinic gets its first administrator."""

from __future__ import annotations

import json

import click

from evenkeel.runtime import surroundings

ROLES = ("administrator", "coordinator", "nurse", "prescriber", "pharmacist", "researcher")


@click.group()
def command() -> None:
    """Open accounts of staff.

    \b
    Example:
      evenkeel staff add ada administrator "Ada" "Birchall" ada@clinic.example
    """


@command.command()
@click.argument("username")
@click.argument("role", type=click.Choice(ROLES))
@click.argument("first_name")
@click.argument("last_name")
@click.argument("email")
@click.option("--title", default="", help="What stands before the family name, such as Dr.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def add(
    username: str,
    role: str,
    first_name: str,
    last_name: str,
    email: str,
    title: str,
    as_json: bool,
) -> None:
    """Open an account and print its first password, once.

    \b
    Example:
      evenkeel staff add ada administrator "Ada" "Birchall" ada@clinic.example
    """
    with surroundings.records():
        from django.utils import timezone

        from evenkeel.web.accounts.models import User
        from evenkeel.web.accounts.roles import Role
        from evenkeel.web.records.services.house import add_staff

        if User.objects.filter(username=username).exists():
            click.echo(f"USERNAME {username!r} is taken. Choose another.", err=True)
            raise SystemExit(2)
        user, password = add_staff(
            username=username,
            first_name=first_name,
            last_name=last_name,
            title=title,
            email=email,
            role=Role(role),
            by=None,
            at=timezone.now(),
        )
    if as_json:
        click.echo(json.dumps({"user": username, "role": role, "password": password}))
    else:
        click.echo(f"{user.short_name}, {role}. Sign-in name {username}, password {password}")
        click.echo("The password is shown once. The first sign-in asks for a second factor.")
