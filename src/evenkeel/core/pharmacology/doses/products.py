"""What is given: name, route, devices, limits of the dose, how numbers are rounded.

Read strictly from ``content/products``. Every number names a source.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

import msgspec

from evenkeel.core.kernel.content import (
    ContentFault,
    SourceFile,
    content,
    named_source,
    one_of,
    read_folder,
)
from evenkeel.core.kernel.quantities import Concentration, Mass, MassPerWeight
from evenkeel.core.kernel.sources import Mark, Source, Status


class _ByWeightFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    soft_mg_per_kg: Decimal
    soft_source: str
    hard_mg_per_kg: Decimal
    hard_source: str
    weight_source: str
    ideal_weight_source: str
    final_mg_per_ml: Decimal


class _RoundingFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    source: str
    dose_mg: Decimal
    volume_ml: Decimal
    rate_ml_per_h: Decimal


class _DevicesFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    mg: Decimal
    mg_source: str
    apart_minutes: int
    apart_source: str
    most: int
    most_source: str


class _ProductFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    name: str
    drug: str
    route: Literal["iv", "nasal"]
    status: Status
    edition: str
    off_label: bool
    safety_programme: str
    sources: dict[str, SourceFile]
    by_weight: _ByWeightFile | None = None
    rounding: _RoundingFile | None = None
    devices: _DevicesFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightLimits:
    """Doses by weight: above soft a prescriber must say why, above hard is refused."""

    soft: MassPerWeight
    soft_source: Source
    hard: MassPerWeight
    hard_source: Source
    weight_source: Source
    ideal_weight_source: Source
    final: Concentration


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """The steps to which a dose, a volume and a rate are rounded, half to even."""

    dose_mg: Decimal
    volume_ml: Decimal
    rate_ml_per_h: Decimal
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """A spray: mg in each device, minutes between them, the most in one treatment."""

    mg: Mass
    mg_source: Source
    apart_minutes: int
    apart_source: Source
    most: int
    most_source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product with its route. ``by_weight`` and ``rounding``, or ``devices``."""

    id: str
    name: str
    drug: str
    route: str
    status: Status
    off_label: bool
    safety_programme: str
    by_weight: WeightLimits | None
    rounding: Rounding | None
    devices: Devices | None


def _product(file: _ProductFile) -> Product:
    def cited(name: str) -> Source:
        return named_source(file.sources, name, file.id)

    if file.route == "iv" and (file.by_weight is None or file.rounding is None or file.devices):
        raise ContentFault(f"{file.id}: an infusion has by_weight and rounding, and no devices")
    if file.route == "nasal" and (file.devices is None or file.by_weight):
        raise ContentFault(f"{file.id}: a spray has devices and no dose by weight")
    weight, steps, spray = file.by_weight, file.rounding, file.devices
    if weight and not weight.soft_mg_per_kg <= weight.hard_mg_per_kg:
        raise ContentFault(f"{file.id}: the soft limit is above the hard one")
    if weight and cited(weight.hard_source).mark is not Mark.SEEN:
        raise ContentFault(f"{file.id}: a hard limit needs a source that was read")
    return Product(
        id=file.id,
        name=file.name,
        drug=file.drug,
        route=file.route,
        status=file.status,
        off_label=file.off_label,
        safety_programme=file.safety_programme,
        by_weight=WeightLimits(
            soft=MassPerWeight(weight.soft_mg_per_kg),
            soft_source=cited(weight.soft_source),
            hard=MassPerWeight(weight.hard_mg_per_kg),
            hard_source=cited(weight.hard_source),
            weight_source=cited(weight.weight_source),
            ideal_weight_source=cited(weight.ideal_weight_source),
            final=Concentration(weight.final_mg_per_ml),
        )
        if weight
        else None,
        rounding=Rounding(
            dose_mg=steps.dose_mg,
            volume_ml=steps.volume_ml,
            rate_ml_per_h=steps.rate_ml_per_h,
            source=cited(steps.source),
        )
        if steps
        else None,
        devices=Devices(
            mg=Mass(spray.mg),
            mg_source=cited(spray.mg_source),
            apart_minutes=spray.apart_minutes,
            apart_source=cited(spray.apart_source),
            most=spray.most,
            most_source=cited(spray.most_source),
        )
        if spray
        else None,
    )


@cache
def products() -> dict[str, Product]:
    """Every product by its id."""
    return read_folder(content("products"), _ProductFile, _product)


def product(product_id: str) -> Product:
    """One product.

    Raises:
        KeyError: no product of this id; the message lists those there are.
    """
    return one_of(products(), product_id, "product")
