"""The explorer's form as plain values: choices, what is chosen, and what is wrong beside it."""

from __future__ import annotations

from typing import Any

from evenkeel.core.pharmacology.doses.presets import presets
from evenkeel.core.pharmacology.library.models import models
from evenkeel.web.explorer import people, queries, rows
from evenkeel.web.explorer.answers import Answer
from evenkeel.web.explorer.queries import Asked
from evenkeel.web.explorer.reading import Reading
from evenkeel.web.explorer.words import SAMPLING, bounds_words, drug_short, short_name


def form(reading: Reading[Asked], answer: Answer | None) -> dict[str, Any]:
    """What the form shows: the question as it was read, or as it was typed."""
    example = Asked()
    asked = reading.asked

    def one(name: str, choices: list[tuple[str, str]]) -> str:
        fallback = dict(example.pairs())[name]
        if asked is not None:
            return dict(asked.pairs())[name]
        known = dict(choices)
        return next((each for each in reading.typed.get(name, ()) if each in known), fallback)

    def select(name: str, label: str, choices: list[tuple[str, str]]) -> dict[str, Any]:
        return {"name": name, "label": label, "choices": choices, "chosen": one(name, choices)}

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
        "most_rows": queries.MOST_ROWS,
        "most_doses": queries.MOST_DOSES,
        "most_days": rows.MOST_DAYS,
        "groups": groups,
        "preset": select("preset", "A usual dose", [
            (queries.NO_PRESET, "none: only the rows below"),
            *((each.id, f"{each.id}: {each.words}") for each in presets().values()),
        ]),
        "rows": _rows(reading),
        "routes": list(rows.ROUTES.items()),
        "units": rows.UNITS,
        "person": [
            select("age", "Age, years", _numbers(people.AGES)),
            select("weight", "Weight, kg", _numbers(people.WEIGHTS)),
            select("group", "Group, read by Perez-Ruixo only", list(people.GROUPS.items())),
        ],
        "shows": [(value, words, value in show) for value, words in queries.SHOWS.items()],
        "drawn": [
            select("level", "Line and time above, ng/mL",
                   [("0", "none"), *_numbers(queries.LEVELS[1:])]),
            select("hours", "Length of the axis", [
                (queries.AUTO, "as long as the doses ask"),
                *((str(v), f"{v} h" if v <= 72 else f"{v // 24} days") for v in queries.SPANS),
            ]),
            select("scale", "Scale", list(queries.SCALES.items())),
        ],
    }  # fmt: skip


def _numbers(values: tuple[int, ...]) -> list[tuple[str, str]]:
    return [(str(value), str(value)) for value in values]


def _rows(reading: Reading[Asked]) -> list[dict[str, Any]]:
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
