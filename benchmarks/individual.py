"""The most probable person from twelve measurements, beside SciPy's minimiser.

Ours looks from many places, and gives covariance and evidence. The peer makes one climb
from the middle, on the same compiled posterior, and gives the top alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import _harness as harness
import numpy as np
from scipy import __version__ as scipy_version
from scipy import optimize

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.individuals.estimate import Measurement, most_probable
from evenkeel.core.pharmacology.individuals.posterior import Posterior, posterior_of
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import reference, subject
from evenkeel.core.pharmacology.profiles.simulate import simulate

RUNS, PEER_RUNS = 51, 9
LONG_RUNS, LONG_PEER_RUNS = 7, 1  # where there are many treatments
TIMES = (0.25, 0.5, 0.75, 1.0, 2.0, 4.0)
FOUR = (0.5, 1.0, 2.0, 4.0)
CASES = {
    "otto_2021_s_ketamine_iv": Dose(time_h=0.0, route="iv", amount_mg=35.0, duration_h=2 / 3),
    "perez_ruixo_2021_esketamine": Dose(time_h=0.0, route="intranasal", amount_mg=56.0),
    "simons_2022_s_ketamine_otf": Dose(time_h=0.0, route="sublingual", amount_mg=50.0),
}


def asked(
    name: str, *doses: Dose, times: Sequence[float] = TIMES, analytes: int = 2
) -> dict[str, Any]:
    """A typical person, measured with errors of 15%."""
    model = model_named(name)
    covariates = reference(model, {})
    made = simulate(subject(model, covariates), doses, np.array(times))
    error = np.random.default_rng(3).normal(0.0, 0.15, (analytes, len(times)))
    seen = [
        Measurement(
            time_h=at, analyte=analyte, ng_per_ml=float(made.of(analyte)[k] * np.exp(error[a, k]))
        )
        for a, analyte in enumerate(list(model.outputs)[:analytes])
        for k, at in enumerate(times)
    ]
    return {
        "model": model, "covariates": covariates, "doses": list(doses), "measurements": seen,
        "sampling": model.sampling,
    }  # fmt: skip


def cases() -> dict[str, dict[str, Any]]:
    """Twelve measurements of each model; of one, of three analytes and of several treatments.

    The longest: twice a week for three months, measured in the first two treatments and in
    every eighth.
    """
    film = "simons_2022_s_ketamine_otf"
    later = replace(CASES[film], time_h=72.0)

    def several(count: int, measured: Sequence[int], *after_h: float) -> dict[str, Any]:
        doses = [replace(CASES[film], time_h=84.0 * k) for k in range(count)]
        return asked(film, *doses, times=[84.0 * k + each for k in measured for each in after_h])

    return {
        **{name: asked(name, dose) for name, dose in CASES.items()},
        f"{film}, three analytes": asked(film, CASES[film], times=FOUR, analytes=3),
        f"{film}, two treatments": asked(
            film, CASES[film], later, times=(0.5, 1.0, 3.0, 72.5, 73.0, 75.0)
        ),
        f"{film}, three treatments": several(3, range(3), 0.5, 2.0),
        f"{film}, six treatments": several(6, range(6), 0.75),
        f"{film}, 26 treatments": several(26, (0, 1, 8, 16, 24, 25), 0.75),
    }


def one_climb(posterior: Posterior) -> object:
    """BFGS from the middle."""
    width = posterior.width
    step = 1e-5 * np.vstack([np.zeros(width), np.eye(width), -np.eye(width)])

    def of(z: Any) -> tuple[float, Any]:
        made = posterior.surprise(z + step)
        return made[0], (made[1 : width + 1] - made[width + 1 :]) / 2e-5

    return optimize.minimize(of, np.zeros(width), jac=True, method="BFGS")


def processor_s(work: Callable[[], object], runs: int) -> float:
    """The least time of the processor: on a loaded machine the nearest to an idle one's."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return float(f"{min(found):.4g}")


def main() -> None:
    """One file with the hardest model in front and the others apart."""
    made = {}
    for name, told in cases().items():
        posterior = posterior_of(**told)
        work = partial(most_probable, **told)
        climb = partial(one_climb, posterior)
        slope = partial(posterior.shapes, np.zeros((1, posterior.width)), exact=True)
        runs, peer_runs = (LONG_RUNS, LONG_PEER_RUNS) if posterior.stages else (RUNS, PEER_RUNS)
        made[name] = {
            "informed": posterior.width,
            "ours": harness.summary(harness.timed(work, runs), processor_s=processor_s(work, runs)),
            "peer": harness.summary(
                harness.timed(climb, peer_runs), processor_s=processor_s(climb, peer_runs)
            ),
            "slope": harness.summary(
                harness.timed(slope, runs), processor_s=processor_s(slope, runs)
            ),
        }
    front = made["perez_ruixo_2021_esketamine"]
    harness.write(
        "individual",
        work="the most probable person, covariance and evidence from 12 measurements of two "
        f"analytes; Perez-Ruixo 2021, {front['informed']} parameters; apart: the other models",
        ours=front["ours"],
        floor={"what": "one slope of the posterior, in one call", **front["slope"]},
        peers={
            f"scipy {scipy_version} BFGS, one climb on the same posterior": {
                **front["peer"], "work_fraction": 1.0
            }
        },
        threads=1,
        apart={name: each for name, each in made.items() if each is not front},
    )  # fmt: skip


if __name__ == "__main__":
    main()
