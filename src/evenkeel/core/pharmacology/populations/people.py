"""Many people in one model: how they differ, drawn so that order does not matter.

In: a model, a number of people, a seed, covariates (given or drawn). Out: their
parameters, and what a regimen does to each of them. ``runs`` computes concentrations.

Person k of a seed is the same person however many are drawn, in whatever order and
on however many threads: every block of parameters has a stream of its own, in
blocks of 256 people. So has every occasion of what differs from treatment to treatment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.bounds import contradictions
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import (
    EFFECT_SITE,
    Refusal,
    dose_reference,
    values_of,
)
from evenkeel.core.pharmacology.profiles.simulate import check_dose, of_dose
from evenkeel.core.pharmacology.systems.linear import Floats

_BLOCK = 256


def standard_normals(seed: int, stream: str, people: int, width: int, *, first: int = 0) -> Floats:
    """Standard normal numbers of a stream, shape (people, width), from row ``first`` on.

    Row k depends on seed, stream, width and k alone.
    """
    key = int.from_bytes(sha256(f"{seed}:{stream}:{width}".encode()).digest()[:16], "little")
    made = np.empty((people, width))
    last = first + people
    for block in range(first // _BLOCK, -(-last // _BLOCK)):
        bits = np.random.Philox(key=key, counter=[0, 0, 0, block])
        drawn = np.random.Generator(bits).standard_normal((_BLOCK, width))
        begin, end = max(first, block * _BLOCK), min(last, (block + 1) * _BLOCK)
        made[begin - first : end - first] = drawn[begin - block * _BLOCK : end - block * _BLOCK]
    return made


def draw_etas(
    model: Model, *, people: int, seed: int, first: int = 0, occasion: int = 1
) -> dict[str, Floats]:
    """How each person differs, by parameter, on the scale of its block; shape (people,).

    What differs from treatment to treatment is drawn for each occasion anew: occasion m of
    person k is the same however many there are of either. A parameter that differs at both
    levels gets the sum.

    Args:
        first: the number of the first of these people.
        occasion: from 1.

    Raises:
        Refusal: no spread was published for this model.
    """
    if not model.variability:
        raise Refusal(
            (
                f"{model.id}: no spread between people was published, so no band can be drawn "
                f"({model.variability_note})",
            )
        )
    etas: dict[str, Floats] = {}
    for block in model.variability:
        omega = np.array(block.omega)
        width = len(block.parameters)
        level = block.level if block.level == "subject" or occasion == 1 else f"occasion {occasion}"
        stream = f"{model.id}:{level}:{','.join(block.parameters)}"
        normals = standard_normals(seed, stream, people, width, first=first)
        spread = normals @ np.linalg.cholesky(omega).T
        for place, name in enumerate(block.parameters):
            drawn = spread[:, place]
            etas[name] = etas[name] + drawn if name in etas else drawn
    return etas


@dataclass(slots=True, kw_only=True)
class Population:
    """People in a model, ready to be computed.

    rates: shape (i, n, n), 1/h. outputs: shape (i, n, o). values: parameters by name,
    each a number or shape (i,).
    """

    model: Model
    people: int
    covariates: dict[str, Any]
    etas: dict[str, Floats]
    rates: Floats
    outputs: Floats
    analytes: tuple[str, ...]
    _by_dose: dict[tuple[tuple[str, float], ...], dict[str, Any]] = field(default_factory=dict)

    def of_dose(self, own: Mapping[str, float]) -> dict[str, Any]:
        """Every parameter at a dose with these covariates of its own, each worked out once."""
        key = tuple(sorted(own.items()))
        if key not in self._by_dose:
            whole = {**dose_reference(self.model), **self.covariates, **own}
            self._by_dose[key] = values_of(self.model, whole, self.etas)
        return self._by_dose[key]


def population(
    model: Model,
    *,
    people: int,
    covariates: Mapping[str, Any],
    etas: Mapping[str, Floats],
) -> Population:
    """People with these covariates (numbers, or shape (people,)) and differences.

    Raises:
        Refusal: a covariate is missing, not finite, or of somebody outside the model's people, or
            two of somebody cannot be true together.
    """
    for name, given in covariates.items():
        column = np.atleast_1d(np.asarray(given, dtype=np.float64))
        if not np.all(np.isfinite(column)):
            raise Refusal((f"{model.id}: {name} is not finite for somebody",))
        for extreme in {float(column.min()), float(column.max())}:
            told = model.refusals({name: extreme})
            if told:
                raise Refusal(tuple(f"{model.id}: {each}" for each in told))
    if told := contradictions(model, covariates):
        raise Refusal(tuple(f"{model.id}: {each}" for each in told))
    values = values_of(model, {**dose_reference(model), **covariates}, etas)
    n = len(model.compartments)
    size = n + (model.effect_site is not None)
    rates = np.zeros((people, size, size))
    for flow in model.flows:
        rate = np.asarray(flow.rate(values)) * model.per_hour
        rates[:, flow.source, flow.source] -= rate
        if flow.target is not None:
            share = 1.0 if flow.share is None else flow.share(values)
            rates[:, flow.target, flow.source] += rate * share
    names = list(model.outputs)
    outputs = np.zeros((people, size, len(names) + (size - n)))
    for place, output in enumerate(model.outputs.values()):
        outputs[:, output.compartment, place] = output.scale(values)
    if model.effect_site is not None:
        site = model.outputs[model.effect_site.analyte]
        ke0 = np.asarray(model.effect_site.ke0(values)) * model.per_hour
        rates[:, n, site.compartment] = ke0 * site.scale(values)
        rates[:, n, n] = -ke0
        outputs[:, n, len(names)] = 1.0
        names.append(EFFECT_SITE + model.effect_site.analyte)
    if not np.all(np.isfinite(rates)) or not np.all(np.isfinite(outputs)):
        raise Refusal((f"{model.id}: a rate is not finite for somebody",))
    return Population(
        model=model,
        people=people,
        covariates=dict(covariates),
        etas=dict(etas),
        rates=rates,
        outputs=outputs,
        analytes=tuple(names),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What happens to everybody. when, site, is_rate: shape (1 or i, e); amount: shape (i, e)."""

    when: Floats
    site: npt.NDArray[np.int64]
    is_rate: npt.NDArray[np.bool_]
    amount: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What enters one compartment of everybody. Each number one for all, or shape (i,).

    ends_h: None = at once, and much is mg; otherwise much is mg/h.
    """

    begins_h: Any
    ends_h: Any
    compartment: int
    much: Any


def inputs_of(
    who: Population, dose: Dose, *, amount_mg: Any = None, every_h: float = 0.0
) -> list[Input]:
    """What one dose becomes in everybody's compartments.

    Args:
        amount_mg: in place of the dose's own, one for all or shape (people,).
        every_h: of a dose that has always been given: its lag counts within this interval.

    Raises:
        Refusal: a route that the model has not, a dose that it cannot take.
    """
    amount = dose.amount_mg if amount_mg is None else amount_mg
    for extreme in (np.min(amount), np.max(amount)):
        check_dose(replace(dose, amount_mg=float(extreme)))
    values = who.of_dose(of_dose(who.model, who.covariates, dose))
    hour = who.model.per_hour
    if dose.route not in who.model.routes:
        known = ", ".join(who.model.routes)
        raise Refusal((f"{who.model.id} has no route {dose.route}; it has {known}",))
    made: list[Input] = []
    for each in who.model.routes[dose.route]:
        absorbed = np.asarray(amount) * each.fraction(values)
        lasts: Any = dose.duration_h
        if each.duration is not None:
            lasts = np.asarray(each.duration(values)) / hour
        lag = np.asarray(each.lag(values)) / hour if each.lag is not None else 0.0
        if every_h > 0.0:
            lag = lag % every_h
        begins = dose.time_h + lag
        slow = bool(np.all(np.asarray(lasts) > 0.0))
        made.append(
            Input(
                begins_h=begins,
                ends_h=begins + lasts if slow else None,
                compartment=each.compartment,
                much=absorbed / lasts if slow else absorbed,
            )
        )
    return made


def schedule_of(
    who: Population, doses: Sequence[Dose], *, by_person: Sequence[Any] | None = None
) -> Schedule:
    """Doses as happenings of every person, in the order of time.

    by_person: for each dose an amount, mg, or shape (people,), in place of the dose's own.

    Raises:
        Refusal: a route that the model has not.
    """
    made: list[Input] = []
    for number, dose in enumerate(doses):
        amount = None if by_person is None else by_person[number]
        made += inputs_of(who, dose, amount_mg=amount)
    return in_order(changes(made), who.people)


Change = tuple[Any, int, bool, Any]
"""When, in which compartment, whether a rate changes, and by how much."""


def changes(inputs: Sequence[Input]) -> list[Change]:
    """Inputs as amounts put in and rates that change, in no order."""
    made: list[Change] = []
    for each in inputs:
        slow = each.ends_h is not None
        made.append((each.begins_h, each.compartment, slow, each.much))
        if slow:
            made.append((each.ends_h, each.compartment, True, -each.much))
    return made


def in_order(columns: Sequence[Change], people: int) -> Schedule:
    """Changes as a schedule, by each person's time."""
    shared = all(np.ndim(when) == 0 for when, *_ in columns)
    rows = 1 if shared else people
    count = len(columns)
    when, amount = np.empty((rows, count)), np.empty((people, count))
    for place, (at, _, _, much) in enumerate(columns):
        when[:, place] = at
        amount[:, place] = much
    site = np.array([column[1] for column in columns], dtype=np.int64)
    is_rate = np.array([column[2] for column in columns], dtype=np.bool_)
    order = np.argsort(when, axis=1, kind="stable")
    ordered = np.take_along_axis(when, order, axis=1)
    whole = np.broadcast_to(order, (people, count)) if shared else order
    return Schedule(
        when=ordered,
        site=site[order],
        is_rate=is_rate[order],
        amount=np.ascontiguousarray(np.take_along_axis(amount, whole, axis=1)),
    )
