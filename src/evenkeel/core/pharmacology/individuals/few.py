"""Products with matrices that hold few numbers, number by number.

In: a matrix that is almost empty, many columns. Out: their products. A library for full
matrices would multiply mostly with zero, and starts threads that cost more than they bring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.kernels.compiled import kernel
from evenkeel.core.pharmacology.kernels.sizes import LANES
from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]

_times = kernel("sparse.times")


@dataclass(frozen=True, slots=True)
class Few:
    """The numbers of a matrix, row by row: where each row begins, places in it, the numbers."""

    begins: Ints
    places: Ints
    numbers: Floats

    def times(self, columns: Floats) -> Floats:
        """The matrix times each of some columns, shape (columns, places); (columns, rows)."""
        made = np.empty((len(columns), self.begins.size - 1))
        some, sums = np.empty((columns.shape[1], LANES)), np.empty((2, LANES))
        given = np.ascontiguousarray(columns)
        _times(self.begins, self.places, self.numbers, given, some, sums, made)
        return made


def few(matrix: Floats) -> Few:
    """The numbers of a matrix that are not zero."""
    at, places = np.nonzero(matrix)
    begins = np.searchsorted(at, np.arange(len(matrix) + 1))
    return Few(begins, places.copy(), matrix[at, places])
