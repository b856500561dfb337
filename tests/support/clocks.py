"""A clock that a journey can move, in the test and in every process it started."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

FOLDER = Path(__file__).parent / "clock"


class Clock:
    """``clock.pass_(minutes=40)`` moves all servers' clocks on; it never goes back."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = timedelta()
        self._write()

    def now(self) -> datetime:
        return timezone.now() + self._offset

    def pass_(self, **lasting: float) -> None:
        by = timedelta(**lasting)
        if by < timedelta():
            raise ValueError("time does not go back")
        self._offset += by
        self._write()

    def _write(self) -> None:
        # Replaced in one step: a server may read at any moment.
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(self._offset.total_seconds()), encoding="ascii")
        os.replace(fresh, self._file)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clock]:
    """Ask for it before ``live``: it puts the moving clock into their environment."""
    file = tmp_path_factory.mktemp("clock") / "offset"
    made = Clock(file)
    before = {name: os.environ.get(name) for name in ("EVENKEEL_TEST_CLOCK", "PYTHONPATH")}
    os.environ["EVENKEEL_TEST_CLOCK"] = str(file)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        part for part in (str(FOLDER), before["PYTHONPATH"]) if part
    )
    yield made
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture
def stand_still(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """``stand_still(NOW)``: this process takes it for now, as the records of the test do.

    Pages ask the clock. Beside records of one fixed day they would say something else
    once links have ended and answers have grown old.
    """

    def at(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return at
