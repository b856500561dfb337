#!/usr/bin/env python3.11
"""Install Evenkeel into .venv from a hashed lock; a second run only looks at stamps.

    python3.11 tools/bootstrap.py base|dev

uv comes from a hashed lock of its own. Where it has no wheel, pip installs the same
file. No index is named here or in the locks: whatever pip is set up with is used.
Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = HERE / "requirements"
OLDEST = (3, 11)


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def run(*command: str | Path, quiet: bool = False) -> bool:
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        [str(part) for part in command], cwd=HERE, env=env, check=False, capture_output=quiet
    )
    return done.returncode == 0


def fingerprint(kind: str) -> str:
    digest = hashlib.sha256(f"{HERE} {sys.version_info[:2]}".encode())
    for path in (LOCKS / f"{kind}.lock", HERE / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamp(kind: str) -> Path:
    return VENV / f"evenkeel-{kind}.stamp"


def is_fresh(kind: str) -> bool:
    path = stamp(kind)
    return path.exists() and path.read_text(encoding="utf-8") == fingerprint(kind)


def make_venv() -> None:
    if PYTHON.exists():
        return
    say("making .venv")
    if not run(sys.executable, "-m", "venv", VENV):
        sys.exit(
            "setup: Python could not make a virtual environment. "
            "On Debian and Ubuntu: apt-get install python3.11-venv"
        )


def find_uv() -> Path | None:
    home = VENV / "bootstrap"
    uv = home / "bin" / "uv"
    lock = LOCKS / "bootstrap.lock"
    mark = home / "lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if uv.exists() and mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return uv
    say("fetching uv")
    done = run(
        PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "--only-binary", ":all:",
        "--upgrade", "--target", home, "-r", lock, quiet=True,
    )  # fmt: skip
    if not done or not uv.exists():
        say("no uv for this machine; pip does it, more slowly")
        return None
    mark.write_text(wanted, encoding="utf-8")
    return uv


def install(kind: str) -> None:
    lock = LOCKS / f"{kind}.lock"
    uv = find_uv()
    began = time.monotonic()
    say(f"installing {lock.name}")
    done = uv is not None and run(
        uv, "pip", "sync", "-q", "--compile-bytecode", "--python", PYTHON, "--require-hashes", lock
    )
    if not done:
        if uv is not None:
            say("uv could not; trying pip")
        if not run(PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock):
            sys.exit(f"setup: {lock.name} could not be installed. Is a package index reachable?")
    # Not isolated: the build tool is in the lock, so nothing else is fetched.
    here = ["--no-deps", "--no-build-isolation", "-q", "-e", HERE]
    done = (uv is not None and run(uv, "pip", "install", "--python", PYTHON, *here)) or run(
        PYTHON, "-m", "pip", "install", *here
    )
    if not done:
        sys.exit("setup: Evenkeel itself could not be installed into .venv.")
    stamp(kind).write_text(fingerprint(kind), encoding="utf-8")
    say(f"done in {time.monotonic() - began:.0f} s")


def kernels() -> tuple[Path, str]:
    """Where compiled kernels lie, and a fingerprint of all that they are made from."""
    folder = HERE / "src" / "evenkeel" / "core" / "pharmacology" / "kernels"
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for path in (*sorted(folder.glob("*.py")), LOCKS / "base.lock"):
        digest.update(path.read_bytes())
    return folder / "native", digest.hexdigest()


def warm() -> None:
    """Compile the kernels of the simulation, where that has not been done."""
    folder, wanted = kernels()
    mark = VENV / "evenkeel-kernels.stamp"
    there = mark.exists() and mark.read_text(encoding="utf-8") == wanted
    if there and any(folder.glob("*.o")):
        return
    say("compiling the kernels of the simulation, once (up to a minute)")
    parts = min(os.cpu_count() or 1, 4)
    command = [str(PYTHON), "-m", "evenkeel.core.pharmacology.kernels"]
    quiet = {"cwd": HERE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    every = [subprocess.Popen([*command, f"{part}/{parts}"], **quiet) for part in range(parts)]
    if sum(abs(each.wait()) for each in every) == 0:
        mark.write_text(wanted, encoding="utf-8")
    else:
        say("they could not be compiled; the first simulation of a population will try again")


def main() -> None:
    kind = sys.argv[1] if len(sys.argv) > 1 else "base"
    if kind not in ("base", "dev"):
        sys.exit("setup: say base or dev")
    if sys.version_info[:2] < OLDEST:
        sys.exit(f"setup: Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    # What the tests need includes what the demo needs.
    if not (is_fresh("dev") or (kind == "base" and is_fresh("base"))):
        make_venv()
        install(kind)
    # As pip does with what it installs: no start should have to. What is fresh is passed over.
    run(PYTHON, "-m", "compileall", "-q", HERE / "src", quiet=True)
    warm()


if __name__ == "__main__":
    main()
