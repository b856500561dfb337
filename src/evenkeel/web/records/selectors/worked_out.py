"""Curves that were worked out already, and one thread that works out others.

A request never imports the compiled kernels and never waits for them: it takes what is
there, or goes on without, and the next look finds it. A curve is worked out once for a
treatment's doses and person, whoever looks on; it changes when a dose does. Kept in the
memory of the process only.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor, wait

from evenkeel.core.pharmacology.shown.serving import Asked, Expected

log = logging.getLogger("evenkeel.expected")

MOST = 256  # curves kept; a hundred chairs with two each
QUEUE = 64  # curves waited for; more are asked for again by the next look


class WorkedOut:
    """Answers by question. One thread, started with the first question."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Asked, Future[Expected]] = OrderedDict()
        self._thread: ThreadPoolExecutor | None = None

    def get(self, asked: Asked, *, wait_s: float = 0.0) -> Expected | None:
        """The answer; None while it is being worked out."""
        future = self._future(asked)
        if future is None:
            return None
        if wait_s > 0:
            wait([future], timeout=wait_s)
        return future.result() if future.done() else None

    def _future(self, asked: Asked) -> Future[Expected] | None:
        with self._lock:
            if asked in self._kept:
                self._kept.move_to_end(asked)
                return self._kept[asked]
            if sum(not each.done() for each in self._kept.values()) >= QUEUE:
                return None
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="expected")
            future = self._kept[asked] = self._thread.submit(_work_out, asked)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)[1].cancel()
            return future

    def __len__(self) -> int:
        return len(self._kept)


def _work_out(asked: Asked) -> Expected:
    try:
        from evenkeel.core.pharmacology.shown.expected import work_out

        return work_out(asked)
    except Exception as fault:  # noqa: BLE001 a teaching view that fails must not fail a page
        log.error("expected: %s could not be worked out: %s", asked.product, type(fault).__name__)
        return Expected(kind="none", reasons=("It could not be worked out; the log says why.",))


curves = WorkedOut()
