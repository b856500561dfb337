"""``evenkeel individual``: who is behind measured concentrations, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from evenkeel.commands.simulate import asked
from evenkeel.commands.simulate.taken import say_of_person
from evenkeel.commands.simulate.telling import Progress, Steps, interruptible, stop, text_of

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.doses.regimens import Dose
    from evenkeel.core.pharmacology.individuals.averaging import Mixture
    from evenkeel.core.pharmacology.individuals.estimate import Individual, Measurement
    from evenkeel.core.pharmacology.individuals.future import WhatIf
    from evenkeel.core.pharmacology.library.models import Model
    from evenkeel.core.pharmacology.systems.linear import Floats

EXAMPLES = """\b
Examples, as they stand from the checkout:
  evenkeel individual --model perez_ruixo_2021_esketamine --sampling venous \\
    --regimen docs/examples/individual/given.csv \\
    --measurements docs/examples/individual/measured.csv \\
    --covariate AGE=38 --covariate ASIAN=0 --covariate JAPANESE=0 \\
    --what-if docs/examples/individual/next.csv --times 72:74:0.5 --above 100
  evenkeel individual --model otto_2021_s_ketamine_iv,perez_ruixo_2021_esketamine \\
    --regimen docs/examples/individual/infusion.csv --sampling venous \\
    --measurements docs/examples/individual/infusion-measured.csv \\
    --covariate AGE=45 --covariate WT=82 --covariate ASIAN=0 --covariate JAPANESE=0
"""


@click.command("individual", epilog=EXAMPLES)
@click.option("--model", "model_ids", metavar="ID[,ID…]", help="More than one: also averaged.")
@click.option("--regimen", metavar="FILE.csv", help="What was given: time_h,route,amount_mg,…")
@click.option("--preset", "preset_id", metavar="NAME", help="A usual dose, such as iv40 or in84.")
@click.option(
    "--measurements",
    "measured_file",
    metavar="FILE.csv",
    help="time_h,analyte,concentration_ng_per_ml,below",
)
@click.option(
    "--sampling", type=click.Choice(["venous", "arterial"]), help="Where blood was taken."
)
@click.option("--covariate", "covariate_texts", metavar="NAME=VALUE", multiple=True)
@click.option("--what-if", "to_come_file", metavar="FILE.csv", help="Doses to come, same clock.")
@click.option("--times", "times_text", metavar="START:STOP:STEP|FILE", help="With --what-if.")
@click.option("--percentiles", "percentile_text", metavar="P,P,…", help="Default 5,50,95.")
@click.option("--above", "above_texts", metavar="NG_PER_ML", multiple=True, help="Share above it.")
@click.option("--draws", type=click.IntRange(20, 20_000), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same draws again.")
@click.option("--csv", "csv_file", metavar="FILE", help="The table there; - is stdout.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
@interruptible
def command(
    model_ids: str | None,
    regimen: str | None,
    preset_id: str | None,
    measured_file: str | None,
    sampling: str | None,
    covariate_texts: tuple[str, ...],
    to_come_file: str | None,
    times_text: str | None,
    percentile_text: str | None,
    above_texts: tuple[str, ...],
    draws: int,
    seed: int,
    csv_file: str | None,
    as_json: bool,
) -> None:
    """The most probable person behind measured concentrations, and the doubt that remains.

    A teaching view, never a dosing aid: it recommends nothing. Amounts are mg of base,
    concentrations ng/mL. Nothing is stored.

    Every covariate that the model reads must be given: a typical person is not this one.
    A value below the limit of the method has the limit as its number and yes under below.
    --csv writes the measurements beside what is expected or, with --what-if, the bands.

    Exit 0: done. 1: done, and a measurement lies more than 3 standard deviations from what
    the model can explain: a time, a dose or the model may be wrong. 2: the call or a table
    is wrong, or the model does not answer for this person, blood or analyte. 130: stopped by
    Ctrl-C.
    """
    told = _missing(model_ids, regimen, preset_id, measured_file, sampling)
    if csv_file is not None and as_json:
        told.append("give at most one of --csv and --json")
    if (to_come_file is None) != (times_text is None):
        told.append("--what-if and --times go together: which doses to come, and when to look")
    if to_come_file is None and (percentile_text is not None or above_texts):
        told.append("--percentiles and --above go with --what-if and mean nothing without it")
    if told:
        stop(told)
    levels = asked.levels(above_texts)
    percentiles = asked.percentiles(percentile_text or "5,50,95")
    measured = _measured(str(measured_file))
    chosen = _models(str(model_ids))
    known = _covariates(covariate_texts, chosen)
    times = asked.times(times_text)[0] if times_text is not None else None

    from evenkeel.commands.individual import showing
    from evenkeel.core.pharmacology.individuals.averaging import mixture, model_weights
    from evenkeel.core.pharmacology.individuals.estimate import FAR
    from evenkeel.core.pharmacology.library.subjects import Refusal

    people: list[Individual] = []
    futures: list[WhatIf] = []
    mixed: Mixture | None = None
    try:
        for model in chosen:
            doses = _doses(regimen, preset_id, model, known)
            people.append(_person(model, known, doses, measured, str(sampling)))
        weights = model_weights(people)
        if times is not None:
            futures = [
                _future(each, to_come_file, known, times, percentiles, draws, seed)
                for each in people
            ]
            mixed = mixture(futures, percentiles) if len(futures) > 1 else None
    except Refusal as refusal:
        stop(refusal.reasons)
    for model in chosen:
        say_of_person(model, known)
    found = showing.Found(
        people=tuple(people), weights=weights, futures=tuple(futures), mixed=mixed, levels=levels
    )
    if as_json:
        found.json()
    elif csv_file is not None:
        found.table(csv_file)
    else:
        found.text()
    if any(abs(each) > FAR for person in people for each in person.weighted):
        raise SystemExit(1)


def _missing(
    model_ids: str | None,
    regimen: str | None,
    preset_id: str | None,
    measured_file: str | None,
    sampling: str | None,
) -> list[str]:
    told: list[str] = []
    if not model_ids:
        told.append("--model is missing: `evenkeel simulate --list` shows those there are")
    if (regimen is None) == (preset_id is None):
        told.append("give one of --regimen and --preset: what was given before the measurements")
    if not measured_file:
        told.append(
            "--measurements is missing: a table of time_h,analyte,concentration_ng_per_ml,below"
        )
    if not sampling:
        told.append("--sampling is missing: venous or arterial; early values of the two differ")
    return told


def _measured(file: str) -> tuple[Measurement, ...]:
    from evenkeel.core.pharmacology.individuals.measured import (
        UnreadableMeasurements,
        read_measurements,
    )

    try:
        return read_measurements(text_of(file))
    except UnreadableMeasurements as refusal:
        stop(f"{file}: {fault}" for fault in refusal.faults)


def _models(text: str) -> list[Model]:
    from evenkeel.core.pharmacology.library.models import models

    return [asked.one_named(models(), name.strip(), "model") for name in text.split(",")]


def _covariates(texts: Sequence[str], chosen: Sequence[Model]) -> dict[str, float]:
    """What is known of the person; each name is one that some chosen model reads, AGE or WT."""
    known = dict.fromkeys(name for model in chosen for name in (*model.covariates, "AGE", "WT"))
    found: dict[str, float] = {}
    for model in chosen:
        own = [
            text for text in texts
            if text.partition("=")[0] in (*model.covariates, "AGE", "WT")
            or text.partition("=")[0] not in known
        ]  # fmt: skip
        found |= asked.covariates(own, model)
    return found


def _own(model: Model, known: dict[str, float]) -> dict[str, float]:
    """What this model reads of it, and what follows from that."""
    from evenkeel.core.pharmacology.library.bounds import following

    own = {name: x for name, x in known.items() if name in (*model.covariates, "AGE", "WT")}
    return {**following(model, own), **own}


def _doses(
    regimen: str | None, preset_id: str | None, model: Model, known: dict[str, float]
) -> tuple[Dose, ...]:
    if preset_id is not None and "WT" not in known:
        from evenkeel.core.pharmacology.doses.presets import presets

        if asked.one_named(presets(), preset_id, "preset").by_weight:
            stop([f"{preset_id} is a dose by weight: give WT in kg"])
    given = asked.regimen(regimen, preset_id, model, _own(model, known))
    if given.doses is None:
        stop([f"{regimen}: resets and steady states are not read here: write out every dose"])
    return given.doses


def _person(
    model: Model,
    known: dict[str, float],
    doses: Sequence[Dose],
    measured: Sequence[Measurement],
    sampling: str,
) -> Individual:
    from evenkeel.core.pharmacology.individuals.estimate import most_probable

    return most_probable(
        model,
        covariates=_own(model, known),
        doses=doses,
        measurements=measured,
        sampling="arterial" if sampling == "arterial" else "venous",
        heard=Steps(f"steps of the search in {model.id}"),
    )


def _future(
    person: Individual,
    file: str | None,
    known: dict[str, float],
    times: Floats,
    percentiles: Sequence[float],
    draws: int,
    seed: int,
) -> WhatIf:
    from evenkeel.core.pharmacology.individuals.future import what_if

    to_come = _doses(file, None, person.model, known)
    return what_if(
        person,
        sorted((*person.doses, *to_come), key=lambda dose: dose.time_h),
        times,
        percentiles=percentiles,
        count=draws,
        seed=seed,
        heard=Progress(f"possible people of {person.model.id}"),
    )
