"""What one person was given and when blood was taken, ready for many sets of parameters.

In: a model, a person, doses, the analytes and times that matter. Out: concentrations
for as many sets of differences as are asked for, in one call.

Left out, since it cannot matter: compartments that no dose reaches or from which
nothing reaches an analyte that matters, doses after the last time, and differences
of which the rest does not depend. That is found from the model's own flows and
expressions, never from numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.expressions import Expression
from evenkeel.core.pharmacology.kernels import sets
from evenkeel.core.pharmacology.linear import Floats
from evenkeel.core.pharmacology.models import Model, RouteInput
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.simulate import happenings, of_dose
from evenkeel.core.pharmacology.subjects import Refusal, dose_reference, subject, values_of

Ints = npt.NDArray[np.int64]
Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One parameter that differs between sets. base: None = its expression makes it."""

    name: str
    base: float | None
    expression: Expression | None
    eta: bool
    logit: bool

    def into(self, values: Values, etas: Mapping[str, Floats]) -> None:
        value: Any = self.base if self.expression is None else self.expression(values)
        if self.eta:
            away = np.exp(etas[self.name])
            value = away / (away + (1.0 - value) / value) if self.logit else value * away
        values[self.name] = value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """Doses of the same route and covariates: one evaluation serves all of them."""

    covariates: dict[str, float]
    steps: tuple[_Step, ...]
    inputs: tuple[RouteInput, ...]
    doses: tuple[tuple[int, Dose], ...]  # with the place among all


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A person's doses and times. analytes, times_h: what comes out, in this order.

    informed: the differences that the analytes at those times depend on, in the order of
        the model's blocks; all others leave every concentration as it is.
    timing: those of them that move a time: how long something is absorbed, or from when.
    reached: the analytes that any dose reaches at all.
    """

    model: Model
    analytes: tuple[str, ...]
    times_h: Floats
    informed: tuple[str, ...]
    timing: tuple[str, ...]
    reached: tuple[str, ...]
    _values: Values
    _steps: tuple[_Step, ...]
    _given: tuple[_Given, ...]
    _where: dict[int, int]
    _read: tuple[Expression, ...]  # each once, and only those that differ between sets
    _fixed: Values  # what the others come to, by their text
    _leaving: tuple[tuple[int, str], ...]
    _flows: tuple[tuple[str, str], ...]  # rate, and share or ""
    _source: Ints
    _target: Ints

    def concentrations(self, etas: Mapping[str, Floats]) -> Floats:
        """ng/mL, shape (sets, analytes, times).

        etas: by name, shape (sets,), on the scale of the block; those that are absent are 0.

        Raises:
            Refusal: a rate or an amount is not finite or is negative for some set.
        """
        count = len(next(iter(etas.values()))) if etas else 1
        whole = {**{name: np.zeros(count) for name in self.informed}, **etas}
        values = dict(self._values)
        for step in self._steps:
            step.into(values, whole)
        read = dict(self._fixed)
        for expression in self._read:
            read[expression.text] = expression(values)
        hour, n = self.model.per_hour, len(self._where)
        leaving, moving = np.zeros((n, count)), np.empty((len(self._flows), count))
        for place, rate in self._leaving:
            leaving[place] += read[rate]
        leaving *= hour
        for row, (rate, share) in enumerate(self._flows):
            moving[row] = read[rate] * (read[share] * hour if share else hour)
        outputs = np.zeros((len(self.analytes), count))
        places = np.zeros(len(self.analytes), dtype=np.int64)
        for row, name in enumerate(self.analytes):
            output = self.model.outputs[name]
            if output.compartment in self._where:
                outputs[row] = read[output.scale.text]
                places[row] = self._where[output.compartment]
        when, site, is_rate, amount = self._events(values, whole, count)
        made = np.empty((count, len(self.analytes), self.times_h.size))
        # One sum is finite only if all are.
        if not np.isfinite(sum(float(x.sum()) for x in (leaving, moving, outputs, amount, when))):
            raise Refusal((f"{self.model.id} cannot be computed: a rate is not finite",))
        if moving.min(initial=0.0) < 0.0 or leaving.min(initial=0.0) < 0.0:
            raise Refusal((f"{self.model.id} cannot be computed: a flow is negative",))
        order = np.argsort(when, axis=0, kind="stable")
        sets.at_times(
            leaving, moving, self._source, self._target,
            when, order, site, is_rate, amount, self.times_h, outputs, places, made,
        )  # fmt: skip
        return made

    def _events(
        self, values: Values, etas: Mapping[str, Floats], count: int
    ) -> tuple[Floats, Ints, npt.NDArray[np.bool_], Floats]:
        rows: list[tuple[int, Any, int, bool, Any]] = []
        hour = self.model.per_hour
        for given in self._given:
            own = values
            if given.covariates:
                own = {**values, **given.covariates}
                for step in given.steps:
                    step.into(own, etas)
            for each in given.inputs:
                if each.compartment not in self._where:
                    continue
                place, share = self._where[each.compartment], each.fraction(own)
                lag = 0.0 if each.lag is None else each.lag(own) / hour
                fixed = None if each.duration is None else each.duration(own) / hour
                for number, dose in given.doses:
                    lasts = dose.duration_h if fixed is None else fixed
                    begins, amount = dose.time_h + lag, dose.amount_mg * share
                    if np.all(lasts > 0.0):
                        rate = amount / lasts
                        rows.append((number, begins, place, True, rate))
                        rows.append((number, begins + lasts, place, True, -rate))
                    else:
                        rows.append((number, begins, place, False, amount))
        rows.sort(key=lambda row: row[0])
        when, amount = np.empty((len(rows), count)), np.empty((len(rows), count))
        for row, (_, begins, _, _, much) in enumerate(rows):
            when[row], amount[row] = begins, much
        return (
            when,
            np.array([row[2] for row in rows], dtype=np.int64),
            np.array([row[3] for row in rows], dtype=np.bool_),
            amount,
        )


def course_of(
    model: Model,
    *,
    covariates: Mapping[str, float],
    doses: Sequence[Dose],
    analytes: Sequence[str],
    times_h: Floats,
) -> Course:
    """A course of one person.

    covariates: every covariate of the person that the model reads. times_h: ascending.

    Raises:
        Refusal: a person outside the model's people, a covariate that is missing, a route
            that the model has not, a dose that cannot be given.
    """
    typical = subject(model, covariates)
    before = tuple(dose for dose in doses if dose.time_h < times_h[-1])
    happenings(typical, doses)
    routes = {route: model.routes[route] for route in {dose.route for dose in before}}
    where = _kept(model, routes, analytes)
    differing = {name: block.kind for block in model.variability for name in block.parameters}
    flows = tuple(flow for flow in model.flows if flow.source in where)
    inner = tuple(flow for flow in flows if flow.target in where)
    read = [flow.rate for flow in flows]
    read += [flow.share for flow in inner if flow.share is not None]
    read += [
        model.outputs[name].scale for name in analytes if model.outputs[name].compartment in where
    ]
    entering = [each for inputs in routes.values() for each in inputs if each.compartment in where]
    into = [
        part for each in entering for part in (each.fraction, each.duration, each.lag)
        if part is not None
    ]  # fmt: skip
    times = [part for each in entering for part in (each.duration, each.lag) if part is not None]
    needed = _needed(model, [*read, *into])
    known = {**dose_reference(model), **covariates}
    values = values_of(model, known)
    varying = _depending(model, set(differing))
    once = tuple({each.text: each for each in read}.values())
    return Course(
        model=model,
        analytes=tuple(analytes),
        times_h=times_h,
        informed=tuple(name for name in differing if name in needed),
        timing=tuple(name for name in differing if name in _needed(model, times)),
        reached=tuple(
            name for name in model.outputs
            if model.outputs[name].compartment in _kept(model, routes, [name])
        ),
        _values=values,
        _steps=_steps(model, needed & varying, values, differing),
        _given=_given(typical.covariates, model, before, routes, needed, differing, values),
        _where=where,
        _read=tuple(each for each in once if varying & set(each.names)),
        _fixed={each.text: each(values) for each in once if not varying & set(each.names)},
        _leaving=tuple((where[flow.source], flow.rate.text) for flow in flows),
        _flows=tuple(
            (flow.rate.text, "" if flow.share is None else flow.share.text) for flow in inner
        ),
        _source=np.array([where[flow.source] for flow in inner], dtype=np.int64),
        _target=np.array(
            [where[flow.target] for flow in inner if flow.target is not None], dtype=np.int64
        ),
    )  # fmt: skip


def _kept(
    model: Model, routes: Mapping[str, tuple[RouteInput, ...]], analytes: Sequence[str]
) -> dict[int, int]:
    """Compartments that a dose reaches and that reach an analyte, with their new places."""
    pairs = [(flow.source, flow.target) for flow in model.flows if flow.target is not None]
    fed = _closure({i.compartment for inputs in routes.values() for i in inputs}, pairs)
    seen = _closure(
        {model.outputs[name].compartment for name in analytes}, [(b, a) for a, b in pairs]
    )
    return {old: new for new, old in enumerate(sorted(fed & seen))}


def _closure(begin: set[int], pairs: Sequence[tuple[int, int]]) -> set[int]:
    found, more = set(begin), True
    while more:
        reached = {b for a, b in pairs if a in found} - found
        found |= reached
        more = bool(reached)
    return found


def _needed(model: Model, read: Sequence[Expression]) -> set[str]:
    """Every name that these expressions read, at once or through derived parameters."""
    names = {name for expression in read for name in expression.names}
    for name in reversed(model.derived):
        if name in names:
            names |= set(model.derived[name].names)
    return names


def _depending(model: Model, on: set[str]) -> set[str]:
    """``on``, and every derived parameter that depends on them."""
    names = set(on)
    for name, expression in model.derived.items():
        if names & set(expression.names):
            names.add(name)
    return names


def _steps(
    model: Model, wanted: set[str], values: Mapping[str, Any], differing: Mapping[str, str]
) -> tuple[_Step, ...]:
    """Parameters in the model's own order, those first that others are made from."""
    made: list[_Step] = []
    for name in (*model.parameters, *model.derived):
        if name not in wanted:
            continue
        expression = model.derived.get(name)
        made.append(
            _Step(
                name=name,
                base=None if expression is not None else float(values[name]),
                expression=expression,
                eta=name in differing,
                logit=differing.get(name) == "logit-normal",
            )
        )
    return tuple(made)


def _given(
    covariates: Mapping[str, float],
    model: Model,
    doses: Sequence[Dose],
    routes: Mapping[str, tuple[RouteInput, ...]],
    needed: set[str],
    differing: Mapping[str, str],
    values: Mapping[str, Any],
) -> tuple[_Given, ...]:
    groups: dict[tuple[str, tuple[tuple[str, float], ...]], list[tuple[int, Dose]]] = {}
    for number, dose in enumerate(doses):
        own = of_dose(model, covariates, dose)
        groups.setdefault((dose.route, tuple(sorted(own.items()))), []).append((number, dose))
    made: list[_Given] = []
    for (route, pairs), members in groups.items():
        changed = _depending(model, set(dict(pairs))) - set(dict(pairs))
        made.append(
            _Given(
                covariates=dict(pairs),
                steps=_steps(model, needed & changed, values, differing),
                inputs=routes[route],
                doses=tuple(members),
            )
        )
    return tuple(made)
