"""Django's own commands, on the database of this machine, as the role that migrates."""

from __future__ import annotations

import sys

import click

from evenkeel.runtime import surroundings


def run(arguments: list[str]) -> None:
    with surroundings.prepared(as_owner=True):
        from django.core.management import execute_from_command_line

        execute_from_command_line(["evenkeel-manage", *arguments])


def main() -> None:
    run(sys.argv[1:])


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": ["-h"]},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run a Django command.

    \b
    Example:
      evenkeel manage check
    """
    run(list(arguments))
