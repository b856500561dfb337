"""Every main job without a browser.

Each subcommand is a module of evenkeel.commands and is loaded when it is called,
so that `evenkeel --help` and the pure commands start without Django.
"""

from __future__ import annotations

import importlib
import sys

import click

from evenkeel import __version__

# name -> (module, what --help says)
COMMANDS = {
    "demo": ("demo", "Run a whole synthetic clinic on this machine."),
    "check": ("check", "Ask the guideline packs about one patient's bundle."),
    "score": ("score", "Score a file of questionnaire answers."),
    "refer": ("refer", "Take in a referral bundle."),
    "ledger": ("ledger", "Read and verify the ledger."),
    "gateway": ("gateway", "Receive HL7 v2 messages over MLLP."),
    "monitor-sim": ("monitor_sim", "Play a bedside monitor."),
    "staff": ("staff", "Open an account, such as the first administrator's."),
    "db": ("db", "Migrate the database and set its roles."),
    "manage": ("manage", "Run a Django command."),
}


class Lazy(click.Group):
    """A group that imports a subcommand only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"evenkeel.commands.{COMMANDS[cmd_name][0]}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evenkeel")
def cli() -> None:
    """Evenkeel: ketamine and esketamine treatment services.

    Evenkeel decides nothing by itself: it shows what is known, what is missing and
    which published rule says what; people decide.

    \b
    Example:
      evenkeel demo
    """


def main() -> None:
    """Exit 0: done. 1: done, and the answer is bad news. 2: the input or the call is wrong."""
    sys.exit(cli())
