"""CDS Hooks: from the bytes of a request to the bytes of its cards, for our nine requests.

The floor is what no service can do without: reading the JSON and writing an answer of
the same size. There is no peer: no other open service judges these drugs.
"""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import _harness as harness

from evenkeel.core.guidelines.packs.library import library
from evenkeel.edges.cds import answers, asked
from evenkeel.edges.cds.offered import SERVICES

SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "data" / "cds-hooks"
DAY = date(2026, 11, 24)
ROUNDS = 30


def main() -> None:
    content = library()
    by_hook = {service.hook: service for service in SERVICES.values()}
    requests = {path.name[:6]: path.read_bytes() for path in sorted(SAMPLES.glob("own-*.json"))}

    def answer(raw: bytes) -> bytes:
        service = by_hook[json.loads(raw)["hook"]]
        request = asked.read(raw, service)
        cards = answers.answer(request, service, request.prefetch, content, DAY)
        return json.dumps({"cards": [card.content for card in cards]}).encode()

    written = {name: json.loads(answer(raw)) for name, raw in requests.items()}
    each = {
        name: harness.timed(lambda raw=raw: answer(raw), ROUNDS) for name, raw in requests.items()
    }
    # Others may work on the same machine; what this process used is fairer then.
    start = time.process_time()
    for _ in range(ROUNDS):
        for raw in requests.values():
            answer(raw)
    cpu_s = (time.process_time() - start) / (ROUNDS * len(requests))
    least = [
        seconds
        for name, raw in requests.items()
        for seconds in harness.timed(
            lambda raw=raw, out=written[name]: (json.loads(raw), json.dumps(out)), ROUNDS
        )
    ]
    harness.write(
        "cds",
        work=f"{len(requests)} CDS Hooks requests, each from bytes to cards, warm, without "
        "network, token and database; aim: within 0.5 s",
        ours=harness.summary(
            [seconds for of in each.values() for seconds in of],
            slowest_s=max(max(of) for of in each.values()),
            mean_cpu_s=float(f"{cpu_s:.4g}"),
        ),
        floor={
            "what": "reading the same JSON and writing the same answer",
            **harness.summary(least),
        },
        peers={},
        threads=1,
        requests={name: harness.summary(of) for name, of in each.items()},
    )


if __name__ == "__main__":
    main()
