"""Today: safety tasks first, then everything else by its time."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.web.clinic.guards import page
from evenkeel.web.clinic.posted import once_of
from evenkeel.web.records import permissions
from evenkeel.web.records.models import AssessmentRequest, MailMessage
from evenkeel.web.records.selectors import today as seen
from evenkeel.web.records.services import mail, questionnaires

FEW = 12
FEW_BESIDE = 6


def _safety(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    tasks = list(seen.open_tasks(safety=True))
    return {
        "now": now,
        "tasks": tasks,
        "closed": list(seen.closed_lately(now)[:5]),
        "may_own": permissions.may(request.user, "tasks.own"),
    }


@require_GET
@page("today.see")
def today(request: HttpRequest) -> HttpResponse:
    """The whole worklist."""
    now = timezone.now()
    visits = seen.visits(now)
    unanswered = seen.unanswered(now)
    screening = seen.to_screen()
    decisions = seen.to_decide()
    context = {
        **_safety(request),
        "others": list(seen.open_tasks(safety=False)),
        "undelivered": list(seen.undelivered()[:FEW]),
        "unanswered": unanswered[:FEW],
        "unanswered_count": len(unanswered),
        "visits": visits,
        "first_ahead": next((v.treatment.pk for v in visits if not v.past), None),
        "screening": list(screening[:FEW_BESIDE]),
        "screening_count": screening.count(),
        # one's own first; all of them, since no other page lists them
        "decisions": sorted(decisions, key=lambda one: one.prescriber_id != request.user.pk),
        "decisions_count": decisions.count(),
        "may_send": permissions.may(request.user, "questionnaires.send"),
        "may_see_day": permissions.may(request.user, "floor.see"),
    }
    return render(request, "clinic/today/today.html", context)


@require_GET
@page("today.see")
def safety(request: HttpRequest) -> HttpResponse:
    """The safety panel by itself, asked for every half minute by the open page."""
    return render(request, "clinic/today/_safety.html", _safety(request))


@require_POST
@page("questionnaires.send")
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message anew that was not delivered."""
    message = get_object_or_404(MailMessage, pk=pk)
    mail.send_again(message=message, by=request.user, at=timezone.now())
    messages.success(request, "The message waits to be sent again.")
    return redirect("clinic:today")


@require_POST
@page("questionnaires.send")
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind a person of a questionnaire."""
    asked = get_object_or_404(AssessmentRequest, pk=pk)
    try:
        questionnaires.remind(
            request=asked, by=request.user, at=timezone.now(), once=once_of(request)
        )
    except questionnaires.NotSent as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"A reminder to {asked.patient.short_name} waits to be sent.")
    return redirect("clinic:today")
