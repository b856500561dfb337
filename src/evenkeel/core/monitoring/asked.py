"""What the gate asks of people before the dose: one condition a question.

In: the folded state with its answers, facts that other rooms know. Out: conditions. A
question that nobody has answered today is unknown, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from evenkeel.core.kernel.verdicts import Verdict
from evenkeel.core.monitoring.conditions import Condition, Standing, clock
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
    pregnancy_possible: screening was told that a pregnancy is there or possible, so neither
        sex nor age may answer for the person.
    """

    safeguards: Verdict
    consent_treatment: Verdict
    consent_off_label: Verdict
    prescriber_on_site: str | None
    prescriber_since: datetime | None
    age_years: int | None
    sex: str
    pregnancy_possible: bool = False


Maker = Callable[[State, GateFacts, Rules, tzinfo], Condition]


def _origin(answer: Answered, zone: tzinfo) -> str:
    who = answer.values.get("said_by") or answer.by
    return f"{who}, {clock(answer.at, zone)}"


def _asked(state: State, key: str, title: str, why: str) -> Answered | Condition:
    """The answer to a question of the gate, or the condition that asks for it."""
    answer = state.answers.get(key)
    if answer is not None:
        return answer
    return Condition(
        key=key,
        title=title,
        standing=Standing.UNKNOWN,
        reason=why,
        value="Not asked yet",
        settle="answer",
        judged="not asked",
    )


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
    answer = _asked(state, "fasting", title, "nobody has asked about food and drink today")
    if isinstance(answer, Condition):
        return answer
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
    answer = _asked(
        state,
        "escort",
        title,
        "no name yet; people who arrive alone wait for an escort before dosing, not after",
    )
    if isinstance(answer, Condition):
        return answer
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
    answer = _asked(state, key, title, ask)
    if isinstance(answer, Condition):
        return answer
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
    answer = _asked(state, "nasal_spray", title, "nobody has asked about nasal sprays today")
    if isinstance(answer, Condition):
        return answer
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


def _pregnancy(state: State, facts: GateFacts, rules: Rules, zone: tzinfo) -> Condition:
    gate = rules.file.gate
    title = "Pregnancy test"
    source = rules.source(gate.pregnancy_source) if gate.pregnancy_source else None
    low, high = (*gate.pregnancy_ages, 0, 0)[:2]
    answer = state.answers.get("pregnancy")
    said = answer.values.get("answer", "") if answer else ""
    origin = _origin(answer, zone) if answer else ""
    outside = facts.age_years is not None and not low <= facts.age_years <= high
    if answer is None and not facts.pregnancy_possible and (facts.sex == "male" or outside):
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


ASKED: Mapping[str, Maker] = {
    "fasting": _fasting,
    "escort": _escort,
    "suicidality": _suicidality,
    "oximeter": _oximeter,
    "enrolment": _enrolment,
    "nasal_spray": _nasal_spray,
    "pregnancy": _pregnancy,
}
