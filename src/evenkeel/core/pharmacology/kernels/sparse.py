"""Products with a matrix that holds few numbers, number by number, for many columns at once."""

from __future__ import annotations

from typing import Any

from evenkeel.core.pharmacology.kernels.abreast import add_times, fill
from evenkeel.core.pharmacology.kernels.making import entry
from evenkeel.core.pharmacology.kernels.sizes import LANES


@entry(
    {
        "begins": "i8 b", "place": "i8 n", "number": "f8 n", "given": "f8 k w",
        "some": "f8 w 8, filled", "sums": "f8 2 8, filled", "made": "f8 k r, filled",
    },
    fused=True,
)  # fmt: skip
def times(
    begins: Any, place: Any, number: Any, given: Any, some: Any, sums: Any, made: Any
) -> None:
    """The matrix times each row of what is given.

    Args:
        begins, place, number: the numbers of row r stand from ``begins[r]`` to
            ``begins[r + 1]``, each at its place in the row.
        given, made: shapes (k, w), (k, r).
        some, sums: to write into: eight of the given side by side.
    """
    count, width = given.shape
    for first in range(0, count, LANES):
        lanes = min(LANES, count - first)
        for w in range(width):
            for s in range(LANES):
                some[w, s] = given[first + min(s, lanes - 1), w]
        for r in range(made.shape[1]):
            fill(sums[0], 0.0)
            for at in range(begins[r], begins[r + 1]):
                fill(sums[1], number[at])
                add_times(sums[0], sums[1], some[place[at]])
            for s in range(lanes):
                made[first + s, r] = sums[0, s]
