"""Products with matrices that hold few numbers, number by number.

In: a matrix that is almost empty, many columns. Out: their product. A library for full
matrices would multiply mostly with zero, and starts threads that cost more than they bring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Few:
    """The first number of each row of a matrix; then of the rows that have one the second …

    Of each: the rows (None: all), the places in the row, the numbers.
    """

    levels: tuple[tuple[Ints | None, Ints, Floats], ...]

    def times(self, columns: Floats) -> Floats:
        """The matrix times columns, shape (places, columns); (rows, columns)."""
        _, places, numbers = self.levels[0]
        made = numbers[:, None] * columns[places]
        for rows, places, numbers in self.levels[1:]:
            made[rows] += numbers[:, None] * columns[places]
        return np.asarray(made)


def few(matrix: Floats) -> Few:
    """The numbers of a matrix that are not zero."""
    rows = len(matrix)
    at, places = np.nonzero(matrix)
    counts = np.bincount(at, minlength=rows)
    before = np.cumsum(counts) - counts  # of those that stand in earlier rows
    first = np.zeros(rows, dtype=np.int64)
    some = counts > 0
    first[some] = places[before[some]]
    numbers = matrix[np.arange(rows), first] if rows else np.zeros(0)
    levels: list[tuple[Ints | None, Ints, Floats]] = [(None, first, numbers)]
    for level in range(1, int(counts.max(initial=0))):
        longer = np.nonzero(counts > level)[0]
        there = places[before[longer] + level]
        levels.append((longer, there, matrix[longer, there]))
    return Few(tuple(levels))
