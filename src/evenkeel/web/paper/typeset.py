"""From plain data to a PDF that a screen reader can read.

In: the name of a template beside this file, and data as JSON has them. Out: bytes of a
PDF/UA-1 file, the same for the same data. Only the fonts of this folder are used, never
the machine's: a name that they cannot draw is refused by name, because boxes in place
of a name send a paper to the wrong person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
_UNDRAWN = re.compile(r"the text [`\"]*(.+?)[`\"]+ could not be displayed")
# A longer run without a space would leave the page; it may break after so many characters.
_LONGEST_RUN = 28
_RUN = re.compile(rf"\S{{{_LONGEST_RUN}}}(?=\S)")
_MAY_BREAK = "\u200b"
_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z")


class CannotDraw(Exception):
    """Text that the fonts cannot draw. The message is fit for the screen."""


@lru_cache(maxsize=1)
def _fonts() -> Any:
    import typst  # a large library, which most processes never need

    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


def typeset(template: str, data: dict[str, Any], *, made_at: datetime) -> bytes:
    """The PDF.

    Args:
        template: "packet" for ``packet.typ``.
        data: plain JSON; the template reads it under ``sys.inputs.data``.
        made_at: aware; stands in the file as its date of making.

    Raises:
        CannotDraw: a character of the data is in none of the fonts; the message names
            it and where it stands. Nothing was made.
    """
    import typst

    told = _soft(data)
    try:
        made = typst.compile(
            str(HERE / f"{template}.typ"),
            root=str(HERE),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            sys_inputs={"data": json.dumps(told, ensure_ascii=False, sort_keys=True)},
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError as fault:
        found = _UNDRAWN.search(fault.message)
        if found is None:
            raise
        raise CannotDraw(_undrawn_words(found[1], told)) from fault
    return bytes(made)


def _soft(value: Any) -> Any:
    """Composed letters, and places where long runs may break."""
    if isinstance(value, str):
        if _FINGERPRINT.match(value):  # copied from the paper it must still be one
            return value
        return _RUN.sub(lambda run: run[0] + _MAY_BREAK, normalize("NFC", value))
    if isinstance(value, dict):
        return {key: _soft(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_soft(item) for item in value]
    return value


def _undrawn_words(text: str, data: dict[str, Any]) -> str:
    places = [place for place, words in _texts(data) if text in words]
    where = f" in: {', '.join(dict.fromkeys(places))}" if places else ""
    code = " ".join(f"U+{ord(letter):04X}" for letter in text[:4])
    return (
        f"The fonts of this clinic's papers cannot draw “{text}” ({code}){where}. A paper with "
        "boxes in place of letters could be taken for another person's, so none was made. "
        "Latin, Greek and Cyrillic letters can be drawn: add the spelling that the payer knows, "
        "or have a font for this script added."
    )


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the data, with where it stands in words."""
    if isinstance(value, str):
        yield place or "the paper", value
    elif isinstance(value, dict):
        for key, item in value.items():
            label = value.get("label") if key == "value" else None
            yield from _texts(item, str(label or key.replace("_", " ")))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, place)
