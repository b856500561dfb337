"""HL7 times: YYYYMMDDHHMM[SS[.S…]][+/-ZZZZ] as an instant, or a reason why not.

A time without a zone is read in the zone it is given; an hour that the clocks
of that zone skip or repeat cannot be told and is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_DTM = re.compile(
    r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:\.(\d{1,6})\d*)?)?([+-]\d{4})?\Z", re.ASCII
)
_MAX_OFFSET_MIN = 14 * 60


class UnreadableTime(ValueError):
    """Not a time to the minute, or one that happened twice or never."""


def zone_of(text: str) -> tzinfo | None:
    """The zone written at the end of a time, if there is one that can be."""
    match = re.search(r"([+-])(\d{2})(\d{2})\Z", text)
    if not match:
        return None
    sign, hours, minutes = match.groups()
    offset_min = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or offset_min > _MAX_OFFSET_MIN:
        raise UnreadableTime(f"{text[-5:]} is not a zone")
    return timezone(timedelta(minutes=offset_min if sign == "+" else -offset_min))


def read_time(text: str, default: tzinfo) -> datetime:
    """An aware time in UTC.

    Raises:
        UnreadableTime: another form, no such day, or an hour that the clocks of
            ``default`` skipped or repeated.
    """
    match = _DTM.match(text)
    if not match:
        raise UnreadableTime(f"{text[:40]!r} is not a time to the minute (YYYYMMDDHHMM…)")
    year, month, day, hour, minute, second, fraction, _ = match.groups()
    try:
        local = datetime(  # noqa: DTZ001  the zone follows below
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")),
        )
        zone = zone_of(text)
        if zone is not None:
            return local.replace(tzinfo=zone).astimezone(UTC)
        early = local.replace(tzinfo=default, fold=0)
        late = local.replace(tzinfo=default, fold=1)
        if early.utcoffset() != late.utcoffset():
            raise UnreadableTime(f"{text} without a zone: the clocks were changed in that hour")
        return early.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        if isinstance(fault, UnreadableTime):
            raise
        raise UnreadableTime(f"{text[:40]!r} is not a time that exists: {fault}") from None
