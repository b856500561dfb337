"""Strict reading of content: the one place where the core touches a disk.

Content is TOML (and CSV) shipped as package data. An unknown key, a missing
key or a value of the wrong kind stops loading with the file and the place.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Protocol, TypeVar

import msgspec

from evenkeel.core.kernel.held import Held
from evenkeel.core.kernel.sources import Mark, Source


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
Named = TypeVar("Named", bound=_HasId)


class ContentFault(ValueError):
    """Content that must not be used: the message names file and place."""


def content(*parts: str, root: Traversable | None = None) -> Traversable:
    """A file or folder below ``root``; below ``evenkeel/content`` when none is given."""
    return (files("evenkeel.content") if root is None else root).joinpath(*parts)


def read_toml(place: Traversable, kind: type[T]) -> T:
    """One TOML file as ``kind``, a msgspec struct with forbid_unknown_fields.

    Raises:
        ContentFault: not TOML, or not what ``kind`` asks for.
    """
    try:
        return msgspec.toml.decode(place.read_bytes(), type=kind, strict=True)
    except msgspec.DecodeError as fault:
        raise ContentFault(f"{place.name}: {fault}") from fault


class SourceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source as it stands in a content file: ``source = {...}`` or ``[sources.NAME]``."""

    title: str
    mark: Mark
    at: str = ""
    url: str = ""

    def read(self) -> Source:
        return Source(title=self.title, at=self.at, url=self.url, mark=self.mark)


def named_source(sources: Mapping[str, SourceFile], name: str, where: str) -> Source:
    """The source called ``name`` in the file ``where``.

    Raises:
        ContentFault: the file has none of that name; the message says which it has.
    """
    if name not in sources:
        raise ContentFault(f"{where}: no source {name!r}; this file has {sorted(sources)}")
    return sources[name].read()


def read_folder(place: Traversable, kind: type[T], make: Callable[[T], Named]) -> dict[str, Named]:
    """What ``make`` makes of every TOML file below ``place``, by id, in the order of names.

    Raises:
        ContentFault: a file that cannot be read, or whose name is not its id.
    """
    return dict(Folder(place, kind, make))


class Folder(Mapping[str, Named]):
    """As ``read_folder``, where a file is read when it is first asked for: its fault comes then."""

    def __init__(self, place: Traversable, kind: type[T], make: Callable[[T], Named]) -> None:
        self._files = {
            item.name.removesuffix(".toml"): item for item in files_below(place, ".toml")
        }
        self._read: Callable[[Traversable], Named] = lambda item: make(read_toml(item, kind))
        self._made: dict[str, Named] = {}

    def __getitem__(self, wanted: str) -> Named:
        if wanted not in self._made:
            item = self._files[wanted]
            made = self._read(item)
            if made.id != wanted:
                raise ContentFault(f"{item.name}: its id is {made.id!r}; file and id must agree")
            self._made.setdefault(wanted, made)
        return self._made[wanted]

    def __contains__(self, wanted: object) -> bool:
        return wanted in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def one_of(known: Mapping[str, T], wanted: str, what: str) -> T:
    """The item of that id.

    Raises:
        KeyError: there is none; the message lists those there are.
    """
    if wanted not in known:
        raise KeyError(f"no {what} {wanted!r}; there are {sorted(known)}")
    return known[wanted]


def read_csv(place: Traversable, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """All rows of a CSV whose header is exactly ``columns``.

    Raises:
        ContentFault: another header, or a row of another length.
    """
    rows = csv.DictReader(place.read_text(encoding="utf-8").splitlines())
    if tuple(rows.fieldnames or ()) != columns:
        raise ContentFault(f"{place.name}: header is {rows.fieldnames}, expected {list(columns)}")
    read: list[dict[str, str]] = []
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise ContentFault(f"{place.name}: line {number} has the wrong number of columns")
        read.append(row)
    return read


def files_below(place: Traversable, ending: str) -> Iterator[Traversable]:
    """Files below ``place`` with the ending, in the order of their names."""
    for item in sorted(place.iterdir(), key=lambda entry: entry.name):
        if item.is_dir():
            yield from files_below(item, ending)
        elif item.name.endswith(ending):
            yield item


def hold(root: Traversable, *parts: str, apart: Iterable[str] = ()) -> Held:
    """Every file of the folders ``parts`` below ``root``, read once.

    apart: folders below these that do not belong ("guidelines/editions"). Hidden files
    and an editor's copies never do.

    Raises:
        ContentFault: one of the folders is not there.
    """
    kept: dict[str, bytes] = {}
    left_out = frozenset(apart)

    def walk(place: Traversable, path: str) -> None:
        for item in place.iterdir():
            below = f"{path}/{item.name}"
            if item.name.startswith((".", "__")) or item.name.endswith("~"):
                continue
            if item.is_dir():
                if below not in left_out:
                    walk(item, below)
            else:
                kept[below] = item.read_bytes()

    for part in parts:
        place = root.joinpath(part)
        if not place.is_dir():
            raise ContentFault(f"there is no folder {part} here; content has {', '.join(parts)}")
        walk(place, part)
    return Held(dict(sorted(kept.items())))


def fingerprint(*places: Traversable) -> str:
    """SHA-256 over names and bytes, so that a decision can name what it was made with."""
    digest = hashlib.sha256()
    for place in places:
        for item in [place] if place.is_file() else files_below(place, ""):
            data = item.read_bytes()
            digest.update(f"{item.name}:{len(data)}\n".encode())
            digest.update(data)
    return digest.hexdigest()
