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
    rows, width = matrix.shape
    held = [np.flatnonzero(row) for row in matrix]
    first = np.array([each[0] if each.size else 0 for each in held], dtype=np.int64)
    numbers = matrix[np.arange(rows), first] if rows else np.zeros(0)
    levels: list[tuple[Ints | None, Ints, Floats]] = [(None, first, numbers)]
    for level in range(1, width):
        longer = np.array([k for k, each in enumerate(held) if each.size > level], dtype=np.int64)
        if not longer.size:
            break
        places = np.array([held[k][level] for k in longer], dtype=np.int64)
        levels.append((longer, places, matrix[longer, places]))
    return Few(tuple(levels))
