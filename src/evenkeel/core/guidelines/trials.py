"""Antidepressant trials: was each adequate, and did it fail, under each definition?

In: trials as a person told them (drug, dose, dates, improvement). Out: per
definition how many different drugs surely failed an adequate trial and how many
possibly did. What is not known widens the range; it never counts as a failure
and never as a success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources.abc import Traversable

import msgspec

from evenkeel.core.chart import PartialDate, Problem
from evenkeel.core.guidelines.values import Range
from evenkeel.core.kernel.content import ContentFault, content, read_csv, read_toml
from evenkeel.core.kernel.sources import Mark, Status

_DOSE_COLUMNS = (
    "drug",
    "mcmaster_usual_range_low_mg_per_day_seen",
    "atrq_min_mg_per_day_known_verify",
    "maudsley_min_effective_mg_per_day_known_verify",
    "note",
)
_TABLES = {"mcmaster": _DOSE_COLUMNS[1], "atrq": _DOSE_COLUMNS[2], "maudsley": _DOSE_COLUMNS[3]}


class TrialDefinition(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One published rule of adequacy and failure."""

    id: str
    title: str
    minimum_weeks: int
    failed_below_percent: int
    dose_column: str
    source: str
    url: str
    mark: Mark
    status: Status
    note: str


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    about: str
    definition: list[TrialDefinition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One course of one antidepressant.

    ongoing: it is still being taken. end: None with ongoing False = the end is not known.
    adherent, improvement_percent: None = not known.
    """

    drug: str
    dose_mg_per_day: Decimal | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    improvement_percent: Decimal | None = None
    adherent: bool | None = None
    augmentation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialJudgement:
    """adequate, failed: yes, no or not known; why: in words."""

    trial: Trial
    definition: str
    adequate: bool | None
    failed: bool | None
    why: str

    @property
    def counts(self) -> bool | None:
        """Whether it is an adequate trial that failed."""
        if self.adequate is False or self.failed is False:
            return False
        return True if self.adequate and self.failed else None


@dataclass(frozen=True, slots=True)
class DoseTable:
    """Lowest adequate dose by drug and table, mg per day; a range where the table is unsure."""

    minimum: Mapping[str, Mapping[str, Range]]

    def drug_row(self, drug: str) -> str:
        """The table's row for a drug as people write it; "" when there is none."""
        name = drug.strip().lower().replace(" ", "_").replace("-", "_")
        for candidate in (name, _ROWS.get(name, "")):
            if candidate in self.minimum:
                return candidate
        return ""


_ROWS = {
    "venlafaxine": "venlafaxine_xr",
    "venlafaxine_er": "venlafaxine_xr",
    "bupropion": "bupropion_xl",
    "amitriptyline": "tricyclics_amitriptyline_imipramine",
    "imipramine": "tricyclics_amitriptyline_imipramine",
    "selegiline": "selegiline_transdermal",
}


def load_definitions(root: Traversable | None = None) -> dict[str, TrialDefinition]:
    read = read_toml(content("guidelines", "trial_definitions.toml", root=root), _File)
    for each in read.definition:
        if each.dose_column not in (*_TABLES, "any"):
            raise ContentFault(f"trial_definitions.toml: {each.id}: no table {each.dose_column}")
    return {each.id: each for each in read.definition}


def load_doses(root: Traversable | None = None) -> DoseTable:
    """The minimum-dose table; rows in another unit (a patch) carry no number."""
    minimum: dict[str, dict[str, Range]] = {}
    place = content("guidelines", "antidepressant_min_doses.csv", root=root)
    for row in read_csv(place, _DOSE_COLUMNS):
        minimum[row["drug"]] = {
            table: written
            for table, column in _TABLES.items()
            if (written := _written(row[column])) is not None
        }
    return DoseTable(minimum)


def _written(cell: str) -> Range | None:
    try:
        ends = [Decimal(part) for part in cell.split("-")]
    except ArithmeticError:
        return None
    return Range(ends[0], ends[-1])


def judge(
    trial: Trial, definition: TrialDefinition, doses: DoseTable, as_of: date
) -> TrialJudgement:
    """Whether one trial was adequate and failed under one definition."""
    weeks = weeks_of(trial, as_of)
    long_enough = _at_least(weeks, Decimal(definition.minimum_weeks))
    dose_enough, dose_words = _dose_is_enough(trial, definition, doses)
    parts = (long_enough, dose_enough, trial.adherent)
    adequate = False if False in parts else (None if None in parts else True)
    failed = None
    if trial.improvement_percent is not None:
        failed = trial.improvement_percent < definition.failed_below_percent
    why = f"{weeks} weeks; {dose_words}; improvement {_percent(trial.improvement_percent)}"
    return TrialJudgement(
        trial=trial, definition=definition.id, adequate=adequate, failed=failed, why=why
    )


def _percent(value: Decimal | None) -> str:
    return "not known" if value is None else f"{value}%"


def weeks_of(trial: Trial, as_of: date) -> Range:
    """How long a trial lasted: at least, and at most."""
    if trial.start is None:
        return Range(Decimal(0), None)
    if trial.end is not None:
        first_end, last_end = trial.end.earliest, trial.end.latest
    elif trial.ongoing:
        first_end = last_end = as_of
    else:
        first_end, last_end = trial.start.earliest, as_of
    shortest = (min(first_end, as_of) - trial.start.latest).days
    longest = (min(last_end, as_of) - trial.start.earliest).days
    return Range(Decimal(max(shortest, 0)) / 7, Decimal(max(longest, 0)) / 7)


def _at_least(value: Range, minimum: Decimal) -> bool | None:
    if value.low is not None and value.low >= minimum:
        return True
    return False if value.high is not None and value.high < minimum else None


def _dose_is_enough(
    trial: Trial, definition: TrialDefinition, doses: DoseTable
) -> tuple[bool | None, str]:
    if trial.dose_mg_per_day is None:
        return None, "dose not known"
    row = doses.drug_row(trial.drug)
    tables = doses.minimum.get(row, {})
    if definition.dose_column != "any":
        tables = {key: tables[key] for key in tables if key == definition.dose_column}
    if not tables:
        return None, f"no minimum dose is published here for {trial.drug}"
    answers: set[bool | None] = set()
    for minimum in tables.values():
        dose = Range.exactly(trial.dose_mg_per_day)
        assert minimum.low is not None
        assert minimum.high is not None
        if trial.dose_mg_per_day >= minimum.high:
            answers.add(True)
        else:
            answers.add(False if dose.exact is not None and dose.exact < minimum.low else None)
    enough = answers.pop() if len(answers) == 1 else None
    words = {True: "dose adequate", False: "dose too low", None: "tables disagree on the dose"}
    return enough, words[enough]


def count_failed(
    trials: Sequence[Trial], definition: TrialDefinition, doses: DoseTable, as_of: date
) -> Range:
    """How many different drugs failed an adequate trial: surely, and at most."""
    best: dict[str, bool | None] = {}
    for trial in trials:
        drug = doses.drug_row(trial.drug) or trial.drug.strip().lower()
        counts = judge(trial, definition, doses, as_of).counts
        before = best.get(drug, False)
        best[drug] = (
            True if True in (counts, before) else (None if None in (counts, before) else False)
        )
    sure = sum(1 for counts in best.values() if counts is True)
    possible = sum(1 for counts in best.values() if counts is not False)
    return Range.exactly(sure) if sure == possible else Range(Decimal(sure), Decimal(possible))


def across(counts: Sequence[Range]) -> Range:
    """One count when definitions part: what all grant, to what any grants."""
    lows = [each.low for each in counts if each.low is not None]
    highs = [each.high for each in counts if each.high is not None]
    return Range(min(lows), max(highs))


def doubtful(trials: Sequence[Trial], as_of: date, place: str) -> tuple[list[Trial], list[Problem]]:
    """Trials without exact duplicates and without what cannot be, and what was wrong."""
    kept: list[Trial] = []
    problems: list[Problem] = []
    for number, trial in enumerate(trials):
        path = f"{place}[{number}]"

        def say(severity: str, text: str, path: str = path) -> None:
            problems.append(Problem(severity=severity, path=path, text=text))

        if trial in kept:
            say("warning", f"the same trial of {trial.drug} stands here twice: counted once")
            continue
        if trial.start and trial.start.earliest > as_of:
            say("warning", f"this trial of {trial.drug} starts after {as_of}: not counted")
            continue
        if trial.start and trial.end and trial.end.latest < trial.start.earliest:
            say(
                "error", f"this trial of {trial.drug} ends before it starts: its dates are not used"
            )
            trial = _without_dates(trial)
        for other in kept:
            if other.drug.lower() == trial.drug.lower() and _overlap(other, trial, as_of):
                say("warning", f"two trials of {trial.drug} overlap: the drug counts once")
                break
        kept.append(trial)
    return kept, problems


def _without_dates(trial: Trial) -> Trial:
    return Trial(
        drug=trial.drug,
        dose_mg_per_day=trial.dose_mg_per_day,
        improvement_percent=trial.improvement_percent,
        adherent=trial.adherent,
        augmentation=trial.augmentation,
    )


def _overlap(a: Trial, b: Trial, as_of: date) -> bool:
    if a.start is None or b.start is None:
        return False
    end_a = a.end.latest if a.end else as_of
    end_b = b.end.latest if b.end else as_of
    return a.start.earliest <= end_b and b.start.earliest <= end_a
