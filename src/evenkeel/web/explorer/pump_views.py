"""The public page of targets. It translates and decides nothing; nobody is asked who reads."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from evenkeel.core.pharmacology.library.bounds import far_weight
from evenkeel.core.pharmacology.profiles.aims import WITHIN, Aimed, clock, findings, minutes
from evenkeel.web.explorer import pages, pump_answers, pump_drawing
from evenkeel.web.explorer.answers import Busy
from evenkeel.web.explorer.numbers import number
from evenkeel.web.explorer.pump_form import form
from evenkeel.web.explorer.pump_queries import SITES, PumpAsked, read
from evenkeel.web.explorer.reading import Reading
from evenkeel.web.explorer.words import DRUG, SAMPLING, SAMPLING_MEANS, bounds_words, short_name


@require_safe
def targets(request: HttpRequest) -> HttpResponse:
    """What a pump would be set to, for the question in the address."""
    reading = read(pages.parameters(request))
    if reading.asked is None:
        context = {"section": "targets", "reading": reading, "form": form(reading, None)}
        return pages.refused(request, "explorer/targets.html", context)
    written = request.META.get("QUERY_STRING", "")
    if written and written != reading.asked.query():
        return redirect(_address(reading.asked))
    try:
        found = pump_answers.answer(reading.asked)
    except Busy:
        return pages.busy(request, "targets")
    return pages.page(request, "explorer/targets.html", _shown(reading, found))


@require_safe
def scheme_table(request: HttpRequest) -> HttpResponse:
    """The settings, as CSV."""
    reading = read(pages.parameters(request))
    if reading.asked is None:
        return pages.told(dict(reading.faults), reading.strange)
    try:
        found = pump_answers.answer(reading.asked)
    except Busy:
        return pages.busy(request, "targets")
    if found.refusals:
        return pages.told({found.field: found.refusals}, ())
    return pages.download(request, pump_answers.table(found), "scheme.csv")


def _address(asked: PumpAsked) -> str:
    return f"{reverse('explorer:targets')}?{asked.query()}"


def _shown(reading: Reading[PumpAsked], found: pump_answers.PumpAnswer) -> dict[str, Any]:
    asked, model = found.asked, found.model
    context = {
        "section": "targets",
        "reading": reading,
        "form": form(reading, found),
        "asked": asked,
        "model": model,
        "name": short_name(model),
        "drug": DRUG[model.drug],
        "bounds": bounds_words(model),
        "sampling": SAMPLING[model.sampling],
        "sampling_means": SAMPLING_MEANS[model.sampling],
        "refusals": found.refusals,
        "permalink": f"{settings.EVENKEEL_BASE_URL}{_address(asked)}",
    }
    if found.aimed is not None:
        context |= _answer(asked, found.aimed)
        context["far_weight"] = far_weight(model, float(asked.weight))
        context["csv"] = f"{reverse('explorer:scheme')}?{asked.query()}"
        context["command"] = pump_answers.command(found)
    return context


def _answer(asked: PumpAsked, aimed: Aimed) -> dict[str, Any]:
    told = findings(aimed)
    count = len(aimed.aims)
    return {
        "aimed": aimed,
        "lead": f"{number(aimed.made.given_mg)} mg in {minutes(aimed.stop_h)}, "
        f"aimed at the {SITES[asked.site]}",
        "within": f"{100 * WITHIN:g}%",
        "targets_told": [
            {"words": words, "is_missed": each.after_h is None and each.target.ng_per_ml > 0}
            for words, each in zip(told[:count], aimed.aims, strict=True)
        ],
        "limits_told": told[count:],
        "figure": pump_drawing.figure(aimed),
        "rows": pump_drawing.setting_rows(aimed),
        "settings": len(aimed.settings),
        "falls": pump_drawing.fall_rows(aimed),
        "stop": minutes(aimed.stop_h),
        "stop_at": clock(aimed.stop_h),
    }
