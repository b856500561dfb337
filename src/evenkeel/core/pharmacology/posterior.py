"""What measured concentrations say about one person: the posterior, its slope, its curvature.

In: a model with its spread, doses, measurements. Out: minus the log of the posterior for
many sets of differences at once, in standard deviations of the prior.

As in NONMEM for one subject: what was measured given the prediction, its error depending
on the prediction (interaction), proportional, additive or on the log scale; a value below
the limit counts by its probability (M3: Beal 2001, J Pharmacokinet Pharmacodyn 28:481-504);
the published spread is the prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.courses import Course, course_of
from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.models import Model
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.subjects import Refusal

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_MEASUREMENTS = 1_000
MOST_DOSES = 2_000
# One substance under two names: an older paper's and the one of the product.
SAME = {"esketamine": "s_ketamine", "noresketamine": "s_norketamine"}
_SLOPE = 2e-4  # of a standard deviation, for the slope: the error is its square
_BEND = 1e-3  # for the curvature
_TINY = 1e-30  # ng/mL: a prediction below it is taken as it
_TAIL = -30.0  # where the series of the normal tail reaches twelve digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One concentration. below: only known to lie below ng_per_ml, the limit of the method."""

    time_h: float
    analyte: str
    ng_per_ml: float
    below: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One place: value, slope, and the expected curvature, which is never negative."""

    z: Floats
    value: float
    slope: Floats
    bend: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Minus its log, as a function of z: the differences are ``factor @ z``.

    names: differences that the measurements depend on, then those that they do not and
        whose posterior therefore is the prior (given the others of their block).
    width: how many are of the first kind; z has this length.
    factor: shape (names, names), lower triangle, of the prior's covariance.
    time_of, analyte_of: place of each measurement among the course's.
    errors: shape (3, measurements): proportional, additive in ng/mL, on the log scale.
    """

    course: Course
    names: tuple[str, ...]
    width: int
    factor: Floats
    time_of: Ints
    analyte_of: Ints
    values: Floats
    below: Bools
    errors: Floats

    def etas(self, z: Floats) -> dict[str, Floats]:
        """Differences by name, of z with shape (sets, width)."""
        made = z @ self.factor[: self.width, : self.width].T
        return {name: made[:, place] for place, name in enumerate(self.names[: self.width])}

    def predictions(self, z: Floats) -> Floats:
        """ng/mL at each measurement, shape (sets, measurements)."""
        made = self.course.concentrations(self.etas(z))
        found = made[:, self.analyte_of, self.time_of]
        return np.asarray(np.broadcast_to(found, (len(z), self.values.size)))

    def surprise(self, z: Floats) -> Floats:
        """Minus the log of the posterior without its constant, shape (sets,)."""
        return np.asarray(self._fit(self.predictions(z)).sum(axis=1) + 0.5 * (z**2).sum(axis=1))

    def shapes(self, places: Floats, *, exact: bool) -> list[Shape]:
        """Value, slope and expected curvature at each of some z, shape (k, width), in one call.

        exact: predictions are differenced to both sides and not to one only.
        """
        count, width = places.shape
        moves = _SLOPE * np.eye(width)
        looks = [np.zeros((1, width)), moves] + ([-moves] if exact else [])
        sets = places[:, None, :] + np.vstack(looks)
        made = self.predictions(sets.reshape(-1, width)).reshape(count, sets.shape[1], -1)
        middle = np.maximum(made[:, 0], _TINY)
        up = made[:, 1 : width + 1]
        change = (
            (up - made[:, width + 1 :]) / (2 * _SLOPE) if exact else (up - middle[:, None]) / _SLOPE
        )
        values = self._fit(middle).sum(axis=1) + 0.5 * (places**2).sum(axis=1)
        first, second = self._derivatives(middle)
        return [
            Shape(
                z,
                float(value),
                by @ one + z,
                (by * two) @ by.T + np.eye(width),
            )
            for z, value, by, one, two in zip(places, values, change, first, second, strict=True)
        ]

    def curvature(self, z: Floats, *, rough: bool = False) -> Floats:
        """All second derivatives at one z, by differences of values.

        rough: to three digits and with half the work.
        """
        width = self.width
        moves = _BEND * np.eye(width)
        rows, columns = np.tril_indices(width, -1)
        pairs = moves[rows] + moves[columns]
        looks = [z[None], z + moves, z - moves, z + pairs]
        made = self.surprise(np.vstack(looks if rough else [*looks, z - pairs]))
        middle, up, down = made[0], made[1 : width + 1], made[width + 1 : 2 * width + 1]
        alone = up + down - 2 * middle
        bend = np.diag(alone / _BEND**2)
        both = made[2 * width + 1 : 2 * width + 1 + rows.size] - middle
        if rough:
            mixed = (both - (up - middle)[rows] - (up - middle)[columns]) / _BEND**2
        else:
            both = both + (made[2 * width + 1 + rows.size :] - middle)
            mixed = (both - alone[rows] - alone[columns]) / (2 * _BEND**2)
        bend[rows, columns] = bend[columns, rows] = mixed
        return bend

    def weighted(self, predicted: Floats) -> Floats:
        """Residuals in standard deviations; nan where only a limit is known."""
        proportional, additive, log = self.errors
        safe = np.maximum(predicted, _TINY)
        plain = (self.values - safe) / np.maximum(np.hypot(proportional * safe, additive), _TINY)
        by_log = np.log(self.values / safe) / np.where(log > 0.0, log, 1.0)
        return np.where(self.below, np.nan, np.where(log > 0.0, by_log, plain))

    def below_share(self, predicted: Floats) -> Floats:
        """Probability of a value below the limit; nan where a value was measured."""
        made = np.full(self.values.size, np.nan)
        if self.below.any():
            made[self.below] = np.exp(-self._fit(predicted)[self.below])
        return made

    def _fit(self, predicted: Floats) -> Floats:
        """Minus the log of the likelihood without 0.5 log 2 pi, of each measurement."""
        f = np.maximum(predicted, _TINY)
        proportional, additive, log = self.errors
        by_log = log > 0.0
        scale = np.where(by_log, log, np.sqrt((proportional * f) ** 2 + additive**2))
        ratio = np.log(self.values / f)
        away = np.where(by_log, ratio, self.values - f) / scale
        made = 0.5 * away**2 + np.log(np.where(by_log, scale * self.values, scale))
        if self.below.any():
            made[..., self.below] = -log_normal_share(away[..., self.below])
        return np.asarray(made)

    def _derivatives(self, f: Floats) -> tuple[Floats, Floats]:
        """First derivative of each measurement's share by its prediction; expected second."""
        proportional, additive, log = self.errors
        by_log = log > 0.0
        variance = np.where(by_log, (log * f) ** 2, (proportional * f) ** 2 + additive**2)
        scale = np.sqrt(variance)
        growth = np.where(by_log, 0.0, proportional**2 * f / variance)  # of log scale
        left = np.where(by_log, f * np.log(self.values / f), self.values - f)
        first = -left / variance + growth * (1.0 - left**2 / variance)
        second = 1.0 / variance + 2.0 * growth**2
        if self.below.any():
            away = left / scale
            turn = -(1.0 / scale + np.where(by_log, 0.0, away * growth))
            rise = np.exp(-0.5 * away**2 - 0.5 * math.log(2 * math.pi) - log_normal_share(away))
            first = np.where(self.below, -rise * turn, first)
            second = np.where(self.below, rise * np.maximum(away + rise, 0.0) * turn**2, second)
        return first, second


def posterior_of(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    measurements: Sequence[Measurement],
    sampling: str,
) -> Posterior:
    """The posterior of one person.

    Raises:
        Refusal: as ``individual.most_probable``.
    """
    analytes = [analyte_in(model, each.analyte) for each in measurements]
    _check(model, doses, measurements, analytes, sampling)
    own = [name for name in analytes if name is not None]
    measured = tuple(name for name in model.outputs if name in own)
    times = np.unique(np.array([each.time_h for each in measurements], dtype=np.float64))
    course = course_of(model, covariates=covariates, doses=doses, analytes=measured, times_h=times)
    missed = [name for name in measured if name not in course.reached]
    if missed and any(
        not each.below and name in missed for each, name in zip(measurements, own, strict=True)
    ):
        raise Refusal((f"{model.id}: no dose before the measurements reaches {', '.join(missed)}",))
    names, omega = prior_of(model)
    ordered = tuple(sorted(names, key=lambda name: name not in course.informed))
    where = [names.index(name) for name in ordered]
    errors = [model.residuals[name] for name in own]
    return Posterior(
        course=course,
        names=ordered,
        width=len(course.informed),
        factor=np.asarray(np.linalg.cholesky(omega[np.ix_(where, where)]), dtype=np.float64),
        time_of=np.array([int(np.searchsorted(times, each.time_h)) for each in measurements]),
        analyte_of=np.array([measured.index(name) for name in own]),
        values=np.array([each.ng_per_ml for each in measurements], dtype=np.float64),
        below=np.array([each.below for each in measurements], dtype=np.bool_),
        errors=np.array(
            [[e.proportional_sd, e.additive_sd_ng_per_ml, e.log_sd] for e in errors]
        ).T.copy(),
    )


def analyte_in(model: Model, name: str) -> str | None:
    """The model's own name of an analyte; None: it has no such analyte."""
    for own in model.outputs:
        if SAME.get(own, own) == SAME.get(name, name):
            return own
    return None


def prior_of(model: Model) -> tuple[tuple[str, ...], Floats]:
    """Names and covariance of everything that differs; both levels add for one occasion.

    Raises:
        Refusal: no spread was published.
    """
    if not model.variability:
        raise Refusal(
            (f"{model.id}: no spread between people was published: {model.variability_note}",)
        )
    names = tuple(dict.fromkeys(n for block in model.variability for n in block.parameters))
    return names, level_of(model, names, ("subject", "occasion"))


def level_of(model: Model, names: Sequence[str], levels: Sequence[str]) -> Floats:
    """Covariance of what differs at these levels, in the order of ``names``."""
    omega = np.zeros((len(names), len(names)))
    for block in model.variability:
        if block.level in levels:
            where = np.array([names.index(name) for name in block.parameters])
            omega[np.ix_(where, where)] += np.array(block.omega)
    return omega


def _check(
    model: Model,
    doses: Sequence[Dose],
    measurements: Sequence[Measurement],
    analytes: Sequence[str | None],
    sampling: str,
) -> None:
    told: list[str] = []
    if sampling not in ("venous", "arterial"):
        told.append(f"sampling of {sampling!r}: say venous or arterial")
    elif model.sampling not in (sampling, "mixed"):
        told.append(
            f"{model.id} is of {model.sampling} blood, the measurements are {sampling}: early "
            "values of the two differ, and one says nothing sure about the other"
        )
    if not doses:
        told.append("there is no dose")
    if not measurements:
        told.append("there is no measurement")
    for what, count, most in (
        ("measurements", len(measurements), MOST_MEASUREMENTS),
        ("doses", len(doses), MOST_DOSES),
    ):
        if count > most:
            raise Refusal((f"{count:,} {what} of one person: at most {most:,}",))
    begins = min((dose.time_h for dose in doses if dose.amount_mg > 0), default=math.inf)
    for each, own in zip(measurements, analytes, strict=True):
        place = f"{each.analyte} at {each.time_h:g} h"
        if own is None:
            told.append(f"{place}: {model.id} has {', '.join(model.outputs)}")
        elif own not in model.residuals or not _differs(model, own):
            told.append(
                f"{place}: no error of a measurement of it was published for {model.id}, so "
                "its weight is not known"
            )
        if not (math.isfinite(each.time_h) and math.isfinite(each.ng_per_ml)):
            told.append(f"{place}: not a finite number")
        elif each.ng_per_ml <= 0:
            told.append(
                f"{place}: {each.ng_per_ml:g} ng/mL cannot be measured; give the limit of the "
                "method and mark it as below"
            )
        elif each.time_h <= begins and not each.below and doses:
            told.append(
                f"{place}: before the first dose nothing can be measured; a dose is missing, "
                "or a time is wrong"
            )
    if told:
        raise Refusal(tuple(told))


def _differs(model: Model, analyte: str) -> bool:
    error = model.residuals[analyte]
    return max(error.proportional_sd, error.additive_sd_ng_per_ml, error.log_sd) > 0.0


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
