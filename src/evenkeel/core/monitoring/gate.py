"""The gate before the dose: go, or not yet and why.

In: the folded state, facts that other rooms answer (consent, safeguards, who is
on site, who the patient is), the rules. Out: conditions and an answer. A go is
worked out anew each time it is asked for, so a fact that changes takes it away,
and it ends by itself when the pressure grows old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from evenkeel.core.kernel.verdicts import Answer, Verdict
from evenkeel.core.monitoring.asked import ASKED, GateFacts, Maker
from evenkeel.core.monitoring.conditions import (
    Condition,
    Standing,
    clock,
    from_verdict,
    in_words,
    with_overrides,
)
from evenkeel.core.monitoring.fold import State
from evenkeel.core.monitoring.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The whole gate at one instant."""

    conditions: tuple[Condition, ...]
    is_go: bool
    go_until: datetime | None
    words: str
    why_not: str


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


_MAKERS: Mapping[str, Maker] = {
    "safeguards": _safeguards,
    "consent_treatment": _consent_treatment,
    "consent_off_label": _consent_off_label,
    "pressure": _pressure,
    "prescriber_on_site": _prescriber,
    **ASKED,
}
GATE_CONDITIONS = frozenset(_MAKERS)
