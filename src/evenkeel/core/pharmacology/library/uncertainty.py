"""How well a model's typical values are known, and people of models that may be as true.

In: standard errors, as a paper prints them or as somebody assumes them. Out: a covariance, and
from it replicates: what each adds to everybody's difference. A replicate draws the typical
values once for everybody; its people are those of the seed, so that replicates differ by what is
not known of the model alone. Uncertainty of the spread itself is not in it.

The scale is that of each parameter's spread: its logarithm, of a logit-normal one its logit. So
no value leaves where it can be, and the published value is the middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from evenkeel.core.kernel.content import ContentFault
from evenkeel.core.kernel.sources import Mark, Source, Status

if TYPE_CHECKING:
    pass

WIDEST_PERCENT = 300.0


class UncertaintyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """In a model's file: one standard error for each parameter, or their covariance."""

    parameters: list[str]
    source: str
    at: str
    mark: Mark
    status: Status
    relative_se_percent: list[float] = []
    covariance: list[list[float]] = []
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """A covariance of typical values, on the scale of each one's spread.

    relative_se_percent: as it was said, by parameter; empty where the covariance itself was.
    source: None = nobody published it, somebody assumes it.
    """

    parameters: tuple[str, ...]
    covariance: tuple[tuple[float, ...], ...]
    relative_se_percent: Mapping[str, float]
    source: Source | None
    status: Status
    note: str = ""


def read_uncertainty(
    file: UncertaintyFile,
    *,
    model: str,
    parameters: Mapping[str, float],
    names: Iterable[str],
    logit: Iterable[str],
) -> Uncertainty:
    """What a model's file says.

    Args:
        parameters: the typical values that stand in the model as numbers.
        names: all that there are. logit: those that differ on the logit scale.

    Raises:
        ContentFault: another parameter, none or both of the two ways, a covariance that is none.
    """
    where, size = f"{model}: uncertainty", len(file.parameters)
    known = set(names)
    for name in file.parameters:
        if name not in known:
            raise ContentFault(f"{where} of {name}, which is no parameter")
    if bool(file.covariance) == bool(file.relative_se_percent):
        raise ContentFault(f"{where}: give relative_se_percent or covariance, one of them")
    said = file.relative_se_percent
    if said and (len(said) != size or min(said) <= 0.0):
        raise ContentFault(f"{where}: one relative_se_percent above 0 for each parameter")
    covariance = file.covariance
    if said:
        try:
            covariance = diagonal(dict(zip(file.parameters, said, strict=True)), parameters, logit)
        except ValueError as fault:
            raise ContentFault(f"{where}: {fault}") from fault
    matrix = np.array(covariance)
    if matrix.shape != (size, size) or not np.array_equal(matrix, matrix.T):
        raise ContentFault(f"{where}: the covariance must be {size} by {size} and symmetric")
    if float(np.linalg.eigvalsh(matrix).min()) < -1e-9 * float(matrix.max()):
        raise ContentFault(f"{where}: the covariance is none: a variance would be negative")
    return Uncertainty(
        parameters=tuple(file.parameters),
        covariance=tuple(tuple(line) for line in covariance),
        relative_se_percent=dict(zip(file.parameters, said, strict=False)),
        source=Source(title=file.source, at=file.at, url=file.url, mark=file.mark),
        status=file.status,
        note=file.note,
    )


def diagonal(
    percent: Mapping[str, float], parameters: Mapping[str, float], logit: Iterable[str]
) -> list[list[float]]:
    names = list(percent)
    made = [[0.0] * len(names) for _ in names]
    on_logit = set(logit)
    for place, name in enumerate(names):
        share = percent[name] / 100.0
        if name not in on_logit:
            made[place][place] = math.log1p(share * share)
            continue
        if name not in parameters:
            raise ValueError(
                f"{name} differs on the logit scale and follows from others: a per cent says "
                "nothing of it"
            )
        # The slope of the logit is 1 / (p (1 - p)).
        made[place][place] = (share / (1.0 - parameters[name])) ** 2
    return made
