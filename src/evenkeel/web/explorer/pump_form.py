"""The form of the page of targets as plain values, and what is wrong beside each field."""

from __future__ import annotations

from typing import Any

from evenkeel.core.pharmacology.library.models import Model, models
from evenkeel.web.explorer import people, pump_queries
from evenkeel.web.explorer.pump_answers import PumpAnswer
from evenkeel.web.explorer.pump_queries import PumpAsked
from evenkeel.web.explorer.reading import Reading
from evenkeel.web.explorer.rows import length, plain
from evenkeel.web.explorer.words import drug_short, short_name


def form(reading: Reading[PumpAsked], found: PumpAnswer | None) -> dict[str, Any]:
    """What the form shows: the question as it was read, or as it was typed."""
    faults = dict(reading.faults)
    if found is not None and found.refusals:
        faults[found.field] = tuple(f"It refuses: {each}." for each in found.refusals)
    no_targets = [(short_name(e), e.no_targets) for e in models().values() if e.no_targets]
    shown = dict((reading.asked or PumpAsked()).pairs())
    if reading.asked is None:
        shown |= {name: values[0][:40] for name, values in reading.typed.items() if values}

    def field(name: str, label: str, choices: list[tuple[str, str]] | None = None,
              hint: str = "") -> dict[str, Any]:  # fmt: skip
        return {"name": name, "label": label, "choices": choices, "hint": hint,
                "value": shown[name], "faults": faults.get(name, ())}  # fmt: skip

    return {
        "faults": faults,
        "model": field("model", "Model"),
        "groups": _groups(),
        "no_targets": no_targets,
        "site": field("site", "Aim at", list(pump_queries.SITES.items())),
        "targets": _rows(reading),
        "most_targets": pump_queries.MOST_TARGETS,
        "stop": field("stop", "Stop the pump at", hint="such as 40min or 2h, at most 24h"),
        "person": [
            field("age", "Age, years", _numbers(people.AGES)),
            field("weight", "Weight, kg", _numbers(people.WEIGHTS)),
            field("group", "Group, read by Perez-Ruixo only", list(people.GROUPS.items())),
        ],
        "pump": [
            field("syringe", "Syringe, mg/mL"),
            field("every", "Rate set every",
                  [(name, words) for name, (_, words) in pump_queries.EVERY.items()]),
            field("rate", "Most, mL/h"),
            field("step", "Step, mL/h"),
            field("bolus", "Largest bolus, mg", hint="0: none is given"),
            field("ceiling", "Plasma at most", hint="none, or ng/mL"),
        ],
    }  # fmt: skip


def _numbers(values: tuple[int, ...]) -> list[tuple[str, str]]:
    return [(str(value), str(value)) for value in values]


def _groups() -> list[dict[str, Any]]:
    """Models with a way into a vein, those of pump programs first."""

    def line(each: Model) -> dict[str, str]:
        site = "" if each.effect_site is not None else ", plasma only"
        return {"id": each.id, "words": f"{short_name(each)}: {drug_short(each)}{site}"}

    able = [each for each in models().values() if "iv" in each.routes and not each.no_targets]
    wanted = (
        ("Used by pump programs", [e for e in able if e.target_controlled]),
        ("Adults, in no pump program",
         [e for e in able if not e.target_controlled and e.age_group == "adults"]),
        ("Children, in no pump program",
         [e for e in able if not e.target_controlled and e.age_group == "children"]),
    )  # fmt: skip
    return [{"title": title, "models": [line(e) for e in group]} for title, group in wanted]


def _rows(reading: Reading[PumpAsked]) -> list[dict[str, Any]]:
    """Targets that are there, and an empty one."""
    filled: list[tuple[str, ...]] = []
    if reading.asked is not None:
        filled = [(length(at), plain(level)) for at, level in reading.asked.targets]
    else:
        for text in reading.typed.get("target", ()):
            at, _, level = text[:40].partition(",")
            filled.append((at, level))
        filled += reading.typed_rows
        filled = filled or [(length(at), plain(level)) for at, level in PumpAsked().targets]
    filled = filled[: pump_queries.MOST_TARGETS]
    if len(filled) < pump_queries.MOST_TARGETS:
        filled.append(("", ""))
    return [
        {"number": number, "at": at, "reach": level}
        for number, (at, level) in enumerate(filled, start=1)
    ]
