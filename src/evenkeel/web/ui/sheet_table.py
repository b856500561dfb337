"""A treatment's sheet in words: everything that was written down, by time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evenkeel.web.ui.sheet_axis import Sheet, moment
from evenkeel.web.ui.words import write_number, write_time


def moments(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that was written down, by time: {at, time, what, value, origin}."""
    sheet = Sheet(document)
    found = []

    def add(at: datetime | str, what: str, value: str, origin: str = "") -> None:
        when = moment(at)
        found.append(
            {"at": when, "time": write_time(when), "what": what, "value": value, "origin": origin}
        )

    origins = {"hand": "by hand", "monitor": "monitor"}
    for item in sheet.series.get("sys_dia", ()):
        over = f", {item['over']} alarm" if item.get("over") else ""
        add(
            item["at"],
            "Pressure",
            f"{item['sys']}/{item['dia']} mmHg{over}",
            origins.get(item.get("by", ""), ""),
        )
    for name, what, unit in (
        ("pulse", "Pulse", "per min"),
        ("spo2", "SpO₂", "%"),
        ("rr", "Breaths", "per min"),
    ):
        for item in sheet.series.get(name, ()):
            add(
                item["at"],
                what,
                f"{write_number(item['value'])} {unit}",
                origins.get(item.get("by", ""), ""),
            )
    for name, what in (("sedation", "Sedation"), ("dissociation", "Dissociation")):
        for item in sheet.levels.get(name, ()):
            was = f", corrected from {item['was']}" if item.get("was") is not None else ""
            add(item["at"], what, f"{item['value']}{was}", "by hand")
    for item in document.get("events", ()):
        add(item["at"], "Event", item["words"])
    for item in document.get("checks", ()):
        add(
            item["at"],
            "Check",
            "done" if item.get("done") else "late" if item.get("late") else "due",
        )
    for part in document.get("dose", ()):
        add(part["from"], "Dose", part.get("words", "given"))
    return sorted(found, key=lambda row: row["at"])
