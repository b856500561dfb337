"""How a browser proves that it opened a link, without carrying the token about.

The session keeps, per link, the hash of the token that was opened. A newer
message gives the link a new token, and the older browser is then told so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from evenkeel.web.records.models import SingleUseLink
from evenkeel.web.records.services import links

KEY = "links"
View = Callable[..., HttpResponse]


class NotHeld(Exception):
    """This browser did not open the link. The message is fit for the person."""


def let_in(request: HttpRequest, link: SingleUseLink) -> None:
    """Remember in this browser's session that it holds the link."""
    held = request.session.get(KEY, {})
    request.session[KEY] = {**held, str(link.pk): link.token_sha256}


def dead(request: HttpRequest, why: str, *, status: int = 410) -> HttpResponse:
    """The page of a link that opens nothing: why, and what to do."""
    return render(request, "portal/dead.html", {"why": why}, status=status)


def held_link(request: HttpRequest, link_id: int) -> SingleUseLink:
    """The link, if this browser opened it.

    Raises:
        NotHeld: it did not; the same answer as for a link that does not exist.
        DeadLink: a newer message replaced the token that it opened.
    """
    told = request.session.get(KEY, {}).get(str(link_id))
    link = SingleUseLink.objects.select_related("patient").filter(pk=link_id).first()
    if link is None or told is None:
        raise NotHeld(
            "This page belongs to a form. Please open the link in your newest message: it leads "
            "back to where you were, and nothing you answered was lost."
        )
    if told != link.token_sha256:
        raise links.DeadLink(
            "A newer message replaced this link. Your answers so far are kept. Please open the "
            "newest message."
        )
    return link


def with_link(kind: str, *, finished: bool = False) -> Callable[[View], View]:
    """A page of one form: the view gets the link that this browser holds.

    finished: the page may be seen after the form was sent, too.
    """

    def wear(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, link_id: int, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                link = held_link(request, link_id)
                if kind and link.kind != kind:
                    raise NotHeld("This link is for another form. Please open the newest message.")
                if not finished:
                    links.check_alive(link, link.kind, timezone.now())
                answer = view(request, link, *args, **kwargs)
            except links.DeadLink as fault:
                return dead(request, str(fault))
            except NotHeld as fault:
                return dead(request, str(fault), status=404)
            answer["Cache-Control"] = "no-store"
            return answer

        return guarded

    return wear
