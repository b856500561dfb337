"""A treatment's sheet in words: everything that was written down, by time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from evenkeel.web.ui.sheet_axis import Sheet, by_time, moment
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
        for at, words, origin in _by_minute(sheet.series.get(name, ())):
            add(at, what, f"{words} {unit}", origins.get(origin, ""))
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


def _by_minute(items: Sequence[dict[str, Any]]) -> Iterator[tuple[datetime, str, str]]:
    """One row for each minute of a monitor, lowest and highest; each value by hand by itself.

    A monitor speaks every few seconds: a row for each would be pages that nobody reads.
    """

    def minute(item: dict[str, Any]) -> tuple[datetime, Any]:
        at = moment(item["at"])
        return at.replace(second=0, microsecond=0), at if item.get("by") == "hand" else None

    for _, group in groupby(by_time(items), key=minute):
        same = list(group)
        values = [Decimal(str(item["value"])) for item in same]
        low, high = write_number(min(values)), write_number(max(values))
        words = low if low == high else f"{low} to {high}"
        yield moment(same[0]["at"]), words, same[0].get("by", "")
