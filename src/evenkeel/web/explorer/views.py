"""Public pages of the pharmacology. They translate and decide nothing; nobody is asked who reads.

The question stands in the address: models, doses and round examples of age and weight.
It is written in one way; any other way of the same question leads there.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from evenkeel.core.pharmacology.doses.devices import notes
from evenkeel.core.pharmacology.library.bounds import far_weight
from evenkeel.core.pharmacology.library.models import models
from evenkeel.core.pharmacology.profiles.occupancy import occupancy_model
from evenkeel.web.explorer import answers, downloads, drawing, model_pages, pages, tables
from evenkeel.web.explorer.form import form
from evenkeel.web.explorer.numbers import number, span_words
from evenkeel.web.explorer.queries import Asked, read
from evenkeel.web.explorer.reading import Reading
from evenkeel.web.explorer.words import (
    DRUG,
    MARK_MEANS,
    NOT_FOUND,
    SAMPLING,
    SAMPLING_MEANS,
    short_name,
)
from evenkeel.web.ui.public import nearest_names

_ONE_AFTER_THE_OTHER = "write one row of nasal devices, with how many more and how far apart"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What this is and is not, every model, and what does not exist."""
    context = {
        "section": "models",
        "count": len(models()),
        "groups": model_pages.groups(),
        "not_found": NOT_FOUND,
        "samplings": [(SAMPLING[name], means) for name, means in SAMPLING_MEANS.items()],
        "marks": [(mark.words, means) for mark, means in MARK_MEANS.items()],
    }
    return pages.page(request, "explorer/index.html", context)


@require_safe
def model(request: HttpRequest, name: str) -> HttpResponse:
    """One model, whole."""
    known = list(models())
    if name not in known:
        context = {"asked": name[:80], "nearest": nearest_names(name, known)}
        return HttpResponse(pages.written(request, "explorer/missing.html", context), status=404)
    place = known.index(name)
    around = {
        side: {"id": short_name(models()[known[at]]),
               "href": reverse("explorer:model", args=[known[at]])}
        for side, at in (("before", place - 1), ("after", place + 1))
        if 0 <= at < len(known)
    }  # fmt: skip
    return pages.page(request, "explorer/model.html", {**model_pages.page(name), **around})


@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    """Models side by side, for the question in the address."""
    reading = _reading(request)
    if reading.asked is None:
        context = {"section": "explore", "reading": reading, "form": form(reading, None)}
        return pages.refused(request, "explorer/explore.html", context)
    written = request.META.get("QUERY_STRING", "")
    if written and written != reading.asked.query():
        return redirect(_address(reading.asked))
    try:
        answer = answers.answer(reading.asked)
    except answers.Busy:
        return pages.busy(request, "explore")
    return pages.page(request, "explorer/explore.html", _shown(reading, answer))


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The curves that are shown, as CSV."""
    reading = _reading(request)
    if reading.asked is None:
        return pages.told(dict(reading.faults), reading.strange)
    try:
        answer = answers.answer(reading.asked)
    except answers.Busy:
        return pages.busy(request, "explore")
    return pages.download(request, downloads.table(answer), "concentrations.csv")


def _reading(request: HttpRequest) -> Reading[Asked]:
    return read(pages.parameters(request))


def _address(asked: Asked) -> str:
    return f"{reverse('explorer:explore')}?{asked.query()}"


def _shown(reading: Reading[Asked], answer: answers.Answer) -> dict[str, Any]:
    asked = answer.asked
    drugs = dict.fromkeys(DRUG[each.model.drug] for each in answer.answering)
    occupied = "occupancy" in asked.show
    return {
        "section": "explore",
        "reading": reading,
        "form": form(reading, answer),
        "answer": answer,
        "named": [(each, short_name(each.model)) for each in answer.models],
        "nasal_notes": [
            (each.letter, short_name(each.model), note)
            for each in answer.answering
            for note in notes(each.model, answer.doses, _ONE_AFTER_THE_OTHER)
        ],
        "far_weights": [
            (each.letter, short_name(each.model), words)
            for each in answer.answering
            if (words := far_weight(each.model, float(asked.weight)))
        ],
        "drugs": list(drugs),
        "groups": drawing.concentration_figures(answer),
        "summary": tables.summary_rows(answer),
        "bands_missing": [
            (each.letter, short_name(each.model), each.no_spread)
            for each in answer.answering
            if each.no_spread
        ],
        "has_band": any(each.spread is not None for each in answer.answering),
        "people": answers.PEOPLE,
        "occupancy": occupancy_model() if occupied else None,
        "occupancy_figures": drawing.occupancy_figures(answer) if occupied else [],
        "half_time_figures": drawing.half_time_figures(answer),
        "wants_half_time": "halftime" in asked.show,
        "dose_words": _dose_words(answer),
        "dose_rows": tables.dose_rows(answer),
        "permalink": f"{settings.EVENKEEL_BASE_URL}{_address(asked)}",
        "csv": f"{reverse('explorer:table')}?{asked.query()}",
        "commands": downloads.commands(answer),
    }


def _dose_words(answer: answers.Answer) -> str:
    total = number(sum(each.amount_mg for each in answer.doses))
    count = len(answer.doses)
    until = span_words(answer.until_h)
    told = f"{count} dose{'' if count == 1 else 's'}, {total} mg together, drawn for {until}"
    later = len(answer.asked.doses()) - count
    if later:
        told += f"; {later} more come after the end of the axis and are not drawn"
    return told
