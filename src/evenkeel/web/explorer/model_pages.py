"""Everything that the page of one model tells, and the lines of the list of models."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from django.urls import reverse

from evenkeel.core.pharmacology.doses.presets import presets
from evenkeel.core.pharmacology.library.bounds import scale_words
from evenkeel.core.pharmacology.library.models import Block, Model, model_named, models
from evenkeel.core.pharmacology.library.subjects import (
    dose_reference,
    reference,
    subject,
    values_of,
)
from evenkeel.core.pharmacology.profiles.decrements import decrement_time, time_to_peak_effect
from evenkeel.web.explorer.flows import picture
from evenkeel.web.explorer.numbers import number
from evenkeel.web.explorer.people import AGES, WEIGHTS
from evenkeel.web.explorer.pump_queries import PumpAsked
from evenkeel.web.explorer.queries import Asked
from evenkeel.web.explorer.units import unit_of
from evenkeel.web.explorer.words import (
    CONFIDENCE,
    DRUG,
    MARK_MEANS,
    ROUTE,
    SAMPLING,
    SAMPLING_MEANS,
    analyte_words,
    bounds_words,
    covariate_words,
    drug_short,
    residual_words,
    short_name,
)

_HELD_MIN = (40, 120, 240)
_EXAMPLES = ("iv40", "in84-devices", "otf100", "po84")


def line(model: Model) -> dict[str, Any]:
    """A model as a line of the list."""
    return {
        "id": model.id,
        "short": short_name(model),
        "title": model.title,
        "drug": drug_short(model),
        "sampling": SAMPLING[model.sampling],
        "routes": ", ".join(ROUTE.get(each, each) for each in model.routes),
        "analytes": ", ".join(analyte_words(each) for each in model.outputs),
        "confidence": CONFIDENCE[model.confidence],
        "is_low": model.confidence == "low",
        "bounds": ", ".join(bounds_words(model)),
        "has_spread": bool(model.variability),
        "has_effect_site": model.effect_site is not None,
        "in_pumps": model.target_controlled,
        "status": str(model.status),
        "href": reverse("explorer:model", args=[model.id]),
    }


def groups() -> list[dict[str, Any]]:
    """All models by age group and drug, in the order of the content."""
    made = []
    for age_group, drug in (
        ("adults", "s_ketamine"),
        ("adults", "racemic_ketamine"),
        ("children", "s_ketamine"),
        ("children", "racemic_ketamine"),
    ):
        lines = [
            line(each)
            for each in models().values()
            if each.age_group == age_group and each.drug == drug
        ]
        title = f"{age_group.capitalize()}, {DRUG[drug]}"
        if lines:
            made.append({"title": title, "models": lines, "is_children": age_group == "children"})
    return made


@lru_cache(maxsize=64)
def page(name: str) -> dict[str, Any]:
    """The context of explorer/model.html. It depends on the content alone."""
    model = model_named(name)
    return {
        "model": model,
        "line": line(model),
        "drug": DRUG[model.drug],
        "sampling_means": SAMPLING_MEANS[model.sampling],
        "bounds": bounds_words(model),
        "mark": model.source.mark.words,
        "mark_means": MARK_MEANS[model.source.mark],
        "doi_mark": model.doi_mark.words,
        "covariates": [(each, covariate_words(each)) for each in model.covariates.values()],
        "scale": scale_words(model),
        "parameters": _parameters(model),
        "derived": _derived(model),
        "routes": _routes(model),
        "picture": picture(model),
        "spread": [_block(each) for each in model.variability],
        "residuals": [
            (analyte_words(name), residual_words(each), each.note)
            for name, each in model.residuals.items()
        ],
        "effect_site": _effect_site(model),
        "outputs": [
            (analyte_words(each.analyte), model.compartments[each.compartment], each.scale.text,
             f"{each.molar_mass:g}")
            for each in model.outputs.values()
        ],
        "followed": _followed(model),
        "followed_by": _nearest_person(model)[1],
        "example": _example(model),
        "aim_at": _aim_at(model),
    }  # fmt: skip


def _typical(model: Model) -> dict[str, float]:
    return values_of(model, {**dose_reference(model), **reference(model, {})})


def _parameters(model: Model) -> list[tuple[str, str, str]]:
    return [(name, f"{value:g}", unit_of(model, name)) for name, value in model.parameters.items()]


def _derived(model: Model) -> list[tuple[str, str, str, str]]:
    typical = _typical(model)
    return [
        (name, each.text, number(float(typical[name])), unit_of(model, name))
        for name, each in model.derived.items()
    ]


def _routes(model: Model) -> list[dict[str, Any]]:
    unit = "h" if model.per_hour == 1.0 else "min"
    typical = _typical(model)
    made = []
    for route, inputs in model.routes.items():
        ways = []
        for each in inputs:
            share = float(each.fraction(typical))
            whole = "all" if each.fraction.text == "1" else each.fraction.text
            part = "" if whole == "all" else f" ({100 * share:.3g}%)"
            told = [f"{model.compartments[each.compartment]} takes {whole}{part}"]
            if each.duration is not None:
                told.append(f"evenly over {each.duration.text} {unit}")
            if each.lag is not None:
                told.append(f"after {each.lag.text} {unit}")
            ways.append(", ".join(told))
        made.append({"words": ROUTE.get(route, route), "ways": ways})
    return made


def _block(block: Block) -> dict[str, Any]:
    """Parameters with their spread, and how they go together."""
    rows = []
    for place, name in enumerate(block.parameters):
        variance = block.omega[place][place]
        if block.kind == "lognormal":
            words = f"{100 * math.sqrt(math.expm1(variance)):.3g}% (CV)"
        else:
            words = f"standard deviation {math.sqrt(variance):.3g} on the logit scale"
        rows.append((name, words))
    pairs = [
        (
            f"{block.parameters[i]} with {block.parameters[j]}",
            f"correlation {block.omega[i][j] / math.sqrt(block.omega[i][i] * block.omega[j][j]):.2f}",  # noqa: E501
        )
        for i in range(len(block.parameters))
        for j in range(i)
        if block.omega[i][j]
    ]
    level = {"subject": "between people", "occasion": "between occasions of one person"}
    return {"rows": rows, "pairs": pairs, "level": level[block.level], "note": block.note}


def _effect_site(model: Model) -> dict[str, Any] | None:
    site = model.effect_site
    if site is None:
        return None
    unit = "1/h" if model.per_hour == 1.0 else "1/min"
    return {
        "ke0": site.ke0.text,
        "value": f"{number(float(site.ke0(_typical(model))))} {unit}",
        "source": site.source,
        "mark": site.source.mark.words,
        "note": site.note,
    }


def _followed(model: Model) -> list[tuple[str, str]]:
    """What follows from the parameters."""
    who = subject(model, _nearest_person(model)[0])
    made = []
    if "iv" in model.routes:
        for held in _HELD_MIN:
            minutes = 60 * decrement_time(who, held_h=held / 60)
            made.append((f"Plasma falls by half, after {held} min held", f"{number(minutes)} min"))
    if model.effect_site is not None:
        minutes = 60 * time_to_peak_effect(who)
        made.append(("Effect site peaks after a bolus", f"{number(minutes)} min"))
    return made


def _nearest_person(model: Model) -> tuple[dict[str, float], str]:
    """The reference person, or who is nearest to it among the people of the model.

    A model of small children may be printed for 70 kg, which only scales its numbers.
    """
    person = reference(model, {})
    if not model.refusals(person):
        return person, "for the reference person"
    person["WT"] = min(max(person["WT"], model.weight_from or 0.0), model.weight_to or math.inf)
    return person, f"for {person['WT']:g} kg: the reference is outside its people"


def _aim_at(model: Model) -> str:
    """The address of a scheme in this model, for an example person of its own kind, or nothing."""
    if "iv" not in model.routes or model.no_targets:
        return ""
    age, weight = _example_person(model)
    site = "plasma" if model.effect_site is None else "effect"
    asked = PumpAsked(model=model.id, site=site, age=age, weight=weight)
    return f"{reverse('explorer:targets')}?{asked.query()}"


def _example(model: Model) -> str:
    """The address of this model drawn alone, for an example person of its own kind."""
    routes = set(model.routes)
    preset = next(
        each for each in _EXAMPLES if {row.route for row in presets()[each].rows} <= routes
    )
    if "intranasal" in routes:
        preset = "in84-devices"
    age, weight = _example_person(model)
    asked = Asked(models=(model.id,), preset=preset, age=age, weight=weight)
    return f"{reverse('explorer:explore')}?{asked.query()}"


def _example_person(model: Model) -> tuple[int, int]:
    """Age and weight that the model answers for, as usual as can be."""
    fitting = [
        (age, weight)
        for age in sorted(AGES, key=lambda each: abs(each - 40))
        for weight in sorted(WEIGHTS, key=lambda each: abs(each - 70))
        if not model.refusals({"AGE": float(age), "WT": float(weight)})
    ]
    # A child of five does not weigh 70 kg: the weight that goes with each of these ages.
    usual = {1: 10, 2: 15, 5: 20, 10: 30, 15: 60}
    likely = [each for each in fitting if each[1] == usual.get(each[0], 70)]
    return (likely or fitting)[0]
