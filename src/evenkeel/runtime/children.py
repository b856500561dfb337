"""Child processes that are started again when they die, and leave when asked.

Each is the head of a process group of its own, so that a Ctrl-C in the terminal
reaches only the supervisor, which then stops the children in order. On Linux the
kernel also ends them if the supervisor is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 6
STEADY_SECONDS = 30  # alive this long, a child's earlier falls are forgotten
LONGEST_PAUSE = 15

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(kw_only=True)
class Child:
    """One part of the demo. ``name`` is how it is spoken of: "web application"."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    ready: Callable[[], bool] = lambda: True
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started_at: float = 0.0
    falls: int = 0
    again_at: float | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_die_with_parent,
            )  # fmt: skip
        self.started_at = time.monotonic()
        self.again_at = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def look(self, say: Callable[[str], None]) -> None:
        """Start it again if it died, after a pause that grows with each fall."""
        now = time.monotonic()
        if self.alive:
            if now - self.started_at > STEADY_SECONDS:
                self.falls = 0
            return
        if self.again_at is None:
            self.falls += 1
            pause = min(0.5 * 2 ** (self.falls - 1), LONGEST_PAUSE)
            self.again_at = now + pause
            code = self.process.returncode if self.process else "none"
            say(f"The {self.name} ended (code {code}); it starts again. Its log: {self.log}")
        elif now >= self.again_at:
            self.start()

    def ask_to_stop(self) -> None:
        if self.alive:
            assert self.process is not None
            self.process.terminate()

    def make_stop(self, deadline: float) -> None:
        """Wait until the deadline, then end the whole group."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=max(0.05, deadline - time.monotonic()))
        # Also ends helpers that outlived their head; mostly the group is empty by now.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=5)


def stop_all(children: list[Child]) -> None:
    """Ask all at once, wait for all, and end what stays."""
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.make_stop(deadline)
