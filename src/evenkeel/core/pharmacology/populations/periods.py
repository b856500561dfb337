"""What is given, cut into periods: occasions, resets, steady states, and not too much at once.

In: doses or records, in hours and mg of base. Out: periods in the order of time, the same for
everybody. What a period is to a person, and where everybody stands between two, is decided
in ``groups``.

An occasion is a treatment (see ``occasions``), or what the OCC of its records says. It begins
with its first dose: from then on everything about the person is that of the occasion, amounts
stay where they are, and whatever a dose brings is that of the occasion in which it is given.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evenkeel.core.pharmacology.doses.occasions import another_day, varies
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.profiles.records import Record, records_of

MOST_GIVEN = 64  # doses of a period: what happens to thousands of people has to fit into memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One dose. number: its place among all; every_h: of one that has always been given, else 0."""

    dose: Dose
    number: int
    every_h: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A while in which nobody's parameters change.

    begins_h: minus infinity for the first. reset: everything is taken out first. steady: the
    record whose endless past is put in. given: in the order of time.
    """

    begins_h: float
    occasion: int
    reset: bool = False
    steady: Record | None = None
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class _Item:
    """Something at a moment; rank: the number of its record."""

    time_h: float
    rank: int
    kind: Literal["reset", "steady", "dose"]
    record: Record
    given: Given | None = None


def periods_of_doses(model: Model, doses: Iterable[Dose]) -> tuple[Period, ...]:
    """Plain doses, in the order of time; numbers are their places as they were given."""
    return periods_of(model, records_of(doses))


def periods_of(model: Model, records: Sequence[Record]) -> tuple[Period, ...]:
    """Records with their routes, in the order of the table, as periods."""
    items = _items(records)
    starts = _occasions(items) if varies(model) else []
    keys = [(time_h, rank) for time_h, rank, _ in starts]
    made: list[Period] = []
    given: list[Given] = []
    now = Period(begins_h=float("-inf"), occasion=starts[0][2] if starts else 1)
    for item in items:
        place = bisect_right(keys, (item.time_h, item.rank)) - 1
        occasion = starts[max(place, 0)][2] if starts else 1
        if item.kind != "dose" or occasion != now.occasion or len(given) >= MOST_GIVEN:
            made.append(replace(now, given=tuple(given)))
            given = []
            now = Period(
                begins_h=item.time_h,
                occasion=occasion,
                reset=item.kind == "reset",
                steady=item.record if item.kind == "steady" else None,
            )
        if item.given is not None:
            given.append(item.given)
    made.append(replace(now, given=tuple(given)))
    return tuple(made)


def _items(records: Sequence[Record]) -> list[_Item]:
    items: list[_Item] = []
    number, latest = 0, float("-inf")
    for rank, record in enumerate(records):
        if record.evid in (3, 4):
            # What is still to come of the records before it does not come.
            if latest >= record.time_h:
                items = [each for each in items if each.time_h < record.time_h]
            items.append(_Item(record.time_h, rank, "reset", record))
        latest = max(latest, record.time_h)
        if record.evid not in (1, 4):
            continue
        if record.steady:
            items.append(_Item(record.time_h, rank, "steady", record))
        if record.endless_rate:
            continue
        for k in range(record.additional + 1):
            at = record.time_h + k * record.every_h
            dose = Dose(
                time_h=at, route=record.route, amount_mg=record.amount_mg,
                duration_h=record.duration_h, of_dose=record.of_dose,
            )  # fmt: skip
            given = Given(
                dose=dose, number=number, every_h=record.every_h if record.steady else 0.0
            )
            number, latest = number + 1, max(latest, at)
            items.append(_Item(at, rank, "dose", record, given))
    return sorted(items, key=lambda each: (each.time_h, each.rank))


def _occasions(items: Sequence[_Item]) -> list[tuple[float, int, int]]:
    """When, with which record, and which occasion begins."""
    starts: list[tuple[float, int, int]] = []
    if any(item.record.occasion for item in items):
        first_of: set[int] = set()
        for item in items:
            # An additional dose is of the occasion that holds when it is given.
            if item.kind == "reset" or item.rank in first_of:
                continue
            first_of.add(item.rank)
            if not starts or starts[-1][2] != item.record.occasion:
                starts.append((item.time_h, item.rank, item.record.occasion))
        return starts
    latest = None
    for item in items:
        if item.kind == "reset":
            continue
        if latest is None or another_day(latest, item.time_h):
            starts.append((item.time_h, -1, len(starts) + 1))
        latest = item.time_h
    return starts
