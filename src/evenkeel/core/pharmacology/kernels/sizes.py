"""Sizes that a kernel and whoever makes memory for it must agree on."""

from __future__ import annotations

BLOCK = 16  # grid points that ``blocks`` writes at once
LINE = 8  # float64 of a cache line, and of a vector
LANES = LINE  # sets of parameters side by side
POWERS = 64  # grid points of a table of powers: worth the loop, and in the cache
INTERVALS = 24  # distinct intervals of a shared schedule that are remembered
PUT_IN, RATE, PART = 0, 1, 2  # kinds of happenings in ``sets``
LEVELS = 6  # spans of 1, 2, 4 … 32 points
REMEMBERED = 7  # numbers kept of a percentile from one moment to the next
