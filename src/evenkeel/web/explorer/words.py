"""Names of what models are made of, in a reader's words."""

from __future__ import annotations

import re

from evenkeel.core.kernel.sources import Mark
from evenkeel.core.pharmacology.library.models import Covariate, Model, Residual
from evenkeel.core.pharmacology.library.subjects import EFFECT_SITE

DRAFT_WORDS = (
    "A teaching view from published models, each with its limits. No clinician has reviewed it, "
    "and it is not for choosing a dose."
)

DRUG = {"racemic_ketamine": "racemic ketamine", "s_ketamine": "S-ketamine (esketamine)"}
AGE_GROUP = {"adults": "adults", "children": "children"}
SAMPLING = {
    "venous": "venous blood",
    "arterial": "arterial blood",
    "mixed": "venous and arterial, pooled",
}
SAMPLING_MEANS = {
    "venous": "Blood from a vein, as a clinic would draw it.",
    "arterial": "Blood from an artery: early values are higher than in a vein. It is never drawn "
    "on one axis with venous curves.",
    "mixed": "The studies behind it mixed both, or its report does not say which. It has an axis "
    "of its own.",
}
ROUTE = {
    "iv": "into a vein",
    "intranasal": "nasal spray",
    "sublingual": "film under the tongue",
    "oral": "swallowed",
}
ANALYTE = {
    "ketamine": "ketamine",
    "s_ketamine": "S-ketamine",
    "esketamine": "esketamine",
    "norketamine": "norketamine",
    "s_norketamine": "S-norketamine",
    "noresketamine": "noresketamine",
    "s_hydroxynorketamine": "S-hydroxynorketamine",
    "hydroxynorketamine": "hydroxynorketamine",
}
CONFIDENCE = {"high": "high confidence", "medium": "medium confidence", "low": "low confidence"}
COMPARTMENT = {
    "central": "Blood",
    "p1": "Tissue 1",
    "p2": "Tissue 2",
    "nose": "Nose",
    "gut_sw": "Gut, swallowed spray",
    "gut_po": "Gut, by mouth",
    "gut": "Gut",
    "gutliver": "Gut and liver",
    "mucosa": "Mouth",
    "liver": "Liver",
    "m1": "On the way 1",
    "m2": "On the way 2",
    "h1": "On the way 3",
    "h2": "On the way 4",
    "nk": "Norketamine",
    "nk_p": "Its tissue",
    "hnk": "Hydroxynorketamine",
    "hnk_p": "Its tissue",
}
MARK_MEANS = {
    Mark.SEEN: "Somebody of this project read it in the source itself.",
    Mark.SEEN_SECONDARY: "It was read in a program or a report that repeats the source, not in "
    "the source.",
    Mark.KNOWN: "It is widely known and was not read again.",
    Mark.KNOWN_VERIFY: "It is from memory and must be verified before any use.",
    Mark.JUDGEMENT: "A proposal of this project that nobody published.",
}
NOT_FOUND = (
    "Racemic ketamine under the skin or into a muscle: no published model was found whose numbers "
    "could be read, so none stands here, and no placeholder either. A paper tells of one in "
    "depression (Abuhelwa 2022, doi 10.1002/cpt.2640); its table of parameters was not found.",
    "Ketamine into a muscle in children: the absorbed share was found (Hornik 2018), its rate was "
    "not.",
    "A racemate followed down to norketamine and hydroxynorketamine, and a model that leads from "
    "concentrations to relief of depression: papers are known, their numbers were not found.",
)


def analyte_words(name: str) -> str:
    """ "S-norketamine"; the effect site says whose it is."""
    if name.startswith(EFFECT_SITE):
        return f"{analyte_words(name.removeprefix(EFFECT_SITE))} at the effect site"
    return ANALYTE.get(name, name.replace("_", " "))


def drug_short(model: Model) -> str:
    return "racemic" if model.drug == "racemic_ketamine" else "S-ketamine"


def short_name(model: Model) -> str:
    """ "Perez-Ruixo 2021": who published it, and when."""
    found = re.match(r"(?P<who>[a-z_]+?)_(?P<year>\d{4})", model.id)
    assert found is not None, model.id
    who = "-".join(part.capitalize() for part in found["who"].split("_"))
    who = who.replace("Clements-Nimmo", "Clements and Nimmo")
    return f"{who} {found['year']}"


def bounds_words(model: Model) -> list[str]:
    """For whom it may be drawn, one line each."""
    lines = []
    if model.age_from is not None or model.age_to is not None:
        lines.append(f"{_span(model.age_from, model.age_to)} years")
    else:
        lines.append("18 years or more" if model.age_group == "adults" else "under 18 years")
    if model.weight_from is not None or model.weight_to is not None:
        lines.append(f"{_span(model.weight_from, model.weight_to)} kg")
    return lines


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return f"up to {high:g}"
    return f"{low:g} or more" if high is None else f"{low:g} to {high:g}"


def covariate_words(covariate: Covariate) -> str:
    """Its reference and limits, in its unit."""
    unit = "" if covariate.unit == "1" else f" {covariate.unit}"
    told = [f"reference {covariate.reference:g}{unit}"]
    if covariate.minimum is not None or covariate.maximum is not None:
        told.append(_span(covariate.minimum, covariate.maximum) + unit)
    if covariate.values:
        told.append(" or ".join(f"{each:g}" for each in covariate.values))
    told += [f"where it is 1, {name} is {value:g}" for name, value in covariate.implies.items()]
    if covariate.of_dose:
        told.append("belongs to each dose")
    return "; ".join(told)


def residual_words(residual: Residual) -> str:
    """What a single measurement adds to the model's value."""
    parts = []
    if residual.proportional_sd:
        parts.append(f"{100 * residual.proportional_sd:.3g}% of the value")
    if residual.additive_sd_ng_per_ml:
        parts.append(f"{residual.additive_sd_ng_per_ml:.3g} ng/mL")
    if residual.log_sd:
        parts.append(f"{residual.log_sd:.3g} on the scale of logarithms")
    return "standard deviation " + " and ".join(parts) if parts else "none"
