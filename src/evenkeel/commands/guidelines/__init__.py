"""``evenkeel guidelines``: write, test, read and compare the packs.

Each subcommand is a module of this package and is loaded when it is called.
"""

from __future__ import annotations

import click

from evenkeel.commands.lazy import Lazy

# name -> (module, what --help says)
COMMANDS = {
    "lint": ("lint", "Check all guideline content, and say every fault."),
    "explain": ("explain", "Explain one criterion, pack, fact or conflict."),
    "diff": ("diff", "Say what changed between two editions."),
    "affected": ("affected", "List the patients whose verdict another edition changes."),
}


class _Guidelines(Lazy):
    package = "evenkeel.commands.guidelines"
    table = COMMANDS


@click.group("guidelines", cls=_Guidelines)
def command() -> None:
    """The guideline packs: check them, read them, compare their editions.

    \b
    Example:
      evenkeel guidelines explain SPVUS-001
    """
