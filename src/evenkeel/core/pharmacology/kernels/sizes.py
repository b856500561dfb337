"""Sizes that a kernel and whoever makes memory for it must agree on."""

from __future__ import annotations

BLOCK = 16  # grid points that ``blocks`` writes at once
LINE = 8  # float64 of a cache line, and of a vector
LANES = LINE  # sets of parameters side by side
POWERS = 64  # grid points of a table of powers: worth the loop, and in the cache
INTERVALS = 24  # distinct intervals of a shared schedule that are remembered
PUT_IN, RATE, PART = 0, 1, 2  # kinds of happenings in ``sets``
FIXED = -1  # of a number in ``numbers``: it is the same for all sets
NOT_FINITE, NEGATIVE, OVERLAP = 1, 2, 3  # what is wrong with it
POLES = 4  # fractions of an exponential that are taken at once in ``sets``
SET_ROWS, SET_REST = 7 + 4 * POLES, 5  # rows of lanes there: of each compartment, and the rest
LEVELS = 9  # spans of 1, 2, 4 … 256 points
BAND = 10  # numbers that tell a band around a percentile's path
SOME = 2**15  # values of some people at some points, as long as they stay in the cache
REMEMBERED = 3  # numbers kept of a percentile from one span to the next
