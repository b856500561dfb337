"""Many antidepressant trials: counts under each definition, and where definitions part.

In: trials as they were told. Out: a table of every trial under every definition,
with counts, the sentences that name a disagreement, and what is missing to decide.
Different drugs count, not trials: two courses or two forms of one drug are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from evenkeel.core.chart import Problem
from evenkeel.core.guidelines.terms.values import Range
from evenkeel.core.guidelines.trials.doses import DoseTable
from evenkeel.core.guidelines.trials.doubts import without_doubtful
from evenkeel.core.guidelines.trials.history import Episode, Trial, weeks_of, weeks_words
from evenkeel.core.guidelines.trials.judgements import TrialJudgement, all_of
from evenkeel.core.guidelines.trials.rules import TrialDefinition, judge
from evenkeel.core.kernel.quantities import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Something that nobody has told about a trial and that could change a count.

    place: index in the list as it was told. asked_of: who would know.
    """

    place: int
    drug: str
    question: str
    asked_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialTable:
    """All trials under all definitions.

    trials, places: what was kept, and where each stood in the list as it was told.
    rows: one per trial, one judgement per definition, in their orders.
    counts: failed adequate trials by id of the definition; a label's is what the
        rules leave possible.
    failed: the count that holds whichever rule is followed, trials of this episode only.
    parting: one sentence per trial on which rules part.
    """

    as_of: date
    trials: tuple[Trial, ...]
    places: tuple[int, ...]
    definitions: tuple[TrialDefinition, ...]
    rows: tuple[tuple[TrialJudgement, ...], ...]
    counts: Mapping[str, Range]
    failed: Range
    parting: tuple[str, ...]
    missing: tuple[Open, ...]
    problems: tuple[Problem, ...]

    def under(self, definition: str) -> tuple[TrialJudgement, ...]:
        """The judgements of one definition, in the order of the trials."""
        place = [each.id for each in self.definitions].index(definition)
        return tuple(row[place] for row in self.rows)


def judge_all(
    trials: Sequence[Trial],
    definitions: Mapping[str, TrialDefinition],
    doses: DoseTable,
    as_of: date,
    *,
    episode: Episode | None = None,
) -> TrialTable:
    """Every trial under every definition, with counts and where definitions part."""
    kept, problems, places = without_doubtful(trials, as_of, "antidepressant_trials")
    rows = _rows(kept, definitions, doses, as_of, episode)
    counts, failed = _counts(rows, definitions, doses)
    return TrialTable(
        as_of=as_of,
        trials=tuple(kept),
        places=tuple(places),
        definitions=tuple(definitions.values()),
        rows=rows,
        counts=counts,
        failed=failed,
        parting=tuple(
            sentence
            for trial, row in zip(kept, rows, strict=True)
            if (sentence := _parting(trial, row, definitions, as_of))
        ),
        missing=tuple(
            gap for place, row in zip(places, rows, strict=True) for gap in _missing(place, row)
        ),
        problems=tuple(problems),
    )


def count_all(
    trials: Sequence[Trial],
    definitions: Mapping[str, TrialDefinition],
    doses: DoseTable,
    as_of: date,
    *,
    episode: Episode | None = None,
) -> tuple[dict[str, Range], Range]:
    """Only the counts of ``judge_all``: by definition, and whichever rule is followed.

    trials: without doubtful ones (see ``doubtful``).
    """
    return _counts(_rows(trials, definitions, doses, as_of, episode), definitions, doses)


def _rows(
    trials: Sequence[Trial],
    definitions: Mapping[str, TrialDefinition],
    doses: DoseTable,
    as_of: date,
    episode: Episode | None,
) -> tuple[tuple[TrialJudgement, ...], ...]:
    made = []
    for trial in trials:
        by_id = {
            each.id: judge(trial, each, doses, as_of)
            for each in definitions.values()
            if each.kind == "rule"
        }
        rules = tuple(by_id.values())
        for each in definitions.values():
            if each.kind == "label":
                by_id[each.id] = judge(trial, each, doses, as_of, episode=episode, rules=rules)
        made.append(tuple(by_id[key] for key in definitions))
    return tuple(made)


# -- counting ---------------------------------------------------------------------


def count(told: Iterable[tuple[str, bool | None]]) -> Range:
    """How many different drugs: surely, and at most. told: drug, whether its trial counts."""
    best: dict[str, bool | None] = {}
    for drug, counts in told:
        pair = (counts, best.get(drug, False))
        best[drug] = True if True in pair else (None if None in pair else False)
    sure = sum(1 for counts in best.values() if counts is True)
    possible = sum(1 for counts in best.values() if counts is not False)
    return Range(Decimal(sure), Decimal(possible))


def count_failed(
    trials: Sequence[Trial], definition: TrialDefinition, doses: DoseTable, as_of: date
) -> Range:
    """How many different drugs failed an adequate trial by one rule: surely, and at most."""
    return count(
        (doses.ingredient(trial.drug), judge(trial, definition, doses, as_of).counts)
        for trial in trials
    )


def _counts(
    rows: Sequence[Sequence[TrialJudgement]],
    definitions: Mapping[str, TrialDefinition],
    doses: DoseTable,
) -> tuple[dict[str, Range], Range]:
    """Failed adequate trials by definition, and of this episode whichever rule is followed.

    A label's count goes from what every rule grants to what any grants, among the
    trials that the label looks at. A number that nobody re-read may make a trial count
    there; it never rules one out.
    """
    places = {key: place for place, key in enumerate(definitions)}
    rules = [each.id for each in definitions.values() if each.kind == "rule"]

    def within(label: str, asked: tuple[str, ...]) -> Range:
        found = []
        for rule in rules:
            told = []
            for row in rows:
                made = row[places[rule]]
                scope = [part.holds for part in row[places[label]].parts if part.about in asked]
                told.append((doses.ingredient(made.trial.drug), all_of((made.binds, *scope))))
            found.append(count(told))
        return across(found)

    counts = {
        each.id: count(
            (doses.ingredient(row[places[each.id]].trial.drug), row[places[each.id]].counts)
            for row in rows
        )
        if each.kind == "rule"
        else within(each.id, ("episode", "route"))
        for each in definitions.values()
    }
    labels = [each.id for each in definitions.values() if each.kind == "label"]
    whichever = labels[0] if labels else rules[0]
    return counts, within(whichever, ("episode",))


def across(counts: Sequence[Range]) -> Range:
    """One count when definitions part: what all grant, to what any grants."""
    lows = [each.low for each in counts if each.low is not None]
    highs = [each.high for each in counts if each.high is not None]
    return Range(min(lows), max(highs))


# -- where definitions part, and what is missing ------------------------------------


def _parting(
    trial: Trial,
    row: Sequence[TrialJudgement],
    definitions: Mapping[str, TrialDefinition],
    as_of: date,
) -> str:
    """One sentence on a trial that some rules count and others do not; "" when they agree."""
    judged = [each for each in row if definitions[each.definition].kind == "rule"]
    if len({each.counts for each in judged}) < 2:
        return ""
    clauses = []
    for answer, words in (
        (True, "counts under"),
        (False, "does not count under"),
        (None, "stays open under"),
    ):
        reasons: dict[str, list[str]] = {}
        for each in judged:
            if each.counts is answer:
                why = "" if answer else each.why
                reasons.setdefault(why, []).append(definitions[each.definition].short)
        clauses += [
            f"{words} {' and '.join(names)}" + (f", because {why}" if why else "")
            for why, names in reasons.items()
        ]
    said = ". ".join(f"It {clause}" for clause in clauses)
    return f"{trial_words(trial, as_of)}. {said}."


def trial_words(trial: Trial, as_of: date) -> str:
    """ "Venlafaxine, 75 mg a day for 8 weeks"."""
    name = trial.drug[:1].upper() + trial.drug[1:]
    mg = trial.highest_mg
    dose = f"{plain(mg)} mg a day" if mg is not None else "dose not known"
    if len(trial.steps) > 1 and mg is not None:
        dose = f"up to {dose}"
    return f"{name}, {dose} for {weeks_words(weeks_of(trial, as_of))}"


_LETTER = "the referrer or the pharmacy"
_PATIENT = "the patient"


def _missing(place: int, row: Sequence[TrialJudgement]) -> list[Open]:
    """What to ask about a trial that some definition cannot judge."""
    undecided = [each for each in row if each.counts is None]
    if not undecided:
        return []
    trial = undecided[0].trial
    open_ = {part.about for each in undecided for part in each.parts if part.holds is None}
    asked: list[tuple[str, str]] = []
    dose_open = trial.highest_mg is None or None in [s.dose_mg_per_day for s in trial.steps]
    if dose_open and "dose" in open_:
        asked.append(("At which dose, in mg a day?", _LETTER))
    if open_ & {"time", "time_at_dose"}:
        if trial.clear_non_response:
            asked.append(("Was it so clear that it did not work that it counts?", "a prescriber"))
        else:
            which = _dates_wanted(trial)
            if which:
                asked.append((which, _LETTER))
    if "taken" in open_:
        asked.append(("Was it taken as agreed?", _PATIENT))
    if "response" in open_:
        asked.append(("How much better did it get, in per cent?", "the patient or the referrer"))
    if "episode" in open_:
        asked.append(("Was it in the present episode?", "a prescriber"))
    if "route" in open_:
        asked.append(("Was it taken by mouth?", _LETTER))
    return [Open(place=place, drug=trial.drug, question=question, asked_of=who)
            for question, who in asked]  # fmt: skip


def _dates_wanted(trial: Trial) -> str:
    if trial.start is None and not (trial.steps and trial.steps[0].start):
        return "When did it begin, and when did it end?" if trial.end is None else (
            "When did it begin?")  # fmt: skip
    if trial.end is None and not trial.ongoing:
        return "When did it end, or is it still taken?"
    if trial.steps:
        days = [step.start for step in trial.steps]
        days += [step.end for step in trial.steps if step.end is not None]
        days += [] if trial.ongoing else [trial.end]
        # With every day known only the tables part, and no date can settle that.
        if all(day is not None and day.is_exact for day in days):
            return ""
        return "From when to when was each dose taken?"
    return "On which days did it begin and end?"
