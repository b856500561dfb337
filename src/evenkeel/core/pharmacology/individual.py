"""One person's own parameters from a few measured concentrations.

In: a model with its spread, doses, measurements of any of its analytes. Out: the most
probable person (MAP), how sure that is, and what it means for doses to come.

The posterior is that of NONMEM's FOCE with interaction for one subject: what was
measured given the prediction (proportional, additive or log-normal error), values
below the limit by their probability (M3, Beal 2001, J Pharmacokinet Pharmacodyn
28:481-504), and the published spread as the prior. Its top is found by Newton steps
within a trust region from several starts, so that it does not depend on one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.models import Model
from evenkeel.core.pharmacology.populations import (
    at_times,
    population,
    schedule_of,
    standard_normals,
)
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.subjects import Refusal

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_STEP = 1e-4  # of a standard deviation, for differences; fourth-root-of-epsilon rule
_TINY = 1e-9  # ng/mL: a prediction below it is taken as it
_STEPS = 60
_STARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One concentration. below: only known to lie below ng_per_ml, the limit of the method."""

    time_h: float
    analyte: str
    ng_per_ml: float
    below: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Individual:
    """The most probable person and the doubt that remains.

    etas: by parameter, on the scale of its block. covariance: of them, in the order of
    ``names``. shrinkage: share of the prior's variance that the measurements left (1 =
    they said nothing). log_evidence: for weighing models (Laplace). predicted, weighted:
    by measurement, ng/mL and residuals in standard deviations (nan where below a limit).
    """

    model: Model
    covariates: dict[str, float]
    names: tuple[str, ...]
    etas: dict[str, float]
    covariance: Floats
    shrinkage: dict[str, float]
    log_evidence: float
    predicted: Floats
    weighted: Floats
    steps: int


def most_probable(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    measurements: Sequence[Measurement],
    sampling: Literal["venous", "arterial"],
    start: Mapping[str, float] | None = None,
) -> Individual:
    """The top of the posterior, and the doubt around it (Laplace).

    covariates: every covariate of the person that the model reads.
    sampling: where the blood was taken; a model of the other kind is refused.
    start: etas to try as well; the answer does not depend on it.

    Raises:
        Refusal: the model has no published spread or residual error, a person outside its
            people, an analyte that it has not, a measurement that cannot be.
    """
    problem = _Problem.of(model, covariates, doses, measurements, sampling)
    starts = problem.starts(start)
    tops = [problem.climb(one) for one in starts]
    top = min(tops, key=lambda each: round(each.value, 9))
    return problem.individual(top)


@dataclass(frozen=True, slots=True)
class _Top:
    """Where a climb ended, in standard deviations of the prior."""

    z: Floats
    value: float
    hessian: Floats
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    model: Model
    covariates: dict[str, float]
    doses: tuple[Dose, ...]
    names: tuple[str, ...]
    factor: Floats  # of the prior's covariance: etas are factor @ z
    times: Floats
    time_of: Ints
    analyte_of: Ints
    values: Floats
    below: Bools
    errors: Floats  # shape (measurements, 3): proportional, additive, log

    @classmethod
    def of(
        cls,
        model: Model,
        covariates: Mapping[str, float],
        doses: Sequence[Dose],
        measurements: Sequence[Measurement],
        sampling: str,
    ) -> _Problem:
        _check(model, measurements, sampling)
        names, omega = prior_of(model)
        times = np.array(sorted({each.time_h for each in measurements}))
        analytes = list(model.outputs)
        errors = [model.residuals[each.analyte] for each in measurements]
        return cls(
            model=model,
            covariates=dict(covariates),
            doses=tuple(doses),
            names=names,
            factor=np.asarray(np.linalg.cholesky(omega), dtype=np.float64),
            times=times,
            time_of=np.array([int(np.searchsorted(times, each.time_h)) for each in measurements]),
            analyte_of=np.array([analytes.index(each.analyte) for each in measurements]),
            values=np.array([each.ng_per_ml for each in measurements], dtype=np.float64),
            below=np.array([each.below for each in measurements]),
            errors=np.array(
                [[e.proportional_sd, e.additive_sd_ng_per_ml, e.log_sd] for e in errors]
            ),
        )

    def predictions(self, z: Floats) -> Floats:
        """ng/mL at each measurement; shape (sets, p) to (sets, measurements)."""
        etas = z @ self.factor.T
        who = population(
            self.model,
            people=len(z),
            covariates=self.covariates,
            etas={name: etas[:, place] for place, name in enumerate(self.names)},
        )
        made = at_times(who, schedule_of(who, self.doses), self.times)
        return np.asarray(made[:, self.analyte_of, self.time_of])

    def surprise(self, z: Floats) -> Floats:
        """Minus the log of the posterior, without its constant; shape (sets, p) to (sets,)."""
        predicted = np.maximum(self.predictions(z), _TINY)
        proportional, additive, log = self.errors.T
        by_log = log > 0.0
        scale = np.where(
            by_log, log, np.sqrt((proportional * predicted) ** 2 + additive**2) + 0.0 * predicted
        )
        scale = np.maximum(scale, 1e-12)
        safe = np.maximum(self.values, 1e-300)
        away = np.where(by_log, np.log(safe) - np.log(predicted), self.values - predicted) / scale
        seen = 0.5 * away**2 + np.log(scale) + np.where(by_log, np.log(safe), 0.0)
        hidden = -log_normal_share(away)
        fit = np.where(self.below, hidden, seen).sum(axis=1)
        return np.asarray(fit + 0.5 * (z**2).sum(axis=1))

    def starts(self, given: Mapping[str, float] | None) -> list[Floats]:
        """The best few of the middle, a standard deviation either way, and what was given."""
        width = len(self.names)
        looks = np.vstack([np.zeros((1, width)), np.eye(width), -np.eye(width)])
        order = np.argsort(self.surprise(looks), kind="stable")
        found = [looks[0], *(looks[k] for k in order[:_STARTS] if k != 0)]
        if given is not None:
            etas = np.array([given.get(name, 0.0) for name in self.names])
            found.append(np.linalg.solve(self.factor, etas))
        return found

    def climb(self, z: Floats) -> _Top:
        """Newton's steps, each within a radius in which the last one kept its word."""
        radius = 2.0
        value, slope, bend = self._shape(z)
        steps = 0
        while steps < _STEPS:
            steps += 1
            step = _within(slope, bend, radius)
            shares = np.array([1.0, 0.5, 0.2, 0.05])
            tried = self.surprise(z + shares[:, None] * step)
            best = int(np.nanargmin(tried))
            gained = value - float(tried[best])
            if gained <= 0.0:
                radius *= 0.1
                if radius < 1e-7 or float(np.abs(step).max()) < 1e-7:
                    break
                continue
            z = z + shares[best] * step
            radius = min(2.0 * radius, 8.0) if best == 0 else max(0.5 * radius, 1e-3)
            value, slope, bend = self._shape(z)
            if float(np.abs(slope).max()) < 1e-5 and gained < 1e-10:
                break
        return _Top(z, value, bend, steps)

    def _shape(self, z: Floats) -> tuple[float, Floats, Floats]:
        """Value, slope and curvature by central differences, all sets at once."""
        width = z.size
        moves = _STEP * np.eye(width)
        pairs = [(a, b) for a in range(width) for b in range(a)]
        sets = [z, *(z + m for m in moves), *(z - m for m in moves)]
        for a, b in pairs:
            sets += [
                z + moves[a] + moves[b], z - moves[a] - moves[b],
                z + moves[a] - moves[b], z - moves[a] + moves[b],
            ]  # fmt: skip
        made = self.surprise(np.array(sets))
        middle, up, down = made[0], made[1 : width + 1], made[width + 1 : 2 * width + 1]
        slope = (up - down) / (2 * _STEP)
        bend = np.diag((up - 2 * middle + down) / _STEP**2)
        for place, (a, b) in enumerate(pairs):
            pp, mm, pm, mp = made[2 * width + 1 + 4 * place : 2 * width + 5 + 4 * place]
            bend[a, b] = bend[b, a] = (pp + mm - pm - mp) / (4 * _STEP**2)
        return float(middle), slope, bend

    def individual(self, top: _Top) -> Individual:
        roots, axes = np.linalg.eigh(top.hessian)
        # Below 1 only by what differences lose: the prior alone bends by 1.
        inverse = axes @ np.diag(1.0 / np.maximum(roots, 1e-6)) @ axes.T
        covariance = self.factor @ inverse @ self.factor.T
        prior = np.diag(self.factor @ self.factor.T)
        predicted = self.predictions(top.z[None])[0]
        etas = self.factor @ top.z
        seen = int((~self.below).sum())
        return Individual(
            model=self.model,
            covariates=self.covariates,
            names=self.names,
            etas={name: float(etas[place]) for place, name in enumerate(self.names)},
            covariance=covariance,
            shrinkage={
                name: float(np.clip(covariance[place, place] / prior[place], 0.0, 1.0))
                for place, name in enumerate(self.names)
            },
            log_evidence=float(
                -top.value
                - 0.5 * np.log(np.maximum(roots, 1e-6)).sum()
                - 0.5 * seen * math.log(2 * math.pi)
            ),
            predicted=predicted,
            weighted=self._weighted(predicted),
            steps=top.steps,
        )

    def _weighted(self, predicted: Floats) -> Floats:
        proportional, additive, log = self.errors.T
        safe = np.maximum(predicted, _TINY)
        plain = (self.values - safe) / np.maximum(np.hypot(proportional * safe, additive), 1e-12)
        by_log = np.log(np.maximum(self.values, 1e-300) / safe) / np.maximum(log, 1e-12)
        made = np.where(log > 0, by_log, plain)
        return np.where(self.below, np.nan, made)


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
    omega = np.zeros((len(names), len(names)))
    for block in model.variability:
        where = np.array([names.index(name) for name in block.parameters])
        omega[np.ix_(where, where)] += np.array(block.omega)
    return names, omega


def _check(model: Model, measurements: Sequence[Measurement], sampling: str) -> None:
    told: list[str] = []
    if model.sampling not in (sampling, "mixed"):
        told.append(f"{model.id} is of {model.sampling} blood, the measurements are {sampling}")
    if not measurements:
        told.append("there is no measurement")
    for each in measurements:
        place = f"{each.analyte} at {each.time_h:g} h"
        if each.analyte not in model.outputs:
            told.append(f"{place}: {model.id} has {', '.join(model.outputs)}")
        elif each.analyte not in model.residuals:
            told.append(f"{place}: {model.id} has no published error of {each.analyte}")
        if not (math.isfinite(each.time_h) and math.isfinite(each.ng_per_ml)):
            told.append(f"{place}: not a finite number")
        elif each.ng_per_ml <= 0:
            told.append(
                f"{place}: {each.ng_per_ml:g} ng/mL; write a value below the limit as below"
            )
    if told:
        raise Refusal(tuple(told))


def _within(slope: Floats, bend: Floats, radius: float) -> Floats:
    """The step to the bottom of the parabola, no longer than the radius."""
    roots, axes = np.linalg.eigh(bend)
    turned = axes.T @ slope
    low = max(0.0, -float(roots.min()) + 1e-6)
    step = -(turned / (roots + low))
    if float(np.linalg.norm(step)) > radius:
        high = low + float(np.linalg.norm(turned)) / radius + 1.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            if float(np.linalg.norm(turned / (roots + middle))) > radius:
                low = middle
            else:
                high = middle
        step = -(turned / (roots + high))
    return np.asarray(axes @ step)


def log_normal_share(x: Floats) -> Floats:
    """Log of the standard normal distribution function, to full precision in the tail."""
    erfc = np.vectorize(math.erfc, otypes=[np.float64])
    near = np.maximum(x, -10.0)
    body = np.log(0.5 * erfc(-near / math.sqrt(2.0)))
    far = np.minimum(x, -10.0)
    square = far**2
    tail = (
        -0.5 * square
        - np.log(-far * math.sqrt(2 * math.pi))
        + np.log1p(-1 / square + 3 / square**2 - 15 / square**3 + 105 / square**4)
    )
    return np.asarray(np.where(x < -10.0, tail, body))


def draws(person: Individual, *, count: int, seed: int) -> dict[str, Floats]:
    """Etas of people who could be this person: for a band around what is to come."""
    width = len(person.names)
    roots, axes = np.linalg.eigh(person.covariance)
    factor = axes * np.sqrt(np.maximum(roots, 0.0))
    middle = np.array([person.etas[name] for name in person.names])
    made = middle + standard_normals(seed, f"{person.model.id}:posterior", count, width) @ factor.T
    return {name: made[:, place] for place, name in enumerate(person.names)}


def model_weights(people: Sequence[Individual]) -> tuple[float, ...]:
    """How probable each model is after the same measurements, all equally probable before.

    Raises:
        Refusal: models of different drugs or blood, or of other measurements.
    """
    drugs = {each.model.drug for each in people}
    blood = {each.model.sampling for each in people} - {"mixed"}
    if len(drugs) > 1 or len(blood) > 1:
        raise Refusal(("models of different drugs or blood cannot be averaged",))
    if len({each.predicted.size for each in people}) != 1:
        raise Refusal(("these are not the same measurements",))
    evidence = np.array([each.log_evidence for each in people])
    share = np.exp(evidence - evidence.max())
    return tuple(float(each) for each in share / share.sum())
