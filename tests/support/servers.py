"""Real processes for tests: the web server, the worker, the gateway, the mail catcher.

They run on a database of the module, as the application's role, with the settings of
the demo; what is tested is what is shipped.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
from tests.support.databases import SOURCES, VAR, TestServer

from evenkeel.runtime.mailcatcher import MailCatcher

PORTS = range(20_000, 32_000)
_kept_ports: list[IO[str]] = []
READY_SECONDS = 300  # on a machine that does ten other things
A_DAY_S = 86_400


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A temporary folder that another account may enter, removed at the end.

    pytest's own are private, and another session makes them private again at any time.
    """
    folder = Path(tempfile.mkdtemp(prefix="evenkeel-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    """A port that nothing holds, and that the system gives to no outgoing connection.

    A server takes it seconds later; by then a browser beside it could have been given a
    port of the system's own choice. No other test process is given the same one.
    """
    places = VAR / "ports"
    places.mkdir(parents=True, exist_ok=True)
    while True:
        port = secrets.randbelow(PORTS.stop - PORTS.start) + PORTS.start
        kept = (places / str(port)).open("w")
        try:
            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            kept.close()
            continue
        _kept_ports.append(kept)  # held until this process ends
        return port


def wait_until(true: Callable[[], Any], what: str, seconds: float = READY_SECONDS) -> Any:
    """Ask until the answer is true; a wait on a condition, with a limit, not on a clock."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := true():
            return answer
        time.sleep(0.02)
    raise TimeoutError(f"waited {seconds} s for {what}")


def port_answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(kw_only=True)
class Process:
    """A child with its log. ``stop`` is what Ctrl-C does; ``kill`` is SIGKILL."""

    command: list[str]
    env: dict[str, str]
    log: Path
    child: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> Process:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    def ready(self, check: Callable[[], Any]) -> Process:
        def checked() -> Any:
            if self.child.poll() is not None:
                raise RuntimeError(f"{self.command[-3:]} exited:\n{self.log.read_text()[-3000:]}")
            return check()

        try:
            wait_until(checked, " ".join(self.command))
        except TimeoutError as late:
            raise TimeoutError(f"{late}\n{self.log.read_text()[-3000:]}") from None
        return self

    def stop(self) -> None:
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait(timeout=60)

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(timeout=60)


@dataclass(kw_only=True)
class Live:
    """A running web server: ``live.url + "/path"``; ``database`` is the name of its database."""

    url: str
    database: str
    env: dict[str, str]
    log: Path
    process: Process


@pytest.fixture(scope="module")
def mail() -> Iterator[MailCatcher]:
    """A real SMTP server that keeps what it gets: ``mail.wait_for(to=…).links``."""
    with MailCatcher(smtp_port=free_port()) as catcher:
        yield catcher


@pytest.fixture(scope="session")
def static_root() -> Path:
    """Collected once for these sources; the manifest must hold everything that a page names.

    A folder that servers read is never written again: its files would be away for a moment,
    and a server that starts without the manifest finds none of them for the rest of its life.
    """
    root = VAR / "collected" / _fingerprint_of_files()
    root.parent.mkdir(parents=True, exist_ok=True)
    with (VAR / "static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.exists():
            return root
        fresh = VAR / "collected.new"
        shutil.rmtree(fresh, ignore_errors=True)
        env = {**os.environ, "EVENKEEL_ENV": "demo", "EVENKEEL_STATIC_ROOT": str(fresh),
               "DATABASE_URL": "postgresql:///none"}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "django", "collectstatic", "--noinput", "-v", "0"],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"collectstatic failed:\n{done.stderr[-3000:]}")
        for old in root.parent.iterdir():
            if time.time() - old.stat().st_mtime > A_DAY_S:  # another run may use a newer one
                shutil.rmtree(old)
        fresh.rename(root)
    return root


def _fingerprint_of_files() -> str:
    digest = hashlib.sha256()
    files = [
        *SOURCES.glob("web/*/static/**/*"),
        *SOURCES.glob("web/config/*.py"),
        SOURCES.parents[1] / "requirements" / "base.lock",
    ]
    for path in sorted(path for path in files if path.is_file()):
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@pytest.fixture(scope="module")
def live_env(
    fresh_database: str,
    postgres_server: TestServer,
    mail: MailCatcher,
    tmp_path_factory: pytest.TempPathFactory,
    static_root: Path,
) -> dict[str, str]:
    """The environment that every process of one module shares."""
    port = free_port()
    return {
        **os.environ,
        "EVENKEEL_ENV": "demo",
        "EVENKEEL_VAR": str(tmp_path_factory.mktemp("var")),
        "EVENKEEL_STATIC_ROOT": str(static_root),
        "EVENKEEL_AXES": "0",
        "DATABASE_URL": postgres_server.url(fresh_database, app=True),
        "EVENKEEL_PORT": str(port),
        "EVENKEEL_BASE_URL": f"http://127.0.0.1:{port}",
        "EVENKEEL_SMTP_HOST": "127.0.0.1",
        "EVENKEEL_SMTP_PORT": str(mail.smtp_port),
        "EVENKEEL_GATEWAY_PORT": str(free_port()),
    }


def granian(env: dict[str, str]) -> list[str]:
    """The command of the demo, so that tests serve as it does."""
    from evenkeel.runtime.processes import web_command

    return web_command(port=int(env["EVENKEEL_PORT"]), static=Path(env["EVENKEEL_STATIC_ROOT"]))


@pytest.fixture(scope="module")
def live(live_env: dict[str, str], fresh_database: str) -> Iterator[Live]:
    """The web server on the module's database. ORM calls in the test see the same rows."""
    url = live_env["EVENKEEL_BASE_URL"]
    log = Path(live_env["EVENKEEL_VAR"]) / "web.log"
    process = Process(command=granian(live_env), env=live_env, log=log).start()

    def healthy() -> bool:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    try:
        process.ready(healthy)
        yield Live(url=url, database=fresh_database, env=live_env, log=log, process=process)
    finally:
        process.stop()


@pytest.fixture(scope="module")
def worker(live_env: dict[str, str]) -> Iterator[Process]:
    """The job worker on the module's database."""
    from evenkeel.runtime.processes import worker_command

    log = Path(live_env["EVENKEEL_VAR"]) / "worker.log"
    process = Process(command=worker_command(), env=live_env, log=log).start()
    try:
        yield process
    finally:
        process.stop()


@dataclass(kw_only=True)
class Gateway:
    host: str
    port: int
    process: Process

    def kill(self) -> None:
        self.process.kill()

    def restart(self) -> None:
        self.process.start().ready(lambda: port_answers(self.port))


@pytest.fixture(scope="module")
def gateway(live_env: dict[str, str]) -> Iterator[Gateway]:
    """The device gateway on the module's database: ``gateway.port`` speaks MLLP."""
    from evenkeel.runtime.processes import gateway_command

    port = int(live_env["EVENKEEL_GATEWAY_PORT"])
    log = Path(live_env["EVENKEEL_VAR"]) / "gateway.log"
    process = Process(command=gateway_command(port=port), env=live_env, log=log).start()
    try:
        process.ready(lambda: port_answers(port))
        yield Gateway(host="127.0.0.1", port=port, process=process)
    finally:
        process.stop()
