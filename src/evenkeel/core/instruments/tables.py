"""Score a table: one row per person in, the same rows with their scores out.

Pure text to text, so that a command, a test and a browser can use it alike.
A value that is no answer stops the whole table with its line and column: a
half-scored file is taken for a whole one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenkeel.core.instruments.scale import Item, Scale
from evenkeel.core.instruments.scoring import score

# Tables that passed through a data frame with gaps write 1 as 1.0; that is the same number.
_WHOLE = re.compile(r"(\d{1,4})(\.0{1,6})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a table: where, what, and what would be right."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class FaultyTable(ValueError):
    """A table that cannot be scored, with every fault found in it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTable:
    """Header and rows, every cell as text; ``renamed`` maps old to new column names."""

    header: tuple[str, ...]
    rows: list[list[str]]
    renamed: dict[str, str]

    def csv(self) -> Iterator[str]:
        """The lines of the table as CSV."""
        line = io.StringIO()
        writer = csv.writer(line, lineterminator="\n")
        for row in (self.header, *self.rows):
            line.seek(0)
            line.truncate()
            writer.writerow(row)
            yield line.getvalue()


def score_table(scale: Scale, text: str) -> ScoredTable:
    """Score every row of a CSV whose header names the scale's items.

    Raises:
        FaultyTable: an item column is missing or doubled, a row is ragged, or a
            cell is neither empty nor an answer the item allows.
    """
    if not scale.items:
        raise FaultyTable(
            [Fault(line=1, text=f"{scale.short} is kept as a total only: it has no items to score")]
        )
    added = ("total", "band", "complete", "reason", *(sub.id for sub in scale.subscales))
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    faults: list[Fault] = []
    rows: list[list[str]] = []
    blank: list[int] = []  # lines without a cell; at the end of a file they are nothing
    try:
        header = [name.strip() for name in next(reader, [])]
        where = _columns(scale, header)
        for cells in reader:
            if not cells:
                blank.append(reader.line_num)
                continue
            if blank and len(header) > 1:
                say = f"is empty where {len(header)} cells are due"
                faults.append(Fault(line=blank[0], text=say))
            elif blank:  # in a file of one column, an empty line is an empty cell
                rows += [["", *_added(scale, {item.id: None for item in scale.items})]] * len(blank)
            blank = []
            if len(cells) != len(header):
                say = f"has {len(cells)} cells where the header has {len(header)}"
                faults.append(Fault(line=reader.line_num, text=say))
                continue
            answers: dict[str, int | None] = {}
            for item in scale.items:
                read = _answer(scale, item, cells[where[item.id]])
                if isinstance(read, str):
                    faults.append(Fault(line=reader.line_num, text=read))
                else:
                    answers[item.id] = read[0]
            if len(answers) == len(scale.items) and not faults:
                rows.append(cells + _added(scale, answers))
    except csv.Error as fault:
        faults.append(Fault(line=reader.line_num, text=f"not readable as CSV: {fault}"))
    if faults:
        raise FaultyTable(faults)
    names, renamed = _rename(header, added)
    return ScoredTable(header=(*names, *added), rows=rows, renamed=renamed)


def _columns(scale: Scale, header: list[str]) -> dict[str, int]:
    faults = []
    for item in scale.items:
        times = header.count(item.id)
        if times != 1:
            what = "is missing" if times == 0 else f"stands there {times} times"
            wanted = ",".join(i.id for i in scale.items)
            say = f"column {item.id} {what}; {scale.short} needs one each of {wanted}"
            faults.append(Fault(line=1, text=say))
    if faults:
        raise FaultyTable(faults)
    return {item.id: header.index(item.id) for item in scale.items}


def _answer(scale: Scale, item: Item, cell: str) -> tuple[int | None] | str:
    """An answer in a one-element tuple, or the words of a fault."""
    written = cell.strip()
    if not written:
        return (None,)
    whole = _WHOLE.match(written)
    value = int(whole[1]) if whole else None
    if value is not None and (item.takes(value) or value in scale.not_answered):
        return (value,)
    codes = "".join(f", {code} for {means}" for code, means in scale.not_answered.items())
    return (
        f"{item.id} is {written!r}; write a whole number from {item.lowest} to {item.highest}"
        f"{codes}, or leave it empty for not answered"
    )


def _added(scale: Scale, answers: dict[str, int | None]) -> list[str]:
    result = score(scale, answers)
    subscales = ("" if v is None else str(v) for v in result.subscales.values())
    total = "" if result.total is None else str(result.total)
    complete = "true" if result.complete else "false"
    return [total, result.band, complete, result.reason, *subscales]


def _rename(header: list[str], added: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """Keep a column that bears the name of an added one, under another name.

    Two columns of one name would be read differently by different programs.
    """
    renamed: dict[str, str] = {}
    names = list(header)
    for place, name in enumerate(header):
        if name in added:
            fresh = f"input_{name}"
            while fresh in names or fresh in added:
                fresh = f"input_{fresh}"
            names[place] = renamed[name] = fresh
    return names, renamed
