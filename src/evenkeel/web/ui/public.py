"""How a public page is answered: the same bytes for everybody, without a cookie.

No context processor runs: a page that knows no user, no clock and no form cannot leak
one, and the same content has the same tag, so that a cache or a browser asks once.
The tag is the SHA-256 of what is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from difflib import get_close_matches

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

_KEPT = "public, max-age=300"


def kept(request: HttpRequest, body: bytes, content_type: str | None = None) -> HttpResponse:
    """An answer that caches may keep; 304 for whoever has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    response = HttpResponse(body, content_type=content_type)
    response["ETag"] = tag
    response["Cache-Control"] = _KEPT
    found = get_conditional_response(request, etag=tag, response=response)
    assert isinstance(found, HttpResponse)
    return found


def public_frame(request: HttpRequest) -> dict[str, object]:
    """What ui/public.html needs to know of the page around it."""
    theme = request.GET.get("theme", "")
    return {
        "demo": settings.EVENKEEL_ENV == "demo",
        "theme": theme if theme in {"light", "dark"} else "",
    }


def nearest_names(name: str, known: Iterable[str], *, most: int = 5) -> list[str]:
    """The names that look most like the one that was asked for, whatever their case."""
    by_small = {each.lower(): each for each in known}
    close = get_close_matches(name.lower()[:80], by_small, n=most, cutoff=0.5)
    return [by_small[each] for each in close]
