"""No tracked file names a registry, a path of one machine, a key or a password that opens anything.

Patterns are put together from halves, so that this file does not hold what it forbids.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Made here, not tracked; only looked at where there is no git to ask.
MADE = {".venv", "var", "build", "dist", "node_modules", "_build", "__pycache__", ".git"}


def either(*parts: tuple[str, str]) -> str:
    return "|".join(re.escape(first + second) for first, second in parts)


HOSTS = either(
    ("py", "pi.org"),
    ("python", "hosted.org"),
    ("registry.npm", "js"),
    ("npm", "js.com"),
    ("deb.deb", "ian"),
    ("crates", ".io"),
    ("docker", ".io"),
    ("ghcr", ".io"),
    ("conda.ana", "conda"),
)
# At the start of a path, not within an address or a relative path.
PLACES = r"(?<![\w.:/-])(?:" + either(("/wo", "rk/"), ("/tm", "p/"), ("/ro", "ot/"))
PLACES += "|/ho" + r"me/\w+/|/Use" + r"rs/\w+/)"
KEYS = "-----BEG" + r"IN (?:[A-Z0-9]+ )*PRIV" + "ATE KEY|AK" + r"IA[0-9A-Z]{16}\b"
USUAL = either(
    ("change", "me"),
    ("hunt", "er2"),
    ("let", "mein"),
    ("p@ss", "w0rd"),
    ("admin:", "admin"),
    ("postgres:", "postgres"),
)
# A word in quotes given to something called a password, a secret or a key.
GIVEN = (
    r"""(?i:pass(?:word|wd)|secret(?:_key)?|field_key|api_token)["']?\s*[:=]\s*"""
    r"""["'](?=[^"'\s{}$<]{6,}["'])[^"']*["']"""
)
EVERYWHERE = re.compile("|".join((HOSTS, PLACES, KEYS, USUAL)).encode())
# Tests make accounts with words of their own in databases that are thrown away.
OUTSIDE_TESTS = re.compile(GIVEN.encode())


def tracked() -> Iterator[Path]:
    """Every file that a clone would hold."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name.decode() for name in asked.stdout.split(b"\0") if name]
    if asked.returncode == 0 and names:
        yield from (path for name in names if (path := ROOT / name).is_file())
        return
    for path in ROOT.rglob("*"):
        if path.is_file() and not MADE.intersection(path.relative_to(ROOT).parts):
            yield path


def faults_of(name: str, data: bytes) -> list[str]:
    patterns = [EVERYWHERE] if name.startswith("tests/") else [EVERYWHERE, OUTSIDE_TESTS]
    faults = []
    for pattern in patterns:
        for found in pattern.finditer(data):
            line = data.count(b"\n", 0, found.start()) + 1
            faults.append(f"{name}:{line}: {found.group().decode('latin-1')}")
    return faults


def test_no_tracked_file_holds_what_must_not_leave_a_machine() -> None:
    files = list(tracked())
    assert len(files) > 100
    faults = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in {".png", ".ttf", ".woff2"}:  # any bytes may stand in these by chance
            continue
        faults += faults_of(name, path.read_bytes())
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "text",
    [
        "https://py" + "pi.org/simple",
        "index = files.python" + "hosted.org",
        'open("/wo' + 'rk/main/x")',
        "see /tm" + "p/plan",
        "-----BEG" + "IN RSA PRIV" + "ATE KEY-----",
        "-----BEG" + "IN PRIV" + "ATE KEY-----",
        "password = 'change" + "me'",
        'SECRET_KEY = "abcdefgh12345678"',
        '"password": "Winter2026"',
    ],
)
def test_what_is_forbidden_is_found(text: str) -> None:
    assert faults_of("src/a.py", text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "the network is a frame/work/of ours",
        "https://example.invalid/wo" + "rk/1",
        "password = secrets.token_urlsafe(16)",
        'export EVENKEEL_APP_PASSWORD="$(cat file)"',
        "EVENKEEL_SECRET_KEY is not set.",
        'name="password"',
    ],
)
def test_what_is_allowed_is_let_through(text: str) -> None:
    assert not faults_of("src/a.py", text.encode())
