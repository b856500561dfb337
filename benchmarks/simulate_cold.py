"""``evenkeel simulate`` and ``individual`` from a cold start, each a whole process.

The floor is a process of the same Python that imports numpy and ends: no command can be
faster. The aim is a median below 1.5 s on an idle machine, for one person, a thousand and
for a person behind measurements. Kernels and bytecode are as ``make setup`` left them.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import _harness as harness

RUNS = 9
CHECKOUT = Path(__file__).resolve().parents[1]
PROGRAM = str(Path(sys.executable).with_name("evenkeel"))
ONE = [
    PROGRAM, "simulate", "--model", "otto_2021_s_ketamine_iv", "--preset", "iv40",
    "--times", "0:24:0.25", "--covariate", "WT=75", "--json",
]  # fmt: skip
MANY = [*ONE, "--population", "1000", "--seed", "1"]
MEASURED = [
    PROGRAM, "individual", "--model", "perez_ruixo_2021_esketamine", "--sampling", "venous",
    "--regimen", "docs/examples/individual/given.csv",
    "--measurements", "docs/examples/individual/measured.csv",
    "--covariate", "AGE=38", "--covariate", "ASIAN=0", "--covariate", "JAPANESE=0", "--json",
]  # fmt: skip
LEAST = [sys.executable, "-c", "import numpy"]


def run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=CHECKOUT)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")


def main() -> None:
    # In turns, so that a disturbance meets all of them.
    took: dict[str, list[float]] = {"one": [], "many": [], "measured": [], "least": []}
    for command in (ONE, MANY, MEASURED):
        run(command)
    for _ in range(RUNS):
        for name, command in zip(took, (ONE, MANY, MEASURED, LEAST), strict=True):
            began = time.perf_counter()
            run(command)
            took[name].append(time.perf_counter() - began)
    harness.write(
        "simulate_cold",
        work="evenkeel simulate, Otto 2021, one infusion, 97 points, from the start of the process "
        "to its end; aim: 1.5 s",
        ours=harness.summary(took["one"]),
        floor={"what": "a Python that imports numpy", **harness.summary(took["least"])},
        peers={},
        threads=1,
        population_of_1000=harness.summary(took["many"]),
        individual=harness.summary(took["measured"]),
    )


if __name__ == "__main__":
    main()
