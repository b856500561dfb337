"""What mapping notes on its way, and what every entry of a chart has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evenkeel.core.chart import Code, Problem
from evenkeel.edges.fhir.references import Entry


@dataclass(slots=True)
class Notes:
    """Problems as they are found, and why entries cannot be relied on, by entry number."""

    problems: list[Problem] = field(default_factory=list)
    unusable: dict[int, str] = field(default_factory=dict)

    def warn(self, path: str, text: str) -> None:
        self.problems.append(Problem(severity="warning", path=path, text=text))

    def distrust(self, number: int, path: str, text: str) -> None:
        self.warn(path, text)
        self.unusable.setdefault(number, text)


def ref_of(entry: Entry) -> str:
    """How the chart names an entry: "Condition/17"."""
    name = entry.resource.get("id")
    if isinstance(name, str):
        return f"{entry.kind}/{name}"
    return entry.full_url or f"{entry.kind}/entry-{entry.number}"


def common(entry: Entry, code: Code, notes: Notes, status: str) -> dict[str, Any]:
    if status == "entered-in-error":
        notes.unusable.setdefault(entry.number, "entered in error")
    elif status in _DID_NOT_HAPPEN:
        notes.unusable.setdefault(entry.number, _DID_NOT_HAPPEN[status])
    elif not status and entry.kind in _NEED_STATUS:
        notes.distrust(
            entry.number,
            f"{entry.place}.status",
            "has no status, only a reason why. Kept; whether it holds is to be asked.",
        )
    reason = notes.unusable.get(entry.number, "")
    return {
        "ref": ref_of(entry),
        "place": f"Bundle.entry[{entry.number}]",
        "code": code,
        "usable": not reason,
        "unusable_because": reason,
    }


_DID_NOT_HAPPEN = {
    "cancelled": "cancelled",
    "not-done": "it was not done",
    "declined": "declined",
}
_NEED_STATUS = frozenset(
    {
        "Observation",
        "Procedure",
        "Encounter",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationAdministration",
        "MedicationDispense",
    }
)
