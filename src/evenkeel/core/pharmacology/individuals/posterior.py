"""What measured concentrations say about one person: the posterior, its slope, its curvature.

In: a model with its spread, doses, measurements. Out: minus the log of the posterior for
many sets of differences at once, in standard deviations of the prior.

As in NONMEM for one subject: the likelihood of what was measured times the published
spread. Differences are those of the person and, where the model's people differ from
treatment to treatment, of each treatment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.occasions import Difference, begins_of, differences, prior_of
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.courses import VAST, Course, Overlap
from evenkeel.core.pharmacology.individuals.few import Few, few
from evenkeel.core.pharmacology.individuals.likelihood import Likelihood, Measurement, likelihood_of
from evenkeel.core.pharmacology.individuals.preparing import course_of
from evenkeel.core.pharmacology.individuals.stages import Stage, bend, slopes, stages_of
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]

MOST_MEASUREMENTS = 1_000
MOST_DOSES = 2_000
MOST_TREATMENTS = 40  # that are told apart: some seconds
# One substance under two names: an older paper's and the one of the product.
SAME = {"esketamine": "s_ketamine", "noresketamine": "s_norketamine"}
_SLOPE = 2e-4  # of a standard deviation, for the slope: the error is its square
_BEND = 1e-3  # for the curvature
_APART = 4  # treatments: from so many on each is looked at by itself


@dataclass(frozen=True, slots=True)
class Shapes:
    """Some places: values, slopes, and the expected curvatures, which are never below one.

    Arrays of shape (places,), (places, width) and (places, width, width).
    """

    z: Floats
    value: Floats
    slope: Floats
    bend: Floats

    def take(self, which: Sequence[int] | Ints) -> Shapes:
        """Some of them, in that order."""
        at = np.asarray(which, dtype=np.int64)
        return Shapes(self.z[at], self.value[at], self.slope[at], self.bend[at])

    def joined(self, other: Shapes) -> Shapes:
        """These and then the others."""
        return Shapes(
            np.concatenate([self.z, other.z]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.slope, other.slope]),
            np.concatenate([self.bend, other.bend]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Minus its log, as a function of z: the differences are ``factor @ z``.

    differences: those that the measurements depend on, then those that they do not and
        whose posterior therefore is the prior (given the others of their block).
    width: how many are of the first kind; z has this length.
    factor: shape (differences, differences), lower triangle, of the prior's covariance.
    spread, back: of it what belongs to z, and that transposed.
    begins_h: when the treatments begin that are told apart.
    time_of, analyte_of: place of each measurement among the course's.
    stages: the treatments one by one, where there are so many that this is quicker.
    """

    course: Course
    likelihood: Likelihood
    differences: tuple[Difference, ...]
    width: int
    factor: Floats
    spread: Few
    back: Few
    begins_h: Floats
    time_of: Ints
    analyte_of: Ints
    stages: tuple[Stage, ...] = ()

    def predictions(self, z: Floats, *, rough: bool = False) -> Floats:
        """ng/mL at each measurement, of z with shape (sets, width); (sets, measurements)."""
        made = self.course.concentrations(self._etas(z), rough=rough)
        return np.minimum(made[:, self.analyte_of, self.time_of], VAST)

    def _etas(self, z: Floats) -> Floats:
        return self.spread.times(z.T).T if self.width else z

    def surprise(self, z: Floats, *, rough: bool = False) -> Floats:
        """Minus the log of the posterior without its constant, shape (sets,)."""
        made = self.likelihood.surprise(self.predictions(z, rough=rough)).sum(axis=1)
        return np.asarray(made + 0.5 * (z**2).sum(axis=1))

    def shapes(self, places: Floats, *, exact: bool = False) -> Shapes:
        """Value, slope and expected curvature at each of some z, shape (k, width), in one call.

        exact: predictions are differenced to both sides and not to one only.
        """
        middle, change = self._changes(places, exact)
        values, first, second = self.likelihood.shape(middle)
        return Shapes(
            places,
            values.sum(axis=1) + 0.5 * (places**2).sum(axis=1),
            (change @ first[:, :, None])[:, :, 0] + places,
            (change * second[:, None]) @ change.swapaxes(1, 2) + np.eye(self.width),
        )

    def _changes(self, places: Floats, exact: bool) -> tuple[Floats, Floats]:
        """Predictions, and how they change with z; (k, measurements), (k, width, measurements)."""
        count, width = places.shape
        if self.stages:
            with suppress(Overlap):
                steps = _SLOPE * self.spreads()
                made, change, _ = slopes(
                    self.stages, self._etas(places), steps, self.time_of.size, exact=exact
                )
                turned = self.back.times(change.swapaxes(0, 1).reshape(width, -1))
                return made, turned.reshape(width, count, -1).swapaxes(0, 1).copy()
        sets = places[:, None, :] + _moves(width, exact)
        made = self.predictions(sets.reshape(-1, width), rough=not exact)
        made = made.reshape(count, sets.shape[1], -1)
        middle, up = made[:, 0], made[:, 1 : width + 1]
        if exact:
            return middle, (up - made[:, width + 1 :]) / (2 * _SLOPE)
        return middle, (up - middle[:, None]) / _SLOPE

    def _own(self) -> Floats:
        return self.factor[: self.width, : self.width]

    def spreads(self) -> Floats:
        """Standard deviations of the differences in the prior."""
        return np.asarray(np.sqrt((self._own() ** 2).sum(axis=1)))

    def _whole(self, z: Floats, *, exact: bool) -> tuple[float, Floats, Floats]:
        """Value, slope and curvature at one z by treatments."""
        own, doubt = self._own(), self.spreads()
        value, slope, bent = bend(
            self.stages, own @ z, _SLOPE * doubt, _BEND * doubt, self.time_of.size, exact=exact
        )
        return (
            value + 0.5 * float(z @ z),
            np.asarray(own.T @ slope + z),
            np.asarray(own.T @ bent @ own + np.eye(self.width)),
        )

    def bent(self, places: Floats) -> Shapes:
        """As ``shapes``, with the whole curvature to three digits instead of the expected one."""
        if self.stages:
            with suppress(Overlap):
                found = [self._whole(z, exact=False) for z in places]
                return Shapes(places, *(np.array(each) for each in zip(*found, strict=True)))
        count, width = places.shape
        moves = _BEND * np.eye(width)
        rows, columns = np.tril_indices(width, -1)
        pairs = moves[rows] + moves[columns]
        sets = places[:, None, :] + np.concatenate([np.zeros((1, width)), moves, -moves, pairs])
        made = self.surprise(sets.reshape(-1, width)).reshape(count, -1)
        middle, up, down = made[:, :1], made[:, 1 : width + 1], made[:, width + 1 : 2 * width + 1]
        bend = np.empty((count, width, width))
        alone = np.arange(width)
        bend[:, alone, alone] = up + down - 2 * middle
        mixed = made[:, 2 * width + 1 :] - up[:, rows] - up[:, columns] + middle
        bend[:, rows, columns] = bend[:, columns, rows] = mixed
        return Shapes(places, middle[:, 0], (up - down) / (2 * _BEND), bend / _BEND**2)

    def curvature(self, z: Floats) -> Floats:
        """All second derivatives at one z, by differences of values to both sides."""
        if self.stages:
            with suppress(Overlap):
                return self._whole(z, exact=True)[2]
        width = self.width
        moves = _BEND * np.eye(width)
        rows, columns = np.tril_indices(width, -1)
        pairs = moves[rows] + moves[columns]
        made = self.surprise(np.vstack([z[None], z + moves, z - moves, z + pairs, z - pairs]))
        alone = made[1 : width + 1] + made[width + 1 : 2 * width + 1] - 2 * made[0]
        bend = np.diag(alone / _BEND**2)
        both = made[2 * width + 1 :].reshape(2, -1).sum(axis=0) - 2 * made[0]
        mixed = (both - alone[rows] - alone[columns]) / (2 * _BEND**2)
        bend[rows, columns] = bend[columns, rows] = mixed
        return bend


@cache
def _moves(width: int, both: bool) -> Floats:
    """None, and one small step along each axis, to one side or to both."""
    moves = _SLOPE * np.eye(width)
    return np.concatenate([np.zeros((1, width)), moves] + ([-moves] if both else []))


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
    begins = begins_of(model, doses)
    begun = int((begins < times[-1]).sum())
    if begun > MOST_TREATMENTS:
        raise Refusal(
            (
                f"{model.id} tells treatments apart, and {begun} have begun before the last "
                f"measurement: at most {MOST_TREATMENTS}. Leave out the first ones, of which "
                "nothing is left in the body",
            )
        )
    course = course_of(
        model, covariates=covariates, doses=doses, analytes=measured, times_h=times,
        begins_h=begins,
    )  # fmt: skip
    missed = [name for name in measured if name not in course.reached]
    if missed and any(
        not each.below and name in missed for each, name in zip(measurements, own, strict=True)
    ):
        raise Refusal((f"{model.id}: no dose before the measurements reaches {', '.join(missed)}",))
    everything = differences(model, course.treatments)
    ordered = (*course.informed, *(each for each in everything if each not in course.informed))
    width = len(course.informed)
    factor = np.asarray(np.linalg.cholesky(prior_of(model, ordered)), dtype=np.float64)
    likelihood = likelihood_of(measurements, [model.residuals[name] for name in own])
    analyte_of = np.array([measured.index(name) for name in own])
    stages: tuple[Stage, ...] = ()
    if course.treatments >= _APART:
        stages = stages_of(
            model, covariates=covariates, doses=doses, analytes=measured, begins_h=begins,
            informed=course.informed, likelihood=likelihood, analyte_of=analyte_of,
            times_h=np.array([each.time_h for each in measurements], dtype=np.float64),
        )  # fmt: skip
    return Posterior(
        course=course,
        likelihood=likelihood,
        differences=ordered,
        width=width,
        factor=factor,
        spread=few(factor[:width, :width]),
        back=few(factor[:width, :width].T),
        begins_h=begins,
        time_of=np.searchsorted(times, [each.time_h for each in measurements]),
        analyte_of=analyte_of,
        stages=stages,
    )


def analyte_in(model: Model, name: str) -> str | None:
    """The model's own name of an analyte; None: it has no such analyte."""
    for own in model.outputs:
        if SAME.get(own, own) == SAME.get(name, name):
            return own
    return None


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
