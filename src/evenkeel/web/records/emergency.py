"""The emergency sheet of a site, read strictly from content."""

from __future__ import annotations

from functools import cache

import msgspec

from evenkeel.core.kernel.content import content, read_toml
from evenkeel.core.kernel.sources import Status


class Call(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whom to call. An empty number is said to be missing, never guessed."""

    who: str
    number: str
    note: str = ""


class Part(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One kind of emergency and its first steps."""

    title: str
    steps: list[str]


class Sheet(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole sheet."""

    status: Status
    edition: str
    source: str
    call: list[Call]
    part: list[Part]


@cache
def sheet_for(product_id: str) -> Sheet:
    """The sheet for a product; today one sheet serves all."""
    return read_toml(content("emergency", "sheet.toml"), Sheet)
