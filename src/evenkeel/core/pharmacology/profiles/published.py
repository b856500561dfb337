"""Tables that papers print, beside what their models give here.

In: content/pharmacology/published (a TOML with source and bounds, a CSV with the printed
figures). Out: printed, ours, and the difference in per cent. Which bound is fair is said
in the content, with why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Literal

import msgspec

from evenkeel.core.kernel.content import ContentFault, content, one_of, read_csv, read_folder
from evenkeel.core.kernel.sources import Mark, Source, Status
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.models import HOURS, model_named
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.profiles.results import Summary, summarise

What = Literal["peak", "peak_at", "area"]


class _HeldFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    analyte: str
    what: What
    why: str
    within_percent: float | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    id: str
    title: str
    model: str
    source: str
    at: str
    url: str
    mark: Mark
    status: Status
    route: str
    until_h: float
    time_unit: Literal["h", "min"]
    covariates: list[str]
    about: str
    held: list[_HeldFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One printed number. of: the person and the dose it is of; unit: of ``printed``."""

    stratum: str
    covariates: tuple[tuple[str, float], ...]
    dose_mg: float
    analyte: str
    what: What
    printed: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How near ours must come, per cent; None = not held, and why says why."""

    within_percent: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One table."""

    id: str
    title: str
    model: str
    source: Source
    status: Status
    route: str
    until_h: float
    per_hour: float
    about: str
    figures: tuple[Figure, ...]
    bounds: dict[tuple[str, What], Bound]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A printed number beside ours. percent: by how much ours is higher."""

    figure: Figure
    ours: float
    bound: Bound

    @property
    def percent(self) -> float:
        return 100.0 * (self.ours / self.figure.printed - 1.0)

    @property
    def holds(self) -> bool:
        """Within its bound, or not held to one."""
        within = self.bound.within_percent
        return within is None or abs(self.percent) <= within


@cache
def published() -> dict[str, Published]:
    """All tables by id.

    Raises:
        ContentFault: a figure without a bound or a word why there is none.
    """
    return read_folder(content("pharmacology", "published"), _File, _published)


def published_named(wanted: str) -> Published:
    """The table of that id.

    Raises:
        KeyError: there is none; the message lists those there are.
    """
    return one_of(published(), wanted, "published table")


def reproduce(table: Published) -> Iterator[Compared]:
    """Every figure of the table, in its order, beside that of the model's typical person."""
    model = model_named(table.model)

    def person(figure: Figure) -> tuple[tuple[tuple[str, float], ...], float]:
        return figure.covariates, figure.dose_mg

    for (covariates, dose_mg), figures in groupby(table.figures, key=person):
        who = subject(model, reference(model, dict(covariates)))
        dose = Dose(time_h=0.0, route=table.route, amount_mg=dose_mg)
        found = {each.analyte: each for each in summarise(who, [dose], until_h=table.until_h)}
        for figure in figures:
            yield Compared(
                figure=figure,
                ours=_ours(found[figure.analyte], figure.what, table.per_hour),
                bound=table.bounds[figure.analyte, figure.what],
            )


def _ours(found: Summary, what: What, per_hour: float) -> float:
    if what == "peak":
        return found.peak
    return per_hour * (found.peak_at_h if what == "peak_at" else found.area)


def _published(file: _File) -> Published:
    unit = {"peak": "ng/mL", "peak_at": file.time_unit, "area": f"ng {file.time_unit}/mL"}
    place = content("pharmacology", "published", f"{file.id}.csv")
    columns = ("stratum", *file.covariates, "dose_mg", "analyte", "what", "printed")
    bounds = {
        (each.analyte, each.what): Bound(within_percent=each.within_percent, why=each.why)
        for each in file.held
    }
    figures: list[Figure] = []
    for row in read_csv(place, columns):
        what = next((each for each in unit if each == row["what"]), None)
        if what is None or (row["analyte"], what) not in bounds:
            raise ContentFault(f"{place.name}: nothing is held of {row['analyte']} {row['what']}")
        figures.append(
            Figure(
                stratum=row["stratum"],
                covariates=tuple((name, float(row[name])) for name in file.covariates),
                dose_mg=float(row["dose_mg"]),
                analyte=row["analyte"],
                what=msgspec.convert(what, What),
                printed=float(row["printed"]),
                unit=unit[what],
            )
        )
    return Published(
        id=file.id,
        title=file.title,
        model=file.model,
        source=Source(title=file.source, at=file.at, url=file.url, mark=file.mark),
        status=file.status,
        route=file.route,
        until_h=file.until_h,
        per_hour=HOURS[file.time_unit],
        about=file.about,
        figures=tuple(figures),
        bounds=bounds,
    )
