"""One patient, a whole pack: our walk beside cql-execution, on the same criteria."""

from __future__ import annotations

import _cql
import _harness as harness
import _registry

from evenkeel.core.guidelines.packs.library import library
from evenkeel.core.guidelines.verdicts.verdicts import judge_pack

PATIENTS, RUNS = 500, 9


def main() -> None:
    content = library()
    pack = content.packs[_registry.PACK]
    people = _registry.first(_registry.registry(20_000), PATIENTS)

    def ours() -> None:
        for facts in people.values():
            judge_pack(pack, facts, content.dictionary)

    def all_packs() -> None:
        for facts in people.values():
            for each in content.packs.values():
                judge_pack(each, facts, content.dictionary)

    named = [each.facts for each in pack.criteria]

    def floor() -> None:
        """Look up, for each criterion, the facts that it names."""
        for facts in people.values():
            by_name = facts.by_name
            for names in named:
                for name in names:
                    by_name.get(name)

    def one(work, runs: int) -> dict:
        return harness.summary([each / PATIENTS for each in harness.timed(work, runs)])

    peers = {}
    lacking = _cql.install()
    if lacking is None:
        patients = [_cql.patient(number, facts) for number, facts in people.items()]
        seconds, told = _cql.run(pack, patients, RUNS)
        for number, facts in people.items():
            assert _registry.same(_registry.walked(facts), told[str(number)]), "the peer differs"
        peers[f"{_cql.PEER} {_cql.VERSION}, Node"] = harness.summary(
            [each / PATIENTS for each in seconds]
        )
    else:
        print(f"without the peer: {lacking}")
    harness.write(
        "screen_one",
        work=f"one patient, {len(pack.criteria)} criteria of {pack.id}, warm, the mean of "
        f"{PATIENTS} patients: findings with reasons, deciding and missing facts; cql-execution "
        "gives true, false or null of each",
        ours=one(ours, RUNS),
        floor={"what": "look up the facts that each criterion names", **one(floor, RUNS)},
        peers=peers,
        threads=1,
        all_packs={"packs": len(content.packs), **one(all_packs, 3)},
    )


if __name__ == "__main__":
    main()
