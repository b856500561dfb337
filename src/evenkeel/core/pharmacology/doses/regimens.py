"""What is given, when, by which route: one treatment, a course, a table.

In: rows with time, route, amount, duration, additional doses. Out: single doses in
the order of time, or every fault with its line. Amounts are mg of base. The order
of rows says nothing: each has its time. Overlapping doses add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evenkeel.core.pharmacology.doses.naming import route_called, why_no_column
from evenkeel.core.pharmacology.doses.tables import Row, number_in, read_table

COLUMNS = ("time_h", "route", "amount_mg", "duration_h", "addl", "ii_h")
COUNTS = ("NSPRAY", "DEVICE")  # of nasal devices, where the model has them: whole numbers
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
    rows, faults = read_table(
        text,
        known=(*COLUMNS, *COUNTS),
        needed=("time_h", "route", "amount_mg"),
        why=why_no_column,
    )
    doses: list[Dose] = []
    for row in rows:
        doses += _row(row, faults)
        if len(doses) > MOST_DOSES:
            raise UnreadableRegimen(
                [f"line {row.line}: more than {MOST_DOSES:,} doses: nobody is given so many"]
            )
    if faults:
        raise UnreadableRegimen(faults)
    if not doses:
        raise UnreadableRegimen(["the table has a header and no dose"])
    return in_order(doses)


def in_order(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    """Doses by time; those of one time stay as they stood."""
    return tuple(sorted(doses, key=lambda dose: dose.time_h))


def _row(row: Row, faults: list[str]) -> tuple[Dose, ...]:
    before, place = len(faults), f"line {row.line}"
    time_h = _number(row, "time_h", faults, needed=True, negative=True)
    amount = _number(row, "amount_mg", faults, needed=True)
    duration = _number(row, "duration_h", faults)
    additional = _number(row, "addl", faults)
    every = _number(row, "ii_h", faults)
    route = route_called(row.cells["route"])
    if not route:
        faults.append(f"{place}: route is empty")
    if additional and additional != int(additional):
        faults.append(f"{place}: addl of {additional:g} is not a whole number")
    if additional and not every:
        faults.append(f"{place}: addl without ii_h: say how many hours lie between")
    if additional and additional >= MOST_DOSES:
        faults.append(f"{place}: addl of {additional:g}: at most {MOST_DOSES:,} doses")
    of_dose = {
        name: value
        for name in COUNTS
        if (value := _number(row, name, faults, absent=math.nan)) == value
    }
    faults += [
        f"{place}: {name} of {value:g} is not a whole number"
        for name, value in of_dose.items()
        if value % 1.0 != 0.0
    ]
    if len(faults) > before:
        return ()
    dose = Dose(time_h=time_h, route=route, amount_mg=amount, duration_h=duration, of_dose=of_dose)
    return repeated(dose, additional=int(additional), every_h=every)


def _number(
    row: Row,
    name: str,
    faults: list[str],
    *,
    needed: bool = False,
    negative: bool = False,
    absent: float = 0.0,
) -> float:
    written = row.cells.get(name, "")
    if written in ("", "."):
        if needed:
            faults.append(f"line {row.line}: {name} is empty")
        return absent
    value = number_in(row, name, faults)
    if math.isnan(value):
        return absent
    if value < 0 and not negative:
        faults.append(f"line {row.line}: {name} of {written} is negative")
    return value
