"""Packets for payers: choose the rules, see what is missing, issue, and get an issued one again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.packets.assemble import PARTS
from evenkeel.web.clinic import packet_parts as parts
from evenkeel.web.clinic.guards import note_look, page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Packet, Patient
from evenkeel.web.records.selectors import packets as find
from evenkeel.web.records.services import packets as services
from evenkeel.web.ui.words import local


@require_GET
@page("packets.see")
def packets(request: HttpRequest, number: str) -> HttpResponse:
    """Choose whose rules are answered and what goes in; see what is missing; what was issued."""
    patient = patient_or_404(request, number)
    asked = request.GET.get("pack", "")
    if asked and asked not in library().payers:
        raise Http404("There are no such payer rules.")
    wanted = set(request.GET.getlist("part")) & set(PARTS) if "chosen" in request.GET else None
    return _show(request, patient, pack=asked, wanted=wanted)


def _show(
    request: HttpRequest,
    patient: Patient,
    *,
    pack: str,
    wanted: set[str] | None,
    refusal: str = "",
) -> HttpResponse:
    payers = find.payer_packs()
    chosen = library().payers.get(pack)
    context: dict[str, Any] = {
        "patient": patient,
        "card": card_of(patient),
        "choices": parts.choices(payers, chosen),
        "chosen": chosen,
        "issued": parts.issued_lines(find.issued(patient)),
        "may_issue": permissions.may(request.user, "packets.issue"),
        "refusal": refusal,
    }
    if chosen is not None:
        context |= _preview(patient, chosen, wanted)
    return render(request, "clinic/packets/packets.html", context, status=422 if refusal else 200)


def _preview(patient: Patient, pack: Pack, wanted: set[str] | None) -> dict[str, Any]:
    assert pack.packet is not None
    ticked = set(pack.packet.parts) if wanted is None else wanted
    made = find.packet_of(patient, pack=pack, as_of=local(timezone.now()).date(), parts=ticked)
    return {
        "sheet": parts.shown(made.as_object(), patient),
        "title": services.TITLES[made.request],
        "boxes": parts.part_boxes(ticked),
        "ticked": sorted(ticked),
        "seen": services.fingerprint_of(made),
        "before": patient.packets.filter(payer_pack=pack.id).order_by("-pk").first(),
    }


@require_POST
@page("packets.issue")
def issue(request: HttpRequest, number: str) -> HttpResponse:
    """Issue the packet that was looked at."""
    patient = patient_or_404(request, number)
    pack, wanted = request.POST.get("pack", ""), request.POST.getlist("part")
    try:
        made = services.issue(
            patient=patient,
            pack=pack,
            parts=wanted,
            seen=request.POST.get("seen", ""),
            by=request.user,
            at=timezone.now(),
            once=once_of(request),
        )
    except services.CannotIssue as fault:
        return _show(
            request, patient, pack=pack, wanted=set(wanted) & set(PARTS), refusal=str(fault)
        )
    messages.success(request, f"Packet {made.code} was issued.")
    return redirect("clinic:packet", made.pk)


@require_GET
@page("packets.see")
def packet(request: HttpRequest, pk: int) -> HttpResponse:
    """One issued packet as it was issued."""
    found = _issued_or_404(request, pk)
    later = getattr(found, "replaced_by", None)
    context = {
        "patient": found.patient,
        "card": card_of(found.patient),
        "packet": found,
        "sheet": parts.shown(found.sheet),
        "later": later,
        "same_content": found.content_sha256 == library().sha256,
    }
    return render(request, "clinic/packets/packet.html", context)


@require_GET
@page("packets.see")
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The PDF as it was issued. Each time is a line of the ledger."""
    found = _issued_or_404(request, pk)
    body = services.hand_out(packet=found, by=request.user, at=timezone.now())
    answer = HttpResponse(body, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{found.code}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def _issued_or_404(request: HttpRequest, pk: int) -> Packet:
    found: Packet = get_object_or_404(find.without_bytes(), pk=pk)
    note_look(request, found.patient)
    return found
