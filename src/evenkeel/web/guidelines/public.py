"""What every page of the guidelines says beside its own: the edition, and that it is a draft."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from evenkeel.core.guidelines.packs.library import library
from evenkeel.web.guidelines.words import DRAFT_WORDS
from evenkeel.web.ui.public import kept, nearest_names, public_frame


def answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page that caches may keep; 304 for whoever has it already."""
    return kept(request, _body(request, template, context).encode())


def answer_form(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page with a form: it carries the form's token and is kept nowhere."""
    body = _body(request, template, context | {"csrf_token": get_token(request)})
    response = HttpResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def missing(
    request: HttpRequest, what: str, name: str, known: Iterable[str], address: str
) -> HttpResponse:
    """404, with the names that look most like the one that was asked for."""
    nearest = nearest_names(name, known)
    context = {"what": what, "asked": name[:80], "nearest": nearest, "address": address}
    return HttpResponse(_body(request, "guidelines/missing.html", context), status=404)


def _body(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    content = library()
    common = {
        "frame": public_frame(request),
        "edition": content.edition,
        "sha256": content.sha256,
        "draft_words": DRAFT_WORDS,
        "path": request.path,
    }
    return render_to_string(template, common | context)
