"""From answers to a total, or to the reason why there is none.

In: one person's answers, None where nothing was answered. Out: a Score. A
partial sum is never reported: two peers do so, and three of nine answers then
read as a mild depression (facts on instruments, section 0, point 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evenkeel.core.instruments.scale import Scale


class ImpossibleAnswer(ValueError):
    """An answer outside the range the scale allows, or a total outside its range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one set of answers says.

    total: None when the missing-answer rule is not met; ``reason`` then says why.
    complete: every item has an answer.
    safety_positive: None when the scale has no safety item or it was not answered;
        unknown is not no.
    """

    scale: str
    total: int | None
    band: str
    complete: bool
    reason: str
    missing: tuple[str, ...] = ()
    subscales: dict[str, int | None] = field(default_factory=dict)
    safety_positive: bool | None = None
    safety_urgent: bool | None = None


def score(scale: Scale, answers: Mapping[str, int | None]) -> Score:
    """Score one person's answers on one scale.

    Args:
        answers: item id to answer. An item left out counts as not answered; an
            answer that the scale lists as a code for "refused" does too.

    Raises:
        ImpossibleAnswer: an unknown item, or an answer outside the item's range.
    """
    known = {item.id for item in scale.items}
    for item_id in answers:
        if item_id not in known:
            raise ImpossibleAnswer(f"{scale.short} has no item {item_id!r}")
    given: dict[str, int] = {}
    missing: list[str] = []
    why: list[str] = []
    for item in scale.items:
        answer = answers.get(item.id)
        if answer is None:
            missing.append(item.id)
            why.append(item.id)
        elif answer in item.uncounted:
            given[item.id] = 0
        elif answer in scale.not_answered and not item.takes(answer):
            missing.append(item.id)
            why.append(f"{item.id} ({scale.not_answered[answer]})")
        elif not item.takes(answer):
            raise ImpossibleAnswer(
                f"{item.id} is {answer}; {scale.short} takes {item.lowest} to {item.highest} there"
            )
        else:
            given[item.id] = answer
    reason = ""
    total: int | None = None
    if missing:
        reason = f"not answered: {', '.join(why)}. {scale.missing_rule}"
    else:
        total = sum(max(given[item] for item in part.items) for part in scale.parts)
    return Score(
        scale=scale.id,
        total=total,
        band="" if total is None else scale.band(total),
        complete=not missing,
        reason=reason,
        missing=tuple(missing),
        subscales={
            sub.id: sum(given[item] for item in sub.items)
            if all(item in given for item in sub.items)
            else None
            for sub in scale.subscales
        },
        safety_positive=_reaches(scale, given, urgent=False),
        safety_urgent=_reaches(scale, given, urgent=True),
    )


def score_total(scale: Scale, total: int) -> Score:
    """A total somebody else added up, checked against the scale's range and banded.

    Raises:
        ImpossibleAnswer: outside the range of the scale.
    """
    if not scale.lowest <= total <= scale.highest:
        raise ImpossibleAnswer(
            f"{total} is not a {scale.short} total: it runs from {scale.lowest} to {scale.highest}"
        )
    return Score(
        scale=scale.id,
        total=total,
        band=scale.band(total),
        complete=True,
        reason="",
        missing=(),
    )


def _reaches(scale: Scale, given: Mapping[str, int], *, urgent: bool) -> bool | None:
    if scale.safety is None or scale.safety.item not in given:
        return None
    least = scale.safety.urgent_from if urgent else scale.safety.positive_from
    return given[scale.safety.item] >= least
