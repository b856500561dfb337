"""How the screens write times, dates, durations, numbers and ages.

In: aware datetimes, dates, decimals. Out: text as SCREENS asks for it: 24 hours, one
zone (the clinic's), "24 Nov 2026", no trailing zero, always a leading one. None is
never an empty string, because a blank reads as fine.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

NOT_RECORDED = "not in the record"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def clinic_zone() -> ZoneInfo:
    """The zone in which this clinic reads its clocks."""
    zone: ZoneInfo = settings.EVENKEEL_CLINIC_ZONE
    return zone


def zone_name(moment: datetime) -> str:
    """ "EST", or "UTC+3" where the zone has no letters of its own."""
    name = moment.astimezone(clinic_zone()).tzname() or "UTC"
    if name[0] in "+-":
        hours, minutes = name[1:3], name[3:]
        name = f"UTC{name[0]}{int(hours)}{':' + minutes if minutes else ''}"
    return name


def local(moment: datetime) -> datetime:
    """The same moment on the clinic's clock.

    Raises ValueError for a naive time: nobody can say which moment it means.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no zone, so it names no moment.")
    return moment.astimezone(clinic_zone())


def write_time(moment: datetime | None, *, seconds: bool = False, zone: bool = False) -> str:
    if moment is None:
        return NOT_RECORDED
    text = local(moment).strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{text} {zone_name(moment)}" if zone else text


def write_date(day: date | datetime | None, *, weekday: bool = False, year: bool = True) -> str:
    """ "24 Nov 2026", "Tue 24 Nov 2026" or "24 Nov"."""
    if day is None:
        return NOT_RECORDED
    if isinstance(day, datetime):
        day = local(day).date()
    text = f"{day.day} {MONTHS[day.month - 1]}"
    if year:
        text = f"{text} {day.year}"
    return f"{DAYS[day.weekday()]} {text}" if weekday else text


def write_datetime(moment: datetime | None, *, zone: bool = False) -> str:
    if moment is None:
        return NOT_RECORDED
    return f"{write_date(moment)}, {write_time(moment, zone=zone)}"


def write_minutes(length: timedelta | int | float | Decimal | None) -> str:
    """Whole minutes gone by, rounded down: "41 min". A timedelta, or a number of minutes."""
    if length is None:
        return NOT_RECORDED
    minutes = length.total_seconds() / 60 if isinstance(length, timedelta) else float(length)
    sign = "-" if minutes < 0 else ""
    return f"{sign}{int(abs(minutes)):,} min"


def write_countdown(seconds: float) -> str:
    """m:ss of a time to come or gone by; the sign is said in words beside it."""
    whole = int(abs(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def write_number(number: Decimal | float | int | str | None) -> str:
    """38 and never 38.0 (misread as 380); 0.5 and never .5; 1,708.

    Text that is no number comes back as it is: refusing belongs to forms.
    """
    if number is None or number == "":
        return NOT_RECORDED
    try:
        exact = Decimal(str(number))
    except ArithmeticError:
        return str(number)
    if not exact.is_finite():
        return str(number)
    text = f"{exact:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def age_on(born: date | None, today: date) -> int | None:
    """Whole years. Somebody born on 29 February grows older on 1 March."""
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def write_ago(then: datetime | None, now: datetime) -> str:
    """ "8 s ago", "3 min ago", then the time itself: old values must not sound near."""
    if then is None:
        return NOT_RECORDED
    seconds = int((now - then).total_seconds())
    if 0 <= seconds < 60:
        return f"{seconds} s ago"
    if 60 <= seconds < 3600:
        return f"{seconds // 60} min ago"
    if local(then).date() == local(now).date():
        return f"at {write_time(then)}"
    return write_datetime(then)
