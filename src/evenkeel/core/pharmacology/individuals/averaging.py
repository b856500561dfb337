"""Several models of one drug, weighed by how well each foretold the measurements.

In: the same measurements of the same person in several models. Out: how probable each
model is after them, and bands over all of them. All models are equally probable before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenkeel.core.pharmacology.individuals.estimate import Individual
from evenkeel.core.pharmacology.individuals.future import WhatIf
from evenkeel.core.pharmacology.individuals.posterior import SAME
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.systems.linear import Floats


def model_weights(people: Sequence[Individual]) -> tuple[float, ...]:
    """How probable each model is after the same measurements (Laplace); they add up to 1.

    Raises:
        Refusal: no model or one model twice; models of different drugs, blood or ages; other
            measurements or doses.
    """
    if not people:
        raise Refusal(("there is no model to average",))
    models = [each.model for each in people]
    told: list[str] = []
    if len({each.id for each in models}) != len(models):
        told.append("a model is named twice: each counts once")
    for words, kinds in (
        ("drugs", {each.drug for each in models}),
        ("blood (arterial, venous)", {each.sampling for each in models} - {"mixed"}),
        ("ages (adults, children)", {each.age_group for each in models}),
    ):
        if len(kinds) > 1:
            found = ", ".join(sorted(kinds))
            told.append(f"models of different {words} cannot be averaged: {found}")
    if len({tuple(_measured(each)) for each in people}) != 1:
        told.append("these are not the same measurements of the same doses")
    if told:
        raise Refusal(tuple(told))
    evidence = np.array([each.log_evidence for each in people])
    share = np.exp(evidence - evidence.max())
    return tuple(float(each) for each in share / share.sum())


def _measured(person: Individual) -> list[tuple[object, ...]]:
    seen = [
        (each.time_h, SAME.get(each.analyte, each.analyte), each.ng_per_ml, each.below)
        for each in person.measurements
    ]
    given = [(d.time_h, d.route, d.amount_mg, d.duration_h) for d in person.doses]
    return [*sorted(seen), *sorted(given)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Bands over several models, of the analytes that all of them have.

    analytes: each by one name. bands: shape (percentiles, analytes, times), ng/mL.
    """

    weights: tuple[float, ...]
    times_h: Floats
    analytes: tuple[str, ...]
    percentiles: tuple[float, ...]
    bands: Floats


def mixture(futures: Sequence[WhatIf], percentiles: Sequence[float]) -> Mixture:
    """Percentiles over the possible people of all models, each model by its weight.

    A percentile is the least value with at least that share of the weight at or below it.

    Raises:
        Refusal: as ``model_weights``; futures at different times; a percentile outside 0
            to 100; no analyte that all models have.
    """
    weights = model_weights([each.person for each in futures])
    times = futures[0].times_h
    if any(not np.array_equal(each.times_h, times) for each in futures):
        raise Refusal(("these futures are not at the same times",))
    if not percentiles or any(not 0.0 <= each <= 100.0 for each in percentiles):
        raise Refusal(("percentiles: write numbers from 0 to 100",))
    named = [{SAME.get(name, name): k for k, name in enumerate(f.analytes)} for f in futures]
    common = [name for name in named[0] if all(name in each for each in named)]
    if not common:
        raise Refusal(("there is no analyte that all of these models have",))
    pooled = np.concatenate(
        [f.drawn[:, [own[name] for name in common]] for f, own in zip(futures, named, strict=True)]
    )
    mass = np.concatenate(
        [np.full(len(f.drawn), w / len(f.drawn)) for f, w in zip(futures, weights, strict=True)]
    )
    order = np.argsort(pooled, axis=0, kind="stable")
    below = np.cumsum(mass[order], axis=0)
    bands = np.empty((len(percentiles), *pooled.shape[1:]))
    for row, wanted in enumerate(percentiles):
        place = np.argmax(below >= wanted / 100.0 - 1e-12, axis=0)
        bands[row] = np.take_along_axis(
            np.take_along_axis(pooled, order, axis=0), place[None], axis=0
        )[0]
    return Mixture(
        weights=weights,
        times_h=times,
        analytes=tuple(common),
        percentiles=tuple(percentiles),
        bands=bands,
    )
