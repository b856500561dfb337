"""The command line of each part, in one place for the demo and the tests."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def program(name: str) -> str:
    """A console script of this environment, whichever way Python was started."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise RuntimeError(f"{name} is not installed beside {sys.executable}. Run `make setup`.")
    return found


def web_command(*, port: int, static: Path) -> list[str]:
    """granian on loopback. Without a kill timeout an open live stream would hold it up."""
    return [
        program("granian"),
        "--interface", "asginl",
        "--host", "127.0.0.1",
        "--port", str(port),
        "--workers", "1",
        "--workers-kill-timeout", "3",
        "--no-ws",
        "--log-level", "warning",
        "--static-path-route", "/static",
        "--static-path-mount", str(static),
        "evenkeel.web.config.asgi:application",
    ]  # fmt: skip


def worker_command() -> list[str]:
    return [program("evenkeel-manage"), "procrastinate", "worker", "--concurrency", "2"]


def gateway_command(*, port: int) -> list[str]:
    return [program("evenkeel"), "gateway", "--port", str(port)]


def monitors_command(*, gateway_port: int) -> list[str]:
    return [program("evenkeel"), "monitor-sim", "--gateway", f"127.0.0.1:{gateway_port}"]
