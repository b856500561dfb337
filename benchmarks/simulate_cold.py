"""``evenkeel simulate`` from a cold start: the whole process, one person and a preset.

The floor is a process of the same Python that imports numpy and ends. The aim is a
median below 1.5 s on an idle machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import _harness as harness

RUNS = 9
COMMAND = [
    str(Path(sys.executable).with_name("evenkeel")), "simulate",
    "--model", "otto_2021_s_ketamine_iv", "--preset", "iv40",
    "--times", "0:24:0.25", "--covariate", "WT=75", "--json",
]  # fmt: skip


def run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")


def main() -> None:
    many = [*COMMAND, "--population", "1000", "--seed", "1"]
    least = [sys.executable, "-c", "import numpy"]
    harness.write(
        "simulate_cold",
        work="evenkeel simulate, Otto 2021, one infusion, 97 points, from the start of the process "
        "to its end; aim: 1.5 s",
        ours=harness.summary(harness.timed(lambda: run(COMMAND), RUNS)),
        floor={
            "what": "a Python that imports numpy",
            **harness.summary(harness.timed(lambda: run(least), RUNS)),
        },
        peers={},
        threads=1,
        population_of_1000=harness.summary(harness.timed(lambda: run(many), RUNS)),
    )


if __name__ == "__main__":
    main()
