"""Every main job without a browser.

Each subcommand is a module of evenkeel.commands and is loaded when it is called,
so that `evenkeel --help` and the pure commands start without Django.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from evenkeel import __version__
from evenkeel.commands.lazy import Lazy

# name -> (module, what --help says)
COMMANDS = {
    "demo": ("demo", "Run a whole synthetic clinic on this machine."),
    "check": ("check", "Ask the guideline packs about one patient's bundle."),
    "guidelines": ("guidelines", "Check, read and compare the guideline packs."),
    "screen": ("screen", "Ask guideline packs about every patient of a registry."),
    "score": ("score", "Score a file of questionnaire answers."),
    "simulate": ("simulate", "Concentrations that a published model expects."),
    "targets": ("targets", "Settings of a pump that hold a concentration."),
    "individual": ("individual", "Who is behind measured concentrations."),
    "refer": ("refer", "Take in a referral bundle."),
    "ledger": ("ledger", "Read and verify the ledger."),
    "gateway": ("gateway", "Receive HL7 v2 messages over MLLP."),
    "monitor-sim": ("monitor_sim", "Play a bedside monitor."),
    "staff": ("staff", "Open an account, such as the first administrator's."),
    "db": ("db", "Migrate the database and set its roles."),
    "manage": ("manage", "Run a Django command."),
}

PIPE_CLOSED = 141  # what a shell gives to a program that a closed pipe ended


@contextmanager
def _until_closed() -> Iterator[None]:
    """Ends without a word when nobody reads what is written any more."""
    try:
        yield
    except BrokenPipeError:
        # What is still to be written must not fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(PIPE_CLOSED) from None


class _Evenkeel(Lazy):
    package = "evenkeel.commands"
    table = COMMANDS

    # The library would end with 1, which says here that the answer is bad news.
    def make_context(self, *given: Any, **more: Any) -> click.Context:
        with _until_closed():
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _until_closed():
            return super().invoke(ctx)


@click.group(cls=_Evenkeel, context_settings={"help_option_names": ["-h", "--help"]})
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
    """Exit 0: done. 1: done, and the answer is bad news. 2: the input or the call is wrong.

    141: whoever read the answer wanted no more of it.
    """
    sys.exit(cli())
