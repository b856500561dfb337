"""Where a time and a value stand on a treatment's sheet: strips, ranges, width.

In: the document of ``ui.flowsheet``. Out: coordinates. Nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from evenkeel.web.ui import expected

# The least and the greatest width; what stands left and right of the axis is the same in each.
NARROW, WIDE, LEFT, MARGIN = 828.0, 1700.0, 102.0, 14.0
# name, range low and high, top, height of the strip: fixed, so that visits compare.
PRESSURE = (40.0, 200.0, 112.0, 160.0)
SPO2 = (80.0, 100.0, 294.0, 56.0)
BREATHS = (0.0, 40.0, 362.0, 44.0)
STRIPS = {"sys_dia": PRESSURE, "pulse": PRESSURE, "spo2": SPO2, "rr": BREATHS}
SEDATION, DISSOCIATION, EVENTS, CHECKS, BOTTOM = 408.0, 446.0, 484.0, 520.0, 556.0
GAP_S = 180


def moment(value: datetime | str) -> datetime:
    """An aware datetime. Raises ValueError for a time without a zone."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no zone, so it names no moment.")
    return found


class Sheet:
    """Where a time and a value stand on the paper."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.width = min(max(float(document.get("width", NARROW)), NARROW), WIDE)
        self.right = self.width - MARGIN
        self.start, self.end = moment(document["start"]), moment(document["end"])
        self.now = moment(document["now"])
        self.span = max((self.end - self.start).total_seconds(), 60)
        self.gap_s = float(document.get("gap_s", GAP_S))
        self.series: dict[str, list[dict[str, Any]]] = document.get("series", {})
        self.levels: dict[str, list[dict[str, Any]]] = document.get("levels", {})
        # What a model expects stands below everything that was measured or written down.
        self.model: dict[str, Any] = document.get("expected", {})
        self.bottom = BOTTOM + expected.TALL if self.model else BOTTOM

    def x(self, when: datetime | str) -> float:
        part = (moment(when) - self.start).total_seconds() / self.span
        return LEFT + min(max(part, 0), 1) * (self.right - LEFT)

    def inside(self, when: datetime | str) -> bool:
        return self.start <= moment(when) <= self.end

    @staticmethod
    def y(value: float, strip: tuple[float, float, float, float]) -> float:
        low, high, top, tall = strip
        return top + tall * (1 - (min(max(float(value), low), high) - low) / (high - low))

    def items(self, name: str) -> list[dict[str, Any]]:
        found = [item for item in self.series.get(name, ()) if self.inside(item["at"])]
        return sorted(found, key=lambda item: moment(item["at"]))


def by_time(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: moment(item["at"]))


def runs(sheet: Sheet, name: str) -> list[list[dict[str, Any]]]:
    """A sign's readings, parted where nothing was measured for longer than a gap."""
    found: list[list[dict[str, Any]]] = []
    before: datetime | None = None
    for item in sheet.items(name):
        at = moment(item["at"])
        if before is None or (at - before).total_seconds() > sheet.gap_s:
            found.append([])
        found[-1].append(item)
        before = at
    return found
