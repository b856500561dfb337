"""The live treatment: one screen for the nurse at the chair, its parts, and its printed form."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evenkeel.core.kernel.quantities import plain
from evenkeel.core.monitoring.checks import CheckState, next_check
from evenkeel.core.monitoring.conditions import Standing
from evenkeel.core.monitoring.events import Scale
from evenkeel.core.monitoring.fold import Phase
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.web.clinic.expected_parts import panel_of
from evenkeel.web.clinic.forms.day import OverrideForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.treatment_parts import ROW, card, override_signed, treatment_or_404
from evenkeel.web.records import permissions
from evenkeel.web.records.emergency import sheet_for
from evenkeel.web.records.models import Treatment
from evenkeel.web.records.selectors import expected, flowsheet, seats, timeline
from evenkeel.web.records.selectors.alarm_banner import banner_of
from evenkeel.web.records.services import register
from evenkeel.web.records.services.signatures import NotSigned
from evenkeel.web.records.services.timeline import NotNow
from evenkeel.web.ui.flowsheet import answer as flowsheet_answer

# Own words for MOAA/S: what the nurse does and sees, not the scale's text.
SEDATION = [
    (5, "Awake"),
    (4, "Slow"),
    (3, "Loud call"),
    (2, "Prodding"),
    (1, "Squeeze"),
    (0, "None"),
]
# A curve that is known is there at once; a new one takes less than this once its thread is warm.
WAIT_S = 0.15
DISSOCIATION = [(number, "") for number in range(11)]
SYMPTOMS = ["Nausea", "Anxious", "Dizzy", "Headache", "Vomiting", "Numbness", "Blurred vision"]


def parts_of(
    treatment: Treatment, now: datetime, user: Any, *, wait_s: float = 0.0
) -> dict[str, Any]:
    """What changes on the live screen, for the page and for its refreshed parts."""
    seat = seats.seat_of(treatment, now)
    state, leave, rules = seat.state, seat.leave, seat.rules
    dose = state.dose
    check = next_check(state.checks)
    device = seats.next_device(seat)
    silent = sorted(
        state.stale,
    )
    last = max((s.at for s in state.latest.values() if s.sign in seats.SIGN_WORDS), default=None)
    taps = []
    for scale, label, levels in (
        (Scale.SEDATION, "Sedation", SEDATION),
        (Scale.DISSOCIATION, "Dissociation", DISSOCIATION),
    ):
        tap = state.level(scale)
        taps.append(
            {
                "name": scale.value,
                "label": label,
                "levels": levels,
                "last": tap.level if tap else None,
                "last_at": tap.at if tap else None,
            }
        )
    shown = expected.of_treatment(treatment, state, now, wait_s=wait_s)
    return {
        "panel": panel_of(shown, treatment.patient, user),
        "course": treatment.course,
        "treatment": treatment,
        "state": state,
        "now": now,
        "phase": state.phase,
        "banner": banner_of(seat, on_wall=False),
        "more_alarms": max(len(state.open_alarms) - 1, 0),
        "acknowledger": user.short_name,
        "lost": seat.is_lost,
        "lost_signs": ", ".join(seats.SIGN_WORDS[sign] for sign in silent),
        "lost_since": min((state.latest[s].at for s in silent if s in state.latest), default=None),
        "last_reading": last,
        "check": check,
        "check_words": seats.check_words(check) if check else "",
        "check_late": check is not None and check.state is CheckState.LATE,
        "check_signs": check.left or check.signs if check else (),
        "device": device,
        "device_open": device is not None and now >= device[1],
        "dose": dose,
        "given": plain(dose.given_mg.quantize(Decimal("0.1"))) if dose else "",
        "left_mg": plain(dose.left_mg.quantize(Decimal("0.1"))) if dose else "",
        "rate": plain(dose.rate_ml_per_h) if dose and dose.rate_ml_per_h is not None else "",
        "to_run": dose.expected_end if dose else None,
        "should_be_over": bool(dose and dose.running and dose.route == "iv" and dose.left_mg == 0),
        "leave": leave,
        "leave_rows": [
            {"row": ROW[c.standing], "title": c.title, "value": c.value or c.reason, "key": c.key,
             "reason": c.reason, "act": c.settle, "override": c.override}
            for c in leave.conditions
        ],
        "may_judge": state.phase is Phase.OBSERVING
        and leave.earliest is not None
        and now >= leave.earliest,
        "escort": treatment.escort,
        "taps": taps,
        "symptoms": SYMPTOMS,
        "over": state.phase in {Phase.LEFT, Phase.CANCELLED},
        "rules": rules,
        "product_words": seats.product_words(seat),
        "may_chart": permissions.may(user, "treatments.chart"),
        "open_waste": [
            (box, account)
            for box in register.drawn_for(treatment)
            if (account := register.balance(box)).open_mg > 0 and dose is not None and dose.is_over
        ],
    }  # fmt: skip


def sheet_width(request: HttpRequest) -> dict[str, int]:
    """How wide this screen would have the sheet, as flowsheet.js left it; drawn within bounds."""
    told = request.COOKIES.get("evenkeel-sheet-width", "")
    return {"width": int(told)} if told.isascii() and told.isdecimal() and len(told) < 5 else {}


def _context(
    request: HttpRequest, found: Treatment, *, wait_s: float = 0.0, on_paper: bool = False
) -> dict[str, Any]:
    now = timezone.now()
    return {
        "card": card(found),
        "extra": [(f"{found.chair.name}, responsible", found.nurse.short_name)],
        "document": flowsheet.document_of(found, now, wait_s=wait_s)
        | ({} if on_paper else sheet_width(request)),
        "emergency": sheet_for(found.course.product),
        "what": product(found.course.product),
        **parts_of(found, now, request.user, wait_s=wait_s),
    }


@never_cache
@require_GET
@page("floor.see")
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole screen."""
    found = treatment_or_404(request, pk)
    if found.status == Treatment.Status.BOOKED:
        return redirect("clinic:day")
    return render(request, "clinic/live/live.html", _context(request, found))


@never_cache
@require_GET
@page("floor.see")
def parts(request: HttpRequest, pk: int) -> HttpResponse:
    """Only what changes; live.js puts each part in its place."""
    found = treatment_or_404(request, pk)
    context = parts_of(found, timezone.now(), request.user, wait_s=WAIT_S)
    answer = render(request, "clinic/live/parts.html", context)
    answer["X-Server-Now"] = timezone.now().isoformat()
    return answer


@never_cache
@require_GET
@page("floor.see")
def sheet_json(request: HttpRequest, pk: int) -> JsonResponse:
    """The flowsheet as a document with its drawing; see ui/README.md."""
    found = treatment_or_404(request, pk)
    document = flowsheet.document_of(found, timezone.now(), wait_s=WAIT_S)
    return JsonResponse(flowsheet_answer(document | sheet_width(request)))


@never_cache
@require_GET
@page("floor.see")
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The printed form: the sheet, the gate, the overrides, who did what."""
    found = treatment_or_404(request, pk)
    context = _context(request, found, wait_s=expected.PRINT_WAIT_S, on_paper=True)
    state = context["state"]
    context["written"] = [
        {"at": event.at, "by": event.by, "words": words, "struck": event.id in state.struck,
         "reason": getattr(event, "reason", "")}
        for event in state.events
        if (words := flowsheet.event_words(event))
    ]  # fmt: skip
    return render(request, "clinic/live/paper.html", context)


@never_cache
@page("leaving.release")
def override(request: HttpRequest, pk: int, condition: str) -> HttpResponse:
    """A prescriber lets one condition of leaving pass, with a reason and a signature."""
    found = treatment_or_404(request, pk)
    now = timezone.now()
    state = timeline.state_of(found, now)
    leave = timeline.leave_of(found, state)
    judged = next((c for c in leave.conditions if c.key == condition), None)
    form = OverrideForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            override_signed(request, found, form, gate="leave", condition=condition, at=now)
        except (NotSigned, NotNow, permissions.Denied) as fault:
            refusal = str(fault)
        else:
            return redirect("clinic:live", pk)
    context = {
        "treatment": found,
        "card": card(found),
        "judged": judged,
        "form": form,
        "refusal": refusal,
        "may_be": judged is not None
        and judged.may_override
        and judged.standing in {Standing.NOT_MET, Standing.UNKNOWN, Standing.JUDGE},
    }
    status = 422 if refusal or form.errors else 200
    return render(request, "clinic/live/override.html", context, status=status)
