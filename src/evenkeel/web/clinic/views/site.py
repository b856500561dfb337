"""Switches of the site: off until an administrator turns one on, with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from evenkeel.core.pharmacology.doses.products import product
from evenkeel.core.pharmacology.shown.serving import serving
from evenkeel.web.clinic.forms.house import SwitchForm
from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records.models import SiteSwitch
from evenkeel.web.records.selectors import site as selectors
from evenkeel.web.records.services import site as services


@never_cache
@require_http_methods(["GET", "POST"])
@page("site.manage")
def switches(request: HttpRequest) -> HttpResponse:
    """How each switch stands, who turned it and why, and a form to turn it."""
    name = SiteSwitch.Name.EXPECTED
    form = SwitchForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        on = form.cleaned_data["turn"] == "on"
        try:
            services.turn(
                name=name,
                on=on,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
                once=once_of(request),
            )
        except services.CannotTurn as fault:
            refusal = str(fault)
        else:
            word = "on" if on else "off"
            messages.success(request, f"{name.label} is {word} at this site.")
            return redirect("clinic:site")
    turns = selectors.turns(name)
    context = {
        "form": form,
        "refusal": refusal,
        "turns": turns,
        "is_on": bool(turns) and turns[0].on,
        "name": name.label,
        "serving": serving(),
        "served": [(product(each.product), each) for each in serving().serves],
    }
    status = 422 if refusal or form.errors else 200
    return render(request, "clinic/house/site.html", context, status=status)
