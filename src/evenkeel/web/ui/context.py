"""What each page's frame needs: clinic, zone, time, banners.

A context processor; settings.TEMPLATES names it. It reads no tables.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from evenkeel.web.ui import words


def address(*names: str) -> str:
    """The first of these URL names that exists, else "" (a page that is not built has no link)."""
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""


def frame(request: HttpRequest) -> dict[str, Any]:
    """`frame` for the base templates.

    now: aware datetime of this answer; zone: its letters; demo: every person is
    invented; mfa_off: second factors are not asked for.
    """
    now = timezone.now()
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    is_staff = signed_in and bool(getattr(user, "is_clinic_staff", False))
    theme = request.GET.get("theme", "")
    env = settings.EVENKEEL_ENV
    return {
        "frame": {
            "clinic": settings.EVENKEEL_CLINIC_NAME,
            "now": now,
            "zone": words.zone_name(now),
            "zone_key": str(words.clinic_zone()),
            "demo": env == "demo",
            "mfa_off": is_staff and not settings.EVENKEEL_MFA_REQUIRED,
            "theme": theme if theme in {"light", "dark"} else "",
            "signed_in": signed_in,
            "is_staff": is_staff,
            "who": getattr(user, "short_name", "") if signed_in else "",
            "role": user.get_role_display()
            if is_staff and hasattr(user, "get_role_display")
            else "",
            "home_href": "/",
            "sign_out_href": address("account_logout"),
            "account_href": address("mfa_index") if is_staff else "",
            "help_href": address("portal:help", "portal:crisis") or "#help",
        }
    }
