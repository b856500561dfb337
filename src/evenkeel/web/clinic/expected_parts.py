"""The panel of what a model expects: its words, its table, the questions that it asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evenkeel.core.pharmacology.shown.serving import Curve, serving
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Patient
from evenkeel.web.records.selectors import expected as selectors
from evenkeel.web.records.selectors.expected import Shown
from evenkeel.web.ui.expected import draw_plan
from evenkeel.web.ui.words import write_number, write_time

_EVERY_MIN = 15


def panel_of(shown: Shown | None, patient: Patient, user: Any) -> dict[str, Any] | None:
    """Names for ``clinic/expected/_panel.html``; None where the site has the view off."""
    if shown is None:
        return None
    found = shown.expected
    model = found.model if found is not None else None
    curve = found.curve if found is not None else None
    asks = found.questions if found is not None else ()
    return {
        "shown": shown,
        "model": model,
        "rows": _rows(shown, curve) if curve is not None else [],
        "no_band": curve.no_band if curve is not None else "",
        "figure": _figure(shown, curve) if curve is not None and not shown.started_at else "",
        "questions": [each for each in serving().question if each.id in asks],
        "answered": _answered(patient) if model is not None else [],
        "may_answer": permissions.may(user, "facts.answer"),
        "patient": patient,
        "limits": serving().limits if model is None else model.limits,
    }


def _answered(patient: Patient) -> list[tuple[str, str, str]]:
    """Question id, its words, and what was answered."""
    said = selectors.answers_of(patient)
    return [
        (each.id, each.words, one.words)
        for each in serving().question
        for one in each.choice
        if said.get(each.id) == one.id
    ]


def _figure(shown: Shown, curve: Curve) -> Any:
    assert shown.expected is not None
    assert shown.expected.model is not None
    points = [
        {"minute": minute, "line": line, "low": low, "high": high}
        for minute, line, low, high in selectors.rows_of(curve)
    ]
    model = {"waiting": False, "name": shown.expected.model.analyte, "points": points}
    return draw_plan(model, shown.doses_min)


def _rows(shown: Shown, curve: Curve) -> list[tuple[str, str, str]]:
    """Every quarter of an hour: when, the line, the band in words."""
    made = []
    for minute, line, low, high in selectors.rows_of(curve):
        if minute % _EVERY_MIN:
            continue
        when = (
            write_time(shown.started_at + timedelta(minutes=minute))
            if shown.started_at is not None
            else f"{write_number(minute)} min"
        )
        band = f"{low:.0f} to {high:.0f}" if low is not None and high is not None else "no band"
        made.append((when, f"{line:.0f}", band))
    return made
