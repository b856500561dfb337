"""Advice at orders: which systems may ask, and how often each matter was shown and passed over."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages as said
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.clinic.forms.cds import CdsClientForm, shown
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import CdsClient
from evenkeel.web.records.selectors import cds as selectors
from evenkeel.web.records.services import cds as services

DAYS = (7, 30, 90)
# Matters that are no topic of a guideline, and reasons, in words.
_MATTERS = {
    "missing": "What is not known",
    "overview": "What is known, at the chart",
    "two_products": "Two products at once",
    "nameless": "An order without a drug's name",
    "person": "The person",
}
_REASONS = {
    "decided": "weighed and decided",
    "settled": "settled since",
    "record-wrong": "the record is wrong",
    "other-rules": "other rules bind",
    "other-use": "not for this use",
}


@never_cache
@require_GET
@page("cds.see")
def overview(request: HttpRequest) -> HttpResponse:
    """Counts by matter, and the clients for those who look after them."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isascii() and asked.isdecimal() and int(asked) in DAYS else 30
    topics = library().topics
    rows = [
        {
            "burden": each,
            "matter": topics[each.matter].label
            if each.matter in topics
            else _MATTERS.get(each.matter, each.matter),
            "reasons": ", ".join(f"{_REASONS.get(code, code)} {n}" for code, n in each.reasons),
        }
        for each in selectors.burden(timezone.now() - timedelta(days=days))
    ]
    context = {
        "rows": rows,
        "days": days,
        "day_choices": DAYS,
        "clients": selectors.clients(),
        "address": f"{settings.EVENKEEL_BASE_URL}/cds-services",
        "is_open": settings.EVENKEEL_CDS_OPEN,
        "may_manage": permissions.may(request.user, "cds.manage"),
    }
    return render(request, "clinic/cds/overview.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@page("cds.manage")
def add(request: HttpRequest) -> HttpResponse:
    """Let another system ask."""
    form = CdsClientForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            client = services.register(
                told=form.told(), by=request.user, at=timezone.now(), once=once_of(request)
            )
        except services.IssuerTaken as fault:
            refusal = str(fault)
        else:
            said.success(request, f"{client.name} may ask at orders.")
            return redirect("clinic:cds")
    return _form(request, form, refusal, None)


@never_cache
@require_http_methods(["GET", "POST"])
@page("cds.manage")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Other keys, another server, other pages."""
    client = get_object_or_404(CdsClient, pk=pk)
    form = CdsClientForm(request.POST or None, initial=shown(client))
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.change(client=client, told=form.told(), by=request.user, at=timezone.now())
        except services.IssuerTaken as fault:
            refusal = str(fault)
        else:
            said.success(request, f"{client.name} was changed. Its next request counts by this.")
            return redirect("clinic:cds")
    return _form(request, form, refusal, client)


@require_POST
@page("cds.manage")
def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a client, or let it ask again."""
    client = get_object_or_404(CdsClient, pk=pk)
    enabled = request.POST.get("open") == "yes"
    services.set_enabled(client=client, enabled=enabled, by=request.user, at=timezone.now())
    word = "may ask at orders again" if enabled else "is stopped; its requests are refused"
    said.success(request, f"{client.name} {word}.")
    return redirect("clinic:cds")


def _form(
    request: HttpRequest, form: CdsClientForm, refusal: str, client: CdsClient | None
) -> HttpResponse:
    context = {"form": form, "refusal": refusal, "client": client}
    status = 422 if refusal or form.errors else 200
    return render(request, "clinic/cds/client.html", context, status=status)
