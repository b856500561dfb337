"""The way between the pages about one person, under the patient card of each."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from evenkeel.web.records.permissions import may

register = template.Library()

# words on the link, URL name that takes the record number, act that opens it
PAGES = (
    ("Chart", "clinic:patient", "patients.see"),
    ("Screening", "clinic:screening", "patients.see"),
    ("Trials", "clinic:trials", "patients.see"),
    ("Packets", "clinic:packets", "packets.see"),
    ("Consent", "clinic:consent", "patients.see"),
    ("Course", "clinic:courses", "patients.see"),
    ("Ratings", "clinic:record_rating", "ratings.record"),
    ("Questionnaires", "clinic:send_questionnaire", "questionnaires.send"),
)


@register.inclusion_tag("clinic/patients/_pages.html", takes_context=True)
def person_pages(context: template.Context) -> dict[str, Any]:
    """``pages``: text, href, and whether it is the page that is shown; empty without a person."""
    patient, request = context.get("patient"), context.get("request")
    if patient is None or request is None:
        return {"pages": []}
    pages = [
        {"text": text, "href": reverse(name, args=[patient.number])}
        for text, name, act in PAGES
        if may(request.user, act)
    ]
    chart, here = reverse("clinic:patient", args=[patient.number]), request.path
    if here.startswith(("/courses/", f"{chart}course/")):
        here = reverse("clinic:courses", args=[patient.number])
    if here.startswith("/packets/"):
        here = reverse("clinic:packets", args=[patient.number])
    for one in pages:
        one["current"] = here == chart if one["href"] == chart else here.startswith(one["href"])
    return {"pages": pages}
