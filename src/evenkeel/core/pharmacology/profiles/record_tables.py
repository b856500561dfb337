"""Tables of doses and of dosing events, in and out.

In: text, with our own columns or with NONMEM's (TIME, AMT, EVID and others). Out: records,
or every fault with its line. And back: what is written reads back the same.

What NONMEM's columns mean is in ``events``; CMT counts the model's compartments from 1. Ours are
ROUTE in place of CMT, DUR (AMT / RATE, so that a table reads back to the last digit), OCC (the
number of the occasion), NSPRAY and DEVICE. ID, DV and MDV are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evenkeel.core.pharmacology.doses.naming import route_called, why_no_column
from evenkeel.core.pharmacology.doses.regimens import (
    COUNTS,
    MOST_DOSES,
    Dose,
    UnreadableRegimen,
    read_regimen,
)
from evenkeel.core.pharmacology.doses.tables import Row, number_in, read_table
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.profiles.events import (
    DURATION_OF_MODEL,
    RATE_OF_MODEL,
    broken_rules,
)
from evenkeel.core.pharmacology.profiles.records import Record, plain_doses, records_of, routed

NEEDED = ("TIME", "AMT", "EVID")
DOSING = ("CMT", "ROUTE", "RATE", "DUR", "II", "ADDL", "SS", "OCC", *COUNTS)
PASSED_OVER = ("ID", "DV", "MDV")
_AGREE = 1e-9


def is_event_table(text: str) -> bool:
    """Is the header NONMEM's? With TIME and AMT it is, even where EVID was forgotten."""
    first = next((line for line in text.lstrip("\ufeff").splitlines() if line.strip()), "")
    names = {name.strip().upper() for name in first.split(",")}
    return "EVID" in names or {"TIME", "AMT"} <= names


def read_records(text: str) -> tuple[Record, ...]:
    """The records of a table, in its order. Observations and other moments are left out.

    Raises:
        UnreadableRegimen: every fault with its line.
    """
    rows, faults = read_table(
        _with_loud_header(text),
        known=(*NEEDED, *DOSING, *PASSED_OVER),
        needed=NEEDED,
        why=_why,
    )
    made: list[Record] = []
    people: set[str] = set()
    latest = -math.inf
    doses = 0
    if rows and not {"CMT", "ROUTE"} & set(rows[0].cells):
        raise UnreadableRegimen(["line 1: the column ROUTE (or CMT) is missing"])
    by_table = bool(rows) and "OCC" in rows[0].cells
    for row in rows:
        told = _Row(row, faults)
        people.add(told.words("ID"))
        record = told.record(occasions=by_table)
        if record is None:
            continue
        if record.time_h < latest:
            faults.append(
                f"line {row.line}: TIME goes back from {latest:g} to {record.time_h:g}. Records "
                "act in the order of the table: sort it by TIME"
            )
        latest = max(latest, record.time_h)
        doses += record.additional + 1
        if record.evid in (1, 3, 4):
            made.append(record)
    if len(people) > 1:
        faults.append(f"the table has {len(people)} people (ID): give one table for each")
    if doses > MOST_DOSES:
        faults.append(f"more than {MOST_DOSES:,} doses: nobody is given so many")
    if faults:
        raise UnreadableRegimen(faults)
    if not any(record.evid in (1, 4) for record in made):
        raise UnreadableRegimen(["the table has no dose (EVID 1 or 4)"])
    return tuple(made)


def _why(name: str) -> str:
    """What tables of events leave out most often, beside what no table of doses has."""
    return "1 is a dose, 0 an observation" if name == "EVID" else why_no_column(name)


def _with_loud_header(text: str) -> str:
    """The same table, its names in capitals."""
    lines = text.lstrip("\ufeff").splitlines()
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is not None:
        lines[first] = lines[first].upper()
    return "\n".join(lines)


@dataclass(slots=True)
class _Row:
    """One line, read strictly; what is wrong goes to ``faults``."""

    row: Row
    faults: list[str]

    def words(self, name: str) -> str:
        written = self.row.cells.get(name, "")
        return "" if written == "." else written

    def number(self, name: str, *, least: float = 0.0) -> float:
        if not self.words(name):
            if name in ("TIME", "EVID"):
                self.wrong(f"{name} is empty")
            return 0.0
        value = number_in(self.row, name, self.faults)
        if math.isnan(value):
            return 0.0
        if value < least:
            self.wrong(f"{name} of {self.words(name)} is negative")
        return value

    def whole(self, name: str) -> int:
        value = self.number(name)
        if value != int(value):
            self.wrong(f"{name} of {value:g} is not a whole number")
            return 0
        return int(value)

    def wrong(self, what: str) -> None:
        self.faults.append(f"line {self.row.line}: {what}")

    def record(self, *, occasions: bool) -> Record | None:
        """The record; None where it has faults. occasions: each has to say which it is of."""
        before = len(self.faults)
        evid, time_h = self.whole("EVID"), self.number("TIME", least=-math.inf)
        if evid > 4:
            self.wrong(f"EVID {evid} is none of 0 to 4")
        if evid not in (1, 4) or len(self.faults) > before:
            ok = len(self.faults) == before
            return Record(line=self.row.line, time_h=time_h, evid=evid) if ok else None
        amount, steady = self.number("AMT"), self.whole("SS")
        rate, lasts = self.number("RATE", least=-math.inf), self.number("DUR")
        every, additional = self.number("II"), self.whole("ADDL")
        route, compartment = route_called(self.words("ROUTE")), self.whole("CMT")
        occasion = self.whole("OCC")
        if occasions and occasion < 1:
            self.wrong("OCC has to be a whole number from 1: which occasion the dose is of")
        self._check(amount, rate, lasts, every, additional, steady, route or compartment)
        endless = rate if amount == 0.0 and steady and rate > 0 else 0.0
        if rate > 0 and not endless and not lasts and amount > 0:
            lasts = amount / rate
        of_dose = {name: float(self.whole(name)) for name in COUNTS if self.words(name)}
        if len(self.faults) > before:
            return None
        return Record(
            line=self.row.line, time_h=time_h, evid=evid, route=route, compartment=compartment,
            amount_mg=amount, duration_h=lasts, endless_rate=endless, every_h=every,
            additional=additional, steady=steady, occasion=occasion, of_dose=of_dose,
            lasts_as_model=rate == DURATION_OF_MODEL,
        )  # fmt: skip

    def _check(
        self, amount: float, rate: float, lasts: float, every: float,
        additional: int, steady: int, place: str | int,
    ) -> None:  # fmt: skip
        if not place:
            self.wrong("neither ROUTE nor CMT says where the dose goes")
        if rate == RATE_OF_MODEL:
            self.wrong("RATE -1: no model here has a rate of its own; give RATE in mg/h")
        elif rate < 0 and rate != DURATION_OF_MODEL:
            self.wrong(f"RATE of {rate:g} is neither a rate nor -2 (the model's duration)")
        if rate > 0 and lasts > 0 and abs(amount / rate - lasts) > _AGREE * lasts:
            self.wrong(f"RATE of {rate:g} and DUR of {lasts:g} do not agree for AMT {amount:g}")
        for fault in broken_rules(
            amount_mg=amount, rate=rate, interval_h=every, additional=additional, steady=steady
        ):
            self.wrong(fault)
        if additional >= MOST_DOSES:
            self.wrong(f"ADDL of {additional}: at most {MOST_DOSES:,} doses")


def write_records(records: Sequence[Record]) -> str:
    """An event table that ``read_records`` reads back to the same records."""
    extra = [name for name in COUNTS if any(name in record.of_dose for record in records)]
    occasions = any(record.occasion for record in records)
    names = ["TIME", "EVID", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "ROUTE"]
    lines = [",".join([*names, *(["OCC"] if occasions else []), *extra])]
    for record in records:
        rate = record.endless_rate or _rate(record)
        rate = DURATION_OF_MODEL if record.lasts_as_model else rate
        cells = [
            repr(record.time_h), str(record.evid), repr(record.amount_mg), repr(rate),
            repr(record.duration_h), repr(record.every_h), str(record.additional),
            str(record.steady), record.route or ".",
        ]  # fmt: skip
        cells += [str(record.occasion or ".")] if occasions else []
        cells += [repr(record.of_dose[name]) if name in record.of_dose else "." for name in extra]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def _rate(record: Record) -> float:
    """What RATE says of an infusion; 0 where no double says the same as DUR."""
    if not record.duration_h or not record.amount_mg:
        return 0.0
    rate = record.amount_mg / record.duration_h
    agrees = 0.0 < rate < math.inf and (
        abs(record.amount_mg / rate - record.duration_h) <= _AGREE * record.duration_h
    )
    return rate if agrees else 0.0


def write_doses(doses: Sequence[Dose]) -> str:
    """A plain table that ``read_regimen`` reads back to the same doses."""
    extra = [name for name in COUNTS if any(name in dose.of_dose for dose in doses)]
    lines = [",".join(["time_h", "route", "amount_mg", "duration_h", *extra])]
    for dose in doses:
        cells = [repr(dose.time_h), dose.route, repr(dose.amount_mg), repr(dose.duration_h)]
        cells += [repr(dose.of_dose[name]) if name in dose.of_dose else "" for name in extra]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def read_either(text: str, model: Model) -> tuple[tuple[Dose, ...] | None, tuple[Record, ...]]:
    """A table of doses or of events: the doses (None with resets or steady states), the records.

    Raises:
        UnreadableRegimen: every fault with its line.
    """
    if is_event_table(text):
        records = routed(read_records(text), model)
        return plain_doses(records), records
    doses = read_regimen(text)
    return doses, records_of(doses)
