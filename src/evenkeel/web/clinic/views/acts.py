"""One door for everything that is charted at the chair.

The live screen posts a kind, its fields, the time of the tap and an id. The answer
is JSON for a script and a redirect for a plain form. A refusal is 422 with words,
so that a script can tell "refused" from "could not be reached".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from evenkeel.core.kernel.quantities import UnreadableQuantity, read_decimal
from evenkeel.core.pharmacology.doses.dosing import CannotDose
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.treatment_parts import client_of, treatment_or_404
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Treatment, TreatmentEvent
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.services import (
    alarms,
    charting,
    giving,
    leaving,
    readings,
    treatments,
    under_way,
)
from evenkeel.web.records.services.register import DoesNotAddUp
from evenkeel.web.records.services.timeline import NotNow

REFUSALS = (
    NotNow, CannotDose, DoesNotAddUp, readings.NotAReading, permissions.Denied, UnreadableQuantity,
)  # fmt: skip
SIGNS = ("systolic_bp", "diastolic_bp", "heart_rate", "spo2", "respiratory_rate")


class _Act:
    """One posted act, read once."""

    def __init__(self, request: HttpRequest, treatment: Treatment, now: datetime) -> None:
        self.post: QueryDict = request.POST
        self.treatment, self.by, self.now = treatment, request.user, now
        self.client: UUID = client_of(request)
        self.at = self._at(now)

    def _at(self, now: datetime) -> datetime:
        written = self.post.get("at", "")
        if not written:
            return now
        try:
            read = datetime.fromisoformat(written)
        except ValueError as fault:
            raise NotNow("The time of this act cannot be read. Nothing was written.") from fault
        if read.tzinfo is None:
            raise NotNow("The time of this act has no zone. Nothing was written.")
        return read

    def text(self, name: str) -> str:
        return str(self.post.get(name, "")).strip()

    def number(self, name: str, unit: str) -> Decimal | None:
        written = self.text(name)
        return read_decimal(written, unit) if written else None

    @property
    def common(self) -> dict[str, Any]:
        return {"treatment": self.treatment, "by": self.by, "client": self.client}

    @property
    def charted(self) -> dict[str, Any]:
        return {**self.common, "at": self.at, "now": self.now}


def _level(act: _Act) -> Any:
    for scale in ("sedation", "dissociation"):
        if act.text(scale):
            if not act.text(scale).isdecimal():
                raise NotNow("A level is a whole number. Nothing was written.")
            return charting.tap_level(scale=scale, level=int(act.text(scale)), **act.charted)
    raise NotNow("No level was given. Nothing was written.")


def _reading(act: _Act) -> Any:
    values = {}
    for name in SIGNS:
        number = act.number(name, "this sign")
        if number is not None:
            values[name] = number
    return readings.record_by_hand(values=values, note=act.text("note"), **act.charted)


def _answered(act: _Act) -> Any:
    return treatments.answer(
        condition=act.text("condition"),
        values={name: act.text(name) for name in ("answer", "name") if act.text(name)},
        **act.charted,
    )


def _corrected(act: _Act) -> Any:
    try:
        wrong = UUID(act.text("supersedes"))
    except ValueError as fault:
        raise NotNow("What is to be corrected was not named. Nothing was written.") from fault
    return charting.undo(supersedes=wrong, reason=act.text("reason"), **act.charted)


def _pump(kind: str) -> Callable[[_Act], Any]:
    def run(act: _Act) -> Any:
        return under_way.pump(
            act=kind,
            reason=act.text("reason"),
            rate_ml_per_h=act.number("rate", "mL/h") if kind == "rate_changed" else None,
            **act.charted,
        )

    return run


def _end(act: _Act) -> Any:
    return under_way.end_dose(
        given_mg=act.number("given_mg", "mg"), reason=act.text("reason"), **act.charted
    )


ACTS: Mapping[str, tuple[str, Callable[[_Act], Any]]] = {
    "level_tapped": ("saved", _level),
    "reading": ("charted", _reading),
    "symptom": (
        "noted",
        lambda a: charting.note_symptom(name=a.text("name"), note=a.text("note"), **a.charted),
    ),
    "check_done": (
        "checked",
        lambda a: charting.check_done(
            signs=tuple(a.post.getlist("sign")), note=a.text("note"), **a.charted
        ),
    ),
    "paused": ("pause written down", _pump("paused")),
    "resumed": ("resumed", _pump("resumed")),
    "rate_changed": ("rate written down", _pump("rate_changed")),
    "end": ("end of the dose written down", _end),
    "device": ("device written down", lambda a: giving.give_device(**a.charted)),
    "corrected": ("struck out; it stays readable", _corrected),
    "alarm_acknowledged": (
        "acknowledged",
        lambda a: alarms.acknowledge_alarm(key=a.text("key"), **a.charted),
    ),
    "alarm_silenced": (
        "silenced",
        lambda a: alarms.silence_alarm(key=a.text("key"), now=a.now, **a.common),
    ),
    "answered": ("written down", _answered),
    "ready": (
        "judgement written down",
        lambda a: leaving.judge_ready(
            stable=a.text("stable") == "yes", note=a.text("note"), at=a.now, **a.common
        ),
    ),
    "left": ("discharged", lambda a: leaving.release(at=a.now, **a.common)),
}
# These may be struck out for a few seconds after the tap.
_UNDO = frozenset({"level_tapped", "symptom"})


@require_POST
@page("treatments.chart")
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do one act. See ``ACTS`` for the kinds and their fields."""
    found = treatment_or_404(request, pk)
    wants_json = "application/json" in request.headers.get("Accept", "")
    now = timezone.now()
    kind = request.POST.get("kind", "")
    if kind not in ACTS:
        return _answer(request, pk, wants_json, "This act is not known here.", status=422)
    words, run = ACTS[kind]
    try:
        made = run(_Act(request, found, now))
    except REFUSALS as refusal:
        return _answer(request, pk, wants_json, str(refusal), status=422)
    if not wants_json:
        messages.success(request, f"{words.capitalize()}.")
        return redirect("clinic:day") if kind == "left" else redirect("clinic:live", pk)
    if kind == "left":  # the next page is another one: say there what was done
        messages.success(request, f"{found.patient.short_name} was discharged.")
    at = made.at if isinstance(made, TreatmentEvent) else now
    local = at.astimezone(timeline.zone())
    undo = str(made.client) if kind in _UNDO and isinstance(made, TreatmentEvent) else ""
    return JsonResponse(
        {
            "saved": f"{words} {local:%H:%M}",
            "at": at.isoformat(),
            "now": now.isoformat(),
            "undo": undo,
            "go": reverse("clinic:day") if kind == "left" else "",
        }
    )


def _answer(
    request: HttpRequest, pk: int, wants_json: bool, words: str, *, status: int
) -> HttpResponse:
    if wants_json:
        return JsonResponse({"what": words, "refused": True}, status=status)
    messages.error(request, words)
    return redirect("clinic:live", pk)
