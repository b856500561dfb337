"""``evenkeel guidelines diff``: what changed between two editions of the content."""

from __future__ import annotations

import json
import sys
from itertools import groupby

import click

from evenkeel.commands.guidelines.editions import edition, named
from evenkeel.core.guidelines.packs.differences import (
    Change,
    Difference,
    as_object,
    differences,
    files_apart,
)
from evenkeel.core.guidelines.packs.library import Library

EXAMPLE = """\b
Example, as it stands:
  evenkeel guidelines diff 2026-11-24 shipped
"""
_SIGN = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}
_HEADS = {
    "pack": "packs", "criterion": "criteria", "safeguard": "safeguards", "fact": "facts",
    "definition": "definitions of a failed trial", "dose": "minimum doses",
    "concept": "concepts", "code": "codes", "quantity": "quantities", "topic": "topics",
    "conflict": "conflicts",
}  # fmt: skip


@click.command("diff", epilog=EXAMPLE)
@click.argument("before", metavar="EDITION")
@click.argument("after", metavar="EDITION", default="shipped")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
@click.option("--exit-code", is_flag=True, help="Exit 1 when anything differs.")
def command(before: str, after: str, as_json: bool, exit_code: bool) -> None:
    """Say what changed from one EDITION to another: criteria, facts, doses, codes, safeguards.

    EDITION is the name of a released edition (2026-11-24), "shipped" for what this
    program uses today (and the second when it is left out), the first six or more digits
    of a fingerprint, a folder of content, or an archive. + is new, - is gone, ~ is changed.

    Exit 0: done, whether or not they differ. 1: they differ and --exit-code was given.
    2: an EDITION is not there, or cannot be used.
    """
    old, new = edition(before), edition(after)
    found = differences(old, new)
    if as_json:
        click.echo(json.dumps(as_object(old, new, found), ensure_ascii=False))
    else:
        _tell(old, new, found)
    sys.exit(1 if found and exit_code else 0)


def _tell(old: Library, new: Library, found: tuple[Difference, ...]) -> None:
    many = f"{len(found)} difference{'' if len(found) == 1 else 's'}"
    click.echo(f"{named(old)} -> {named(new)}: {many if found else 'nothing differs'}")
    apart = files_apart(old, new)
    if apart and not found:
        click.echo(f"Only words that no check reads differ, in {', '.join(apart)}.")
    for section, items in groupby(found, key=lambda each: each.section):
        click.echo(f"\n{_HEADS[section]}")
        for each in items:
            click.echo(f"  {_SIGN[each.change]} {each.id}  {each.title}".rstrip())
            for field in each.fields:
                click.echo(f"      {field.name}: {_said(field.before)} -> {_said(field.after)}")


def _said(text: str) -> str:
    return " ".join(text.split()) or "(nothing)"
