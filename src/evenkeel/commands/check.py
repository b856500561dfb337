"""``evenkeel check``: one patient's bundle against the guideline packs, without a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

import click

from evenkeel.core.chart import Refused
from evenkeel.core.guidelines.facts.answers import Told, UnreadableAnswers, read_facts_file
from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.verdicts.bites import bites
from evenkeel.core.guidelines.verdicts.check import Check, as_object, check
from evenkeel.core.guidelines.verdicts.verdicts import SILENT, Finding, counting_in
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.edges.fhir import reading

EXAMPLE = """\b
Example, as it stands:
  evenkeel check tests/data/vignettes/cases/aneurysm-snomed/bundle.json \\
    --facts tests/data/vignettes/cases/aneurysm-snomed/facts.json \\
    --as-of 2026-11-01 --pack esketamine-us
"""


@click.command("check", epilog=EXAMPLE)
@click.argument("bundle", metavar="BUNDLE.json")
@click.option("--facts", metavar="FACTS.json", help="What records do not carry, as one object.")
@click.option("--as-of", metavar="YYYY-MM-DD", help="The day that is judged; today if not given.")
@click.option("--pack", "packs", metavar="ID", multiple=True, help="Only this pack; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
def command(
    bundle: str, facts: str | None, as_of: str | None, packs: tuple[str, ...], as_json: bool
) -> None:
    """Ask the guideline packs about the patient in BUNDLE.json (FHIR R4; - reads stdin).

    Each criterion is met, not met, unknown, to be judged by a named role, or not
    applicable, with its reason and the entries that decided. What is not in the
    record is unknown, never absent. Nothing is stored and nothing is decided.

    Exit 0: done, whatever the verdicts. 2: the bundle, the facts or the call is wrong.
    """
    content = library()
    day = _day(as_of)
    for name in packs:
        if name not in content.packs:
            close = get_close_matches(name, content.packs, n=1, cutoff=0.3)
            nearest = f" Nearest is {close[0]}." if close else ""
            _stop([f"--pack {name}: there is no such pack.{nearest}"])
    raw = _read(bundle)
    told = Told(answers=(), trials=())
    if facts is not None:
        try:
            told = read_facts_file(_text(facts, _read(facts)), content.dictionary, day)
        except UnreadableAnswers as refusal:
            _stop(f"{facts}: {fault}" for fault in refusal.faults)
    try:
        chart = reading.read(raw, today=day, may_be_dead=True).chart
    except Refused as refusal:
        _stop(
            f"{bundle}: {fault.path + ': ' if fault.path else ''}{fault.words}"
            for fault in refusal.faults
        )
    result = check(
        chart,
        library=content,
        as_of=day,
        answers=told.answers,
        trials=told.trials,
        packs=dict.fromkeys(packs) if packs else None,
    )
    if as_json:
        click.echo(json.dumps(as_object(result, content), ensure_ascii=False))
    else:
        _tell(result, content)


def _day(written: str | None) -> date:
    if written is None:
        return datetime.now().astimezone().date()
    try:
        if len(written) != 10:
            raise ValueError
        return date.fromisoformat(written)
    except ValueError:
        _stop([f"--as-of {written}: not a day. Write it as YYYY-MM-DD, for example 2026-11-01."])


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        _stop([f"{file}: cannot be read ({fault.strerror}). Give the name of a JSON file, or -."])


def _text(file: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        _stop([f"{file}: line {line}: not UTF-8. Save the file as UTF-8 and try again."])


def _stop(faults: Iterable[str]) -> NoReturn:
    for fault in faults:
        click.echo(" ".join(fault.split()), err=True)
    raise SystemExit(2)


_SHOWN = (Finding.NOT_MET, Finding.JUDGE, Finding.UNKNOWN)


def _tell(result: Check, content: Library) -> None:
    """Verdicts to stdout for a reader; problems to stderr."""
    click.echo(f"{result.subject}, as of {result.facts.as_of}, content {result.edition}")
    for verdict in result.packs:
        pack = verdict.pack
        click.echo(f"\n{pack.short} ({pack.id}, edition {pack.edition}, {pack.status}): "
                   f"{verdict.answer}")  # fmt: skip
        if verdict.silent:
            click.echo(f"  a prescriber must judge: it {SILENT}")
        counts = dict.fromkeys(Finding, 0)
        counting = {each.id for each in counting_in(pack)}
        decided = {each.criterion.id for each in verdict.deciding}
        for each in verdict.criteria:
            counts[each.finding] += 1
            decides = verdict.answer is not Answer.YES and each.criterion.id in decided
            if decides or (each.criterion.id in counting and each.finding in _SHOWN):
                click.echo(f"  {each.criterion.id:<10} {each.finding.replace('_', ' '):<14} "
                           f"{each.criterion.strength:<8} {each.reason}")  # fmt: skip
        told = ", ".join(f"{n} {finding.replace('_', ' ')}" for finding, n in counts.items() if n)
        click.echo(f"  all criteria: {told}")
    _tell_conflicts(result, content)
    for problem in dict.fromkeys(result.problems):
        click.echo(f"{problem.severity}: {problem.path}: {problem.text}", err=True)


def _tell_conflicts(result: Check, content: Library) -> None:
    """Conflicts that bite this person between the packs that were asked for."""
    found = bites(
        content.conflicts,
        [verdict.pack for verdict in result.packs],
        result.facts,
        content.dictionary,
        shown=[verdict.pack.id for verdict in result.packs],
    )
    certain = [bite for bite in found if bite.certain and bite.at_screening]
    if certain:
        click.echo("\nGuidelines part over this person:")
    for bite in certain:
        click.echo(f"  {bite.conflict.id:<10} {bite.conflict.title}: {bite.reason}")
