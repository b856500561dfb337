"""Roots and inverses of symmetric matrices of some hundred rows, on one thread.

A library for large matrices starts others here, which wait for each other: on a busy machine
a hundred times as long as the work.
"""

from __future__ import annotations

import math
from typing import Any

from evenkeel.core.pharmacology.kernels.making import entry
from evenkeel.core.pharmacology.kernels.steps import add_product, rooted


@entry(
    {
        "matrix": "f8 n n", "more": "f8", "least": "f8", "root": "f8 n n, filled",
        "volume": "f8 1, filled",
    },
    fused=True,
)  # fmt: skip
def root(matrix: Any, more: float, least: float, root: Any, volume: Any) -> None:
    """The upper triangle whose square is the matrix and ``more`` of one.

    Args:
        root: filled, zero below.
        volume: filled, the log of the determinant; nan where a pivot is no more than ``least``.
    """
    width = root.shape[0]
    volume[0] = math.nan
    if rooted(matrix, more, least, root):
        volume[0] = 0.0
        for k in range(width):
            volume[0] += 2.0 * math.log(root[k, k])
            for h in range(k):
                root[k, h] = 0.0


@entry({"root": "f8 n n", "half": "f8 n n, filled", "made": "f8 n n, filled"}, fused=True)
def inverse(root: Any, half: Any, made: Any) -> None:
    """Of the square of an upper triangle; ``half``, to write into: its inverse, transposed."""
    width = root.shape[0]
    for k in range(width):
        for h in range(width):
            half[k, h] = made[k, h] = 0.0
        half[k, k] = 1.0
    # Row h of the transposed triangle's inverse, from those before it.
    for h in range(width):
        for k in range(h):
            by = root[k, h]
            for m in range(k + 1):
                half[h, m] -= by * half[k, m]
        over = 1.0 / root[h, h]
        for m in range(h + 1):
            half[h, m] *= over
    for h in range(width):
        for k in range(h + 1):
            by = half[h, k]
            for m in range(h + 1):
                made[k, m] += by * half[h, m]


@entry({"left": "f8 m n", "right": "f8 m n", "made": "f8 n n, filled"}, fused=True)
def add(left: Any, right: Any, made: Any) -> None:
    """A symmetric matrix grows by the transposed left times the right, which must be one too."""
    add_product(left, right, made)
