"""What measured concentrations say about one person: the posterior, its slope, its curvature.

In: a model with its spread, doses, measurements. Out: minus the log of the posterior for
many sets of differences at once, in standard deviations of the prior.

As in NONMEM for one subject: the likelihood of what was measured times the published
spread. Differences are those of the person and, where the model's people differ from
treatment to treatment, of each treatment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.occasions import Difference, begins_of, differences, prior_of
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.courses import VAST, Course, Looks, Overlap, looks_of
from evenkeel.core.pharmacology.individuals.dense import root_of
from evenkeel.core.pharmacology.individuals.few import Few, few
from evenkeel.core.pharmacology.individuals.likelihood import Likelihood, Measurement, likelihood_of
from evenkeel.core.pharmacology.individuals.preparing import course_of
from evenkeel.core.pharmacology.individuals.shapes import Bent, Expected, expected_of
from evenkeel.core.pharmacology.individuals.stages import Stage, bend, slopes, stages_of
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.profiles.simulate import MOST_H
from evenkeel.core.pharmacology.systems.linear import Floats

Ints = npt.NDArray[np.int64]

MOST_MEASUREMENTS = 1_000
MOST_DOSES = 2_000
MOST_TREATMENTS = 40  # that are told apart: a minute, where all were measured often
LEAST_NG_PER_ML, MOST_NG_PER_ML = 1e-13, 1e9  # less than a molecule in a millilitre; a gram
# One substance under two names: an older paper's and the one of the product.
SAME = {"esketamine": "s_ketamine", "noresketamine": "s_norketamine"}
_SLOPE = 2e-4  # of a standard deviation, for the slope: the error is its square
_BEND = 1e-3  # for the curvature
_APART = 4  # treatments: from so many on each is looked at by itself


def unheard() -> None:
    """Nobody is told of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Minus its log, as a function of z: the differences are ``factor @ z``.

    differences: those that the measurements depend on, then those that they do not and
        whose posterior therefore is the prior (given the others of their block).
    width: how many are of the first kind; z has this length.
    factor: shape (differences, differences), lower triangle, of the prior's covariance.
    spread, back: of it what belongs to z, and that transposed.
    begins_h: when the treatments begin that are told apart.
    time_of: place of each measurement among the course's times. looks: of all of them.
    aside: differences where each z is moved to each side a little; None: seldom asked for.
    stages: the treatments one by one, where there are so many that this is quicker.
    heard: called whenever slopes or curvatures are asked for.
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
    looks: Looks
    aside: Floats | None
    stages: tuple[Stage, ...] = ()
    heard: Callable[[], None] = unheard

    def predictions(self, z: Floats, moves: Floats | None = None, *, rough: bool = False) -> Floats:
        """ng/mL at each measurement, (places, moves, measurements).

        Args:
            z: shape (places, width). moves: from each of them, shape (moves, width), of the
                differences; None: as it is.
        """
        made = self.course.answers(self._moved(z), self.looks, moves=moves, rough=rough)
        return np.minimum(made, VAST, out=made).reshape(len(z), -1, self.time_of.size)

    def surprise(self, z: Floats, *, rough: bool = False) -> Floats:
        """Minus the log of the posterior without its constant, shape (sets,)."""
        made = self.likelihood.surprise(self.predictions(z, rough=rough)[:, 0]).sum(axis=1)
        return np.asarray(made + 0.5 * (z**2).sum(axis=1))

    def shapes(self, places: Floats, *, exact: bool = False) -> Expected:
        """Value, slope and expected curvature at each of some z, shape (k, width), in one call.

        exact: predictions are differenced to both sides and not to one only.
        """
        self.heard()
        if self.stages:
            with suppress(Overlap):
                return self._by_treatments(places, exact=exact)
        width = self.width
        moves = self._moved(_SLOPE * _aside(width)) if self.aside is None else self.aside
        made = self.predictions(places, moves if exact else moves[: width + 1], rough=not exact)
        values, first, second = self.likelihood.shape(made[:, 0])
        return expected_of(
            places, self._with_prior(values, places), made, first, second, _SLOPE, exact=exact
        )

    def _with_prior(self, values: Floats, places: Floats) -> Floats:
        return np.asarray(values.sum(axis=1) + 0.5 * (places * places).sum(axis=1))

    def _by_treatments(self, places: Floats, *, exact: bool) -> Expected:
        made, changes, _ = slopes(
            self.stages, self._moved(places), _SLOPE * self.spreads(), self.time_of.size,
            exact=exact,
        )  # fmt: skip
        values, first, second = self.likelihood.shape(made)
        changes = self.back.times(changes.reshape(-1, self.width)).reshape(changes.shape)
        slope = (changes * first[:, :, None]).sum(axis=1) + places
        changes *= np.sqrt(second)[:, :, None]
        return Expected(places, self._with_prior(values, places), slope, changes)

    def _moved(self, z: Floats) -> Floats:
        """The differences, of one z a row."""
        return self.spread.times(z) if self.width else z

    def _own(self) -> Floats:
        return self.factor[: self.width, : self.width]

    def spreads(self) -> Floats:
        """Standard deviations of the differences in the prior."""
        return np.asarray(np.sqrt((self._own() ** 2).sum(axis=1)))

    def _whole(self, z: Floats, *, exact: bool) -> tuple[float, Floats, Floats]:
        """Value, slope and curvature at one z by treatments."""
        self.heard()
        doubt = self.spreads()
        value, slope, bent = bend(
            self.stages, self._moved(z[None])[0], _SLOPE * doubt, _BEND * doubt,
            self.time_of.size, exact=exact,
        )  # fmt: skip
        bent = self.back.times(self.back.times(bent).T) + np.eye(self.width)
        return value + 0.5 * float(z @ z), self.back.times(slope[None])[0] + z, bent

    def bent(self, places: Floats) -> Bent:
        """As ``shapes``, with the whole curvature to three digits instead of the expected one."""
        if self.stages:
            with suppress(Overlap):
                found = [self._whole(z, exact=False) for z in places]
                return Bent(places, *(np.array(each) for each in zip(*found, strict=True)))
        width = self.width
        moves = _BEND * np.concatenate([_aside(width), _pairs(width)])
        made = self.likelihood.surprise(self.predictions(places, self._moved(moves))).sum(axis=2)
        middle, up, down, mixed = np.split(made, [1, width + 1, 2 * width + 1], axis=1)
        rows, columns = np.tril_indices(width, -1)
        bend = np.empty((len(places), width, width))
        alone = np.arange(width)
        bend[:, alone, alone] = up + down - 2 * middle
        mixed = mixed - up[:, rows] - up[:, columns] + middle
        bend[:, rows, columns] = bend[:, columns, rows] = mixed
        return Bent(
            places,
            self._with_prior(middle, places),
            (up - down) / (2 * _BEND) + places,
            bend / _BEND**2 + np.eye(width),
        )

    def curvature(self, z: Floats) -> Floats:
        """All second derivatives at one z, by differences of values to both sides."""
        if self.stages:
            with suppress(Overlap):
                return self._whole(z, exact=True)[2]
        width = self.width
        pairs = _pairs(width)
        moves = _BEND * np.concatenate([_aside(width), pairs, -pairs])
        made = self.likelihood.surprise(self.predictions(z[None], self._moved(moves))[0])
        middle, up, down, both = np.split(made.sum(axis=1), [1, width + 1, 2 * width + 1])
        alone = up + down - 2 * middle
        bend = np.diag(alone / _BEND**2)
        rows, columns = np.tril_indices(width, -1)
        mixed = both.reshape(2, -1).sum(axis=0) - 2 * middle - alone[rows] - alone[columns]
        bend[rows, columns] = bend[columns, rows] = mixed / (2 * _BEND**2)
        return np.asarray(bend + np.eye(width))


@cache
def _aside(width: int) -> Floats:
    """None, and one along each axis, to one side and to the other."""
    return np.concatenate([np.zeros((1, width)), np.eye(width), -np.eye(width)])


@cache
def _pairs(width: int) -> Floats:
    """One along each two axes."""
    rows, columns = np.tril_indices(width, -1)
    return np.asarray(np.eye(width)[rows] + np.eye(width)[columns])


def posterior_of(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    measurements: Sequence[Measurement],
    sampling: str,
    heard: Callable[[], None] = unheard,
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
    known = set(course.informed)
    ordered = (*course.informed, *(each for each in everything if each not in known))
    width = len(course.informed)
    factor = root_of(prior_of(model, ordered))
    spread = few(factor[:width, :width])
    likelihood = likelihood_of(measurements, [model.residuals[name] for name in own])
    time_of = np.searchsorted(times, [each.time_h for each in measurements])
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
        spread=spread,
        back=few(factor[:width, :width].T),
        begins_h=begins,
        time_of=time_of,
        looks=looks_of(time_of, analyte_of, times.size),
        aside=None if stages or not width else spread.times(_SLOPE * _aside(width)),
        stages=stages,
        heard=heard,
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
        elif not LEAST_NG_PER_ML <= each.ng_per_ml <= MOST_NG_PER_ML:
            told.append(
                f"{place}: {each.ng_per_ml:g} ng/mL cannot be: write from {LEAST_NG_PER_ML:g} (a "
                f"molecule in a millilitre) to {MOST_NG_PER_ML:g} (a gram)"
            )
        elif abs(each.time_h) > MOST_H:
            told.append(f"{place}: write hours, up to {MOST_H:,.0f} of them")
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
