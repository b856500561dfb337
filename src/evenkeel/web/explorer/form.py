"""The explorer's form as plain values: choices, what is chosen, and what is wrong beside it."""

from __future__ import annotations

from typing import Any

from evenkeel.core.pharmacology.models import models
from evenkeel.core.pharmacology.presets import presets
from evenkeel.web.explorer import queries, rows
from evenkeel.web.explorer.answers import Answer
from evenkeel.web.explorer.queries import Asked, Reading
from evenkeel.web.explorer.words import SAMPLING, bounds_words, drug_short, short_name


def form(reading: Reading, answer: Answer | None) -> dict[str, Any]:
    """What the form shows: the question as it was read, or as it was typed."""
    example = Asked()
    asked = reading.asked

    def one(name: str, fallback: str) -> str:
        if asked is not None:
            return dict(asked.pairs())[name]
        return next((value for value in reading.typed.get(name, ()) if value), fallback)

    def several(name: str, fallback: tuple[str, ...]) -> tuple[str, ...]:
        if asked is not None:
            return tuple(value for key, value in asked.pairs() if key == name)
        return tuple(reading.typed.get(name, ())) or fallback

    chosen = several("model", example.models)
    refused = {e.model.id: e.refusals for e in answer.models if e.refusals} if answer else {}
    letters = {e.model.id: e.letter for e in answer.models} if answer else {}
    groups = []
    for age_group in ("adults", "children"):
        groups.append(
            {
                "title": f"Made from {age_group}",
                "has_checked": any(
                    m.id in chosen for m in models().values() if m.age_group == age_group
                ),
                "models": [
                    {
                        "id": each.id,
                        "short": short_name(each),
                        "sub": f"{drug_short(each)}, {SAMPLING[each.sampling]}, "
                        f"{', '.join(bounds_words(each))}",
                        "checked": each.id in chosen,
                        "letter": letters.get(each.id, ""),
                        "refusals": refused.get(each.id, ()),
                    }
                    for each in models().values()
                    if each.age_group == age_group
                ],
            }
        )
    show = several("show", example.show)
    return {
        "faults": reading.faults,
        "groups": groups,
        "presets": [
            ("none", "none: only the rows below"),
            *((each.id, f"{each.id}: {each.words}") for each in presets().values()),
        ],
        "preset": one("preset", queries.NO_PRESET),
        "rows": _rows(reading),
        "routes": list(rows.ROUTES.items()),
        "units": rows.UNITS,
        "person": [
            ("age", "Age, years", [(str(v), str(v)) for v in queries.AGES], one("age", "40")),
            ("weight", "Weight, kg", [(str(v), str(v)) for v in queries.WEIGHTS],
             one("weight", "70")),
            ("group", "Group, read by Perez-Ruixo only", list(queries.GROUPS.items()),
             one("group", "none")),
        ],
        "shows": [(value, words, value in show) for value, words in queries.SHOWS.items()],
        "drawn": [
            ("level", "Line and time above, ng/mL",
             [(str(v), str(v) if v else "none") for v in queries.LEVELS], one("level", "100")),
            ("hours", "Length of the axis",
             [(queries.AUTO, "as long as the doses ask"),
              *((str(v), f"{v} h" if v <= 72 else f"{v // 24} days") for v in queries.SPANS)],
             one("hours", queries.AUTO)),
            ("scale", "Scale", list(queries.SCALES.items()), one("scale", "linear")),
        ],
    }  # fmt: skip


def _rows(reading: Reading) -> list[dict[str, Any]]:
    """Rows that are there, and an empty one."""
    if reading.asked is not None:
        filled = [
            (row.route, rows.plain(row.amount), row.unit, rows.length(row.at),
             rows.length(row.over) if row.over else "", str(row.more) if row.more else "",
             rows.length(row.every) if row.every else "")
            for row in reading.asked.rows
        ]  # fmt: skip
    else:
        filled = [*reading.typed_rows]
        for text in reading.typed.get("dose", ()):
            parts = [part.strip() for part in text[:120].split(",")]
            if len(parts) == 6:
                unit = "mg/kg" if parts[1].endswith("/kg") else "mg"
                filled.append((parts[0], parts[1].removesuffix(unit), unit, *parts[2:]))
    filled = filled[: queries.MOST_ROWS]
    if len(filled) < queries.MOST_ROWS:
        filled.append(("iv", "", "mg/kg", "", "", "", ""))
    return [
        {"number": number, **dict(zip(rows.FIELDS, row, strict=True))}
        for number, row in enumerate(filled, start=1)
    ]
