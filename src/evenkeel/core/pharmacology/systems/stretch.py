"""One stretch of many people's profiles: turns, crossings and areas, each person's own.

In: everybody's rates, amounts and inputs at a moment, and how long nothing happens. Out: where
everybody stands at the end, each one's highest value and its time, area, and time above levels.
Rates are per hour, times hours, amounts mg, concentrations ng/mL.

A stretch is looked at where it may turn: eight times within the fastest flow's own time, and
eight times in each doubling of that. Between two looks a turn shows in the slope. It is closed in
on by halving with the propagators that made the looks, then on the series of the last piece: no
step is left over, so that a peak or a crossing is right to the last digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.systems.linear import Floats

_TERMS = 22
_HALVINGS = 60
_AT_ONCE = 4096  # roots that are closed in on together
_PER_OCTAVE = 3  # powers of two: looks in each doubling, and within the fastest flow's time
_FEWEST = 5  # doublings of the shortest stretch

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """ends: shape (i, n), mg. area: shape (i, o), ng h/mL. highest, at_h: shape (i, o), of
    within the stretch, hours since it began. above_h: shape (levels, i, o)."""

    ends: Floats
    area: Floats
    highest: Floats
    at_h: Floats
    above_h: Floats


@dataclass(frozen=True, slots=True)
class _Way:
    """matrix: shape (i, N, N), of amounts, areas and a last state that is always 1. steps[q]:
    the propagator of 2**q units; unit_h: shape (i,), hours."""

    matrix: Floats
    steps: list[Floats]
    unit_h: Floats


def stretch(
    rates: Floats, outputs: Floats, state: Floats, inputs: Floats, *, lasts_h: Floats, levels: Any
) -> Stretch:
    """What a stretch comes to.

    Args:
        rates: shape (i, n, n), 1/h. outputs: shape (i, n, o). state: shape (i, n), mg.
        inputs: shape (i, n), mg/h. lasts_h: shape (i,), hours, 0 or more.
        levels: ng/mL, each above 0.
    """
    people, n, kinds = outputs.shape
    way = _way(rates, outputs, inputs, lasts_h)
    size = n + kinds + 1
    begin = np.zeros((people, size))
    begin[:, :n], begin[:, -1] = state, 1.0
    at, widths = _looks(len(way.steps) - 1)
    seen = np.empty((at.size, people, size))
    seen[0] = begin
    for place, q in enumerate(widths):
        seen[place + 1] = (way.steps[q] @ seen[place][:, :, None])[:, :, 0]
    value_of = np.zeros((people, kinds, size))
    value_of[:, :, :n] = outputs.swapaxes(1, 2)
    slope_of = value_of @ way.matrix
    value = np.einsum("iok,lik->lio", value_of, seen)
    slope = np.einsum("iok,lik->lio", slope_of, seen)

    best = value.argmax(axis=0)
    highest = np.take_along_axis(value, best[None], axis=0)[0]
    at_units = at[best]
    turns = np.argwhere((slope[:-1] * slope[1:] < 0.0) & (lasts_h > 0.0)[None, :, None])
    look, who, kind = turns[:, 0], turns[:, 1], turns[:, 2]
    where = _roots(
        way, seen[look, who], who, slope_of[who, kind], np.zeros(look.size),
        at[look], widths[look], at[look], at[look + 1],
        rising=slope[look + 1, who, kind] > 0.0,
    )  # fmt: skip
    tops = _at(way, seen[look, who], who, value_of[who, kind], at[look], widths[look], where)
    # Of several turns of one person the last of the ascending ones stays.
    order = np.argsort(tops, kind="stable")
    order = order[tops[order] > highest[who[order], kind[order]]]
    highest[who[order], kind[order]] = tops[order]
    at_units[who[order], kind[order]] = where[order]
    above = np.zeros((len(levels), people, kinds))
    for number, level in enumerate(levels):
        above[number] = _above(
            way, seen, value, value_of, at, widths, level, (look, who, kind, where, tops), lasts_h
        )
    return Stretch(
        ends=seen[-1, :, :n],
        area=seen[-1, :, n : n + kinds],
        highest=highest,
        at_h=at_units * way.unit_h[:, None],
        above_h=above,
    )


def _way(rates: Floats, outputs: Floats, inputs: Floats, lasts_h: Floats) -> _Way:
    people, n, kinds = outputs.shape
    size = n + kinds + 1
    matrix = np.zeros((people, size, size))
    matrix[:, :n, :n] = rates
    matrix[:, n : n + kinds, :n] = outputs.swapaxes(1, 2)
    # A rate that has stopped may leave a last digit of itself behind.
    matrix[:, :n, -1] = np.maximum(inputs, 0.0)
    shift = np.maximum(-np.diagonal(rates, axis1=1, axis2=2).min(axis=1), 1e-300)
    jumps = float((shift * lasts_h).max(initial=0.0))
    doublings = max(_FEWEST, _PER_OCTAVE + math.ceil(math.log2(max(jumps, 1e-300))))
    unit_h = lasts_h / 2.0**doublings
    small = shift * unit_h
    share = (matrix / shift[:, None, None] + np.eye(size)) * small[:, None, None]
    made = np.broadcast_to(np.eye(size), matrix.shape).copy()
    term = made.copy()
    for k in range(1, _TERMS):
        term = term @ share / k
        made += term
    steps = [made * np.exp(-small)[:, None, None]]
    for _ in range(doublings):
        steps.append(steps[-1] @ steps[-1])
    return _Way(matrix, steps, unit_h)


def _looks(doublings: int) -> tuple[Floats, Ints]:
    """Looks in units from 0 to the end, and which power of two lies between each two."""
    at, widths = [0, 1], [0]
    for octave in range(doublings):
        width = max(0, octave - _PER_OCTAVE)
        for _ in range(2 ** (octave - width)):
            at.append(at[-1] + 2**width)
            widths.append(width)
    return np.array(at, dtype=np.float64), np.array(widths, dtype=np.int64)


def _roots(
    way: _Way, begin: Floats, who: Ints, row: Floats, level: Floats,
    start: Floats, width: Ints, low: Floats, high: Floats, *, rising: npt.NDArray[np.bool_],
) -> Floats:  # fmt: skip
    """Where row . y passes the level between low and high; units, one for each root.

    begin: y at ``start``, the beginning of a piece of 2**width units in which low and high lie.
    rising: whether it is below the level at low.
    """
    found = np.empty(who.size)
    for first in range(0, who.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        found[part] = _some_roots(
            way, begin[part].copy(), who[part], row[part], level[part], start[part].copy(),
            width[part].copy(), low[part], high[part], rising[part],
        )  # fmt: skip
    return found


def _some_roots(
    way: _Way, y: Floats, who: Ints, row: Floats, level: Floats, start: Floats, width: Ints,
    low: Floats, high: Floats, rising: npt.NDArray[np.bool_],
) -> Floats:  # fmt: skip
    for q in range(int(width.max(initial=0)), 0, -1):
        some = np.flatnonzero(width == q)
        middle = start[some] + 2.0 ** (q - 1)
        then = (way.steps[q - 1][who[some]] @ y[some][:, :, None])[:, :, 0]
        value = np.einsum("ij,ij->i", row[some], then) - level[some]
        later = (value < 0.0) == rising[some]
        later = np.where(middle <= low[some], True, np.where(middle >= high[some], False, later))
        y[some[later]], start[some[later]] = then[later], middle[later]
        width[some] = q - 1
    series = _series(way, y, who, row)
    series[0] -= level
    below, above = np.clip(low - start, 0.0, 1.0), np.clip(high - start, 0.0, 1.0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (below + above)
        later = (_sum(series, middle) < 0.0) == rising
        below, above = np.where(later, middle, below), np.where(later, above, middle)
    return np.asarray(start + 0.5 * (below + above), dtype=np.float64)


def _series(way: _Way, y: Floats, who: Ints, row: Floats) -> Floats:
    """Coefficients of row . y over one unit, shape (terms, roots)."""
    matrix = way.matrix[who] * way.unit_h[who][:, None, None]
    term = y
    made = np.empty((_TERMS, who.size))
    for k in range(_TERMS):
        made[k] = np.einsum("ij,ij->i", row, term)
        term = (matrix @ term[:, :, None])[:, :, 0] / (k + 1)
    return made


def _sum(series: Floats, at: Floats) -> Floats:
    total = np.zeros_like(at)
    for coefficient in series[::-1]:
        total = total * at + coefficient
    return total


def _at(
    way: _Way, begin: Floats, who: Ints, row: Floats, start: Floats, width: Ints, where: Floats
) -> Floats:
    """row . y at these places; arguments as in ``_roots``."""
    found = np.empty(who.size)
    for first in range(0, who.size, _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        y, begun, persons = begin[part].copy(), start[part].copy(), who[part]
        for q in range(int(width[part].max(initial=0)), 0, -1):
            some = np.flatnonzero((width[part] >= q) & (where[part] - begun >= 2.0 ** (q - 1)))
            y[some] = (way.steps[q - 1][persons[some]] @ y[some][:, :, None])[:, :, 0]
            begun[some] += 2.0 ** (q - 1)
        found[part] = _sum(_series(way, y, persons, row[part]), where[part] - begun)
    return found


def _above(
    way: _Way, seen: Floats, value: Floats, value_of: Floats, at: Floats, widths: Ints,
    level: float, turns: tuple[Ints, Ints, Ints, Floats, Floats], lasts_h: Floats,
) -> Floats:  # fmt: skip
    """Hours above a level, shape (i, o): steady pieces between looks and turns."""
    look, who, kind, where, tops = turns
    turned = np.zeros(value[1:].shape, dtype=np.bool_)
    turned[look, who, kind] = True
    plain = np.argwhere(~turned & ((value[:-1] > level) | (value[1:] > level)))
    a, i, o = plain[:, 0], plain[:, 1], plain[:, 2]
    # Each turn parts its piece into one before it and one after it.
    pieces = [
        (a, i, o, at[a], at[a + 1], value[a, i, o], value[a + 1, i, o]),
        (look, who, kind, at[look], where, value[look, who, kind], tops),
        (look, who, kind, where, at[look + 1], tops, value[look + 1, who, kind]),
    ]
    a, i, o, low, high, first, last = (np.concatenate(each) for each in zip(*pieces, strict=True))
    begun, ended = first > level, last > level
    units = np.where(begun & ended, high - low, 0.0)
    crossed = np.flatnonzero(begun != ended)
    if crossed.size:
        c = crossed
        root = _roots(
            way, seen[a[c], i[c]], i[c], value_of[i[c], o[c]], np.full(c.size, level),
            at[a[c]], widths[a[c]], low[c], high[c], rising=ended[c],
        )  # fmt: skip
        units[c] = np.where(begun[c], root - low[c], high[c] - root)
    total = np.zeros(value.shape[1:])
    np.add.at(total, (i, o), units)
    return np.asarray(total * way.unit_h[:, None] * (lasts_h > 0.0)[:, None], dtype=np.float64)
