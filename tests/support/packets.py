"""Small packets for tests: a chart and answers in, what the records would say around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.support.charts import AS_OF, chart_of, told

from evenkeel.core.chart import Chart
from evenkeel.core.guidelines.facts.answers import read_trials
from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.terms.values import Answer
from evenkeel.core.guidelines.trials.sets import judge_all as judge_trials
from evenkeel.core.guidelines.verdicts.check import check
from evenkeel.core.packets.assemble import Charted, assemble
from evenkeel.core.packets.measured import Measured
from evenkeel.core.packets.model import Packet, Section, Stated
from evenkeel.core.packets.words import Origins
from evenkeel.core.safeguards import judge_all

FIRST = "payer-first-esketamine"
AGAIN = "payer-again-esketamine"


def charted(
    *resources: dict[str, Any],
    chart: Chart | None = None,
    answers: Sequence[Answer] = (),
    trials: Sequence[dict[str, Any]] = (),
    measured: Iterable[Measured] = (),
    origins: Origins | None = None,
    **facts: Any,
) -> Charted:
    content = library()
    read = read_trials(list(trials), [])
    found = chart or chart_of(*resources)
    result = check(
        found,
        library=content,
        as_of=AS_OF,
        answers=[*answers, *told(**facts)],
        trials=read,
        packs=["esketamine-us"],
    )
    name = Stated(label="Name", value="VIGNETTE", origin="this clinic's record")
    return Charted(
        chart=found,
        check=result,
        guards=judge_all(result.facts),
        person=Section(stated=(name,)),
        people=Section(),
        course=Section(),
        treatments=Section(),
        history=judge_trials(read, content.knowledge.definitions, content.knowledge.doses, AS_OF),
        trials_by="answered by A. Draftley on 30 Oct 2026",
        measured=tuple(measured),
        origins=origins or Origins(),
    )


def packet(pack: str = FIRST, parts: Iterable[str] | None = None, **more: Any) -> Packet:
    """The packet of one small person."""
    resources = more.pop("resources", ())
    made = charted(*resources, **more)
    return assemble(made, pack=library().payers[pack], library=library(), parts=parts)
