"""Referrals: send files in, see what was kept of each, read every resource as it came."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from evenkeel.core.chart import Kept, Problem, Refused
from evenkeel.web.clinic import charts
from evenkeel.web.clinic.guards import note_look, page
from evenkeel.web.clinic.persons import card_of
from evenkeel.web.clinic.referral_words import by_place, grouped, indented
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Referral
from evenkeel.web.records.selectors.referrals import reading_of
from evenkeel.web.records.services import referrals as services

PER_PAGE = 25
MOST_FILES = 20
LARGEST = 20 * 1024 * 1024


@require_GET
@page("patients.see")
def referrals(request: HttpRequest) -> HttpResponse:
    """Who was referred, newest first."""
    found = Referral.objects.select_related("patient", "by").defer("raw").order_by("-at", "-pk")
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "may_receive": permissions.may(request.user, "referrals.receive"),
    }
    return render(request, "clinic/referrals/referrals.html", context)


@require_http_methods(["GET", "POST"])
@page("referrals.receive")
def add(request: HttpRequest) -> HttpResponse:
    """Files in, one answer each. A file is stored whole or not at all."""
    files = request.FILES.getlist("files") if request.method == "POST" else []
    missing = ""
    if request.method == "POST" and not files:
        missing = "Choose at least one file."
    elif len(files) > MOST_FILES:
        missing = f"Choose at most {MOST_FILES} files at a time; you chose {len(files)}."
        files = []
    results = [_take_in(request, file) for file in files]
    refused = sum(bool(result["faults"]) for result in results)
    context = {
        "results": results,
        "refused": refused,
        "taken": len(results) - refused,
        "missing": missing,
        "largest_mb": LARGEST // 1024 // 1024,
        "most_files": MOST_FILES,
    }
    status = 422 if missing or refused else 200
    return render(request, "clinic/referrals/add.html", context, status=status)


def _take_in(request: HttpRequest, file: UploadedFile) -> dict[str, Any]:
    result: dict[str, Any] = {"name": file.name, "faults": (), "receipt": None}
    if (file.size or 0) > LARGEST:
        words = f"The file has {file.size:,} bytes; at most {LARGEST:,} are read."
        return result | {"faults": [(words, ["the whole file"])], "unreadable": True}
    try:
        result["receipt"] = services.receive(
            raw=file.read(), by=request.user, via=services.Via.UPLOAD, at=timezone.now()
        )
    except Refused as refusal:
        result["faults"] = grouped(refusal.faults)
        result["unreadable"] = refusal.unreadable
    return result


@require_GET
@page("patients.see")
def referral(request: HttpRequest, pk: int) -> HttpResponse:
    """What one referral brought, and what of it was not understood."""
    found = get_object_or_404(Referral.objects.select_related("patient", "by"), pk=pk)
    note_look(request, found.patient)
    reading = reading_of(found)
    problems = [Problem(**problem) for problem in found.problems]
    places = {item.place: position for position, item in enumerate(reading.kept)}
    context = {
        "referral": found,
        "patient": found.patient,
        "card": card_of(found.patient),
        "problems": [
            (problem, places.get(f"Bundle.entry[{number}]"))
            for problem, number in by_place(problems)
        ],
        "unread": charts.unread_codes(reading.chart),
        "groups": _groups(reading.kept),
        "notes": {item.position: item for item in found.items.exclude(note="")},
    }
    return render(request, "clinic/referrals/referral.html", context)


def _groups(kept: tuple[Kept, ...]) -> list[dict[str, Any]]:
    """Kept resources by type, those that are read first."""
    groups: dict[str, dict[str, Any]] = {}
    for position, item in enumerate(kept):
        group = groups.setdefault(
            item.kind, {"kind": item.kind, "understood": item.understood, "entries": []}
        )
        group["entries"].append({"position": position, "ref": item.ref, "place": item.place})
    return sorted(groups.values(), key=lambda group: (not group["understood"], group["kind"]))


@require_GET
@page("patients.see")
def entry(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """One resource, word for word."""
    found = get_object_or_404(Referral.objects.select_related("patient"), pk=pk)
    note_look(request, found.patient)
    kept = reading_of(found).kept
    if position >= len(kept):
        raise Http404("The referral has no such entry.")
    item = kept[position]
    context = {
        "referral": found,
        "patient": found.patient,
        "card": card_of(found.patient),
        "item": item,
        "stored": found.items.filter(position=position).first(),
        "text": indented(item.json),
        "before": position - 1 if position else None,
        "after": position + 1 if position + 1 < len(kept) else None,
        "problems": [
            problem
            for problem in (Problem(**told) for told in found.problems)
            if problem.path == item.place or problem.path.startswith(f"{item.place}.")
        ],
    }
    return render(request, "clinic/referrals/entry.html", context)


@require_GET
@page("patients.see")
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it came, byte for byte."""
    found = get_object_or_404(Referral.objects.select_related("patient"), pk=pk)
    note_look(request, found.patient)
    answer = HttpResponse(bytes(found.raw), content_type="application/fhir+json")
    answer["Content-Disposition"] = f'attachment; filename="referral-{found.pk}.json"'
    return answer
