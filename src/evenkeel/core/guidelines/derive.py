"""Facts of one person: derived from the record, completed by answers.

In: a chart, answers, trials and a day. Out: every fact that can be known, with
origin, entries and age. What is not in the record is unknown, never absent; a
refuted entry makes absent only what it names; old values are unknown again and
say since when; two sources that disagree make a fact disputed, and a disputed
fact is unknown until somebody who may settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from evenkeel.core.chart import Chart, Problem
from evenkeel.core.chart.partial_dates import whole_years_between
from evenkeel.core.guidelines import trials as trial_rules
from evenkeel.core.guidelines.dictionary import (
    About,
    Dictionary,
    FactDefinition,
    Kind,
    is_stale,
)
from evenkeel.core.guidelines.evidence import Evidence, Says, earliest, gather, latest
from evenkeel.core.guidelines.quantities import Measured, disagree_on_one_day, measure
from evenkeel.core.guidelines.terminology import Terminology
from evenkeel.core.guidelines.trials import DoseTable, Trial, TrialDefinition
from evenkeel.core.guidelines.values import Answer, Fact, Facts, Range

_DIAGNOSIS_FRESH_DAYS = 365


@dataclass(slots=True)
class _Work:
    """Everything that one derivation reads and fills."""

    chart: Chart
    terminology: Terminology
    dictionary: Dictionary
    as_of: date
    evidence: dict[str, list[Evidence]]
    measured: dict[str, list[Measured]]
    answers: dict[str, Answer]
    trials: tuple[Trial, ...]
    facts: dict[str, Fact] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What derivation needs from content."""

    terminology: Terminology
    dictionary: Dictionary
    definitions: dict[str, TrialDefinition]
    doses: DoseTable


def derive_facts(
    chart: Chart,
    *,
    knowledge: Knowledge,
    as_of: date,
    answers: Iterable[Answer] = (),
    trials: Sequence[Trial] = (),
    trials_path: str = "antidepressant_trials",
) -> Facts:
    """All facts of one person on one day. Later answers supersede earlier ones."""
    evidence, problems = gather(chart, knowledge.terminology, knowledge.dictionary, as_of)
    measured, more = measure(chart, knowledge.terminology, as_of)
    kept, doubts = trial_rules.doubtful(trials, as_of, trials_path)
    by_concept: dict[str, list[Evidence]] = {}
    for piece in evidence:
        by_concept.setdefault(piece.concept, []).append(piece)
    work = _Work(
        chart=chart,
        terminology=knowledge.terminology,
        dictionary=knowledge.dictionary,
        as_of=as_of,
        evidence=by_concept,
        measured=measured,
        answers={answer.name: answer for answer in answers},
        trials=tuple(kept),
        problems=[*problems, *more, *doubts],
    )
    for name in _children_first(knowledge.terminology, knowledge.dictionary):
        work.facts[name] = _with_answer(work, knowledge.dictionary[name], _derived(work, name))
    _spread_denials(work)
    for definition in knowledge.dictionary.facts.values():
        if definition.derive in FUNCTIONS:
            computed = FUNCTIONS[definition.derive](work, definition, knowledge)
            work.facts[definition.name] = _with_answer(work, definition, computed)
    return Facts(as_of, work.facts, tuple(work.problems))


def _children_first(terminology: Terminology, dictionary: Dictionary) -> list[str]:
    size = {name: len(closure) for name, closure in terminology.closures.items()}
    named = [name for name in dictionary.facts if dictionary[name].derive not in FUNCTIONS]
    return sorted(named, key=lambda name: size.get(name, 0))


def _derived(work: _Work, name: str) -> Fact:
    definition = work.dictionary[name]
    if definition.derive == "quantity":
        return _from_quantity(work, definition)
    if definition.derive in ("concept", "drug", "allergy"):
        return _from_evidence(work, definition)
    return Fact(name=name, note="not in the record")


def _from_evidence(work: _Work, definition: FactDefinition) -> Fact:
    """A yes-or-no fact from all evidence of a concept and what it includes."""
    name = definition.name
    closure = work.terminology.closures.get(name, frozenset({name}))
    parts = (*closure, *definition.also)
    pieces = [piece for part in parts for piece in work.evidence.get(part, ())]
    present: list[Evidence] = []
    too_old: list[Evidence] = []
    for piece in pieces:
        verdict = _counts(piece, definition, work)
        if verdict is True:
            present.append(piece)
        elif verdict is None:
            too_old.append(piece)
    by_parts = [
        work.facts[part]
        for part in (*work.terminology.concepts[name].includes, *definition.also)
        if part in work.facts and work.facts[part].value is True
        and work.facts[part].origin == "answer"
    ]  # fmt: skip
    absent, denial = _is_absent(work, definition, pieces)
    if present and absent:
        return Fact(
            name=name,
            refs=_refs([*present, *denial]),
            note="the record says both yes and no",
            disputed=True,
        )
    if present:
        newest = max(present, key=lambda piece: _day(piece) or date.min)
        return Fact(
            name=name,
            value=True,
            refs=_refs(present),
            origin="record",
            at=_day(newest),
            note=newest.note or newest.words,
        )
    if by_parts:
        return replace(by_parts[0], name=name, note=work.dictionary[by_parts[0].name].label)
    if absent:
        at = max((day for piece in denial if (day := _day(piece))), default=None)
        if is_stale(definition, at, work.as_of):
            return Fact(
                name=name, refs=_refs(denial), stale_since=at, note=f"said on {_written(at)}"
            )
        return Fact(
            name=name,
            value=False,
            refs=_refs(denial),
            origin="record",
            at=at,
            note="said not to be so in the record",
        )
    return _open(definition, pieces, too_old, work)


def _open(
    definition: FactDefinition, pieces: list[Evidence], too_old: list[Evidence], work: _Work
) -> Fact:
    """Unknown, with the best reason why."""
    if too_old:
        newest = max(too_old, key=lambda piece: _day(piece) or date.min)
        since = _day(newest)
        when = f"of {_written(since)}" if since else "without a date"
        return Fact(
            name=definition.name,
            refs=_refs(too_old),
            stale_since=since,
            note=f"the record {when} ({newest.words}) does not say how it is now",
        )
    hints = [piece for hint in definition.hints for piece in work.evidence.get(hint, ())]
    doubtful = [p for p in pieces if p.says in (Says.SUSPECTED, Says.BROAD)] + hints
    if doubtful:
        words = doubtful[0].note or doubtful[0].words
        return Fact(
            name=definition.name,
            refs=_refs(doubtful),
            note=f"the record hints at it ({words}): ask",
        )
    if any(piece.says is Says.ABSENT for piece in pieces):
        refuted = [piece for piece in pieces if piece.says is Says.ABSENT]
        return Fact(
            name=definition.name,
            refs=_refs(refuted),
            note=f"only {refuted[0].words} was ruled out: other kinds are open",
        )
    return Fact(name=definition.name, note="not in the record")


def _written(day: date | None) -> str:
    """A day as the clinic writes it; an en-US month, because screens are in English."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else "a day not known"


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _counts(piece: Evidence, definition: FactDefinition, work: _Work) -> bool | None:
    """Whether a piece makes the fact true; None = it did once, and may not now.

    A kind that counts for ever (a past heart attack) counts for ever in the whole too.
    """
    if piece.says not in (Says.PRESENT, Says.HISTORY):
        return False
    at = _day(piece)
    is_drug = work.terminology.concepts[piece.concept].kind in ("drug", "drug_class")
    ages = definition.fresh_days and (is_drug or definition.derive != "drug")
    too_old = bool(ages) and is_stale(definition, at, work.as_of)
    if About.EVER in (definition.about, work.dictionary[piece.concept].about):
        return None if too_old or (ages and at is None) else True
    if piece.says is Says.HISTORY:
        return None
    if ages:
        return None if too_old or (at is None and not is_drug) else True
    if not piece.has_status and at and (work.as_of - at).days > _DIAGNOSIS_FRESH_DAYS:
        return None
    return True


def _is_absent(
    work: _Work, definition: FactDefinition, pieces: list[Evidence]
) -> tuple[bool, list[Evidence]]:
    """Whether the record rules the whole thing out, and by which entries."""
    own = [piece for piece in pieces if piece.concept == definition.name]
    refuted = [piece for piece in own if piece.says is Says.ABSENT]
    whole = [piece for piece in refuted if piece.code in definition.whole_codes]
    if whole:
        return True, whole
    parts = work.terminology.concepts[definition.name].includes
    if not parts:
        return bool(refuted) and not definition.many_sites, refuted
    facts = [work.facts.get(part) for part in parts]
    if all(fact is not None and fact.value is False for fact in facts):
        closure = work.terminology.closures[definition.name]
        denial = [
            p for part in closure for p in work.evidence.get(part, ()) if p.says is Says.ABSENT
        ]
        return True, denial
    return False, refuted


def _day(piece: Evidence) -> date | None:
    when = piece.at or piece.recorded
    return latest(when) if when is not None else None


def _refs(pieces: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece.ref for piece in pieces))


def _from_quantity(work: _Work, definition: FactDefinition) -> Fact:
    values = work.measured.get(definition.name, [])
    if not values:
        return Fact(name=definition.name, note="not in the record")
    last = values[-1]
    day = latest(last.at)
    apart = disagree_on_one_day(values, Decimal("0.1")) if definition.name == "body_weight" else []
    if apart:
        written = " and ".join(f"{each.value} {definition.unit_words}" for each in apart)
        work.problems.append(
            Problem(
                severity="warning",
                path=last.path,
                text=f"{definition.label} of {day} is written as {written}: measure again",
            )
        )
        return Fact(
            name=definition.name,
            refs=tuple(each.ref for each in apart),
            disputed=True,
            note=f"two values on {_written(day)} that differ by more than a tenth",
        )
    same_day = [each for each in values if latest(each.at) == day]
    if definition.name == "body_weight" and len({each.value for each in same_day}) > 1:
        work.problems.append(
            Problem(
                severity="warning",
                path=last.path,
                text=f"two values of {definition.label.lower()} on {day}: the later is used",
            )
        )
    if is_stale(definition, day, work.as_of):
        return Fact(
            name=definition.name,
            refs=(last.ref,),
            stale_since=day,
            old_value=last.value,
            note=f"the value of {_written(day)} is too old",
        )
    return Fact(name=definition.name, value=last.value, refs=(last.ref,), origin="record", at=day)


def _with_answer(work: _Work, definition: FactDefinition, derived: Fact) -> Fact:
    """Join what the record says with what a person answered."""
    answer = work.answers.get(definition.name)
    if answer is None or answer.value is None:
        return derived
    if is_stale(definition, answer.at, work.as_of):
        if derived.known:
            return derived
        return replace(
            derived, stale_since=answer.at, note=f"the answer of {_written(answer.at)} is too old"
        )
    said = Fact(
        name=definition.name,
        value=answer.value,
        origin="answer",
        at=answer.at,
        by=answer.by,
        refs=derived.refs,
    )
    if not derived.known or derived.value == answer.value or answer.settles:
        return said if not derived.known or answer.settles else replace(derived, by=answer.by)
    if definition.kind is Kind.NUMBER or definition.kind is Kind.DAY:
        newer = answer.at is None or derived.at is None or answer.at >= derived.at
        return said if newer else derived
    work.problems.append(
        Problem(
            severity="warning",
            path=definition.name,
            text=f"{definition.label}: the record ({', '.join(derived.refs)}) and the answer "
            "disagree; it counts as not known until it is settled",
        )
    )
    return Fact(
        name=definition.name,
        refs=derived.refs,
        disputed=True,
        origin="",
        at=answer.at,
        note="the record and the answer disagree",
    )


def _spread_denials(work: _Work) -> None:
    """A thing answered to be absent has no kinds: its parts are absent too."""
    for name in sorted(work.terminology.closures, key=lambda n: -len(work.terminology.closures[n])):
        whole = work.facts.get(name)
        if whole is None or whole.value is not False:
            continue
        for part in work.terminology.concepts[name].includes:
            fact = work.facts.get(part)
            if fact is not None and not fact.known and not fact.disputed:
                work.facts[part] = replace(whole, name=part)


def _age(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    born = work.chart.person.birth
    if born is None:
        return Fact(name=definition.name, note="the record has no date of birth")
    youngest, oldest = whole_years_between(born, work.as_of)
    if youngest < 0 or oldest > 130:
        text = f"born {born} cannot be on {work.as_of}: the age is not known"
        work.problems.append(
            Problem(severity="error", path=f"{work.chart.person.ref}.birthDate", text=text)
        )
        return Fact(name=definition.name, note=text)
    return Fact(
        name=definition.name,
        value=Range(Decimal(youngest), Decimal(oldest)),
        refs=(work.chart.person.ref,),
        origin="record",
        at=work.as_of,
        note=f"born {_written(born.earliest) if born.is_exact else born}",
    )


def _cardiovascular_days(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """Days since the latest acute heart event that the record dates.

    ICD codes I21 and I22 mean at most four weeks old when written, so a day of
    writing without a day of onset still bounds the event.
    """
    pieces = [
        piece
        for concept in ("myocardial_infarction_recent", "myocardial_infarction_old",
                        "acute_cardiovascular_event_other")
        for piece in work.evidence.get(concept, ())
        if piece.says in (Says.PRESENT, Says.HISTORY)
    ]  # fmt: skip
    ranges: list[tuple[Range, Evidence]] = []
    for piece in pieces:
        if piece.at is not None:
            ages = [(work.as_of - day).days for day in (latest(piece.at), earliest(piece.at))]
            ranges.append((Range(Decimal(max(ages[0], 0)), Decimal(ages[1])), piece))
        elif piece.recorded is not None and latest(piece.recorded) <= work.as_of:
            age = Decimal((work.as_of - latest(piece.recorded)).days)
            fresh = piece.code.startswith(("I21", "I22"))
            ranges.append((Range(age, age + 28 if fresh else None), piece))
    asked = [work.facts[name] for name in ("myocardial_infarction_recent",
                                           "acute_cardiovascular_event_other")]  # fmt: skip
    if any(fact.origin == "answer" and fact.value is True for fact in asked):
        told = next(fact for fact in asked if fact.value is True)
        return replace(told, name=definition.name, value=Range(Decimal(0), Decimal(42)))
    if all(fact.value is False for fact in asked):
        return replace(asked[0], name=definition.name, value=Range(Decimal(43), None))
    if not pieces:
        return Fact(name=definition.name, note="not in the record")
    undated = len(ranges) < len(pieces)
    if not ranges:
        return Fact(
            name=definition.name,
            refs=_refs(pieces),
            note="the record names an event without its date: ask when it was",
        )
    low = Decimal(0) if undated else min(each.low for each, _ in ranges if each.low is not None)
    highs = [each.high for each, _ in ranges if each.high is not None]
    high = min(highs) if highs else None
    newest = min(ranges, key=lambda item: item[0].low or Decimal(0))[1]
    if low > _DIAGNOSIS_FRESH_DAYS:
        return Fact(
            name=definition.name,
            refs=_refs(pieces),
            stale_since=_day(newest),
            note=f"the last event in the record is {newest.words} ({newest.at}): "
            "ask whether there was a later one",
        )
    return Fact(
        name=definition.name,
        value=Range(low, high),
        refs=_refs(pieces),
        origin="computed",
        at=work.as_of,
        note=newest.words,
    )


def _bmi(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    weight, height = work.facts["body_weight"], work.facts["body_height"]
    if isinstance(weight.value, Range) and isinstance(height.value, Range):
        kg, cm = weight.value.exact, height.value.exact
        if kg is not None and cm is not None:
            value = (kg / (cm / 100) ** 2).quantize(Decimal("0.1"))
            return Fact(
                name=definition.name,
                value=Range.exactly(value),
                origin="computed",
                refs=(*weight.refs, *height.refs),
                at=weight.at,
                note="from weight and height",
            )
    measured = _from_quantity(work, definition)
    if measured.known:
        return measured
    coded = work.facts.get("bmi_35_or_more")
    if coded is not None and coded.value is True:
        return replace(coded, name=definition.name, value=Range(Decimal(35), None))
    return measured


def _child_pugh(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """No liver disease, no class; otherwise a clinician has to say it."""
    liver = work.facts.get("hepatic_disease")
    if liver is not None and liver.value is False:
        return replace(liver, name=definition.name, value="none")
    return Fact(name=definition.name, note="not in the record")


_SEVERITIES = {
    "mdd_mild": "mild",
    "mdd_moderate": "moderate",
    "mdd_severe_without_psychosis": "severe",
    "mdd_severe_with_psychosis": "severe_psychotic",
}


def _episode_severity(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """The severity that the diagnosis codes name, when they name one."""
    named = [work.facts[name] for name in _SEVERITIES if work.facts[name].value is True]
    if len(named) > 1:
        refs = tuple(ref for fact in named for ref in fact.refs)
        return Fact(
            name=definition.name, refs=refs, disputed=True, note="the record names two severities"
        )
    if not named:
        return Fact(name=definition.name, note="not in the record")
    return replace(named[0], name=definition.name, value=_SEVERITIES[named[0].name])


def _spinal_cord_pain(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    injury = work.facts["spinal_cord_injury"]
    pains = [work.facts["neuropathic_pain"], work.facts["chronic_pain"]]
    if injury.value is False or all(pain.value is False for pain in pains):
        return Fact(name=definition.name, value=False, origin="computed", refs=injury.refs)
    hurting = [pain for pain in pains if pain.value is True]
    if injury.value is True and hurting:
        return Fact(
            name=definition.name,
            value=True,
            origin="computed",
            refs=(*injury.refs, *hurting[0].refs),
        )
    return Fact(name=definition.name, note="not in the record")


def _pregnant(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """Status, test or diagnosis; each goes out of date, a negative test in a week."""
    fact = _from_evidence(work, definition)
    tests = work.facts.get("pregnancy_test")
    if not fact.known and tests is not None and tests.known:
        return replace(tests, name=definition.name)
    barren = work.facts.get("not_of_childbearing_potential")
    if not fact.known and barren is not None and barren.value is True:
        return replace(barren, name=definition.name, value=False)
    if (
        fact.known
        and tests is not None
        and tests.known
        and tests.value != fact.value
        and (tests.at or date.min) > (fact.at or date.min)
    ):
        return Fact(
            name=definition.name,
            refs=(*fact.refs, *tests.refs),
            disputed=True,
            note="diagnosis and test disagree",
        )
    return fact


_POSITIVE = ("10828004", "LA6576-8", "POS")
_NEGATIVE = ("260385009", "LA6577-6", "NEG")


def _pregnancy_test(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    found: list[tuple[date, bool, str]] = []
    for entry in work.chart.observations:
        if not entry.usable or entry.status not in ("final", "amended", "corrected"):
            continue
        if entry.at is None or earliest(entry.at) > work.as_of:
            continue
        if definition.name not in {m.concept for m in work.terminology.matches_of(entry.code)}:
            continue
        codes = {coding.code for coding in entry.value_code.codings} if entry.value_code else set()
        words = (entry.value_text or (entry.value_code.words if entry.value_code else "")).lower()
        if codes & set(_POSITIVE) or words.strip() in ("positive", "detected"):
            found.append((latest(entry.at), True, entry.ref))
        elif codes & set(_NEGATIVE) or words.strip() in ("negative", "not detected"):
            found.append((latest(entry.at), False, entry.ref))
    if not found:
        return Fact(name=definition.name, note="not in the record")
    day, value, ref = max(found)
    keeps = 300 if value else definition.fresh_days
    if work.as_of - day > timedelta(days=keeps):
        return Fact(
            name=definition.name,
            refs=(ref,),
            stale_since=day,
            note=f"the test of {_written(day)} is too old",
        )
    return Fact(name=definition.name, value=value, refs=(ref,), origin="record", at=day)


_NYHA = {
    "420300004": "I", "421704003": "II", "420913000": "III", "422293003": "IV",
}  # fmt: skip


def _nyha(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    found: list[tuple[date, str, str]] = []
    for entry in work.chart.observations:
        if not entry.usable or entry.status not in ("final", "amended", "corrected"):
            continue
        if entry.at is None or earliest(entry.at) > work.as_of:
            continue
        codings = (*entry.code.codings, *(entry.value_code.codings if entry.value_code else ()))
        found += [(latest(entry.at), _NYHA[c.code], entry.ref) for c in codings if c.code in _NYHA]
    for condition in work.chart.conditions:
        if condition.usable and condition.verification in ("", "confirmed"):
            when = condition.onset or condition.recorded
            found += [
                (latest(when) if when else date.min, _NYHA[c.code], condition.ref)
                for c in condition.code.codings
                if c.code in _NYHA and condition.clinical in ("", "active", "recurrence", "relapse")
            ]
    if not found:
        return Fact(name=definition.name, note="not in the record")
    day, value, ref = max(found)
    if day != date.min and is_stale(definition, day, work.as_of):
        return Fact(
            name=definition.name,
            refs=(ref,),
            stale_since=day,
            note=f"class {value} of {_written(day)} is too old",
        )
    at = day if day != date.min else None
    return Fact(name=definition.name, value=value, refs=(ref,), origin="record", at=at)


def _failed_trials(work: _Work, definition: FactDefinition, knowledge: Knowledge) -> Fact:
    """Drugs that failed an adequate trial, under the definition in the fact's note, or all."""
    if not work.trials:
        tried = [
            piece.words for piece in work.evidence.get("ssri", []) + work.evidence.get("snri", [])
        ]
        told = f"; the record shows {', '.join(dict.fromkeys(tried))}" if tried else ""
        return Fact(
            name=definition.name,
            note=f"dose, dates and response of the trials are not in the record{told}",
        )
    wanted = [definition.note] if definition.note in knowledge.definitions else [
        *knowledge.definitions
    ]  # fmt: skip
    counts = [
        trial_rules.count_failed(work.trials, knowledge.definitions[key], knowledge.doses,
                                 work.as_of)
        for key in wanted
    ]  # fmt: skip
    value = trial_rules.across(counts)
    note = f"computed from {len(work.trials)} trials"
    if len({str(each) for each in counts}) > 1:
        note += "; definitions disagree: " + ", ".join(
            f"{each} by {knowledge.definitions[key].title}"
            for key, each in zip(wanted, counts, strict=True)
        )
    return Fact(name=definition.name, value=value, origin="computed", at=work.as_of, note=note)


def _shortest_trial(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    if not work.trials:
        return Fact(name=definition.name, note="the trials are not in the record")
    spans = [trial_rules.weeks_of(trial, work.as_of) for trial in work.trials]
    lows = [span.low for span in spans if span.low is not None]
    highs = [span.high for span in spans if span.high is not None]
    value = Range(min(lows), min(highs) if highs else None)
    return Fact(name=definition.name, value=value, origin="computed", at=work.as_of)


def _trials_complete(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    if not work.trials:
        return Fact(name=definition.name, note="the trials are not in the record")
    complete = all(
        trial.start is not None
        and (trial.end is not None or trial.ongoing)
        and None not in (trial.dose_mg_per_day, trial.improvement_percent, trial.adherent)
        for trial in work.trials
    )
    return Fact(name=definition.name, value=complete, origin="computed", at=work.as_of)


_SETTINGS = {"AMB": "outpatient", "IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient",
             "EMER": "emergency", "HH": "home"}  # fmt: skip


def _setting(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """Where the person is being seen now; a visit that is over says nothing."""
    now = [
        entry
        for entry in work.chart.encounters
        if entry.usable and entry.status in ("in-progress", "arrived", "triaged", "onleave")
    ]
    places = {_SETTINGS[entry.setting] for entry in now if entry.setting in _SETTINGS}
    if len(places) != 1:
        return Fact(name=definition.name, note="not in the record")
    return Fact(
        name=definition.name,
        value=places.pop(),
        origin="record",
        refs=tuple(entry.ref for entry in now),
    )


def _sex(work: _Work, definition: FactDefinition, _: Knowledge) -> Fact:
    sex = work.chart.person.sex
    if sex not in definition.values:
        return Fact(name=definition.name, note="not in the record")
    return Fact(name=definition.name, value=sex, refs=(work.chart.person.ref,), origin="record")


FUNCTIONS: dict[str, Callable[[_Work, FactDefinition, Knowledge], Fact]] = {
    "age": _age,
    "sex": _sex,
    "pregnancy_test": _pregnancy_test,
    "pregnant": _pregnant,
    "nyha": _nyha,
    "cardiovascular_days": _cardiovascular_days,
    "bmi": _bmi,
    "shortest_trial": _shortest_trial,
    "trials_complete": _trials_complete,
    "setting": _setting,
    "child_pugh": _child_pugh,
    "episode_severity": _episode_severity,
    "spinal_cord_pain": _spinal_cord_pain,
    "failed_trials": _failed_trials,
}
