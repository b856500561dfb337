"""10,000 people, six infusions, 2,016 points, two analytes: rows, and percentiles without rows.

The model is Otto 2021 (S-ketamine in three compartments, S-norketamine in two) with its
published spread; weight is normal, 75 kg with a deviation of 15, cut at 45 and 120 kg.
The floor is writing numbers of the same size into the same memory once: the faster of
ordinary stores and of stores past the caches. Peers get the same rate matrices, are
checked against exact values first, and run a stated fraction of the people.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import _harness as harness
import numpy as np
from numba import njit

from evenkeel.core.pharmacology.doses.regimens import Dose
from evenkeel.core.pharmacology.kernels.vectors import stretch
from evenkeel.core.pharmacology.library.models import models
from evenkeel.core.pharmacology.populations import people as populations
from evenkeel.core.pharmacology.populations import runs, spreads
from evenkeel.core.pharmacology.populations.people import Population, Schedule
from evenkeel.core.pharmacology.systems.linear import Floats
from evenkeel.core.pharmacology.systems.timeline import Infusion, collected, walk

PEOPLE, POINTS, STEP_H = 10_000, 2_016, 0.25
DAYS, LENGTH_H = (0, 3, 7, 10, 14, 17), 40 / 60
WANTED = (5.0, 50.0, 95.0)
RUNS = 9
ROUNDS = 31
TWO_CORES = 1.8  # times faster: below, the second processor is not a core of its own
FEW = 4  # people whose exact values everybody is checked against
HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "var" / "peers" / "pharmacology"
PACKAGES = ("numpy", "scipy", "jax", "libroadrunner")
PATIENCE_S = 120
# Libraries that spread five by five numbers over threads only get slower, and JAX on two
# processors waits for itself for ever in some runs: its own pool is given one thread too.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC"), "1")
PEER_PEOPLE = {
    "SciPy solve_ivp LSODA": 2, "SciPy expm": 20, "JAX expm, scan, vmap": 1_000,
    "libroadrunner CVODE": 10,
}  # fmt: skip


def job(people: int = PEOPLE) -> tuple[Population, Schedule, Floats]:
    """People, what happens to them, and their mg/h during an infusion."""
    model = models()["otto_2021_s_ketamine_iv"]
    weight = 75.0 + 15.0 * populations.standard_normals(1, "weight", people, 1)[:, 0]
    weight = np.clip(weight, 45.0, 120.0)
    etas = populations.draw_etas(model, people=people, seed=1)
    who = populations.population(model, people=people, covariates={"WT": weight}, etas=etas)
    doses = [Dose(time_h=24.0 * d, route="iv", amount_mg=1.0, duration_h=LENGTH_H) for d in DAYS]
    plan = populations.schedule_of(who, doses, by_person=[0.5 * weight] * len(DAYS))
    return who, plan, 0.5 * weight / LENGTH_H


def exact(who: Population, mg_per_h: Floats, people: int) -> Floats:
    """By the walk of one person, which shares nothing with the kernels."""
    times = np.arange(POINTS) * STEP_H
    made = np.empty((people, who.outputs.shape[2], POINTS))
    for i in range(people):
        drips = [
            Infusion(time_h=24.0 * d, compartment=0, rate_mg_per_h=float(mg_per_h[i]),
                     end_h=24.0 * d + LENGTH_H) for d in DAYS
        ]  # fmt: skip
        states = collected(walk(who.rates[i], drips, times), POINTS, who.rates.shape[1])
        made[i] = (states @ who.outputs[i]).T
    return made


@njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _stream(flat: Any, spare: Any) -> None:
    """Write every number once, past the caches; ``flat`` begins at a cache line."""
    here = spare.ctypes.data
    stretch(flat.ctypes.data, 0, flat.size, here, here, here, here, here, 1.0, 0, True)


def floors(out: Floats) -> dict[str, dict[str, Any]]:
    flat, spare = out.reshape(-1), np.zeros(64)
    return {
        "ordinary stores": harness.summary(harness.timed(lambda: out.fill(1.0), RUNS)),
        "past the caches": harness.summary(harness.timed(lambda: _stream(flat, spare), RUNS)),
    }


@njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _inner_loop(times: int, row: Any, powers: Any, part: Any, used: Any, line: Any) -> None:
    """What rows spend most of their time on, into the nearest cache: all units are busy."""
    for _ in range(times):
        stretch(
            row.ctypes.data, 0, row.size, line.ctypes.data, powers.ctypes.data,
            part.ctypes.data, used.ctypes.data, part.ctypes.data, 1.0, used.size, False,
        )  # fmt: skip


def by_threads(out: Floats, rows: Callable[[int], None]) -> dict[str, Any]:
    """Rows by one thread and by two, and what a second processor gains for two other jobs.

    The two processors of a rented machine may be two threads of one core, and not always
    the same: then even a loop that touches no memory gains next to nothing. So all six are
    taken in turn, and the gain of rows is told as well for the rounds in which there were
    two cores.
    """
    flat, half = out.reshape(-1), out.size // 2
    spare = np.zeros(64)
    used = np.arange(5)
    table, part = np.full((used.size, 64), 0.5), np.full(used.size, 0.5)
    near = [(np.empty(POINTS), np.empty(16)) for _ in range(2)]
    times = 2 * PEOPLE

    def loop(which: int, count: int) -> None:
        row, line = near[which]
        _inner_loop(count, row, table, part, used, line)

    with ThreadPoolExecutor(2) as pool:
        jobs: dict[str, Callable[[], object]] = {
            "rows, one": lambda: rows(1),
            "rows, two": lambda: rows(2),
            "writing, one": lambda: _stream(flat, spare),
            "writing, two": lambda: list(
                pool.map(lambda part: _stream(part, spare), (flat[:half], flat[half:]))
            ),
            "inner loop, one": lambda: loop(0, times),
            "inner loop, two": lambda: list(pool.map(loop, (0, 1), (times // 2, times // 2))),
        }
        taken: dict[str, list[float]] = {name: [] for name in jobs}
        for job in jobs.values():
            job()
        for _ in range(ROUNDS):
            for name, job in jobs.items():
                start = time.perf_counter()
                job()
                taken[name].append(time.perf_counter() - start)
    gains = {
        name: [
            one / two for one, two in zip(taken[f"{name}, one"], taken[f"{name}, two"], strict=True)
        ]
        for name in ("rows", "writing", "inner loop")
    }
    two_cores = [k for k, gain in enumerate(gains["inner loop"]) if gain >= TWO_CORES]
    return {
        **{name: harness.summary(seconds) for name, seconds in taken.items()},
        "times_faster_than_one": {
            name: round(statistics.median(found), 3) for name, found in gains.items()
        },
        # However many threads write, memory takes no more: by two, rows cannot gain beyond this.
        "most_that_rows_could_gain": round(
            min(taken["rows, one"]) / min(*taken["writing, one"], *taken["writing, two"]), 3
        ),
        "rounds": ROUNDS,
        "rounds_with_two_cores": len(two_cores),
        "times_faster_than_one_with_two_cores": {
            name: round(statistics.median([found[k] for k in two_cores]), 3)
            for name, found in gains.items()
            if two_cores
        },
    }


def install() -> str | None:
    """The peers into an environment of their own; gives why it cannot be had, or None."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        made = subprocess.run([sys.executable, "-m", "venv", PEERS], check=False)
        if made.returncode:
            return "a virtual environment could not be made"
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *PACKAGES], check=False, capture_output=True
    )
    return None if done.returncode == 0 else "its packages could not be installed"


def peers(
    who: Population, mg_per_h: Floats, expected: Floats
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What each took, for all people; and who was left out, and why."""
    left_out = {"mrgsolve": "R has it only from a registry of its own; Debian does not pack it"}
    why = install()
    if why is not None:
        return {}, left_out | dict.fromkeys(PEER_PEOPLE, why)
    found: dict[str, dict[str, Any]] = {}
    most = max(*PEER_PEOPLE.values(), FEW)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.npz"
        np.savez(
            path, rates=who.rates[:most], outputs=who.outputs[:most],
            begin=np.array([24.0 * d for d in DAYS]), length=LENGTH_H,
            mg_per_h=np.repeat(mg_per_h[:most, None], len(DAYS), axis=1),
            step=STEP_H, points=POINTS, expected=expected,
        )  # fmt: skip
        for name, people in PEER_PEOPLE.items():
            command = [PEERS / "bin" / "python", HERE / "_pharmacology_peers.py", path, name]
            try:
                done = subprocess.run(
                    [*command, str(people)], check=False, capture_output=True, text=True,
                    env=os.environ | ONE_THREAD, timeout=PATIENCE_S,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                left_out[name] = f"it was not done after {PATIENCE_S} s"
                continue
            if done.returncode:
                left_out[name] = (done.stderr.strip().splitlines() or ["it ended"])[-1]
                continue
            told = json.loads(done.stdout.strip().splitlines()[-1])
            if not told["error"] <= 1e-5:
                left_out[name] = f"it is {told['error']:.1e} of the peak away from exact"
                continue
            whole = [seconds * PEOPLE / people for seconds in told["seconds"]]
            found[f"{name} {told['version']}"] = harness.summary(
                whole, work_fraction=people / PEOPLE, error_of_peak=told["error"]
            )
    return found, left_out


def main() -> None:
    who, plan, mg_per_h = job()
    out = runs.buffer(who, POINTS)
    grid = {"start_h": 0.0, "step_h": STEP_H, "points": POINTS}

    def rows(threads: int) -> None:
        runs.concentrations(who, plan, threads=threads, out=out, **grid)

    def bands(threads: int) -> None:
        for _ in spreads.percentiles(who, plan, WANTED, threads=threads, **grid):
            pass

    rows(1)
    expected = exact(who, mg_per_h, FEW)
    peak = expected.max(axis=2, keepdims=True)
    error = float((np.abs(out[:FEW] - expected) / peak).max())
    if not error <= 1e-9:
        raise SystemExit(f"the kernels are {error:.1e} of the peak away from exact")
    threads = by_threads(out, rows)
    one, two = threads["rows, one"], threads["rows, two"]
    below = floors(out)
    what = min(below, key=lambda name: below[name]["median_s"])
    without = {
        f"threads_{t}": harness.summary(harness.timed(lambda t=t: bands(t), RUNS)) for t in (1, 2)
    }
    half, few = job(PEOPLE // 2), POINTS // 2
    fewer_people = harness.timed(
        lambda: runs.concentrations(half[0], half[1], out=out[: PEOPLE // 2], **grid), RUNS
    )
    small = runs.buffer(who, few)
    fewer_points = harness.timed(
        lambda: runs.concentrations(who, plan, out=small, **{**grid, "points": few}), RUNS
    )
    others, left_out = peers(who, mg_per_h, expected)
    harness.write(
        "pharmacology",
        work=f"{PEOPLE} people of Otto 2021, {len(DAYS)} infusions of 40 min, {POINTS} points, two "
        f"analytes: {out.nbytes / 1e6:.1f} MB of concentrations into the same memory again",
        ours={**one, "error_of_peak": error},
        floor={"what": f"writing as many numbers once, {what}", **below[what]},
        peers=others,
        threads=1,
        floors=below,
        ratio_to_ordinary_stores=harness.ratio(one, below["ordinary stores"]),
        two_threads=threads,
        percentiles_only={
            **without, "wanted": WANTED,
            "ratio_to_rows": harness.ratio(without["threads_1"], one),
            "ratio_to_rows_two_threads": harness.ratio(without["threads_2"], two),
        },
        half_the_people=harness.summary(fewer_people),
        half_the_points=harness.summary(fewer_points),
        left_out=left_out,
    )  # fmt: skip


if __name__ == "__main__":
    main()
