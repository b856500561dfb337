"""The gateway: MLLP in, one transaction for many messages, answers after its commit.

Bounded everywhere: bytes of a frame, seconds in a frame, connections, messages
that wait. When the queue is full nothing is read, so the monitor's own TCP window
holds it back. Answers leave in the order in which the messages came.

The database may go away: messages that came meanwhile are answered AR, "not
stored, send again", and the next batch connects anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import tzinfo

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from evenkeel.edges.hl7.acknowledge import answers, peek
from evenkeel.edges.hl7.frames import Broken, Frame, FrameReader, Noise, TooLong, wrap
from evenkeel.edges.hl7.intake import Intake, read
from evenkeel.edges.hl7.parse import MAX_BYTES
from evenkeel.edges.hl7.refusal import Fault
from evenkeel.web.records.services.device_messages import Arrived, Taken, take_in

log = logging.getLogger("evenkeel.gateway")

NOT_STORED = Taken(
    answer="AR", code=Fault.OURS.code, reason="not stored, the fault is ours; send it again"
)
Store = Callable[[Sequence[Arrived]], list[Taken]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of one gateway. Seconds, counts, bytes."""

    frame_s: float = 30.0  # from the first byte of a frame to its last
    idle_s: float = 3_600.0  # between frames
    write_s: float = 10.0
    connections: int = 200
    waiting: int = 1_000
    waiting_of_one: int = 64
    batch: int = 100
    batch_bytes: int = 8 * MAX_BYTES
    noise: int = 65_536
    stop_s: float = 3.0


@dataclass(slots=True)
class Waiting:
    """A message on its way through the database."""

    intake: Intake
    taken: asyncio.Future[Taken]


@dataclass(slots=True)
class Gateway:
    """``async with Gateway(...)`` listens; ``port`` is the one that was bound."""

    host: str
    port: int
    clinic_zone: tzinfo
    bounds: Bounds = field(default_factory=Bounds)
    store: Store = take_in
    _queue: asyncio.Queue[Waiting] = field(init=False)
    _server: asyncio.Server | None = field(default=None, init=False)
    _storing: asyncio.Task[None] | None = field(default=None, init=False)
    _connections: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="gateway-store"),
        init=False,
    )

    async def __aenter__(self) -> Gateway:
        self._queue = asyncio.Queue(self.bounds.waiting)
        self._server = await asyncio.start_server(self._serve, self.host, self.port, backlog=256)
        self.port = self._server.sockets[0].getsockname()[1]
        self._storing = asyncio.create_task(self._store_batches())
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Take nothing new, finish what waits, hang up."""
        assert self._server is not None
        assert self._storing is not None
        self._server.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), self.bounds.stop_s)
        for task in [*self._connections, self._storing]:
            task.cancel()
        await asyncio.gather(*self._connections, self._storing, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, _hang_up)
        self._thread.shutdown(wait=True)

    # -- one connection ---------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str((writer.get_extra_info("peername") or ("?",))[0])
        if len(self._connections) >= self.bounds.connections:
            log.warning("a connection from %s was turned away: too many are open", peer)
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        outgoing: asyncio.Queue[Waiting | None] = asyncio.Queue(self.bounds.waiting_of_one)
        answering = asyncio.create_task(self._answer(outgoing, writer))
        receiving = asyncio.create_task(self._receive(reader, peer, outgoing))
        try:
            # Whoever sends and does not read answers ends the answering; then nothing
            # more is taken from it.
            await asyncio.wait({receiving, answering}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                await receiving
                # What was read is answered, even when the other side has sent its last byte.
                await asyncio.wait_for(outgoing.put(None), self.bounds.write_s)
            await asyncio.wait_for(answering, self.bounds.write_s)
        except (ConnectionError, TimeoutError) as fault:
            log.info("the connection from %s ended: %s", peer, type(fault).__name__)
            writer.transport.abort()  # close() would wait for answers that nobody reads
        finally:
            for part in (receiving, answering):
                part.cancel()
            await asyncio.gather(receiving, answering, return_exceptions=True)
            self._connections.discard(task)
            writer.close()

    async def _receive(
        self,
        reader: asyncio.StreamReader,
        peer: str,
        outgoing: asyncio.Queue[Waiting | None],
    ) -> None:
        frames, noise = FrameReader(), 0
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            left = self.bounds.idle_s
            if frames.inside:
                left = max(began + self.bounds.frame_s - loop.time(), 0)
            try:
                piece = await asyncio.wait_for(reader.read(65_536), left)
            except TimeoutError:
                log.warning("%s was cut off: %s", peer, "a frame took too long"
                            if frames.inside else "silent for too long")  # fmt: skip
                return
            if not piece:
                if frames.inside:
                    log.warning("%s hung up within a frame; nothing of it was stored", peer)
                return
            was_inside = frames.inside
            events = frames.feed(piece)
            if frames.inside and (events or not was_inside):
                began = loop.time()
            for event in events:
                if isinstance(event, Noise):
                    noise += event.count
                    if noise > self.bounds.noise:
                        log.warning("%s was cut off: it does not speak MLLP", peer)
                        return
                elif isinstance(event, Broken):
                    noise += len(event.body)
                    log.warning("%s began a frame within a frame; the first is dropped", peer)
                else:
                    waiting = Waiting(self._read(event, peer), loop.create_future())
                    await self._queue.put(waiting)
                    await outgoing.put(waiting)

    def _read(self, event: Frame | TooLong, peer: str) -> Intake:
        now = timezone.now()
        if isinstance(event, Frame):
            return read(event.body, received_at=now, peer=peer, clinic_zone=self.clinic_zone)
        header = peek(event.head)
        return Intake(
            header=header,
            arrived=Arrived(
                received_at=now, peer=peer, raw=event.head, sha256="",
                sender=header.sender.replace("\0", ""),
                control_id=header.control_id.replace("\0", ""),
                refused=("AE", Fault.DATA_TYPE.code, f"message: {event.seen} bytes; at most "
                         f"{MAX_BYTES} are read. Only its beginning was kept"),
            ),
        )  # fmt: skip

    async def _answer(
        self, outgoing: asyncio.Queue[Waiting | None], writer: asyncio.StreamWriter
    ) -> None:
        while (waiting := await outgoing.get()) is not None:
            taken = await waiting.taken
            for message in answers(
                waiting.intake.header,
                answer=taken.answer,
                code=taken.code,
                reason=taken.reason,
                now=timezone.now(),
                own_id=secrets.token_hex(8),
                place=waiting.intake.place,
            ):
                writer.write(wrap(message))
            await asyncio.wait_for(writer.drain(), self.bounds.write_s)

    # -- the database -----------------------------------------------------------

    async def _store_batches(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            size = len(batch[0].intake.arrived.raw)
            while len(batch) < self.bounds.batch and size < self.bounds.batch_bytes:
                try:
                    batch.append(self._queue.get_nowait())
                except asyncio.QueueEmpty:
                    break
                size += len(batch[-1].intake.arrived.raw)
            results = await loop.run_in_executor(
                self._thread, self._stored, [each.intake.arrived for each in batch]
            )
            for waiting, taken in zip(batch, results, strict=True):
                # A connection that ended meanwhile has cancelled its future.
                if not waiting.taken.done():
                    waiting.taken.set_result(taken)
                self._queue.task_done()
                if taken.answer != "AA":
                    log.warning("message refused: %s %s", taken.answer, taken.code)

    def _stored(self, batch: list[Arrived]) -> list[Taken]:
        """In the storing thread. Never raises: every message gets an answer."""
        try:
            return self.store(batch)
        except (OperationalError, InterfaceError) as fault:
            log.error("the database did not take a batch: %s", type(fault).__name__)
            _hang_up()
            return [NOT_STORED] * len(batch)
        except Exception as fault:  # noqa: BLE001 one message must not take the others with it
            log.error("a batch of %d failed: %s", len(batch), type(fault).__name__)
            if isinstance(fault, DatabaseError):
                _hang_up()
            if len(batch) > 1:
                return [taken for one in batch for taken in self._stored([one])]
            if batch[0].refused is None:
                reason = (NOT_STORED.answer, NOT_STORED.code, f"message: {NOT_STORED.reason}")
                # The raw message is kept even when what it says cannot be.
                self._stored([_only_raw(batch[0], reason)])
            return [NOT_STORED]


def _only_raw(arrived: Arrived, refused: tuple[str, str, str]) -> Arrived:
    return Arrived(
        received_at=arrived.received_at,
        peer=arrived.peer,
        raw=arrived.raw,
        sha256=arrived.sha256,
        refused=refused,  # type: ignore[arg-type]
    )


def _hang_up() -> None:
    """Drop this thread's connection, so that the next batch makes a new one."""
    with contextlib.suppress(DatabaseError, InterfaceError):
        connection.close()
    connection.connection = None
    connection.in_atomic_block = False
    connection.savepoint_ids = []
    connection.needs_rollback = False
