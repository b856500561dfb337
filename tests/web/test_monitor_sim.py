"""The simulator as a command, against the gateway as a process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.floor import Floor
from tests.support.servers import READY_SECONDS, Gateway, Process, free_port, wait_until

from evenkeel.runtime.processes import program
from evenkeel.web.records.models import DeviceMessage, Reading

SIGNS = {"heart_rate", "spo2", "respiratory_rate", "systolic_bp", "diastolic_bp", "mean_bp"}


@pytest.fixture(scope="module")
def floor(fresh_database: str, django_db_blocker: Any) -> Iterator[Floor]:
    with django_db_blocker.unblock():
        made = Floor()
        made.monitor("MONITOR-2", chair=2)
        made.monitor("MONITOR-3", chair=3)
        yield made


def play(live_env: dict[str, str], gateway: Gateway, *words: str) -> list[str]:
    return [program("evenkeel"), "monitor-sim", "--gateway", f"127.0.0.1:{gateway.port}",
            "--every", "0.1", *words]  # fmt: skip


def test_one_monitor_by_hand(live_env, gateway: Gateway, floor: Floor) -> None:
    command = play(live_env, gateway, "--device", "MONITOR-3", "--chair", "3", "--patient",
                   "EK-000300", "--count", "4")  # fmt: skip
    done = subprocess.run(
        command, env=live_env, capture_output=True, text=True, timeout=READY_SECONDS
    )
    assert (done.returncode, done.stdout) == (0, "MONITOR-3: 4 taken, 0 refused\n"), done.stderr
    assert DeviceMessage.objects.filter(device__identifier="MONITOR-3", ack="AA").count() == 4


def test_what_is_refused_is_bad_news(live_env, gateway: Gateway, floor: Floor) -> None:
    done = subprocess.run(
        play(live_env, gateway, "--device", "STRANGER", "--count", "2"),
        env=live_env, capture_output=True, text=True, timeout=READY_SECONDS,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == "STRANGER: 0 taken, 2 refused\n"
    assert "device STRANGER is not registered" in done.stderr


def test_it_follows_who_sits_where(
    live_env, gateway: Gateway, floor: Floor, tmp_path: Path
) -> None:
    treatment = floor.treat(chair=2, number=200)
    process = Process(
        command=play(live_env, gateway), env=live_env, log=tmp_path / "simulator.log"
    ).start()
    try:
        charted = Reading.objects.filter(treatment=treatment)
        wait_until(lambda: set(charted.values_list("sign", flat=True)) >= SIGNS, "all signs")
        floor.leave(treatment, datetime.now(UTC))
        wait_until(
            lambda: (
                not process.log.read_text().count("no answer") and _silent(treatment.chair.number)
            ),
            "the monitor to fall silent",
        )
    finally:
        process.stop()
    assert process.child.returncode == 0
    assert not DeviceMessage.objects.filter(device__identifier="MONITOR-2").exclude(ack="AA")


def _silent(chair: int) -> bool:
    """No message of the monitor on this chair in the last second."""
    last = DeviceMessage.objects.filter(device__chair__number=chair).latest("id")
    return (datetime.now(UTC) - last.received_at).total_seconds() > 1


def test_a_receiver_that_is_not_there_is_named_and_waited_for(live_env) -> None:
    port = free_port()
    child = subprocess.Popen(
        [program("evenkeel"), "monitor-sim", "--gateway", f"127.0.0.1:{port}", "--device", "X"],
        env=live_env, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert child.stderr is not None
        assert "X: no answer (ConnectionRefusedError)" in child.stderr.readline()
    finally:
        child.terminate()
        child.wait(timeout=READY_SECONDS)


@pytest.mark.parametrize("words", ["nonsense", "localhost:", ":2575"])
def test_an_address_that_is_none(words: str) -> None:
    done = subprocess.run(
        [program("evenkeel"), "monitor-sim", "--gateway", words],
        capture_output=True, text=True, timeout=READY_SECONDS,
    )  # fmt: skip
    assert done.returncode == 2
    assert "write HOST:PORT" in done.stderr
