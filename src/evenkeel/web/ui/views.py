"""The gallery: every component in every state, for the people who build and check screens."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.web.ui import specimens


def staff_only(
    view: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Any signed-in member of staff; patients are refused, others are asked to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not getattr(request.user, "is_clinic_staff", False):
            raise PermissionDenied("The gallery is for staff.")
        return view(request)

    return guarded


@staff_only
@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """All components on one page; ?theme=dark or light fixes the theme."""
    return render(request, "ui/gallery.html", specimens.gallery(timezone.now()))


@staff_only
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """Chairs on a wall; ?lost=1 shows the wall out of touch."""
    context = specimens.wall(timezone.now())
    context["lost"] = request.GET.get("lost") == "1"
    return render(request, "ui/gallery_wall.html", context)


@staff_only
@require_GET
def portal(request: HttpRequest) -> HttpResponse:
    """The patient's frame with its components."""
    return render(request, "ui/gallery_portal.html", specimens.portal(timezone.now()))


@staff_only
@require_GET
def print_form(request: HttpRequest) -> HttpResponse:
    """The printed frame: the card stands on each page."""
    return render(request, "ui/gallery_print.html", specimens.gallery(timezone.now()))


@staff_only
@require_POST
def tap(request: HttpRequest) -> JsonResponse:
    """Answers a tap of the gallery; nothing is stored. 5 is always refused, to show that."""
    value = request.POST.get("tap", "")
    if value == "5":
        return JsonResponse(
            {"what": "5 is refused", "why": "The gallery refuses every 5, to show a refusal."},
            status=422,
        )
    return JsonResponse({"saved": value, "at": timezone.now().isoformat()})
