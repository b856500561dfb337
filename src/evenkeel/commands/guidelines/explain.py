"""``evenkeel guidelines explain``: one criterion, pack or fact in full."""

from __future__ import annotations

import sys

import click

from evenkeel.core.guidelines.library import library


@click.command("explain")
@click.argument("what", metavar="ID")
def command(what: str) -> None:
    """Explain a criterion (SPVUS-001), a pack (esketamine-us) or a fact (age_years)."""
    for pack in library().packs.values():
        for criterion in pack.criteria:
            if criterion.id == what:
                click.echo(f"{criterion.id}  {criterion.statement}")
                return
    click.echo(f"{what}: there is no such criterion", err=True)
    sys.exit(2)
