"""The most probable person behind 12 measured concentrations, of parent and norketamine.

The person is drawn from Otto 2021; the measurements are exact values at six times, each
off by a fixed few percent. The floor is predicting those measurements once.
"""

from __future__ import annotations

import _harness as harness
import numpy as np

from evenkeel.core.pharmacology.individual import most_probable
from evenkeel.core.pharmacology.models import models
from evenkeel.core.pharmacology.populations import draw_etas
from evenkeel.core.pharmacology.posterior import Measurement, posterior_of
from evenkeel.core.pharmacology.regimens import Dose
from evenkeel.core.pharmacology.simulate import simulate
from evenkeel.core.pharmacology.subjects import subject

TIMES = (0.5, 1.0, 2.0, 4.0, 8.0, 12.0)
OFF = (0.06, -0.08, 0.03, 0.1, -0.05, -0.02)
RUNS = 50


def main() -> None:
    model = models()["otto_2021_s_ketamine_iv"]
    etas = {name: float(each[0]) for name, each in draw_etas(model, people=1, seed=5).items()}
    doses = [Dose(time_h=0.0, route="iv", amount_mg=37.5, duration_h=40 / 60)]
    true = simulate(subject(model, {"WT": 75.0}, etas), doses, np.array(TIMES)).ng_per_ml
    measurements = [
        Measurement(time_h=t, analyte=name, ng_per_ml=float(true[k, o]) * (1.0 + OFF[k - o]))
        for o, name in enumerate(model.outputs)
        for k, t in enumerate(TIMES)
    ]
    told = {
        "covariates": {"WT": 75.0}, "doses": doses, "measurements": measurements,
        "sampling": model.sampling,
    }  # fmt: skip
    posterior = posterior_of(model, **told)
    middle = np.zeros((1, posterior.width))
    found = most_probable(model, **told)
    harness.write(
        "map",
        work=f"most probable person, {len(measurements)} measurements, {len(found.names)} "
        "differences, from the middle of the people, with the doubt around it; aim: 20 ms",
        ours=harness.summary(
            harness.timed(lambda: most_probable(model, **told), RUNS), steps=found.steps
        ),
        floor={
            "what": "predicting the measurements once",
            **harness.summary(harness.timed(lambda: posterior.predictions(middle), RUNS)),
        },
        peers={},
        threads=1,
    )


if __name__ == "__main__":
    main()
