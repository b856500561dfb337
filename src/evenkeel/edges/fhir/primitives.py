"""FHIR R4 primitive types: which JSON values each may have.

Patterns after the FHIR R4 specification, "Data Types" (hl7.org/fhir/R4/datatypes.html).
Dates must exist in the calendar, too. ``wrong`` gives words or "".
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from evenkeel.core.chart import PartialDate

_YEAR = r"(?P<year>[0-9]{4})"
_MONTH = r"(?P<month>0[1-9]|1[0-2])"
_DAY = r"(?P<day>0[1-9]|[12][0-9]|3[01])"
_CLOCK = (
    r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
    r"(?:\.(?P<fraction>[0-9]+))?"
)
_ZONE = r"(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?\Z")
_DATE_TIME = re.compile(rf"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?\Z")
_INSTANT = re.compile(rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}\Z")
_TIME = re.compile(rf"{_CLOCK}\Z")

_NO_SPACE = re.compile(r"\S*\Z")
# Anything but control characters, and not only white space.
_WRITTEN = re.compile(r"(?=[\s\S]*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f]+\Z")
_TEXT = {
    "string": (_WRITTEN, "text that is not empty"),
    "markdown": (_WRITTEN, "text that is not empty"),
    "xhtml": (_WRITTEN, "text that is not empty"),
    "code": (
        re.compile(r"[^\s]+(?: [^\s]+)*\Z"),
        "a code: no spaces around it and single ones inside",
    ),
    "uri": (_NO_SPACE, "an address without spaces"),
    "url": (_NO_SPACE, "an address without spaces"),
    "canonical": (_NO_SPACE, "an address without spaces"),
    "oid": (re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+\Z"), "urn:oid: and numbers"),
    "uuid": (
        re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"),
        "urn:uuid: and a UUID",
    ),
    "id": (
        re.compile(r"[A-Za-z0-9.\-]{1,64}\Z"),
        "an id of 1 to 64 letters, digits, full stops or hyphens",
    ),
    "base64Binary": (
        re.compile(r"[0-9A-Za-z+/\s]*+[=\s]{0,8}\Z"),
        "base64 text",
    ),
}
_LOWEST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_DATES = {"date", "dateTime", "instant", "time"}
NAMES = frozenset(_TEXT) | frozenset(_LOWEST) | _DATES | {"boolean", "decimal"}


def wrong(kind: str, value: Any) -> str:
    """Why ``value`` is no ``kind``; "" when it is one."""
    if kind == "boolean":
        return "" if isinstance(value, bool) else f"must be true or false, not {shown(value)}"
    if kind == "decimal":
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return f"must be a number without quotation marks, not {shown(value)}"
        return ""
    if kind in _LOWEST:
        if isinstance(value, bool) or not isinstance(value, int):
            return f"must be a whole number, not {shown(value)}"
        low = _LOWEST[kind]
        return "" if low <= value < 2**31 else f"must be from {low} to {2**31 - 1}, not {value}"
    if not isinstance(value, str):
        return f"must be text in quotation marks, not {shown(value)}"
    if kind in _DATES:
        return _wrong_date(kind, value)
    pattern, words = _TEXT[kind]
    if not value or not pattern.match(value):
        return f"must be {words}, not {shown(value)}"
    if kind == "base64Binary":
        bare = "".join(value.split())
        if not bare or len(bare) % 4 or bare.count("=") > 2:
            return "must be base64 text; its length is not a multiple of four"
    return ""


def _wrong_date(kind: str, text: str) -> str:
    if kind == "time":
        return "" if _TIME.match(text) else f"must be a time such as 14:05:00, not {shown(text)}"
    pattern = {"date": _DATE, "dateTime": _DATE_TIME, "instant": _INSTANT}[kind]
    example = {
        "date": "1981, 1981-02 or 1981-02-03",
        "dateTime": "2026, 2026-10, 2026-10-20 or, with seconds and zone, "
        "2026-10-20T09:00:00-04:00",
        "instant": "2026-10-20T09:00:00-04:00, with seconds and zone",
    }[kind]
    match = pattern.match(text)
    if match is None:
        return f"must be written like {example}; {shown(text)} is not"
    try:
        moment(text)
    except (ValueError, OverflowError):
        return f"{shown(text)} is not in the calendar; write a day that exists"
    return ""


def moment(text: str) -> datetime | PartialDate:
    """A well-formed dateTime, instant or date as a UTC datetime or a partial date.

    Raises:
        ValueError, OverflowError: not in the calendar.
    """
    match = _DATE_TIME.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no FHIR dateTime")
    part = match.groupdict()
    month, day = (int(part[name]) if part[name] else None for name in ("month", "day"))
    if part["hour"] is None:
        return PartialDate(int(part["year"]), month, day)
    # A leap second is read as the last second of its minute.
    at = datetime.combine(
        date(int(part["year"]), month or 1, day or 1),
        time(
            int(part["hour"]),
            int(part["minute"]),
            min(int(part["second"]), 59),
            int((part["fraction"] or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(part["zone"]),
        ),
    )
    return at.astimezone(UTC)


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))


def shown(value: Any) -> str:
    """A value for a fault's words: short, and its kind instead of long content."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:40]}…"'
    return str(value)
