"""A chart in the words of a page: what, how much, when, from where, and whether it counts.

In: a core Chart. Out: rows for templates. Nothing is left out: what does not count is
shown with the reason, what is old keeps its date, a bound keeps its sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from evenkeel.core.chart import (
    Allergy,
    Chart,
    Code,
    Component,
    Condition,
    Entry,
    Fault,
    Medication,
    Observation,
    PartialDate,
    Problem,
    Quantity,
    When,
)
from evenkeel.core.guidelines.dictionary import Dictionary, is_stale, load_dictionary
from evenkeel.core.guidelines.terminology import Terminology, load_terminology
from evenkeel.web.ui import words

UNITS = {
    "mm[Hg]": "mmHg",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "Cel": "°C",
    "[degF]": "°F",
    "kg/m2": "kg/m²",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "1": "",
    "U/L": "U/L",
}
SYSTEMS = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://www.whocc.no/atc": "ATC",
}
SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
# As finely as people measure; simulated records write fourteen digits.
DIGITS = {"mm[Hg]": Decimal("1"), "kg": Decimal("0.1"), "cm": Decimal("0.1"), "/min": Decimal("1")}
OTHER_DIGITS = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a chart.

    counts: False when it must never become a fact; ``why_not`` says why.
    struck: entered in error. state: the status in words. tags: (text, kind).
    """

    title: str
    state: str = ""
    value: str = ""
    when: str = ""
    sort: str = ""
    origin: str = ""
    codes: str = ""
    counts: bool = True
    struck: bool = False
    why_not: str = ""
    is_current: bool = True
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Series:
    """All results of one kind, newest first."""

    title: str
    rows: list[Row] = field(default_factory=list)

    @property
    def latest(self) -> Row:
        return self.rows[0]

    @property
    def earlier(self) -> list[Row]:
        return self.rows[1:]


def conditions(chart: Chart) -> list[Row]:
    """What holds now first, newest first."""
    return _sorted(_condition(entry) for entry in chart.conditions)


def medications(chart: Chart) -> list[Row]:
    return _sorted(_medication(entry) for entry in chart.medications)


def allergies(chart: Chart) -> list[Row]:
    return _sorted(_allergy(entry) for entry in chart.allergies)


def results(chart: Chart) -> list[Series]:
    """Observations by what was observed; the kinds measured last come first."""
    found: dict[str, Series] = {}
    for entry in chart.observations:
        row = _observation(entry)
        found.setdefault(row.title, Series(title=row.title)).rows.append(row)
    for series in found.values():
        series.rows.sort(key=lambda row: row.sort, reverse=True)
    return sorted(
        found.values(), key=lambda series: (series.latest.sort, series.title), reverse=True
    )


def measures(chart: Chart, today: date) -> list[dict[str, str]]:
    """Keys of the component ``value`` for what a nurse looks for first; newest that counts."""
    shown = []
    for concept, label, always in _MEASURES:
        entry = _latest(chart, concept)
        if entry is None:
            if always:
                shown.append({"label": label, "state": "absent"})
            continue
        number, _, unit = _value(entry, only=concept).partition(" ")
        taken = _day(entry.at)
        stale = taken is None or is_stale(_dictionary()[concept], taken, today)
        shown.append(
            {
                "label": label,
                "number": number,
                "unit": unit,
                "origin": f"{written(entry.at)}, {'too old to use' if stale else 'by referral'}",
                "state": "stale" if stale else "normal",
            }
        )
    return shown


# concept, what stands above the number, shown also when it is not in the record
_MEASURES = (
    ("systolic_bp", "Blood pressure", True),
    ("body_weight", "Weight", True),
    ("heart_rate", "Heart rate", False),
    ("spo2", "SpO₂", False),
    ("body_height", "Height", False),
    ("phq9_total", "PHQ-9", True),
)


def _latest(chart: Chart, concept: str) -> Observation | None:
    known = _terminology()

    def says(code: Code) -> bool:
        return any(match.concept == concept for match in known.matches_of(code))

    found = [
        entry
        for entry in chart.observations
        if entry.usable
        and any(says(part.code) and part.quantity for part in (entry, *entry.components))
    ]
    return max(found, key=lambda entry: _sort(entry.at), default=None)


def events(chart: Chart) -> list[Row]:
    """Procedures and encounters, newest first."""
    rows = [
        _row(entry, when=entry.at, state=entry.status.replace("-", " "), tags=((kind, ""),))
        for kind, entries in (("procedure", chart.procedures), ("visit", chart.encounters))
        for entry in entries
    ]
    return sorted(rows, key=lambda row: row.sort, reverse=True)


def unread_codes(chart: Chart) -> list[Row]:
    """Conditions, drugs and allergies whose codes no rule of this house reads."""
    known = _terminology()
    found: dict[str, Row] = {}
    for entry in (*chart.conditions, *chart.medications, *chart.allergies):
        if known.matches_of(entry.code) or known.drugs_named(entry.code.words):
            continue
        row = _row(entry, tags=((type(entry).__name__.lower(), ""),))
        found.setdefault(row.codes or row.title, row)
    return sorted(found.values(), key=lambda row: row.title)


def warnings(chart: Chart) -> str:
    """Allergies that count, for the patient card; "" when none is in the record."""
    named = [
        entry.code.words
        for entry in chart.allergies
        if entry.usable and entry.verification != "refuted" and entry.clinical in ("active", "")
    ]
    return "; ".join(dict.fromkeys(named))


def written(when: When | None) -> str:
    """A day, a month or a year as it is known; a moment as its day on the clinic's clock."""
    if when is None:
        return words.NOT_RECORDED
    if isinstance(when, datetime):
        return words.write_date(when)
    if when.day is not None:
        return words.write_date(when.earliest)
    if when.month is not None:
        return f"{words.MONTHS[when.month - 1]} {when.year}"
    return str(when.year)


def quantity(value: Quantity | None) -> str:
    """ "> 60 mL/min/1.73 m²"; rounded for reading, the exact number is in the resource."""
    if value is None:
        return ""
    number, step = value.value, DIGITS.get(value.unit, OTHER_DIGITS)
    if abs(number) >= step and number != number.quantize(step):
        number = number.quantize(step, ROUND_HALF_UP)
    unit = UNITS.get(value.unit, re.sub(r"\{[^}]*\}", "", value.unit))
    return " ".join(part for part in (value.comparator, words.write_number(number), unit) if part)


def _condition(entry: Condition) -> Row:
    tags = []
    if entry.verification == "refuted":
        tags.append(("looked for and not there", "strong"))
    elif entry.verification not in ("confirmed", "", "entered-in-error"):
        tags.append((entry.verification, "draft"))
    since = written(entry.onset or entry.recorded)
    ended = f"to {written(entry.abated)}" if entry.abated else ("ended" if entry.has_abated else "")
    current = entry.clinical in ("active", "recurrence", "relapse", "")
    return _row(
        entry,
        when=entry.onset or entry.recorded,
        state=entry.clinical or "status not in the record",
        value=f"{since} {ended}".strip() if since != words.NOT_RECORDED or ended else "",
        is_current=current and entry.verification not in ("refuted", "entered-in-error"),
        tags=tuple(tags),
    )


def _medication(entry: Medication) -> Row:
    tags = [("must NOT be given", "no")] if entry.do_not_perform else []
    if entry.kind == "administration":
        tags.append(("given once", ""))
    return _row(
        entry,
        when=entry.start,
        state=entry.status or "status not in the record",
        value=entry.dose_text or _dose(entry.dose),
        is_current=entry.status in ("active", "on-hold", "") and not entry.do_not_perform,
        tags=tuple(tags),
    )


def _dose(dose: Quantity | None) -> str:
    """Synthetic records write a dose of 1 and no unit: one what, nobody knows."""
    if dose is None:
        return ""
    return quantity(dose) if dose.unit else f"{quantity(dose)}, unit not in the record"


def _allergy(entry: Allergy) -> Row:
    tags = [("looked for and not there", "strong")] if entry.verification == "refuted" else []
    if entry.criticality == "high":
        tags.append(("high criticality", "no"))
    return _row(
        entry,
        when=entry.recorded,
        state=entry.clinical or "status not in the record",
        value=", ".join(entry.reactions),
        is_current=entry.clinical in ("active", "") and entry.verification != "refuted",
        tags=tuple(tags),
    )


def _observation(entry: Observation) -> Row:
    return _row(
        entry,
        when=entry.at,
        state="" if entry.status == "final" else entry.status.replace("-", " "),
        value=_value(entry),
    )


def _value(entry: Observation, only: str = "") -> str:
    """The value in words; ``only``: of a panel, just the part that says this concept."""
    parts = {_code(part): part for part in entry.components}
    if SYSTOLIC in parts and DIASTOLIC in parts:
        upper, lower = parts[SYSTOLIC].quantity, parts[DIASTOLIC].quantity
        if upper is not None and lower is not None and upper.unit == lower.unit:
            unit = UNITS.get(upper.unit, upper.unit)
            sides = (quantity(one).removesuffix(unit).strip() for one in (upper, lower))
            return f"{'/'.join(sides)} {unit}"
    if only and entry.components:
        known = _terminology()
        for part in entry.components:
            if any(match.concept == only for match in known.matches_of(part.code)):
                return _part(part)
    if entry.components:
        return "; ".join(f"{part.code.words}: {_part(part)}" for part in entry.components)
    if entry.value_bool is not None:
        return "yes" if entry.value_bool else "no"
    return _part(entry)


def _part(part: Component | Observation) -> str:
    if part.quantity is not None:
        return quantity(part.quantity)
    if part.value_code is not None:
        return part.value_code.words
    if part.value_text:
        return part.value_text
    if part.absent_because:
        return f"no value: {part.absent_because.replace('-', ' ')}"
    return "no value"


def _code(part: Component) -> str:
    return part.code.codings[0].code if part.code.codings else ""


def _row(
    entry: Entry,
    *,
    when: When | None = None,
    state: str = "",
    value: str = "",
    is_current: bool = True,
    tags: tuple[tuple[str, str], ...] = (),
) -> Row:
    struck = entry.unusable_because == "entered in error"
    if struck:
        tags = (("entered in error", "strong"),)
    return Row(
        title=entry.code.words,
        state=state,
        value=value,
        when=written(when),
        sort=_sort(when),
        origin=_origin(entry.ref),
        codes=", ".join(
            f"{SYSTEMS.get(coding.system, coding.system)} {coding.code}"
            for coding in entry.code.codings
        ),
        counts=entry.usable,
        struck=struck,
        why_not="" if struck else entry.unusable_because,
        is_current=is_current and entry.usable,
        tags=tags,
    )


def _origin(ref: str) -> str:
    """ "Condition/17"; of a long id only its beginning, enough to find it again."""
    kind, _, name = ref.rpartition("/")
    return ref if len(name) <= 12 else f"{kind}/{name[:8]}…".lstrip("/")


def _day(when: When | None) -> date | None:
    if when is None:
        return None
    return when.earliest if isinstance(when, PartialDate) else words.local(when).date()


def _sort(when: When | None) -> str:
    if when is None:
        return ""
    return when.earliest.isoformat() if isinstance(when, PartialDate) else when.isoformat()


def _sorted(rows: Iterable[Row]) -> list[Row]:
    newest = sorted(rows, key=lambda row: row.sort, reverse=True)
    return sorted(newest, key=lambda row: not row.is_current)


def grouped(faults: Iterable[Fault]) -> list[tuple[str, list[str]]]:
    """Faults with the same words once, with all their places."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.words, []).append(fault.path or "the whole file")
    return list(found.items())


def by_place(problems: Iterable[Problem]) -> list[tuple[Problem, int | None]]:
    """Problems with the number of the entry they stand in, where they stand in one."""
    found = []
    for problem in problems:
        match = re.match(r"Bundle\.entry\[(\d+)\]", problem.path)
        found.append((problem, int(match[1]) if match else None))
    return found


def indented(json_text: str) -> str:
    """JSON text with one element a line, every character of it kept."""
    made: list[str] = []
    depth = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', json_text):
        if token in "]}":
            depth -= 1
            made.append("\n" + "  " * depth)
        made.append(": " if token == ":" else token)
        if token in "[{":
            depth += 1
        if token in "[{,":
            made.append("\n" + "  " * depth)
    return "".join(made)


@cache
def _terminology() -> Terminology:
    return load_terminology()


@cache
def _dictionary() -> Dictionary:
    return load_dictionary(_terminology())
