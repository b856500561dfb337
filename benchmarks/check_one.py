"""One patient, all packs: loading the content, deriving facts, judging, and asking why.

The files are those of the vignettes: small charts with missing facts, as referrals are.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import _harness as harness

from evenkeel.core.guidelines.changes import asking, turns
from evenkeel.core.guidelines.derive import derive_facts
from evenkeel.core.guidelines.library import load_library
from evenkeel.core.guidelines.settle import settle
from evenkeel.core.guidelines.verdicts import judge_pack
from evenkeel.core.kernel.verdicts import Answer
from evenkeel.edges.fhir import reading

CASES = Path(__file__).resolve().parents[1] / "tests" / "data" / "vignettes" / "cases"
CONTENT = Path(__file__).resolve().parents[1] / "src" / "evenkeel" / "content"
DAY = date(2026, 11, 1)
ROUNDS = 15
FEW = 4


def main() -> None:
    library = load_library()
    words = library.dictionary
    bundles = [(folder / "bundle.json").read_bytes() for folder in sorted(CASES.iterdir())]
    charts = [reading.read(raw, today=DAY, may_be_dead=True).chart for raw in bundles]
    persons = [derive_facts(chart, knowledge=library.knowledge, as_of=DAY) for chart in charts]
    packs = list(library.packs.values())
    files = [p.read_bytes() for p in sorted(CONTENT.rglob("*")) if p.suffix in (".toml", ".csv")]
    each = len(bundles)
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

    def per_person(work, rounds: int = ROUNDS, of: int = each) -> list[float]:
        return [seconds / of for seconds in harness.timed(work, rounds)]

    parts = {
        "read_the_bundle": per_person(
            lambda: [reading.read(raw, today=DAY, may_be_dead=True) for raw in bundles]
        ),
        "derive_facts": per_person(
            lambda: [
                derive_facts(chart, knowledge=library.knowledge, as_of=DAY) for chart in charts
            ]
        ),
        "why_and_what_would_change_it_shown_packs": per_person(explain, 5, FEW),
        "load_and_check_all_content": harness.timed(load_library, 9),
    }
    floor = per_person(lambda: [json.loads(raw) for raw in bundles])
    reading_files = harness.timed(lambda: [raw.decode() for raw in files], 9)
    harness.write(
        "check_one",
        work=f"one person with derived facts, all {len(packs)} packs ({criteria} criteria): every "
        f"finding with its reason; the mean of {each} persons, seconds per person",
        ours=harness.summary(per_person(judge_all)),
        floor={"what": "json.loads of the same person's bundle", **harness.summary(floor)},
        peers={},
        threads=1,
        parts={name: harness.summary(seconds) for name, seconds in parts.items()},
        floor_of_content={
            "what": "decode the bytes of the content files, already read",
            **harness.summary(reading_files),
        },
        aims={"ours": 0.005, "load_and_check_all_content": 0.5},
    )


if __name__ == "__main__":
    main()
