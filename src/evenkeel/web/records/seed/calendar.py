"""A book of chairs in memory, so that invented treatments never collide."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SLOTS = (time(8, 15), time(11, 0), time(13, 45))  # 165 minutes apart
FULL_WEEKDAYS = 5


@dataclass(kw_only=True)
class Calendar:
    """``chairs``: which numbers may be used; ``taken``: (day, slot, chair)."""

    zone: ZoneInfo
    chairs: tuple[int, ...]
    taken: set[tuple[date, int, int]] = field(default_factory=set)

    def place(self, wished: date, *, latest: date | None = None) -> tuple[datetime, int] | None:
        """Start in UTC and chair number on the first free weekday from ``wished`` on."""
        day = wished
        while latest is None or day <= latest:
            if day.weekday() < FULL_WEEKDAYS:
                for slot, begin in enumerate(SLOTS):
                    for chair in self.chairs:
                        if (day, slot, chair) not in self.taken:
                            self.taken.add((day, slot, chair))
                            local = datetime.combine(day, begin, self.zone)
                            return local.astimezone(UTC), chair
            day += timedelta(days=1)
        return None
