"""Tables of doses and of dosing events, in and out.

In: text, with our own columns or with NONMEM's (a header with TIME, AMT and EVID). Out:
records, or every fault with its line. And back: what is written reads back the same.

NONMEM's columns: TIME, AMT, EVID, and CMT or ROUTE; RATE, DUR, II, ADDL, SS, NSPRAY, DEVICE.
CMT counts the model's compartments from 1. RATE and DUR say the same thing (DUR = AMT / RATE);
DUR is ours, so that a table reads back to the last digit. ID, DV and MDV are passed over.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from evenkeel.core.pharmacology.events import DURATION_OF_MODEL, RATE_OF_MODEL
from evenkeel.core.pharmacology.models import Model
from evenkeel.core.pharmacology.records import Record, plain_doses, records_of, routed
from evenkeel.core.pharmacology.regimens import (
    MOST_DOSES,
    OPTIONAL,
    Dose,
    UnreadableRegimen,
    read_regimen,
)

NEEDED = ("TIME", "AMT", "EVID")
DOSING = ("CMT", "ROUTE", "RATE", "DUR", "II", "ADDL", "SS", *OPTIONAL)
PASSED_OVER = ("ID", "DV", "MDV")
_AGREE = 1e-9


def is_event_table(text: str) -> bool:
    """Does the header have TIME, AMT and EVID?"""
    first = next((line for line in text.lstrip("\ufeff").splitlines() if line.strip()), "")
    names = {name.strip().upper() for name in first.split(",")}
    return set(NEEDED) <= names


def read_records(text: str) -> tuple[Record, ...]:
    """The records of a table, in its order. Observations and other moments are left out.

    Raises:
        UnreadableRegimen: every fault with its line.
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1)
        if line.strip()
    ]
    header = [name.strip().upper() for name in next(csv.reader([lines[0][1]]))]
    faults = _header_faults(header)
    if faults:
        raise UnreadableRegimen(faults)
    made: list[Record] = []
    people: set[str] = set()
    latest = -math.inf
    doses = 0
    for number, line in lines[1:]:
        row = next(csv.reader([line]))
        if len(row) != len(header):
            faults.append(f"line {number}: {len(row)} values where the header has {len(header)}")
            continue
        told = _Row(dict(zip(header, row, strict=True)), number, faults)
        people.add(told.words("ID"))
        record = told.record()
        if record is None:
            continue
        if record.time_h < latest:
            faults.append(
                f"line {number}: TIME goes back from {latest:g} to {record.time_h:g}. Records "
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


def _header_faults(header: list[str]) -> list[str]:
    known = (*NEEDED, *DOSING, *PASSED_OVER)
    faults: list[str] = []
    for name in header:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.4)
            nearest = f"; the nearest right name is {close[0]}" if close else ""
            faults.append(f"line 1: there is no column {name!r}{nearest}")
        elif header.count(name) > 1:
            faults.append(f"line 1: the column {name} stands twice")
    if "CMT" not in header and "ROUTE" not in header:
        faults.append("line 1: the column ROUTE (or CMT) is missing")
    return list(dict.fromkeys(faults))


@dataclass(slots=True)
class _Row:
    """One line, read strictly; what is wrong goes to ``faults``."""

    row: dict[str, str]
    line: int
    faults: list[str]

    def words(self, name: str) -> str:
        written = self.row.get(name, "").strip()
        return "" if written == "." else written

    def number(self, name: str, *, least: float = 0.0) -> float:
        written = self.words(name)
        if not written:
            if name in ("TIME", "EVID"):
                self.wrong(f"{name} is empty")
            return 0.0
        try:
            value = float(written)
        except ValueError:
            value = math.nan
        if "_" in written or math.isnan(value):
            self.wrong(f"{name} of {written!r} is not a number")
            return 0.0
        if math.isinf(value):
            self.wrong(f"{name} of {written} is not finite")
        elif value < least:
            self.wrong(f"{name} of {written} is negative")
        return value

    def whole(self, name: str) -> int:
        value = self.number(name)
        if math.isfinite(value) and value != int(value):
            self.wrong(f"{name} of {value:g} is not a whole number")
            return 0
        return int(value) if math.isfinite(value) else 0

    def wrong(self, what: str) -> None:
        self.faults.append(f"line {self.line}: {what}")

    def record(self) -> Record | None:
        """The record; None where it has faults."""
        before = len(self.faults)
        evid, time_h = self.whole("EVID"), self.number("TIME", least=-math.inf)
        if evid > 4:
            self.wrong(f"EVID {evid} is none of 0 to 4")
        if evid not in (1, 4) or len(self.faults) > before:
            ok = len(self.faults) == before
            return Record(line=self.line, time_h=time_h, evid=evid) if ok else None
        amount, steady = self.number("AMT"), self.whole("SS")
        rate, lasts = self.number("RATE", least=-math.inf), self.number("DUR")
        every, additional = self.number("II"), self.whole("ADDL")
        route, compartment = self.words("ROUTE"), self.whole("CMT")
        self._check(amount, rate, lasts, every, additional, steady, route or compartment)
        endless = rate if amount == 0.0 and steady and rate > 0 else 0.0
        if rate > 0 and not endless and not lasts and amount > 0:
            lasts = amount / rate
        of_dose = {name: self.number(name) for name in OPTIONAL if self.words(name)}
        if len(self.faults) > before:
            return None
        return Record(
            line=self.line, time_h=time_h, evid=evid, route=route, compartment=compartment,
            amount_mg=amount, duration_h=lasts, endless_rate=endless, every_h=every,
            additional=additional, steady=steady, of_dose=of_dose,
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
        if additional and every <= 0:
            self.wrong("ADDL without II: say how many hours lie between")
        if additional >= MOST_DOSES:
            self.wrong(f"ADDL of {additional}: at most {MOST_DOSES:,} doses")
        if steady not in (0, 1, 2):
            self.wrong(f"SS {steady} is none of 0, 1, 2")
        if steady and every <= 0 and not (amount == 0.0 and rate > 0):
            self.wrong("SS without II: say how many hours lie between the earlier doses")


def write_records(records: Sequence[Record]) -> str:
    """An event table that ``read_records`` reads back to the same records."""
    extra = [name for name in OPTIONAL if any(name in record.of_dose for record in records)]
    lines = [",".join(["TIME", "EVID", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "ROUTE", *extra])]
    for record in records:
        rate = record.endless_rate or _rate(record)
        cells = [
            repr(record.time_h), str(record.evid), repr(record.amount_mg), repr(rate),
            repr(record.duration_h), repr(record.every_h), str(record.additional),
            str(record.steady), record.route or ".",
        ]  # fmt: skip
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
    extra = [name for name in OPTIONAL if any(name in dose.of_dose for dose in doses)]
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
