"""Rules inside one element that a table cannot say (FHIR calls them invariants).

Each takes an element whose shape is right, and tells its faults by their place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from evenkeel.core.chart import PartialDate
from evenkeel.edges.fhir import primitives


class Faults(Protocol):
    """Whoever gathers them."""

    def fault(self, code: str, path: str, words: str) -> None: ...


def _period(value: dict[str, Any], path: str, found: Faults) -> None:
    if "start" not in value or "end" not in value:
        return
    start, end = primitives.moment(value["start"]), primitives.moment(value["end"])
    first = start.earliest if isinstance(start, PartialDate) else start.date()
    last = end.latest if isinstance(end, PartialDate) else end.date()
    both_exact = not isinstance(start, PartialDate) and not isinstance(end, PartialDate)
    if first > last or (both_exact and start > end):  # type: ignore[operator]
        found.fault(
            "invariant", path, "ends before it starts (FHIR per-1). Correct one of the two."
        )


def _extension_holds_one(value: dict[str, Any], path: str, found: Faults) -> None:
    has_value = any(name.lstrip("_").startswith("value") for name in value)
    if has_value == ("extension" in value):
        found.fault(
            "invariant",
            path,
            "must hold either a value or further extensions, and not both (FHIR ext-1).",
        )


def _observation(value: dict[str, Any], path: str, found: Faults) -> None:
    has_value = any(name.startswith("value") for name in value)
    if has_value and "dataAbsentReason" in value:
        found.fault(
            "invariant",
            f"{path}.dataAbsentReason",
            "There is a value and a reason why there is none (FHIR obs-6). Send one of the two.",
        )


INVARIANTS: dict[str, Callable[[dict[str, Any], str, Faults], None]] = {
    "Period": _period,
    "Extension": _extension_holds_one,
    "Observation": _observation,
    "Observation.component": _observation,
}
