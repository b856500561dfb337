"""Who is on site when, and which chairs there are."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evenkeel.web.clinic.forms.roster import ChairForm, ShiftsForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.records.models import Chair, Shift
from evenkeel.web.records.permissions import may
from evenkeel.web.records.selectors.booking import clinic_zone
from evenkeel.web.records.services import roster as services

PER_PAGE = 60


@require_http_methods(["GET", "POST"])
@page("roster.manage")
def roster(request: HttpRequest) -> HttpResponse:
    """The shifts to come, and the form that adds to them."""
    now = timezone.now()
    tomorrow = now.astimezone(clinic_zone()).date() + timedelta(days=1)
    form = ShiftsForm(request.POST or None, initial={"first": tomorrow})
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            count = services.add_shifts(**form.cleaned_data, by=request.user, at=now)
        except services.NotOnTheRoster as no:
            refusal = str(no)
        else:
            words = "1 shift is" if count == 1 else f"{count} shifts are"
            messages.success(request, f"{words} on the roster.")
            return redirect("clinic:roster")
    shifts = Shift.objects.filter(period__endswith__gt=now).select_related("user")
    shown = Paginator(shifts.order_by("period", "user__last_name"), PER_PAGE)
    context = {
        "form": form,
        "refusal": refusal,
        "page": shown.get_page(request.GET.get("page")),
        "now": now,
        "chairs": Chair.objects.all(),
        "chair_form": ChairForm(),
        "may_chairs": may(request.user, "chairs.manage"),
    }
    status = 422 if form.errors or refusal else 200
    return render(request, "clinic/house/roster.html", context, status=status)


@require_POST
@page("roster.manage")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    shift = get_object_or_404(Shift, pk=pk)
    try:
        services.remove_shift(shift=shift, by=request.user, at=timezone.now())
    except services.NotOnTheRoster as no:
        messages.error(request, str(no))
    else:
        messages.success(request, "The shift is off the roster.")
    return redirect("clinic:roster")


@require_POST
@page("chairs.manage")
def add_chair(request: HttpRequest) -> HttpResponse:
    form = ChairForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A chair needs a number from 1 to 999. Nothing was changed.")
        return redirect("clinic:roster")
    try:
        chair = services.add_chair(
            number=form.cleaned_data["number"],
            name=form.cleaned_data["name"],
            by=request.user,
            at=timezone.now(),
        )
    except services.NotOnTheRoster as no:
        messages.error(request, str(no))
    else:
        messages.success(request, f"{chair.name} can be booked.")
    return redirect("clinic:roster")


@require_POST
@page("chairs.manage")
def chair_in_use(request: HttpRequest, pk: int) -> HttpResponse:
    chair = get_object_or_404(Chair, pk=pk)
    in_use = request.POST.get("in_use") == "yes"
    try:
        services.set_chair_in_use(chair=chair, in_use=in_use, by=request.user, at=timezone.now())
    except services.NotOnTheRoster as no:
        messages.error(request, str(no))
    else:
        messages.success(request, f"{chair.name} is {'in' if in_use else 'out of'} use.")
    return redirect("clinic:roster")
