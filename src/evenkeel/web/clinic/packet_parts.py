"""The packet page's parts, as plain keys for its templates.

In: a packet's plain object. Out: the same with marks and links. Nothing is decided here.
"""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.terms.dictionary import TRIALS
from evenkeel.core.guidelines.verdicts.verdicts import Finding
from evenkeel.core.packets.assemble import PARTS
from evenkeel.web.clinic.screening_parts import STATE
from evenkeel.web.records.models import Packet, Patient


def choices(packs: list[Pack], chosen: Pack | None) -> list[dict[str, Any]]:
    """The payers' rules to choose from."""
    return [{"pack": pack, "chosen": chosen is not None and pack.id == chosen.id} for pack in packs]


def part_boxes(wanted: set[str]) -> list[dict[str, Any]]:
    """The check list of parts; what is not ticked is left out."""
    return [
        {"name": name, "label": label, "ticked": name in wanted} for name, label in PARTS.items()
    ]


def shown(sheet: dict[str, Any], patient: Patient | None = None) -> dict[str, Any]:
    """A packet's object for the page. patient: links to answer what is missing, if given."""
    return sheet | {
        "criteria": [
            line | {"state": STATE[Finding(line["finding"])]} for line in sheet["criteria"]
        ],
        "missing": [gap | {"href": _href(gap, patient)} for gap in sheet["missing"]],
        "sections": [
            {"title": title, **sheet[name]}
            for title, name in (
                ("The person", "person"),
                ("Who refers and who prescribes", "people"),
                ("What is asked for", "course"),
                ("Diagnosis", "diagnosis"),
            )
        ],
        "later": [
            {"title": title, **sheet[name]}
            for title, name in (
                ("Severity scores: totals", "scores"),
                ("Treatments given so far", "treatments"),
            )
            if sheet[name] is not None
        ],
        "verdicts": [
            {"title": title, "rows": sheet[name]}
            for title, name in (
                ("Safeguards", "safeguards"),
                ("What the guidelines say", "guidelines"),
            )
            if sheet[name] is not None
        ],
    }


# Where a gap is closed that is no fact.
_CLOSED_ON = {
    "Course": "clinic:course_plan",
    "Prescriber": "clinic:screening",
    "A severity score": "clinic:send_questionnaire",
}


def _href(gap: dict[str, Any], patient: Patient | None) -> str:
    if patient is None:
        return ""
    if gap["fact"] == TRIALS:
        return reverse("clinic:trials", args=[patient.number])
    if gap["what"] in _CLOSED_ON:
        return reverse(_CLOSED_ON[gap["what"]], args=[patient.number])
    if not gap["fact"]:
        return ""
    return reverse("clinic:screening_fact", args=[patient.number, gap["fact"]])


def issued_lines(rows: list[Packet]) -> list[dict[str, Any]]:
    """Issued packets, newest first; one that was replaced says by which."""
    lines, payers = [], library().payers
    for row in rows:
        later = getattr(row, "replaced_by", None)
        gaps = f"{row.missing} missing" if row.missing else "nothing missing"
        lines.append(
            {
                "row": row,
                "rules": payers[row.payer_pack].short
                if row.payer_pack in payers
                else row.payer_pack,
                "gaps": gaps + (f", {row.not_met} not met" if row.not_met else ""),
                "replaced_by": later.code if later is not None else "",
                "short_sha": row.pdf_sha256[:16],
            }
        )
    return lines
