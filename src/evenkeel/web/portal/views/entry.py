"""The first and the last page of every form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from evenkeel.web.portal.access import dead, let_in, with_link
from evenkeel.web.portal.views.help import callback
from evenkeel.web.records.models import SingleUseLink
from evenkeel.web.records.services import links

FIRST_PAGE = {
    SingleUseLink.Kind.CONSENT: "portal:consent",
    SingleUseLink.Kind.QUESTIONNAIRE: "portal:begin",
    SingleUseLink.Kind.GRAPH: "portal:scores",
}


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Swap the token for this browser's session. Opening uses nothing up, however often."""
    link = links.find(token)
    if link is None:
        why = (
            "This link does not work. It may be cut short, or a newer message replaced it. "
            "Please open the newest message, or call the clinic."
        )
        return dead(request, why, status=404)
    why = links.why_dead(link, timezone.now())
    if why:
        return dead(request, why)
    let_in(request, link)
    answer = redirect("portal:form", link.pk)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@require_GET
@with_link("")
def form(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """On to the form that the link is for."""
    return redirect(FIRST_PAGE[SingleUseLink.Kind(link.kind)], link.pk)


@require_GET
@with_link("")
def later(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """ "Stop here and finish later": what is kept, and how to come back."""
    tablet = link.scope.get("device") == "tablet"
    return render(request, "portal/later.html", {"link": link, "tablet": tablet})


@require_GET
@with_link("", finished=True)
def done(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """Thanks, once it was sent. After a positive safety item the help comes first, again."""
    if link.used_at is None:
        return redirect("portal:form", link.pk)
    tablet = link.scope.get("device") == "tablet"
    context = {
        "link": link,
        "tablet": tablet,
        "positive": bool(link.progress.get("safety_positive")),
        **callback(link),
    }
    answer = render(request, "portal/done.html", context)
    if tablet:  # the next person who holds it must find nothing
        request.session.flush()
    return answer
