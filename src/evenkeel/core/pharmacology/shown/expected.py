"""The line and the band that a published model expects for one treatment of one person.

In: ``Asked``. Out: ``Expected``. What the model needs of the person and nobody knows is
named, and then nothing is drawn: a typical person is never put in a patient's place.
Importing this costs an array library, and the first band its kernels: a tenth of a second,
and many seconds where they must be compiled first; callers do both away from a request.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evenkeel.core.kernel.content import ContentFault
from evenkeel.core.pharmacology.doses.products import product
from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.library.bounds import POSSIBLE
from evenkeel.core.pharmacology.library.models import Model, model_named
from evenkeel.core.pharmacology.library.subjects import Refusal, subject
from evenkeel.core.pharmacology.profiles.simulate import simulate
from evenkeel.core.pharmacology.shown.serving import (
    Asked,
    Curve,
    Expected,
    ModelWords,
    Portion,
    Serves,
    serving,
)
from evenkeel.core.pharmacology.systems.linear import Floats

PEOPLE = 2000  # the ends of the band then stand within some 3% of those of many more
SEED = 20261129  # fixed: the same treatment of the same person has the same band
BAND = (5.0, 95.0)
AFTER_S = 3 * 3600  # how long the line goes on after the last of the dose
STEP_S = 120
# How products name drug and route, and how models do.
_DRUGS = {"ketamine": "racemic_ketamine", "esketamine": "s_ketamine"}
_ROUTES = {"iv": "iv", "nasal": "intranasal"}


def work_out(asked: Asked) -> Expected:
    """The expected concentration of one treatment of one person.

    Takes milliseconds for a line, some tens for a band, and once in a process as many more
    for the kernels of the band.

    Raises:
        ContentFault: the model that serves the product is of another drug or route.
    """
    found = serving().of(asked.product)
    what = product(asked.product)
    if found is None:
        return Expected(kind="none", reasons=(f"No published model serves {what.name}.",))
    model = model_named(found.model)
    route = _ROUTES[what.route]
    if model.drug != _DRUGS.get(what.drug) or route not in model.routes:
        raise ContentFault(f"expected.toml: {model.id} is no model of {what.id}")
    words = _words(model, found)
    known = dict(asked.known)
    reasons, questions = _missing(model, known)
    # Somebody outside is refused at once: no answer to a question would change that.
    if told := model.refusals(known):
        return Expected(kind="outside", model=words, reasons=told)
    if reasons:
        return Expected(kind="missing", model=words, reasons=reasons, questions=questions)
    doses = [_dose(each, route) for each in asked.portions]
    try:
        curve = _curve(model, known, doses, _grid(asked.portions))
    except Refusal as refusal:
        return Expected(kind="outside", model=words, reasons=refusal.reasons)
    return Expected(kind="drawn", model=words, curve=curve)


def _missing(model: Model, known: Mapping[str, float]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What nobody knows and the model reads, or needs to tell whether the person is one of its."""
    needed = {
        name: f"{each.words} is not known"
        for name, each in model.covariates.items()
        if not each.of_dose
    }
    needed.setdefault(
        "AGE", f"age is not known (the model was made from {model.age_group}; a day of birth tells)"
    )
    if model.weight_from is not None or model.weight_to is not None:
        needed.setdefault(
            "WT", f"body weight is not known (the model's people weighed {_range(model)})"
        )
    told: dict[str, None] = {}
    questions: dict[str, None] = {}
    for name, words in needed.items():
        if name in known:
            continue
        asks = [each for each in serving().question if name in each.choice[0].covariates]
        for question in asks:
            questions[question.id] = None
            told[f"not asked yet: {question.words}"] = None
        if not asks:
            told[words] = None
    return tuple(told), tuple(questions)


def _range(model: Model) -> str:
    ends = (model.weight_from, model.weight_to)
    return " to ".join(f"{end:g}" for end in ends if end is not None) + " kg"


def _words(model: Model, found: Serves) -> ModelWords:
    sampling = {"mixed": "arterial and venous plasma, mixed"}.get(
        model.sampling, f"{model.sampling} plasma"
    )
    return ModelWords(
        id=model.id,
        title=model.title,
        citation=model.source.title,
        url=model.source.url,
        status=str(model.status),
        confidence=model.confidence,
        confidence_words=model.confidence_words,
        population=model.population,
        sampling=sampling,
        analyte=found.analyte_words,
        why=found.why,
        caution=tuple(found.limits),
        limits=(*serving().limits, *model.pitfalls),
    )


def _dose(portion: Portion, route: str) -> Dose:
    return Dose(
        time_h=portion.after_s / 3600,
        route=route,
        amount_mg=portion.mg,
        duration_h=portion.lasts_s / 3600,
        of_dose={"DEVICE": float(portion.device)} if portion.device else {},
    )


def _grid(portions: tuple[Portion, ...]) -> Floats:
    """Seconds: every two minutes, and every start and end, so that no corner is cut."""
    last = max((each.after_s + each.lasts_s for each in portions), default=0)
    knots = {0, last + AFTER_S}
    knots.update(range(0, last + AFTER_S, STEP_S))
    for each in portions:
        knots.update({each.after_s, each.after_s + each.lasts_s})
    return np.array(sorted(knots), dtype=np.float64)


def _curve(model: Model, known: Mapping[str, float], doses: list[Dose], grid: Floats) -> Curve:
    times = grid / 3600
    # What the record knows and only other models read is nothing to this one.
    own = {name: known[name] for name in known if name in (*model.covariates, *POSSIBLE)}
    typical = simulate(subject(model, own), doses, times).of(model.parent)
    low = high = None
    if model.variability:
        ends = _band(model, known, doses, times)
        low, high = _rounded(ends[0]), _rounded(ends[1])
    return Curve(
        minutes=tuple(float(each) for each in grid / 60),
        line=_rounded(typical),
        low=low,
        high=high,
        no_band=""
        if model.variability
        else "No band: how much people differ was not published for this model.",
    )


def _band(model: Model, known: Mapping[str, float], doses: list[Dose], times: Floats) -> Floats:
    """The ends of the band, shape (2, times): people who share this person's covariates."""
    from evenkeel.core.pharmacology.populations import people as populations
    from evenkeel.core.pharmacology.populations import runs

    who = populations.population(
        model,
        people=PEOPLE,
        covariates=known,
        etas=populations.draw_etas(model, people=PEOPLE, seed=SEED),
    )
    made = runs.at_times(who, populations.schedule_of(who, doses), times)
    return np.percentile(made[:, list(model.outputs).index(model.parent)], BAND, axis=0)


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(float(each) for each in np.round(values, 2))
