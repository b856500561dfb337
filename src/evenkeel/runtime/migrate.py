"""Bring a schema up to date and set the rights of the application's role."""

from __future__ import annotations

from evenkeel.runtime import roles


def migrate_and_grant(owner_url: str, *, password: str) -> None:
    """Django's settings must name ``owner_url`` as the database already."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    roles.grant(owner_url, password=password)
