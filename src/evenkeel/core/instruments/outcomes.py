"""Response, remission and relapse, each under a definition with a name.

Trials disagree about what remission is, so no result here stands without the
definition it was judged by. The baseline is the one frozen before the first
dose; choosing it is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise

import msgspec

from evenkeel.core.instruments.catalogue import scale_of
from evenkeel.core.kernel.content import ContentFault, SourceFile, content, read_toml
from evenkeel.core.kernel.sources import Source, Status
from evenkeel.core.kernel.verdicts import Verdict, no, unknown, yes


class Kind(StrEnum):
    """What a definition judges."""

    RESPONSE = "response"
    PARTIAL_RESPONSE = "partial response"
    REMISSION = "remission"
    RELAPSE = "relapse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One published definition.

    scale: id of the scale it is about; empty when it holds for any.
    fall_percent, fall_below_percent: least fall from baseline, and the fall that
        is already another category.
    at_most, at_least: a line that the total must not pass, or must reach.
    apart_days: a relapse needs two consecutive assessments this far apart.
    """

    id: str
    kind: Kind
    name: str
    scale: str
    status: Status
    source: Source
    fall_percent: int | None = None
    fall_below_percent: int | None = None
    at_most: int | None = None
    at_least: int | None = None
    apart_days: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relapse:
    """A relapse, why, and the two days the published rule leaves open."""

    day_confirmed: int
    day_first_qualifying: int
    reason: str


class _Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: Kind
    name: str
    status: Status
    source: SourceFile
    scale: str = ""
    fall_percent: int | None = None
    fall_below_percent: int | None = None
    at_most: int | None = None
    at_least: int | None = None
    apart_days: tuple[int, int] | None = None


class _OutcomesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    definition: list[_Definition]


@cache
def definitions() -> dict[str, Definition]:
    """Every definition by its id."""
    read = read_toml(content("instruments", "outcomes.toml"), _OutcomesFile)
    found: dict[str, Definition] = {}
    for entry in read.definition:
        if entry.id in found:
            raise ContentFault(f"instruments/outcomes.toml: {entry.id} stands there twice")
        if entry.scale:
            scale_of(entry.scale)
        found[entry.id] = Definition(
            id=entry.id,
            kind=entry.kind,
            name=entry.name,
            scale=entry.scale,
            status=entry.status,
            source=entry.source.read(),
            fall_percent=entry.fall_percent,
            fall_below_percent=entry.fall_below_percent,
            at_most=entry.at_most,
            at_least=entry.at_least,
            apart_days=entry.apart_days,
        )
    return found


def definition_of(definition_id: str) -> Definition:
    """The definition of that id; KeyError when there is none."""
    return definitions()[definition_id]


def for_scale(scale_id: str) -> tuple[Definition, ...]:
    """The definitions that may be asked of a scale's totals, in content's order."""
    return tuple(d for d in definitions().values() if d.scale in {"", scale_id})


def fall_percent(baseline: int, total: int) -> float | None:
    """By how many percent the total lies below baseline; None when baseline is 0."""
    return None if baseline == 0 else 100 * (baseline - total) / baseline


def judge(definition: Definition | str, baseline: int | None, score: int | None) -> Verdict:
    """Does one total meet one definition?

    Args:
        baseline: the total frozen before the first dose; None when there is none.
        score: the total now; None when it is missing, which is not a failure.

    Two-visit definitions (relapse) are asked of a series: see ``relapse``; here
    they tell only whether this one total reaches the line.
    """
    rule = definition if isinstance(definition, Definition) else definition_of(definition)
    if score is None:
        return unknown(f"{rule.name}: there is no score", rule.source, missing=("score",))
    reasons: list[str] = []
    met = True
    if rule.fall_percent is not None or rule.fall_below_percent is not None:
        if baseline is None:
            return unknown(f"{rule.name}: no baseline was frozen", rule.source, ("baseline",))
        if baseline == 0:
            return unknown(
                f"{rule.name}: the baseline is 0, so a fall in percent means nothing",
                rule.source,
                ("baseline",),
            )
        fallen = 100 * (baseline - score)
        if rule.fall_percent is not None:
            met = met and fallen >= rule.fall_percent * baseline
        if rule.fall_below_percent is not None:
            met = met and fallen < rule.fall_below_percent * baseline
        reasons.append(f"{baseline} at the start, {score} now: {_fall_words(fallen / baseline)}")
    if rule.at_most is not None:
        met = met and score <= rule.at_most
        reasons.append(f"{score}; the line is {rule.at_most} or less")
    if rule.at_least is not None:
        met = met and score >= rule.at_least
        reasons.append(f"{score}; the line is {rule.at_least} or more")
    reason = f"{rule.name}: {'; '.join(reasons)}"
    return yes(reason, rule.source) if met else no(reason, rule.source)


def _fall_words(percent: float) -> str:
    # Never rounded up to the line: 49.6 must not read as 50.
    whole = int(abs(percent))
    return f"{whole}% lower" if percent >= 0 else f"{whole}% higher"


def relapse(
    definition: Definition | str,
    series: Sequence[tuple[int, int]],
    events: Iterable[tuple[int, str]] = (),
) -> Relapse | None:
    """The first relapse in a series of totals, or None.

    Args:
        series: (day, total), days rising.
        events: (day, what): clinical events that count as relapse by themselves.

    The rule does not say which day counts, so both are given.
    """
    rule = definition if isinstance(definition, Definition) else definition_of(definition)
    if rule.at_least is None or rule.apart_days is None:
        raise ValueError(f"{rule.id} is not a rule over two assessments")
    soonest, latest = rule.apart_days
    found = [Relapse(day_confirmed=d, day_first_qualifying=d, reason=what) for d, what in events]
    for (first, before), (second, after) in pairwise(series):
        both = before >= rule.at_least and after >= rule.at_least
        if both and soonest <= second - first <= latest:
            found.append(Relapse(day_confirmed=second, day_first_qualifying=first, reason="score"))
            break
    return min(found, key=lambda relapse_: relapse_.day_confirmed, default=None)
