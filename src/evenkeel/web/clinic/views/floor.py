"""The floor: a wall that shows the least, and a board on a tablet or a phone that opens chairs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from evenkeel.web.clinic.guards import page
from evenkeel.web.records.selectors import floor as selectors


def _context(request: HttpRequest) -> dict[str, Any]:
    board = selectors.board(timezone.now())
    mine = [
        item for item in board["chairs"]
        if item["treatment"] and item["treatment"].nurse_id == request.user.pk
    ]  # fmt: skip
    due = [
        item for item in board["chairs"]
        if item["chair"]["state"] in {"high", "medium", "late", "lost", "due"}
    ]  # fmt: skip
    which = request.GET.get("show", "all")
    shown = {"mine": mine, "due": due}.get(which, board["chairs"])
    return {
        **board,
        "which": which if which in {"mine", "due"} else "all",
        "counts": {"mine": len(mine), "all": len(board["chairs"]), "due": len(due)},
        "shown": shown,
        "lines": sorted(shown, key=lambda item: selectors.urgency(item["chair"])),
        "acknowledger": request.user.short_name,
    }


@never_cache
@require_GET
@page("floor.see")
def floor(request: HttpRequest) -> HttpResponse:
    """Panels on a desk or tablet, lines on a phone; every chair opens."""
    return render(request, "clinic/floor/floor.html", _context(request))


@never_cache
@require_GET
@page("floor.see")
def wall(request: HttpRequest) -> HttpResponse:
    """For everyone in the room: nothing to press."""
    return render(request, "clinic/floor/wall.html", _context(request))


@never_cache
@require_GET
@page("floor.see")
def parts(request: HttpRequest) -> HttpResponse:
    """What changes on the floor or the wall; live.js puts each part in its place."""
    on_wall = request.GET.get("on") == "wall"
    template = "clinic/floor/wall_parts.html" if on_wall else "clinic/floor/parts.html"
    return render(request, template, _context(request))
