"""Antidepressants that a record shows: seen in the record, not yet a trial.

In: a chart. Out: one line per entry, with what it says and nothing that it does not:
an order is no proof that a drug was taken, a dose text is not read as a dose per day,
and no entry knows what came of it. A person makes a trial of it, or does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from evenkeel.core.chart import Chart, Medication, PartialDate
from evenkeel.core.guidelines.facts.evidence import earliest
from evenkeel.core.guidelines.terms.terminology import Terminology
from evenkeel.core.guidelines.trials.doses import DoseTable
from evenkeel.core.guidelines.trials.history import Trial
from evenkeel.core.kernel.quantities import plain

# Concepts whose drugs are antidepressants, those not taken by mouth too.
_CONCEPTS = ("oral_antidepressant", "selegiline", "antidepressant_other")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDrug:
    """One entry that names an antidepressant.

    drug: the ingredient as a trial would name it; words: as the record writes it.
    kind: statement (a dispense too), request or administration.
    start, end: as written; of a request they say when it was ordered, not when it was taken.
    dose_words: as written, not read as a dose per day.
    told: a trial of this drug is on the list already.
    """

    ref: str
    drug: str
    words: str
    kind: str
    status: str
    start: PartialDate | None
    end: PartialDate | None
    dose_words: str
    told: bool

    @property
    def is_period(self) -> bool:
        """Whether its days are those of taking it."""
        return self.kind == "statement" and self.start is not None and self.end is not None


def antidepressants_in(
    chart: Chart,
    terminology: Terminology,
    doses: DoseTable,
    as_of: date,
    trials: Sequence[Trial] = (),
) -> tuple[SeenDrug, ...]:
    """Antidepressants of the record, the oldest first; entries that say nothing are left out."""
    wanted = frozenset().union(*(terminology.closures[name] for name in _CONCEPTS))
    told = {doses.ingredient(trial.drug) for trial in trials}
    found = [
        _line(entry, drug, told)
        for entry in chart.medications
        if _says_something(entry, as_of)
        and (drug := _drug_of(entry, wanted, terminology, doses)) is not None
    ]
    return tuple(sorted(found, key=lambda each: (str(each.start or "9999"), each.drug, each.ref)))


def _says_something(entry: Medication, as_of: date) -> bool:
    silent = ("entered-in-error", "draft", "not-taken", "not-done", "cancelled", "intended")
    if not entry.usable or entry.do_not_perform or entry.status in silent:
        return False
    if entry.kind == "request" and entry.intent in ("proposal", "plan", "option"):
        return False
    return entry.start is None or earliest(entry.start) <= as_of


def _drug_of(
    entry: Medication, wanted: frozenset[str], terminology: Terminology, doses: DoseTable
) -> str | None:
    """The ingredient, as the dose table or the terminology names it."""
    matches = list(terminology.matches_of(entry.code))
    if not any(match.concept in wanted for match in matches):
        for name in (*(coding.display for coding in entry.code.codings), entry.code.text):
            matches += terminology.drugs_named(name)
    fitting = [match for match in matches if match.concept in wanted]
    for match in fitting:
        if match.concept in doses.ingredients:
            return match.concept
    return fitting[0].display.lower() if fitting else None


def _line(entry: Medication, drug: str, told: set[str]) -> SeenDrug:
    dose = entry.dose
    amount = ""
    if dose is not None:
        amount = f"{plain(dose.value)} {dose.unit or '(unit not in the record)'}"
    return SeenDrug(
        ref=entry.ref,
        drug=drug,
        words=entry.code.words,
        kind=entry.kind,
        status=entry.status,
        start=_day(entry.start),
        end=_day(entry.end),
        dose_words=entry.dose_text or amount,
        told=drug in told,
    )


def _day(when: datetime | PartialDate | None) -> PartialDate | None:
    return PartialDate.of(when.date()) if isinstance(when, datetime) else when
