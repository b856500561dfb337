"""The Patient resource to a ``Person``: who is meant, and how to reach them."""

from __future__ import annotations

from datetime import date
from typing import Any

from evenkeel.core.chart import PartialDate, Person, Problem, When
from evenkeel.edges.fhir import bundle, primitives
from evenkeel.edges.fhir.notes import Notes, ref_of
from evenkeel.edges.fhir.references import Entry
from evenkeel.edges.fhir.shape import Survey
from evenkeel.edges.fhir.values import span

OLDEST = 125  # years; the longest documented human life is 122 years
MOST_IDENTIFIERS = 100
LONGEST = {"family": 200, "given": 200, "system": 255, "value": 255}
_NAME_ORDER = ("official", "usual", "", "temp", "nickname", "maiden", "anonymous", "old")


def person(entry: Entry, notes: Notes, found: Survey, today: date) -> Person:
    """The person; what cannot be stored as it was written becomes a fault."""
    told = entry.resource
    family, given = _name(told, entry, notes, found)
    deceased, died = _death(told, entry, notes, today)
    return Person(
        ref=ref_of(entry),
        family=family,
        given=given,
        birth=_birth(told, entry, notes, today),
        sex=told.get("gender", "unknown"),
        deceased=deceased,
        died=died,
        identifiers=matching(told, entry, found),
        email=_reach(told, "email", 254, lambda text: "@" in text),
        phone=_reach(told, "phone", 64, lambda text: True),
        language=_language(told),
    )


def matching(told: dict[str, Any], entry: Entry, found: Survey) -> tuple[tuple[str, str], ...]:
    """Identifiers that say who this is: with a system, neither old nor temporary."""
    fit: dict[tuple[str, str], None] = {}
    for number, item in enumerate(told.get("identifier", [])):
        pair = (item.get("system", ""), item.get("value", ""))
        if not all(pair) or item.get("use") in ("old", "temp"):
            continue
        for name, text in zip(("system", "value"), pair, strict=True):
            if len(text) > LONGEST[name]:
                found.fault(
                    "too-long",
                    f"{entry.place}.identifier[{number}].{name}",
                    f"has {len(text)} characters; at most {LONGEST[name]} can be kept whole.",
                )
        fit[pair] = None
    if len(fit) > MOST_IDENTIFIERS:
        found.fault(
            "too-long",
            f"{entry.place}.identifier",
            f"has {len(fit):,} identifiers; at most {MOST_IDENTIFIERS} can be one person's.",
        )
    return tuple(fit)


def _name(told: dict[str, Any], entry: Entry, notes: Notes, found: Survey) -> tuple[str, str]:
    names = sorted(
        enumerate(told.get("name", [])),
        key=lambda pair: _NAME_ORDER.index(pair[1].get("use", "")),
    )
    if not names:
        notes.warn(f"{entry.place}.name", "The person has no name in the record. Ask for it.")
        return "", ""
    number, name = names[0]
    given = " ".join(part for part in name.get("given", []) if part)
    family = name.get("family") or ("" if given else name.get("text", ""))
    for part, text in (("family", family), ("given", given)):
        if len(text) > LONGEST[part]:
            found.fault(
                "too-long",
                f"{entry.place}.name[{number}].{part}",
                f"has {len(text)} characters; at most {LONGEST[part]} can be kept whole.",
            )
    return family, given


def _birth(told: dict[str, Any], entry: Entry, notes: Notes, today: date) -> PartialDate | None:
    place = f"{entry.place}.birthDate"
    written = told.get("birthDate")
    if not isinstance(written, str):
        notes.warn(place, "No date of birth: the age is not known. Ask for it.")
        return None
    born = primitives.moment(written)
    if not isinstance(born, PartialDate):
        return None
    if today.year - born.year > OLDEST:
        notes.warn(
            place,
            f"{written} would make this person more than {OLDEST} years old. Kept; the age "
            "stays unknown until the date is put right.",
        )
        return None
    return born


def _death(
    told: dict[str, Any], entry: Entry, notes: Notes, today: date
) -> tuple[bool, When | None]:
    """Had the person died by that day, and when?"""
    name = bundle.death(told)
    if not name:
        return False, None
    written = told.get("deceasedDateTime")
    died = primitives.moment(written) if isinstance(written, str) else None
    if died is not None and span(died)[0] > today:
        return False, died
    notes.problems.append(
        Problem(severity="error", path=f"{entry.place}.{name}", text=f"{bundle.DEAD}")
    )
    return True, died


def _reach(told: dict[str, Any], system: str, longest: int, fits: Any) -> str:
    found = [
        item
        for item in told.get("telecom", [])
        if item.get("system") == system and item.get("use") != "old" and item.get("value")
    ]
    found.sort(key=lambda item: item.get("rank", 1_000_000))
    return next((i["value"] for i in found if len(i["value"]) <= longest and fits(i["value"])), "")


def _language(told: dict[str, Any]) -> str:
    spoken = sorted(told.get("communication", []), key=lambda item: not item.get("preferred"))
    for item in spoken:
        for coding in item.get("language", {}).get("coding", []):
            code = str(coding.get("code", ""))
            if 0 < len(code) <= 35:
                return code
    return ""
