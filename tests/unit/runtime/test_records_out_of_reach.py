"""A command whose records cannot be asked ends with 2, never with the 1 of bad news."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.servers import READY_SECONDS

EVENKEEL = Path(sys.executable).with_name("evenkeel")
KEYS = {
    "EVENKEEL_SECRET_KEY": "mK4w-9qLx2Zt7vB1nRc8yHs5dPf3gJ6uEa0oTiWlXkCzQbVhNr",
    "EVENKEEL_FIELD_KEY": "Yt6r-3eWq9Ui1oPa7sDf2gHj5kLz8xCv4bNm0QwErTyUiOpAsD",
}


def run(*call: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [str(EVENKEEL), *call],
        capture_output=True,
        text=True,
        env=kept | settings,
        timeout=READY_SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    "call", [["ledger", "verify"], ["ledger", "verify", "--json"], ["refer", "x.json"]]
)
def test_no_database_is_a_wrong_call_and_told_in_one_line(call):
    done = run(*call, EVENKEEL_ENV="demo", DATABASE_URL="postgresql://a:b@127.0.0.1:1/none", **KEYS)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "cannot be reached" in line
    assert "DATABASE_URL" in line


def test_settings_that_are_refused_are_told_line_by_line():
    done = run("ledger", "verify", EVENKEEL_ENV="production")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert any(line.startswith("no-database:") for line in done.stderr.splitlines())
