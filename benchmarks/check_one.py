"""One patient, all packs: loading the content, deriving facts, judging, and asking why.

The files are those of the vignettes: small charts with missing facts, as referrals are.
Beside the time on the clock stands that of the processor: on a machine that does other
work at the same time only the second says what this work costs.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import _harness as harness

from evenkeel.core.guidelines.changes.changes import asking, turns
from evenkeel.core.guidelines.changes.settle import settle
from evenkeel.core.guidelines.facts.derive import derive_facts
from evenkeel.core.guidelines.packs.library import load_library
from evenkeel.core.guidelines.verdicts.verdicts import judge_pack
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.edges.fhir import reading

CASES = Path(__file__).resolve().parents[1] / "tests" / "data" / "vignettes" / "cases"
CONTENT = Path(__file__).resolve().parents[1] / "src" / "evenkeel" / "content"
DAY = date(2026, 11, 1)
ROUNDS = 15
FEW = 4


def measured(work: Callable[[], object], runs: int, of: int) -> dict[str, Any]:
    """Seconds on the clock and of the processor, each for one of so many."""
    on_clock = [seconds / of for seconds in harness.timed(work, runs)]
    of_processor = []
    for _ in range(runs):
        start = time.process_time()
        work()
        of_processor.append((time.process_time() - start) / of)
    cpu = statistics.median(of_processor)
    return harness.summary(on_clock, cpu_median_s=float(f"{cpu:.4g}"))


def main() -> None:
    library = load_library()
    words = library.dictionary
    bundles = [(folder / "bundle.json").read_bytes() for folder in sorted(CASES.iterdir())]
    charts = [reading.read(raw, today=DAY, may_be_dead=True).chart for raw in bundles]
    persons = [derive_facts(chart, knowledge=library.knowledge, as_of=DAY) for chart in charts]
    packs = list(library.packs.values())
    files = [p.read_bytes() for p in sorted(CONTENT.rglob("*")) if p.suffix in (".toml", ".csv")]
    each = len(bundles)
    named = [n for pack in packs for criterion in pack.criteria for n in criterion.facts]
    criteria = sum(len(pack.criteria) for pack in packs)

    def judge_all() -> list[list[object]]:
        return [[judge_pack(pack, facts, words) for pack in packs] for facts in persons]

    def explain() -> None:
        for facts in persons[:FEW]:
            verdicts = [judge_pack(pack, facts, words) for pack in packs if pack.shown]
            asking(verdicts, (), facts, words)
            for verdict in verdicts:
                turns(verdict, facts, words)
                if verdict.answer is Answer.UNKNOWN:
                    settle(verdict.pack, facts, words)

    def read_all() -> list[object]:
        return [reading.read(raw, today=DAY, may_be_dead=True) for raw in bundles]

    def derive_all() -> list[object]:
        return [derive_facts(chart, knowledge=library.knowledge, as_of=DAY) for chart in charts]

    def touch_all() -> int:
        """The least that any judging does: look up each fact that each criterion names."""
        return sum(facts.by_name.get(name) is not None for facts in persons for name in named)

    parts = {
        "read_the_bundle": measured(read_all, ROUNDS, each),
        "derive_facts": measured(derive_all, ROUNDS, each),
        "why_and_what_would_change_it_shown_packs": measured(explain, 3, FEW),
        "load_and_check_all_content": measured(load_library, 5, 1),
    }
    content = harness.timed(lambda: [raw.decode() for raw in files], 9)
    harness.write(
        "check_one",
        work=f"one person with derived facts, all {len(packs)} packs ({criteria} criteria): every "
        f"finding with its reason; the mean of {each} persons, seconds per person",
        ours=measured(judge_all, ROUNDS, each),
        floor={
            "what": "look up every fact that the criteria name",
            **measured(touch_all, ROUNDS, each),
        },
        peers={},
        threads=1,
        parts=parts,
        floor_of_reading={
            "what": "json.loads of the same bundle",
            **measured(lambda: [json.loads(raw) for raw in bundles], ROUNDS, each),
        },
        floor_of_content={
            "what": "decode the bytes of the content files, already read",
            **harness.summary(content),
        },
        aims={"ours": 0.005, "load_and_check_all_content": 0.5},
    )


if __name__ == "__main__":
    main()
