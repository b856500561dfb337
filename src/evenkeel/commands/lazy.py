"""A group of commands that imports a subcommand only when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click


class Lazy(click.Group):
    """Imports a subcommand only to run it or to show its help.

    table: name → (module below ``package``, what --help says). The module's
    ``command`` is the click command.
    """

    package: str
    table: Mapping[str, tuple[str, str]]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module = importlib.import_module(f"{self.package}.{self.table[cmd_name][0]}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.table.items()])
