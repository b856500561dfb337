"""``evenkeel guidelines lint``: every fault of the guideline content, in one run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from evenkeel.commands.guidelines.editions import named, stop
from evenkeel.core.guidelines.authoring.lint import Fault, Report, lines_of, lint
from evenkeel.core.kernel.content import ContentFault

EXAMPLE = """\b
Examples, as they stand:
  evenkeel guidelines lint
  mkdir -p var && cp -r src/evenkeel/content var/ && evenkeel guidelines lint var/content
"""


@click.command("lint", epilog=EXAMPLE)
@click.argument("folder", metavar="[FOLDER]", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
def command(folder: str | None, as_json: bool) -> None:
    """Check all guideline content strictly, and say every fault with its file and line.

    FOLDER is a copy of the content that somebody works on; without it, what is shipped
    is checked. A fault is: content that cannot be used (with the nearest right name), a
    row of a spec table that the predicate disagrees with, a limit without a case on each
    side, two criteria of a pack that contradict, a question that asks nothing, a
    criterion that coverage.toml does not account for. Notes fail nothing.

    Exit 0: no fault. 1: faults, each on one line. 2: FOLDER holds no content.
    """
    place = None if folder is None else Path(folder)
    if place is not None and not place.is_dir():
        stop(f"{folder}: not a folder. Give a folder with guidelines, facts, terminology and "
             "safeguards in it, such as a copy of src/evenkeel/content.")  # fmt: skip
    try:
        report = lint(place)
    except (ContentFault, OSError) as fault:
        stop(f"{folder or 'the shipped content'}: {fault}")
    if as_json:
        click.echo(json.dumps(_as_object(report), ensure_ascii=False))
    else:
        for line in lines_of(report):
            click.echo(line)
        click.echo(_summary(report))
    sys.exit(1 if report.faults else 0)


def _counts(report: Report) -> tuple[int, int]:
    content = report.library
    packs = () if content is None else (*content.packs.values(), *content.payers.values())
    return len(packs), sum(len(pack.criteria) for pack in packs)


def _summary(report: Report) -> str:
    packs, criteria = _counts(report)
    name = "what could not be loaded" if report.library is None else named(report.library)
    faults = f"{len(report.faults) or 'no'} fault{'' if len(report.faults) == 1 else 's'}"
    notes = f"{len(report.notes) or 'no'} note{'' if len(report.notes) == 1 else 's'}"
    return (f"{faults}, {notes} in {name}: {packs} packs, {criteria} criteria, "
            f"{report.cases} cases")  # fmt: skip


def _as_object(report: Report) -> dict[str, object]:
    def told(each: Fault) -> dict[str, object]:
        return {"file": each.file, "line": each.line or None, "what": each.what}

    packs, criteria = _counts(report)
    content = report.library
    loaded = content is not None
    return {
        "content": {"edition": content.edition, "sha256": content.sha256} if loaded else None,
        "packs": packs,
        "criteria": criteria,
        "cases": report.cases,
        "faults": [told(each) for each in report.faults],
        "notes": [told(each) for each in report.notes],
    }
