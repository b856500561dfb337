"""Walk the ledger's chain from a terminal."""

from __future__ import annotations

import json

import click

from evenkeel.runtime import surroundings


@click.group()
def command() -> None:
    """Read and verify the ledger.

    \b
    Example:
      evenkeel ledger verify
    """


@command.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def verify(as_json: bool) -> None:
    """Walk the whole chain and name the first broken link.

    Exit 0: every entry says what it said when it was written. Exit 1: not so.
    Exit 2: the ledger cannot be reached.

    \b
    Example:
      evenkeel ledger verify
    """
    with surroundings.records():
        from django.db import connection, transaction

        from evenkeel.web.ledger.verify import examine

        with transaction.atomic(), connection.cursor() as cursor:
            # One picture of the table, however many write meanwhile.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = examine(cursor)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "whole": found.whole,
                    "walked": found.walked,
                    "head": found.head,
                    "broken_at": found.broken_at,
                    "because": found.because,
                    "sentence": found.sentence,
                }
            )
        )
    elif found.whole:
        click.echo(f"{found.walked} entries walked; the chain is whole. Head: {found.head}")
    else:
        click.echo(f"Broken at entry {found.broken_at}: {found.because}.")
        if found.sentence:
            click.echo(f"It says now: {found.sentence}")
        click.echo(f"{found.walked} entries form a whole chain.")
    raise SystemExit(0 if found.whole else 1)
