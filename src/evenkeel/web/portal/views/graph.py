"""A person's own course: as a picture, as a list, and to take away."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evenkeel.web.portal import plot
from evenkeel.web.portal.access import with_link
from evenkeel.web.records.models import Patient, SingleUseLink
from evenkeel.web.records.selectors.scores import own_course
from evenkeel.web.ui import words


def _own(request: HttpRequest) -> Patient:
    """The patient who is signed in. Staff have no page of their own here.

    Raises:
        Http404: the account belongs to no patient.
    """
    patient = Patient.objects.filter(user_id=request.user.pk).first()
    if patient is None:
        raise Http404("This page belongs to patients.")
    return patient


def _context(patient: Patient) -> dict[str, Any]:
    course = own_course(patient, at=timezone.now())
    return {"own": course, "plot": plot.draw(course), "patient": patient}


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """How it goes, and what comes next."""
    return render(request, "portal/graph.html", _context(_own(request)) | {"signed_in": True})


@require_safe
@login_required
def home_list(request: HttpRequest) -> HttpResponse:
    """The same as a list, which prints."""
    return render(request, "portal/graph_list.html", _context(_own(request)))


@require_safe
@login_required
def copy(request: HttpRequest) -> HttpResponse:
    """The same as a file to keep."""
    course = own_course(_own(request), at=timezone.now())
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="my-course.csv"'
    writer = csv.writer(answer)
    writer.writerow(["when", "what", "score", "note"])
    rows = [(one.at, "answers", one.total, one.why) for one in course.scores]
    rows += [(at, "treatment", None, "") for at in course.treated_at]
    for at, what, total, why in sorted(rows, key=lambda row: row[0]):
        writer.writerow(
            [words.write_datetime(at, zone=True), what, "" if total is None else total, why]
        )
    return answer


@require_safe
@with_link(SingleUseLink.Kind.GRAPH)
def by_link(request: HttpRequest, link: SingleUseLink) -> HttpResponse:
    """The picture, opened by a link that the clinic sent."""
    return render(request, "portal/graph.html", _context(link.patient))
