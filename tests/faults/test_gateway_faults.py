"""What was acknowledged is stored once, whatever is killed in between.

Monitors send as fast as they are answered and send again what was not. Meanwhile
SIGKILL meets the gateway, the database's postmaster, or the line in the middle of
a frame. Afterwards every acknowledged reading is there once, and none is lost.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from tests.support.databases import VAR, pointed_at
from tests.support.floor import Floor
from tests.support.servers import READY_SECONDS, Process, free_port, port_answers

from evenkeel.edges.hl7.frames import wrap
from evenkeel.edges.hl7.sender import Sender
from evenkeel.edges.hl7.simulated import SimulatedPerson, message
from evenkeel.runtime import roles
from evenkeel.runtime.postgres import Postgres
from evenkeel.runtime.processes import gateway_command

pytestmark = pytest.mark.faults

MONITORS = 4
KILL_AFTER = 30  # acknowledged messages
THEN = 12  # further ones of each monitor
APP_PASSWORD = "only-for-this-folder-of-this-test-run"
BEGAN = datetime.now(UTC) - timedelta(hours=1)


class Ward:
    """Monitors and what they were told. ``acknowledged`` maps control id to its readings."""

    def __init__(self, port: int, name: str, minutes: int) -> None:
        self.port, self.name = port, name
        self.began = BEGAN + timedelta(minutes=minutes)  # each test has minutes of its own
        self.acknowledged: dict[str, int] = {}
        self.sent_again = 0
        self.enough = asyncio.Event()

    async def monitor(self, number: int, go_on: asyncio.Event) -> None:
        sender = Sender(host="127.0.0.1", port=self.port, wait_s=3, again_s=0.05)
        person, turn, left = SimulatedPerson(number), 0, THEN
        try:
            while left:
                turn += 1
                at = self.began + timedelta(seconds=turn, milliseconds=number)
                control_id = f"{self.name}{number}-{turn}"
                signs = person.signs(at, 0.0)
                answer = await sender.send(
                    message(
                        device=f"MONITOR-{number}", chair=number, person=f"EK-{number:06d}",
                        measured=signs, control_id=control_id, at=at,
                    )
                )  # fmt: skip
                assert answer.code == "AA", answer
                self.acknowledged[control_id] = len(signs)
                if len(self.acknowledged) >= KILL_AFTER:
                    self.enough.set()
                if go_on.is_set():
                    left -= 1
        finally:
            self.sent_again += sender.sent_again
            await sender.close()

    async def during(self, fault: Callable[[], Awaitable[None]]) -> None:
        """All monitors at work; the fault comes when enough has been acknowledged."""
        go_on = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number in range(1, MONITORS + 1):
                group.create_task(self.monitor(number, go_on))
            await asyncio.wait_for(self.enough.wait(), READY_SECONDS)
            await fault()
            go_on.set()


@pytest.fixture(scope="module")
def durable(django_db_blocker: Any) -> Iterator[Postgres]:
    """A PostgreSQL of its own, with fsync on, migrated, with a person on each chair."""
    from django.core.management import call_command

    # Not in pytest's own folders: they are closed to the account that the server runs as.
    home = VAR / f"faults-{os.getpid()}"
    server = Postgres(home=home)
    try:
        # Laying out waits for no disk: what must last comes after it.
        with (
            Postgres(home=home, durable=False) as quick,
            django_db_blocker.unblock(),
            pointed_at(quick.url()),
        ):
            call_command("migrate", verbosity=0, interactive=False)
            roles.grant(quick.url(), password=APP_PASSWORD)
            floor = Floor()
            for number in range(1, MONITORS + 1):
                floor.monitor(f"MONITOR-{number}", chair=number)
                floor.treat(chair=number, number=number, at=BEGAN)
        server.start()
        yield server
    finally:
        server.stop()
        server.release()
        shutil.rmtree(server.home)


@contextmanager
def running(server: Postgres, log: Path) -> Iterator[tuple[int, Process]]:
    """The gateway as it is shipped, as the application's role."""
    port = free_port()
    env = {
        **os.environ,
        "EVENKEEL_ENV": "demo",
        "DATABASE_URL": server.url(user=roles.APP, password=APP_PASSWORD),
        "EVENKEEL_VAR": str(log.parent),
    }
    process = Process(command=gateway_command(port=port), env=env, log=log).start()
    try:
        process.ready(lambda: port_answers(port))
        yield port, process
    finally:
        process.stop()


def check_stored(server: Postgres, ward: Ward, since: int) -> None:
    with psycopg.connect(server.url()) as owner:
        stored = owner.execute(
            "SELECT m.control_id, count(DISTINCT m.id), count(r.id) FROM records_devicemessage m "
            "LEFT JOIN records_reading r ON r.message_id = m.id AND r.treatment_id IS NOT NULL "
            "WHERE m.ack = 'AA' AND m.id > %s GROUP BY 1",
            [since],
        ).fetchall()
        # Of one sign at one moment there is one reading: nothing came in twice.
        doubled = owner.execute(
            "SELECT count(*) FROM (SELECT 1 FROM records_reading WHERE treatment_id IS NOT NULL "
            "AND message_id > %s GROUP BY treatment_id, sign, at HAVING count(*) > 1) AS twice",
            [since],
        ).fetchone()
    found = {control_id: (messages, readings) for control_id, messages, readings in stored}
    lost = [name for name in ward.acknowledged if name not in found]
    assert lost == [], f"{len(lost)} of {len(ward.acknowledged)} acknowledged messages are lost"
    for name, readings in ward.acknowledged.items():
        assert found[name] == (1, readings), name
    assert doubled == (0,)
    assert len(ward.acknowledged) >= KILL_AFTER + MONITORS * THEN


def last_message(server: Postgres) -> int:
    with psycopg.connect(server.url()) as owner:
        (last,) = owner.execute("SELECT coalesce(max(id), 0) FROM records_devicemessage").fetchone()
    return int(last)


def test_the_gateway_is_killed_in_mid_stream(durable: Postgres, tmp_path: Path) -> None:
    since = last_message(durable)
    with running(durable, tmp_path / "gateway.log") as (port, process):

        async def play() -> Ward:
            ward = Ward(port, "gateway", 0)

            async def kill_and_restart() -> None:
                process.child.send_signal(signal.SIGKILL)
                await asyncio.to_thread(process.child.wait, READY_SECONDS)
                process.start()
                await asyncio.to_thread(process.ready, lambda: port_answers(port))

            await ward.during(kill_and_restart)
            return ward

        ward = asyncio.run(play())
    assert ward.sent_again >= 1
    check_stored(durable, ward, since)


def test_the_postmaster_is_killed_in_mid_stream(durable: Postgres, tmp_path: Path) -> None:
    since = last_message(durable)
    with running(durable, tmp_path / "gateway.log") as (port, process):

        async def play() -> Ward:
            ward = Ward(port, "postmaster", 15)

            async def kill_and_restart() -> None:
                pid = int((durable.data / "postmaster.pid").read_text().split()[0])
                postmaster = psutil.Process(pid)
                postmaster.kill()
                await asyncio.to_thread(psutil.wait_procs, [postmaster], READY_SECONDS)
                await asyncio.to_thread(durable.start)

            await ward.during(kill_and_restart)
            return ward

        ward = asyncio.run(play())
        assert process.child.poll() is None, "the gateway outlives its database"
    assert ward.sent_again >= 1
    check_stored(durable, ward, since)


def test_lines_break_within_frames(durable: Postgres, tmp_path: Path) -> None:
    since = last_message(durable)
    with running(durable, tmp_path / "gateway.log") as (port, _):

        async def cut(number: int) -> None:
            """A monitor that hangs up in the middle of a frame, over and over."""
            whole = wrap(
                message(
                    device=f"MONITOR-{number}", chair=number, person=f"EK-{number:06d}",
                    measured=SimulatedPerson(0).signs(BEGAN, 0.0), control_id=f"CUT{number}",
                    at=BEGAN,
                )
            )  # fmt: skip
            for length in range(1, len(whole) - 2, len(whole) // 12):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(whole[:length])
                await writer.drain()
                writer.transport.abort()

        async def play() -> Ward:
            ward = Ward(port, "line", 30)

            async def break_lines() -> None:
                await asyncio.gather(*(cut(number) for number in range(1, MONITORS + 1)))

            await ward.during(break_lines)
            return ward

        ward = asyncio.run(play())
    check_stored(durable, ward, since)
    with psycopg.connect(durable.url()) as owner:
        halves = owner.execute(
            "SELECT count(*) FROM records_devicemessage WHERE control_id LIKE 'CUT%'"
        ).fetchone()
    assert halves == (0,), "half a frame is no message"
