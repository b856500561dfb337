"""Percentiles of very many people at any times, with memory that does not grow with either.

In: people in a model, what is given to them, times. Out: percentiles of each analyte, and of the
receptors taken, piece by piece. A piece is as many times as fit into the buffer with everybody's
value; people are computed some thousands at a time and forgotten, and so are doses (see
``periods``). How one group goes on from period to period is decided in ``groups``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import EFFECT_SITE, Refusal
from evenkeel.core.pharmacology.populations.groups import Group, Stage
from evenkeel.core.pharmacology.populations.people import Population, draw_etas, population
from evenkeel.core.pharmacology.populations.periods import Period
from evenkeel.core.pharmacology.profiles.grids import even
from evenkeel.core.pharmacology.profiles.occupancy import occupancy
from evenkeel.core.pharmacology.systems.linear import Floats

GROUP = 8192  # people computed at once: some 50 MB in the largest model
BUFFER = 32_000_000  # numbers kept at once, 256 MB
AT_ONCE = BUFFER  # numbers that may be kept of everybody, so that all stand in memory at once
MOST_PEOPLE = 1_000_000
MOST_NUMBERS = 1_000_000_000_000  # concentrations of one answer: some hours of two processors
MOST_BEGINNINGS = 20_000_000_000  # of people in periods, each time anew: some hours too
BAND_ENDS = ("low", "middle", "high")  # of the receptors taken
_FIRST = 64  # people
_ROWS = 16_000_000  # numbers of a group on their way into the buffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who they are and what each is given.

    covariates: numbers, or shape (people,). seed: who they are (see ``populations``).
    amounts: for each dose an amount, mg, or shape (people,), in place of the dose's own.
    shift: by parameter, added to everybody's difference; what is not known of the typical
        person (see ``uncertainty``).
    """

    model: Model
    people: int
    covariates: Mapping[str, Any]
    seed: int
    periods: Sequence[Period]
    amounts: Sequence[Any] | None = None
    shift: Mapping[str, float] = field(default_factory=dict)
    threads: int = 1
    heard: Callable[[int, int], None] = field(default=lambda done, whole: None)

    @property
    def kinds(self) -> int:
        """How many concentrations there are of a person at a time."""
        return len(self.model.outputs) + (self.model.effect_site is not None)

    @property
    def analytes(self) -> tuple[str, ...]:
        """Their names, the effect site last."""
        site = self.model.effect_site
        return (*self.model.outputs, *(() if site is None else (EFFECT_SITE + site.analyte,)))

    @property
    def stands_at_once(self) -> bool:
        """Whether everybody's flows, modes and what is left of them fit into memory."""
        n = len(self.model.compartments) + (self.model.effect_site is not None)
        apiece = 2 * n * n + (20 + 2 * self.kinds) * n + 6 * self.kinds + 10
        return self.people * apiece <= AT_ONCE

    def parts(self) -> list[tuple[int, int]]:
        """Who is computed at once."""
        return [(at, min(at + GROUP, self.people)) for at in range(0, self.people, GROUP)]

    def group(self, first: int, last: int) -> Group:
        """People ``first`` to ``last``, at the beginning of what is given."""

        def part(value: Any) -> Any:
            return value[first:last] if np.ndim(value) else value

        def people_of(occasion: int) -> Population:
            etas: dict[str, Any] = {}
            etas |= draw_etas(
                self.model, people=last - first, seed=self.seed, first=first, occasion=occasion
            )
            for name, away in self.shift.items():
                etas[name] = etas.get(name, 0.0) + away
            return population(
                self.model,
                people=last - first,
                covariates={name: part(value) for name, value in self.covariates.items()},
                etas=etas,
            )

        return Group(
            model=self.model,
            people=last - first,
            people_of=people_of,
            periods=self.periods,
            amounts=None if self.amounts is None else [part(each) for each in self.amounts],
        )

    def check(self, times: int = 1) -> None:
        """Refuse what would not come to an end.

        Raises:
            Refusal: nobody, more than a million people, more than 1e12 concentrations, or too
                many people with too many doses.
        """
        if not 1 <= self.people <= MOST_PEOPLE:
            raise Refusal((f"{self.people:,} people: at least 1 and at most {MOST_PEOPLE:,}",))
        whole = self.people * times * self.kinds
        if whole > MOST_NUMBERS:
            raise Refusal(
                (
                    f"{self.people:,} people, {times:,} times and {self.kinds} analytes are "
                    f"{whole:.2g} concentrations, and at most {MOST_NUMBERS:.0e} are worked out: "
                    "ask for fewer times or fewer people",
                )
            )
        pieces = -(-times // self.width(times)) if self.people > GROUP else 1
        if self.people * len(self.periods) * pieces > MOST_BEGINNINGS:
            doses = sum(len(period.given) for period in self.periods)
            raise Refusal(
                (
                    f"{self.people:,} people do not fit into memory with {times:,} times, and "
                    f"would have to begin with the first of {doses:,} doses {pieces:,} times: ask "
                    "for fewer of any",
                )
            )

    def width(self, times: int) -> int:
        """Of how many times everybody's concentrations are kept at once."""
        return max(1, min(times, BUFFER // (self.people * self.kinds)))


def bands(
    crowd: Crowd,
    times_h: Floats,
    wanted: Sequence[float],
    step_h: float | None = None,
    *,
    receptors: bool = False,
) -> Iterator[tuple[slice, Floats]]:
    """Percentiles over the people, piece by piece.

    Args:
        times_h: shape (m,), hours, ascending; step_h: of the grid that made them, if one did.
        wanted: 0 to 100; between two people the value is interpolated (Hyndman and Fan 7).
        receptors: also of the receptors that everything in a person's plasma takes together:
            the low end, the middle and the high end of each person's own band, as shares.

    ``crowd.heard`` is told how much of the work is done, and of how much.

    Yields:
        A slice of the times and shape (length, analytes, percentiles), ng/mL, at the time of a
        dose the value before it; with receptors (length, analytes + 3, percentiles).

    Raises:
        Refusal: as ``Crowd.check`` and ``Group.stages``.
    """
    crowd.check(times_h.size)
    grid = even(times_h, step_h)
    if grid is not None and not receptors and crowd.stands_at_once and _by_modes(crowd):
        yield from _by_windows(crowd, times_h, wanted, grid)
    else:
        yield from _by_groups(crowd, times_h, wanted, grid, receptors=receptors)


def _by_modes(crowd: Crowd) -> bool:
    """Whether most of them have modes that are apart, as far as the first ones tell."""
    from evenkeel.core.pharmacology.populations.modes import Run

    stage = next(crowd.group(0, min(crowd.people, _FIRST)).stages())
    run = Run(stage.who, stage.plan, 0.0, 1.0, 1, stage.begin)
    return 2 * int(run.everybody().fine.sum()) > stage.who.people


def _by_windows(
    crowd: Crowd, times_h: Floats, wanted: Sequence[float], grid: tuple[float, float]
) -> Iterator[tuple[slice, Floats]]:
    """Few enough to stand in memory all at once."""
    from evenkeel.core.pharmacology.populations.spreads import percentiles

    whole = crowd.people * times_h.size
    done = 0
    for stage in crowd.group(0, crowd.people).stages():
        until = _until(stage, times_h)
        if until > done:
            for part, made in percentiles(
                stage.who, stage.plan, wanted, start_h=grid[0], step_h=grid[1], begin=stage.begin,
                first_point=done, points=until - done, threads=crowd.threads,
            ):  # fmt: skip
                yield part, made
                crowd.heard(crowd.people * part.stop, whole)
            done = until
        if done == times_h.size:
            return


def _until(stage: Stage, times_h: Floats) -> int:
    """The first time that is later than this period; one at its end belongs to it."""
    return int(np.searchsorted(times_h, stage.ends_h, side="right"))


class _Rows:
    """Concentrations of a group, for slices of the times that ascend."""

    def __init__(
        self, crowd: Crowd, first: int, last: int, times_h: Floats, grid: tuple[float, float] | None
    ) -> None:
        self._crowd, self._times, self._grid = crowd, times_h, grid
        self._stages = crowd.group(first, last).stages()
        self._stage = next(self._stages)

    def of(self, part: slice) -> Iterator[tuple[slice, Floats]]:
        """Parts of the slice, and shape (people, analytes, length)."""
        from evenkeel.core.pharmacology.populations.runs import at_times, concentrations

        done = part.start
        while done < part.stop:
            until = min(part.stop, _until(self._stage, self._times))
            if until <= done:
                self._stage = next(self._stages)
                continue
            who, plan, begin = self._stage.who, self._stage.plan, self._stage.begin
            width = max(1, _ROWS // (who.people * self._crowd.kinds))
            for at in range(done, until, width):
                some = slice(at, min(at + width, until))
                if self._grid is None:
                    yield some, at_times(who, plan, self._times[some], begin=begin)
                else:
                    yield some, concentrations(
                        who, plan, start_h=self._grid[0], step_h=self._grid[1], begin=begin,
                        first_point=at, points=some.stop - at, threads=self._crowd.threads,
                    )  # fmt: skip
            done = until


def _by_groups(
    crowd: Crowd,
    times_h: Floats,
    wanted: Sequence[float],
    grid: tuple[float, float] | None,
    *,
    receptors: bool,
) -> Iterator[tuple[slice, Floats]]:
    kinds = crowd.kinds
    width = crowd.width(times_h.size)
    buffer = np.empty((kinds, width, crowd.people))
    parts = crowd.parts()
    # One group goes on from piece to piece; of more, each begins anew for every piece.
    kept = _Rows(crowd, *parts[0], times_h, grid) if len(parts) == 1 else None
    for begin in range(0, times_h.size, width):
        part = slice(begin, min(begin + width, times_h.size))
        length = part.stop - part.start
        for first, last in parts:
            rows = kept or _Rows(crowd, first, last, times_h, grid)
            for some, made in rows.of(part):
                inside = slice(some.start - begin, some.stop - begin)
                buffer[:, inside, first:last] = made.transpose(1, 2, 0)
                done = begin * crowd.people + first * length
                done += (last - first) * (some.stop - begin)
                crowd.heard(done, times_h.size * crowd.people)
        found = np.empty((length, kinds + len(BAND_ENDS) * receptors, len(wanted)))
        few = max(1, _ROWS // crowd.people)
        for at in range(0, length, few):
            here = slice(at, min(at + few, length))
            if receptors:
                found[here, kinds:] = _taken(crowd.model, buffer[:, here], wanted)
            for kind in range(kinds):
                made = np.percentile(buffer[kind, here], wanted, axis=1, overwrite_input=True)
                found[here, kind] = made.T
        yield part, found


def _taken(model: Model, ng_per_ml: Floats, wanted: Sequence[float]) -> Floats:
    """Percentiles of the ends of everybody's own band, shape (times, 3, percentiles).

    ng_per_ml: shape (analytes, times, people).
    """
    plasma = {name: ng_per_ml[place] for place, name in enumerate(model.outputs)}
    mass = {name: each.molar_mass for name, each in model.outputs.items()}
    try:
        band = occupancy(plasma, mass)
    except ValueError as fault:
        raise Refusal((f"{model.id}: receptors taken: {fault}",)) from None
    ends = [
        np.percentile(getattr(band, end), wanted, axis=1, overwrite_input=True) for end in BAND_ENDS
    ]
    return np.array(ends).transpose(2, 0, 1)
