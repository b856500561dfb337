"""What every benchmark shares: timing, the machine in words, the form of a result.

The form is the one of the contracts: one JSON file per kind of work, with the floor
and the peers of the same run in it. A figure without them says nothing.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


def timed(work: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each run, after one run that does not count."""
    work()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def summary(seconds: Iterable[float], **more: Any) -> dict[str, Any]:
    """Median, 99th percentile, the least and number of runs."""
    ordered = sorted(seconds)
    at = min(int(len(ordered) * 0.99), len(ordered) - 1)
    return {
        "median_s": _short(statistics.median(ordered)),
        "p99_s": _short(ordered[at]),
        "least_s": _short(ordered[0]),
        "runs": len(ordered),
        **more,
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def ratio(ours: dict[str, Any], other: dict[str, Any] | None) -> float | None:
    return None if other is None else _short(ours["median_s"] / other["median_s"])


def machine() -> str:
    """Cores, memory, processor and how busy the machine was."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return (
        f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {model}, Python "
        f"{platform.python_version()}, load {os.getloadavg()[0]:.1f} at the end"
    )


def write(
    name: str,
    *,
    work: str,
    ours: dict[str, Any],
    floor: dict[str, Any],
    peers: dict[str, dict[str, Any]],
    threads: int,
    **more: Any,
) -> None:
    """Write ``results/NAME.json`` and say the main figures."""
    best = min(peers.values(), key=lambda peer: peer["median_s"], default=None)
    result = {
        "name": name,
        "work": work,
        "ours": ours,
        "floor": floor,
        "peers": peers,
        "ratio_to_floor": ratio(ours, floor),
        "ratio_to_best_peer": ratio(ours, best),
        "threads": threads,
        "machine": machine(),
        **more,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    print(text, end="")
