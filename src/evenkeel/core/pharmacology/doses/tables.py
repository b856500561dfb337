"""Tables of comma-separated text as people write them: header, rows, and every fault by line.

In: the text of a file. Out: its rows by column, or what is wrong and where. What the cells
mean is decided by who reads them.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Row:
    """line: in the file, the first is 1. cells: by column, without the blanks around them."""

    line: int
    cells: Mapping[str, str]


def read_table(
    text: str,
    *,
    known: Sequence[str],
    needed: Sequence[str],
    why: Callable[[str], str] = lambda name: "",
) -> tuple[tuple[Row, ...], list[str]]:
    """The rows that can be read, and the faults; empty lines count for nothing.

    Args:
        text: a first line with the names of the columns, in any order; commas between cells.
        known: every column there may be. needed: those that must be there.
        why: why there is no such column, or what one that is missing would say; empty where
            there is nothing to tell.

    Returns:
        The rows, and a line for every fault. Where the header is wrong there are no rows.
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1)
        if line.strip()
    ]
    if not lines:
        return (), [f"the table is empty; its header is {','.join(known)}"]
    first, named = lines[0]
    header = [name.strip() for name in next(csv.reader([named]))]
    faults = _of_header(header, first, known, needed, why)
    if faults:
        return (), faults
    rows: list[Row] = []
    for number, line in lines[1:]:
        cells = next(csv.reader([line]))
        if len(cells) == len(header):
            told = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            rows.append(Row(number, told))
        else:
            faults.append(f"line {number}: {len(cells)} values where the header has {len(header)}")
    return tuple(rows), faults


def number_in(row: Row, name: str, faults: list[str]) -> float:
    """The finite number of a cell that is not empty; nan after a fault, which is added."""
    written = row.cells[name]
    try:
        # Python would read 1_000 as a thousand.
        value = float(written.replace("_", "?"))
    except ValueError:
        faults.append(f"line {row.line}: {name} of {written!r} is not a number")
        return math.nan
    if not math.isfinite(value):
        faults.append(f"line {row.line}: {name} of {written} is not finite")
        return math.nan
    return value


def _of_header(
    header: Sequence[str],
    line: int,
    known: Sequence[str],
    needed: Sequence[str],
    why: Callable[[str], str],
) -> list[str]:
    faults: list[str] = []
    by_small = {name.lower(): name for name in known}
    for name in header:
        if name not in known:
            close = get_close_matches(name.lower(), by_small, n=1, cutoff=0.4)
            nearest = f"the nearest right name is {by_small[close[0]]}" if close else ""
            # Where a column is missing on purpose, a name that looks alike only misleads.
            told = why(name) or nearest
            faults.append(f"line {line}: there is no column {name!r}{told and '; '}{told}")
        elif header.count(name) > 1:
            faults.append(f"line {line}: the column {name} stands twice")
    faults += [
        f"line {line}: the column {name} is missing{why(name) and ': '}{why(name)}"
        for name in needed
        if name not in header
    ]
    return list(dict.fromkeys(faults))
