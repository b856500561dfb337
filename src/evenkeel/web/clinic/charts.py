"""A chart in the words of a page: what, how much, when, from where, and whether it counts.

In: a core Chart. Out: rows for templates. Nothing is left out: what does not count is
shown with the reason, what is old keeps its date, a bound keeps its sign.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from evenkeel.core.chart import (
    Allergy,
    Chart,
    Code,
    Condition,
    Entry,
    Medication,
    Observation,
    PartialDate,
    Quantity,
    When,
)
from evenkeel.core.guidelines.terms.dictionary import Dictionary, is_stale, load_dictionary
from evenkeel.web.clinic.chart_words import day_of, quantity, terminology, value_of, written
from evenkeel.web.ui import words

SYSTEMS = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://www.whocc.no/atc": "ATC",
}


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
        number, _, unit = value_of(entry, only=concept).partition(" ")
        taken = day_of(entry.at)
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
    known = terminology()

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
    known = terminology()
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
        value=value_of(entry),
    )


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


def _sort(when: When | None) -> str:
    if when is None:
        return ""
    return when.earliest.isoformat() if isinstance(when, PartialDate) else when.isoformat()


def _sorted(rows: Iterable[Row]) -> list[Row]:
    newest = sorted(rows, key=lambda row: row.sort, reverse=True)
    return sorted(newest, key=lambda row: not row.is_current)


@cache
def _dictionary() -> Dictionary:
    return load_dictionary(terminology())
