"""Replicates of a model: people of models that may be as true as the published one.

In: how well typical values are known. Out: what each replicate adds to everybody's difference,
and the interval of any result over replicates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evenkeel.core.kernel.sources import Status
from evenkeel.core.pharmacology.library.models import Model
from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.library.uncertainty import WIDEST_PERCENT, Uncertainty, diagonal
from evenkeel.core.pharmacology.populations.draws import no_parameter
from evenkeel.core.pharmacology.populations.people import standard_normals
from evenkeel.core.pharmacology.systems.linear import Floats


def assumed_uncertainty(model: Model, percent: Mapping[str, float]) -> Uncertainty:
    """Relative standard errors that nobody published, per cent by parameter; independent.

    Raises:
        Refusal: no such parameter, a per cent that cannot be, or one that says nothing.
    """
    told: list[str] = []
    for name, value in percent.items():
        if no_such := no_parameter(model, name):
            told.append(no_such)
        elif not 0.0 < value <= WIDEST_PERCENT:
            told.append(
                f"{name}={value:g}: a relative standard error is above 0 and at most "
                f"{WIDEST_PERCENT:g}, in per cent"
            )
    if told:
        raise Refusal(tuple(told))
    logit = {n for b in model.variability if b.kind == "logit-normal" for n in b.parameters}
    try:
        covariance = diagonal(percent, model.parameters, logit)
    except ValueError as fault:
        raise Refusal((f"{model.id}: {fault}",)) from None
    return Uncertainty(
        parameters=tuple(percent),
        covariance=tuple(tuple(line) for line in covariance),
        relative_se_percent=dict(percent),
        source=None,
        status=Status.DRAFT,
        note="assumed, not published",
    )


def shifts(
    uncertainty: Uncertainty, *, model: str, replicates: int, seed: int
) -> tuple[dict[str, float], ...]:
    """What each replicate adds to everybody's difference, by parameter.

    Replicate k of a seed is the same however many there are.
    """
    names = uncertainty.parameters
    stream = f"{model}:typical values:{','.join(names)}"
    normals = standard_normals(seed, stream, replicates, len(names))
    roots, axes = np.linalg.eigh(np.array(uncertainty.covariance))
    drawn: Floats = normals @ (axes * np.sqrt(np.maximum(roots, 0.0))).T
    return tuple(dict(zip(names, row, strict=True)) for row in drawn.tolist())


def interval(made: Sequence[Floats], percent: float) -> tuple[Floats, Floats]:
    """The ends of the middle so many per cent of the replicates, number by number."""
    edge = (100.0 - percent) / 2.0
    low, high = np.percentile(np.array(made), [edge, 100.0 - edge], axis=0)
    return low, high
