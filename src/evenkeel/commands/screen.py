"""``evenkeel screen``: a registry against guideline packs, one row per patient."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import click

from evenkeel.core.guidelines.packs.library import Library, library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.tables.numbers import NotCompilable
from evenkeel.core.guidelines.tables.packs import ANSWERS
from evenkeel.core.guidelines.tables.registry import UnreadableRegistry
from evenkeel.core.guidelines.tables.scenario import (
    UnreadableSupposition,
    read_supposed,
    with_requirement,
    without,
)
from evenkeel.core.guidelines.terms.values import Value
from evenkeel.edges.tables.engine import CSV, PARQUET, Engine, UnusableTable
from evenkeel.edges.tables.screening import PackCounts, Screen, Screening, Supposition

EXAMPLE = """\b
Examples, as they stand (the first makes a synthetic registry):
  evenkeel screen --example 1000 var/registry.parquet --pack esketamine-us --seed 1
  evenkeel screen var/registry.parquet --pack esketamine-us --out var/verdicts.csv --force
\b
Who becomes eligible if what is not known of pregnancy were no? Without a criterion? With another?
  evenkeel screen var/registry.parquet --pack esketamine-us --if pregnant=false --if-unknown
  evenkeel screen var/registry.parquet --pack esketamine-us --without SPVUS-009
  evenkeel screen var/registry.parquet --pack esketamine-us --with "SPVUS-001: age_years >= 21"
"""
TOP = 8


@click.command("screen", epilog=EXAMPLE)
@click.argument("file", metavar="FILE.parquet", type=click.Path(path_type=Path))
@click.option("--pack", "packs", metavar="ID", multiple=True, required=True,
              help="A pack to ask; repeatable.")  # fmt: skip
@click.option("--as-of", metavar="YYYY-MM-DD", help="The day that is judged; today if not given.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path),
              help="Write one row per patient, to .parquet or .csv.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--fact", "facts", metavar="NAME=VALUE", multiple=True,
              help="True of every row, as a column would say it; repeatable.")  # fmt: skip
@click.option("--ignore", "ignored", metavar="COLUMN", multiple=True,
              help="A column that is no fact; repeatable.")  # fmt: skip
@click.option("--if", "ifs", metavar="NAME=VALUE", multiple=True,
              help="Who changes if this were so of everybody? Repeatable.")  # fmt: skip
@click.option("--if-unknown", is_flag=True, help="Suppose --if only where it is not known.")
@click.option("--without", "left_out", metavar="CRITERION", multiple=True,
              help="Who changes without this criterion? Repeatable.")  # fmt: skip
@click.option("--with", "changed", metavar="'CRITERION: PREDICATE'", multiple=True,
              help="Who changes if the criterion required this? Repeatable.")  # fmt: skip
@click.option("--show", metavar="N", type=click.IntRange(0), default=10, show_default=True,
              help="Name so many of those who change, of each pack.")  # fmt: skip
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb",
              show_default=True, help="Spark is an extra, and needs Java.")  # fmt: skip
@click.option("--threads", metavar="N", type=click.IntRange(1), help="All cores if not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
@click.option("--example", metavar="N", type=click.IntRange(1, 100_000_000),
              help="Instead: write a synthetic registry of N patients to FILE.")  # fmt: skip
@click.option("--seed", metavar="N", type=int, default=1, show_default=True,
              help="The same seed makes the same synthetic registry.")  # fmt: skip
def command(file: Path, **options: Any) -> None:
    """Ask guideline packs about every patient of a registry (.parquet or .csv).

    One row per patient: the column id, and columns with the names of facts ("evenkeel
    guidelines explain NAME" tells of one; --example shows those that a pack reads).
    NAME holds a value; NAME__low and NAME__high hold a range;
    NAME__at is the day of the value, and one that is too old counts as not known. Empty
    is not known, and so is every fact without a column: never absent.

    Each patient gets the pack's yes, no, unknown or judge, the criteria that decided and
    the facts that are missing. Counts go to stdout. A table with a wrong name or value is
    refused whole, with the rows. Nothing leaves this machine and nothing is decided.

    Exit 0: done, whatever the answers. 2: the table or the call is wrong; nothing is written.
    """
    call = _Call(file=file, **options)
    try:
        _make_example(call) if call.example else _screen(call)
    except UnreadableRegistry as refusal:
        _stop(f"{file}: {fault}" for fault in refusal.faults)
    except (UnusableTable, UnreadableSupposition, NotCompilable) as refusal:
        _stop([str(refusal)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What was asked on the command line."""

    file: Path
    packs: tuple[str, ...]
    as_of: str | None
    out: Path | None
    force: bool
    facts: tuple[str, ...]
    ignored: tuple[str, ...]
    ifs: tuple[str, ...]
    if_unknown: bool
    left_out: tuple[str, ...]
    changed: tuple[str, ...]
    show: int
    engine: str
    threads: int | None
    as_json: bool
    example: int | None
    seed: int

    @property
    def day(self) -> date:
        if self.as_of is None:
            return datetime.now().astimezone().date()
        try:
            if len(self.as_of) != 10:
                raise ValueError
            return date.fromisoformat(self.as_of)
        except ValueError:
            _stop([f"--as-of {self.as_of}: not a day. Write it as YYYY-MM-DD."])

    @property
    def supposed(self) -> tuple[str, ...]:
        """What is supposed, in the words of the call."""
        where = " where it is not known" if self.if_unknown else ""
        return (
            *(f"{each}{where}" for each in self.ifs),
            *(f"without {each}" for each in self.left_out),
            *self.changed,
        )


def _chosen(call: _Call, content: Library) -> dict[str, Pack]:
    every = {**content.packs, **content.payers}
    for name in call.packs:
        if name not in every:
            close = get_close_matches(name, every, n=1, cutoff=0.3)
            nearest = f" Nearest is {close[0]}." if close else ""
            _stop([f"--pack {name}: there is no such pack.{nearest}"])
    return {name: every[name] for name in dict.fromkeys(call.packs)}


def _make_example(call: _Call) -> None:
    from evenkeel.edges.tables.example import example, write_example

    content = library()
    packs = _chosen(call, content)
    call.file.absolute().parent.mkdir(parents=True, exist_ok=True)
    _writable(call.file, call.force)
    query = example(packs.values(), content.dictionary, call.day, patients=call.example or 1,
                    seed=call.seed)  # fmt: skip
    with _Replacing(call.file, call.force) as place:
        write_example(query, place)
    click.echo(f"{call.file}: {call.example:,} patients who do not exist", err=True)


def _screen(call: _Call) -> None:
    content = library()
    packs = _chosen(call, content)
    day = call.day
    if call.out is not None:
        if call.out.absolute() == call.file.absolute():
            _stop([f"--out {call.out}: this is the registry itself; give another name"])
        _writable(call.out, call.force)
    facts = _supposed(call.facts, content)
    supposed = _supposition(call, packs, content)
    engine = _open(call)
    try:
        screen = Screen(engine, packs, content.dictionary, day, ignored=call.ignored, facts=facts,
                        supposed=supposed)  # fmt: skip
        _say(call, f"checking {call.file}")
        patients = screen.check()
        _say(call, f"screening {patients:,} patients")
        result = screen.count(patients, changed=call.show)
        if call.out is not None:
            _say(call, f"writing {call.out}")
            with _Replacing(call.out, call.force) as place:
                engine.write(screen.result(), place)
    finally:
        engine.close()
    if call.as_json:
        click.echo(json.dumps(_as_object(result, call, content, day), ensure_ascii=False))
    else:
        _tell(result, call, content, day)


def _open(call: _Call) -> Engine:
    if call.engine == "spark":
        from evenkeel.edges.tables.spark import Spark

        return Spark(call.file, threads=call.threads)
    from evenkeel.edges.tables.duckdb import DuckDB

    return DuckDB(call.file, threads=call.threads)


def _supposed(texts: Iterable[str], content: Library) -> dict[str, Value | None]:
    read = [read_supposed(text, content.dictionary) for text in texts]
    return {each.name: each.value for each in read}


def _supposition(call: _Call, packs: Mapping[str, Pack], content: Library) -> Supposition | None:
    if call.if_unknown and not call.ifs:
        _stop(["--if-unknown: says nothing without --if NAME=VALUE"])
    if not call.supposed:
        return None
    after = dict(packs)
    for criterion in call.left_out:
        after = without(after, criterion)
    for text in call.changed:
        after = with_requirement(after, text, content.dictionary)
    _say_idle(call, packs)
    return Supposition(facts=_supposed(call.ifs, content), where_unknown=call.if_unknown,
                       packs=after)  # fmt: skip


def _say_idle(call: _Call, packs: Mapping[str, Pack]) -> None:
    """Name the criteria that decide nothing at screening: changing them changes nobody."""
    named = {*call.left_out, *(text.partition(":")[0].strip() for text in call.changed)}
    for pack in packs.values():
        if any(each.counts for each in pack.criteria):
            for each in pack.criteria:
                if each.id in named and not each.counts:
                    click.echo(f"{each.id}: decides nothing at screening (stage {each.stage}, "
                               f"{each.strength}); no answer can change", err=True)  # fmt: skip


def _writable(place: Path, force: bool) -> None:
    if place.suffix not in (PARQUET, CSV):
        _stop([f"{place}: give a file that ends in {PARQUET} or {CSV}"])
    if not place.absolute().parent.is_dir():
        _stop([f"{place}: there is no folder {place.parent}"])
    if place.exists() and not force:
        _stop([f"{place}: is there already; give another name, or --force to write over it"])


class _Replacing:
    """A file of its own beside the place, which takes the place only when it is whole.

    It may name patients: only its owner can read it.
    """

    def __init__(self, place: Path, force: bool) -> None:
        self.place, self.force = place, force
        self.new = place.with_name(f".{place.stem}.{os.getpid()}{place.suffix}")

    def __enter__(self) -> Path:
        return self.new

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self.new.chmod(0o600)
                if self.force:
                    self.new.replace(self.place)
                else:
                    os.link(self.new, self.place)
        except FileExistsError:
            _stop([f"{self.place}: appeared meanwhile; nothing was written over it"])
        finally:
            self.new.unlink(missing_ok=True)


def _say(call: _Call, words: str) -> None:
    """Progress, where somebody waits: a large file or a terminal."""
    if sys.stderr.isatty() or call.file.stat().st_size > 5_000_000:
        click.echo(f"{words} …", err=True)


def _stop(faults: Iterable[str]) -> NoReturn:
    for fault in faults:
        click.echo(" ".join(fault.split()), err=True)
    raise SystemExit(2)


def _tell(result: Screening, call: _Call, content: Library, day: date) -> None:
    """Counts for a reader."""
    click.echo(f"{call.file}: {_patients(result.patients)}, as of {day}, content {content.edition}")
    for counts in result.packs:
        pack = counts.pack
        kind = ", illustrative" if pack.illustrative else ""
        click.echo(f"\n{pack.short} ({pack.id}, edition {pack.edition}, {pack.status}{kind})")
        for answer, count in counts.answers.items():
            click.echo(f"  {answer:<8}{count:>12,}  {count / result.patients:>6.1%}")
        _tell_why(counts, result, content)
        if counts.flow:
            _tell_flow(counts, result, call)
    if call.out is not None:
        click.echo(f"\nOne row per patient is in {call.out}.")


def _tell_why(counts: PackCounts, result: Screening, content: Library) -> None:
    words = {each.id: each.statement for each in counts.pack.criteria}
    if counts.deciding:
        click.echo(f"\n  {'decided most':<14}{'no':>12}{'unknown':>12}{'judge':>12}")
        for name, by in list(counts.deciding.items())[:TOP]:
            numbers = "".join(f"{by[answer]:>12,}" for answer in ("no", "unknown", "judge"))
            click.echo(f"  {name:<14}{numbers}  {_short(words[name])}")
        _tell_rest(len(counts.deciding), "criteria")
    if counts.missing:
        width = max(len(name) for name in list(counts.missing)[:TOP])
        click.echo(f"\n  {'missing most':<{width}}{'patients':>12}")
        for name, count in list(counts.missing.items())[:TOP]:
            where = "" if name in result.facts else "no column; "
            question = _short(where + content.dictionary[name].question)
            click.echo(f"  {name:<{width}}{count:>12,}  {question}")
        _tell_rest(len(counts.missing), "facts")


def _tell_rest(length: int, what: str) -> None:
    if length > TOP:
        click.echo(f"  and {length - TOP} more {what}; --json gives all")


def _tell_flow(counts: PackCounts, result: Screening, call: _Call) -> None:
    words = [str(answer) for answer in ANSWERS]
    click.echo(f"\n  if {'; '.join(call.supposed)}")
    click.echo(f"  {'from, to':<10}" + "".join(f"{word:>12}" for word in words))
    for before in words:
        row = "".join(f"{counts.flow[before, after]:>12,}" for after in words)
        click.echo(f"  {before:<10}{row}")
    changed = sum(n for (before, after), n in counts.flow.items() if before != after)
    become = sum(n for (before, after), n in counts.flow.items()
                 if before != after and after == "yes")  # fmt: skip
    click.echo(f"  {_patients(changed)} would change; {become:,} would become yes")
    named = result.changed.get(counts.pack.id, [])
    for number, before, after in named:
        click.echo(f"    {number}: {before} to {after}")
    if changed > len(named):
        click.echo(
            f"    and {changed - len(named):,} more; --show N names more, --out FILE has all"
        )


def _patients(count: int) -> str:
    return f"{count:,} {'patient' if count == 1 else 'patients'}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59].rsplit(' ', 1)[0]} …"


def _as_object(result: Screening, call: _Call, content: Library, day: date) -> dict[str, Any]:
    return {
        "patients": result.patients,
        "as_of": day.isoformat(),
        "content": {"edition": content.edition, "sha256": content.sha256},
        "facts": list(result.facts),
        "supposed": list(call.supposed),
        "packs": [_pack_object(each, result) for each in result.packs],
        "out": None if call.out is None else str(call.out),
    }


def _pack_object(counts: PackCounts, result: Screening) -> dict[str, Any]:
    told: dict[str, Any] = {
        "pack": counts.pack.id,
        "edition": counts.pack.edition,
        "answers": counts.answers,
        "deciding": counts.deciding,
        "missing": counts.missing,
    }
    if counts.flow:
        told["after"] = counts.after
        told["flow"] = [
            {"before": before, "after": after, "patients": count}
            for (before, after), count in counts.flow.items()
        ]
        told["changed"] = [
            {"id": number, "before": before, "after": after}
            for number, before, after in result.changed.get(counts.pack.id, [])
        ]
    return told
