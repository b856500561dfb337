"""The front door, and the bell that a supervisor rings."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from evenkeel.web.accounts.roles import Role

# Where each role's day begins.
FIRST_PAGE = {
    Role.COORDINATOR: "clinic:today",
    Role.NURSE: "clinic:floor",
    Role.PRESCRIBER: "clinic:today",
    Role.PHARMACIST: "clinic:register",
    Role.ADMINISTRATOR: "clinic:ledger",
    Role.PATIENT: "portal:home",
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send each person to where their day begins."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    role = Role(request.user.role)
    if role is Role.RESEARCHER:  # exports for research are not there yet, and this says so
        return render(request, "ui/researcher.html")
    return redirect(FIRST_PAGE[role])


def shut(_request: HttpRequest, door: str) -> HttpResponse:
    """Nothing is here, whoever asks.

    Raises:
        Http404: always.
    """
    raise Http404(door)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when this process answers and reaches its database, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # noqa: BLE001 any failure is the answer
        return JsonResponse({"status": "no database", "error": type(error).__name__}, status=503)
    return JsonResponse({"status": "ok"})
