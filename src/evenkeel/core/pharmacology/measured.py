"""A table of measured concentrations, read whole or refused with every fault."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from difflib import get_close_matches

from evenkeel.core.pharmacology.posterior import MOST_MEASUREMENTS, Measurement

COLUMNS = ("time_h", "analyte", "concentration_ng_per_ml")
OPTIONAL = ("below",)
_YES = ("1", "yes", "true")
_NO = ("", "0", "no", "false")


class UnreadableMeasurements(ValueError):
    """A table that cannot be used. faults: one line each, with the place."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)


def read_measurements(text: str) -> tuple[Measurement, ...]:
    """CSV with the columns time_h, analyte, concentration_ng_per_ml and perhaps below.

    below: yes where the value lies below concentration_ng_per_ml, the limit of the method.
    Rows of one time and analyte are measurements of their own.

    Raises:
        UnreadableMeasurements: no header, a column that is unknown or missing, a number that
            is none, not finite, zero or negative, more than 1,000 rows.
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1)
        if line.strip()
    ]
    if not lines:
        raise UnreadableMeasurements([f"the table is empty; its header is {','.join(COLUMNS)}"])
    if len(lines) - 1 > MOST_MEASUREMENTS:
        raise UnreadableMeasurements([f"more than {MOST_MEASUREMENTS:,} rows of one person"])
    header = [name.strip() for name in next(csv.reader([lines[0][1]]))]
    faults = _header_faults(header)
    if faults:
        raise UnreadableMeasurements(faults)
    made: list[Measurement] = []
    for number, line in lines[1:]:
        row = next(csv.reader([line]))
        if len(row) != len(header):
            faults.append(f"line {number}: {len(row)} values where the header has {len(header)}")
            continue
        told = dict(zip(header, (cell.strip() for cell in row), strict=True))
        before = len(faults)
        time_h = _number(told["time_h"], "time_h", number, faults)
        value = _number(told["concentration_ng_per_ml"], "concentration_ng_per_ml", number, faults)
        below = told.get("below", "").lower()
        if not told["analyte"]:
            faults.append(f"line {number}: analyte is empty")
        if below not in (*_YES, *_NO):
            faults.append(f"line {number}: below of {below!r}: write yes or leave it empty")
        if value <= 0.0:
            faults.append(
                f"line {number}: {value:g} ng/mL cannot be measured; write the limit of the "
                "method and yes under below"
            )
        if len(faults) == before:
            made.append(
                Measurement(
                    time_h=time_h, analyte=told["analyte"], ng_per_ml=value, below=below in _YES
                )
            )
    if faults:
        raise UnreadableMeasurements(faults)
    if not made:
        raise UnreadableMeasurements(["the table has a header and no measurement"])
    return tuple(made)


def _header_faults(header: Sequence[str]) -> list[str]:
    known = (*COLUMNS, *OPTIONAL)
    faults: list[str] = []
    for name in header:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.4)
            nearest = f"; the nearest right name is {close[0]}" if close else ""
            faults.append(f"line 1: there is no column {name!r}{nearest}")
        elif header.count(name) > 1:
            faults.append(f"line 1: the column {name} stands twice")
    faults += [f"line 1: the column {name} is missing" for name in COLUMNS if name not in header]
    return list(dict.fromkeys(faults))


def _number(written: str, name: str, line: int, faults: list[str]) -> float:
    """The number; nan after a fault."""
    try:
        value = float(written)
    except ValueError:
        if written.startswith("<"):
            faults.append(
                f"line {line}: {name} of {written}: write the number alone and yes under below"
            )
        else:
            faults.append(f"line {line}: {name} of {written!r} is not a number")
        return math.nan
    if not math.isfinite(value):
        faults.append(f"line {line}: {name} of {written} is not finite")
        return math.nan
    return value
