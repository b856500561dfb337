"""Compile the kernels of the simulation, so that no user waits for it.

Run by tools/bootstrap.py with the Python of .venv. Every model and route is computed once
for a few people, on an even grid and at single times: that is all that the kernels are
called with. Numba keeps what it compiled beside the modules.
"""

from __future__ import annotations

import numpy as np

from evenkeel.core.pharmacology.individual import Measurement, most_probable
from evenkeel.core.pharmacology.models import models
from evenkeel.core.pharmacology.populations import (
    draw_etas,
    population,
    schedule_of,
)
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.runs import at_times, concentrations, percentiles
from evenkeel.core.pharmacology.subjects import reference

CHILD = {"WT": 20.0, "AGE": 6.0}


def main() -> None:
    for model in models().values():
        person = reference(model, {} if model.age_group == "adults" else CHILD)
        etas = draw_etas(model, people=3, seed=1) if model.variability else {}
        who = population(model, people=3, covariates=person, etas=etas)
        for route in model.routes:
            doses = [Dose(time_h=float(k), route=route, amount_mg=56.0) for k in range(2)]
            plan = schedule_of(who, doses)
            grid = {"start_h": 0.0, "step_h": 0.25}
            for _ in percentiles(who, plan, (5.0, 95.0), points=9, **grid):
                pass
            concentrations(who, plan, points=9, **grid)
            at_times(who, plan, np.array([0.5, 2.0]))
            if model.parent in model.residuals and model.variability:
                most_probable(
                    model,
                    covariates=person,
                    doses=doses,
                    measurements=[Measurement(time_h=3.0, analyte=model.parent, ng_per_ml=100.0)],
                    sampling="arterial" if model.sampling == "arterial" else "venous",
                )


if __name__ == "__main__":
    main()
