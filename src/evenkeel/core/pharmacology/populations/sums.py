"""What each person's profile comes to, as percentiles over the people.

In: a crowd, from when until when, levels. Out: percentiles of everybody's own peak, its time,
area and time above: never those of the percentiles' curves. People are computed some at a time,
and of each only these numbers are kept. How a stretch is looked at is decided in ``stretch``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.populations.crowds import Crowd
from evenkeel.core.pharmacology.populations.groups import Stage
from evenkeel.core.pharmacology.populations.people import Population
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.stretch import stretch

AT_ONCE = 512  # people: their propagators take some 50 MB in the largest model
_SAME = 1e-12
MOST_SUMS = 20_000_000  # people times doses: an hour or three


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdSummary:
    """One analyte. Each shape (percentiles,): peak ng/mL, at hours; area ng h/mL; above: hours
    by level of ng/mL."""

    analyte: str
    peak: Floats
    peak_at_h: Floats
    area: Floats
    above_h: Mapping[float, Floats]


@dataclass(slots=True)
class Sums:
    """Of everybody. peak, peak_at_h, area: shape (i, o). above_h: shape (levels, i, o)."""

    peak: Floats
    peak_at_h: Floats
    area: Floats
    above_h: Floats


def sums_of(crowd: Crowd, *, from_h: float, until_h: float, levels: Sequence[float] = ()) -> Sums:
    """Everybody's own, between two moments; as ``results.summarise`` has them of one person.

    levels: ng/mL, each above 0.

    Raises:
        Refusal: nothing lies between the moments; more than twenty million doses of all people; as
            ``Crowd.check`` and ``Group.stages``.
    """
    if not np.isfinite([from_h, until_h]).all() or until_h <= from_h:
        raise Refusal((f"from {from_h:g} h to {until_h:g} h there is nothing to sum up",))
    crowd.check()
    doses = sum(max(1, len(period.given)) for period in crowd.periods)
    if crowd.people * doses > MOST_SUMS:
        raise Refusal(
            (
                f"{crowd.people:,} people with {doses:,} doses: peaks, areas and times above are "
                f"worked out for at most {MOST_SUMS:,} doses of all people; ask for fewer people",
            )
        )
    shape = (crowd.people, crowd.kinds)
    whole = Sums(
        np.zeros(shape), np.full(shape, from_h), np.zeros(shape), np.zeros((len(levels), *shape))
    )
    for first in range(0, crowd.people, AT_ONCE):
        last = min(first + AT_ONCE, crowd.people)
        part = slice(first, last)
        here = Sums(
            whole.peak[part], whole.peak_at_h[part], whole.area[part], whole.above_h[:, part]
        )
        for stage in crowd.group(first, last).stages():
            _add(here, stage, from_h, until_h, levels)
            if stage.ends_h > until_h:
                break
        crowd.heard(last, crowd.people)
    return whole


def summaries_of(
    crowd: Crowd,
    wanted: Sequence[float],
    *,
    from_h: float,
    until_h: float,
    levels: Sequence[float] = (),
) -> tuple[CrowdSummary, ...]:
    """Percentiles of each; of the analytes in their order, effect site last.

    wanted: 0 to 100; between two people the value is interpolated (Hyndman and Fan 7).

    Raises:
        Refusal: as ``sums_of``.
    """
    levels = tuple(dict.fromkeys(levels))
    found = sums_of(crowd, from_h=from_h, until_h=until_h, levels=levels)
    return tuple(
        CrowdSummary(
            analyte=name,
            peak=np.percentile(found.peak[:, place], wanted),
            peak_at_h=np.percentile(found.peak_at_h[:, place], wanted),
            area=np.percentile(found.area[:, place], wanted),
            above_h={
                level: np.percentile(found.above_h[number, :, place], wanted)
                for number, level in enumerate(levels)
            },
        )
        for place, name in enumerate(crowd.analytes)
    )


def _add(here: Sums, stage: Stage, from_h: float, until_h: float, levels: Sequence[float]) -> None:
    """One period: stretch by stretch, from one happening of each person to the next."""
    who, plan = stage.who, stage.plan
    people, n = who.rates.shape[:2]
    last = stage.ends_h > until_h
    end = until_h if last else stage.ends_h
    if stage.begin is not None:
        begins = np.full(people, stage.begin.at_h)
        state, inputs = np.array(stage.begin.amounts), np.array(stage.begin.rates)
    else:
        begins = np.full(people, min(from_h, end, plan.when.min(initial=np.inf)))
        state, inputs = np.zeros((people, n)), np.zeros((people, n))
    if not last and float(begins.min()) >= end:
        return
    when = np.broadcast_to(plan.when, (people, plan.when.shape[1]))
    site = np.broadcast_to(plan.site, when.shape)
    is_rate = np.broadcast_to(plan.is_rate, when.shape)
    # What happens at the end of a period is of the next one; at the very last moment it counts.
    due = when <= end if last else when < end
    # The beginning of what is asked for is a moment like a dose of nothing.
    order = np.argsort(np.concatenate([when, np.full((people, 1), from_h)], axis=1), axis=1)
    rows, clock = np.arange(people), begins
    for column in range(order.shape[1] + 1):
        if column < order.shape[1]:
            place = order[:, column]
            own = place < when.shape[1]
            place = np.minimum(place, max(when.shape[1] - 1, 0))
            moment = np.where(own, when[rows, place] if when.shape[1] else from_h, from_h)
            acts = own & (due[rows, place] if when.shape[1] else own)
        else:
            moment, acts = np.full(people, end), np.zeros(people, dtype=np.bool_)
        until = np.clip(moment, clock, end)
        if float((until - clock).max()) > 0.0:
            state = _along(here, who, state, inputs, clock, until, from_h, levels)
        clock = until
        if acts.any():
            much = np.where(acts, plan.amount[rows, place], 0.0)
            rate = is_rate[rows, place]
            inputs[rows, site[rows, place]] += np.where(rate, much, 0.0)
            state[rows, site[rows, place]] += np.where(rate, 0.0, much)
        value = np.einsum("in,ino->io", state, who.outputs)
        _raise(here, value, clock[:, None] * np.ones_like(value), (clock >= from_h)[:, None])


def _along(
    here: Sums, who: Population, state: Floats, inputs: Floats,
    clock: Floats, until: Floats, from_h: float, levels: Sequence[float],
) -> Floats:  # fmt: skip
    made = stretch(who.rates, who.outputs, state, inputs, lasts_h=until - clock, levels=levels)
    counts = ((clock >= from_h) & (until > clock))[:, None]
    here.area += np.where(counts, made.area, 0.0)
    here.above_h += np.where(counts[None], made.above_h, 0.0)
    _raise(here, made.highest, clock[:, None] + made.at_h, counts)
    return np.maximum(made.ends, 0.0)


def _raise(here: Sums, value: Floats, at_h: Floats, counts: npt.NDArray[np.bool_]) -> None:
    # Of peaks that are the same but for the last digits, as at a steady state, the first counts.
    higher = counts & (value > here.peak * (1.0 + _SAME))
    here.peak[higher] = value[higher]
    here.peak_at_h[higher] = at_h[higher]
