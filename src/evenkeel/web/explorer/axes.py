"""One axis system: where a value stands, and which round numbers stand beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.systems.linear import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The inside of a drawing, in its own units."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """x from 0 to x_end; y from y_low to y_high, logarithmic or not."""

    box: Box
    x_end: float
    y_low: float
    y_high: float
    is_log: bool = False

    def x(self, value: float) -> float:
        part = min(max(value / self.x_end, 0.0), 1.0)
        return self.box.left + part * (self.box.right - self.box.left)

    def y(self, value: float) -> float:
        if self.is_log:
            low, high = math.log10(self.y_low), math.log10(self.y_high)
            part = (math.log10(max(value, self.y_low)) - low) / (high - low)
        else:
            part = (value - self.y_low) / (self.y_high - self.y_low)
        return self.box.bottom - min(max(part, 0.0), 1.0) * (self.box.bottom - self.box.top)

    def xs(self, values: Floats) -> Floats:
        """As ``x``, of many."""
        part = np.clip(values / self.x_end, 0.0, 1.0)
        return np.asarray(self.box.left + part * (self.box.right - self.box.left))

    def ys(self, values: Floats) -> Floats:
        """As ``y``, of many."""
        if self.is_log:
            low, high = math.log10(self.y_low), math.log10(self.y_high)
            part = (np.log10(np.maximum(values, self.y_low)) - low) / (high - low)
        else:
            part = (values - self.y_low) / (self.y_high - self.y_low)
        tall = self.box.bottom - self.box.top
        return np.asarray(self.box.bottom - np.clip(part, 0.0, 1.0) * tall)

    def y_ticks(self) -> list[float]:
        if self.is_log:
            first, last = round(math.log10(self.y_low)), math.floor(math.log10(self.y_high) + 1e-9)
            return [10.0**power for power in range(first, last + 1)]
        step = round_step(self.y_high - self.y_low, 5)
        return [step * k for k in range(round(self.y_high / step) + 1) if step * k <= self.y_high]


def points(axes: Axes, x: Floats, y: Floats) -> list[tuple[float, float]]:
    """On the drawing: no more than can be seen.

    Of a column as wide as half a unit its first, lowest, highest and last; of several that
    lie on one line within a tenth of a unit, the ends.
    """
    across, up = axes.xs(x), axes.ys(y)
    if across.size > 2 * (axes.box.right - axes.box.left):
        begins = np.flatnonzero(np.diff(np.floor(2 * across), prepend=-1.0))
        ends = np.append(begins[1:], across.size) - 1
        low, high = np.minimum.reduceat(up, begins), np.maximum.reduceat(up, begins)
        up = np.stack([up[begins], low, high, up[ends]], axis=1).ravel()
        across = np.stack([across[begins], across[begins], across[ends], across[ends]], 1).ravel()
    made = list(zip(across.tolist(), up.tolist(), strict=True))
    kept: list[tuple[float, float]] = []
    for place, point in enumerate(made):
        after = made[place + 1] if place + 1 < len(made) else None
        if kept and after is not None:
            (x0, y0), (x1, y1), (x2, y2) = kept[-1], point, after
            if x2 == x0:
                if y1 in (y0, y2):
                    continue
            elif x2 - x0 < 6.0 and abs(y0 + (y2 - y0) * (x1 - x0) / (x2 - x0) - y1) < 0.05:
                continue
        kept.append(point)
    return kept


def round_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that gives at most so many steps."""
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    return power * next(each for each in (1.0, 2.0, 2.5, 5.0, 10.0) if each * power >= raw - 1e-12)


def round_up(value: float) -> float:
    """The end of an axis that holds a value: a whole number of round steps."""
    step = round_step(max(value, 1e-6), 5)
    return step * math.ceil(value / step - 1e-9)


def hour_ticks(hours: float, most: int) -> list[tuple[float, str]]:
    """Round times from 0 to ``hours`` with their words: minutes, hours or days."""
    if hours <= 2:
        step_min = next(each for each in (1, 2, 5, 10, 15, 20, 30, 60) if hours * 60 / each <= most)
        return [(at / 60, f"{at:g} min") for at in _steps(hours * 60, step_min)]
    if hours > 72:
        days = hours / 24
        step = next(each for each in (1, 2, 3, 5, 7, 14, 28, 56) if days / each <= most)
        return [(24.0 * k, f"day {k:g}") for k in _steps(days, step)]
    step_h = next(each for each in (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12) if hours / each <= most)
    return [(at, f"{at:g} h") for at in _steps(hours, step_h)]


def _steps(end: float, step: float) -> list[float]:
    return [step * k for k in range(math.floor(end / step + 1e-9) + 1)]
