"""Strict reading of content: the one place where the core touches a disk.

Content is TOML (and CSV) shipped as package data. An unknown key, a missing
key or a value of the wrong kind stops loading with the file and the place.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

import msgspec

T = TypeVar("T")


class ContentFault(ValueError):
    """Content that must not be used: the message names file and place."""


def content(*parts: str) -> Traversable:
    """A file or folder below ``evenkeel/content``."""
    return files("evenkeel.content").joinpath(*parts)


def read_toml(place: Traversable, kind: type[T]) -> T:
    """One TOML file as ``kind``, a msgspec struct with forbid_unknown_fields.

    Raises:
        ContentFault: not TOML, or not what ``kind`` asks for.
    """
    try:
        return msgspec.toml.decode(place.read_bytes(), type=kind, strict=True)
    except msgspec.DecodeError as fault:
        raise ContentFault(f"{place.name}: {fault}") from fault


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


def fingerprint(*places: Traversable) -> str:
    """SHA-256 over names and bytes, so that a decision can name what it was made with."""
    digest = hashlib.sha256()
    for place in places:
        for item in [place] if place.is_file() else files_below(place, ""):
            data = item.read_bytes()
            digest.update(f"{item.name}:{len(data)}\n".encode())
            digest.update(data)
    return digest.hexdigest()
