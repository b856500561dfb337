"""Times that are asked for: a range or a list, hours."""

from __future__ import annotations

import io
import math
from array import array

import numpy as np

from evenkeel.core.pharmacology.library.subjects import Refusal
from evenkeel.core.pharmacology.profiles.simulate import check_times
from evenkeel.core.pharmacology.systems.linear import Floats

MOST_TIMES = 100_000_000
_ALMOST_WHOLE = 1e-9


def read_range(text: str) -> Floats:
    """START:STOP:STEP in hours; STOP is one of the times when it lies on the grid.

    Time k is START + k * STEP, reckoned anew, so that no error adds up.

    Raises:
        Refusal: not three numbers, a step that is not above 0, nothing between, or more
            than 100 million times.
    """
    parts = text.split(":")
    try:
        start, stop, step = (float(part) for part in parts)
    except ValueError:
        raise Refusal(
            (f"times {text!r}: write START:STOP:STEP in hours, for example 0:24:0.25",)
        ) from None
    if not all(math.isfinite(each) for each in (start, stop, step)):
        raise Refusal((f"times {text!r}: every number must be finite",))
    if step <= 0:
        raise Refusal((f"times {text!r}: the step must be above 0",))
    if stop < start:
        raise Refusal((f"times {text!r}: STOP comes before START",))
    steps = (stop - start) / step
    if steps > MOST_TIMES:
        raise Refusal((f"times {text!r}: {steps:.3g} times; at most {MOST_TIMES:,}",))
    near = round(steps)
    count = near if abs(steps - near) <= _ALMOST_WHOLE * max(1.0, steps) else math.floor(steps)
    times = np.asarray(start + np.arange(count + 1) * step, dtype=np.float64)
    check_times(times)
    return times


def read_list(text: str) -> Floats:
    """One time a line, hours, ascending without repeats; empty lines are passed over.

    Raises:
        Refusal: a line that is no number, more than 100 million, or times that do not ascend.
    """
    values = array("d")
    for number, line in enumerate(io.StringIO(text.removeprefix("\ufeff")), start=1):
        try:
            values.append(float(line))
        except ValueError:
            written = line.strip()
            if not written:
                continue
            raise Refusal((f"line {number}: {written[:40]!r} is not a time in hours",)) from None
        if "_" in line:  # 1_5 is a number to Python and a slip of the pen to everybody else
            raise Refusal((f"line {number}: {line.strip()[:40]!r} is not a time in hours",))
        if len(values) > MOST_TIMES:
            raise Refusal((f"line {number}: more than {MOST_TIMES:,} times",))
    times = np.frombuffer(values, dtype=np.float64) if values else np.empty(0)
    check_times(times)
    return times


def even(times_h: Floats, step_h: float | None = None) -> tuple[float, float] | None:
    """Start and step, hours, of a grid whose times are these to the last digit; None for others.

    times_h: shape (m,), ascending. step_h: what made them, where it is known.
    """
    start = float(times_h[0])
    if times_h.size == 1:
        return start, 1.0
    count = times_h.size - 1
    # The mean step is nearest to the one that made them; the first is right for few.
    steps = (step_h, float(times_h[1]) - start, (float(times_h[-1]) - start) / count)
    for step in dict.fromkeys(steps):
        if step is not None and np.array_equal(start + np.arange(times_h.size) * step, times_h):
            return start, step
    return None
