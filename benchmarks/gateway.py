"""From a monitor's message to its acknowledgement and to a screen, beside the floor.

Real parts: PostgreSQL with fsync, the gateway and granian as processes of their own,
MLLP and server-sent events over TCP on loopback. In the same run the machine's own
floor is taken: one bare commit of one row on the same server, one bare TCP round trip.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
VAR = CHECKOUT / "var" / "bench"
sys.path.insert(0, str(CHECKOUT))
os.environ.update(
    EVENKEEL_ENV="demo",
    EVENKEEL_VAR=str(VAR),
    EVENKEEL_STATIC_ROOT=str(VAR / "static"),
    EVENKEEL_SECRET_KEY=secrets.token_urlsafe(48),
    EVENKEEL_FIELD_KEY=secrets.token_urlsafe(48),
    DJANGO_SETTINGS_MODULE="evenkeel.web.config.settings",
)

import _harness as harness  # noqa: E402
import psutil  # noqa: E402
import psycopg  # noqa: E402

from evenkeel.edges.hl7.sender import Sender  # noqa: E402
from evenkeel.edges.hl7.simulated import SimulatedPerson, message  # noqa: E402
from evenkeel.runtime import roles  # noqa: E402
from evenkeel.runtime.postgres import Postgres  # noqa: E402
from evenkeel.runtime.processes import gateway_command, web_command  # noqa: E402

CHAIRS = 8
MESSAGES = 300
SCREENS = 150
FLAT_OUT_S = 5.0
DEVICES_FLAT_OUT = 32


def contents(chair: int, control_id: str) -> bytes:
    now = datetime.now(UTC)
    return message(
        device=f"MONITOR-{chair}", chair=chair, person=f"EK-{chair:06d}",
        measured=SimulatedPerson(chair).signs(now, 0.0), control_id=control_id, at=now,
    )  # fmt: skip


def bare_commits(url: str) -> list[float]:
    """One row of the size of a message, inserted and committed; nothing else."""
    row = os.urandom(1_200)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_floor (raw bytea)")

        def once() -> None:
            connection.execute("INSERT INTO bench_floor VALUES (%s)", [row])

        found = harness.timed(once, MESSAGES)
        connection.execute("DROP TABLE bench_floor")
    return found


def bare_round_trips() -> list[float]:
    """1,200 bytes to an asyncio server and 200 back, over TCP on loopback."""

    async def play() -> list[float]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError):
                while await reader.readexactly(1_200):
                    writer.write(b"a" * 200)
                    await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        found = []
        for _ in range(MESSAGES):
            start = time.perf_counter()
            writer.write(b"m" * 1_200)
            await writer.drain()
            await reader.readexactly(200)
            found.append(time.perf_counter() - start)
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return found

    return asyncio.run(play())


def to_acknowledgement(port: int) -> list[float]:
    """One monitor, one message at a time, from the first byte sent to AA."""

    async def play() -> list[float]:
        sender, found = Sender(host="127.0.0.1", port=port), []
        for number in range(MESSAGES + 20):
            made = contents(1, f"ACK-{number}")
            start = time.perf_counter()
            answer = await sender.send(made)
            found.append(time.perf_counter() - start)
            assert answer.code == "AA", answer
        await sender.close()
        return found[20:]

    return asyncio.run(play())


def at_one_hertz(port: int, seconds: int = 8) -> list[float]:
    """Every chair's monitor once a second, as on a full floor."""

    async def monitor(chair: int) -> list[float]:
        sender, found = Sender(host="127.0.0.1", port=port), []
        await asyncio.sleep(chair / CHAIRS)
        for number in range(seconds):
            due = time.perf_counter() + 1
            made = contents(chair, f"HZ-{chair}-{number}")
            start = time.perf_counter()
            await sender.send(made)
            found.append(time.perf_counter() - start)
            await asyncio.sleep(max(due - time.perf_counter(), 0))
        await sender.close()
        return found

    async def play() -> list[float]:
        every = await asyncio.gather(*(monitor(chair) for chair in range(1, CHAIRS + 1)))
        return [each for some in every for each in some]

    return asyncio.run(play())


def flat_out(port: int, gateway: psutil.Process) -> dict[str, Any]:
    """Many monitors, each as fast as it is answered."""

    async def monitor(number: int, until: float) -> list[float]:
        sender, found = Sender(host="127.0.0.1", port=port), []
        turn = 0
        while time.perf_counter() < until:
            turn += 1
            made = contents(number % CHAIRS + 1, f"FLAT-{number}-{turn}")
            start = time.perf_counter()
            await sender.send(made)
            found.append(time.perf_counter() - start)
        await sender.close()
        return found

    async def play() -> list[float]:
        until = time.perf_counter() + FLAT_OUT_S
        every = await asyncio.gather(*(monitor(n, until) for n in range(DEVICES_FLAT_OUT)))
        return [each for some in every for each in some]

    before = sum(gateway.cpu_times()[:2])
    found = asyncio.run(play())
    used_s = sum(gateway.cpu_times()[:2]) - before
    return {
        "devices": DEVICES_FLAT_OUT,
        "gateway_cpu_s_per_message": float(f"{used_s / len(found):.4g}"),
        "messages_per_s": round(len(found) / FLAT_OUT_S),
        "readings_per_s": round(len(found) * 4 / FLAT_OUT_S),
        "acknowledged": harness.summary(found),
    }


def to_screen(port: int, url: str, cookie: str, treatment_id: int) -> list[float]:
    """From the first byte sent to the reading in the hands of a client of the live stream."""
    from tests.support.streams import Stream

    seen: Queue[float] = Queue()
    with Stream(url, f"/live/treatment/{treatment_id}/events", cookie) as stream:
        stream.next("beat")

        def look() -> None:
            for _ in range(SCREENS + 10):
                stream.next("reading")
                seen.put(time.perf_counter())

        looking = threading.Thread(target=look, daemon=True)
        looking.start()

        async def play() -> list[float]:
            sender, found = Sender(host="127.0.0.1", port=port), []
            for number in range(SCREENS + 10):
                made = contents(1, f"SCR-{number}")
                start = time.perf_counter()
                await sender.send(made)
                found.append(await asyncio.to_thread(seen.get, True, 10) - start)
            await sender.close()
            return found[10:]

        return asyncio.run(play())


def main() -> None:
    with ExitStack() as stack:
        VAR.mkdir(parents=True, exist_ok=True)
        (VAR / "static").mkdir(exist_ok=True)
        server = Postgres(home=VAR / "postgres")
        server.start()
        stack.callback(lambda: shutil.rmtree(server.home, ignore_errors=True))
        stack.callback(server.release)
        treatments, cookie = prepare(server)
        password = os.environ["BENCH_APP_PASSWORD"]
        os.environ["DATABASE_URL"] = server.url(user=roles.APP, password=password)
        from tests.support.servers import free_port, port_answers, wait_until

        port, web = free_port(), free_port()
        children: list[subprocess.Popen[bytes]] = []
        for command, its_port in (
            (gateway_command(port=port), port),
            (web_command(port=web, static=VAR / "static"), web),
        ):
            env = {name: v for name, v in os.environ.items() if name != "EVENKEEL_DB_POOL"}
            log = stack.enter_context((VAR / f"{its_port}.log").open("wb"))
            child = subprocess.Popen(command, env=env, stdout=log, stderr=log)
            children.append(child)
            stack.callback(child.wait, 15)
            stack.callback(child.terminate)
            wait_until(lambda p=its_port: port_answers(p), "a process to listen")
        gateway = psutil.Process(children[0].pid)
        measure(server, port, gateway, f"http://127.0.0.1:{web}", cookie, treatments)


def prepare(server: Postgres) -> tuple[list[Any], str]:
    """A migrated database with a person and a monitor on every chair."""
    os.environ["BENCH_APP_PASSWORD"] = secrets.token_urlsafe(24)
    os.environ["EVENKEEL_DB_POOL"] = "0"
    os.environ["DATABASE_URL"] = server.url()
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from tests.support.floor import Floor
    from tests.support.streams import session_cookie

    call_command("migrate", verbosity=0, interactive=False)
    roles.grant(server.url(), password=os.environ["BENCH_APP_PASSWORD"])
    floor = Floor()
    treatments = []
    for number in range(1, CHAIRS + 1):
        floor.monitor(f"MONITOR-{number}", chair=number)
        treatments.append(floor.treat(chair=number, number=number))
    cookie = session_cookie(floor.nurse)
    connection.close()
    return treatments, cookie


def measure(
    server: Postgres,
    port: int,
    gateway: psutil.Process,
    url: str,
    cookie: str,
    treatments: list[Any],
) -> None:
    commits = bare_commits(server.url())
    trips = bare_round_trips()
    ours = harness.summary(to_acknowledgement(port))
    screen = harness.summary(to_screen(port, url, cookie, treatments[0].pk))
    hertz = harness.summary(at_one_hertz(port))
    flat = flat_out(port, gateway)
    floor_s = statistics.median(commits) + statistics.median(trips)
    floor = {
        "what": "one bare commit of one row of 1,200 bytes, fsync on, on the same PostgreSQL, "
        "plus one bare TCP round trip of 1,200 bytes and 200 back",
        "median_s": float(f"{floor_s:.4g}"),
        "bare_commit": harness.summary(commits),
        "bare_round_trip": harness.summary(trips),
    }
    harness.write(
        "gateway",
        work="one ORU^R01 of PCD-01 with 4 signs, from the first byte sent to AA: parsed, matched "
        "to the person on the chair, stored raw and as readings, limits watched, committed",
        ours=ours,
        floor=floor,
        peers={},
        threads=1,
        message_to_screen={
            "work": "the same message, from the first byte sent to the reading in a client of "
            "the live stream (granian, server-sent events over HTTP)",
            **screen,
            "ratio_to_floor": harness.ratio(screen, floor),
        },
        full_floor={"work": f"{CHAIRS} monitors at 1 Hz, message to AA", **hertz},
        flat_out=flat,
    )


if __name__ == "__main__":
    main()
