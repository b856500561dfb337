"""How a public page is answered: the same bytes for everybody, without a cookie.

No context processor runs: a page that knows no user, no clock and no form cannot leak
one, and the same content has the same tag, so that a cache or a browser asks once.
The tag is the SHA-256 of what is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response

from evenkeel.core.guidelines.library import library
from evenkeel.web.guidelines.words import DRAFT_WORDS

_KEPT = "public, max-age=300"


def answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page that caches may keep; 304 for whoever has it already."""
    body = _body(request, template, context).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    response = HttpResponse(body)
    response["ETag"] = tag
    response["Cache-Control"] = _KEPT
    found = get_conditional_response(request, etag=tag, response=response)
    assert isinstance(found, HttpResponse)
    return found


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
    by_small = {each.lower(): each for each in known}
    close = get_close_matches(name.lower()[:80], by_small, n=5, cutoff=0.5)
    context = {
        "what": what,
        "asked": name[:80],
        "nearest": [by_small[each] for each in close],
        "address": address,
    }
    return HttpResponse(_body(request, "guidelines/missing.html", context), status=404)


def _body(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    theme = request.GET.get("theme", "")
    content = library()
    frame = {
        "demo": settings.EVENKEEL_ENV == "demo",
        "theme": theme if theme in {"light", "dark"} else "",
    }
    common = {
        "frame": frame,
        "edition": content.edition,
        "sha256": content.sha256,
        "draft_words": DRAFT_WORDS,
        "path": request.path,
    }
    return render_to_string(template, common | context)
