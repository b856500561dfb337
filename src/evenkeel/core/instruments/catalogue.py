"""The scales that content defines, read strictly and checked for sense.

A definition with a gap between its bands, a range that its items cannot reach,
or wording without a right on file stops loading with the file's name.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import msgspec

from evenkeel.core.instruments.scale import (
    Band,
    Item,
    LicenceClass,
    Option,
    Part,
    Rater,
    ReliableChange,
    Rights,
    SafetyItem,
    Scale,
    Subscale,
)
from evenkeel.core.kernel.content import (
    ContentFault,
    SourceFile,
    content,
    fingerprint,
    read_folder,
)
from evenkeel.core.kernel.sources import Status


class UnknownScale(LookupError):
    """No scale of that name; the message lists those there are."""


class _Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    holder: str
    licence_class: LicenceClass
    statement: str
    read_on: date
    source: SourceFile


class _Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    value: int
    words: str


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    highest: int
    lowest: int = 0
    words: str = ""
    uncounted: list[int] = []


class _Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"lowest": "from"}):
    lowest: int
    name: str


class _Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: SourceFile
    band: list[_Band]


class _Missing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: str
    source: SourceFile


class _Subscale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    items: list[str]


class _Safety(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: str
    positive_from: int
    urgent_from: int
    call_within_min: int
    urgent_call_within_min: int
    source: SourceFile


class _ReliableChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    points: int
    source: SourceFile


class _NotAnswered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: int
    means: str


class ScaleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of ``content/instruments/scales``."""

    id: str
    short: str
    name: str
    status: Status
    rated_by: Rater
    recall: str
    recall_days: int
    lowest: int
    highest: int
    rights: _Rights
    missing: _Missing
    stem: str = ""
    minutes_to_answer: int | None = None
    highest_of: list[list[str]] = []
    item: list[_Item] = []
    option: list[_Option] = []
    subscale: list[_Subscale] = []
    bands: _Bands | None = None
    safety: _Safety | None = None
    reliable_change: _ReliableChange | None = None
    not_answered: list[_NotAnswered] = []


def _parts(read: ScaleFile) -> tuple[Part, ...]:
    """Groups of which only the highest counts, then every other item by itself."""
    grouped = {item for group in read.highest_of for item in group}
    groups = [Part(items=tuple(group)) for group in read.highest_of]
    return tuple(groups + [Part(items=(i.id,)) for i in read.item if i.id not in grouped])


def _bands(read: ScaleFile) -> tuple[Band, ...]:
    if read.bands is None:
        return ()
    starts = [band.lowest for band in read.bands.band]
    ends = [start - 1 for start in starts[1:]] + [read.highest]
    return tuple(
        Band(lowest=band.lowest, highest=end, name=band.name)
        for band, end in zip(read.bands.band, ends, strict=True)
    )


def _check(read: ScaleFile, scale: Scale) -> None:
    """What must hold of any scale; ContentFault names the first thing that does not."""

    def must(holds: bool, else_say: str) -> None:
        if not holds:
            raise ContentFault(f"instruments/scales/{read.id}: {else_say}")

    ids = [item.id for item in scale.items]
    must(len(ids) == len(set(ids)), "two items have the same id")
    must(scale.lowest < scale.highest, "lowest is not below highest")
    named = [i for part in scale.parts for i in part.items]
    named += [i for sub in scale.subscales for i in sub.items]
    must(set(named) <= set(ids), "a group or subscale names an item that does not exist")
    must(all(item.lowest < item.highest for item in scale.items), "an item has an empty range")
    if scale.items:
        top = sum(max(scale.item(i).highest for i in part.items) for part in scale.parts)
        low = sum(max(scale.item(i).lowest for i in part.items) for part in scale.parts)
        must((low, top) == (scale.lowest, scale.highest), f"items reach {low} to {top}")
    if scale.bands:
        must(scale.bands[0].lowest == scale.lowest, "the first band does not begin at the lowest")
        must(all(b.lowest <= b.highest for b in scale.bands), "bands are not in rising order")
    if any(item.words for item in scale.items) or any(o.words for o in scale.options):
        must(scale.rights.licence_class.allows_wording, "has wording without a right to it")
    if scale.safety is not None:
        must(scale.safety.item in ids, "the safety item does not exist")


def _build(read: ScaleFile) -> Scale:
    scale = Scale(
        id=read.id,
        short=read.short,
        name=read.name,
        status=read.status,
        rater=read.rated_by,
        recall=read.recall,
        recall_days=read.recall_days,
        stem=read.stem,
        lowest=read.lowest,
        highest=read.highest,
        items=tuple(
            Item(
                id=i.id,
                lowest=i.lowest,
                highest=i.highest,
                words=i.words,
                uncounted=tuple(i.uncounted),
            )
            for i in read.item
        ),
        options=tuple(Option(value=o.value, words=o.words) for o in read.option),
        parts=_parts(read),
        subscales=tuple(
            Subscale(id=s.id, name=s.name, items=tuple(s.items)) for s in read.subscale
        ),
        bands=_bands(read),
        bands_source=read.bands.source.read() if read.bands else None,
        missing_rule=read.missing.rule,
        missing_source=read.missing.source.read(),
        rights=Rights(
            holder=read.rights.holder,
            licence_class=read.rights.licence_class,
            statement=read.rights.statement,
            source=read.rights.source.read(),
            read_on=read.rights.read_on,
        ),
        safety=SafetyItem(
            item=read.safety.item,
            positive_from=read.safety.positive_from,
            urgent_from=read.safety.urgent_from,
            call_within_min=read.safety.call_within_min,
            urgent_call_within_min=read.safety.urgent_call_within_min,
            source=read.safety.source.read(),
        )
        if read.safety
        else None,
        reliable_change=ReliableChange(
            points=read.reliable_change.points, source=read.reliable_change.source.read()
        )
        if read.reliable_change
        else None,
        not_answered={n.code: n.means for n in read.not_answered},
        minutes_to_answer=read.minutes_to_answer,
    )
    _check(read, scale)
    return scale


@cache
def catalogue() -> dict[str, Scale]:
    """Every scale by its id."""
    return read_folder(content("instruments", "scales"), ScaleFile, _build)


@cache
def edition(scale_id: str) -> str:
    """The first letters of the fingerprint of a definition, to keep with every score."""
    return fingerprint(content("instruments", "scales", f"{scale_id}.toml"))[:16]


def scale_of(name: str) -> Scale:
    """The scale of that name, however it is written: PHQ-9, phq9, phq_9.

    Raises:
        UnknownScale: there is none.
    """
    wanted = _plain(name)
    for scale in catalogue().values():
        if wanted in {_plain(scale.id), _plain(scale.short)}:
            return scale
    have = ", ".join(catalogue())
    raise UnknownScale(f"There is no scale named {name!r}. Those there are: {have}.")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
