"""What measured concentrations say of predicted ones.

In: measurements with the published error of their analyte. Out: minus the log of the
likelihood of many predictions at once, its slope and its expected curvature.

The error depends on the prediction (interaction): proportional, additive, or on the log
scale. A value below the limit counts by its probability (M3: Beal 2001, J Pharmacokinet
Pharmacodyn 28:481-504).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.library.models import Residual
from evenkeel.core.pharmacology.systems.linear import Floats

Bools = npt.NDArray[np.bool_]

NOTHING = 1e-30  # ng/mL: a prediction below it is taken as it
_TAIL = -30.0  # where the series of the normal tail reaches twelve digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One concentration. below: only known to lie below ng_per_ml, the limit of the method."""

    time_h: float
    analyte: str
    ng_per_ml: float
    below: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """Of measurements. Arrays: one number a measurement; variances as shares and in ng/mL.

    log: standard deviation on the log scale; 0: the error is of the other kind.
    """

    values: Floats
    below: Bools
    proportional: Floats
    additive: Floats
    log: Floats
    by_log: Bools
    _any_log: bool
    _any_below: bool

    def of(self, which: npt.NDArray[np.int64]) -> Likelihood:
        """Of some of the measurements."""
        below, by_log = self.below[which], self.by_log[which]
        return Likelihood(
            values=self.values[which], below=below, proportional=self.proportional[which],
            additive=self.additive[which], log=self.log[which], by_log=by_log,
            _any_log=bool(by_log.any()), _any_below=bool(below.any()),
        )  # fmt: skip

    def surprise(self, predicted: Floats) -> Floats:
        """Minus the log without 0.5 log 2 pi, of each measurement; shape (..., measurements)."""
        f = np.maximum(predicted, NOTHING)
        scale, away = self._away(f)
        made = 0.5 * away**2 + np.log(scale)
        if self._any_log:
            made = np.where(self.by_log, made + np.log(self.values), made)
        if self._any_below:
            made[..., self.below] = -log_normal_share(away[..., self.below])
        return np.asarray(made)

    def shape(self, predicted: Floats) -> tuple[Floats, Floats, Floats]:
        """The same, its first derivative by the prediction, the expected second one.

        The expected second derivative is never negative.
        """
        f = np.maximum(predicted, NOTHING)
        if self._any_log or self._any_below:
            return self.surprise(predicted), *self._derivatives(f)
        variance = self.proportional * f**2 + self.additive
        left = self.values - f
        growth = self.proportional * f / variance  # of the log of the scale
        square = left**2 / variance
        return (
            0.5 * (square + np.log(variance)),
            growth * (1.0 - square) - left / variance,
            1.0 / variance + 2.0 * growth**2,
        )

    def weighted(self, predicted: Floats) -> Floats:
        """Residuals in standard deviations; nan where only a limit is known."""
        f = np.maximum(predicted, NOTHING)
        return np.where(self.below, np.nan, self._away(f)[1])

    def below_share(self, predicted: Floats) -> Floats:
        """Probability of a value below the limit; nan where a value was measured."""
        made = np.full(self.values.size, np.nan)
        if self._any_below:
            made[self.below] = np.exp(-self.surprise(predicted)[self.below])
        return made

    def _away(self, f: Floats) -> tuple[Floats, Floats]:
        """The standard deviation and how many of them a value lies away."""
        scale = np.sqrt(self.proportional * f**2 + self.additive)
        left = self.values - f
        if self._any_log:
            scale = np.where(self.by_log, self.log, scale)
            left = np.where(self.by_log, np.log(self.values / f), left)
        return scale, left / scale

    def _derivatives(self, f: Floats) -> tuple[Floats, Floats]:
        by_log = self.by_log
        variance = np.where(by_log, (self.log * f) ** 2, self.proportional * f**2 + self.additive)
        scale = np.sqrt(variance)
        growth = np.where(by_log, 0.0, self.proportional * f / variance)
        left = np.where(by_log, f * np.log(self.values / f), self.values - f)
        first = -left / variance + growth * (1.0 - left**2 / variance)
        second = 1.0 / variance + 2.0 * growth**2
        if self._any_below:
            away = left / scale
            turn = -(1.0 / scale + np.where(by_log, 0.0, away * growth))
            rise = np.exp(-0.5 * away**2 - 0.5 * math.log(2 * math.pi) - log_normal_share(away))
            first = np.where(self.below, -rise * turn, first)
            second = np.where(self.below, rise * np.maximum(away + rise, 0.0) * turn**2, second)
        return first, second


def likelihood_of(measurements: Sequence[Measurement], errors: Sequence[Residual]) -> Likelihood:
    """errors: of the analyte of each measurement."""
    log = np.array([each.log_sd for each in errors], dtype=np.float64)
    below = np.array([each.below for each in measurements], dtype=np.bool_)
    return Likelihood(
        values=np.array([each.ng_per_ml for each in measurements], dtype=np.float64),
        below=below,
        proportional=np.array([each.proportional_sd**2 for each in errors], dtype=np.float64),
        additive=np.array([each.additive_sd_ng_per_ml**2 for each in errors], dtype=np.float64),
        log=log,
        by_log=log > 0.0,
        _any_log=bool((log > 0.0).any()),
        _any_below=bool(below.any()),
    )


def log_normal_share(x: Floats) -> Floats:
    """Log of the standard normal distribution function, to twelve digits also in the tail."""
    erfc = np.vectorize(math.erfc, otypes=[np.float64])
    near = np.maximum(x, _TAIL)
    with np.errstate(divide="ignore"):
        # Above 5 the share is 1 less a little, which a log of it would lose.
        other = 0.5 * erfc(np.abs(near) / math.sqrt(2.0))
        body = np.where(near > 0.0, np.log1p(-other), np.log(other))
    far = np.minimum(x, _TAIL)
    square = far**2
    tail = (
        -0.5 * square
        - np.log(-far * math.sqrt(2 * math.pi))
        + np.log1p(-1 / square + 3 / square**2 - 15 / square**3 + 105 / square**4)
    )
    return np.asarray(np.where(x < _TAIL, tail, body))
