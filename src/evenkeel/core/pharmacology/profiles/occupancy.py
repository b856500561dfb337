"""Occupancy of the NMDA receptor as a band, from concentrations in plasma.

In: ng/mL of parent and norketamine. Out: shares between 0 and 1: a middle and the
ends that the published intervals leave open. Two drugs at one site compete; their
occupancies are never added. A teaching view, never a target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import numpy as np

from evenkeel.core.kernel.content import ContentFault, content, read_toml
from evenkeel.core.kernel.sources import Mark, Source, Status
from evenkeel.core.pharmacology.systems.linear import Floats


class _BindingFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    analytes: list[str]
    ic50: float
    ic50_low: float
    ic50_high: float


class _UnboundFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    analytes: list[str]
    share: float
    low: float
    high: float
    source: str
    mark: Mark


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    about: str
    title: str
    source: str
    url: str
    mark: Mark
    status: Status
    limits: list[str]
    binding: dict[str, _BindingFile]
    unbound: dict[str, _UnboundFile]


@dataclass(frozen=True, slots=True)
class Interval:
    """A published middle with its ends."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """ic50: unbound, nmol/L, and unbound share, each by analyte."""

    title: str
    source: Source
    status: Status
    limits: tuple[str, ...]
    ic50: Mapping[str, Interval]
    unbound: Mapping[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Shares of receptors taken; arrays of one shape."""

    low: Floats
    middle: Floats
    high: Floats


@cache
def occupancy_model() -> Occupancy:
    """The published numbers.

    Raises:
        ContentFault: an interval whose ends do not enclose its middle.
    """
    read = read_toml(content("pharmacology", "occupancy.toml"), _File)
    ic50: dict[str, Interval] = {}
    unbound: dict[str, Interval] = {}
    for name, binding in read.binding.items():
        interval = Interval(binding.ic50, binding.ic50_low, binding.ic50_high)
        _check(interval, f"binding.{name}")
        ic50 |= dict.fromkeys(binding.analytes, interval)
    for name, share in read.unbound.items():
        interval = Interval(share.share, share.low, share.high)
        _check(interval, f"unbound.{name}")
        unbound |= dict.fromkeys(share.analytes, interval)
    return Occupancy(
        title=read.title,
        source=Source(title=read.source, url=read.url, mark=read.mark),
        status=read.status,
        limits=tuple(read.limits),
        ic50=ic50,
        unbound=unbound,
    )


def _check(interval: Interval, where: str) -> None:
    if not 0 < interval.low <= interval.middle <= interval.high:
        raise ContentFault(f"occupancy.toml: {where}: low, middle and high must ascend above 0")


def occupancy(
    ng_per_ml: Mapping[str, Any],
    molar_mass: Mapping[str, float],
    unbound: Mapping[str, float] | None = None,
) -> Band:
    """Occupancy by all analytes that bind, together.

    Args:
        ng_per_ml: total concentrations by analyte, each >= 0, of one shape; analytes that
            do not bind are passed over.
        molar_mass: g/mol by analyte.
        unbound: shares to use in place of the published ones; the band then has only the
            width of the binding.

    Returns:
        With a = sum of unbound concentration / IC50: a / (1 + a), in [0, 1).

    Raises:
        ValueError: no analyte that binds.
    """
    model = occupancy_model()
    binding = [name for name in ng_per_ml if name in model.ic50]
    if not binding:
        raise ValueError(f"none of {sorted(ng_per_ml)} binds; known are {sorted(model.ic50)}")
    sums = []
    for end in ("low", "middle", "high"):
        taken: Any = 0.0
        for name in binding:
            free = model.unbound[name]
            share = unbound[name] if unbound and name in unbound else getattr(free, end)
            # A receptor holds less where more is needed: the ends of IC50 are crossed.
            wanted = {"low": "high", "middle": "middle", "high": "low"}[end]
            nanomolar = np.asarray(ng_per_ml[name]) * 1000.0 / molar_mass[name] * share
            taken = taken + nanomolar / getattr(model.ic50[name], wanted)
        sums.append(np.asarray(taken / (1.0 + taken), dtype=np.float64))
    return Band(low=sums[0], middle=sums[1], high=sums[2])
