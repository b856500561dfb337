"""The gate before the dose: go, or not yet and why.

In: the folded state, facts that other rooms answer (consent, safeguards, who is
on site, who the patient is), the rules. Out: conditions and an answer. A go is
worked out anew each time it is asked for, so a fact that changes takes it away,
and it ends by itself when the pressure grows old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from evenkeel.core.kernel.verdicts import Answer, Verdict
from evenkeel.core.monitoring.conditions import (
    Condition,
    Standing,
    clock,
    from_verdict,
    in_words,
    with_overrides,
)
from evenkeel.core.monitoring.events import Answered
from evenkeel.core.monitoring.fold import State
from evenkeel.core.monitoring.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """What the gate is told by other rooms.

    safeguards: the worst standing safeguard, or yes.
    consent_treatment, consent_off_label: standing consent by purpose.
    enrolment: in the product's safety programme, where there is one; None if
        nobody has said.
    prescriber_on_site: name and since when, or None.
    age_years: None when the birth is not known. sex: as in the record.
    """

    safeguards: Verdict
    consent_treatment: Verdict
    consent_off_label: Verdict
    prescriber_on_site: str | None
    prescriber_since: datetime | None
    age_years: int | None
    sex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The whole gate at one instant."""

    conditions: tuple[Condition, ...]
    is_go: bool
    go_until: datetime | None
    words: str
    why_not: str


_Maker = Callable[[State, GateFacts, Rules, tzinfo], Condition]


def day_gate(*, state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Gate:
    """May the dose begin now?"""
    plain_ones = [_MAKERS[key](state, facts, rules, zone) for key in rules.file.gate.conditions]
    conditions = with_overrides(plain_ones, state.overrides, "day")
    open_ones = [c for c in conditions if not c.standing.lets_through]
    ends = [c.valid_until for c in conditions if c.valid_until is not None]
    lasts = timedelta(minutes=rules.file.gate.go_lasts_minutes)
    for condition in conditions:
        if condition.key == "pressure" and condition.override is not None:
            # A judged pressure is as fresh as the judgement.
            ends.append(condition.override.at + lasts)
    until = min(ends, default=None)
    is_go = not open_ones and state.dose is None and (until is None or state.now < until)
    return Gate(
        conditions=conditions,
        is_go=is_go,
        go_until=until if is_go else None,
        words=in_words(conditions),
        why_not="" if is_go else _why_not(open_ones, state),
    )


def _why_not(open_ones: list[Condition], state: State) -> str:
    if state.dose is not None:
        return "The dose has begun."
    if not open_ones:
        return "The judgement of the pressure is too old. Measure again."
    return " ".join(f"{c.title}: {c.reason}." for c in open_ones)


def _origin(answer: Answered, zone: tzinfo) -> str:
    who = answer.values.get("said_by") or answer.by
    return f"{who}, {clock(answer.at, zone)}"


def _asked(
    state: State, key: str, title: str, why: str
) -> tuple[Answered, None] | tuple[None, Condition]:
    """The answer to a question of the gate, or the condition that asks for it."""
    answer = state.answers.get(key)
    if answer is not None:
        return answer, None
    return None, Condition(
        key=key,
        title=title,
        standing=Standing.UNKNOWN,
        reason=why,
        value="Not asked yet",
        settle="answer",
        judged="not asked",
    )


def _safeguards(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    # No guideline and no prescriber's pen lifts a safeguard from here.
    return from_verdict(
        "safeguards",
        "Safeguards",
        facts.safeguards,
        settle="answer",
        value="None stands in the way" if facts.safeguards.is_yes else "Look at screening",
        may_override=facts.safeguards.answer is Answer.JUDGE,
    )


def _consent(key: str, title: str, verdict: Verdict) -> Condition:
    # Consent is the patient's to give; nobody else can stand in for it.
    return from_verdict(
        key,
        title,
        verdict,
        settle="consent",
        value="In force" if verdict.is_yes else "Not in force",
        may_override=False,
    )


def _consent_treatment(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    return _consent("consent_treatment", "Consent, treatment", facts.consent_treatment)


def _consent_off_label(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    return _consent("consent_off_label", "Consent, off-label use", facts.consent_off_label)


def _pressure(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    gate = rules.file.gate
    source = rules.source(gate.pressure_source)
    title = "Blood pressure"
    latest = state.pressures[-1] if state.pressures else None
    if latest is None or latest.systolic is None or latest.diastolic is None:
        return Condition(
            key="pressure",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            reason="no pressure has been measured today",
            value="Not measured",
            settle="measure",
            judged="not measured",
            may_override=False,
        )
    origin = "by hand" if latest.origin == "hand" else "monitor"
    low, high = gate.judge_above_systolic, gate.judge_above_diastolic
    known = Condition(
        key="pressure",
        title=title,
        standing=Standing.MET,
        reason=f"not above {low}/{high}",
        value=str(latest),
        origin=f"{origin} {clock(latest.at, zone)}",
        source=source,
        judged=f"{latest.id}: {latest}",
    )
    valid = timedelta(minutes=gate.pressure_valid_minutes)
    judged = any(o.condition == "pressure" and o.judged == known.judged for o in state.overrides)
    if state.now - latest.at > valid and not judged:
        return replace(
            known,
            standing=Standing.NOT_MET,
            reason=f"measured more than {gate.pressure_valid_minutes} min ago: measure again",
            settle="measure",
            may_override=False,
        )
    if latest.systolic > Decimal(low) or latest.diastolic > Decimal(high):
        return replace(
            known,
            standing=Standing.JUDGE,
            reason=f"above {low}/{high}: a prescriber decides, it is not a ban",
            settle="judge",
        )
    return replace(known, valid_until=latest.at + valid)


def _instant(values: Mapping[str, str], name: str) -> datetime | None:
    written = values.get(name, "")
    if not written:
        return None
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None


def _fasting(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    gate = rules.file.gate
    title = f"Food {gate.food_hours} h, drink {gate.drink_minutes} min"
    source = rules.source(gate.fasting_source)
    answer, ask = _asked(state, "fasting", title, "nobody has asked about food and drink today")
    if answer is None:
        assert ask is not None
        return ask
    food, drink = _instant(answer.values, "food_at"), _instant(answer.values, "drink_at")
    if food is None or drink is None:
        return Condition(
            key="fasting",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            reason="the time of the last food or drink is not known",
            value="Not known",
            origin=_origin(answer, zone),
            settle="answer",
            judged=f"{answer.id}: not known",
        )
    value = f"Food {clock(food, zone)}, drink {clock(drink, zone)}"
    waits = max(
        food + timedelta(hours=gate.food_hours), drink + timedelta(minutes=gate.drink_minutes)
    )
    fasted = state.now >= waits
    return Condition(
        key="fasting",
        title=title,
        source=source,
        value=value,
        origin=_origin(answer, zone),
        standing=Standing.MET if fasted else Standing.NOT_MET,
        reason=("long enough ago" if fasted else f"long enough ago at {clock(waits, zone)}"),
        settle="" if fasted else "wait",
        judged=f"{answer.id}: {value}",
    )


def _escort(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    title = "Escort home"
    answer, ask = _asked(
        state,
        "escort",
        title,
        "no name yet; people who arrive alone wait for an escort before dosing, not after",
    )
    if answer is None:
        assert ask is not None
        return ask
    name = answer.values.get("name", "").strip()
    return Condition(
        key="escort",
        title=title,
        standing=Standing.MET if name else Standing.NOT_MET,
        reason="named" if name else "people who arrive alone wait for an escort before dosing",
        value=name or "Nobody named",
        origin=_origin(answer, zone),
        settle="" if name else "answer",
        judged=f"{answer.id}: {name or 'nobody'}",
    )


def _yes_no(
    key: str,
    title: str,
    state: State,
    zone: tzinfo,
    *,
    ask: str,
    good: str,
    reasons: Mapping[str, tuple[Standing, str, str]],
    may_override: bool = True,
) -> Condition:
    """A question with a few named answers; ``good`` is the one that lets through."""
    answer, question = _asked(state, key, title, ask)
    if answer is None:
        assert question is not None
        return question
    said = answer.values.get("answer", "")
    standing, value, reason = reasons.get(
        said, (Standing.UNKNOWN, "Not known", "the answer is not known")
    )
    return Condition(
        key=key,
        title=title,
        standing=standing,
        reason=reason,
        value=value,
        origin=_origin(answer, zone),
        settle="" if said == good else "answer",
        judged=f"{answer.id}: {said}",
        may_override=may_override,
    )


def _suicidality(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    return _yes_no(
        "suicidality",
        "Suicidal thoughts since last visit",
        state,
        zone,
        ask="nobody has asked today",
        good="none",
        reasons={
            "none": (Standing.MET, "Asked, none", "asked today"),
            "present": (Standing.JUDGE, "Present", "a prescriber decides after seeing the patient"),
        },
    )


def _enrolment(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    return _yes_no(
        "enrolment",
        "Enrolled in the safety programme",
        state,
        zone,
        ask="the enrolment is to be confirmed before each treatment",
        good="confirmed",
        reasons={
            "confirmed": (Standing.MET, "Confirmed today", "confirmed before this treatment"),
            "not_enrolled": (
                Standing.NOT_MET,
                "Not enrolled",
                "the product may not be given to an outpatient who is not enrolled",
            ),
        },
        may_override=False,
    )


def _oximeter(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    return _yes_no(
        "oximeter",
        "Pulse oximeter at the chair",
        state,
        zone,
        ask="nobody has checked the oximeter today",
        good="checked",
        reasons={
            "checked": (Standing.MET, "Checked", "works, seen today"),
            "missing": (Standing.NOT_MET, "None at the chair", "fetch one before dosing"),
        },
        may_override=False,
    )


def _nasal_spray(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    gate = rules.file.gate
    source = rules.source(gate.nasal_spray_source)
    title = "No other nasal spray in the last hour"
    answer, ask = _asked(state, "nasal_spray", title, "nobody has asked about nasal sprays today")
    if answer is None:
        assert ask is not None
        return ask
    used = _instant(answer.values, "used_at")
    if answer.values.get("answer") == "none":
        return Condition(
            key="nasal_spray",
            title=title,
            standing=Standing.MET,
            reason="none used",
            value="None used",
            origin=_origin(answer, zone),
            source=source,
        )
    if used is None:
        return Condition(
            key="nasal_spray",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            reason="the time of the last spray is not known",
            value="Not known",
            origin=_origin(answer, zone),
            settle="answer",
            judged=f"{answer.id}: not known",
        )
    waits = used + timedelta(minutes=gate.nasal_spray_minutes)
    long_ago = state.now >= waits
    return Condition(
        key="nasal_spray",
        title=title,
        source=source,
        value=f"Used {clock(used, zone)}",
        standing=Standing.MET if long_ago else Standing.NOT_MET,
        origin=_origin(answer, zone),
        reason="long enough ago" if long_ago else f"long enough ago at {clock(waits, zone)}",
        settle="" if long_ago else "wait",
        judged=f"{answer.id}: {used.isoformat()}",
    )


def _prescriber(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    name = facts.prescriber_on_site
    since = facts.prescriber_since
    return Condition(
        key="prescriber_on_site",
        title="Prescriber on site",
        standing=Standing.MET if name else Standing.NOT_MET,
        reason="on site" if name else "nobody who prescribes is on site now",
        value=name or "Nobody",
        origin=f"since {clock(since, zone)}" if name and since else "by the roster",
        settle="" if name else "wait",
        may_override=False,
    )


def _pregnancy(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    gate = rules.file.gate
    title = "Pregnancy test"
    source = rules.source(gate.pregnancy_source) if gate.pregnancy_source else None
    low, high = (*gate.pregnancy_ages, 0, 0)[:2]
    answer = state.answers.get("pregnancy")
    said = answer.values.get("answer", "") if answer else ""
    origin = _origin(answer, zone) if answer else ""
    outside = facts.age_years is not None and not low <= facts.age_years <= high
    if answer is None and (facts.sex == "male" or outside):
        why = "recorded as male" if facts.sex == "male" else f"{facts.age_years} years old"
        return Condition(
            key="pregnancy",
            title=title,
            standing=Standing.NOT_APPLICABLE,
            reason=why,
            value="Does not apply",
            source=source,
        )
    table = {
        "negative": (Standing.MET, "Negative today", "tested today"),
        "not_possible": (Standing.NOT_APPLICABLE, "Does not apply", "cannot be pregnant"),
        "positive": (Standing.JUDGE, "Positive", "a prescriber decides and stops if in doubt"),
        "declined": (Standing.JUDGE, "Declined", "a prescriber decides without a test"),
    }
    if said in table:
        standing, value, reason = table[said]
        return Condition(
            key="pregnancy",
            title=title,
            standing=standing,
            value=value,
            reason=reason,
            origin=origin,
            source=source,
            judged=f"{answer.id if answer else ''}: {said}",
            settle="judge" if standing is Standing.JUDGE else "",
        )
    return Condition(
        key="pregnancy",
        title=title,
        standing=Standing.UNKNOWN,
        source=source,
        reason="no test today, and nobody has said that it does not apply",
        value="Not tested",
        settle="answer",
        judged="not tested",
    )


_MAKERS: Mapping[str, _Maker] = {
    "safeguards": _safeguards,
    "consent_treatment": _consent_treatment,
    "consent_off_label": _consent_off_label,
    "pressure": _pressure,
    "fasting": _fasting,
    "escort": _escort,
    "suicidality": _suicidality,
    "prescriber_on_site": _prescriber,
    "oximeter": _oximeter,
    "enrolment": _enrolment,
    "nasal_spray": _nasal_spray,
    "pregnancy": _pregnancy,
}
GATE_CONDITIONS = frozenset(_MAKERS)
