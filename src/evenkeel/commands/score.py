"""``evenkeel score INSTRUMENT FILE.csv``: answers in, scores out, nothing stored."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from evenkeel.core.instruments.catalogue import UnknownScale, catalogue, scale_of
from evenkeel.core.instruments.tables import FaultyTable, ScoredTable, score_table

EXAMPLE = """\b
Example, as it stands:
  printf 'q1,q2,q3,q4,q5,q6,q7\\n1,2,0,0,1,0,3\\n' | evenkeel score gad7 -
"""


@click.command("score", epilog=EXAMPLE)
@click.argument("instrument")
@click.argument("file", metavar="FILE.csv")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of CSV.")
def command(instrument: str, file: str, as_json: bool) -> None:
    """Score the answers in FILE.csv, one row per person; - reads standard input.

    The header names the items, q1 to qn; an empty cell means not answered.
    Other columns pass through. Added are total, band, complete, reason (why
    there is no total), and one column per subscale.

    Nothing is written when any cell is wrong: every fault is named with its
    line, and the exit code is 2.
    """
    try:
        scale = scale_of(instrument)
        scored = score_table(scale, _read(file))
    except UnknownScale as fault:
        _stop([str(fault)])
    except FaultyTable as fault:
        _stop([f"{file}: {one}" for one in fault.faults])
    for old, new in scored.renamed.items():
        click.echo(f"{file}: its own column {old} is now called {new}", err=True)
    if as_json:
        click.echo(json.dumps(_object(scale.id, scored), ensure_ascii=False))
    else:
        sys.stdout.writelines(scored.csv())


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        _stop([f"{file}: cannot be read ({fault.strerror}). Give the name of a CSV file, or -."])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        _stop([f"{file}: line {line}: not UTF-8. Save the file as UTF-8 and try again."])


def _stop(faults: list[str]) -> NoReturn:
    for fault in faults:
        click.echo(fault, err=True)
    raise SystemExit(2)


def _object(scale_id: str, scored: ScoredTable) -> dict[str, object]:
    subscales = [sub.id for sub in catalogue()[scale_id].subscales]
    return {
        "instrument": scale_id,
        "rows": [
            _typed(dict(zip(scored.header, row, strict=True)), subscales) for row in scored.rows
        ],
    }


def _typed(row: dict[str, str], subscales: list[str]) -> dict[str, object]:
    """Numbers and booleans for what was added; what passed through stays text."""
    typed: dict[str, object] = dict(row)
    for name in ("total", *subscales):
        typed[name] = int(row[name]) if row[name] else None
    typed["complete"] = row["complete"] == "true"
    return typed
