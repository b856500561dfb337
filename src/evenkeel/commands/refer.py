"""``evenkeel refer FILE…``: take in referral bundles, one transaction each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from evenkeel.core.chart import Problem, Refused
from evenkeel.runtime import surroundings

EXAMPLE = """\b
Example, while `make demo` runs:
  evenkeel refer tests/data/fhir/referrals/01-depression-1.json
"""
REFUSED, UNREADABLE = 1, 2


@click.command("refer", epilog=EXAMPLE)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object with a result per file.")
def command(files: tuple[str, ...], as_json: bool) -> None:
    """Take in referrals: FHIR R4 bundles as JSON, one FILE each; - reads standard input.

    Each file is stored whole or not at all. A file that was taken in before changes
    nothing. What was kept but not understood is listed.

    Exit 0: all were taken in. 1: a bundle was read and refused (a fault in what it
    says, somebody who has died, somebody else's identifier). 2: a file could not
    be read as a FHIR bundle.
    """
    with surroundings.records():
        results = [_take_in(file) for file in files]
    if as_json:
        click.echo(json.dumps({"results": results}, ensure_ascii=False))
    else:
        for result in results:
            _tell(result)
    sys.exit(max(result["exit"] for result in results))


def _take_in(file: str) -> dict[str, Any]:
    from django.utils import timezone

    from evenkeel.web.records.services import referrals

    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        words = f"cannot be read ({fault.strerror}). Give the name of a FHIR bundle, or -."
        return _refused(file, [{"code": "not-found", "path": "", "text": words}], UNREADABLE)
    try:
        receipt = referrals.receive(raw=raw, by=None, via=referrals.Via.COMMAND, at=timezone.now())
    except Refused as refusal:
        faults = [
            {"code": fault.code, "path": fault.path, "text": fault.words}
            for fault in refusal.faults
        ]
        return _refused(file, faults, UNREADABLE if refusal.unreadable else REFUSED)
    return {
        "file": file,
        "exit": 0,
        "stored": receipt.is_new,
        "patient": receipt.patient.number,
        "new_patient": receipt.patient_is_new,
        "referral": receipt.referral.pk,
        "kept": receipt.referral.items.count(),
        "problems": [_problem(problem) for problem in receipt.problems],
        "faults": [],
    }


def _refused(file: str, faults: list[dict[str, str]], code: int) -> dict[str, Any]:
    return {
        "file": file,
        "exit": code,
        "stored": False,
        "patient": None,
        "new_patient": False,
        "referral": None,
        "kept": 0,
        "problems": [],
        "faults": faults,
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"severity": problem.severity, "path": problem.path, "text": problem.text}


def _tell(result: dict[str, Any]) -> None:
    """Answers to stdout, faults and what was not understood to stderr, a line each."""
    file = result["file"]
    if result["faults"]:
        for fault in result["faults"]:
            place = f" {fault['path']}:" if fault["path"] else ""
            click.echo(f"{file}:{place} {fault['text']}", err=True)
        click.echo(f"{file}: refused; nothing was stored.")
        return
    for problem in result["problems"]:
        click.echo(f"{file}: {problem['path']}: {problem['text']}", err=True)
    who = "new patient" if result["new_patient"] else "patient"
    kept = f"{result['kept']} entries kept, {len(result['problems'])} to look at"
    if result["stored"]:
        click.echo(f"{file}: {who} {result['patient']}, referral {result['referral']}: {kept}.")
    else:
        click.echo(
            f"{file}: was taken in before as referral {result['referral']} of {result['patient']}; "
            "nothing was added."
        )
