"""The demo: one supervisor, PostgreSQL, and the parts of the clinic as its children.

In: the var folder and wished ports. Out: a running clinic on loopback, announced in
var/demo.json, until SIGINT or SIGTERM. What the database holds is prepared in
runtime/demo_records.py, in a process of its own, as the role that owns the tables.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenkeel.runtime import places, ports, processes, surroundings
from evenkeel.runtime.children import Child, stop_all
from evenkeel.runtime.mailcatcher import MailCatcher
from evenkeel.runtime.postgres import Postgres
from evenkeel.runtime.roles import APP

READY_SECONDS = 120
PORTS = {"EVENKEEL_PORT": 8000, "EVENKEEL_GATEWAY_PORT": 2575, "EVENKEEL_MAIL_PORT": 8025}


class DemoTrouble(RuntimeError):
    """The demo cannot run; the text says why and what to do."""


@dataclass(kw_only=True)
class Demo:
    """One demo on one folder. ``say`` tells progress to the person at the terminal."""

    var: Path
    say: Callable[[str], None]
    announce: Callable[[dict[str, Any]], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    children: list[Child] = field(default_factory=list)

    def run(self) -> None:
        """Start everything, stay up, and stop everything."""
        self.var.mkdir(parents=True, exist_ok=True)
        (self.var / "log").mkdir(exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        with ExitStack() as stack:
            self._only_one(stack)
            stack.callback(self._told.unlink, missing_ok=True)
            chosen = self._choose_ports()
            server = self._database(stack)
            mail = stack.enter_context(MailCatcher(web_port=chosen["EVENKEEL_MAIL_PORT"]))
            env = self._environment(chosen, mail)
            records = self._prepare({**env, "DATABASE_URL": self._owner_url})
            if self.stopping.is_set():
                return
            stack.callback(self._stop)
            self._start(env, chosen)
            told = {
                "web": env["EVENKEEL_BASE_URL"],
                "gateway": f"{ports.LOOPBACK}:{chosen['EVENKEEL_GATEWAY_PORT']}",
                "mail": f"http://{ports.LOOPBACK}:{mail.web_port}",
                **records,
            }
            if not self.stopping.is_set():
                places.write_private(self._told, json.dumps(told, indent=1))
                self.announce(told)
            self._stay(server)

    @property
    def _told(self) -> Path:
        return self.var / "demo.json"

    def _only_one(self, stack: ExitStack) -> None:
        lock = stack.enter_context((self.var / "demo.lock").open("w", encoding="utf-8"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            where = f" at {self._web()}" if self._told.exists() else ""
            raise DemoTrouble(
                f"A demo runs on {self.var} already{where}. Two would share one database and "
                "one set of sign-ins. Use that one, stop it with Ctrl-C, or set EVENKEEL_VAR "
                "to another folder."
            ) from None

    def _web(self) -> str:
        return str(json.loads(self._told.read_text(encoding="utf-8"))["web"])

    def _choose_ports(self) -> dict[str, int]:
        chosen = {}
        for name, usual in PORTS.items():
            text = os.environ.get(name, str(usual))
            if not text.isdecimal() or not 0 < int(text) < 65536:
                raise DemoTrouble(f"{name} is {text!r}; it must be a port from 1 to 65535.")
            chosen[name], as_wished = ports.choose(int(text))
            if not as_wished:
                self.say(f"Port {text} is taken; {chosen[name]} is used instead ({name}).")
        return chosen

    def _database(self, stack: ExitStack) -> Postgres | None:
        external = os.environ.get("DATABASE_URL")
        if external:
            self._owner_url = external
            self._app_url = _with_app_role(external, surroundings.app_password(self.var))
            return None
        self.say("Starting PostgreSQL")
        server = surroundings.postgres(self.var)
        stack.enter_context(server)
        self._owner_url = server.url()
        self._app_url = server.url(user=APP, password=surroundings.app_password(self.var))
        return server

    def _environment(self, chosen: dict[str, int], mail: MailCatcher) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if name != "EVENKEEL_OWNER_URL"
        }
        return {
            **surroundings.demo_environment(self.var),
            **inherited,
            "EVENKEEL_ENV": "demo",
            "EVENKEEL_VAR": str(self.var),
            "EVENKEEL_STATIC_ROOT": str(self.var / "static"),
            "EVENKEEL_BASE_URL": f"http://{ports.LOOPBACK}:{chosen['EVENKEEL_PORT']}",
            "EVENKEEL_SMTP_HOST": ports.LOOPBACK,
            "EVENKEEL_SMTP_PORT": str(mail.smtp_port),
            "DATABASE_URL": self._app_url,
            "PYTHONUNBUFFERED": "1",
            **{name: str(port) for name, port in chosen.items()},
        }

    def _prepare(self, env: dict[str, str]) -> dict[str, Any]:
        """Migrate, seed, make new passwords. Gives the accounts and the token."""
        log = self.var / "log" / "prepare.log"
        with log.open("ab") as errors:
            child = subprocess.Popen(
                [sys.executable, "-m", "evenkeel.runtime.demo_records"],
                env={**env, "EVENKEEL_DB_POOL": "0"}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True,
            )  # fmt: skip
        assert child.stdout is not None
        records: dict[str, Any] = {}
        threading.Thread(target=self._end_if_stopped, args=[child], daemon=True).start()
        for line in child.stdout:
            if line.startswith("{"):
                records = json.loads(line)
            else:
                self.say(line.rstrip())
        if child.wait() and not self.stopping.is_set():
            raise DemoTrouble(
                "The records could not be prepared. The end of "
                f"{log}:\n{log.read_text(encoding='utf-8')[-2000:]}"
            )
        return records

    def _end_if_stopped(self, child: subprocess.Popen[str]) -> None:
        while child.poll() is None:
            if self.stopping.wait(0.2):
                child.terminate()
                return

    def _start(self, env: dict[str, str], chosen: dict[str, int]) -> None:
        self.say("Starting the web application, the gateway, the job worker and the monitors")
        web, gateway = chosen["EVENKEEL_PORT"], chosen["EVENKEEL_GATEWAY_PORT"]
        single = {**env, "EVENKEEL_DB_POOL": "0"}
        parts = [
            ("web application", "web", env, lambda: _healthy(env["EVENKEEL_BASE_URL"]),
             processes.web_command(port=web, static=Path(env["EVENKEEL_STATIC_ROOT"]))),
            ("device gateway", "gateway", single, lambda: ports.answers(gateway),
             processes.gateway_command(port=gateway)),
            ("job worker", "worker", single, lambda: True, processes.worker_command()),
            ("bedside monitors", "monitors", single, lambda: True,
             processes.monitors_command(gateway_port=gateway)),
        ]  # fmt: skip
        for name, short, its_env, ready, command in parts:
            log = self.var / "log" / f"{short}.log"
            child = Child(name=name, command=command, env=its_env, log=log, ready=ready)
            self.children.append(child)
            child.start()
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(self.children)
        while waiting and not self.stopping.wait(0.05):
            for child in self.children:
                child.look(self.say)
            waiting = [child for child in waiting if not (child.alive and child.ready())]
            if time.monotonic() > deadline:
                late = waiting[0]
                raise DemoTrouble(
                    f"The {late.name} did not get ready in {READY_SECONDS} s. The end of "
                    f"{late.log}:\n{late.log.read_text(encoding='utf-8')[-2000:]}"
                )

    def _stay(self, server: Postgres | None) -> None:
        while not self.stopping.wait(0.5):
            if server is not None and not server.is_running():
                self.say("PostgreSQL ended; it starts again. What was committed is kept.")
                server.start_again()
            for child in self.children:
                child.look(self.say)

    def _stop(self) -> None:
        self.say("Stopping")
        stop_all(list(reversed(self.children)))


def _healthy(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _with_app_role(url: str, password: str) -> str:
    from psycopg.conninfo import make_conninfo

    return make_conninfo(url, user=APP, password=password)
