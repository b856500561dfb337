"""How often one asker may ask. One process serves the web, so its memory is enough."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque

_MOST_ASKERS = 10_000


class Pace:
    """At most ``most`` calls of one asker in any ``seconds``."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._calls: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, who: str, now: float | None = None) -> int:
        """0: go on, and the call counts. Otherwise the whole seconds to wait."""
        at = time.monotonic() if now is None else now
        with self._lock:
            calls = self._calls.setdefault(who, deque())
            self._calls.move_to_end(who)
            while calls and calls[0] <= at - self._seconds:
                calls.popleft()
            if len(calls) >= self._most:
                return max(1, math.ceil(calls[0] + self._seconds - at))
            calls.append(at)
            while len(self._calls) > _MOST_ASKERS:
                self._calls.popitem(last=False)
            return 0
