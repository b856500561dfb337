"""One task: read it, take it, hand it over, close it with what was done."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evenkeel.web.clinic.forms.tasks import CloseForm, HandOverForm
from evenkeel.web.clinic.guards import note_look, page
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import Task
from evenkeel.web.records.services import tasks


@require_http_methods(["GET", "POST"])
@page("today.see")
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """The task; a POST closes it."""
    if request.method == "POST":
        permissions.check_may(request.user, "tasks.own")
    found = get_object_or_404(Task.objects.select_related("patient", "owner", "closed_by"), pk=pk)
    if found.patient is not None:
        note_look(request, found.patient)
    form = CloseForm(request.POST or None)
    once: UUID | None = once_of(request)
    if request.method == "POST" and form.is_valid():
        try:
            tasks.close(
                task=found,
                outcome=form.cleaned_data["outcome"],
                by=request.user,
                at=timezone.now(),
                once=once,
            )
        except (tasks.NotNow, permissions.Denied) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The task is closed. What was done is kept with it.")
            return redirect("clinic:today")
    context = {
        "task": found,
        "form": form,
        "hand_over": HandOverForm(but=request.user),
        "may_own": permissions.may(request.user, "tasks.own"),
        "mine": found.owner_id == request.user.pk,
    }
    return render(request, "clinic/today/task.html", context, status=422 if form.errors else 200)


@require_POST
@page("tasks.own")
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """ "Take it"."""
    found = get_object_or_404(Task, pk=pk)
    try:
        tasks.take(task=found, by=request.user, at=timezone.now())
    except tasks.NotNow as refusal:
        messages.error(request, str(refusal))
    return redirect("clinic:task", pk)


@require_POST
@page("tasks.own")
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it to a colleague."""
    found = get_object_or_404(Task, pk=pk)
    form = HandOverForm(request.POST, but=request.user)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors["to"]))
        return redirect("clinic:task", pk)
    try:
        tasks.hand_over(task=found, to=form.cleaned_data["to"], by=request.user, at=timezone.now())
    except (tasks.NotNow, permissions.Denied) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{form.cleaned_data['to'].short_name} has it now and is told.")
    return redirect("clinic:task", pk)
