"""Staff sign in with a second factor, or get no further than enrolling one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from allauth.mfa.models import Authenticator
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import sync_and_async_middleware

from evenkeel.web.accounts.roles import STAFF


def _open_path(path: str) -> bool:
    """Pages that a person without a second factor needs: enrolling, signing out, style."""
    return path.startswith(
        (settings.STATIC_URL, reverse("mfa_index"), reverse("account_logout"), "/healthz")
    ) or path.startswith(reverse("account_reauthenticate"))


def _asks(request: HttpRequest) -> bool:
    """Whether somebody could be signed in here at all; a public page reads no session."""
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
    return settings.EVENKEEL_MFA_REQUIRED and has_session and not _open_path(request.path)


def _must_enrol(user: Any) -> bool:
    return user.is_authenticated and user.role in STAFF


def _factors(user: Any) -> Any:
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds)


@sync_and_async_middleware
def require_second_factor(
    get_response: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]],
) -> Any:
    """Send staff without a second factor to enrol one. Off where EVENKEEL_MFA_REQUIRED is."""
    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponse:
            if _asks(request):
                user = await request.auser()
                if _must_enrol(user) and not await _factors(user).aexists():
                    return redirect("mfa_index")
            return await get_response(request)
    else:

        def middleware(request: HttpRequest) -> HttpResponse:  # type: ignore[misc]
            if _asks(request):
                user = request.user
                if _must_enrol(user) and not _factors(user).exists():
                    return redirect("mfa_index")
            return get_response(request)  # type: ignore[return-value]

    return middleware
