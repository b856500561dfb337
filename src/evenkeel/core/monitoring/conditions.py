"""One condition of a gate: where it stands, why, and what would settle it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum

from evenkeel.core.kernel.sources import Source
from evenkeel.core.kernel.verdicts import Answer, Verdict
from evenkeel.core.monitoring.events import Overridden


class Standing(StrEnum):
    """Where one condition stands. Unknown is not no, and neither is met."""

    MET = "met"
    NOT_MET = "not_met"
    JUDGE = "judge"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    OVERRIDDEN = "overridden"

    @property
    def lets_through(self) -> bool:
        return self in {Standing.MET, Standing.NOT_APPLICABLE, Standing.OVERRIDDEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One line of a gate.

    value: what is known, as shown. origin: who said it and when.
    settle: what would settle it, as the name of an act ("answer", "measure",
        "judge", "consent", "wait"); empty when it is settled.
    judged: the value an override is bound to; another value needs another one.
    may_override: whether a prescriber may let it pass at all.
    """

    key: str
    title: str
    standing: Standing
    reason: str
    value: str = ""
    origin: str = ""
    source: Source | None = None
    settle: str = ""
    judged: str = ""
    may_override: bool = True
    valid_until: datetime | None = None
    override: Overridden | None = None


_STANDING = {
    Answer.YES: Standing.MET,
    Answer.NO: Standing.NOT_MET,
    Answer.UNKNOWN: Standing.UNKNOWN,
    Answer.JUDGE: Standing.JUDGE,
}


def from_verdict(
    key: str,
    title: str,
    verdict: Verdict,
    *,
    settle: str,
    value: str = "",
    may_override: bool = True,
) -> Condition:
    """A condition that another room has already answered."""
    return Condition(
        key=key,
        title=title,
        standing=_STANDING[verdict.answer],
        reason=verdict.reason,
        value=value,
        source=verdict.source,
        settle="" if verdict.is_yes else settle,
        judged=f"{verdict.answer.value}: {verdict.reason}",
        may_override=may_override,
    )


def with_overrides(
    conditions: Iterable[Condition], overrides: Iterable[Overridden], gate: str
) -> tuple[Condition, ...]:
    """Conditions with each override laid on the one condition and value it judged.

    A condition that is met needs none; one whose value has changed since is not
    covered any more.
    """
    latest = {(o.condition, o.judged): o for o in overrides if o.gate == gate}

    def laid(condition: Condition) -> Condition:
        override = latest.get((condition.key, condition.judged))
        if override is None or condition.standing.lets_through or not condition.may_override:
            return condition
        return replace(
            condition,
            standing=Standing.OVERRIDDEN,
            reason=override.reason,
            origin=f"{override.by}",
            settle="",
            override=override,
        )

    return tuple(laid(condition) for condition in conditions)


def clock(at: datetime, zone: tzinfo) -> str:
    """Hours and minutes in the clinic's zone."""
    return at.astimezone(zone).strftime("%H:%M")


def in_words(conditions: Iterable[Condition]) -> str:
    """ "1 condition is not met, 1 needs a prescriber, 6 are met." for the head of a gate."""
    counts: dict[Standing, int] = {}
    for condition in conditions:
        counts[condition.standing] = counts.get(condition.standing, 0) + 1

    def some(standing: Standing, one: str, many: str) -> str:
        count = counts.get(standing, 0)
        return "" if count == 0 else f"{count} {one if count == 1 else many}"

    parts = [
        some(Standing.NOT_MET, "condition is not met", "conditions are not met"),
        some(Standing.JUDGE, "needs a prescriber", "need a prescriber"),
        some(Standing.UNKNOWN, "is not known", "are not known"),
        some(Standing.OVERRIDDEN, "is overridden", "are overridden"),
        some(Standing.MET, "is met", "are met"),
    ]
    said = [part for part in parts if part]
    return (", ".join(said) + ".") if said else "There is nothing to ask."
