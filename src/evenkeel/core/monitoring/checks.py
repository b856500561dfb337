"""Which checks are due, done, late or missed.

A check is a time and the signs to be looked at. A sign counts as looked at
when a value of it was taken between a little before its time and a little
before its next time. Which times there are comes from the rules; pauses move
the end of an infusion and with it the checks that count from the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evenkeel.core.kernel.sources import Source
from evenkeel.core.monitoring.doses import Dose
from evenkeel.core.monitoring.rules import Rules

_SOON = timedelta(minutes=30)


class CheckState(StrEnum):
    """Where one check stands."""

    DONE = "done"
    DUE = "due"
    LATE = "late"
    MISSED = "missed"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A sign that was looked at: a reading, a tap, or a check signed as done."""

    sign: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One time and its signs. ``due_at`` None: before the dose, no clock yet.

    left: the signs not looked at yet.
    """

    due_at: datetime | None
    signs: tuple[str, ...]
    left: tuple[str, ...]
    state: CheckState
    done_at: datetime | None
    sources: tuple[Source, ...]


def _times(rules: Rules, dose: Dose, until: datetime) -> dict[str, dict[datetime, Source]]:
    """For each sign, when it is due and by which source."""
    due: dict[str, dict[datetime, Source]] = {}

    def add(sign: str, at: datetime, source: Source) -> None:
        due.setdefault(sign, {}).setdefault(at, source)

    end = dose.ends_about
    for each in rules.file.checks:
        source = rules.source(each.source)
        for sign in each.signs:
            for minute in each.at_minutes:
                at = dose.started_at + timedelta(minutes=minute)
                if at <= until or minute == 0:
                    add(sign, at, source)
            if each.every_while_dosing:
                step = timedelta(minutes=each.every_while_dosing)
                at = dose.started_at + step
                # While paused there is no known end: the dose goes on until it is over.
                stop = min(end, until) if end is not None else until
                while at <= stop:
                    add(sign, at, source)
                    at += step
            if each.every_after and end is not None:
                step = timedelta(minutes=each.every_after)
                at = end + step
                while at <= until:
                    add(sign, at, source)
                    at += step
    return due


def _standing(
    at: datetime, looked: datetime | None, closes: datetime | None, now: datetime, rules: Rules
) -> CheckState:
    if looked is not None:
        return CheckState.DONE
    if closes is not None and now >= closes:
        return CheckState.MISSED
    if now > at + rules.seconds("check_late_after_s"):
        return CheckState.LATE
    return CheckState.DUE if now >= at - rules.seconds("check_early_s") else CheckState.AHEAD


_WORST = (CheckState.LATE, CheckState.DUE, CheckState.AHEAD, CheckState.MISSED, CheckState.DONE)


def checks(
    *,
    rules: Rules,
    dose: Dose | None,
    looks: Iterable[Look],
    checked_in_at: datetime | None,
    now: datetime,
    left_at: datetime | None = None,
    horizon: datetime | None = None,
) -> tuple[Check, ...]:
    """All checks up to the horizon (default half an hour ahead), in time order."""
    seen: dict[str, list[datetime]] = {}
    for look in looks:
        seen.setdefault(look.sign, []).append(look.at)
    for times in seen.values():
        times.sort()
    if checked_in_at is None:
        return ()
    if dose is None:
        return _before_dose(rules, seen, checked_in_at)
    until = left_at or max(now + _SOON, horizon or now)
    early = rules.seconds("check_early_s")
    grouped: dict[datetime, list[tuple[str, CheckState, datetime | None, Source]]] = {}
    for sign, due in _times(rules, dose, until).items():
        ordered = sorted(due)
        for here, following in zip(ordered, [*ordered[1:], None], strict=True):
            opens = checked_in_at if here == dose.started_at else here - early
            closes = None if following is None else following - early
            looked = _first(seen.get(sign, ()), opens, closes)
            state = _standing(here, looked, closes, left_at or now, rules)
            grouped.setdefault(here, []).append((sign, state, looked, due[here]))
    return tuple(_merged(at, grouped[at]) for at in sorted(grouped))


def _first(times: Sequence[datetime], opens: datetime, closes: datetime | None) -> datetime | None:
    return next((t for t in times if t >= opens and (closes is None or t < closes)), None)


def _merged(at: datetime, signs: list[tuple[str, CheckState, datetime | None, Source]]) -> Check:
    looked = [when for _, _, when, _ in signs if when is not None]
    state = min((s for _, s, _, _ in signs), key=_WORST.index)
    sources = tuple(dict.fromkeys(source for _, _, _, source in signs))
    return Check(
        due_at=at,
        signs=tuple(sign for sign, _, _, _ in signs),
        left=tuple(sign for sign, s, _, _ in signs if s is not CheckState.DONE),
        state=state,
        done_at=max(looked) if state is CheckState.DONE and looked else None,
        sources=sources,
    )


def _before_dose(
    rules: Rules, seen: dict[str, list[datetime]], checked_in_at: datetime
) -> tuple[Check, ...]:
    found: dict[str, Source] = {}
    for each in rules.file.checks:
        if 0 in each.at_minutes:
            for sign in each.signs:
                found.setdefault(sign, rules.source(each.source))
    if not found:
        return ()
    looked = {sign: _first(seen.get(sign, ()), checked_in_at, None) for sign in found}
    left = tuple(sign for sign, when in looked.items() if when is None)
    times = [when for when in looked.values() if when is not None]
    return (
        Check(
            due_at=None,
            signs=tuple(found),
            left=left,
            state=CheckState.DUE if left else CheckState.DONE,
            done_at=None if left or not times else max(times),
            sources=tuple(dict.fromkeys(found.values())),
        ),
    )


def next_check(all_checks: Iterable[Check]) -> Check | None:
    """The check a countdown shows: the first one that is still to be done."""
    open_states = {CheckState.LATE, CheckState.DUE, CheckState.AHEAD}
    return next((check for check in all_checks if check.state in open_states), None)
