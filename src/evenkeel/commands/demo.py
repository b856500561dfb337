"""A whole synthetic clinic on this machine, until Ctrl-C."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from evenkeel.runtime import places


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the addresses as one JSON object.")
def command(as_json: bool) -> None:
    """Run a whole synthetic clinic on this machine. Ctrl-C stops it.

    Everybody in it is invented. EVENKEEL_PORT, EVENKEEL_GATEWAY_PORT and
    EVENKEEL_MAIL_PORT choose ports; everything listens on loopback only.

    \b
    Example:
      evenkeel demo
    """
    from evenkeel.runtime.demo import Demo, DemoTrouble
    from evenkeel.runtime.postgres import PostgresTrouble

    def say(text: str) -> None:
        click.echo(text, err=True)

    def announce(told: dict[str, Any]) -> None:
        if as_json:
            click.echo(json.dumps(told))
            sys.stdout.flush()
            return
        from evenkeel.runtime.demo_records import accounts_table, people_table

        click.echo(
            f"\nEvenkeel runs. Everybody in it is invented.\n\n"
            f"  clinic   {told['web']}\n"
            f"  mail     {told['mail']}   (letters stop here)\n"
            f"  gateway  {told['gateway']}   (HL7 v2 over MLLP)\n"
        )
        for line in accounts_table(told):
            click.echo(f"  {line}")
        people = people_table(told)
        if people:
            click.echo("\nWorth looking up under Patients:")
        for line in people:
            click.echo(f"  {line}")
        click.echo(
            "\nOpen the clinic in a browser and sign in; a nurse begins on the floor.\n"
            "One patient's story, step by step: docs/guide/story.md.\n"
            "Without a sign-in: /guidelines/ and /pharmacology/.\n\n"
            "These passwords are new on each run. Ctrl-C stops everything."
        )
        sys.stdout.flush()

    try:
        Demo(var=places.var_folder(), say=say, announce=announce).run()
    except (DemoTrouble, PostgresTrouble) as trouble:
        click.echo(str(trouble), err=True)
        raise SystemExit(2) from None
