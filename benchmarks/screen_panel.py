"""A whole pack over a million patients: DuckDB beside cql-execution, on the same criteria."""

from __future__ import annotations

import time

import _cql
import _harness as harness
import _registry

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.tables.logic import column
from evenkeel.core.guidelines.tables.packs import FINDINGS, select
from evenkeel.edges.tables.duckdb import DuckDB, written
from evenkeel.edges.tables.screening import Screen

PATIENTS, CHECKED, THREADS = 1_000_000, 500, 2


def main() -> None:
    content = library()
    pack = content.packs[_registry.PACK]
    place = _registry.registry(PATIENTS)
    engine = DuckDB(place, threads=THREADS)
    db = engine._db
    screen = Screen(engine, {pack.id: pack}, content.dictionary, _registry.AS_OF)
    # In memory, as a registry that lives in a database would be; reading it is the floor.
    db.execute("CREATE TABLE held AS SELECT * FROM registry")
    db.execute("DROP VIEW registry")
    db.execute("ALTER TABLE held RENAME TO registry")
    (compiled,) = screen.packs
    wanted = {"id": column("id"), "answer": column(compiled.answer_name)}
    wanted |= {each.criterion.id: each.finding for each in compiled.criteria}
    findings = written(select(wanted, screen.answered(), star=False))

    def ours() -> None:
        db.execute(f"CREATE OR REPLACE TEMP TABLE verdicts AS {findings}")

    names = [name for name in screen.registry.columns if name != "id"]
    # The same columns once: an aggregate that must look at every value.
    counted = ", ".join(f'COUNT("{name}")' for name in names)

    def floor() -> None:
        db.execute(f"SELECT {counted} FROM registry").fetchall()

    def processor() -> float:
        """Seconds of both threads together; less moved by what else the machine does."""
        start = time.process_time()
        ours()
        return round(time.process_time() - start, 3)

    told_why = written(screen.result())

    def reasons() -> None:
        db.execute(f"CREATE OR REPLACE TEMP TABLE told AS {told_why}")

    ours()
    columns = [each.criterion.id for each in compiled.criteria]
    rows = db.execute(f"SELECT * FROM verdicts WHERE id <= {CHECKED} ORDER BY id").fetchall()
    people = _registry.first(place, CHECKED)
    for row in rows:
        found = {name: _registry.HOLDS[FINDINGS[code]]
                 for name, code in zip(columns, row[2:], strict=True)}  # fmt: skip
        assert found == _registry.walked(people[row[0]]), "the walk of one patient differs"
    peers = {}
    lacking = _cql.install()
    if lacking is None:
        patients = [_cql.patient(number, facts) for number, facts in people.items()]
        seconds, told = _cql.run(pack, patients, 5)
        for number, facts in people.items():
            assert _registry.same(_registry.walked(facts), told[str(number)]), "the peer differs"
        share = CHECKED / PATIENTS
        peers[f"{_cql.PEER} {_cql.VERSION}, Node, one thread"] = harness.summary(
            [each / share for each in seconds], work_fraction=share
        )
    else:
        print(f"without the peer: {lacking}")
    harness.write(
        "screen_panel",
        work=f"{PATIENTS:,} patients, {len(compiled.criteria)} criteria of {pack.id} over "
        f"{len(names)} columns in memory: the finding of every criterion and the pack's answer, "
        "kept as a table; cql-execution gives true, false or null of each",
        ours=harness.summary(
            harness.timed(ours, 9), processor_s=min(processor() for _ in range(3))
        ),
        floor={"what": "count what is known in the same columns", **harness.summary(
            harness.timed(floor, 9))},
        peers=peers,
        threads=THREADS,
        with_reasons=harness.summary(
            harness.timed(reasons, 5),
            what="answers in words, deciding criteria and missing facts of each patient",
        ),
        checks=harness.summary(harness.timed(screen.check, 5),
                               what="every value looked at, doubles among patients too"),
    )  # fmt: skip


if __name__ == "__main__":
    main()
