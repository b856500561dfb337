"""Where an even grid stands between happenings: the one rounding that both kernels share."""

from __future__ import annotations

import math

from evenkeel.core.pharmacology.kernels.making import inner


@inner()
def grid_time(start: float, step: float, j: int) -> float:
    """When grid point ``j`` is, rounded as everybody rounds it: a fused product would put a
    dose at a grid point on the other side of it."""
    return start + j * step


@inner()
def stretch_end(at: float, start: float, step: float, j: int, j1: int) -> int:
    """First grid point from ``j`` on that lies after the time ``at``, at most ``j1``."""
    ahead = (at - start) / step
    if ahead >= j1:
        return j1
    stop = max(j, math.floor(ahead) + 1)
    while stop > j and grid_time(start, step, stop - 1) > at:
        stop -= 1
    while stop < j1 and grid_time(start, step, stop) <= at:
        stop += 1
    return stop
