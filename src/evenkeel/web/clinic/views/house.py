"""The administrator's pages: accounts and tokens."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evenkeel.web.accounts.models import ApiToken, User
from evenkeel.web.accounts.roles import STAFF, Role
from evenkeel.web.clinic.forms.house import StaffForm, TokenForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.records.services import house


@require_GET
@page("accounts.manage")
def accounts(request: HttpRequest) -> HttpResponse:
    staff = User.objects.filter(role__in=STAFF).order_by("-is_active", "role", "last_name")
    tokens = ApiToken.objects.select_related("user").order_by(
        F("revoked_at").desc(nulls_first=True), "name"
    )
    context = {"staff": staff, "tokens": tokens}
    return render(request, "clinic/house/accounts.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@page("accounts.manage")
def add(request: HttpRequest) -> HttpResponse:
    form = StaffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        user, password = house.add_staff(
            username=typed["username"],
            first_name=typed["first_name"],
            last_name=typed["last_name"],
            title=typed["title"],
            email=typed["email"],
            role=Role(typed["role"]),
            by=request.user,
            at=timezone.now(),
        )
        title = f"The account of {user.short_name} is open"
        return _secret(request, title, "password", password, user.username)
    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "clinic/house/add.html", context, status=status)


@never_cache
@require_POST
@page("accounts.manage")
def password(request: HttpRequest, pk: int) -> HttpResponse:
    user = _staff_or_404(pk)
    fresh = house.new_password(user=user, by=request.user, at=timezone.now())
    title = f"{user.short_name} has a new password"
    return _secret(request, title, "password", fresh, user.username)


@require_POST
@page("accounts.manage")
def open_or_close(request: HttpRequest, pk: int) -> HttpResponse:
    user = _staff_or_404(pk)
    is_open = request.POST.get("open") == "yes"
    try:
        house.set_open(user=user, is_open=is_open, by=request.user, at=timezone.now())
    except house.CannotClose as refusal:
        messages.error(request, str(refusal))
    else:
        word = "open" if is_open else "closed"
        messages.success(request, f"The account of {user.short_name} is {word}.")
    return redirect("clinic:accounts")


@never_cache
@require_http_methods(["GET", "POST"])
@page("accounts.manage")
def add_token(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = house.issue_token(
            name=form.cleaned_data["name"],
            user=form.cleaned_data["user"],
            by=request.user,
            at=timezone.now(),
        )
        return _secret(request, "The token is ready", "token", text)
    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "clinic/house/token.html", context, status=status)


@require_POST
@page("accounts.manage")
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, revoked_at__isnull=True)
    house.revoke_token(token=token, by=request.user, at=timezone.now())
    messages.success(request, f"The token “{token.name}” no longer opens anything.")
    return redirect("clinic:accounts")


def _staff_or_404(pk: int) -> User:
    return get_object_or_404(User, pk=pk, role__in=STAFF)


def _secret(
    request: HttpRequest, title: str, kind: str, secret: str, sign_in: str = ""
) -> HttpResponse:
    """Shown once, in answer to the POST that made it, so that no address repeats it."""
    context = {"title": title, "kind": kind, "secret": secret, "sign_in": sign_in}
    return render(request, "clinic/house/secret.html", context)
