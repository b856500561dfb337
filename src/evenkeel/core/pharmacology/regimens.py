"""What is given, when, by which route: one treatment, a course, a table.

In: rows with time, route, amount, duration, additional doses. Out: single doses in
the order of time, or every fault with its line. Amounts are mg of base. The order
of rows says nothing: each has its time. Overlapping doses add up.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

COLUMNS = ("time_h", "route", "amount_mg", "duration_h", "addl", "ii_h")
OPTIONAL = ("NSPRAY", "DEVICE")
MOST_DOSES = 100_000


class UnreadableRegimen(ValueError):
    """A table of doses that cannot be used. faults: one line each, with the place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One dose. duration_h: 0 = at once. of_dose: covariates that belong to it (NSPRAY)."""

    time_h: float
    route: str
    amount_mg: float
    duration_h: float = 0.0
    of_dose: Mapping[str, float] = field(default_factory=dict)


def repeated(dose: Dose, *, additional: int, every_h: float) -> tuple[Dose, ...]:
    """A dose and ``additional`` more, each ``every_h`` hours after the one before."""
    return tuple(
        Dose(
            time_h=dose.time_h + k * every_h,
            route=dose.route,
            amount_mg=dose.amount_mg,
            duration_h=dose.duration_h,
            of_dose=dose.of_dose,
        )
        for k in range(additional + 1)
    )


def read_regimen(text: str) -> tuple[Dose, ...]:
    """A table of doses: CSV with the columns of ``COLUMNS``; addl, ii_h, duration_h may be empty.

    Raises:
        UnreadableRegimen: no header, an unknown column, a number that is missing, not
            finite or negative, more than 100,000 doses.
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1)
        if line.strip()
    ]
    if not lines:
        raise UnreadableRegimen([f"the table is empty; its header is {','.join(COLUMNS)}"])
    header = [name.strip() for name in next(csv.reader([lines[0][1]]))]
    faults = _header_faults(header)
    if faults:
        raise UnreadableRegimen(faults)
    doses: list[Dose] = []
    for number, line in lines[1:]:
        row = next(csv.reader([line]))
        if len(row) != len(header):
            faults.append(f"line {number}: {len(row)} values where the header has {len(header)}")
            continue
        doses += _row(dict(zip(header, row, strict=True)), number, faults)
        if len(doses) > MOST_DOSES:
            raise UnreadableRegimen(
                [f"line {number}: more than {MOST_DOSES:,} doses: nobody is given so many"]
            )
    if faults:
        raise UnreadableRegimen(faults)
    if not doses:
        raise UnreadableRegimen(["the table has a header and no dose"])
    return in_order(doses)


def in_order(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    """Doses by time; those of one time stay as they stood."""
    return tuple(sorted(doses, key=lambda dose: dose.time_h))


def _header_faults(header: list[str]) -> list[str]:
    known = (*COLUMNS, *OPTIONAL)
    faults: list[str] = []
    for name in header:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.4)
            nearest = f"; the nearest right name is {close[0]}" if close else ""
            faults.append(f"line 1: there is no column {name!r}{nearest}")
        elif header.count(name) > 1:
            faults.append(f"line 1: the column {name} stands twice")
    faults += [
        f"line 1: the column {name} is missing"
        for name in ("time_h", "route", "amount_mg")
        if name not in header
    ]
    return list(dict.fromkeys(faults))


def _row(row: dict[str, str], number: int, faults: list[str]) -> tuple[Dose, ...]:
    before = len(faults)
    time_h = _number(row, "time_h", number, faults, needed=True, negative=True)
    amount = _number(row, "amount_mg", number, faults, needed=True)
    duration = _number(row, "duration_h", number, faults)
    additional = _number(row, "addl", number, faults)
    every = _number(row, "ii_h", number, faults)
    route = row["route"].strip()
    if not route:
        faults.append(f"line {number}: route is empty")
    if additional and additional != int(additional):
        faults.append(f"line {number}: addl of {additional:g} is not a whole number")
    if additional and not every:
        faults.append(f"line {number}: addl without ii_h: say how many hours lie between")
    if additional and additional >= MOST_DOSES:
        faults.append(f"line {number}: addl of {additional:g}: at most {MOST_DOSES:,} doses")
    of_dose = {
        name: value
        for name in OPTIONAL
        if (value := _number(row, name, number, faults, absent=math.nan)) == value
    }
    if len(faults) > before:
        return ()
    dose = Dose(time_h=time_h, route=route, amount_mg=amount, duration_h=duration, of_dose=of_dose)
    return repeated(dose, additional=int(additional), every_h=every)


def _number(
    row: dict[str, str],
    name: str,
    line: int,
    faults: list[str],
    *,
    needed: bool = False,
    negative: bool = False,
    absent: float = 0.0,
) -> float:
    written = row.get(name, "").strip()
    if written in ("", "."):
        if needed:
            faults.append(f"line {line}: {name} is empty")
        return absent
    try:
        value = float(written)
    except ValueError:
        value = None
    if value is None or "_" in written:
        faults.append(f"line {line}: {name} of {written!r} is not a number")
        return absent
    if not math.isfinite(value):
        faults.append(f"line {line}: {name} of {written} is not finite")
    elif value < 0 and not negative:
        faults.append(f"line {line}: {name} of {written} is negative")
    return value
