"""The Maudsley Staging Method: how resistant a depression is, from 3 to 15.

In: what is known of five dimensions. Out: the score of each and the total, as a
number or as a range that names what is missing. The points are content
(content/guidelines/staging.toml); nothing is scored that was not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources.abc import Traversable

import msgspec

from evenkeel.core.guidelines.terms.values import Range, Value
from evenkeel.core.kernel.content import ContentFault, content, read_toml
from evenkeel.core.kernel.sources import Mark, Status


class Points(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One score and what earns it: a word, yes or no, or numbers (ends included; above: not)."""

    score: int
    words: str
    value: str | bool | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None


class Dimension(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """One dimension. fact: the name in the dictionary; asked_of: who would know."""

    id: str
    label: str
    fact: str
    points: list[Points]
    source: str
    url: str
    mark: Mark
    note: str = ""


class Band(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Totals from low to high, both included, with their word."""

    id: str
    low: int
    high: int


class StagingMethod(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A staging method as content has it."""

    id: str
    title: str
    status: Status
    source: str
    url: str
    mark: Mark
    note: str
    dimension: list[Dimension]
    band: list[Band]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One dimension of one person. known: False when nothing was told of it."""

    dimension: Dimension
    score: Range
    known: bool

    @property
    def words(self) -> str:
        """What earned the score: "13 to 24 months"; "" while nothing is known."""
        if not self.known:
            return ""
        fits = [
            each.words
            for each in self.dimension.points
            if (self.score.low or 0) <= each.score <= (self.score.high or 0)
        ]
        return " or ".join(fits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The total with its parts. band: its id, None while the total lies in two bands."""

    parts: tuple[Scored, ...]
    total: Range
    band: str | None

    @property
    def missing(self) -> tuple[Dimension, ...]:
        """Dimensions of which nothing is known."""
        return tuple(part.dimension for part in self.parts if not part.known)

    @property
    def unsure(self) -> tuple[Dimension, ...]:
        """Dimensions that keep the total from being one number, the missing ones too."""
        return tuple(part.dimension for part in self.parts if part.score.exact is None)


def load_staging(root: Traversable | None = None) -> StagingMethod | None:
    """The method; None for an edition that has none.

    Raises:
        ContentFault: points that do not rise, or bands that leave a gap.
    """
    place = content("guidelines", "staging.toml", root=root)
    if not place.is_file():
        return None
    method = read_toml(place, StagingMethod)
    for each in method.dimension:
        if [point.score for point in each.points] != sorted({p.score for p in each.points}):
            raise ContentFault(f"staging.toml: {each.id}: its points do not rise")
    least = sum(each.points[0].score for each in method.dimension)
    most = sum(each.points[-1].score for each in method.dimension)
    covered = [n for band in method.band for n in range(band.low, band.high + 1)]
    if covered != list(range(least, most + 1)):
        raise ContentFault(f"staging.toml: the bands do not cover {least} to {most} once each")
    return method


def stage(known: Mapping[str, Value | None], method: StagingMethod) -> Stage:
    """The stage of one person. known: values by name of the fact; None or absent = not known."""
    parts = tuple(_scored(each, known.get(each.fact)) for each in method.dimension)
    low = sum((part.score.low or Decimal(0) for part in parts), Decimal(0))
    high = sum((part.score.high or Decimal(0) for part in parts), Decimal(0))
    bands = [band.id for band in method.band if band.low <= high and low <= band.high]
    return Stage(parts=parts, total=Range(low, high), band=bands[0] if len(bands) == 1 else None)


def _scored(dimension: Dimension, value: Value | None) -> Scored:
    points = dimension.points
    if isinstance(value, Range):
        low, high = _at_least(points, value.low), _at_most(points, value.high)
        known = value.low is not None or value.high is not None
        return Scored(dimension=dimension, score=Range(Decimal(low), Decimal(high)), known=known)
    for each in points:
        if value is not None and each.value == value:
            return Scored(dimension=dimension, score=Range.exactly(each.score), known=True)
    whole = Range(Decimal(points[0].score), Decimal(points[-1].score))
    return Scored(dimension=dimension, score=whole, known=False)


def _at_least(points: list[Points], value: Decimal | None) -> int:
    """The lowest score that a number, or anything above it, can earn."""
    if value is None:
        return points[0].score
    reached = [
        each.score
        for each in points
        if (each.at_least is not None and value >= Decimal(str(each.at_least)))
        or (each.above is not None and value > Decimal(str(each.above)))
    ]
    return max(reached, default=points[0].score)


def _at_most(points: list[Points], value: Decimal | None) -> int:
    """The highest score that a number, or anything below it, can earn."""
    if value is None:
        return points[-1].score
    open_ = [
        each.score for each in points if each.at_most is None or value <= Decimal(str(each.at_most))
    ]
    return min(open_)
