"""How often a higher top is missed: people of each model beside a search that spares nothing.

The search of the engine takes some 25 calls of the posterior. The wide one climbs from
the best 40 of 1,500 places and from the person that was drawn, and then again around what it
found until nothing is higher.
Both are compared for hundreds of people who were measured one to six times, with one to all
analytes, and errors of 5 to 20%; and for fewer who were measured in two and in three treatments
that differ, one to four times in each. ``--people N`` and ``--first SEED`` choose who; of two
treatments there are a half, of three a quarter as many.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import _harness as harness
import numpy as np
from individual import CASES

from evenkeel.core.pharmacology.doses.occasions import begins_of, differences, prior_of
from evenkeel.core.pharmacology.individuals.climb import climb_from, finish
from evenkeel.core.pharmacology.individuals.estimate import Measurement
from evenkeel.core.pharmacology.individuals.posterior import Posterior, posterior_of
from evenkeel.core.pharmacology.individuals.preparing import course_of
from evenkeel.core.pharmacology.individuals.tops import top_of
from evenkeel.core.pharmacology.library.models import model_named
from evenkeel.core.pharmacology.library.subjects import reference
from evenkeel.core.pharmacology.systems.linear import Floats

PEOPLE = 120
APART_H = 72.0  # from one treatment to the next
HOURS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
LOOKS, STARTS, MORE_LOOKS, MORE_STARTS = 1500, 40, 600, 25


def someone(name: str, seed: int, treatments: int = 1) -> tuple[Posterior, Floats]:
    """The posterior of one person of a model, measured in each of some treatments; the person."""
    model = model_named(name)
    covariates = reference(model, {})
    rng = np.random.default_rng([seed, 7] if treatments == 1 else [seed, 7, treatments])
    analytes = list(model.outputs)[: 1 + (seed // 6) % len(model.outputs)]
    doses = [replace(CASES[name], time_h=APART_H * k) for k in range(treatments)]
    those = differences(model, treatments)
    etas = np.linalg.cholesky(prior_of(model, those)) @ rng.standard_normal(len(those))
    most = 6 if treatments == 1 else 4
    times = np.sort(
        np.concatenate(
            [
                dose.time_h + rng.choice(HOURS, 1 + (seed + k) % most, replace=False)
                for k, dose in enumerate(doses)
            ]
        )
    )
    course = course_of(
        model, covariates=covariates, doses=doses, analytes=analytes, times_h=times,
        begins_h=begins_of(model, doses),
    )  # fmt: skip
    own = etas[[those.index(each) for each in course.informed]]
    made = course.concentrations(own[None])[0]
    error = (0.05, 0.1, 0.2)[seed % 3]
    seen = [
        Measurement(
            time_h=float(at),
            analyte=analyte,
            ng_per_ml=float(max(value, 1e-3) * np.exp(error * rng.standard_normal())),
        )
        for analyte, row in zip(analytes, made, strict=True)
        for at, value in zip(times, row, strict=True)
    ]
    posterior = posterior_of(
        model, covariates=covariates, doses=doses, measurements=seen, sampling=model.sampling
    )
    width = posterior.width
    drawn = etas[[those.index(each) for each in posterior.differences[:width]]]
    return posterior, np.linalg.solve(posterior.factor[:width, :width], drawn)


def wide(posterior: Posterior, person: Floats, seed: int) -> float:
    """The value at the highest top that many climbs find."""
    rng = np.random.default_rng(seed)

    def best(looks: Floats, most: int, *more: Floats) -> Any:
        order = np.argsort(posterior.surprise(looks), kind="stable")
        chosen = list(more)
        for place in order:
            if all(np.linalg.norm(looks[place] - other) > 0.7 for other in chosen):
                chosen.append(looks[place])
            if len(chosen) >= most:
                break
        ends, _ = climb_from(posterior, np.array(chosen), go_on=len(chosen))
        return finish(posterior, ends.take([0]))[0]

    width = posterior.width
    top = best(1.3 * rng.standard_normal((LOOKS, width)), STARTS, person)
    while True:
        other = best(top.z[0] + rng.standard_normal((MORE_LOOKS, width)), MORE_STARTS)
        if other.value[0] > top.value[0] - 1e-7:
            return float(top.value[0])
        top = other


def compared(name: str, treatments: int, first: int, people: int) -> dict[str, Any]:
    """Who has a higher top than the one that is found, and what both searches take."""
    missed: list[dict[str, float]] = []
    spent: dict[str, list[float]] = {"ours": [], "peer": [], "floor": []}
    slope = 0.0
    for seed in range(first, first + people):
        posterior, person = someone(name, seed, treatments)
        start = time.perf_counter()
        ours = top_of(posterior)
        between = time.perf_counter()
        theirs = wide(posterior, person, seed)
        spent["ours"].append(between - start)
        spent["peer"].append(time.perf_counter() - between)
        start = time.perf_counter()
        posterior.shapes(ours.z[None], exact=True)
        spent["floor"].append(time.perf_counter() - start)
        slope = max(slope, float(np.abs(ours.slope).max(initial=0.0)))
        if ours.value > theirs + 1e-6:
            missed.append({"seed": seed, "by": float(f"{ours.value - theirs:.3g}")})
    return {
        **{key: harness.summary(seconds) for key, seconds in spent.items()},
        "people": people,
        "first": first,
        "missed": missed,
        "largest_slope": float(f"{slope:.2g}"),
    }


def main() -> None:
    """One file; in front the model with the most tops."""
    told = argparse.ArgumentParser()
    told.add_argument("--people", type=int, default=PEOPLE)
    told.add_argument("--first", type=int, default=0)
    given = told.parse_args()
    film = "simons_2022_s_ketamine_otf"
    made = {
        **{name: compared(name, 1, given.first, given.people) for name in CASES},
        f"{film}, two treatments": compared(film, 2, given.first, given.people // 2),
        f"{film}, three treatments": compared(film, 3, given.first, given.people // 4),
    }
    front = made["simons_2022_s_ketamine_otf"]
    harness.write(
        "individual_tops",
        work=f"the top of the posterior of {given.people} people of Simons 2022, one to six times "
        "of sampling; missed: who has a higher one, and by how much in units of log probability",
        ours=front["ours"],
        floor={"what": "one slope of the posterior, in one call", **front["floor"]},
        peers={"the same climbs from the best 40 of 1,500 places, again and again": front["peer"]},
        threads=1,
        missed=front["missed"],
        largest_slope=front["largest_slope"],
        apart={name: each for name, each in made.items() if each is not front},
    )


if __name__ == "__main__":
    main()
