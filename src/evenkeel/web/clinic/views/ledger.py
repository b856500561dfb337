"""The ledger as sentences, the state of its chain, and the proof to take away."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.web.clinic.guards import page, patient_or_404
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.ledger import selectors
from evenkeel.web.ledger.models import Entry
from evenkeel.web.ledger.selectors import Show
from evenkeel.web.records.models import Patient
from evenkeel.web.records.permissions import may
from evenkeel.web.records.services.chain import check_chain
from evenkeel.web.ui.words import write_datetime

PER_PAGE = 60


@require_GET
@page("ledger.see")
def ledger(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("show", Show.EVERYTHING)
    show = Show(asked) if asked in Show.values else Show.EVERYTHING
    number = request.GET.get("person", "").strip()
    patient = patient_or_404(request, number) if number else None
    actor = request.GET.get("by", "")
    words = request.GET.get("words", "").strip()
    found = selectors.entries(
        show=show,
        patient_id=patient.pk if patient else None,
        actor_name=actor,
        words=words,
    )
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, Any] = {
        "patient": patient,
        "card": card_of(patient) if patient else None,
        "may_verify": may(request.user, "ledger.verify"),
        "chain": _chain(selectors.last_check()),
        "show": show,
        "choices": [(choice, choice.label, _address(query, choice)) for choice in Show],
        "actors": selectors.actors(),
        "actor": actor,
        "words": words,
        "person": number,
        "page": shown,
        "query": query.urlencode(),
        "lines": [_line(entry) for entry in shown],
    }
    return render(request, "clinic/ledger/ledger.html", context)


@require_POST
@page("ledger.verify")
def check(request: HttpRequest) -> HttpResponse:
    check_chain(by=request.user, at=timezone.now())
    return redirect("clinic:ledger")


@require_GET
@page("ledger.verify")
def proof(request: HttpRequest) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(selectors.proof(), content_type="application/x-ndjson")
    name = f"ledger-{timezone.now():%Y%m%dT%H%M%SZ}.ndjson"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _address(query: Any, show: Show) -> str:
    changed = query.copy()
    changed["show"] = show.value
    return f"?{changed.urlencode()}"


def _chain(last: Entry | None) -> dict[str, Any]:
    if last is None:
        return {
            "whole": None,
            "title": "Not checked yet",
            "detail": "Nobody has checked the chain since this clinic was set up.",
        }
    walked = last.data["walked"]
    if last.data["broken_at"] is None:
        return {
            "whole": True,
            "title": "The chain is whole",
            "detail": f"All {walked:,} entries of the clinic, checked by {last.actor_name} at "
            f"{write_datetime(last.happened_at, zone=True)}. Newest fingerprint "
            f"{_short(last.data['head'])}.",
        }
    return {
        "whole": False,
        "title": f"The chain is broken at entry {last.data['broken_at']:,}",
        "detail": f"{last.reason[:1].upper()}{last.reason[1:]}. The entries before it are whole. "
        "Tell your administrator now, and keep a copy of the database as it stands.",
    }


def _line(entry: Entry) -> dict[str, Any]:
    kind, tag = selectors.kind_of(entry)
    number = Patient(pk=entry.patient_id).number if entry.patient_id else ""
    actor, sentence = entry.actor_name, entry.sentence
    if not sentence.startswith(actor):
        actor = ""
    said = sentence.removeprefix(actor).strip()
    if entry.reason and kind in {"override", "correction"} and entry.reason not in said:
        said = f"{said} “{entry.reason}”"
    return {
        "entry": entry,
        "kind": kind,
        "tag": tag,
        "written_at": entry.recorded_at if kind == "later" else None,
        "number": f"{entry.seq:,}",
        "fingerprint": _short(bytes(entry.hash).hex()),
        "actor": actor,
        "sentence": said,
        "person": number,
    }


def _short(fingerprint: str) -> str:
    return f"{fingerprint[:4]} {fingerprint[4:8]}"
