"""People with known parameters, measured; and what they say, written a second time in SciPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import stats

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.estimate import Measurement
from evenkeel.core.pharmacology.library.expressions import read_expression
from evenkeel.core.pharmacology.library.models import Block, Model, Output, Residual, model_named
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.profiles.simulate import simulate

OTTO, PEREZ = "otto_2021_s_ketamine_iv", "perez_ruixo_2021_esketamine"
SIMONS, FLINT = "simons_2022_s_ketamine_otf", "flint_2017_s_ketamine_picu"
INFUSION = (Dose(time_h=0.0, route="iv", amount_mg=35.0, duration_h=2 / 3),)
SPRAY = (Dose(time_h=0.0, route="intranasal", amount_mg=56.0),)
FILM = (Dose(time_h=0.0, route="sublingual", amount_mg=50.0),)
TIMES = (0.25, 0.5, 0.75, 1.0, 2.0, 4.0)


def people(name):
    """A model and its typical adult."""
    model = model_named(name)
    return model, reference(model, {})


def prior(model):
    names = list(dict.fromkeys(n for block in model.variability for n in block.parameters))
    omega = np.zeros((len(names), len(names)))
    for block in model.variability:
        for i, a in enumerate(block.parameters):
            for j, b in enumerate(block.parameters):
                omega[names.index(a), names.index(b)] += block.omega[i][j]
    return names, omega


def someone(model, seed):
    """Etas of one person of the model."""
    names, omega = prior(model)
    drawn = np.random.default_rng(seed).multivariate_normal(np.zeros(len(names)), omega)
    return dict(zip(names, drawn.tolist(), strict=True))


def measured(model, covariates, etas, doses, *, times=TIMES, analytes=2, noise=0.1, seed=0):
    """Concentrations of that person with an error of ``noise`` on the log scale."""
    found = simulate(subject(model, covariates, etas), doses, np.array(times))
    rng = np.random.default_rng(seed)
    return [
        Measurement(
            time_h=at, analyte=name,
            ng_per_ml=float(found.of(name)[k] * np.exp(noise * rng.standard_normal())),
        )
        for name in list(model.outputs)[:analytes]
        for k, at in enumerate(times)
    ]  # fmt: skip


def case_of_film():
    """One film, measured, with a value below the limit: what is asked of the engine."""
    model, covariates = people(SIMONS)
    early = Measurement(time_h=0.1, analyte="s_norketamine", ng_per_ml=20.0, below=True)
    seen = [*measured(model, covariates, someone(model, 3), FILM, seed=3), early]
    return model, {
        "covariates": covariates, "doses": FILM, "measurements": seen, "sampling": "arterial"
    }  # fmt: skip


def surprise(model, covariates, doses, measurements, names, omega, etas):
    """Minus the log of prior times likelihood, all constants in, by SciPy's own densities."""
    told = dict(zip(names, etas, strict=True))
    times = np.unique([each.time_h for each in measurements])
    made = simulate(subject(model, covariates, told), doses, times)
    total = -stats.multivariate_normal(np.zeros(len(names)), omega).logpdf(etas)
    for each in measurements:
        f = made.of(each.analyte)[np.searchsorted(times, each.time_h)]
        error = model.residuals[each.analyte]
        if error.log_sd:
            law = stats.lognorm(s=error.log_sd, scale=f)
        else:
            law = stats.norm(f, np.hypot(error.proportional_sd * f, error.additive_sd_ng_per_ml))
        total -= law.logcdf(each.ng_per_ml) if each.below else law.logpdf(each.ng_per_ml)
    return total


def still(*, omega=0.3, log_sd=0.2, volume=100.0) -> Model:
    """One compartment that nothing leaves: log concentration = log(1000 dose / V) - eta.

    Posterior and evidence of such a model have closed forms.
    """
    base = model_named(OTTO)
    return replace(
        base,
        id=f"still_{volume:g}",
        covariates={},
        parameters={"V": volume},
        derived={},
        compartments=("central",),
        flows=(),
        outputs={
            "s_ketamine": Output(
                analyte="s_ketamine", compartment=0, molar_mass=237.73,
                scale=read_expression("1000/V", ["V"]),
            )
        },
        variability=(
            Block(parameters=("V",), omega=((omega**2,),), kind="lognormal", level="subject",
                  note=""),
        ),
        residuals={
            "s_ketamine": Residual(
                proportional_sd=0.0, additive_sd_ng_per_ml=0.0, log_sd=log_sd, note=""
            )
        },
    )  # fmt: skip


def precise(model: Model, share: float) -> Model:
    """The same model with almost no error of a measurement."""
    error = Residual(proportional_sd=share, additive_sd_ng_per_ml=0.0, log_sd=0.0, note="")
    return replace(model, residuals=dict.fromkeys(model.residuals, error))
