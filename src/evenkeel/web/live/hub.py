"""One LISTEN connection for a process, and a bounded queue for each viewer.

The rows behind a notification are read once, however many look on. A viewer who
falls behind loses his queue and is told so; he does not hold up the others. When
the connection breaks, every viewer is told, no beat is sent, and it is made anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection, connections

from evenkeel.web.records.floor_channel import CHANNEL
from evenkeel.web.records.selectors import live

log = logging.getLogger("evenkeel.live")

QUEUE = 200
_RETRY_S = (0.1, 0.3, 1.0, 2.0)
_ALIVE_S = 15.0
_CONNECTION = {"host", "port", "dbname", "user", "password", "sslmode", "sslrootcert", "options"}


@dataclass(slots=True, eq=False)
class Viewer:
    """One open stream. ``treatment_id`` None: the whole floor."""

    treatment_id: int | None
    queue: asyncio.Queue[tuple[str, dict[str, Any]]] = field(
        default_factory=lambda: asyncio.Queue(QUEUE)
    )

    def wants(self, treatment_id: int) -> bool:
        return self.treatment_id in (None, treatment_id)

    def put(self, name: str, data: dict[str, Any]) -> None:
        """Add an event; when the viewer is too far behind, only "lost" is left for him."""
        try:
            self.queue.put_nowait((name, data))
        except asyncio.QueueFull:
            self.lost("you fell behind; read the page again")

    def lost(self, reason: str) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(("lost", {"reason": reason}))


class Hub:
    """Lives while somebody looks on: starts with the first viewer, ends with the last."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def join(self, treatment_id: int | None) -> Viewer:
        """A new viewer, who misses nothing that is committed from now on."""
        viewer = Viewer(treatment_id)
        self.viewers.add(viewer)
        if self._task is None or self._task.done():
            self.listening.clear()
            self._task = asyncio.create_task(self._listen())
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)
        if not self.viewers and self._task is not None:
            self._task.cancel()
            self._task = None

    def _lost(self, reason: str) -> None:
        for viewer in self.viewers:
            viewer.lost(reason)

    async def _listen(self) -> None:
        failed = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    **_parameters(), autocommit=True, connect_timeout=5
                ) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    if failed:
                        self._lost("the records were out of reach for a while")
                    failed = 0
                    self.listening.set()
                    await self._pass_on(listener)
            except (psycopg.OperationalError, OSError) as fault:
                log.warning("live: not listening: %s", type(fault).__name__)
            if self.listening.is_set():
                self.listening.clear()
                self._lost("the records are out of reach")
            await asyncio.sleep(_RETRY_S[min(failed, len(_RETRY_S) - 1)])
            failed += 1

    async def _pass_on(self, listener: psycopg.AsyncConnection[Any]) -> None:
        while True:
            heard = [
                note.payload async for note in listener.notifies(timeout=_ALIVE_S, stop_after=1)
            ]
            if not heard:
                # A network can drop a connection without a word.
                await asyncio.wait_for(listener.execute("SELECT 1"), _ALIVE_S)
                continue
            heard += [note.payload async for note in listener.notifies(timeout=0)]
            for (treatment_id, kind), ids in _together(heard).items():
                wanting = [viewer for viewer in self.viewers if viewer.wants(treatment_id)]
                if not wanting:
                    continue
                try:
                    events = await _read(treatment_id, kind, ids)
                except Exception as fault:  # noqa: BLE001 the stream goes on, and says what it lacks
                    log.error("live: rows could not be read: %s", type(fault).__name__)
                    for viewer in wanting:
                        viewer.lost("new rows could not be read; read the page again")
                    continue
                for viewer in wanting:
                    for name, data in events:
                        viewer.put(name, data)


def _together(payloads: Iterable[str]) -> dict[tuple[int, str], list[int]]:
    """Ids of one treatment and kind in one list, so that they are read in one query."""
    found: dict[tuple[int, str], list[int]] = {}
    for payload in payloads:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = json.loads(payload)
            key = int(said["treatment"]), str(said["kind"])
            ids = said.get("ids") or [said["id"]]
            found.setdefault(key, []).extend(int(each) for each in ids)
    return found


def _parameters() -> dict[str, Any]:
    said = connection.get_connection_params()
    return {name: value for name, value in said.items() if name in _CONNECTION and value}


@sync_to_async(thread_sensitive=False)
def _read(treatment_id: int, kind: str, ids: list[int]) -> list[live.Told]:
    try:
        return live.told(treatment_id=treatment_id, kind=kind, ids=ids)
    finally:
        connections.close_all()  # back to the pool


_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop; a server process has one loop."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(id(loop))
    if found is None:
        _hubs.clear()
        found = _hubs[id(loop)] = Hub()
    return found
