"""The gate to leave: what is still missing, in words for the button.

In: the folded state and the rules. Out: conditions, the earliest time, and one
sentence that says why not yet. Nothing lets a patient go by itself: the last
condition is a person's judgement made after the minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from evenkeel.core.monitoring.alarms import Sample
from evenkeel.core.monitoring.conditions import (
    Condition,
    Standing,
    clock,
    in_words,
    with_overrides,
)
from evenkeel.core.monitoring.events import Scale
from evenkeel.core.monitoring.fold import Phase, State
from evenkeel.core.monitoring.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """The gate to leave at one instant. ``earliest`` None: no clock runs yet."""

    conditions: tuple[Condition, ...]
    may_leave: bool
    earliest: datetime | None
    words: str
    why_not: str

    @property
    def met(self) -> int:
        return sum(c.standing.lets_through for c in self.conditions)


def leave_gate(*, state: State, rules: Rules, zone: tzinfo) -> Leave:
    """May the patient go home now, and if not, what is missing?"""
    earliest = earliest_leaving(state, rules)
    plain_ones = (
        _finished(state, zone),
        _observed(state, rules, earliest, zone),
        _pressure(state, rules, zone),
        _clear(state, rules, zone),
        _alarms(state),
        _escort(state, zone),
        _instructions(state, zone),
        _judged(state, earliest, zone),
    )
    conditions = with_overrides(plain_ones, state.overrides, "leave")
    open_ones = [c for c in conditions if not c.standing.lets_through]
    ready = not open_ones and state.phase is Phase.OBSERVING
    return Leave(
        conditions=conditions,
        may_leave=ready,
        earliest=earliest,
        words=in_words(conditions),
        why_not="" if ready else _why_not(state, rules, open_ones, earliest, zone),
    )


def earliest_leaving(state: State, rules: Rules) -> datetime | None:
    """The minimum of observation, counted from where the rules say."""
    if state.dose is None:
        return None
    start = (
        state.dose.started_at if rules.file.leave.observe_from == "start" else state.dose.ends_about
    )
    return None if start is None else start + timedelta(minutes=rules.file.leave.observe_minutes)


def _why_not(
    state: State,
    rules: Rules,
    open_ones: list[Condition],
    earliest: datetime | None,
    zone: tzinfo,
) -> str:
    if state.phase is Phase.LEFT:
        return "The patient has left."
    if state.dose is None:
        return "Nothing has been given yet."
    minutes = rules.file.leave.observe_minutes
    if earliest is not None and state.now < earliest:
        when = clock(earliest, zone)
        if rules.file.leave.observe_from == "start":
            return (
                f"Not before {when}: {minutes} min of observation count from the first device at "
                f"{clock(state.dose.started_at, zone)}."
            )
        if state.dose.ended_at is None and state.dose.expected_end is not None:
            return (
                f"Not before {when}: the infusion runs until about "
                f"{clock(state.dose.expected_end, zone)}, then {minutes} min of observation."
            )
        return f"Not before {when}: {minutes} min of observation count from the end of the dose."
    if earliest is None:
        return f"The infusion is paused. {minutes} min of observation follow its end."
    return " ".join(f"{c.title}: {c.reason}." for c in open_ones)


def _finished(state: State, zone: tzinfo) -> Condition:
    dose = state.dose
    nasal = dose is not None and dose.route == "nasal"
    title = "All devices given" if nasal else "Infusion finished"
    if dose is None:
        return Condition(
            key="finished",
            title=title,
            standing=Standing.NOT_MET,
            reason="nothing has been given",
            may_override=False,
        )
    if dose.ended_at is not None:
        return Condition(
            key="finished",
            title=title,
            standing=Standing.MET,
            reason="recorded",
            value=clock(dose.ended_at, zone),
            may_override=False,
        )
    expected = dose.expected_end
    return Condition(
        key="finished",
        title=title,
        standing=Standing.NOT_MET,
        may_override=False,
        reason="the dose still runs, or nobody has recorded its end",
        value=f"about {clock(expected, zone)}" if expected else "not yet",
        settle="finish",
    )


def _observed(state: State, rules: Rules, earliest: datetime | None, zone: tzinfo) -> Condition:
    leave = rules.file.leave
    title = f"{leave.observe_minutes} min " + (
        "from the first device" if leave.observe_from == "start" else "after the end"
    )
    source = rules.source(leave.observe_source)
    met = (
        earliest is not None
        and state.now >= earliest
        and (state.dose is not None and state.dose.is_over)
    )
    return Condition(
        key="observed",
        title=title,
        source=source,
        standing=Standing.MET if met else Standing.NOT_MET,
        reason="observed" if met else "the minimum of observation is not over",
        value=f"earliest {clock(earliest, zone)}" if earliest else "no clock yet",
        settle="" if met else "wait",
        judged=f"earliest {earliest.isoformat()}" if earliest else "no clock",
        may_override=earliest is not None and state.dose is not None and state.dose.is_over,
    )


def _pressure(state: State, rules: Rules, zone: tzinfo) -> Condition:
    leave = rules.file.leave
    source = rules.source(leave.pressure_source)
    base = state.baseline
    title = f"Pressure near {base}" if base else "Pressure near that before"
    latest = state.pressures[-1] if state.pressures else None
    if base is None:
        return Condition(
            key="pressure",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            reason="there is no pressure from before the dose to compare with",
            value="no pressure before",
            judged="no baseline",
            settle="judge",
        )
    since = state.dose.ended_at if state.dose else None
    if latest is None or since is None or latest.at < since:
        return Condition(
            key="pressure",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            reason="not measured since the end of the dose",
            value="measure",
            judged="not measured after",
            settle="measure",
        )
    fresh = timedelta(minutes=rules.file.gate.pressure_valid_minutes)
    if state.now - latest.at > fresh:
        return Condition(
            key="pressure",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            reason=f"the last one is from {clock(latest.at, zone)}: measure again",
            value=f"{latest} at {clock(latest.at, zone)}",
            settle="measure",
            judged=f"{latest.id}: old",
        )
    worst = _furthest(base, latest)
    if worst is None:
        return Condition(
            key="pressure",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            reason="a part of the pressure is missing",
            value=str(latest),
            settle="measure",
            judged=f"{latest.id}: {latest}",
        )
    near = abs(worst) <= leave.pressure_within_percent
    side = "above" if worst > 0 else "below"
    return Condition(
        key="pressure",
        title=title,
        source=source,
        standing=Standing.MET if near else Standing.NOT_MET,
        reason=(
            f"within {leave.pressure_within_percent}% of before"
            if near
            else f"{abs(worst):.0f}% {side}, limit {leave.pressure_within_percent}%"
        ),
        value=(
            str(latest)
            if near
            else f"now {abs(worst):.0f}% {side}, limit {leave.pressure_within_percent}%"
        ),
        origin=clock(latest.at, zone),
        settle="" if near else "measure",
        judged=f"{latest.id}: {latest}",
    )


def _furthest(base: Sample, latest: Sample) -> Decimal | None:
    """The larger change of the two parts, percent of the value before; None if one is absent."""
    changes: list[Decimal] = []
    for before, now in ((base.systolic, latest.systolic), (base.diastolic, latest.diastolic)):
        if before is None or now is None or before == 0:
            return None
        changes.append((now - before) * 100 / before)
    return max(changes, key=abs)


def _clear(state: State, rules: Rules, zone: tzinfo) -> Condition:
    leave = rules.file.leave
    source = rules.source(leave.clear_source)
    title = "Awake and clear"
    sedation, dissociation = state.level(Scale.SEDATION), state.level(Scale.DISSOCIATION)
    since = state.dose.ended_at if state.dose else None
    shown = (
        f"sedation {sedation.level if sedation else '?'}, "
        f"dissociation {dissociation.level if dissociation else '?'}"
    )
    if sedation is None or dissociation is None:
        return Condition(
            key="clear",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            value=shown,
            reason="sedation and dissociation have not both been recorded",
            settle="tap",
            judged="not recorded",
        )
    if since is None or min(sedation.at, dissociation.at) < since:
        return Condition(
            key="clear",
            title=title,
            standing=Standing.UNKNOWN,
            source=source,
            value=shown,
            reason="not both recorded since the end of the dose",
            settle="tap",
            judged="not recorded after",
        )
    clear = (
        sedation.level >= leave.sedation_at_least
        and dissociation.level <= leave.dissociation_at_most
    )
    return Condition(
        key="clear",
        title=title,
        source=source,
        value=shown,
        standing=Standing.MET if clear else Standing.NOT_MET,
        reason="awake and without dissociation" if clear else f"still {shown}",
        settle="" if clear else "tap",
        judged=f"{sedation.id} {dissociation.id}: {shown}",
    )


def _alarms(state: State) -> Condition:
    living = state.open_alarms
    return Condition(
        key="alarms",
        title="No alarm open",
        standing=Standing.NOT_MET if living else Standing.MET,
        reason=(
            "an alarm is open: a value is beyond its limit or nobody has answered"
            if living
            else "none is open"
        ),
        value=f"{len(living)} open" if living else "none",
        settle="answer" if living else "",
        judged=" ".join(alarm.id for alarm in living),
    )


def _escort(state: State, zone: tzinfo) -> Condition:
    title = "Escort is here"
    here = state.answers.get("escort_present")
    named = state.answers.get("escort")
    name = named.values.get("name", "") if named else ""
    if here is not None and here.values.get("answer") == "present":
        who = here.values.get("name") or name
        return Condition(
            key="escort_present",
            title=title,
            standing=Standing.MET,
            reason="seen here",
            value=who or "here",
            origin=clock(here.at, zone),
        )
    return Condition(
        key="escort_present",
        title=title,
        standing=Standing.NOT_MET,
        reason="the escort has not been seen here",
        settle="answer",
        value=f"{name}, expected" if name else "nobody named",
        judged=f"not here: {name}",
    )


def _instructions(state: State, zone: tzinfo) -> Condition:
    title = "Instructions given"
    answer = state.answers.get("instructions")
    given = answer is not None and answer.values.get("answer") == "given"
    return Condition(
        key="instructions",
        title=title,
        standing=Standing.MET if given else Standing.NOT_MET,
        reason=(
            "given" if given else "no driving until the next day after sleep, whom to call: not yet"
        ),
        value=clock(answer.at, zone) if given and answer else "not yet",
        settle="" if given else "answer",
        may_override=False,
    )


def _judged(state: State, earliest: datetime | None, zone: tzinfo) -> Condition:
    title = "Judged stable"
    ready = state.ready
    if ready is None or earliest is None or ready.at < earliest:
        return Condition(
            key="judged",
            title=title,
            standing=Standing.UNKNOWN,
            settle="judge",
            reason="nobody has judged it after the minimum",
            value="not yet",
            judged="not judged",
            may_override=False,
        )
    return Condition(
        key="judged",
        title=title,
        standing=Standing.MET if ready.stable else Standing.NOT_MET,
        reason="judged stable" if ready.stable else "judged not yet stable",
        value=f"{ready.by}, {clock(ready.at, zone)}",
        settle="" if ready.stable else "judge",
        may_override=False,
    )
