"""Scores taken in the clinic, as facts that a payer's criteria can read.

The record that came with a referral may hold older totals; the newest counts. The
improvement is worked out from the frozen baseline and the latest total of the same
scale, never from two scales, and rounded away from the line that it might reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from evenkeel.core.guidelines.facts.working import say_day
from evenkeel.core.guidelines.terms.dictionary import Dictionary, is_stale
from evenkeel.core.guidelines.terms.values import Fact, Facts, Range

IMPROVEMENT = "improvement_percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One complete score. ref: "Assessment/31". by: who rated, in words."""

    instrument: str
    label: str
    total: int
    at: date
    ref: str
    by: str
    highest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Scores of one scale that matter: the frozen baseline, and the latest after it."""

    instrument: str
    baseline: Total | None
    latest: Total | None


def with_scores(facts: Facts, measured: Sequence[Measured], dictionary: Dictionary) -> Facts:
    """The same facts with the clinic's own totals, and the improvement they show."""
    found = dict(facts.by_name)
    for each in measured:
        name = f"{each.instrument}_total"
        newest = each.latest or each.baseline
        if newest is None or name not in dictionary:
            continue
        known = facts[name]
        if known.known and known.at is not None and known.at > newest.at:
            continue
        found[name] = _fresh(
            Fact(
                name=name,
                value=Range.exactly(newest.total),
                origin="record",
                refs=(newest.ref,),
                at=newest.at,
                by=newest.by,
            ),
            dictionary,
            facts.as_of,
        )
    shown = _improvement(measured, dictionary, facts.as_of)
    if shown is not None:
        found[IMPROVEMENT] = _settled(facts[IMPROVEMENT], shown)
    return Facts(facts.as_of, found, facts.problems)


def _fresh(fact: Fact, dictionary: Dictionary, as_of: date) -> Fact:
    if not is_stale(dictionary[fact.name], fact.at, as_of):
        return fact
    note = f"the score of {say_day(fact.at)} is too old"
    return replace(fact, value=None, old_value=fact.value, stale_since=fact.at, note=note)


def _improvement(measured: Iterable[Measured], dictionary: Dictionary, as_of: date) -> Fact | None:
    """By how many per cent the first scale that has both totals has fallen."""
    for each in measured:
        before, after = each.baseline, each.latest
        if before is None or after is None or before.total == 0 or after.ref == before.ref:
            continue
        fallen = Decimal(100 * (before.total - after.total)) / before.total
        told = Fact(
            name=IMPROVEMENT,
            value=Range.exactly(fallen.quantize(Decimal("0.1"), rounding=ROUND_FLOOR)),
            origin="computed",
            refs=(before.ref, after.ref),
            at=after.at,
            note=f"{after.label} {before.total} on {say_day(before.at)} (baseline), "
            f"{after.total} on {say_day(after.at)}",
        )
        return _fresh(told, dictionary, as_of)
    return None


def _settled(answered: Fact, shown: Fact) -> Fact:
    """An answer that the scores contradict is a dispute, not a choice."""
    a, b = answered.value, shown.value
    if not isinstance(a, Range) or not isinstance(b, Range):
        return shown if shown.known or not answered.known else answered
    known = a.low is not None and a.high is not None and b.exact is not None
    if known and a.low - 1 < b.exact < a.high + 1:  # type: ignore[operator]
        return shown
    return Fact(
        name=IMPROVEMENT,
        refs=shown.refs,
        at=shown.at,
        disputed=True,
        note=f"the scores give {b}% ({shown.note}), the answer says {a}%",
    )
