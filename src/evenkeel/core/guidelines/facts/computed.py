"""Facts that no single code says: each worked out by a named function.

A function takes the state of one derivation and the definition of its fact, and
gives the fact with its origin. The dictionary names it in ``derive``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from evenkeel.core.chart import Problem
from evenkeel.core.chart.partial_dates import whole_years_between
from evenkeel.core.guidelines.facts.evidence import Evidence, Says, earliest, latest
from evenkeel.core.guidelines.facts.of_trials import TRIAL_FUNCTIONS
from evenkeel.core.guidelines.facts.recorded import (
    DIAGNOSIS_FRESH_DAYS,
    from_evidence,
    from_quantity,
)
from evenkeel.core.guidelines.facts.working import Knowledge, Work, day_of, refs_of, say_day
from evenkeel.core.guidelines.terms.dictionary import (
    FactDefinition,
    is_stale,
)
from evenkeel.core.guidelines.terms.values import Fact, Range


def _age(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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
        note=f"born {say_day(born.earliest) if born.is_exact else born}",
    )


def _cardiovascular_days(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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
            refs=refs_of(pieces),
            note="the record names an event without its date: ask when it was",
        )
    low = Decimal(0) if undated else min(each.low for each, _ in ranges if each.low is not None)
    highs = [each.high for each, _ in ranges if each.high is not None]
    high = min(highs) if highs else None
    newest = min(ranges, key=lambda item: item[0].low or Decimal(0))[1]
    if low > DIAGNOSIS_FRESH_DAYS:
        return Fact(
            name=definition.name,
            refs=refs_of(pieces),
            stale_since=day_of(newest),
            note=f"the last event in the record is {newest.words} ({newest.at}): "
            "ask whether there was a later one",
        )
    return Fact(
        name=definition.name,
        value=Range(low, high),
        refs=refs_of(pieces),
        origin="computed",
        at=work.as_of,
        note=newest.words,
    )


def _bmi(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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
    measured = from_quantity(work, definition)
    if measured.known:
        return measured
    coded = work.facts.get("bmi_35_or_more")
    if coded is not None and coded.value is True:
        return replace(coded, name=definition.name, value=Range(Decimal(35), None))
    return measured


def _child_pugh(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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


def _episode_severity(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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


def _spinal_cord_pain(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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


def _pregnant(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
    """Status, test or diagnosis; each goes out of date, a negative test in a week."""
    fact = from_evidence(work, definition)
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


def _pregnancy_test(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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
            note=f"the test of {say_day(day)} is too old",
        )
    return Fact(name=definition.name, value=value, refs=(ref,), origin="record", at=day)


_NYHA = {
    "420300004": "I", "421704003": "II", "420913000": "III", "422293003": "IV",
}  # fmt: skip


def _nyha(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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
            note=f"class {value} of {say_day(day)} is too old",
        )
    at = day if day != date.min else None
    return Fact(name=definition.name, value=value, refs=(ref,), origin="record", at=at)


_SETTINGS = {"AMB": "outpatient", "IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient",
             "EMER": "emergency", "HH": "home"}  # fmt: skip


def _setting(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
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


def _sex(work: Work, definition: FactDefinition, _: Knowledge) -> Fact:
    sex = work.chart.person.sex
    if sex not in definition.values:
        return Fact(name=definition.name, note="not in the record")
    return Fact(name=definition.name, value=sex, refs=(work.chart.person.ref,), origin="record")


FUNCTIONS: dict[str, Callable[[Work, FactDefinition, Knowledge], Fact]] = {
    "age": _age,
    "sex": _sex,
    "pregnancy_test": _pregnancy_test,
    "pregnant": _pregnant,
    "nyha": _nyha,
    "cardiovascular_days": _cardiovascular_days,
    "bmi": _bmi,
    "setting": _setting,
    "child_pugh": _child_pugh,
    "episode_severity": _episode_severity,
    "spinal_cord_pain": _spinal_cord_pain,
    **TRIAL_FUNCTIONS,
}
