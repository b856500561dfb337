"""What ``evenkeel simulate`` writes: tables, files that are there whole or not at all, progress."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import click
import orjson

if TYPE_CHECKING:
    from evenkeel.core.pharmacology.systems.linear import Floats

INTERRUPTED = 130  # what a shell gives to a program that Ctrl-C ended
EVERY_S = 1.0  # how often stderr hears of long work
MOST_AT_ONCE = 5_000_000  # numbers that JSON or a picture hold in memory; a table holds none


def stop(faults: Iterable[str]) -> NoReturn:
    """One line a fault on stderr, exit 2."""
    for fault in faults:
        click.echo(" ".join(fault.split()), err=True)
    raise SystemExit(2)


def text_of(file: str) -> str:
    """The text of a file, or of standard input for ``-``; stops where there is none."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        stop([f"{file}: cannot be read ({fault.strerror}). Give the name of a file, or -."])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        stop([f"{file}: line {line}: not UTF-8. Save the file as UTF-8 and try again."])


def interruptible(run: Callable[..., None]) -> Callable[..., None]:
    """Ctrl-C ends with 130 and one line; a file that was being written is not there."""

    @wraps(run)
    def running(**given: Any) -> None:
        try:
            run(**given)
        except KeyboardInterrupt:
            click.echo("stopped; no file was written or changed", err=True)
            raise SystemExit(INTERRUPTED) from None

    return running


@contextmanager
def opened(file: str | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that is there whole or not at all."""
    if file is None or file == "-":
        out = sys.stdout.buffer
        yield out
        out.flush()
        return
    if Path(file).exists() and not Path(file).is_file():
        # A device or a pipe is written to; to put a file in its place would take it away.
        try:
            with open(file, "wb") as device:
                yield device
        except BrokenPipeError:
            raise  # whoever read it wanted no more: no fault of this call
        except OSError as fault:
            stop([f"{file}: cannot be written ({fault.strerror})."])
        return
    folder = Path(file).parent
    try:
        handle, made = tempfile.mkstemp(dir=folder, prefix=".simulate-")
    except OSError as fault:
        stop([f"{file}: cannot be written ({fault.strerror}). Name a folder that is there."])
    try:
        with os.fdopen(handle, "wb") as kept:
            yield kept
        os.chmod(made, 0o666 & ~_umask())
        os.replace(made, file)
    except OSError as fault:
        Path(made).unlink(missing_ok=True)
        stop([f"{file}: cannot be written ({fault.strerror})."])
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class _Told:
    """Tells stderr of long work, rarer and rarer; short work says nothing."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begun = time.monotonic()
        self._next = self._begun + EVERY_S

    def _due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        # An hour of work is not an hour of lines.
        self._next = now + max(EVERY_S, 0.1 * (now - self._begun))
        return True


class Progress(_Told):
    """How far work has come whose end is known."""

    def __call__(self, done: float, whole: int) -> None:
        if done < whole and self._due():
            click.echo(f"{int(100 * done / whole)}% of {whole:,} {self._what}", err=True)


class Steps(_Told):
    """That work goes on of which nobody knows how long it will be."""

    _taken = 0

    def __call__(self) -> None:
        self._taken += 1
        if self._due():
            click.echo(f"{self._taken:,} {self._what} so far", err=True)


def watched(made: Iterator[tuple[slice, Floats]], count: int) -> Iterator[tuple[slice, Floats]]:
    """The same pieces; stderr hears how far long work has come."""
    progress = Progress("times")
    for part, values in made:
        yield part, values
        progress(part.stop, count)


def whole_of(made: Iterator[tuple[slice, Floats]], shape: tuple[int, ...]) -> Floats:
    """All pieces in one array, for what cannot be written piece by piece."""
    import numpy as np

    size = int(np.prod(shape))
    if size > MOST_AT_ONCE:
        stop(
            [
                f"{size:,} numbers are more than JSON and pictures take ({MOST_AT_ONCE:,}): ask "
                "for fewer times, or write a table with --csv, which takes any number"
            ]
        )
    whole = np.zeros(shape)
    for part, values in made:
        whole[part] = values
    return whole


def write_table(
    out: BinaryIO,
    made: Iterator[tuple[slice, Floats]],
    times: Floats,
    analytes: tuple[str, ...],
    percentiles: tuple[float, ...] = (),
) -> None:
    """One row for each time, analyte and percentile; numbers read back to the same double.

    made: values of shape (length, analytes), or (length, analytes, percentiles).
    """
    extra = ",percentile" if percentiles else ""
    out.write(f"time_h,analyte,concentration_ng_per_ml{extra}\n".encode())
    endings = [f",{short(each)}\n".encode() for each in percentiles] or [b"\n"]
    names = [f",{name},".encode() for name in analytes for _ in endings]
    endings = endings * len(analytes)
    kinds = len(names)
    for part, values in made:
        rows = (part.stop - part.start) * kinds
        # Lists that are woven into each other: a tenth of the time of a formatted row.
        cells: list[bytes] = [b""] * (4 * rows)
        at = _cells(times[part])
        for kind in range(kinds):
            cells[4 * kind :: 4 * kinds] = at
        cells[1::4] = names * (part.stop - part.start)
        cells[2::4] = _cells(values)
        cells[3::4] = endings * (part.stop - part.start)
        out.write(b"".join(cells))


def write_doubted(
    out: BinaryIO,
    times: Floats,
    analytes: tuple[str, ...],
    percentiles: tuple[float, ...],
    whole: Sequence[Floats],
) -> None:
    """As ``write_table``, with the ends of each number over replicates in two more columns.

    whole: the values, the low and the high ends, each of shape (times, analytes, percentiles).
    """
    out.write(b"time_h,analyte,concentration_ng_per_ml,percentile,low_ng_per_ml,high_ng_per_ml\n")
    kinds = [(name.encode(), short(each).encode()) for name in analytes for each in percentiles]
    columns = zip(*(_cells(each) for each in whole), strict=True)
    for at in _cells(times):
        for name, percentile in kinds:
            value, low, high = next(columns)
            out.write(b",".join((at, name, value, percentile, low, high)) + b"\n")


def short(number: float) -> str:
    """5 for 5.0; otherwise what reads back to the same double."""
    return str(int(number)) if number == int(number) else repr(number)


def _cells(values: Floats) -> list[bytes]:
    """The shortest text of each number that reads back to it."""
    import numpy as np

    flat = np.ascontiguousarray(values).reshape(-1)
    if not np.isfinite(flat).all():
        stop(["a concentration is not finite: the model cannot be computed for this person"])
    return orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")


def write_json(told: dict[str, Any]) -> None:
    """One object on stdout."""
    import numpy as np

    def plain(value: Any) -> Any:
        return np.ascontiguousarray(value) if isinstance(value, np.ndarray) else dict(value)

    out = sys.stdout.buffer
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    out.write(orjson.dumps(told, default=plain, option=options))
    out.flush()
