"""The controlled-drug register: what is in the safe, what waits for a witness, every line."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from evenkeel.core.pharmacology.doses.products import products
from evenkeel.web.clinic.forms.day import CountForm, ReceiveForm, WasteForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Container, RegisterEntry
from evenkeel.web.records.selectors import timeline
from evenkeel.web.records.services import register as services
from evenkeel.web.records.services.register import DoesNotAddUp
from evenkeel.web.records.services.signatures import NotSigned, sign


def _products() -> list[tuple[str, str]]:
    return [(key, value.name) for key, value in products().items()]


@never_cache
@require_GET
@page("register.see")
def register(request: HttpRequest) -> HttpResponse:
    """Stock by product, open waste, and the lines, newest first."""
    now = timezone.now()
    today = now.astimezone(timeline.zone()).date()
    stock = []
    for key, name in _products():
        boxes = list(services.in_stock(key))
        last = (
            RegisterEntry.objects.filter(product=key, kind="counted")
            .select_related("by", "witness")
            .order_by("-id")
            .first()
        )
        stock.append(
            {
                "name": name,
                "key": key,
                "boxes": boxes,
                "count": len(boxes),
                "mg": sum(box.mg for box in boxes),
                "expired": [box for box in boxes if box.expires_on < today],
                "next": boxes[0].expires_on if boxes else None,
                "last_count": last,
            }
        )
    lines = (
        RegisterEntry.objects.select_related("container", "by", "witness", "treatment__patient")
        .order_by("-at", "-id")
        .all()
    )
    wanted = request.GET.get("product", "")
    if wanted in dict(_products()):
        lines = lines.filter(product=wanted)
    context = {
        "stock": stock,
        "waste": services.open_waste(),
        "page": Paginator(lines, 40).get_page(request.GET.get("page")),
        "product": wanted,
        "now": now,
        "today": today,
        "names": dict(_products()),
        "names_people": permissions.may(request.user, "patients.see"),
        "may_receive": permissions.may(request.user, "register.receive"),
        "may_waste": permissions.may(request.user, "register.waste"),
        "may_count": permissions.may(request.user, "register.count"),
        "section": "register",
    }
    return render(request, "clinic/register/register.html", context)


def _form_page(
    request: HttpRequest, title: str, form: Any, *, refusal: str = "", **more: Any
) -> HttpResponse:
    context = {"title": title, "form": form, "refusal": refusal, **more}
    status = 422 if refusal or form.errors else 200
    return render(request, "clinic/register/form.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@page("register.receive")
def receive(request: HttpRequest) -> HttpResponse:
    """Containers come into the safe, each with its own label."""
    form = ReceiveForm(request.POST or None)
    form.fields["product"].choices = _products()
    title, act = "Receive containers", "Write into the register"
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        what = products()[typed["product"]]
        try:
            made = services.receive(
                product_id=what.id,
                kind="device" if what.devices else "vial",
                labels=form.all_labels(),
                lot=typed["lot"],
                expires_on=typed["expires_on"],
                mg=typed["mg"],
                mg_per_ml=None if what.devices else typed["mg_per_ml"],
                by=request.user,
                at=timezone.now(),
                once=once_of(request),
            )
        except DoesNotAddUp as refusal:
            return _form_page(request, title, form, refusal=str(refusal), act=act)
        messages.success(request, f"{len(made)} containers of {what.name} are in the safe.")
        return redirect("clinic:register")
    return _form_page(request, title, form, act=act)


@never_cache
@require_http_methods(["GET", "POST"])
@page("register.waste")
def waste(request: HttpRequest, pk: int) -> HttpResponse:
    """Close one container before a witness who signs with their own password."""
    container = get_object_or_404(Container, pk=pk)
    account = services.balance(container)
    form = WasteForm(request.POST or None, leave_out=request.user.pk)
    form.fields["signer"].label = "Witness"
    more = {"container": container, "account": account, "act": "Waste and sign"}
    title = f"Waste the rest of {container.label}"
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            signature = sign(
                request=request,
                user_id=form.cleaned_data["signer"],
                password=form.cleaned_data["password"],
                at=now,
            )
            services.waste(
                container=container,
                mg=form.cleaned_data["mg"],
                by=request.user,
                witness=signature,
                at=now,
                once=once_of(request),
            )
        except (DoesNotAddUp, NotSigned, permissions.Denied) as refusal:
            return _form_page(request, title, form, refusal=str(refusal), **more)
        messages.success(request, f"{container.label} is closed: drawn = given + wasted.")
        return redirect("clinic:register")
    return _form_page(request, title, form, **more)


@never_cache
@require_http_methods(["GET", "POST"])
@page("register.count")
def count(request: HttpRequest) -> HttpResponse:
    """A blind count: the expected number is not on this page."""
    form = CountForm(request.POST or None, leave_out=request.user.pk)
    form.fields["product"].choices = _products()
    form.fields["signer"].label = "Witness"
    title, act = "Blind count", "Write down the count"
    if request.method == "POST" and form.is_valid():
        now, typed = timezone.now(), form.cleaned_data
        try:
            signature = sign(
                request=request, user_id=typed["signer"], password=typed["password"], at=now
            )
            entry = services.count(
                product_id=typed["product"],
                counted=int(typed["counted"]),
                by=request.user,
                witness=signature,
                at=now,
                once=once_of(request),
            )
        except (DoesNotAddUp, NotSigned, permissions.Denied) as refusal:
            return _form_page(request, title, form, refusal=str(refusal), act=act)
        if entry.count == entry.expected:
            messages.success(request, f"{entry.count} counted: it agrees.")
        else:
            messages.error(
                request,
                f"{entry.count} counted, {entry.expected} in the register: it does not agree. A "
                "task was opened. Count again before anything is drawn.",
            )
        return redirect("clinic:register")
    return _form_page(request, title, form, act=act)
