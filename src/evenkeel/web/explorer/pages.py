"""How a page of the pharmacology is put together: its frame, and who is told to come back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from evenkeel.web.explorer.words import DRAFT_WORDS
from evenkeel.web.ui.public import kept, public_frame


def written(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    """The page as text, within the frame that all of them share."""
    common = {"frame": public_frame(request), "draft_words": DRAFT_WORDS, "path": request.path}
    return render_to_string(template, common | context)


def page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return kept(request, written(request, template, context).encode())


def refused(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return HttpResponse(written(request, template, context), status=400)


def told(faults: dict[str, tuple[str, ...]], strange: tuple[tuple[str, str], ...]) -> HttpResponse:
    """The faults of an address that asks for a table."""
    lines = [words for each in faults.values() for words in each]
    lines += [f"There is no parameter {name}." for name, _ in strange]
    return HttpResponse("\n".join(lines) + "\n", status=400, content_type="text/plain")


def busy(request: HttpRequest, section: str) -> HttpResponse:
    response = HttpResponse(
        written(request, "explorer/busy.html", {"section": section}), status=503
    )
    response["Retry-After"] = "10"
    response["Cache-Control"] = "no-store"
    return response


def parameters(request: HttpRequest) -> dict[str, list[str]]:
    return {name: request.GET.getlist(name) for name in request.GET}


def download(request: HttpRequest, text: str, name: str) -> HttpResponse:
    response = kept(request, text.encode(), "text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
