"""`evenkeel demo` keeps its contract: it announces itself, works, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.support.servers import READY_SECONDS, free_port, reachable_folder, wait_until

from evenkeel.runtime import places, ports

pytestmark = pytest.mark.faults
FIRST_START_SECONDS = 600  # five minutes on a machine that does ten other things


class Demo:
    """One running demo in a folder of its own."""

    def __init__(self, var: Path, **env: str) -> None:
        self.var = var
        self.said = var.parent / "said.txt"
        names = ("DATABASE_URL", "EVENKEEL_ENV", "EVENKEEL_SECRET_KEY", "EVENKEEL_FIELD_KEY",
                 "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")  # fmt: skip
        inherited = {k: v for k, v in os.environ.items() if k not in names}
        with self.said.open("ab") as said:
            self.process = psutil.Popen(
                [str(Path(sys.executable).parent / "evenkeel"), "demo"],
                env={**inherited, "EVENKEEL_VAR": str(var), **env},
                stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip

    @property
    def file(self) -> Path:
        return self.var / "demo.json"

    def told(self) -> dict:
        def ready() -> bool:
            assert self.process.poll() is None, self.said.read_text()[-3000:]
            return self.file.exists()

        wait_until(ready, "var/demo.json", seconds=FIRST_START_SECONDS)
        return json.loads(self.file.read_text())

    def stop(self, how: signal.Signals = signal.SIGTERM) -> list[psutil.Process]:
        """Stop it; gives what is still alive of its family."""
        family = self.process.children(recursive=True)
        self.process.send_signal(how)
        assert self.process.wait(timeout=READY_SECONDS) == 0, self.said.read_text()[-3000:]
        return psutil.wait_procs(family, timeout=READY_SECONDS)[1]


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One demo's folder for the whole module, so that the clinic is made up once."""
    with reachable_folder() as folder:
        yield folder / "var"


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=READY_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def chosen_ports() -> dict[str, str]:
    names = ("EVENKEEL_PORT", "EVENKEEL_GATEWAY_PORT", "EVENKEEL_MAIL_PORT")
    return {name: str(free_port()) for name in names}


def test_the_demo_keeps_its_contract_from_start_to_stop(var, first_told):
    wished = chosen_ports()
    demo = Demo(var, **wished)
    try:
        told = demo.told()
        assert stat.S_IMODE(demo.file.stat().st_mode) == 0o600
        assert told["web"] == f"http://127.0.0.1:{wished['EVENKEEL_PORT']}"
        assert told["gateway"] == f"127.0.0.1:{wished['EVENKEEL_GATEWAY_PORT']}"
        assert told["mail"] == f"http://127.0.0.1:{wished['EVENKEEL_MAIL_PORT']}"
        assert set(told) == {"web", "gateway", "mail", "api_token", "accounts", "people"}
        first_told |= told
        assert len(told["api_token"]) >= 32
        roles = [one["role"] for one in told["accounts"]]
        assert set(roles) == {
            "coordinator", "nurse", "prescriber", "pharmacist", "researcher", "administrator",
            "patient",
        }  # fmt: skip
        assert roles.count("nurse") >= 2
        assert roles.count("prescriber") >= 2
        assert all(set(one) == {"role", "user", "password"} for one in told["accounts"])
        assert all(set(one) == {"number", "name", "what"} for one in told["people"])
        assert len({one["password"] for one in told["accounts"]}) == len(told["accounts"])
        assert get(f"{told['web']}/healthz")[0] == 200
        assert get(told["mail"])[0] == 200
        assert get(f"{told['web']}/static/ui/css/tokens.css")[0] == 200
        assert ports.answers(int(told["gateway"].split(":")[1]))
        assert "Evenkeel runs" in demo.said.read_text()
        for listening in _listening(demo.process):
            assert listening.startswith("127."), f"{listening} is not loopback"

        second = Demo(var, **chosen_ports())
        assert second.process.wait(timeout=READY_SECONDS) == 2
        assert "runs on" in second.said.read_text()
        assert told["web"] in second.said.read_text()
        assert demo.file.exists(), "the second one does not take the first one's file away"
    finally:
        left = demo.stop()
    assert left == []
    assert not demo.file.exists()
    assert not ports.answers(int(wished["EVENKEEL_PORT"]))


def _listening(process: psutil.Process) -> list[str]:
    addresses: list[str] = []
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):  # it ended meanwhile
            addresses += [
                connection.laddr.ip
                for connection in one.net_connections(kind="inet")
                if connection.status == psutil.CONN_LISTEN
            ]
    return addresses


@pytest.fixture(scope="module")
def first_told() -> dict:
    """What the first run announced; the first test puts it in."""
    return {}


@pytest.fixture(scope="class")
def taken() -> Iterator[str]:
    """A port that somebody has."""
    with socket.socket() as holder:
        holder.bind((ports.LOOPBACK, 0))
        holder.listen()
        yield str(holder.getsockname()[1])


@pytest.fixture(scope="class")
def second(var: Path, taken: str) -> Iterator[Demo]:
    """One more run on the same folder, with the web's port taken; Ctrl-C ends it."""
    demo = Demo(var, **{**chosen_ports(), "EVENKEEL_PORT": taken})
    try:
        yield demo
    finally:
        assert demo.stop(signal.SIGINT) == []


class TestSecondRun:
    def test_it_keeps_the_data_and_makes_new_passwords(self, second, first_told):
        assert first_told, "run the whole file: the first test makes up the clinic"
        before, after = first_told, second.told()
        assert [a["user"] for a in before["accounts"]] == [a["user"] for a in after["accounts"]]
        passwords = {a["password"] for a in before["accounts"]}
        assert not passwords & {a["password"] for a in after["accounts"]}
        assert before["api_token"] != after["api_token"]
        assert "Making up a clinic" not in second.said.read_text().rpartition("Stopping")[2]

    def test_a_taken_port_is_said(self, second, taken):
        assert second.told()["web"] != f"http://127.0.0.1:{taken}"
        assert f"Port {taken} is taken" in second.said.read_text()

    def test_a_part_that_falls_is_started_again(self, second):
        port = int(second.told()["gateway"].split(":")[1])
        gateway = next(child for child in second.process.children() if "gateway" in child.cmdline())
        gateway.kill()
        wait_until(lambda: "device gateway ended" in second.said.read_text(), "the word")
        wait_until(lambda: ports.answers(port), "the gateway to be back")


def test_the_ledger_of_the_demo_is_whole_and_a_changed_row_is_found(var):
    """Behind the application's back: as the owner, with the triggers switched off."""
    import psycopg

    from evenkeel.runtime import surroundings

    def verify() -> subprocess.CompletedProcess[str]:
        names = ("DATABASE_URL", "EVENKEEL_ENV", "EVENKEEL_SECRET_KEY", "EVENKEEL_FIELD_KEY")
        env = {k: v for k, v in os.environ.items() if k not in names}
        return subprocess.run(
            [str(Path(sys.executable).parent / "evenkeel"), "ledger", "verify", "--json"],
            env={**env, "EVENKEEL_VAR": str(var)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    with surroundings.postgres(var) as server:
        whole = verify()
        assert whole.returncode == 0, whole.stderr
        assert json.loads(whole.stdout)["walked"] > 5000
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
            before = connection.execute(
                "SELECT sentence FROM ledger_entry WHERE seq = 4321"
            ).fetchone()[0]
            connection.execute("UPDATE ledger_entry SET sentence = 'Nothing' WHERE seq = 4321")
            broken = verify()
            connection.execute("UPDATE ledger_entry SET sentence = %s WHERE seq = 4321", [before])
            connection.execute("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
    assert broken.returncode == 1
    assert json.loads(broken.stdout)["broken_at"] == 4321


def test_the_made_up_clinic_is_large_and_stands_at_every_stage(var):
    import psycopg

    from evenkeel.core.protocols.states import CourseStatus
    from evenkeel.runtime import surroundings

    with surroundings.postgres(var) as server, psycopg.connect(server.url()) as connection:

        def one(query: str) -> int:
            return connection.execute(query).fetchone()[0]

        assert one("SELECT count(*) FROM records_patient") >= 200
        stages = connection.execute("SELECT DISTINCT status FROM records_course").fetchall()
        assert {row[0] for row in stages} == set(CourseStatus)
        years = one("SELECT max(now() - started_at) >= interval '2 years' FROM records_course")
        assert years, "somebody has years of history"
        intervals = connection.execute(
            "SELECT DISTINCT interval_days FROM records_course WHERE status = 'maintenance'"
        ).fetchall()
        assert {row[0] for row in intervals} == {7, 14, 28}
        for stage in ("consent asked", "forms out", "safety task"):
            assert one(OPEN_WORK[stage]) > 0, stage


OPEN_WORK = {
    "consent asked": "SELECT count(*) FROM records_singleuselink WHERE kind = 'consent'",
    "forms out": "SELECT count(*) FROM records_assessmentrequest WHERE status = 'sent'",
    "safety task": "SELECT count(*) FROM records_task WHERE kind = 'safety'",
}


def test_a_port_that_is_no_port_is_refused_with_words(tmp_path):
    done = Demo(tmp_path / "var", EVENKEEL_PORT="eighty")
    assert done.process.wait(timeout=READY_SECONDS) == 2
    assert "EVENKEEL_PORT is 'eighty'" in done.said.read_text()
    assert places.var_folder() != done.var
