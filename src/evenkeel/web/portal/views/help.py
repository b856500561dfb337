"""Whom to call now: on every page, for anybody, also when the net is gone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from evenkeel.web.records import crisis
from evenkeel.web.records.models import SingleUseLink, Task

OFFLINE_FILES = (
    "ui/vendor/fonts.css",
    "ui/css/tokens.css",
    "ui/css/base.css",
    "ui/css/layout.css",
    "ui/css/components.css",
    "portal/portal.css",
    "ui/icon.svg",
)


def here() -> dict[str, Any]:
    """What every help page shows: the numbers of the country and the clinic's own."""
    return {
        "crisis": crisis.help_here(),
        "clinic_phone": settings.EVENKEEL_CLINIC_PHONE,
        "clinic_hours": settings.EVENKEEL_CLINIC_HOURS,
    }


def callback(link: SingleUseLink) -> dict[str, Any]:
    """The help page's words for one person: by when somebody calls back."""
    task = Task.objects.filter(cause=f"safety:link:{link.pk}").order_by("-id").first()
    return {**here(), "call_by": task.due_at if task is not None else None}


@require_GET
def numbers(request: HttpRequest) -> HttpResponse:
    """The numbers, for anybody."""
    return render(request, "portal/help.html", here())


@require_GET
@cache_control(max_age=0)
def worker(request: HttpRequest) -> HttpResponse:
    """A service worker that keeps the page with the numbers on the device."""
    files = [reverse("portal:help")]
    files += [staticfiles_storage.url(name) for name in OFFLINE_FILES]
    context = {"files": files, "page": files[0]}
    return render(request, "portal/offline.js", context, content_type="text/javascript")
