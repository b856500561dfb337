"""Percentiles of very many people at any times, with memory that does not grow with either.

In: people in a model, what is given to them, times. Out: percentiles of each analyte,
piece by piece. A piece is as many times as fit into the buffer with everybody's value;
people are computed some thousands at a time and forgotten. How one group is computed
is decided in ``populations``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evenkeel.core.pharmacology.grids import even
from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.models import Model
from evenkeel.core.pharmacology.populations import (
    Population,
    Schedule,
    population,
    schedule_of,
)
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.runs import at_times, concentrations, percentiles
from evenkeel.core.pharmacology.subjects import Refusal

GROUP = 8192  # people computed at once: some 20 MB in the largest model
BUFFER = 32_000_000  # numbers kept at once, 256 MB
MOST_PEOPLE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Who they are and what each is given.

    covariates: numbers, or shape (people,). etas: as ``draw_etas`` gives them.
    amounts: for each dose an amount, mg, or shape (people,).
    """

    model: Model
    people: int
    covariates: Mapping[str, Any]
    etas: Mapping[str, Floats]
    doses: Sequence[Dose]
    amounts: Sequence[Any] | None = None
    threads: int = 1
    heard: Callable[[int, int], None] = field(default=lambda done, whole: None)

    def group(self, first: int, last: int) -> tuple[Population, Schedule]:
        """People ``first`` to ``last``, with what is given to them.

        Raises:
            Refusal: somebody is outside the model, or a dose cannot be given.
        """

        def part(value: Any) -> Any:
            return value[first:last] if np.ndim(value) else value

        who = population(
            self.model,
            people=last - first,
            covariates={name: part(value) for name, value in self.covariates.items()},
            etas={name: part(value) for name, value in self.etas.items()},
        )
        amounts = None if self.amounts is None else [part(each) for each in self.amounts]
        return who, schedule_of(who, self.doses, by_person=amounts)


def bands(
    crowd: Crowd, times_h: Floats, wanted: Sequence[float], step_h: float | None = None
) -> Iterator[tuple[slice, Floats]]:
    """Percentiles over the people, piece by piece.

    times_h: shape (m,), hours, ascending; step_h: of the grid that made them, if one did.
    wanted: 0 to 100; between two people the value
    is interpolated (Hyndman and Fan 7). ``crowd.heard`` is told how much of the work is
    done, and of how much.

    Yields:
        A slice of the times and shape (length, analytes, percentiles), ng/mL; at the time
        of a dose the value before it.

    Raises:
        Refusal: nobody, or more than a million people; or as ``Crowd.group``.
    """
    if not 1 <= crowd.people <= MOST_PEOPLE:
        raise Refusal((f"{crowd.people:,} people: at least 1 and at most {MOST_PEOPLE:,}",))
    grid = even(times_h, step_h)
    if grid is not None and crowd.people <= GROUP:
        start, step = grid
        who, plan = crowd.group(0, crowd.people)
        plan = apart(plan, times_h)
        whole = crowd.people * times_h.size
        for part, made in percentiles(
            who, plan, wanted, start_h=start, step_h=step,
            points=times_h.size, threads=crowd.threads,
        ):  # fmt: skip
            yield part, made
            crowd.heard(crowd.people * part.stop, whole)
        return
    yield from _by_groups(crowd, times_h, wanted, grid)


def apart(plan: Schedule, times_h: Floats) -> Schedule:
    """The schedule with no happening so near to a time that the last digit decides.

    Kernels work a grid out with fewer roundings than whoever made the times; what happens at a
    time would fall on either side of it. It is moved by 1e-12 of the time, to its side.
    """
    clear = 1e-12 * np.maximum(1.0, np.abs(plan.when))
    place = np.minimum(np.searchsorted(times_h, plan.when - clear), times_h.size - 1)
    away = times_h[place] - plan.when
    moved = plan.when + np.where(away <= 0.0, 2.0, -2.0) * clear
    return replace(plan, when=np.where(np.abs(away) <= clear, moved, plan.when))


def _by_groups(
    crowd: Crowd,
    times_h: Floats,
    wanted: Sequence[float],
    grid: tuple[float, float] | None,
) -> Iterator[tuple[slice, Floats]]:
    kinds = len(crowd.model.outputs) + (crowd.model.effect_site is not None)
    width = max(1, min(times_h.size, BUFFER // (crowd.people * kinds)))
    buffer = np.empty((kinds, width, crowd.people))
    groups = [(first, min(first + GROUP, crowd.people)) for first in range(0, crowd.people, GROUP)]
    # Whoever fits is made once; of more, each is made again for every piece.
    kept = crowd.group(*groups[0]) if len(groups) == 1 else None
    for begin in range(0, times_h.size, width):
        part = slice(begin, min(begin + width, times_h.size))
        length = part.stop - part.start
        for first, last in groups:
            who, plan = kept or crowd.group(first, last)
            if grid is None:
                made = at_times(who, plan, times_h[part])
            else:
                plan = apart(plan, times_h[part])
                made = concentrations(
                    who, plan, start_h=grid[0], step_h=grid[1], first_point=part.start,
                    points=length, threads=crowd.threads,
                )  # fmt: skip
            buffer[:, :length, first:last] = made.transpose(1, 2, 0)
            crowd.heard(begin * crowd.people + last * length, times_h.size * crowd.people)
        found = np.empty((length, kinds, len(wanted)))
        for kind in range(kinds):
            for place in range(length):
                found[place, kind] = np.percentile(
                    buffer[kind, place], wanted, overwrite_input=True
                )
        yield part, found
