"""Whom to call in a crisis, by country. Content, with the day it was last checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import msgspec
from django.conf import settings

from evenkeel.core.kernel.content import ContentFault, content, files_below, read_toml
from evenkeel.core.kernel.sources import Mark, Status


class _Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    mark: Mark


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: str
    act: str
    words: str
    source: _Source
    body: str = ""


class _Emergency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: str
    words: str
    source: _Source


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    country: str
    code: str
    status: Status
    line: list[_Line]
    emergency: list[_Emergency]
    verified_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to reach somebody: a big button that dials or opens a message."""

    title: str
    help: str
    href: str
    icon: str = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisHelp:
    """The numbers of one country. ``verified_on`` is None where nobody has checked them."""

    country: str
    code: str
    ways: tuple[Way, ...]
    verified_on: date | None
    draft: bool


def _way(line: _Line, place: str) -> Way:
    digits = line.number.replace(" ", "")
    if line.act == "call":
        return Way(title=f"Call {line.number}", help=line.words, href=f"tel:{digits}")
    if line.act == "text":
        ending = f"?body={line.body}" if line.body else ""
        return Way(
            title=f"Text {line.number}",
            help=line.words,
            href=f"sms:{digits}{ending}",
            icon="message",
        )
    raise ContentFault(f"crisis/{place}: an act is call or text, not {line.act!r}")


@cache
def by_country() -> dict[str, CrisisHelp]:
    """Help by the two-letter code of the country."""
    found: dict[str, CrisisHelp] = {}
    for place in files_below(content("crisis"), ".toml"):
        read = read_toml(place, _File)
        emergency = [
            Way(title=f"Call {e.number}", help=e.words, href=f"tel:{e.number.replace(' ', '')}")
            for e in read.emergency
        ]
        found[read.code] = CrisisHelp(
            country=read.country,
            code=read.code,
            ways=tuple([_way(line, place.name) for line in read.line] + emergency),
            verified_on=read.verified_on,
            draft=read.status is Status.DRAFT,
        )
    return found


def help_here() -> CrisisHelp:
    """The numbers for the clinic's country; its settings name one that has a file."""
    return by_country()[settings.EVENKEEL_COUNTRY]
