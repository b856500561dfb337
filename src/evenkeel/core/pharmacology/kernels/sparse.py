"""Products with a matrix that holds few numbers, number by number, for many columns at once."""

from __future__ import annotations

from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry


@entry(
    {
        "begins": "i8 b", "place": "i8 n", "number": "f8 n", "given": "f8 k w",
        "made": "f8 k r, filled",
    },
    fused=True,
)  # fmt: skip
def times(begins: Any, place: Any, number: Any, given: Any, made: Any) -> None:
    """The matrix times each row of what is given.

    Args:
        begins, place, number: the numbers of row r stand from ``begins[r]`` to
            ``begins[r + 1]``, each at its place in the row.
        given, made: shapes (k, w), (k, r).
    """
    rows, count = made.shape[1], given.shape[0]
    whole = count - count % 4
    for k in range(0, whole, 4):  # four at a time: places and numbers are read once for them
        for r in range(rows):
            a = b = c = d = 0.0
            for at in range(begins[r], begins[r + 1]):
                w, by = place[at], number[at]
                a += by * given[k, w]
                b += by * given[k + 1, w]
                c += by * given[k + 2, w]
                d += by * given[k + 3, w]
            made[k, r], made[k + 1, r], made[k + 2, r], made[k + 3, r] = a, b, c, d
    for k in range(whole, count):
        for r in range(rows):
            total = 0.0
            for at in range(begins[r], begins[r + 1]):
                total += number[at] * given[k, place[at]]
            made[k, r] = total
