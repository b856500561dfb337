"""Monitors, and the messages of theirs that need a person's look."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.contrib import messages as said
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from evenkeel.core.monitoring.signs import WORDS
from evenkeel.web.clinic.forms.devices import RegisterMonitorForm
from evenkeel.web.clinic.guards import note_look, page
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import DeviceMessage
from evenkeel.web.records.selectors import device_messages as selectors
from evenkeel.web.records.selectors.device_messages import Show
from evenkeel.web.records.services import devices as services
from evenkeel.web.records.services.devices import AlreadyRegistered

PER_PAGE = 40
DAYS = (1, 7, 30)
_PERSONAL = re.compile(r"^(PID|PD1|NK1|MRG|PV1|PV2|GT1|IN1|IN2|NTE)(.)", re.DOTALL)


@never_cache
@require_GET
@page("devices.see")
def devices(request: HttpRequest) -> HttpResponse:
    """Messages newest first, those that need a look unless asked otherwise."""
    asked = request.GET.get("show", "")
    show = Show(asked) if asked in set(Show) else Show.ATTENTION
    days = _number(request.GET.get("days"), 1)
    days = days if days in DAYS else 1
    since = timezone.now() - timedelta(days=days)
    device_id = _number(request.GET.get("monitor"), None)
    found = selectors.messages(show=show, since=since, device_id=device_id)
    query = request.GET.copy()
    query.pop("page", None)
    counts = selectors.counts(since)
    context = {
        "show": show,
        "days": days,
        "choices": [(each, each.words, _with(query, show=each.value)) for each in Show],
        "day_choices": [(each, _with(query, days=str(each))) for each in DAYS],
        "counts": counts,
        "monitors": selectors.monitors(since),
        "unregistered": selectors.unregistered(since),
        "device_id": device_id,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "may_manage": permissions.may(request.user, "devices.manage"),
    }
    return render(request, "clinic/devices/devices.html", context)


@never_cache
@require_GET
@page("devices.see")
def message(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message as it came, what was answered and what was charted of it."""
    found = (
        DeviceMessage.objects.select_related("device__chair", "treatment__patient")
        .filter(pk=message_id)
        .first()
    )
    if found is None:
        raise Http404("There is no such message.")
    whole = permissions.may(request.user, "patients.see")
    if whole and found.treatment is not None:
        note_look(request, found.treatment.patient)
    context = {
        "message": found,
        "lines": _lines(bytes(found.raw), whole=whole),
        "whole": whole,
        "size": len(bytes(found.raw)),
        "readings": [(row, _sign(row.sign)) for row in found.readings.order_by("id")],
    }
    return render(request, "clinic/devices/message.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@page("devices.manage")
def register(request: HttpRequest) -> HttpResponse:
    """Register a monitor; its name on the wire may come from a refused message."""
    form = RegisterMonitorForm(
        request.POST or None, initial={"identifier": request.GET.get("identifier", "")[:120]}
    )
    refusal = ""
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            device = services.register(
                identifier=typed["identifier"],
                name=typed["name"],
                chair=typed["chair"],
                by=request.user,
                at=timezone.now(),
                once=once_of(request),
            )
        except AlreadyRegistered as fault:
            refusal = str(fault)
        else:
            said.success(request, f"{device.name} is registered. Its next message is taken.")
            return redirect("clinic:devices")
    context = {"form": form, "refusal": refusal}
    status = 422 if refusal or form.errors else 200
    return render(request, "clinic/devices/register.html", context, status=status)


def _number(text: str | None, otherwise: Any) -> Any:
    return int(text) if text and text.isascii() and text.isdecimal() else otherwise


def _with(query: Any, **changes: str) -> str:
    changed = query.copy()
    for name, value in changes.items():
        changed[name] = value
    return f"?{changed.urlencode()}"


def _sign(name: str) -> str:
    """heart_rate:pulse oximeter -> heart rate (pulse oximeter)."""
    sign, _, source = name.partition(":")
    words = WORDS.get(sign, sign)
    return f"{words} ({source})" if source else words


def _lines(raw: bytes, *, whole: bool) -> list[str]:
    """The message by segments. Bytes that are not UTF-8 are shown as they count.

    whole: False leaves out what segments about a person say, for roles that see none.
    """
    text = raw[:65_536].decode("utf-8", "backslashreplace")
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()][:500]
    if not whole:
        lines = [_PERSONAL.sub(r"\1\2 (left out: your role sees no records)\0", line)
                 .partition("\0")[0] for line in lines]  # fmt: skip
    return lines
