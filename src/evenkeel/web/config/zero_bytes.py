"""A zero byte is in nothing that a person types, and PostgreSQL keeps it in no text.

It is refused here, once, before any page can stumble over it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
# This door takes no forms and says so itself, in the words of FHIR.
_WITHOUT_FORMS = "/fhir"


def check(request: HttpRequest) -> None:
    """Look at the address and at a posted form; other bodies are their readers' to judge.

    Raises:
        BadRequest: one holds a zero byte.
    """
    texts = [request.path, *_texts(request.GET)]
    is_form = request.method == "POST" and request.content_type in FORMS
    if is_form and request.path.rstrip("/") != _WITHOUT_FORMS:
        texts += _texts(request.POST)
    if any("\0" in text for text in texts):
        raise BadRequest("a zero byte was sent")


def _texts(sent: Any) -> list[str]:
    return [text for name, values in sent.lists() for text in (name, *values)]


@sync_and_async_middleware
def refuse_zero_bytes(
    get_response: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]],
) -> Any:
    """400 for a zero byte."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponse:
            check(request)
            return await get_response(request)
    else:

        def middleware(request: HttpRequest) -> HttpResponse:  # type: ignore[misc]
            check(request)
            return get_response(request)  # type: ignore[return-value]

    return middleware
